"""Group-time effects: each cohort against units not treated (yet), from the period before its start.

Lives here: the estimator of Callaway and Sant'Anna (Journal of Econometrics 2021), its four averages and their influence
functions. Not here: a comparison with covariates (doubly_robust.py), imputation (imputation.py), verdicts.

Base period: the last one before treatment (for pre-periods, the one before each). A unit needs both; nothing is filled in.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.doubly_robust import doubly_robust
from analytics.studies.estimate import Estimate, GroupTime, Horizon, horizons_of, interval
from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Controls = Literal["never", "not_yet"]
Average = Literal["simple", "dynamic", "group", "calendar"]


@dataclass(frozen=True, slots=True)
class Cells:
    """ATT(g, t) of K cells: cohort, period, estimate, treated units, and one influence value per unit and cell.

    `influence` (U, K) has mean zero; the variance of a cell is the mean of its squares over U. `share` (K) is the cohort's
    share of all units, `member` (U, K) whether a unit belongs to the cell's cohort.
    """

    first: NDArray[np.int64]
    time: NDArray[np.int64]
    estimate: Floats
    n_units: NDArray[np.int64]
    influence: Floats
    share: Floats
    member: NDArray[np.bool_]

    @property
    def is_post(self) -> NDArray[np.bool_]:
        """Cells at or after the cohort's start."""
        return self.time >= self.first


def group_time_cells(panel: LongPanel, *, controls: Controls = "not_yet") -> Cells:
    """Return ATT(g, t) for every cohort and period that can be compared.

    Units treated from their first period on have no base and are left out. A unit's weight is the mean weight of its rows.
    Covariates count as they are in the base period, doubly robust.
    Raises: DesignError, nothing can be compared.
    """
    y = cell_means(panel, panel.y)
    x = [cell_means(panel, column) for column in panel.x.T]
    weight = np.bincount(panel.unit, weights=panel.w, minlength=panel.unit_n) / np.bincount(panel.unit, minlength=panel.unit_n)
    inside = (panel.first >= 1) & (panel.first < panel.period_n)
    cohorts = np.unique(panel.first[inside]).astype(np.int64)
    never = panel.first >= panel.period_n
    usable = inside | never
    rows = list[tuple[int, int, float, int, Floats]]()
    for g in cohorts.tolist():
        of_g = panel.first == g
        for t in range(1, panel.period_n):
            base = g - 1 if t >= g else t - 1
            change = y[:, t] - y[:, base]
            at_base = np.stack([one[:, base] for one in x], axis=1) if x else np.empty((panel.unit_n, 0))
            known = np.isfinite(change) & np.isfinite(at_base).all(axis=1)
            free = never if controls == "never" else usable & (panel.first > max(t, base)) & ~of_g
            one, other = known & of_g, known & free
            if one.any() and other.any():
                compared = _adjusted(change, one, other, weight, at_base) if x else _cell(change, one, other, weight)
                rows.append((g, t, compared[0], int(one.sum()), compared[1] * int(usable.sum())))
    if not rows:
        raise DesignError(
            "No cohort can be compared: it needs a period before its start and units that are "
            f"{'never treated' if controls == 'never' else 'not treated yet'}."
        )
    first, time = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
    total = float(weight[usable].sum())
    share = np.array([weight[panel.first == g].sum() / total for g in first.tolist()])
    member = panel.first[:, None] == first[None, :]
    return Cells(
        first,
        time,
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows], dtype=np.int64),
        np.stack([row[4] for row in rows], axis=1),
        share,
        member,
    )


def cell_means(panel: LongPanel, values: Floats) -> Floats:
    """Return weighted means by unit and period (U, T), NaN where there is no row; one row per cell is returned as it is."""
    size = panel.unit_n * panel.period_n
    at = panel.unit * panel.period_n + panel.time
    weight = np.bincount(at, weights=panel.w, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.bincount(at, weights=panel.w * values, minlength=size) / weight).reshape(panel.unit_n, panel.period_n)


def _cell(change: Floats, one: Bools, other: Bools, weight: Floats) -> tuple[float, Floats]:
    """Return the difference of mean changes and every unit's influence on it (a sum, not a mean)."""
    influence, means = np.zeros(len(change)), list[float]()
    for side, sign in ((one, 1.0), (other, -1.0)):
        w, values = weight[side], change[side]
        mean = float((w * values).sum() / w.sum())
        influence[side] += sign * w * (values - mean) / w.sum()
        means.append(mean)
    return means[0] - means[1], influence


def _adjusted(change: Floats, one: Bools, other: Bools, weight: Floats, x: Floats) -> tuple[float, Floats]:
    """Return the same, doubly robust in the covariates of the base period."""
    both = one | other
    estimate, own = doubly_robust(change[both], one[both], weight[both], x[both])
    influence = np.zeros(len(change))
    influence[both] = own / both.sum()
    return estimate, influence


@dataclass(frozen=True, slots=True)
class Averaged:
    """One average of cells and its influence per unit."""

    estimate: float
    influence: Floats


def averaged(cells: Cells, weights: Floats, wanted: NDArray[np.bool_]) -> Averaged:
    """Return the average of the wanted cells, weighted by cohort shares, which are estimated too."""
    at = np.flatnonzero(wanted)
    w = weights[at] / weights[at].sum()
    estimate = float(w @ cells.estimate[at])
    own = cells.influence[:, at] @ w
    gap = cells.member[:, at] - weights[at]
    estimated_weights = gap / weights[at].sum() - gap.sum(axis=1, keepdims=True) * weights[at] / weights[at].sum() ** 2
    return Averaged(estimate, own + estimated_weights @ cells.estimate[at])


def _mean_of(parts: list[Averaged]) -> Averaged:
    influence = np.mean([one.influence for one in parts], axis=0)
    return Averaged(float(np.mean([one.estimate for one in parts])), influence)


def _averages(cells: Cells, kind: Average) -> Averaged:
    post = cells.is_post
    if kind == "simple":
        return averaged(cells, cells.share, post)
    if kind == "group":
        return _by_cohort(cells)
    keys = cells.time - cells.first if kind == "dynamic" else cells.time
    return _mean_of([averaged(cells, cells.share, post & (keys == key)) for key in np.unique(keys[post]).tolist()])


def _by_cohort(cells: Cells) -> Averaged:
    """Return the plain mean over a cohort's periods, then the mean over cohorts by their size."""
    post = cells.is_post
    cohorts = np.unique(cells.first[post])
    parts = [
        Averaged(float(cells.estimate[at].mean()), cells.influence[:, at].mean(axis=1))
        for at in (np.flatnonzero(post & (cells.first == g)) for g in cohorts.tolist())
    ]
    firsts = np.searchsorted(cells.first, cohorts)
    merged = Cells(
        cohorts,
        cohorts,
        np.array([one.estimate for one in parts]),
        cells.n_units[firsts],
        np.stack([one.influence for one in parts], axis=1),
        cells.share[firsts],
        cells.member[:, firsts],
    )
    return averaged(merged, merged.share, merged.is_post)


def callaway_santanna(
    panel: LongPanel, *, controls: Controls = "not_yet", average: Average = "simple", alpha: float = 0.05
) -> Estimate:
    """Return one average of the group-time effects with its course over time; errors are clustered at the panel's clusters.

    Source: Callaway and Sant'Anna (2021), equations 2.6 to 3.11; analytic influence functions, as in the authors' software.
    """
    cells = group_time_cells(panel, controls=controls)
    if not cells.is_post.any():
        raise DesignError("There is no effect to estimate: no cohort has controls at or after its start.")
    whole = _averages(cells, average)
    n = int(((panel.first >= 1) | np.isinf(panel.first)).sum())
    is_unit = panel.cluster_n >= panel.unit_n
    df = None if is_unit else float(panel.cluster_n - 1)
    se = _se(panel, whole.influence, n)
    reach = interval(whole.estimate, se, df, alpha=alpha)
    since = cells.time - cells.first
    names = np.unique(since)
    course = [averaged(cells, cells.share, since == e) for e in names.tolist()]
    errors = np.array([_se(panel, one.influence, n) for one in course])
    units = [int(cells.n_units[since == e].sum()) for e in names.tolist()]
    horizons: tuple[Horizon, ...] = horizons_of(
        names.tolist(), np.array([one.estimate for one in course]), errors, units, df, alpha=alpha
    )
    summed = np.stack([_by_cluster(panel, one.influence) for one in course], axis=1) / n
    group_time = tuple(
        GroupTime(panel.time_labels[g], panel.time_labels[t], float(value), _se(panel, cells.influence[:, k], n), int(of_n))
        for k, (g, t, value, of_n) in enumerate(zip(cells.first, cells.time, cells.estimate, cells.n_units, strict=True))
    )
    treated = np.isfinite(panel.first) & (panel.first < panel.period_n)
    return Estimate(
        f"Callaway-Sant'Anna, {average} average, {controls.replace('_', ' ')} treated controls"
        + (", doubly robust" if panel.x.shape[1] else ""),
        "ATT",
        panel.outcome,
        panel.unit_of_outcome,
        whole.estimate,
        se,
        df,
        reach[0] if reach else None,
        reach[1] if reach else None,
        reach[2] if reach else None,
        "analytic",
        len(panel.y),
        panel.unit_n,
        panel.cluster_n,
        len(np.unique(panel.cluster[treated])),
        horizons=horizons,
        group_time=group_time,
        covariance=summed.T @ summed,
        influence=_by_cluster(panel, whole.influence) / n,
    )


def _by_cluster(panel: LongPanel, influence: Floats) -> Floats:
    return np.bincount(panel.cluster, weights=influence, minlength=panel.cluster_n).astype(np.float64)


def _se(panel: LongPanel, influence: Floats, n: int) -> float:
    return float(np.sqrt((_by_cluster(panel, influence) ** 2).sum()) / n)
