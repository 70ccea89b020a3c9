"""Did coached agents improve, without a comparison? A description, with what regression to the mean alone would bring.

Lives here: paired changes, reliability of a baseline, expected regression to the mean. Not here: effects (ancova.py, panel
estimators): a change without a comparison is never one.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, Reason, signed
from analytics.studies.answer import Answer, Term, term
from analytics.studies.series import Floats

ENOUGH_UNCOACHED = 100


def expected_regression(share: float, sd: float, reliability: float) -> float:
    """Return the rise that the lowest `share` of agents will show by chance: (1−ρ)·sd·φ(z_q)/q, in the outcome's unit.

    Args: sd, of the baseline across agents; reliability ρ, the part of its variance that lasts.
    Raises: DesignError, a share or reliability outside its range. Source: spec statistics 4.1.

    >>> [round(expected_regression(0.2, 1.0, rho), 3) for rho in (0.5, 0.7, 0.9)]
    [0.7, 0.42, 0.14]
    """
    if not 0 < share < 1 or not 0 <= reliability <= 1 or sd < 0:
        raise DesignError(
            f"A share of {share:g}, SD {sd:g}, reliability {reliability:g}: give 0 < share < 1, 0 ≤ reliability ≤ 1."
        )
    z = float(stats.norm.ppf(share))
    return (1 - reliability) * sd * float(stats.norm.pdf(z)) / share


def split_half_reliability(odd: Floats, even: Floats) -> float:
    """Return ρ = 2r/(1+r), r the correlation over agents of the means of odd and even interactions; never below 0.

    Sees sampling noise only, not a bad month: with 100 uncoached agents `slope_reliability` is better.
    Raises: DesignError, fewer than three agents or one of the halves does not vary.

    >>> split_half_reliability(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    known = np.isfinite(odd) & np.isfinite(even)
    if known.sum() < 3 or np.ptp(odd[known]) == 0 or np.ptp(even[known]) == 0:
        raise DesignError("Reliability needs three agents with both halves, and halves that vary. Give more interactions.")
    r = float(np.corrcoef(odd[known], even[known])[0, 1])
    return max(0.0, 2 * r / (1 + r)) if r > -1 else 0.0


def slope_reliability(baseline: Floats, follow_up: Floats) -> float:
    """Return the slope of follow-up on baseline among agents nobody coached, cut to 0..1.

    Raises: DesignError, fewer than 100 of them, or a baseline that does not vary.
    """
    known = np.isfinite(baseline) & np.isfinite(follow_up)
    if known.sum() < ENOUGH_UNCOACHED:
        raise DesignError(f"{int(known.sum())} uncoached agents; {ENOUGH_UNCOACHED} needed. Use split halves instead.")
    x, y = baseline[known], follow_up[known]
    if np.ptp(x) == 0:
        raise DesignError("The baseline is the same for every agent. Give the outcome of single agents.")
    return float(np.clip(np.cov(x, y)[0, 1] / np.var(x, ddof=1), 0, 1))


def before_after(
    before: Floats,
    after: Floats,
    selected: NDArray[np.bool_],
    *,
    reliability: float,
    cluster: NDArray[np.int64] | None = None,
    outcome: str = "outcome",
    unit: str = "",
    alpha: float = 0.05,
) -> Answer:
    """Return the mean paired change of the selected agents, always 'not identified', beside what chance alone would bring.

    Args: before, after, one value per agent (NaN unknown); selected, who was coached; cluster, codes of teams: errors are then
        clustered with t(G−1). The chance figure is (1−ρ)·(mean of all − mean of the selected before), which for the lowest
        share of a normal baseline is `expected_regression`.
    Raises: DesignError, fewer than two selected agents with both values.

    >>> before = np.array([1.0, 2.0, 3.0, 6.0])
    >>> found = before_after(before, before + 1, np.array([True, True, False, False]), reliability=0.5)
    >>> found.headline.estimate, found.facts["expected_regression"], found.verdict
    (1.0, 0.75, 'not identified')
    """
    paired = selected & np.isfinite(before) & np.isfinite(after)
    n = int(paired.sum())
    if n < 2:
        raise DesignError(f"{n} selected agents have a value before and after; at least 2 are needed.")
    change = after[paired] - before[paired]
    groups = np.arange(n) if cluster is None else np.unique(cluster[paired], return_inverse=True)[1].reshape(-1)
    g = int(groups.max()) + 1
    sums = np.bincount(groups, weights=change - change.mean(), minlength=g)
    se = float(np.sqrt(g / (g - 1) * np.sum(sums**2)) / n) if g > 1 else None
    known = np.isfinite(before)
    chance = (1 - reliability) * (float(before[known].mean()) - float(before[paired].mean()))
    top = term("change", float(change.mean()), se, float(g - 1), alpha=alpha, n=n)
    message = (
        "No comparison group. The change contains trend, season, mix and regression to the mean "
        f"(expected: {signed(chance, 2)}{' ' + unit if unit else ''})."
    )
    lost = int((selected & ~(np.isfinite(before) & np.isfinite(after))).sum())
    checks = (
        CheckResult("Is there a comparison group?", False, "none: hold half of the eligible agents back (aftercall power)"),
        CheckResult("What would chance alone bring?", None, f"{signed(chance, 2)} at reliability {reliability:.2f}"),
    )
    warnings = (f"{lost} selected agents lack a value before or after and are left out.",) if lost else ()
    return Answer(
        outcome,
        "paired change (descriptive)",
        "mean change of the selected agents",
        (top, Term("expected from regression to the mean", chance)),
        n,
        "not identified",
        unit,
        checks,
        (Reason("NO_CONTROL", message),),
        warnings,
        {"expected_regression": chance, "reliability": reliability, "selected_share": float(selected[known].mean())},
    )
