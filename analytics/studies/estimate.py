"""What every estimator of this package answers with: one effect, its uncertainty, and its course over time.

Lives here: frozen results that print as a sentence and tidy to rows. Not here: computing (imputation.py and others), verdicts
(verdict.py), drawing (analytics.plots).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from analytics.results import interval_told, signed

Vcov = Literal["iid", "HC1", "HC2", "HAC", "CRV1", "CRV3", "jackknife", "analytic", "randomisation", "placebo"]


@dataclass(frozen=True, slots=True)
class Horizon:
    """The effect so many periods after (before, when negative) first treatment; None is 'not computed'."""

    horizon: int
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    n_units: int


@dataclass(frozen=True, slots=True)
class GroupTime:
    """The effect on one cohort in one period."""

    first: str
    time: str
    estimate: float
    se: float | None
    n_units: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect in the outcome's unit with its interval; `df` None means the normal distribution.

    `covariance` belongs to `horizons`, in their order. `influence` has one value per cluster, summing to nothing: the estimate
    moves by it when the cluster's weight rises.
    """

    method: str
    estimand: str
    outcome: str
    unit_of_outcome: str
    estimate: float
    se: float | None
    df: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    vcov: Vcov
    n_obs: int
    n_units: int
    n_clusters: int
    n_treated_clusters: int
    effective_clusters: float | None = None
    horizons: tuple[Horizon, ...] = ()
    group_time: tuple[GroupTime, ...] = ()
    covariance: NDArray[np.float64] | None = None
    influence: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        unit = f" {self.unit_of_outcome}" if self.unit_of_outcome else ""
        interval = interval_told(self.ci_low, self.ci_high, 3)
        return f"{self.outcome} {signed(self.estimate, 3)}{unit} ({interval}) · {self.method}"

    def tidy(self) -> pl.DataFrame:
        """Return one row: the numbers, without the course over time."""
        nested = {"horizons", "group_time", "covariance", "influence", "notes"}
        return pl.DataFrame([{name: getattr(self, name) for name in self.__slots__ if name not in nested}])


def interval(estimate: float, se: float | None, df: float | None, *, alpha: float = 0.05) -> tuple[float, float, float] | None:
    """Return (low, high, p) of a t (df) or normal (None) interval; None without a usable standard error.

    >>> [round(one, 3) for one in interval(2.0, 1.0, None)]
    [0.04, 3.96, 0.046]
    """
    if se is None or not np.isfinite(se) or se <= 0 or not np.isfinite(estimate):
        return None
    if df is not None and df <= 0:
        return None
    # Asked without a frozen law: making one costs more than the regression it closes.
    width, beyond = 1 - alpha / 2, abs(estimate) / se
    reach = float(stats.norm.ppf(width) if df is None else stats.t.ppf(width, df)) * se
    return estimate - reach, estimate + reach, float(2 * (stats.norm.sf(beyond) if df is None else stats.t.sf(beyond, df)))


def horizons_of(
    names: Sequence[int],
    estimates: NDArray[np.float64],
    ses: NDArray[np.float64],
    units: Sequence[int],
    df: float | None,
    *,
    alpha: float = 0.05,
) -> tuple[Horizon, ...]:
    """Return the course over time from arrays of one length; NaN estimates are left out."""
    found = list[Horizon]()
    for name, value, se, n in zip(names, estimates.tolist(), ses.tolist(), units, strict=True):
        if np.isfinite(value):
            reach = interval(value, se, df, alpha=alpha)
            low, high = reach[:2] if reach else (None, None)
            found.append(Horizon(int(name), value, se if reach else None, low, high, int(n)))
    return tuple(found)
