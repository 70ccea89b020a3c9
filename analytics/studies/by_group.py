"""The effect by groups of treated units: averages of the same imputed effects, and whether they are the same.

Lives here: estimates by group with one covariance, the test of equality, every unit's own effects. Not here: which groups
(subgroups.py, arms.py), the imputation itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.studies.estimate import interval
from analytics.studies.imputation import Targets, cluster_sums, fit_rows, targets_of
from analytics.studies.imputation_errors import Errors, spread_of
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import solved, unit_means

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
JACKKNIFE_UP_TO = 300


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """The effect on one group of treated units; without an interval when one cluster alone holds it."""

    column: str
    group: str
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    n_units: int
    p: float | None
    q: float | None = None


@dataclass(frozen=True, slots=True)
class ByGroup:
    """Effects (k) in the order of the groups with their covariance (k, k); NaN where a group has none. `df` is G - 1.

    `carrying_n` clusters hold treated units: differences between groups rest on them alone.
    """

    column: str
    names: tuple[str, ...]
    estimates: Floats
    covariance: Floats
    n_units: tuple[int, ...]
    df: float
    carrying_n: int

    def effects(self, alpha: float) -> tuple[GroupEffect, ...]:
        """Return the groups that have an estimate, with t(G - 1) intervals."""
        out = list[GroupEffect]()
        with np.errstate(invalid="ignore"):
            ses = np.sqrt(np.diag(self.covariance)).tolist()
        for name, value, se, n in zip(self.names, self.estimates.tolist(), ses, self.n_units, strict=True):
            if np.isfinite(value):
                reach = interval(value, se, self.df, alpha=alpha)
                low, high, p = reach or (None, None, None)
                out.append(GroupEffect(self.column, name, value, se if reach else None, low, high, n, p))
        return tuple(out)

    def difference(self, a: int, b: int, alpha: float) -> tuple[float, float | None, float | None, float | None, float | None]:
        """Return the effect on group a less that on group b: estimate, se, low, high, p."""
        value = float(self.estimates[a] - self.estimates[b])
        variance = float(self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b])
        se = float(np.sqrt(variance)) if variance > 0 else None
        reach = interval(value, se, self.df, alpha=alpha)
        return (value, se, *reach) if reach else (value, None, None, None, None)

    def equality(self) -> tuple[int, float, float] | None:
        """Return (groups compared, F, p) of the hypothesis that all groups have one effect; None when it cannot be tested.

        A Wald statistic of the differences from the first group under Hotelling's scaling, F(q, d - q + 1) with d one less than
        the clusters that hold treated units.
        """
        known = np.isfinite(self.estimates) & np.isfinite(np.diag(self.covariance)) & (np.diag(self.covariance) > 0)
        places = np.flatnonzero(known)
        q = len(places) - 1
        d = self.carrying_n - 1
        left = d - q + 1
        if q < 1 or left <= 0:
            return None
        contrast = np.column_stack([-np.ones(q), np.eye(q)])
        gaps, v = contrast @ self.estimates[places], contrast @ self.covariance[np.ix_(places, places)] @ contrast.T
        if np.linalg.matrix_rank(v, hermitian=True) < q:
            return None
        f = float(gaps @ np.linalg.solve(v, gaps)) * left / (d * q)
        return len(places), f, float(stats.f(q, left).sf(f))


def effects_by_group(panel: LongPanel, of_unit: Ints, names: Sequence[str], *, column: str) -> ByGroup:
    """Return the effect by group; `of_unit` (U) is the place of every unit's group in `names`, -1 for none.

    The untreated model is fitted once, on all untreated rows: only the average over treated rows differs by group. The cluster
    jackknife up to 300 clusters, analytic errors above. Raises: DesignError, nothing can be compared.
    """
    overall = targets_of(panel, horizons=False).of_row[:, 0]
    place = np.where(overall >= 0, of_unit[panel.unit] + 1, 0)
    targets = Targets(("att", *names), np.stack([overall, np.where(place > 0, place, -1)], axis=1))
    errors: Errors = "jackknife" if panel.cluster_n <= JACKKNIFE_UP_TO else "analytic"
    spread = spread_of(panel, targets, vcov=errors)
    used = np.unique(panel.unit[spread.sums.used])
    counts = np.bincount(of_unit[used][of_unit[used] >= 0], minlength=len(names))
    return ByGroup(
        column,
        tuple(names),
        spread.estimates[1:],
        spread.covariance[1:, 1:],
        tuple(int(n) for n in counts.tolist()),
        float(panel.cluster_n - 1),
        len(np.unique(panel.cluster[used])),
    )


def unit_sums(panel: LongPanel) -> tuple[Floats, Floats]:
    """Return per unit the weighted sum of its imputed effects and of the weights, both (U,); zero without a comparable row.

    Raises: DesignError, nothing can be compared.
    """
    whole = LongPanel(
        panel.unit, panel.time, panel.y, panel.w, panel.first, np.zeros(panel.unit_n, dtype=np.int64), panel.x,
        panel.unit_names, panel.time_labels, ("all",), panel.x_names, panel.outcome, panel.unit_of_outcome, panel.period,
        (), panel.design,
    )  # fmt: skip
    sums = cluster_sums(whole, targets_of(whole, horizons=False))
    means = unit_means(panel, np.where(fit_rows(panel) & (panel.w > 0), panel.w, 0.0))
    parameters = solved(sums.s[0], sums.b[0])
    unit_effect = means.y - means.z @ parameters
    period, slopes = parameters[: panel.period_n], parameters[panel.period_n :]
    effect = panel.y - unit_effect[panel.unit] - period[panel.time] - panel.x @ slopes
    w = np.where(sums.used, panel.w, 0.0)
    total, weight = np.zeros(panel.unit_n), np.zeros(panel.unit_n)
    np.add.at(total, panel.unit, w * np.where(sums.used, effect, 0.0))
    np.add.at(weight, panel.unit, w)
    return total, weight
