"""Imputation difference-in-differences: what would have happened, from untreated rows alone; the effect is the rest.

Lives here: the estimator of Borusyak, Jaravel and Spiess (Review of Economic Studies 2024), with weights and covariates, as
sums over clusters, so that leaving a cluster out costs one small solve. Not here: standard errors, pre-trends.

On untreated rows y = a_unit + l_period + x'd is fitted; for treated rows tau = y - a - l - x'd. Any average of tau is linear in
(l, d) once the unit effects are taken out: (A - B.(l, d)) / W with A, B, W sums over clusters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from aftercall.contracts.errors import DesignError
from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Targets:
    """Averages of the effect to estimate: for every treated row its target (-1: none), and how many there are.

    A row may belong to the overall average and to one horizon: `of_row` has one column per set of targets.
    """

    names: tuple[int | str, ...]
    of_row: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Everything the estimate needs, added up within clusters: P parameters (periods, then covariates), H targets.

    `s` (G, P, P) and `b` (G, P) are the normal equations of untreated rows without unit effects; `a` (G, H), `l` (G, H, P) and
    `w` (G, H) give target h as (sum a - sum l . parameters) / sum w.
    """

    s: Floats
    b: Floats
    a: Floats
    l: Floats
    w: Floats
    target_names: tuple[int | str, ...]
    used: Bools
    left_out_n: int

    def without(self, cluster: int | None = None) -> Floats:
        """Return the targets' estimates from all clusters, or all but one; NaN where a target has no rows left."""
        s, b, a, l, w = (one.sum(axis=0) for one in (self.s, self.b, self.a, self.l, self.w))
        if cluster is not None:
            s, b, a, l, w = (
                total - part[cluster]
                for total, part in zip((s, b, a, l, w), (self.s, self.b, self.a, self.l, self.w), strict=True)
            )
        parameters = solved(s, b)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(w > 1e-12, (a - l @ parameters) / w, np.nan)


def solved(s: Floats, b: Floats) -> Floats:
    """Return a solution of the singular normal equations; periods without an untreated row stay 0.

    One period is fixed at 0, which no estimate depends on; should that not be enough (periods no unit connects), least norm.
    """
    known = np.flatnonzero(np.diag(s) > 1e-12)
    out = np.zeros(len(b))
    if not len(known):
        return out
    free = known[1:]
    try:
        factor, low = linalg.cho_factor(s[np.ix_(free, free)], check_finite=False)
        is_sound = not len(free) or np.abs(np.diag(factor)).min() > 1e-7 * np.abs(np.diag(factor)).max()
    except linalg.LinAlgError:
        factor, low, is_sound = s, False, False
    if is_sound:
        out[free] = linalg.cho_solve((factor, low), b[free], check_finite=False)
    else:
        out[known] = np.linalg.lstsq(s[np.ix_(known, known)], b[known], rcond=1e-11)[0]
    return out


def targets_of(panel: LongPanel, *, horizons: bool = True) -> Targets:
    """Return the overall average, and with `horizons` one average per period since first treatment."""
    treated = panel.is_treated
    overall = np.where(treated, 0, -1)
    if not horizons or not treated.any():
        return Targets(("att",), overall[:, None])
    since = np.where(treated, panel.horizon, 0).astype(np.int64)
    names = np.unique(since[treated])
    place = np.where(treated, np.searchsorted(names, since) + 1, -1)
    return Targets(("att", *(int(name) for name in names)), np.stack([overall, place], axis=1))


def fit_rows(panel: LongPanel, donut: int = 0) -> Bools:
    """Return the rows the untreated model is fitted on; `donut` drops so many periods before first treatment."""
    return panel.time < panel.first[panel.unit] - donut


def cluster_sums(panel: LongPanel, targets: Targets, *, donut: int = 0) -> ClusterSums:
    """Return the sums over clusters that the estimate is made of.

    Treated rows whose unit or period has no untreated row cannot be compared with anything: they are left out and counted.
    Raises: DesignError, nothing untreated or nothing treated is left.
    """
    fit = fit_rows(panel, donut) & (panel.w > 0)
    unit_n, period_n, k = panel.unit_n, panel.period_n, panel.x.shape[1]
    w0 = np.where(fit, panel.w, 0.0)
    unit_w: Floats = np.bincount(panel.unit, weights=w0, minlength=unit_n).astype(np.float64)
    period_w = np.bincount(panel.time, weights=w0, minlength=period_n)
    treated = panel.is_treated & (panel.w > 0)
    used = treated & (unit_w[panel.unit] > 0) & (period_w[panel.time] > 0)
    if not fit.any():
        raise DesignError("No row is untreated: every unit is treated in every period. Add periods before the first treatment.")
    if not used.any():
        why = "no unit is ever treated" if not treated.any() else "no treated row has untreated rows in its unit and its period"
        raise DesignError(
            f"There is no effect to estimate: {why}. A comparison needs units that are not treated yet, or never."
        )
    mean_y = _unit_mean(panel, w0, unit_w, panel.y)
    share = np.bincount(panel.unit * period_n + panel.time, weights=w0, minlength=unit_n * period_n).reshape(unit_n, period_n)
    mean_x = np.stack([_unit_mean(panel, w0, unit_w, panel.x[:, j]) for j in range(k)], axis=1) if k else np.empty((unit_n, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_z = np.concatenate([np.where(unit_w[:, None] > 0, share / unit_w[:, None], 0.0), mean_x], axis=1)
    s, b = _normal_equations(panel, w0, unit_w, mean_z, mean_y)
    a, l, w = _target_sums(panel, targets, used, mean_z, mean_y)
    return ClusterSums(s, b, a, l, w, targets.names, used, int(treated.sum() - used.sum()))


def _unit_mean(panel: LongPanel, w0: Floats, unit_w: Floats, values: Floats) -> Floats:
    total = np.bincount(panel.unit, weights=w0 * values, minlength=panel.unit_n)
    return np.where(unit_w > 0, total / np.where(unit_w > 0, unit_w, 1.0), 0.0)


def _normal_equations(panel: LongPanel, w0: Floats, unit_w: Floats, mean_z: Floats, mean_y: Floats) -> tuple[Floats, Floats]:
    """Return the weighted cross-products of (period dummies, covariates) and y, unit means taken out, by cluster."""
    g, t, k = panel.cluster_n, panel.period_n, panel.x.shape[1]
    cluster = panel.cluster[panel.unit]
    s, b = np.zeros((g, t + k, t + k)), np.zeros((g, t + k))
    at = cluster * t + panel.time
    diagonal = np.bincount(at, weights=w0, minlength=g * t).reshape(g, t)
    s[:, np.arange(t), np.arange(t)] = diagonal
    b[:, :t] = np.bincount(at, weights=w0 * panel.y, minlength=g * t).reshape(g, t)
    for j in range(k):
        cross = np.bincount(at, weights=w0 * panel.x[:, j], minlength=g * t).reshape(g, t)
        s[:, :t, t + j] = s[:, t + j, :t] = cross
        b[:, t + j] = np.bincount(cluster, weights=w0 * panel.x[:, j] * panel.y, minlength=g)
        for m in range(j + 1):
            product = np.bincount(cluster, weights=w0 * panel.x[:, j] * panel.x[:, m], minlength=g)
            s[:, t + j, t + m] = s[:, t + m, t + j] = product
    for c, members in enumerate(_members(panel)):
        z, weight = mean_z[members], unit_w[members]
        s[c] -= (z * weight[:, None]).T @ z
        b[c] -= (z * (weight * mean_y[members])[:, None]).sum(axis=0)
    return s, b


def _target_sums(
    panel: LongPanel, targets: Targets, used: Bools, mean_z: Floats, mean_y: Floats
) -> tuple[Floats, Floats, Floats]:
    g, t, k, h = panel.cluster_n, panel.period_n, panel.x.shape[1], len(targets.names)
    cluster = panel.cluster[panel.unit]
    a, w, l = np.zeros((g, h)), np.zeros((g, h)), np.zeros((g, h, t + k))
    unit_target = np.zeros((panel.unit_n, h))
    for column in targets.of_row.T:
        rows = np.flatnonzero(used & (column >= 0))
        at = cluster[rows] * h + column[rows]
        weight = panel.w[rows]
        w += np.bincount(at, weights=weight, minlength=g * h).reshape(g, h)
        a += np.bincount(at, weights=weight * (panel.y[rows] - mean_y[panel.unit[rows]]), minlength=g * h).reshape(g, h)
        l[:, :, :t] += np.bincount(at * t + panel.time[rows], weights=weight, minlength=g * h * t).reshape(g, h, t)
        for j in range(k):
            l[:, :, t + j] += np.bincount(at, weights=weight * panel.x[rows, j], minlength=g * h).reshape(g, h)
        unit_target += np.bincount(panel.unit[rows] * h + column[rows], weights=weight, minlength=unit_target.size).reshape(
            -1, h
        )
    for c, members in enumerate(_members(panel)):
        l[c] -= unit_target[members].T @ mean_z[members]
    return a, l, w


def _members(panel: LongPanel) -> list[NDArray[np.int64]]:
    """Return the units of every cluster."""
    order = np.argsort(panel.cluster, kind="stable")
    return np.split(order, np.searchsorted(panel.cluster[order], np.arange(1, panel.cluster_n)))
