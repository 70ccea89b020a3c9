"""What would happen to every agent in every week without coaching, and who would still be there.

Lives here: skill, states, shocks, QA without coaching, volume, survival, as (agents, weeks) arrays. Not here: who is coached
(effect_designs.py), handle time (effect_handle.py), automatic scores (effect_labels.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import RequestError
from aftercall.synth.effect_laws import EffectLaws, Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class History:
    """A centre before anybody decides on coaching: N agents, T weeks.

    `y0` (N, T) mean QA without coaching as sampled; `calls` (N, T); `state` (N, T) the agent's transient; `skill`, `team`,
    `tenure` (weeks at the first week), `channel` (home) and `is_accented` (N). `leaving` (N, T) is the hazard without coaching
    and `luck` (N, T) what it is compared with: the same luck whoever is coached.
    """

    laws: EffectLaws
    seed: int
    y0: Floats
    calls: Ints
    state: Floats
    skill: Floats
    team: Ints
    tenure: Ints
    channel: Ints
    is_accented: Bools
    leaving: Floats
    luck: Floats

    @property
    def is_there(self) -> Bools:
        """Per agent and week: still employed if nobody is ever coached."""
        return survived(self.luck, self.leaving)

    def is_there_with(self, starts: Floats) -> Bools:
        """Return (N, T) who is employed when coaching starts in those weeks (inf: never): coached novices leave less."""
        weeks = np.arange(self.laws.weeks)
        spared = (weeks >= starts[:, None]) & (self.tenure[:, None] + weeks < self.laws.novice_weeks)
        return survived(self.luck, np.where(spared, self.laws.coached_novices_leave, 1.0) * self.leaving)

    def effect_with(self, starts: Floats) -> Floats:
        """Return (N, T) the effect on QA when coaching starts in those weeks."""
        since = np.arange(self.laws.weeks) - starts[:, None]
        return self.laws.effect * self.laws.gain_of(self.skill)[:, None] * self.laws.built_up(since)

    def recent(self, week: int, weeks: int = 4) -> Floats:
        """Return (N) the mean QA of the last weeks before `week`, without coaching."""
        return self.y0[:, week - weeks : week].mean(axis=1)


def survived(luck: Floats, leaving: Floats) -> Bools:
    """Return (N, T) who is there: everybody in the first week, then until luck falls below the hazard."""
    stays = luck > leaving
    stays[:, 0] = True
    return np.logical_and.accumulate(stays, axis=1)


def autoregressive(rng: np.random.Generator, series: int, weeks: int, ar: float, sd: float) -> Floats:
    """Return (series, weeks) stationary AR(1) paths of standard deviation sd.

    >>> autoregressive(np.random.default_rng(0), 2000, 30, 0.5, 2.0).std().round(1).item()
    2.0
    """
    out = rng.normal(0, sd, (series, weeks))
    fresh = np.sqrt(1 - ar**2)
    for t in range(1, weeks):
        out[:, t] = ar * out[:, t - 1] + fresh * out[:, t]
    return out


def effect_history(laws: EffectLaws, *, seed: int) -> History:
    """Draw a centre without coaching. Raises: RequestError, teams that agents cannot be dealt to.

    >>> effect_history(EffectLaws(agents=40, teams=4, weeks=12), seed=1).y0.shape
    (40, 12)
    """
    if not 1 <= laws.teams <= laws.agents or laws.weeks < 2:
        raise RequestError(f"{laws.agents} agents in {laws.teams} teams over {laws.weeks} weeks: give 1 or more agents a team.")
    rng = np.random.default_rng(seed)
    n, t = laws.agents, laws.weeks
    week = np.arange(t)
    team = np.arange(n) * laws.teams // n
    skill, of_team = rng.normal(0, laws.skill_sd, n), rng.normal(0, laws.team_sd, laws.teams)
    tenure = np.floor(rng.exponential(laws.tenure_weeks, n)).astype(np.int64)
    state = autoregressive(rng, n, t, laws.state_ar, laws.state_sd)
    shock = autoregressive(rng, laws.teams, t, laws.shock_ar, laws.shock_sd)
    channel = rng.choice(len(laws.calls_by_channel), n, p=laws.home_channel_share)
    is_peak = week % laws.peak_every_weeks >= laws.peak_every_weeks - laws.peak_weeks
    volume = np.asarray(laws.calls_by_channel)[channel][:, None] * (1 + laws.peak_volume_share * is_peak)
    calls = np.maximum(rng.poisson(volume), 1)
    ramp = -laws.ramp * np.exp(-(tenure[:, None] + week) / laws.ramp_weeks)
    calendar = laws.season * np.sin(2 * np.pi * week / 52) + laws.trend * week
    noise = rng.normal(0, 1, (n, t)) * laws.call_sd / np.sqrt(calls)
    y0 = laws.level + (skill + of_team[team])[:, None] + ramp + calendar + state + shock[team] + noise
    luck = rng.random((n, t))
    is_accented = rng.random(n) < laws.accented_share
    leaving = np.zeros((n, t))
    z = state[:, :-1] / (laws.state_sd or 1.0) + skill[:, None] / (laws.skill_sd or 1.0)
    leaving[:, 1:] = laws.leaving_share * np.exp(-laws.leaving_slope * z)
    return History(laws, seed, y0, calls, state, skill, team, tenure, channel, is_accented, leaving, luck)
