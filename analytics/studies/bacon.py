"""What a two-way fixed-effects coefficient is made of: two-by-two comparisons and their weights.

Lives here: the decomposition of Goodman-Bacon (Journal of Econometrics 2021). Not here: the coefficient (fixed_effects.py).
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.group_time import cell_means
from analytics.studies.longpanel import LongPanel

Against = Literal["never treated", "not yet treated", "already treated"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One two-by-two: a cohort against another; `weight` is its share of the coefficient (all sum to 1)."""

    first: str
    control: str
    against: Against
    estimate: float
    weight: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """All comparisons; `left_out_n` units lack a period and take no part (the decomposition needs a balanced panel)."""

    comparisons: tuple[Comparison, ...]
    left_out_n: int

    @property
    def estimate(self) -> float:
        """The two-way fixed-effects coefficient of the balanced part."""
        return sum(one.weight * one.estimate for one in self.comparisons)

    def share(self, against: Against) -> float:
        """Return the weight of all comparisons with one kind of control."""
        return sum(one.weight for one in self.comparisons if one.against == against)


def bacon(panel: LongPanel) -> Decomposition:
    """Return every two-by-two comparison inside the two-way coefficient, without weights and covariates.

    Comparisons with already treated units are where growing effects are subtracted from the answer.
    Raises: DesignError, no two cohorts can be compared.
    """
    y = cell_means(panel, panel.y)
    full = np.isfinite(y).all(axis=1)
    y, first = y[full], np.clip(panel.first[full], 0, panel.period_n)
    cohorts, count = np.unique(first, return_counts=True)
    means = np.stack([y[first == g].mean(axis=0) for g in cohorts]) if full.any() else np.empty((0, panel.period_n))
    found = list[tuple[int, int, Against, float, float]]()
    for k, l in permutations(range(len(cohorts)), 2):
        one = _two_by_two(means, cohorts, count / max(1, len(first)), k, l)
        if one is not None:
            found.append((k, l, *one))
    total = sum(weight for *_, weight in found)
    if not found or total <= 0:
        raise DesignError("No two cohorts can be compared on units seen in every period.")
    names = [panel.time_labels[int(g)] if g < panel.period_n else "never" for g in cohorts]
    comparisons = (
        Comparison(names[k], names[l], kind, estimate, float(weight / total)) for k, l, kind, estimate, weight in found
    )
    return Decomposition(tuple(comparisons), int((~full).sum()))


def _two_by_two(
    means: NDArray[np.float64], cohorts: NDArray[np.float64], share: NDArray[np.float64], k: int, l: int
) -> tuple[Against, float, float] | None:
    """Return kind, estimate and (unscaled) weight of cohort k's start against cohort l; None when there is no contrast."""
    t = means.shape[1]
    start, other = int(cohorts[k]), int(cohorts[l])
    treated_share = {g: (t - g) / t for g in (start, other)}
    d_k, d_l = treated_share[start], treated_share[other]
    if start >= t or start == 0:
        return None
    split = share[k] / (share[k] + share[l])
    scale = (share[k] + share[l]) ** 2 * split * (1 - split)
    gap = means[k] - means[l]
    if other >= t:
        return "never treated", float(gap[start:].mean() - gap[:start].mean()), scale * d_k * (1 - d_k)
    if start < other:
        return "not yet treated", float(gap[start:other].mean() - gap[:start].mean()), scale * (d_k - d_l) * (1 - d_k)
    return "already treated", float(gap[start:].mean() - gap[other:start].mean()), scale * d_k * (d_l - d_k)
