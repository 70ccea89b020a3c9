"""Uncertainty of the imputation estimator: analytic clustered errors, or the cluster jackknife where clusters are few.

Lives here: from a panel to an Estimate. Not here: the point estimate (imputation.py), pre-trends and event studies
(event_study.py), verdicts.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.estimate import Estimate, Vcov, horizons_of, interval
from analytics.studies.imputation import ClusterSums, Targets, cluster_sums, fit_rows, targets_of
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import cluster_scores, effective_clusters, solved, unit_means

Floats = NDArray[np.float64]
Errors = Literal["auto", "analytic", "jackknife"]
ENOUGH_CLUSTERS = 50


@dataclass(frozen=True, slots=True)
class Spread:
    """Targets' estimates (H), the influence of every cluster on each (G, H), and their covariance (H, H)."""

    estimates: Floats
    influence: Floats
    covariance: Floats
    sums: ClusterSums
    vcov: Vcov


def spread_of(panel: LongPanel, targets: Targets, *, donut: int = 0, vcov: Errors = "auto") -> Spread:
    """Return estimates with their uncertainty; "auto" is the jackknife below 50 clusters, else analytic.

    Raises: DesignError, nothing can be compared, or untreated rows do not settle the covariates.
    """
    found = _spread_of(panel, targets, donut=donut, vcov=vcov)
    if not np.isfinite(found.estimates[0]):
        raise DesignError(
            "There is no effect to estimate: on untreated rows a covariate or a period does not vary within units. Name fewer."
        )
    return found


def _spread_of(panel: LongPanel, targets: Targets, *, donut: int, vcov: Errors) -> Spread:
    by_jackknife = vcov == "jackknife" or (vcov == "auto" and panel.cluster_n < ENOUGH_CLUSTERS)
    if not by_jackknife:
        return _analytic(panel, targets, donut)
    sums = cluster_sums(panel, targets, donut=donut)
    whole = sums.estimates()
    covariance, influence = jackknife(whole, sums.without_each())
    return Spread(whole, influence, covariance, sums, "jackknife")


def jackknife(whole: Floats, without: Floats) -> tuple[Floats, Floats]:
    """Return the covariance (H, H) of estimates and each cluster's influence (G, H) from leave-one-out estimates (G, H).

    The variance is (G - 1)/G times the squares about the estimate. A target that one cluster alone holds has none: NaN.
    Source: MacKinnon, Nielsen and Webb (Journal of Applied Econometrics 2023), CV3.
    """
    gaps = whole - without
    return (len(gaps) - 1) / len(gaps) * gaps.T @ gaps, gaps


def _analytic(panel: LongPanel, targets: Targets, donut: int) -> Spread:
    """Return the conservative variance: squares of sums of v_it e_it within clusters.

    The estimate is linear in y with weights v. On untreated rows e is the residual; on treated rows the effect less the average
    effect of its cohort and period. Source: Borusyak, Jaravel and Spiess (2024), section 4.3.
    """
    whole = replace(panel, cluster=np.zeros(panel.unit_n, dtype=np.int64), cluster_names=("all",))
    sums = cluster_sums(whole, targets, donut=donut)
    w0 = np.where(fit_rows(panel, donut) & (panel.w > 0), panel.w, 0.0)
    means, parameters = unit_means(panel, w0), solved(sums.s[0], sums.b[0])
    unit_effect = means.y - means.z @ parameters
    period, slopes = parameters[: panel.period_n], parameters[panel.period_n :]
    residual = panel.y - unit_effect[panel.unit] - period[panel.time] - panel.x @ slopes
    # Residuals sum to zero within units, so the unit part of v drops out of every cluster's sum.
    untreated = -cluster_scores(panel, w0 * residual) @ solved(sums.s[0], sums.l[0].T)
    own = np.zeros_like(untreated)
    rows = np.flatnonzero(sums.used)
    surprise = panel.w[rows] * (residual[rows] - _cell_averages(panel, rows, residual[rows]))
    cluster, h = panel.cluster[panel.unit[rows]], len(targets.names)
    for column in targets.of_row.T:
        has = column[rows] >= 0
        at = cluster[has] * h + column[rows][has]
        own += np.bincount(at, weights=surprise[has], minlength=own.size).reshape(own.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        influence = (untreated + own) / sums.w[0]
    return Spread(sums.estimates(), influence, influence.T @ influence, sums, "analytic")


def _cell_averages(panel: LongPanel, rows: NDArray[np.int64], effect: Floats) -> Floats:
    """Return for treated rows the average effect of their cohort and period.

    A cohort of one cluster would explain itself away; it takes the average of the horizon, and of all if that is one cluster's.
    """
    unit = panel.unit[rows]
    first, time = panel.first[unit].astype(np.int64), panel.time[rows]
    span = panel.period_n + 1
    out, settled = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
    for key in (np.maximum(first, -1) * span + time, time - first, np.zeros(len(rows), dtype=np.int64)):
        _, cell = np.unique(key, return_inverse=True)
        pair, at = np.unique(cell * panel.cluster_n + panel.cluster[unit], return_inverse=True)
        together = np.bincount(at, weights=panel.w[rows])[at]
        weight = panel.w[rows] * together
        average = np.bincount(cell, weights=weight * effect) / np.bincount(cell, weights=weight)
        shared = (np.bincount(pair // panel.cluster_n) > 1)[cell] & ~settled
        out[shared] = average[cell[shared]]
        settled |= shared
    everyone: float = np.average(effect, weights=panel.w[rows]).item()
    return np.where(settled, out, everyone)


def imputation(
    panel: LongPanel,
    *,
    donut: int = 0,
    horizons: bool = True,
    balanced: int | None = None,
    vcov: Errors = "auto",
    alpha: float = 0.05,
) -> Estimate:
    """Return the average effect on treated rows with its course over time, t(G - 1).

    Args: donut, periods before first treatment that the untreated model does not learn from; balanced, the last horizon K of a
        course over which the same units are followed; vcov, "auto" is the cluster jackknife below 50 clusters.
    Raises: DesignError, nothing can be compared.
    """
    spread = spread_of(panel, targets_of(panel, horizons=horizons, balanced=balanced), donut=donut, vcov=vcov)
    return estimate_of(panel, spread, donut=donut, balanced=balanced, alpha=alpha)


def _units_at(panel: LongPanel, sums: ClusterSums, names: list[int]) -> list[int]:
    """Return how many units are behind each horizon."""
    if not names:
        return []
    rows = np.flatnonzero(sums.used)
    since = panel.horizon[rows].astype(np.int64)
    size = max(names) + 1
    pairs = np.unique(panel.unit[rows] * size + since) if panel.design != "panel" else panel.unit[rows] * size + since
    return np.bincount(pairs % size, minlength=size)[names].tolist()


def estimate_of(panel: LongPanel, spread: Spread, *, donut: int, balanced: int | None, alpha: float) -> Estimate:
    """Return estimates and their spread as an Estimate: the first target is the answer, the others its course."""
    sums, g = spread.sums, panel.cluster_n
    with np.errstate(invalid="ignore"):
        ses = np.sqrt(np.diag(spread.covariance))
    df = float(g - 1)
    estimate, se = float(spread.estimates[0]), float(ses[0])
    low, high, p = interval(estimate, se, df, alpha=alpha) or (None, None, None)
    names = [int(name) for name in sums.target_names[1:]]
    used_units = _units_at(panel, sums, names)
    treated = np.isfinite(panel.first) & (panel.first < panel.period_n)
    notes = list[str]()
    if sums.left_out_n:
        notes.append(f"{sums.left_out_n} treated rows have nothing to be compared with and are left out.")
    if p is None:
        notes.append("No standard error: without one of the clusters there is no estimate. Use randomisation inference.")
    method = "imputation" + (f", without {donut} periods before the start" if donut else "")
    return Estimate(
        method + (f", units seen in all periods 0 to {balanced}" if balanced is not None else ""),
        "ATT",
        panel.outcome,
        panel.unit_of_outcome,
        estimate,
        None if p is None else se,
        df,
        low,
        high,
        p,
        spread.vcov,
        int(sums.used.sum() + (fit_rows(panel, donut) & (panel.w > 0)).sum()),
        panel.unit_n,
        g,
        len(np.unique(panel.cluster[treated])),
        effective_clusters(panel),
        horizons=horizons_of(names, spread.estimates[1:], ses[1:], used_units, df, alpha=alpha),
        covariance=spread.covariance[1:, 1:],
        influence=spread.influence[:, 0],
        notes=tuple(notes),
    )
