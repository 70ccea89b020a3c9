"""Uncertainty from few teams: cluster jackknife, randomisation inference, ratios, effective clusters, families of tests.

Lives here: standard errors, intervals and p-values from arrays. Not here: estimators (did.py, trend.py), verdicts (did.py).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aftercall.contracts.errors import DesignError

Reals = NDArray[np.float64]
MOST_ASSIGNMENTS = 5_000


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


def assignments(g: int, treated: NDArray[np.bool_], *, rng: np.random.Generator, draws: int = 999) -> NDArray[np.bool_]:
    """Return which clusters could have been treated, shape (a, G), the actual assignment first.

    All of them when there are at most 5,000, else `draws` random ones.
    """
    g1 = int(treated.sum())
    if math.comb(g, g1) <= MOST_ASSIGNMENTS:
        every = np.zeros((math.comb(g, g1), g), dtype=bool)
        for row, chosen in enumerate(islice(combinations(range(g), g1), len(every))):
            every[row, list(chosen)] = True
        others = every[(every != treated).any(axis=1)]
    else:
        others = np.stack([rng.permutation(treated) for _ in range(draws)])
    return np.vstack([treated, others])


def randomisation_interval(base: Reals, unit_effect: Reals, *, alpha: float = 0.05) -> Interval:
    """Return the p-value of no effect and every constant effect that is not rejected, by re-assigning treatment.

    Args: base, the estimate under each assignment, the actual first, shape (a,); unit_effect, the same estimator applied to
        an outcome that is 1 in treated cells and 0 elsewhere, shape (a,): under effect t the statistic is base − t·unit_effect.
    Source: spec statistics 4.6.

    >>> base, ones = np.array([3.0, -1.0, 0.5, -2.5]), np.array([1.0, -0.2, 0.1, -0.9])
    >>> randomisation_interval(base, ones).p
    0.25
    """
    actual = base[0]

    def p_at(effect: float) -> float:
        moved = np.abs(base - effect * unit_effect)
        return float(np.mean(moved >= abs(actual - effect) - 1e-9 * max(1.0, abs(actual))))

    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.concatenate([(actual - base) / (1 - unit_effect), (actual + base) / (1 + unit_effect)])
    roots = np.unique(roots[np.isfinite(roots)])
    low = _last_kept(p_at, float(actual), roots[roots < actual][::-1], alpha, -math.inf)
    high = _last_kept(p_at, float(actual), roots[roots > actual], alpha, math.inf)
    return Interval(None, low, high, p_at(0.0), None)


def _last_kept(p_at: Callable[[float], float], start: float, roots: Reals, alpha: float, beyond: float) -> float:
    """Walk from the estimate outwards; the p-value is constant between roots, so test one point in each gap."""
    lo, hi = 0, len(roots)
    while lo < hi:
        mid = (lo + hi) // 2
        edge = roots[mid]
        after = (edge + roots[mid + 1]) / 2 if mid + 1 < len(roots) else edge + np.sign(edge - start) * max(1.0, abs(edge))
        if p_at(float(after)) > alpha:
            lo = mid + 1
        else:
            hi = mid
    return float(roots[lo]) if lo < len(roots) else beyond


def effective_clusters(leverage: Reals) -> float:
    """Return G* = G / (1 + CV²) of the clusters' shares of the treatment's variation. Source: spec statistics 4.4.

    >>> round(effective_clusters(np.array([1 / 9] * 8 + [4 / 9] * 4)), 2)
    8.0
    """
    return float(leverage.size / (1 + np.var(leverage) / np.mean(leverage) ** 2)) if leverage.mean() > 0 else 0.0


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
