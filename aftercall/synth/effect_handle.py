"""Handle time of agent-weeks: talk, hold and wrap-up with effects of opposite sign, over intents and channels.

Lives here: calls by intent and channel, seconds of the three parts with and without coaching and peers. Not here: QA
(effect_history.py), automatic scores (effect_labels.py).

A week's seconds are drawn with the first two moments of a sum of log-normal calls; a week has enough calls for that.
"""

from dataclasses import dataclass

import numpy as np

from aftercall.synth.effect_history import History, Ints
from aftercall.synth.effect_laws import EffectLaws, Floats

PARTS = ("talk", "hold", "acw")


@dataclass(frozen=True, slots=True)
class Handled:
    """R agent-weeks: `calls` (R, channels, intents), and seconds per week of talk, hold, wrap-up (R, 3).

    Recorded is `without + effect + peers`: without coaching, what the agent's own coaching adds, what coached peers add.
    """

    calls: Ints
    without: Floats
    effect: Floats
    peers: Floats

    @property
    def seconds(self) -> Floats:
        """Seconds as recorded (R, 3)."""
        return self.without + self.effect + self.peers


def shares_of(laws: EffectLaws, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return (T, intents) the share of each intent by week, drifting, and (channels, intents) mean seconds of a call."""
    at_first = rng.dirichlet(np.full(laws.intents, laws.intent_concentration))
    drift = rng.normal(0, laws.mix_drift, laws.intents)
    share = at_first * np.exp(drift * np.arange(laws.weeks)[:, None] / 52)
    of_intent = np.exp(rng.normal(0, laws.intent_handle_sd, laws.intents))
    return share / share.sum(axis=1, keepdims=True), laws.handle_s * np.outer(laws.channel_handle, of_intent)


def handled(history: History, starts: Floats, agent: Ints, week: Ints) -> Handled:
    """Draw the handle time of agent-weeks (agent, week: R codes each)."""
    laws, rng = history.laws, np.random.default_rng([history.seed, 11])
    share, mean_s = shares_of(laws, rng)
    channels = len(laws.calls_by_channel)
    spread = (1 - laws.at_home_share) / max(channels - 1, 1)
    by_channel = np.full((channels, channels), spread) + np.eye(channels) * (laws.at_home_share - spread)
    p = by_channel[history.channel[agent]][:, :, None] * share[week][:, None, :]
    calls = rng.multinomial(history.calls[agent, week], (p / p.sum(axis=(1, 2), keepdims=True)).reshape(len(agent), -1))
    flat = mean_s.ravel()
    tenure = history.tenure[agent] + week
    slow = 1 + (laws.first_year_productivity - 1) * np.exp(-tenure / laws.ramp_weeks)
    parts = np.asarray(laws.handle_parts)
    one = np.full((3, 3), laws.part_correlation) + np.eye(3) * (1 - laws.part_correlation)
    root = np.linalg.cholesky(np.exp(one * laws.call_handle_sd**2) - 1)
    noise = np.sqrt(calls @ flat**2)[:, None] * (rng.normal(size=(len(agent), 3)) @ root.T)
    # Luck beyond four standard deviations below would make a short week negative.
    without = np.maximum((calls @ flat)[:, None] + noise, 0.05 * (calls @ flat)[:, None]) * parts * slow[:, None]
    built = laws.built_up(week - starts[agent])
    effect = without * np.asarray(laws.part_effects) * built[:, None]
    faster = 1 + laws.peer_share_per_pp * 100 * peers_coached(history, starts)[agent, week]
    peers = (without + effect) * (1 / faster - 1)[:, None]
    return Handled(calls.reshape(len(agent), channels, laws.intents), without, effect, peers)


def peers_coached(history: History, starts: Floats) -> Floats:
    """Return (N, T) the share of each agent's team mates, present that week, whose coaching has begun."""
    there = history.is_there_with(starts).astype(np.float64)
    on = there * (np.arange(history.laws.weeks) >= starts[:, None])
    teams = history.laws.teams

    def of_team(values: Floats) -> Floats:
        total = np.zeros((teams, values.shape[1]))
        np.add.at(total, history.team, values)
        return total[history.team]

    mates = of_team(there) - there
    return np.where(mates > 0, (of_team(on) - on) / np.where(mates > 0, mates, 1.0), 0.0)
