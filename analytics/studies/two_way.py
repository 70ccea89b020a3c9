"""Unit and period effects taken out of anything: the linear algebra under every panel regression.

Lives here: weighted normal equations without unit effects, added up within clusters, and exact projections on both effects for
panels with gaps. Not here: which rows and regressors (imputation.py, fixed_effects.py), standard errors.

Unit effects are concentrated out, so that what is solved has one row per period: small however many units there are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def solved(s: Floats, b: Floats) -> Floats:
    """Return a solution of the singular normal equations; periods without a row stay 0. `b` is (P,) or (P, m).

    One period is fixed at 0, which no estimate depends on; should that not be enough (periods no unit connects), least norm.
    """
    known = np.flatnonzero(np.diag(s) > 1e-12)
    out = np.zeros(b.shape)
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


@dataclass(frozen=True, slots=True)
class UnitMeans:
    """Weighted means within units over the rows of positive weight `w0` (n): `z` (U, T + k), `y` (U), and their weight (U)."""

    w0: Floats
    weight: Floats
    z: Floats
    y: Floats


def unit_means(panel: LongPanel, w0: Floats) -> UnitMeans:
    """Return within-unit means of (period dummies, covariates) and of y; units without weight have zeros."""
    unit_n, period_n = panel.unit_n, panel.period_n
    weight: Floats = np.bincount(panel.unit, weights=w0, minlength=unit_n).astype(np.float64)
    safe = np.where(weight > 0, weight, 1.0)
    share = np.bincount(panel.unit * period_n + panel.time, weights=w0, minlength=unit_n * period_n).reshape(unit_n, period_n)
    columns = [np.bincount(panel.unit, weights=w0 * column, minlength=unit_n) for column in (*panel.x.T, panel.y)]
    means = np.stack(columns, axis=1) / safe[:, None]
    return UnitMeans(w0, weight, np.concatenate([share / safe[:, None], means[:, :-1]], axis=1), means[:, -1])


def normal_equations(panel: LongPanel, means: UnitMeans) -> tuple[Floats, Floats]:
    """Return cross-products (G, P, P) and (G, P) of (period dummies, covariates) and y, unit means taken out, by cluster."""
    g, t, k = panel.cluster_n, panel.period_n, panel.x.shape[1]
    cluster, w0 = panel.cluster[panel.unit], means.w0
    s, b = np.zeros((g, t + k, t + k)), np.zeros((g, t + k))
    at = cluster * t + panel.time
    s[:, np.arange(t), np.arange(t)] = np.bincount(at, weights=w0, minlength=g * t).reshape(g, t)
    b[:, :t] = np.bincount(at, weights=w0 * panel.y, minlength=g * t).reshape(g, t)
    for j in range(k):
        cross = np.bincount(at, weights=w0 * panel.x[:, j], minlength=g * t).reshape(g, t)
        s[:, :t, t + j] = s[:, t + j, :t] = cross
        b[:, t + j] = np.bincount(cluster, weights=w0 * panel.x[:, j] * panel.y, minlength=g)
        for m in range(j + 1):
            product = np.bincount(cluster, weights=w0 * panel.x[:, j] * panel.x[:, m], minlength=g)
            s[:, t + j, t + m] = s[:, t + m, t + j] = product
    for c, units in enumerate(members(panel)):
        z, weight = means.z[units], means.weight[units]
        s[c] -= (z * weight[:, None]).T @ z
        b[c] -= (z * (weight * means.y[units])[:, None]).sum(axis=0)
    return s, b


def members(panel: LongPanel) -> list[Ints]:
    """Return the units of every cluster."""
    order = np.argsort(panel.cluster, kind="stable")
    return np.split(order, np.searchsorted(panel.cluster[order], np.arange(1, panel.cluster_n)))


def cluster_scores(panel: LongPanel, weighted: Floats) -> Floats:
    """Return sums (G, P) of weighted residuals (n) times (period dummies, covariates), by cluster."""
    g, t = panel.cluster_n, panel.period_n
    cluster = panel.cluster[panel.unit]
    by_period = np.bincount(cluster * t + panel.time, weights=weighted, minlength=g * t).reshape(g, t)
    of_x = [np.bincount(cluster, weights=weighted * column, minlength=g) for column in panel.x.T]
    return np.column_stack([by_period, *of_x]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class TwoWay:
    """The projection on unit and period effects with weights `w`: exact, balanced or not.

    `mean` (U, T) is a unit's share of weight per period, `inverse` (T, T) the pseudo-inverse of the periods' normal equations.
    """

    unit: Ints
    time: Ints
    w: Floats
    unit_w: Floats
    mean: Floats
    inverse: Floats
    rank: int

    def periods_of(self, column: Floats) -> Floats:
        """Return the period effects (T) of a column; they are known up to one constant."""
        unit_n, period_n = self.mean.shape
        weighted = self.w * column
        of_unit = np.bincount(self.unit, weights=weighted, minlength=unit_n)
        return self.inverse @ (np.bincount(self.time, weights=weighted, minlength=period_n) - self.mean.T @ of_unit)

    def residual(self, v: Floats) -> Floats:
        """Return v (n,) or (n, m) without its unit and period effects."""
        columns = v.reshape(len(v), -1)
        out = np.empty_like(columns, dtype=np.float64)
        safe = np.where(self.unit_w > 0, self.unit_w, 1.0)
        for j, column in enumerate(columns.T):
            period = self.periods_of(column)
            mean = np.bincount(self.unit, weights=self.w * column, minlength=len(safe)) / safe
            out[:, j] = column - (mean - self.mean @ period)[self.unit] - period[self.time]
        return out.reshape(v.shape)

    def leverage(self) -> Floats:
        """Return how much of its own fitted value every row makes through the two effects (n)."""
        at = self.mean @ self.inverse
        own = (at * self.mean).sum(axis=1)
        through_periods = np.diag(self.inverse)[self.time] - 2 * at[self.unit, self.time] + own[self.unit]
        return self.w * (1 / np.where(self.unit_w > 0, self.unit_w, np.inf)[self.unit] + through_periods)


def two_way(unit: Ints, time: Ints, w: Floats, unit_n: int, period_n: int) -> TwoWay:
    """Return the projection for these rows; `rank` counts the effects that can be told apart."""
    share = np.bincount(unit * period_n + time, weights=w, minlength=unit_n * period_n).reshape(unit_n, period_n)
    unit_w: Floats = share.sum(axis=1)
    mean = share / np.where(unit_w > 0, unit_w, 1.0)[:, None]
    s = np.diag(share.sum(axis=0)) - share.T @ mean
    linked = sparse.coo_matrix((np.ones(len(unit)), (unit, time + unit_n)), shape=(unit_n + period_n,) * 2)
    parts, _ = sparse.csgraph.connected_components(linked, directed=False)
    inverse = np.linalg.pinv(s, rcond=1e-11, hermitian=True).astype(np.float64)
    return TwoWay(unit, time, w, unit_w, mean, inverse, unit_n + period_n - int(parts))


def of_panel(panel: LongPanel) -> TwoWay:
    """Return the projection for all rows of a panel."""
    return two_way(panel.unit, panel.time, panel.w, panel.unit_n, panel.period_n)


def effective_clusters(panel: LongPanel) -> float:
    """Return how many equally informative clusters the treatment contrast is worth: G / (1 + CV²).

    Source: Carter, Schnepel and Steigerwald (Review of Economics and Statistics 2017); spec statistics 4.4.
    """
    whole = np.column_stack([panel.is_treated.astype(np.float64), panel.x])
    residual = of_panel(panel).residual(whole)
    d, x = residual[:, 0], residual[:, 1:]
    if x.shape[1]:
        root = np.sqrt(panel.w)
        d = d - x @ np.linalg.lstsq(x * root[:, None], d * root, rcond=None)[0]
    gamma = np.bincount(panel.cluster[panel.unit], weights=panel.w * d**2, minlength=panel.cluster_n)
    if gamma.mean() <= 1e-12:
        return 0.0
    return float(panel.cluster_n / (1 + gamma.var() / gamma.mean() ** 2))
