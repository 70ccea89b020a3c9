"""Uncertainty from clusters: the jackknife, ratios of sums, families of tests.

Lives here: standard errors, intervals and p-values from arrays. Not here: estimators and verdicts of studies
(analytics.studies).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aftercall.contracts.errors import DesignError

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A standard error with the interval and p-value it implies; `df` None means no t distribution was used."""

    se: float | None
    low: float
    high: float
    p: float
    df: int | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums with its interval; `n_clusters` below two leaves the interval open."""

    value: float
    low: float | None
    high: float | None
    n_clusters: int


def cluster_jackknife(estimate: float, left_out: Reals, *, alpha: float = 0.05) -> Interval:
    """Return the cluster jackknife (CV3) interval with t(G − 1).

    Args: estimate, on all clusters; left_out, the whole estimate without cluster g, shape (G,).
    Raises: DesignError, fewer than two clusters or an estimate without one cluster does not exist.
    Source: MacKinnon, Nielsen & Webb (2023); spec statistics 4.5.

    >>> found = cluster_jackknife(2.0, np.array([1.5, 2.0, 2.5]))
    >>> round(found.se, 4), round(found.low, 3), round(found.high, 3)
    (0.5774, -0.484, 4.484)
    """
    g = left_out.size
    if g < 2 or not np.isfinite(left_out).all():
        raise DesignError(
            f"The jackknife needs an estimate without each of at least two clusters; {int(np.isfinite(left_out).sum())} of {g} "
            "exist. Use more teams, or randomisation inference."
        )
    se = float(np.sqrt((g - 1) / g * np.sum((left_out - estimate) ** 2)))
    reach = float(stats.t.ppf(1 - alpha / 2, g - 1)) * se
    p = float(2 * stats.t.sf(abs(estimate) / se, g - 1)) if se > 0 else float(estimate == 0)
    return Interval(se, estimate - reach, estimate + reach, p, g - 1)


def cluster_ratio(tops: Reals, bottoms: Reals, *, alpha: float = 0.05) -> Ratio:
    """Return Σtops / Σbottoms with an interval clustered by row (one row per cluster), t(G − 1).

    Source: spec statistics 4.15.

    >>> cluster_ratio(np.array([8.0, 9.0, 4.0]), np.array([10.0, 10.0, 10.0])).value
    0.7
    """
    keep = bottoms > 0
    tops, bottoms = tops[keep], bottoms[keep]
    g = int(bottoms.size)
    if g == 0:
        raise DesignError("A ratio of sums needs at least one cluster with something to divide by.")
    value = float(tops.sum() / bottoms.sum())
    if g < 2:
        return Ratio(value, None, None, g)
    variance = float(np.sum((tops - value * bottoms) ** 2) / bottoms.sum() ** 2 * g / (g - 1))
    reach = float(stats.t.ppf(1 - alpha / 2, g - 1)) * math.sqrt(variance)
    return Ratio(value, value - reach, value + reach, g)


def benjamini_hochberg(p: Reals) -> Reals:
    """Return the q-value of each p-value in one declared family, shape (m,). Source: spec statistics 4.17.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    if p.size == 0:
        return p.copy()
    order = np.argsort(p)[::-1]
    ranked = p[order] * p.size / np.arange(p.size, 0, -1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(ranked), 1.0)
    return q
