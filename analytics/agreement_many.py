"""Krippendorff's alpha for values of which there are many: minutes, points, readings.

Lives here: alpha with a grouped jackknife, for more categories than a table of pairs per cluster can hold.
Not here: few categories (agreement.py with agreement_intervals.py).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.agreement import Counts, Level, alpha
from analytics.agreement_intervals import Estimate
from analytics.inference import Reals

MOST_VALUES = 3000
GROUPS = 100


def coincidences_of(counts: Counts) -> Reals:
    """Return the coincidence matrix of units given as counts, shape (q, q)."""
    r = counts.sum(axis=1)
    pairable = counts[r > 1]
    apart = pairable / (pairable.sum(axis=1) - 1)[:, None]
    return pairable.T @ apart - np.diag(apart.sum(axis=0))


def alpha_of_many(
    counts: Counts, values: Reals, level: Level, clusters: NDArray[np.int64] | None, *, confidence: float = 0.05
) -> Estimate:
    """Return alpha with a t interval from leaving out groups of units (or of whole clusters), 100 at most.

    Raises: DesignError, more different values than fit into memory.

    >>> counts = np.eye(30)[np.arange(60) % 30] + np.eye(30)[(np.arange(60) + (np.arange(60) % 4 == 0)) % 30]
    >>> found = alpha_of_many(counts, np.arange(30.0), "interval", None)
    >>> found.ci_low < found.estimate < found.ci_high
    True
    """
    if counts.shape[1] > MOST_VALUES:
        raise DesignError(f"{counts.shape[1]} different values; alpha can be computed up to {MOST_VALUES}. Round the values.")
    whole = coincidences_of(counts)
    value = float(alpha(whole, values, level))
    groups = (np.arange(len(counts)) if clusters is None else clusters) % GROUPS
    present = np.unique(groups[counts.sum(axis=1) > 1])
    left_out = np.array([float(alpha(whole - coincidences_of(counts[groups == g]), values, level)) for g in present])
    n = left_out.size
    if n < 2 or not np.isfinite(value) or not np.isfinite(left_out).all():
        return Estimate(value if np.isfinite(value) else None, None, None, None)
    se = float(np.sqrt((n - 1) / n * np.sum((left_out - value) ** 2)))
    reach = float(stats.t.ppf(1 - confidence / 2, n - 1)) * se
    return Estimate(value, se, max(-1.0, value - reach), min(1.0, value + reach))
