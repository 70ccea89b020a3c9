"""Intervals of agreement: resampling whole clusters (agents), or units where there are no clusters; seeded.

Lives here: the cluster bootstrap over sums, and an interval on a scale on which coefficients are nearly symmetric.
Not here: what is summed (agreement.py, agreement_pairs.py).

Measured, 300 samples each (tests/recovery/test_agreement_recovery.py): on the Fisher scale with t(G − 1) the interval held the
truth in 94 % of samples of 60 clusters and 97 % of 25; percentile intervals held it in 94 and 91 %, and their lower end, which
gates read, lay above the truth twice as often.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.inference import Reals

REPLICATES = 1000
MOST_CLUSTERS = 2000
CHUNK = 4096
Statistic = Callable[[Reals], Reals]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its standard error and 95 % interval; None is 'cannot be computed from these data'."""

    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None

    def __str__(self) -> str:
        if self.estimate is None:
            return "–"
        if self.ci_low is None or self.ci_high is None:
            return f"{self.estimate:.3f}"
        return f"{self.estimate:.3f} ({self.ci_low:.3f} to {self.ci_high:.3f})"


NOTHING = Estimate(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Resampling:
    """Sums of the data (F,) and of each replicate (B, F), how many clusters and units, and one unit that disagrees (F,)."""

    sums: Reals
    replicates: Reals
    cluster_n: int
    unit_n: int
    disagreeing: Reals


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of summed features (…, F), its smallest value (−1 coefficients, 0 shares), and what a share is a share of."""

    statistic: Statistic
    lowest: float = -1.0
    out_of: Statistic | None = None


def by_cluster(build: Callable[[slice], Reals], unit_n: int, clusters: NDArray[np.int64] | None) -> Reals:
    """Return features summed within clusters, shape (G, F), built some thousand units at a time.

    Args: build, returns the features of a slice of units; clusters, codes 0…G−1 per unit; None is each unit its own, or
        random-order groups of units beyond some thousand.
    """
    if clusters is None:
        clusters = np.arange(unit_n, dtype=np.int64) % MOST_CLUSTERS
    summed: Reals | None = None
    for at in range(0, max(unit_n, 1), CHUNK):
        part = build(slice(at, at + CHUNK))
        if summed is None:
            summed = np.zeros((int(clusters.max(initial=-1)) + 1, part.shape[1]))
        np.add.at(summed, clusters[at : at + CHUNK], part)
    assert summed is not None
    return summed


def resample(summed: Reals, disagreeing: Reals, *, unit_n: int, seed: int = 0, replicates: int = REPLICATES) -> Resampling:
    """Draw clusters with replacement and return the sums of each draw.

    Args: summed, features by cluster, shape (G, F), weighted already if units were drawn with unequal probability;
        disagreeing, the features of a unit whose raters disagree, shape (F,): half of one is added on the way to the
        interval, so that a coefficient near 1 keeps one.
    """
    g = summed.shape[0]
    if g < 2:
        return Resampling(summed.sum(axis=0), np.zeros((0, summed.shape[1])), g, unit_n, disagreeing)
    times = np.random.default_rng(seed).multinomial(g, np.full(g, 1 / g), size=replicates)
    return Resampling(summed.sum(axis=0), times @ summed, g, unit_n, disagreeing)


def estimate_of(drawn: Resampling, measure: Measure, *, confidence: float = 0.05) -> Estimate:
    """Return one measure with its interval.

    The replicates' spread on the scale of artanh((2x − lowest − 1)/(1 − lowest)) gives a t(G − 1) interval, mapped back: it
    never leaves [lowest, 1]. Where no unit disagrees, the exact binomial bound on disagreement gives the lower end.
    """
    statistic, lowest = measure.statistic, measure.lowest
    value = float(statistic(drawn.sums))
    if not np.isfinite(value):
        return NOTHING
    plain = np.asarray(statistic(drawn.replicates))
    plain = plain[np.isfinite(plain)]
    if drawn.cluster_n < 2 or plain.size < drawn.replicates.shape[0] / 2:
        return Estimate(value, None, None, None)
    stretch = (drawn.cluster_n / (drawn.cluster_n - 1)) ** 0.5
    se = float(plain.std(ddof=1)) * stretch
    if se < 1e-12:
        return _without_spread(drawn, measure, value, confidence)
    half = drawn.disagreeing / 2
    moved = _stretched(np.asarray(statistic(drawn.replicates + half)), lowest)
    middle = float(_stretched(np.asarray(statistic(drawn.sums + half)), lowest))
    reach = float(stats.t.ppf(1 - confidence / 2, drawn.cluster_n - 1) * np.nanstd(moved, ddof=1)) * stretch
    low, high = (float(_back(np.asarray(middle + sign * reach), lowest)) for sign in (-1, 1))
    return Estimate(value, se, min(low, value), max(high, value))


def _without_spread(drawn: Resampling, measure: Measure, value: float, confidence: float) -> Estimate:
    n = float(measure.out_of(drawn.sums)) if measure.out_of is not None else float(drawn.unit_n)
    right = (confidence / 2) ** (1 / n)
    if measure.lowest == 0:
        return Estimate(value, 0.0, right if value == 1 else 0.0, 1 - right if value == 0 else 1.0)
    low = float(measure.statistic(drawn.sums + n * (1 - right) / right * drawn.disagreeing))
    return Estimate(value, 0.0, max(measure.lowest, min(low, value)) if np.isfinite(low) else None, value)


def estimates_of(drawn: Resampling, measures: Mapping[str, Measure], *, confidence: float = 0.05) -> dict[str, Estimate]:
    """Return several measures of the same draws."""
    return {name: estimate_of(drawn, measure, confidence=confidence) for name, measure in measures.items()}


def analytic(estimate: float, se: float, *, lowest: float = -1.0, df: int | None = None, confidence: float = 0.05) -> Estimate:
    """Return an estimate with the interval its standard error implies, cut at the range of the measure.

    Args: df, degrees of freedom of t; None is normal.
    """
    if not np.isfinite(estimate):
        return NOTHING
    if not np.isfinite(se):
        return Estimate(estimate, None, None, None)
    q = 1 - confidence / 2
    reach = float(stats.norm.ppf(q) if df is None else stats.t.ppf(q, df)) * se
    return Estimate(estimate, se, max(lowest, estimate - reach), min(1.0, estimate + reach))


def _stretched(value: Reals, lowest: float) -> Reals:
    inside = np.clip((2 * value - lowest - 1) / (1 - lowest), -1 + 1e-9, 1 - 1e-9)
    return np.arctanh(inside)


def _back(value: Reals, lowest: float) -> Reals:
    return (np.tanh(value) * (1 - lowest) + lowest + 1) / 2
