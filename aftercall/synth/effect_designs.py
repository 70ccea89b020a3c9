"""Who is coached from which week: whole teams by lot, the worst agents, an eligible pool by lot, whoever wants to.

Lives here: starts as arrays of week numbers, inf for never. Not here: what coaching does (effect_laws.py), rows
(effect_panel.py). A draw from outside (a randomiser's assignment file) takes the place of any of these.
"""

import numpy as np

from aftercall.contracts.errors import RequestError
from aftercall.synth.effect_history import History, Ints
from aftercall.synth.effect_laws import Floats

TEAM_STARTS = (14, 20, 26)
TEAM_SHARES = (0.2, 0.2, 0.2)
WORST_AT, WORST_SHARE = (14, 18, 22, 26), 0.15
POOL_AT, POOL_SHARE, POOL_WAIT = 14, 0.30, 8


def _rng(history: History, design: int) -> np.random.Generator:
    """Return the design's own stream, so that another design of the same history changes nothing else."""
    return np.random.default_rng([history.seed, design])


def _inside(history: History, weeks: tuple[int, ...]) -> None:
    if not weeks or min(weeks) < 4 or max(weeks) >= history.laws.weeks:
        raise RequestError(f"Starts {weeks} of {history.laws.weeks} weeks: a start needs 4 weeks before it and one after.")


def by_team(history: History, *, starts: tuple[int, ...] = TEAM_STARTS, shares: tuple[float, ...] = TEAM_SHARES) -> Floats:
    """Return (N) starts when lots decide which teams begin when; the teams left over never do: design (a).

    >>> from aftercall.synth.effect_history import EffectLaws, effect_history
    >>> found = by_team(effect_history(EffectLaws(), seed=1))
    >>> sorted(set(found.tolist()))
    [14.0, 20.0, 26.0, inf]
    """
    _inside(history, starts)
    order = _rng(history, 1).permutation(history.laws.teams)
    of_team, done = np.full(history.laws.teams, np.inf), 0
    for start, share in zip(starts, shares, strict=True):
        n = round(share * history.laws.teams)
        of_team[order[done : done + n]] = start
        done += n
    return of_team[history.team]


def worst_first(history: History, *, at: tuple[int, ...] = WORST_AT, share: float = WORST_SHARE) -> Floats:
    """Return (N) starts when, at each date, the lowest share of those present and not coached yet begins: design (b).

    Lowest by the mean of the last four weeks: recent luck decides, and regresses afterwards.
    """
    _inside(history, at)
    starts, there = np.full(history.laws.agents, np.inf), history.is_there
    for week in at:
        free = np.flatnonzero(np.isinf(starts) & there[:, week])
        lowest = np.argsort(history.recent(week)[free], kind="stable")
        starts[free[lowest[: int(share * len(free))]]] = week
    return starts


def eligible_pool(history: History, *, at: int = POOL_AT, share: float = POOL_SHARE) -> Ints:
    """Return the agents of the lowest share at a date, among those present: who may be coached in design (c)."""
    _inside(history, (at,))
    free = np.flatnonzero(history.is_there[:, at])
    lowest = np.argsort(history.recent(at)[free], kind="stable")
    return np.sort(free[lowest[: int(share * len(free))]])


def half_of_pool(history: History, pool: Ints, *, at: int = POOL_AT, wait: int = POOL_WAIT) -> Floats:
    """Return (N) starts when lots let half of the pool begin now and the rest after the wait: design (c)."""
    _inside(history, (at, at + wait))
    starts = np.full(history.laws.agents, np.inf)
    drawn = _rng(history, 3).permutation(pool)
    starts[drawn[: len(pool) // 2]] = at
    starts[drawn[len(pool) // 2 :]] = at + wait
    return starts


def opt_in(history: History, *, at: int = POOL_AT, slope: float = 1.0) -> tuple[Floats, Floats]:
    """Return (N) offers and (N) starts: lots decide who is offered, skill who accepts (a logit in skill): design (d)."""
    _inside(history, (at,))
    rng = _rng(history, 4)
    n = history.laws.agents
    offered = np.zeros(n, dtype=bool)
    offered[rng.permutation(n)[: n // 2]] = True
    accepts = rng.random(n) < 1 / (1 + np.exp(-slope * history.skill / (history.laws.skill_sd or 1.0)))
    return np.where(offered, at, np.inf), np.where(offered & accepts, at, np.inf)
