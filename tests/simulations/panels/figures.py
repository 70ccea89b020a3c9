"""What stored rows say: bias, coverage, rejections, false discoveries, verdicts; each with its Monte-Carlo error.

Lives here: one figure from rows of one setting and estimator. Not here: which figure must lie where (bands.py), running.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.simulations.panels.rows import Row


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean or a share over n replicates with a 95 % interval of what more replicates could still make of it."""

    value: float
    low: float
    high: float
    n: int


def of_mean(values: Sequence[float]) -> Figure:
    mean, n = float(np.mean(values)), len(values)
    reach = 1.96 * float(np.std(values, ddof=1)) / n**0.5
    return Figure(mean, mean - reach, mean + reach, n)


def of_share(hits: Sequence[bool]) -> Figure:
    """Return a share with Clopper and Pearson's exact interval."""
    k, n = int(sum(hits)), len(hits)
    low = float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return Figure(k / n, low, high, n)


def _known(*values: float | None) -> tuple[float, ...]:
    assert all(value is not None for value in values), "the estimator gave no such number"
    return tuple(float(value) for value in values if value is not None)


def errors_of(rows: Sequence[Row]) -> list[float]:
    return [e - t for e, t in (_known(row.estimate, row.truth) for row in rows)]


def covered_of(rows: Sequence[Row]) -> list[bool]:
    return [low <= truth <= high for low, truth, high in (_known(row.ci_low, row.truth, row.ci_high) for row in rows)]


def bias(rows: Sequence[Row]) -> Figure:
    return of_mean(errors_of(rows))


def coverage(rows: Sequence[Row]) -> Figure:
    return of_share(covered_of(rows))


def rejected(rows: Sequence[Row]) -> Figure:
    """Share with p below .05; a replicate without p counts as not rejected."""
    return of_share([row.p is not None and row.p < 0.05 - 1e-12 for row in rows])


def rejected_exactly(rows: Sequence[Row]) -> Figure:
    """Share with p of at most .05: a re-assignment's p is a count, and .05 itself is a rejection."""
    return of_share([row.p is not None and row.p <= 0.05 + 1e-12 for row in rows])


def left_out(rows: Sequence[Row]) -> Figure:
    """Share of replicates whose interval leaves the truth out: what coverage misses."""
    return of_share([not one for one in covered_of(rows)])


def mean_estimate(rows: Sequence[Row]) -> Figure:
    return of_mean([_known(row.estimate)[0] for row in rows])


def mean_truth(rows: Sequence[Row]) -> Figure:
    return of_mean([_known(row.truth)[0] for row in rows])


def not_identified(rows: Sequence[Row]) -> Figure:
    return of_share([row.verdict == "not identified" for row in rows])


def supported(rows: Sequence[Row]) -> Figure:
    return of_share([row.verdict == "supported" for row in rows])


def leaving_noted(rows: Sequence[Row]) -> Figure:
    """Share of answers that the engine held back because leaving differed by arm."""
    return of_share(["ATTRITION" in row.note.split() for row in rows])


def half_width(rows: Sequence[Row]) -> Figure:
    return of_mean([(high - low) / 2 for low, high in (_known(row.ci_low, row.ci_high) for row in rows)])


def chosen(rows: Sequence[Row], design: str, tau: float, estimator: str) -> list[Row]:
    """Return the rows of one setting and estimator; an empty choice is a mistake."""
    found = [row for row in rows if row.design == design and row.tau == tau and row.estimator == estimator]
    assert found, f"no stored row of {design!r}, {tau:g}, {estimator!r}"
    return found
