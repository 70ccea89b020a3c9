"""Was it chance? What can be said without an assignment file: whether those who started were alike before.

Lives here: a balance test by re-drawing starts. Not here: the assignment file (drawn.py), drawing it, verdicts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
REFUSED_AT = 0.001
_RECENT, _DRAWS = 4, 2_999


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether those who start could have been drawn by lot among those not started; p None: too few to say."""

    p: float | None
    detail: str


def balance_test(panel: LongPanel, *, seed: int, draws: int = _DRAWS) -> Balance:
    """Test whether, at each start, those who start differ from those not started yet in what was seen before.

    Compared are the mean of the last four periods, its change from before them, and every covariate; the largest of the
    standardised differences is set against re-drawn starts among the clusters not started by then.
    """
    rng, free = np.random.default_rng(seed), panel.rows(panel.time < panel.first[panel.unit])
    first = np.full(panel.cluster_n, np.inf)
    np.minimum.at(first, panel.cluster, panel.first)
    starts = np.unique(first[(first >= 1) & (first < panel.period_n)]).astype(np.int64)
    actual, drawn, words = list[Floats](), list[Floats](), ("recent level", "recent change", *panel.x_names)
    for g in starts.tolist():
        at_risk = np.flatnonzero(first >= g)
        values = _before(free, g)[at_risk]
        known = np.isfinite(values[:, 0])
        values, on = values[known], first[at_risk][known] == g
        if not on.any() or on.all():
            continue
        centred = np.where(np.isfinite(values), values, 0.0)
        centred = centred - centred.mean(axis=0)
        spread = np.sqrt((centred**2).mean(axis=0))
        scores = centred / np.where(spread > 1e-12, spread, 1.0)
        n, n1 = len(on), int(on.sum())
        as_score = np.sqrt((n - 1) / (n1 * (n - n1)))  # of a sum of n1 values drawn without putting back
        order = np.stack([rng.permutation(n)[:n1] for _ in range(draws)])
        actual.append(scores[on].sum(axis=0) * as_score)
        drawn.append(scores[order].sum(axis=1) * as_score)
    if not actual:
        return Balance(None, "nothing was seen before a start in both groups")
    total, re_drawn = np.abs(np.sum(actual, axis=0)), np.abs(np.sum(drawn, axis=0))
    largest = float(total.max())
    p = float((1 + (re_drawn.max(axis=1) >= largest - 1e-9).sum()) / (1 + draws))
    where = words[int(total.argmax())]
    score = largest / np.sqrt(len(actual))
    detail = f"largest difference in {where}, {score:.1f} standard errors, p = {p:.4f}"
    return Balance(p, f"starters against those not started yet, before the start: {detail}")


def _before(panel: LongPanel, g: int) -> Floats:
    """Return (G, 2 + k): the mean outcome of the last periods before g, its change from before them, covariates' means."""
    cluster = panel.cluster[panel.unit]

    def mean(of: Floats, rows: NDArray[np.bool_]) -> Floats:
        weight = np.bincount(cluster[rows], weights=panel.w[rows], minlength=panel.cluster_n)
        total = np.bincount(cluster[rows], weights=(panel.w * of)[rows], minlength=panel.cluster_n)
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)

    recent, earlier = (panel.time >= g - _RECENT) & (panel.time < g), panel.time < g - _RECENT
    level = mean(panel.y, recent)
    change = level - mean(panel.y, earlier)
    return np.column_stack([level, change, *(mean(x, recent) for x in panel.x.T)])
