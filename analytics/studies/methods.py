"""Which estimator answers, and how its uncertainty is had.

Lives here: the choice behind "auto", one door to every estimator, what is said instead when nothing can be compared.
Not here: the estimators, the verdict.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from scipy import stats

from aftercall.contracts.errors import DesignError, RequestError
from analytics.results import CrossCheck
from analytics.studies.did2x2 import did2x2
from analytics.studies.estimate import Estimate, GroupTime, Horizon, interval
from analytics.studies.event_study import event_study
from analytics.studies.fixed_effects import twfe
from analytics.studies.group_time import callaway_santanna
from analytics.studies.imputation_errors import Errors, imputation
from analytics.studies.longpanel import LongPanel
from analytics.studies.randomisation import randomisation_test
from analytics.studies.study_spec import StudySpec
from analytics.studies.sun_abraham import sun_abraham
from analytics.studies.unit_means_ancova import ancova
from analytics.studies.wild import wild_bootstrap

Chosen = Literal["did2x2", "twfe", "imputation", "cs", "sunab", "ancova"]
_ERRORS: dict[str, Errors] = {
    "auto": "auto",
    "jackknife": "jackknife",
    "CRV3": "jackknife",
    "CRV1": "analytic",
    "crv": "analytic",
}
# One cluster alone divides by nothing, and rows without contrast cannot be solved: both mean that there is no answer.
UNANSWERED = (DesignError, ZeroDivisionError, np.linalg.LinAlgError)
FEW_TREATED, FEW_EFFECTIVE = 5, 10.0


def chosen_method(panel: LongPanel, spec: StudySpec, *, is_drawn: bool = False) -> Chosen:
    """Return the method "auto" stands for.

    A split that is known to be drawn, with one start: ANCOVA. Rows of cross-sections, or a covariance only a regression has:
    2x2, or two-way when dates differ. Anything else: imputation.
    """
    if spec.method != "auto":
        return spec.method
    one_date = len(np.unique(panel.first[panel.first < panel.period_n])) == 1
    by_regression = panel.design == "cross_sections" or spec.vcov in ("iid", "HC1", "HC2", "HAC") or spec.inference == "wild"
    if not by_regression:
        is_plain = spec.inference == "auto" and spec.vcov == "auto" and bool((panel.w == 1).all())
        return "ancova" if is_drawn and one_date and is_plain and panel.design == "panel" else "imputation"
    return "did2x2" if one_date and (panel.period_n == 2 or panel.design != "panel") else "twfe"


def estimated(panel: LongPanel, spec: StudySpec, method: Chosen, *, donut: int = 0) -> Estimate:
    """Return the estimate of one method. Raises: DesignError, nothing can be compared; RequestError, a covariance it lacks."""
    errors = spec.inference if spec.inference in ("crv", "jackknife") else spec.vcov
    if method == "imputation":
        if errors not in _ERRORS:
            raise RequestError(f"--vcov {errors} belongs to did2x2 and twfe. Imputation has auto, jackknife, CRV1 and CRV3.")
        try:
            found = event_study(panel, donut=donut, vcov=_ERRORS[errors], alpha=spec.alpha)
        except np.linalg.LinAlgError:
            found = imputation(panel, donut=donut, vcov=_ERRORS[errors], alpha=spec.alpha)
        return found
    if method == "cs":
        return callaway_santanna(panel, alpha=spec.alpha)
    if method == "sunab":
        return sun_abraham(panel, alpha=spec.alpha)
    if method == "ancova":
        return ancova(panel, alpha=spec.alpha)
    by_row = "CRV1" if errors == "crv" else spec.vcov if spec.inference != "jackknife" else "jackknife"
    run = did2x2 if method == "did2x2" else twfe
    return run(panel, vcov=by_row, alpha=spec.alpha)


def with_inference(found: Estimate, panel: LongPanel, spec: StudySpec) -> Estimate:
    """Return the estimate with p and interval from re-assigning starts, where that was asked for or few clusters require it."""
    if spec.inference == "wild":
        return _by_wild_bootstrap(found, panel, spec)
    asked = spec.inference == "ri"
    if not asked and not (spec.inference == "auto" and spec.vcov == "auto" and needs_re_assignment(found)):
        return found
    try:
        drawn = randomisation_test(panel, seed=spec.seed, alpha=spec.alpha)
    except DesignError as error:
        return replace(found, notes=(*found.notes, f"Starts cannot be re-assigned: {error.message}"))
    low, high = (value if np.isfinite(value) else None for value in (drawn.ci_low, drawn.ci_high))
    how = "all" if drawn.is_exact else "random"
    note = (
        f"p and interval re-assign the starts to clusters ({drawn.assignment_n} {how} assignments) and belong to the "
        f"difference-in-differences of cluster means, {drawn.estimate:.4g}; the standard error is the {found.vcov}'s."
    )
    return replace(found, p=drawn.p, ci_low=low, ci_high=high, vcov="randomisation", notes=(*found.notes, note))


def _by_wild_bootstrap(found: Estimate, panel: LongPanel, spec: StudySpec) -> Estimate:
    if spec.method not in ("auto", "twfe", "did2x2"):
        raise RequestError(f"--inference wild belongs to twfe and did2x2; for {spec.method} ask for jackknife or ri.")
    drawn = wild_bootstrap(panel, seed=spec.seed, alpha=spec.alpha)
    low, high = (value if np.isfinite(value) else None for value in (drawn.ci_low, drawn.ci_high))
    return replace(found, method=f"{found.method}, wild cluster bootstrap", p=drawn.p, ci_low=low, ci_high=high)


def needs_re_assignment(found: Estimate) -> bool:
    """Return whether few treated or few effective clusters make re-assigning starts the only trustworthy p."""
    worth = found.effective_clusters
    few = found.n_treated_clusters <= FEW_TREATED or (worth is not None and worth < FEW_EFFECTIVE)
    return few and found.n_treated_clusters < found.n_clusters


def before_and_after(panel: LongPanel, alpha: float) -> Estimate | None:
    """Return the plain change of treated units, which is no effect; None when nobody has both a before and an after."""
    started = panel.first < panel.period_n
    on = panel.is_treated & (panel.w > 0)
    means = list[np.ndarray]()
    for rows in (on, ~on & started[panel.unit] & (panel.w > 0)):
        weight = np.bincount(panel.unit[rows], weights=panel.w[rows], minlength=panel.unit_n)
        total = np.bincount(panel.unit[rows], weights=(panel.w * panel.y)[rows], minlength=panel.unit_n)
        means.append(np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan))
    change = means[0] - means[1]
    known = np.isfinite(change)
    if not known.any():
        return None
    weight = np.bincount(panel.unit[on], weights=panel.w[on], minlength=panel.unit_n)[known]
    clusters = np.unique(panel.cluster[known], return_inverse=True)[1].reshape(-1)
    estimate = float(np.average(change[known], weights=weight))
    g = int(clusters.max()) + 1
    scores = np.bincount(clusters, weights=weight * (change[known] - estimate)) / weight.sum()
    se = float(np.sqrt((scores**2).sum() * g / (g - 1))) if g > 1 else None
    reach = interval(estimate, se, float(g - 1), alpha=alpha)
    low, high, p = reach or (None, None, None)
    return Estimate(
        "before/after of the treated, without a comparison",
        "change, not an effect",
        panel.outcome,
        panel.unit_of_outcome,
        estimate,
        se if reach else None,
        float(g - 1),
        low,
        high,
        p,
        "CRV1",
        int(started[panel.unit].sum()),
        int(known.sum()),
        g,
        g,
    )


def cross_checks(panel: LongPanel, spec: StudySpec, method: Chosen) -> tuple[CrossCheck, ...]:
    """Return the same question answered by the other estimators that can."""
    out = list[CrossCheck]()
    others: tuple[Chosen, ...] = ("imputation", "cs", "sunab", "twfe") if panel.design == "panel" else ("imputation", "twfe")
    plain = replace_vcov(spec)
    for other in others:
        if other == method or (panel.x.shape[1] and other == "sunab"):
            continue
        try:
            found = estimated(panel, plain, other)
        except UNANSWERED:
            continue
        if np.isfinite(found.estimate):
            out.append(CrossCheck(found.method, found.estimate, found.se))
    if (panel.w != 1).any():
        try:
            even = imputation(replace(panel, w=(panel.w > 0).astype(np.float64)), horizons=False)
            out.append(CrossCheck("imputation, every row alike", even.estimate, even.se))
        except DesignError:
            pass
    return tuple(out)


def replace_vcov(spec: StudySpec) -> StudySpec:
    """Return the spec with the covariance every estimator has."""
    return replace(spec, vcov="auto", inference="auto")


def course_of(panel: LongPanel, found: Estimate | None, alpha: float) -> tuple[Horizon, ...]:
    """Return the estimate's event study; for one without, that of imputation."""
    if found is None or found.horizons:
        return () if found is None else found.horizons
    try:
        return event_study(panel, alpha=alpha).horizons
    except (DesignError, np.linalg.LinAlgError):
        return ()


def balanced_course(panel: LongPanel, asked: int | None, alpha: float) -> tuple[int, tuple[Horizon, ...]] | None:
    """Return K and the effects at 0..K of the units seen at every one of them; None when there are none, or K would be 0.

    Without a K asked for, the longest that every start reaches before the panel ends. A course over whoever is there mixes
    onset with who started early; this one does not.
    """
    starts = panel.first[(panel.first >= 1) & (panel.first < panel.period_n)]
    if panel.design != "panel" or not len(starts):
        return None
    k = asked if asked is not None else int(panel.period_n - 1 - starts.max())
    if k < 1:
        return None
    try:
        return k, imputation(panel, balanced=k, alpha=alpha).horizons
    except UNANSWERED:
        return None


def cohorts_of(panel: LongPanel, found: Estimate | None, alpha: float) -> tuple[GroupTime, ...]:
    """Return effects by cohort and period: the estimate's own, else those against units not treated yet."""
    if found is None or found.group_time:
        return () if found is None else found.group_time
    if panel.design != "panel":
        return ()
    try:
        return callaway_santanna(panel, alpha=alpha).group_time
    except DesignError:
        return ()


def detectable(found: Estimate, alpha: float) -> tuple[float | None, float | None]:
    """Return (MDE at 80 % power, equivalence bound): the smallest d whose 90 % interval lies inside -d..d.

    >>> from analytics.studies.estimate import Estimate
    >>> one = Estimate("m", "ATT", "y", "", 0.5, 1.0, None, -1.5, 2.5, 0.6, "HC1", 9, 9, 9, 4)
    >>> tuple(round(v, 2) for v in detectable(one, 0.05))
    (2.8, 2.14)
    """
    if found.se is None:
        return None, None
    law = stats.norm() if found.df is None else stats.t(found.df)
    mde = float(law.ppf(1 - alpha / 2) + law.ppf(0.8)) * found.se
    return mde, abs(found.estimate) + float(law.ppf(0.95)) * found.se
