"""Imputation difference-in-differences: what would have happened, from untreated rows alone; the effect is the rest.

Lives here: the estimator of Borusyak, Jaravel and Spiess (Review of Economic Studies 2024), with weights and covariates, as
sums over clusters, so that leaving a cluster out costs one small solve. Not here: standard errors, pre-trends.

On untreated rows y = a_unit + l_period + x'd is fitted; for treated rows tau = y - a - l - x'd. Any average of tau is linear in
(l, d) once the unit effects are taken out: (A - B.(l, d)) / W with A, B, W sums over clusters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aftercall.contracts.errors import DesignError
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import UnitMeans, members, normal_equations, solved, unit_means

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

    def estimates(self) -> Floats:
        """Return the targets' estimates from all clusters; NaN where a target has no rows."""
        return estimates_of(*(one.sum(axis=0) for one in (self.s, self.b, self.a, self.l, self.w)))

    def without_each(self) -> Floats:
        """Return the targets' estimates without each cluster in turn (G, H); NaN where they cannot be had without it."""
        parts = (self.s, self.b, self.a, self.l, self.w)
        totals = [one.sum(axis=0) for one in parts]
        return np.stack(
            [estimates_of(*(total - part[c] for total, part in zip(totals, parts, strict=True))) for c in range(len(self.s))]
        )


def estimates_of(s: Floats, b: Floats, a: Floats, l: Floats, w: Floats) -> Floats:
    """Return the targets' estimates (H) from summed parts; NaN where rows are lacking, also untreated rows of a period."""
    parameters = solved(s, b)
    period_is_bare = np.diag(s) <= 1e-9 * max(1.0, float(np.diag(s).max(initial=0.0)))
    leans_on_bare = (np.abs(l[:, period_is_bare]) > 1e-9).any(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((w > 1e-12) & ~leans_on_bare, (a - l @ parameters) / w, np.nan)


def targets_of(panel: LongPanel, *, horizons: bool = True, balanced: int | None = None) -> Targets:
    """Return the overall average, and with `horizons` one average per period since first treatment.

    With `balanced` = K only periods 0..K of units that have a row in every one of them: the same units at every horizon.
    Raises: DesignError, no unit has all of them.
    """
    treated = panel.is_treated
    since = np.where(treated, panel.horizon, 0).astype(np.int64)
    if balanced is not None:
        inside = treated & (since <= balanced) & (panel.w > 0)
        seen = np.bincount(panel.unit[inside], minlength=panel.unit_n)
        treated = inside & (seen == balanced + 1)[panel.unit]
        if not treated.any():
            raise DesignError(
                f"No unit has rows in all of the periods 0 to {balanced} since its first treatment; ask for fewer."
            )
    overall = np.where(treated, 0, -1)
    if not horizons or not treated.any():
        return Targets(("att",), overall[:, None])
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
    if not fit.any():
        raise DesignError("No row is untreated: every unit is treated in every period. Add periods before the first treatment.")
    treated = panel.is_treated & (panel.w > 0)
    wanted = (targets.of_row >= 0).any(axis=1)
    used = treated & wanted & _is_comparable(panel, fit)
    if not used.any():
        why = "no treated row has untreated rows in its unit and its period" if treated.any() else "no unit is ever treated"
        raise DesignError(
            f"There is no effect to estimate: {why}. A comparison needs units that are not treated yet, or never."
        )
    w0 = np.where(fit, panel.w, 0.0)
    means = unit_means(panel, w0)
    s, b = normal_equations(panel, means)
    a, l, w = _target_sums(panel, targets, used, means)
    return ClusterSums(s, b, a, l, w, targets.names, used, int((treated & wanted & ~used).sum()))


def _is_comparable(panel: LongPanel, fit: Bools) -> Bools:
    """Return the rows whose unit and period have untreated rows that are linked to each other through others."""
    unit_n = panel.unit_n
    edges = (np.ones(int(fit.sum())), (panel.unit[fit], panel.time[fit] + unit_n))
    shape = (unit_n + panel.period_n,) * 2
    _, part = sparse.csgraph.connected_components(sparse.coo_matrix(edges, shape=shape), directed=False)
    return part[panel.unit] == part[unit_n + panel.time]


def _target_sums(panel: LongPanel, targets: Targets, used: Bools, means: UnitMeans) -> tuple[Floats, Floats, Floats]:
    g, t, k, h = panel.cluster_n, panel.period_n, panel.x.shape[1], len(targets.names)
    cluster = panel.cluster[panel.unit]
    a, w, l = np.zeros((g, h)), np.zeros((g, h)), np.zeros((g, h, t + k))
    unit_target = np.zeros((panel.unit_n, h))
    for column in targets.of_row.T:
        rows = np.flatnonzero(used & (column >= 0))
        at = cluster[rows] * h + column[rows]
        weight = panel.w[rows]
        w += np.bincount(at, weights=weight, minlength=g * h).reshape(g, h)
        a += np.bincount(at, weights=weight * (panel.y[rows] - means.y[panel.unit[rows]]), minlength=g * h).reshape(g, h)
        l[:, :, :t] += np.bincount(at * t + panel.time[rows], weights=weight, minlength=g * h * t).reshape(g, h, t)
        for j in range(k):
            l[:, :, t + j] += np.bincount(at, weights=weight * panel.x[rows, j], minlength=g * h).reshape(g, h)
        unit_target += np.bincount(panel.unit[rows] * h + column[rows], weights=weight, minlength=unit_target.size).reshape(
            -1, h
        )
    for c, units in enumerate(members(panel)):
        l[c] -= unit_target[units].T @ means.z[units]
    return a, l, w
