"""Small planted panels for the study engine: agents with a transient of their own, chosen by lot, team or recent results."""

import numpy as np
import polars as pl

NEVER = 0


def agents(
    seed: int, *, units: int = 120, periods: int = 28, rho: float = 0.6, sd: float = 3.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return (untreated outcomes (U, T), skill): level, AR(1) transient of the agent, noise."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(0, 4, units)
    transient = np.zeros((units, periods))
    transient[:, 0] = rng.normal(0, sd, units)
    for t in range(1, periods):
        transient[:, t] = rho * transient[:, t - 1] + rng.normal(0, sd * np.sqrt(1 - rho**2), units)
    return 75 + skill[:, None] + transient + rng.normal(0, 1.5, (units, periods)) + 0.05 * np.arange(periods), skill


def table(y: np.ndarray, first: np.ndarray, effect: float, *, team_of: int = 6) -> pl.DataFrame:
    """Return the long table with the effect added from the start on; period 1..T, first in the same terms."""
    units, periods = y.shape
    unit, time = (grid.ravel() for grid in np.meshgrid(np.arange(units), np.arange(1, periods + 1), indexing="ij"))
    on = (first[unit] > 0) & (time >= first[unit])
    columns = {"rep": unit, "wk": time, "start": first[unit], "score_h": y.ravel() + effect * on, "squad": unit // team_of}
    return pl.DataFrame(columns)


def worst_agents(seed: int, *, effect: float = 0.0) -> pl.DataFrame:
    """Return agents coached at 14 and 18 because their last four periods were the worst of those not coached yet."""
    y, _ = agents(seed)
    first = np.zeros(len(y), dtype=np.int64)
    for g in (14, 18):
        free = np.flatnonzero(first == 0)
        order = free[np.argsort(y[free, g - 5 : g - 1].mean(axis=1))]
        first[order[: int(0.15 * len(free))]] = g
    return table(y, first, effect)


def teams_by_lot(seed: int, *, effect: float = 3.0, starts: tuple[int, ...] = (14, 18, NEVER)) -> pl.DataFrame:
    """Return whole teams whose start dates were drawn."""
    y, _ = agents(seed)
    teams = len(y) // 6
    drawn = np.random.default_rng(seed + 1).permutation(np.resize(starts, teams))
    return table(y, drawn[np.arange(len(y)) // 6], effect)
