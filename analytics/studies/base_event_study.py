"""The event study a sensitivity analysis needs: every period against the last one before the start, before and after alike.

Lives here: long differences of each cohort against units not treated yet, in single periods or in blocks of several, and their
covariance from the influence of every cluster. Not here: the bounds (sensitivity.py), the headline's course (event_study.py).

Imputation compares with all periods before and tests trends on untreated rows only: its coefficients before and after are not
built alike, and bounds on steps between them would mean something else (Roth 2024). Hence this one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.group_time import Cells, averaged
from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
MOST_BEFORE, MOST_AFTER, BLOCK = 8, 8, 4


@dataclass(frozen=True, slots=True)
class BaseEventStudy:
    """Coefficients before (the reference left out) and after, their covariance, and units behind each."""

    horizons: tuple[int, ...]
    beta: Floats
    covariance: Floats
    n_units: tuple[int, ...]
    block: int

    @property
    def pre_n(self) -> int:
        """Number of coefficients before the reference."""
        return sum(h < 0 for h in self.horizons)

    @property
    def post_weights(self) -> Floats:
        """Weights of the average over horizons after the start: units behind each."""
        n = np.array(self.n_units[self.pre_n :], dtype=np.float64)
        return n / n.sum()


def base_event_study(panel: LongPanel, *, block: int | None = None) -> BaseEventStudy:
    """Return the event study against block -1, in blocks of `block` periods.

    Left out, a block is one period; four where weeks are counted or more than eight periods follow a start, if at least eight
    precede it: single weeks are too noisy to bound a step by. Not more than eight blocks on either side and half the clusters.
    Raises: DesignError, nothing can be compared before and after.
    """
    inside = panel.first[(panel.first >= 1) & (panel.first < panel.period_n)]
    if not len(inside):
        raise DesignError("No unit starts inside the panel, so there is no event study.")
    if block is None:
        many = panel.period == "week" or panel.period_n - inside.min() > MOST_AFTER
        block = BLOCK if many and inside.min() >= 2 * BLOCK else 1
    room = max(2, min(MOST_BEFORE + MOST_AFTER, panel.cluster_n // 2))
    after_n, before_n = min(MOST_AFTER, (room + 1) // 2), min(MOST_BEFORE, room // 2)
    names = [h for h in range(-before_n - 1, after_n) if h != -1]
    cells = _cells(panel, names, block)
    kept = [h for h in names if (cells.time - cells.first == h).any()]
    if not any(h < 0 for h in kept) or not any(h >= 0 for h in kept):
        raise DesignError("No cohort has two periods before its start and one after that can be compared.")
    parts = [averaged(cells, cells.share, cells.time - cells.first == h) for h in kept]
    n = int(np.isfinite(parts[0].influence).sum())
    per_unit = np.stack([one.influence for one in parts], axis=1)
    by_cluster = np.zeros((panel.cluster_n, len(kept)))
    np.add.at(by_cluster, panel.cluster, per_unit)
    factor = panel.cluster_n / max(1, panel.cluster_n - 1)
    units = tuple(int(cells.n_units[cells.time - cells.first == h].sum()) for h in kept)
    covariance = factor * by_cluster.T @ by_cluster / n**2
    return BaseEventStudy(tuple(kept), np.array([one.estimate for one in parts]), covariance, units, block)


def _cells(panel: LongPanel, names: list[int], block: int) -> Cells:
    total, count = (np.zeros((panel.unit_n, panel.period_n + 1)) for _ in range(2))
    at = np.zeros((2, panel.unit_n, panel.period_n))
    at[:, panel.unit, panel.time] = panel.w * panel.y, panel.w
    total[:, 1:], count[:, 1:] = np.cumsum(at[0], axis=1), np.cumsum(at[1], axis=1)
    rows_n = np.bincount(panel.unit, minlength=panel.unit_n)
    weight = np.bincount(panel.unit, weights=panel.w, minlength=panel.unit_n) / np.maximum(rows_n, 1)
    started = panel.first < panel.period_n
    cohorts = np.unique(panel.first[started & (panel.first >= block)]).astype(np.int64)

    def mean(first: int, h: int) -> Floats:
        low, high = first + h * block, first + (h + 1) * block
        held = count[:, high] - count[:, low]
        return np.where(held > 0, (total[:, high] - total[:, low]) / np.where(held > 0, held, 1.0), np.nan)

    rows = list[tuple[int, int, float, int, Floats]]()
    for g in cohorts.tolist():
        for h in names:
            end = g + (h + 1) * block
            if g + h * block < 0 or end > panel.period_n:
                continue
            change = mean(g, h) - mean(g, -1)
            known = np.isfinite(change) & (weight > 0)
            one, other = known & (panel.first == g), known & (panel.first >= max(end, g)) & (panel.first != g)
            if one.any() and other.any():
                rows.append((g, g + h, *_cell(change, one, other, weight)))
    if not rows:
        raise DesignError("No cohort can be compared with units that are not treated yet.")
    first, time = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
    share = np.array([weight[panel.first == g].sum() for g in first.tolist()]) / weight.sum()
    influence = np.stack([row[4] for row in rows], axis=1)
    estimate, units = np.array([row[2] for row in rows]), np.array([row[3] for row in rows], dtype=np.int64)
    return Cells(first, time, estimate, units, influence, share, panel.first[:, None] == first[None, :])


def _cell(change: Floats, one: NDArray[np.bool_], other: NDArray[np.bool_], weight: Floats) -> tuple[float, int, Floats]:
    influence, means = np.zeros(len(change)), list[float]()
    for side, sign in ((one, 1.0), (other, -1.0)):
        w, values = weight[side], change[side]
        mean = float((w * values).sum() / w.sum())
        influence[side] += sign * len(change) * w * (values - mean) / w.sum()
        means.append(mean)
    return means[0] - means[1], int(one.sum()), influence
