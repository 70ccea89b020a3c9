"""Every contact of the window as arrays: who, when, why, and how long it took with and without coaching.

Lives here: drawing contacts and their handle time, potential outcome by potential outcome. Not here: constants (rates.py),
staff (staff.py), what was said (scenes), files.
Source of the structure: the usual two-way model: skill, team, team-week and agent-week shocks, ramp, season, mix drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aftercall.synth import rates
from aftercall.synth.rates import BASE_DONE, BEHAVIOURS, COACHED_CHANGE, COACHED_LOGIT, CONTACT_SIGMA, INTENT_LAWS, INTENTS
from aftercall.synth.staff import Agent

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PARTS = ("talk", "hold", "acw")
SLOTS_PER_DAY, SLOT_S, OPENS_S = 34, 900, 8 * 3600
LATEST_IN_SLOT_S = 240


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts in order of time, one entry per contact; seconds; `phase` is the share of the full effect reached.

    `y0[part]` is the time without coaching, `te[part]` what coaching added; `will_do` and `unusual` have one column per
    behaviour of `rates.BEHAVIOURS`: would the agent do it if called for, and in unusual words.
    """

    agent: Ints
    week: Ints
    start_s: Ints
    intent: Ints
    is_chat: Flags
    customer: Ints
    is_repeat: Flags
    phase: Reals
    y0: dict[str, Reals]
    te: dict[str, Reals]
    wait_s: Reals
    will_do: Flags
    unusual: Flags
    has_transcript: Flags
    has_leg: Flags

    def __len__(self) -> int:
        return len(self.agent)

    def y1(self, part: str) -> Reals:
        """Return the time that really passed, in seconds."""
        return self.y0[part] + self.te[part]


def draw(
    rng: np.random.Generator,
    agents: Sequence[Agent],
    *,
    weeks: int,
    per_agent_week: int,
    coached_unusual_share: float = rates.PARAPHRASE_SHARE,
) -> tuple[Contacts, dict[str, Reals]]:
    """Return the contacts, and per behaviour the propensities without and with coaching, shape (agents, weeks, 2).

    Args: rng, the only source of chance; agents, the staff; weeks, length of the window; per_agent_week, mean number of
        contacts with a transcript; coached_unusual_share, how often a fully coached agent says it in unusual words.
    """
    agent, week, start_s = _when(rng, agents, weeks, per_agent_week)
    phases = _phases(agents, weeks)
    phase = phases[agent, week]
    intent, is_chat = _why(rng, week, weeks)
    y0 = _without_coaching(rng, agents, weeks, agent, week, intent, is_chat)
    te = {part: y0[part] * COACHED_CHANGE[part] * phase for part in PARTS}
    propensities = _propensities(rng, agents, phases)
    done = np.stack([propensities[name][agent, week, 1] for name in BEHAVIOURS], axis=1)
    n = len(agent)
    will_do = rng.random((n, len(BEHAVIOURS))) < done
    customer, is_repeat = _customers(rng, start_s, intent)
    unusual = rates.PARAPHRASE_SHARE + (coached_unusual_share - rates.PARAPHRASE_SHARE) * phase
    contacts = Contacts(
        agent,
        week,
        start_s,
        intent,
        is_chat,
        customer,
        is_repeat,
        phase,
        y0,
        te,
        np.round(rng.exponential(38.0, n), 1) * np.where(is_chat, 1.5, 1.0),
        will_do,
        rng.random((n, len(BEHAVIOURS))) < unusual[:, None],
        rng.random(n) >= 0.025,
        rng.random(n) >= 0.003,
    )
    return contacts, propensities


def _when(rng: np.random.Generator, agents: Sequence[Agent], weeks: int, per_agent_week: int) -> tuple[Ints, Ints, Ints]:
    """Return agent, week and start in seconds from the first Monday; no agent starts two contacts in one quarter-hour."""
    agent, start = list[Ints](), list[Ints]()
    slots = 5 * SLOTS_PER_DAY
    for week in range(weeks):
        mean = per_agent_week * (rates.PEAK_VOLUME if week % 12 == 6 else 1.0) / 0.972
        for place, one in enumerate(agents):
            n = min(int(rng.poisson(mean)), slots)
            slot = rng.random(slots).argsort()[:n]
            late = rng.integers(0, LATEST_IN_SLOT_S, n)
            if one.first_week <= week <= one.last_week:
                day, quarter = slot // SLOTS_PER_DAY, slot % SLOTS_PER_DAY
                start.append((week * 7 + day) * 86400 + OPENS_S + quarter * SLOT_S + late)
                agent.append(np.full(n, place, dtype=np.int64))
    agents_of, starts = np.concatenate(agent), np.concatenate(start)
    order = np.lexsort((agents_of, starts))
    return agents_of[order], starts[order] // (7 * 86400), starts[order]


def _phases(agents: Sequence[Agent], weeks: int) -> Reals:
    phases = np.zeros((len(agents), weeks))
    for place, one in enumerate(agents):
        start = one.start_week()
        if start is not None:
            phases[place] = [rates.phase(week - start) for week in range(weeks)]
    return phases


def _why(rng: np.random.Generator, week: Ints, weeks: int) -> tuple[Ints, Flags]:
    laws = [INTENT_LAWS[name] for name in INTENTS]
    share, drift = np.array([law.share for law in laws]), np.array([law.drift for law in laws])
    by_week = share * np.exp(drift * (np.arange(weeks)[:, None] / max(weeks - 1, 1)))
    edges = np.cumsum(by_week / by_week.sum(axis=1, keepdims=True), axis=1)
    intent = (rng.random(len(week))[:, None] > edges[week]).sum(axis=1).clip(0, len(INTENTS) - 1)
    in_collections = np.array([rates.QUEUE_OF[name] == "collections" for name in INTENTS])[intent]
    return intent, rng.random(len(week)) < np.where(in_collections, 0.16, 0.38)


def _ar(rng: np.random.Generator, rows: int, weeks: int, sigma: float, rho: float) -> Reals:
    """Return stationary first-order autoregressive shocks, shape (rows, weeks)."""
    noise = rng.normal(0.0, sigma, (rows, weeks))
    for week in range(1, weeks):
        noise[:, week] = rho * noise[:, week - 1] + np.sqrt(1 - rho**2) * noise[:, week]
    return noise


def _log_level(rng: np.random.Generator, agents: Sequence[Agent], weeks: int) -> Reals:
    """Return the log handle-time level of each agent and week relative to the intent's mean, shape (agents, weeks)."""
    crews = sorted({team.team_id for one in agents for team in (one.team, one.moved_to) if team})
    place = {team: n for n, team in enumerate(crews)}
    skill = rng.normal(0.0, rates.SKILL_SIGMA, len(agents))
    team_level = rng.normal(0.0, rates.TEAM_SIGMA, len(crews))
    own = _ar(rng, len(agents), weeks, rates.WEEK_SIGMA, rates.WEEK_AR)
    shared = _ar(rng, len(crews), weeks, rates.TEAM_WEEK_SIGMA, rates.TEAM_WEEK_AR)
    calendar = rates.SEASON * np.sin(2 * np.pi * np.arange(weeks) / 52) + rates.TREND_PER_WEEK * np.arange(weeks)
    level = skill[:, None] + own + calendar[None, :]
    for row, one in enumerate(agents):
        for week in range(weeks):
            team = place[one.team_in(week).team_id]
            level[row, week] += team_level[team] + shared[team, week] + rates.ramp(one.tenure_weeks + week - one.first_week)
    return level


def _without_coaching(
    rng: np.random.Generator, agents: Sequence[Agent], weeks: int, agent: Ints, week: Ints, intent: Ints, is_chat: Flags
) -> dict[str, Reals]:
    """Return the parts of handle time without coaching: lognormal around the intent's mean, parts correlated."""
    n = len(agent)
    level = _log_level(rng, agents, weeks)[agent, week]
    laws = [INTENT_LAWS[name] for name in INTENTS]
    common = rng.normal(0.0, 1.0, n) * np.sqrt(rates.PART_CORRELATION)
    rest = np.sqrt(1 - rates.PART_CORRELATION)
    noise = {
        part: np.exp(sigma * (common + rest * rng.normal(0.0, 1.0, n)) - sigma**2 / 2) for part, sigma in CONTACT_SIGMA.items()
    }
    scale = np.exp(level)
    talk = np.array([law.talk_s for law in laws])[intent] * np.where(is_chat, rates.CHAT_TALK_FACTOR, 1.0)
    acw = np.array([law.acw_s for law in laws])[intent] * np.where(is_chat, rates.CHAT_ACW_FACTOR, 1.0)
    held = (rng.random(n) < np.array([law.held_share for law in laws])[intent]) & ~is_chat
    return {
        "talk": np.maximum(talk * scale * noise["talk"], 40.0),
        "hold": np.where(held, np.maximum(rates.HOLD_MEAN_S * scale * noise["hold"], 12.0), 0.0),
        "acw": acw * scale * noise["acw"],
    }


def _propensities(rng: np.random.Generator, agents: Sequence[Agent], phases: Reals) -> dict[str, Reals]:
    """Return, per behaviour, P(done if called for) without and with coaching, shape (agents, weeks, 2)."""
    courtesy = rng.normal(0.0, 0.35, len(agents))
    result = dict[str, Reals]()
    for name in BEHAVIOURS:
        spread = 0.0 if name == "prohibited_threat" else 1.0
        own = courtesy * spread + rng.normal(0.0, 0.30, len(agents)) * spread
        level = np.repeat((rates.logit(BASE_DONE[name]) + own)[:, None], phases.shape[1], axis=1)
        coached = level + COACHED_LOGIT.get(name, 0.0) * phases
        result[name] = 1.0 / (1.0 + np.exp(-np.stack([level, coached], axis=2)))
    return result


def _customers(rng: np.random.Generator, start_s: Ints, intent: Ints) -> tuple[Ints, Flags]:
    """Return the customer and whether this repeats a contact of the same intent from the last seven days."""
    n = len(start_s)
    customer = rng.integers(0, customer_n(n), n)
    wants, pick = rng.random(n) < 0.11, rng.random(n)
    is_repeat = np.zeros(n, dtype=bool)
    first = np.searchsorted(start_s, start_s - 7 * 86400 + 1)
    last = np.searchsorted(start_s, start_s - 4 * 3600)
    by_intent = [np.flatnonzero(intent == code) for code in range(len(INTENTS))]
    for place in np.flatnonzero(wants):
        same = by_intent[intent[place]]
        low, high = np.searchsorted(same, [first[place], last[place]])
        if high > low:
            earlier = same[low + int(pick[place] * (high - low))]
            customer[place], is_repeat[place] = customer[earlier], True
    return customer, is_repeat


def customer_n(contact_n: int) -> int:
    """Return how many customers a centre of this many contacts has.

    >>> customer_n(20_000)
    9000
    """
    return max(60, round(0.45 * contact_n))
