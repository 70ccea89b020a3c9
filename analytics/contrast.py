"""A contrast of two arms over periods, from cluster × period sums: one arithmetic for estimate, jackknife and re-assignment.

Lives here: arrays of sums and the statistic Σ_t coef_t · (mean treated − mean control). Not here: which weeks and which arms
(did.py), what the numbers mean (results.py).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.inference import Interval, Reals, assignments, cluster_jackknife, effective_clusters, randomisation_interval

Inference = Literal["auto", "jackknife", "ri"]


@dataclass(frozen=True, slots=True)
class Sums:
    """Outcome sums `y` and weights `n`, shape (G, T), per cluster and period; `treated`, shape (G,); names, length G."""

    y: Reals
    n: Reals
    treated: NDArray[np.bool_]
    clusters: tuple[str, ...]

    @property
    def has_control(self) -> bool:
        """Whether there is a comparison group."""
        return not bool(self.treated.all())


def sums_of(rows: pl.DataFrame, periods: int) -> Sums:
    """Return the sums of rows with cluster, is_treated, period (0..periods−1), y_sum, n; clusters in order of name."""
    grouped = rows.group_by("cluster", "period").agg(pl.col("y_sum", "n").sum(), pl.col("is_treated").first()).sort("cluster")
    names = grouped["cluster"].unique().sort()
    place = {name: i for i, name in enumerate(names)}
    y, n = np.zeros((len(names), periods)), np.zeros((len(names), periods))
    treated = np.zeros(len(names), dtype=bool)
    for cluster, period, y_sum, weight, is_treated in grouped.iter_rows():
        at = place[cluster]
        y[at, period], n[at, period], treated[at] = y_sum, weight, is_treated
    return Sums(y, n, treated, tuple(names))


def contrast(sums: Sums, coef: Reals, treated: NDArray[np.bool_], control: NDArray[np.bool_], y: Reals | None = None) -> Reals:
    """Return Σ_t coef_t · (ȳ treated,t − ȳ control,t) for each row of memberships, shape (a,).

    Args: treated and control, which clusters are in each arm, shape (a, G); y, other outcome sums than the stored ones. With no
        control cluster at all only the treated arm is used. An arm without weight in a period gives NaN.
    """
    top = sums.y if y is None else y
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (treated.astype(float) @ top) / (treated.astype(float) @ sums.n)
        if sums.has_control:
            means = means - (control.astype(float) @ top) / (control.astype(float) @ sums.n)
    return means @ coef


def estimate_of(sums: Sums, coef: Reals) -> float:
    """Return the statistic for the assignment that happened."""
    return float(contrast(sums, coef, sums.treated[None, :], ~sums.treated[None, :])[0])


def jackknife_of(sums: Sums, coef: Reals, *, alpha: float = 0.05) -> Interval:
    """Return the interval from leaving out one cluster at a time.

    Raises: DesignError, an arm is empty without one of its clusters.
    """
    keep = ~np.eye(len(sums.clusters), dtype=bool)
    left_out = contrast(sums, coef, keep & sums.treated, keep & ~sums.treated)
    return cluster_jackknife(estimate_of(sums, coef), left_out, alpha=alpha)


def randomisation_of(
    sums: Sums, coef: Reals, unit: Reals, *, rng: np.random.Generator, alpha: float = 0.05, draws: int = 999
) -> Interval:
    """Return the randomisation p-value and interval; `unit`, shape (T,), is the effect of one unit in each period."""
    drawn = assignments(len(sums.clusters), sums.treated, rng=rng, draws=draws)
    one = sums.n * unit * sums.treated[:, None]
    base, ones = contrast(sums, coef, drawn, ~drawn), contrast(sums, coef, drawn, ~drawn, one)
    usable = np.isfinite(base) & np.isfinite(ones)
    return randomisation_interval(base[usable], ones[usable], alpha=alpha)


def leverage_clusters(sums: Sums) -> float:
    """Return the effective number of clusters G* of a two-period contrast.

    Treatment residualised on arm and period is ±1/N in each of the four cells, so a cluster's share is Σ_t n_gt / N²_at.
    Source: Carter, Schnepel & Steigerwald (2017); spec statistics 4.4.
    """
    share = np.zeros(len(sums.clusters))
    for arm in (sums.treated, ~sums.treated):
        if arm.any():
            share[arm] = (sums.n[arm] / np.maximum(sums.n[arm].sum(axis=0), 1e-300) ** 2).sum(axis=1)
    return effective_clusters(share)


def needs_randomisation(sums: Sums) -> bool:
    """Whether p must come from randomisation inference: at most 5 treated clusters, or fewer than 10 effective ones."""
    return sums.has_control and (int(sums.treated.sum()) <= 5 or leverage_clusters(sums) < 10)
