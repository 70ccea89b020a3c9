"""Interaction-weighted event study: every cohort's own course against never treated units, averaged by cohort size.

Lives here: the estimator of Sun and Abraham (Journal of Econometrics 2021) with unit and period effects, weights, covariates
and gaps. Not here: imputation, group-time effects from one base period (group_time.py).

The regression is saturated, so each cohort is fitted by itself: y = a_unit + m_cohort,period (+ x'd, common to all). A cell is
(m_g,t - m_g,g-1) less the same difference of the controls.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.estimate import Estimate, GroupTime, horizons_of, interval
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import TwoWay, effective_clusters, two_way

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Course:
    """One cohort: its periods' effects (T), NaN where nobody has a row, and every cluster's influence on them (G, T)."""

    effect: Floats
    influence: Floats
    rows: Floats
    units: Ints


def sun_abraham(panel: LongPanel, *, alpha: float = 0.05) -> Estimate:
    """Return the average over treated rows with the course over time; errors clustered (CRV1), cohort sizes taken as known.

    Controls are never treated units; without any, the last cohort, whose treated periods are left out.
    Raises: DesignError, no cohort has a period before its start that the controls share.
    """
    panel, control = _with_controls(panel)
    keep = (panel.w > 0) & ((panel.first >= 1)[panel.unit])
    panel = panel.rows(keep)
    cohorts = np.unique(panel.first[np.unique(panel.unit)])
    if control not in cohorts:
        raise DesignError("No cohort can be compared: the controls have no row of positive weight.")
    codes = np.searchsorted(cohorts, panel.first[panel.unit])
    slopes, x_influence, x_periods = _common_slopes(panel, codes, len(cohorts))
    courses = [_course(panel, codes == c, panel.y - panel.x @ slopes, x_influence, x_periods[c]) for c in range(len(cohorts))]
    base = courses[int(np.searchsorted(cohorts, control))]
    effects, influence, weights, keys, units = (
        list[float](),
        list[Floats](),
        list[float](),
        list[tuple[int, int]](),
        list[int](),
    )
    for g, own in zip(cohorts.tolist(), courses, strict=True):
        start = int(g) if g < panel.period_n else -1
        if g == control or start < 1 or not np.isfinite(own.effect[start - 1] + base.effect[start - 1]):
            continue
        gap, moved = own.effect - base.effect, own.influence - base.influence
        for t in np.flatnonzero(np.isfinite(gap) & (np.arange(panel.period_n) != start - 1)).tolist():
            keys.append((start, t))
            effects.append(float(gap[t] - gap[start - 1]))
            influence.append(moved[:, t] - moved[:, start - 1])
            weights.append(float(own.rows[t]))
            units.append(int(own.units[t]))
    if not keys:
        raise DesignError(
            "No cohort can be compared: it needs the period before its start, seen by itself and by its controls."
        )
    return _averaged(panel, keys, np.array(effects), np.stack(influence, axis=1), np.array(weights), np.array(units), alpha)


def _with_controls(panel: LongPanel) -> tuple[LongPanel, float]:
    never = panel.first >= panel.period_n
    if never[np.unique(panel.unit)].any():
        first = np.where(never, np.inf, panel.first)
        return _with_first(panel, first), np.inf
    last = float(panel.first[np.isfinite(panel.first)].max())
    return _with_first(panel.rows(panel.time < last), panel.first), last


def _with_first(panel: LongPanel, first: Floats) -> LongPanel:
    return replace(panel, first=first)


def _projection(panel: LongPanel, rows: NDArray[np.bool_]) -> tuple[TwoWay, Ints]:
    _, unit = np.unique(panel.unit[rows], return_inverse=True)
    unit = unit.reshape(-1).astype(np.int64)
    return two_way(unit, panel.time[rows], panel.w[rows], int(unit.max()) + 1, panel.period_n), unit


def _common_slopes(panel: LongPanel, codes: Ints, cohort_n: int) -> tuple[Floats, Floats, list[Floats]]:
    """Return slopes (k), clusters' influence on them (G, k), and per cohort the period effects of x (T, k)."""
    k = panel.x.shape[1]
    if not k:
        return np.zeros(0), np.zeros((panel.cluster_n, 0)), [np.zeros((panel.period_n, 0))] * cohort_n
    plain, periods = np.zeros((len(panel.y), k + 1)), list[Floats]()
    both = np.column_stack([panel.x, panel.y])
    for c in range(cohort_n):
        rows = codes == c
        effects, _ = _projection(panel, rows)
        plain[rows] = effects.residual(both[rows])
        periods.append(np.stack([effects.periods_of(column) for column in panel.x[rows].T], axis=1))
    x, y = plain[:, :k], plain[:, k]
    bread = np.linalg.pinv(x.T @ (x * panel.w[:, None]))
    slopes = bread @ (x.T @ (panel.w * y))
    scores = x * (panel.w * (y - x @ slopes))[:, None]
    by_row = panel.cluster[panel.unit]
    summed = np.stack([np.bincount(by_row, weights=column, minlength=panel.cluster_n) for column in scores.T], axis=1)
    return slopes, summed @ bread, periods


def _course(panel: LongPanel, rows: NDArray[np.bool_], y: Floats, x_influence: Floats, x_periods: Floats) -> Course:
    effects, unit = _projection(panel, rows)
    time, w, g, t = panel.time[rows], panel.w[rows], panel.cluster_n, panel.period_n
    period = effects.periods_of(y[rows])
    seen = np.bincount(time, weights=w, minlength=t)
    at = panel.cluster[panel.unit[rows]] * t + time
    scores = np.bincount(at, weights=w * effects.residual(y[rows]), minlength=g * t).reshape(g, t)
    units = np.bincount(np.unique(unit * t + time) % t, minlength=t)
    influence = scores @ effects.inverse - x_influence @ x_periods.T
    return Course(np.where(seen > 0, period, np.nan), influence, seen.astype(np.float64), units.astype(np.int64))


def _averaged(
    panel: LongPanel,
    keys: list[tuple[int, int]],
    effects: Floats,
    influence: Floats,
    weights: Floats,
    units: Ints,
    alpha: float,
) -> Estimate:
    since = np.array([t - g for g, t in keys])
    names = np.unique(since)
    targets = [since >= 0, *(since == name for name in names.tolist())]
    mix = np.stack([np.where(one, weights, 0.0) / max(1e-300, float(weights[one].sum())) for one in targets], axis=1)
    g, n = panel.cluster_n, len(panel.y)
    used = np.unique(panel.unit).size
    parameters = len(keys) + panel.period_n + panel.x.shape[1]
    factor = g / (g - 1) * (n - 1) / max(1, n - parameters) if g > 1 else np.nan
    every = influence @ mix
    covariance = factor * every.T @ every
    estimates, ses = effects @ mix, np.sqrt(np.diag(covariance))
    df = float(g - 1)
    estimate, se = float(estimates[0]), float(ses[0])
    low, high, p = interval(estimate, se, df, alpha=alpha) or (None, None, None)
    cell_se = np.sqrt(factor * (influence**2).sum(axis=0))
    labels = panel.time_labels
    cells = zip(keys, effects.tolist(), cell_se.tolist(), units.tolist(), strict=True)
    treated = np.isfinite(panel.first) & (panel.first < panel.period_n)
    return Estimate(
        "Sun-Abraham, interaction weighted",
        "ATT",
        panel.outcome,
        panel.unit_of_outcome,
        estimate,
        None if p is None else se,
        df,
        low,
        high,
        p,
        "CRV1",
        n,
        used,
        g,
        len(np.unique(panel.cluster[treated])),
        effective_clusters(panel),
        horizons=horizons_of(
            names.tolist(),
            estimates[1:],
            ses[1:],
            [int(units[since == name].sum()) for name in names.tolist()],
            df,
            alpha=alpha,
        ),
        group_time=tuple(GroupTime(labels[g_], labels[t], value, one, m) for (g_, t), value, one, m in cells),
        covariance=covariance[1:, 1:],
        influence=every[:, 0],
    )
