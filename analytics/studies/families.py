"""Many questions at once: which p-values of one declared family still count.

Lives here: Bonferroni, Holm, Benjamini-Hochberg, Benjamini-Yekutieli. Not here: which family (the caller declares it).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.inference import benjamini_hochberg
from analytics.studies.series import Floats

Rule = Literal["bh", "by", "holm", "bonferroni"]


@dataclass(frozen=True, slots=True)
class Family:
    """Adjusted p-values of a family of m questions, and which are rejected at alpha; an unknown p is never rejected."""

    name: str
    rule: Rule
    m: int
    alpha: float
    p: Floats
    adjusted: Floats
    rejected: NDArray[np.bool_]

    def __str__(self) -> str:
        return f"{self.name}: {int(self.rejected.sum())} of {self.m} rejected at {self.alpha:g} ({self.rule})"

    def tidy(self) -> pl.DataFrame:
        """Return one row a question, in the order given."""
        return pl.DataFrame({"p": self.p, "adjusted": self.adjusted, "rejected": self.rejected})


def family(p: Floats, rule: Rule = "bh", *, name: str = "family", alpha: float = 0.05) -> Family:
    """Return the family with p-values adjusted for its size; NaN counts neither in m nor as rejected.

    bh: false discovery rate, independent or positively dependent; by: any dependence; holm, bonferroni: any false rejection.
    Raises: DesignError, a p-value outside 0..1 or none known. Source: spec statistics 4.17; Holm (1979);
    Benjamini & Yekutieli (2001).

    >>> print(family(np.array([0.001, 0.02, 0.04, 0.5]), name="coached behaviours"))
    coached behaviours: 2 of 4 rejected at 0.05 (bh)
    """
    known = np.isfinite(p)
    if not known.any() or (p[known] < 0).any() or (p[known] > 1).any():
        raise DesignError("A family needs p-values between 0 and 1. Unknown ones may be NaN.")
    inside, m = p[known], int(known.sum())
    if rule == "bonferroni":
        found = np.minimum(inside * m, 1)
    elif rule == "holm":
        order = np.argsort(inside)
        found = np.empty(m)
        found[order] = np.minimum(np.maximum.accumulate(inside[order] * np.arange(m, 0, -1)), 1)
    elif rule == "by":
        ratio = float(np.sum(1 / np.arange(1, m + 1)))
        order, found = np.argsort(inside)[::-1], np.empty(m)
        raised = inside[order] * m * ratio / np.arange(m, 0, -1)
        found[order] = np.minimum(np.minimum.accumulate(raised), 1)
    else:
        found = benjamini_hochberg(np.asarray(inside, dtype=np.float64))
    adjusted = np.full(len(p), np.nan)
    adjusted[known] = found
    return Family(name, rule, m, alpha, p, adjusted, np.where(known, adjusted, 1.0) <= alpha)
