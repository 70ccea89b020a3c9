"""Supported, inconclusive or not identified: the rules, and every reason in words.

Lives here: reason codes of the specification (statistics 2.2) and what they do to a verdict. Not here: the checks themselves
(diagnostics.py, mechanism.py, sensitivity.py). An answer that shows nothing is never called "no effect".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.inference import benjamini_hochberg
from analytics.results import REASON_TEXTS, Reason, Verdict, signed
from analytics.studies.diagnostics import Check, Donuts
from analytics.studies.estimate import Estimate
from analytics.studies.longpanel import LongPanel

NEEDED_BREAKDOWN = 0.5
TOO_GOOD_SHARE = 0.20
TEXTS = REASON_TEXTS | {
    "NO_CONTROL": "No comparison group. The change contains trend, season, mix and regression to the mean (expected: {rtm}).",
    "TRIGGERED": (
        "Agents were coached because of recent results. Not identified without a hold-out. "
        "Without {widths} {periods} before coaching: {values}."
    ),
    "NO_HOLD_OUT": "Recent results decided who starts. Without a randomised hold-out the answer is inconclusive at best.",
    "NOT_RANDOM": "Declared randomised, but {detail}.",
    "AUTO_ONLY": "Automatic score without a random human sample: coaching can change how the score errs ({detail}).",
    "ATTRITION": "Leaving differs by {pp} points between treated and untreated units; {bounds}.",
    "TOO_GOOD": "The change is {share:.0f} % of the level before. Check selection, regression to the mean, mix.",
    "FRAGILE": "Holds only while trends differ by up to {m} of the largest step seen before; {needed} is needed.",
    "SENSITIVITY_PENDING": "How far parallel trends may fail was not computed (--sensitivity wait does).",
    "EPOCH_CHANGED": "The way of scoring changed inside the window ({detail}): scores before and after are not alike.",
    "FAMILY": "Among the {m} outcomes of family {family} it does not survive Benjamini-Hochberg (q = {q:.3f}).",
    "NOT_ESTIMABLE": "{detail}",
    "DIPPED": "Those about to start already moved differently (p = {p:.3f}).",
}
REFUSALS = frozenset(
    {
        "NO_CONTROL",
        "TRIGGERED",
        "OPT_IN",
        "AUTO_ONLY",
        "CONTROL_MOVED",
        "NOT_RANDOM",
        "EPOCH_CHANGED",
        "NOT_ESTIMABLE",
        "TOO_SHORT",
    }
)
CAPS = frozenset(
    {"FEW_TEAMS", "SHORT_PRE", "SENSITIVITY_PENDING", "FRAGILE", "NO_INTERVAL", "FAMILY", "NO_HOLD_OUT", "ATTRITION"}
)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at.

    `pre_n` periods precede the start of the middle treated unit, `most_pre_n` that of the last; `breakdown` is only read if
    `is_bounded`.
    """

    panel: LongPanel
    found: Estimate | None
    checks: Sequence[Check]
    donuts: Donuts | None
    mechanism: str
    is_random: bool
    pre_n: int
    most_pre_n: int
    min_pre: int
    alpha: float
    baseline: float | None
    breakdown: float | None
    is_bounded: bool
    why_not_bounded: str
    bounds: tuple[float, float] | None
    family: str
    family_p: tuple[float, ...]
    has_offer: bool


def reason(code: str, **facts: object) -> Reason:
    """Return a reason with its sentence filled in.

    >>> reason("FRAGILE", m=0.25, needed=0.5).message
    'Holds only while trends differ by up to 0.25 of the largest step seen before; 0.5 is needed.'
    """
    return Reason(code, TEXTS[code].format(**facts))


def reasons_of(case: Case, given: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return every reason that limits the verdict, those already known first, in the order of the specification."""
    out = list(given)
    out += _by_mechanism(case)
    out += _moved(case.checks)
    is_weekly = case.panel.period == "week"
    if is_weekly and not case.is_random and case.pre_n < case.min_pre:
        out.append(reason("SHORT_PRE", k=case.pre_n, needed=case.min_pre))
    if not case.is_random and case.most_pre_n == 1:
        out.append(reason("UNTESTED_PT"))
    if case.found is None:
        return tuple(out)
    out += _few(case, case.found)
    out += _attrition(case, case.found)
    if case.baseline and case.baseline > 0 and abs(case.found.estimate) > TOO_GOOD_SHARE * case.baseline:
        out.append(reason("TOO_GOOD", share=100 * abs(case.found.estimate) / case.baseline))
    if case.found.p is None:
        out.append(reason("NO_INTERVAL", detail=" ".join(case.found.notes) or "too few clusters"))
    if not case.is_random and case.most_pre_n > 1:
        if not case.is_bounded:
            out.append(Reason("SENSITIVITY_PENDING", case.why_not_bounded or TEXTS["SENSITIVITY_PENDING"]))
        elif case.breakdown is None or case.breakdown < NEEDED_BREAKDOWN:
            held = "nothing" if case.breakdown is None else f"{case.breakdown:g}"
            if _is_clear(case, case.found):
                out.append(reason("FRAGILE", m=held, needed=NEEDED_BREAKDOWN))
    if case.family_p and case.found.p is not None:
        q = float(benjamini_hochberg(np.array([case.found.p, *case.family_p]))[0])
        if _is_clear(case, case.found) and q >= case.alpha:
            out.append(reason("FAMILY", m=1 + len(case.family_p), family=case.family, q=q))
    return tuple(out)


def _by_mechanism(case: Case) -> list[Reason]:
    if case.mechanism == "opt_in" and not case.has_offer:
        return [reason("OPT_IN")]
    if case.mechanism != "triggered" or case.is_random:
        return []
    dipped = _dip(case.checks)
    # Donuts may agree by luck while those about to start plainly dipped (decision 0008).
    if case.donuts is None or case.donuts.differ or dipped:
        found = {} if case.donuts is None else case.donuts.estimates
        values = "/".join("–" if value is None else signed(value, 2) for value in found.values())
        widths, periods = "/".join(map(str, found)), "weeks" if case.panel.period == "week" else "periods"
        return [reason("TRIGGERED", widths=widths, periods=periods, values=values or "not computed"), *dipped]
    return [reason("NO_HOLD_OUT")]


def _dip(checks: Sequence[Check]) -> list[Reason]:
    return [reason("DIPPED", p=one.p) for one in checks if one.name == "pre_trend" and one.p is not None and one.p < 0.05]


def _moved(checks: Sequence[Check]) -> list[Reason]:
    tested = [one for one in checks if one.is_control and one.p is not None]
    q = benjamini_hochberg(np.array([one.p for one in tested], dtype=np.float64))
    moved = [one.shown.detail.split("; a pass")[0] for one, value in zip(tested, q.tolist(), strict=True) if value < 0.05]
    return [reason("CONTROL_MOVED", detail="; ".join(moved))] if moved else []


def smallest_p(panel: LongPanel) -> float:
    """Return one over the number of ways the starts could have been dealt to the clusters.

    Zero when starts differ inside clusters: then clusters were not what was assigned and the count bounds nothing. Zero for
    cross-sections without clusters too: their rows are taken as drawn one by one.
    """
    if panel.design == "cross_sections":
        return 0.0
    starts = np.full(panel.cluster_n, np.inf)
    np.minimum.at(starts, panel.cluster, panel.first)
    if (starts[panel.cluster] != panel.first).any():
        return 0.0
    _, counts = np.unique(np.where(starts >= panel.period_n, np.inf, starts), return_counts=True)
    ways = math.lgamma(panel.cluster_n + 1) - sum(math.lgamma(k + 1) for k in counts.tolist())
    return math.exp(-ways)


def _few(case: Case, found: Estimate) -> list[Reason]:
    least = smallest_p(case.panel)
    if least < case.alpha or found.n_treated_clusters == found.n_clusters:
        return []
    return [reason("FEW_TEAMS", g1=found.n_treated_clusters, g=found.n_clusters, pmin=f"{least:.2f}")]


def _attrition(case: Case, found: Estimate) -> list[Reason]:
    """Say what leaving does; the verdict is capped unless the bounds, widened by the interval's reach, exclude nothing."""
    leaving = next((one for one in case.checks if one.name == "attrition"), None)
    if leaving is None or leaving.shown.passed is not False or leaving.value is None:
        return []
    if case.bounds is None:
        said = "bounds cannot be computed"
    else:
        said = f"Lee bounds {signed(case.bounds[0], 3)} to {signed(case.bounds[1], 3)}"
    kept = reason("ATTRITION", pp=signed(100 * leaving.value), bounds=said)
    reach = 0.0 if found.ci_high is None else found.ci_high - found.estimate
    if case.bounds is not None and (case.bounds[0] - reach > 0 or case.bounds[1] + reach < 0):
        return [Reason("ATTRITION_BOUNDED", kept.message + " (still not nothing)")]
    return [kept]


def _is_clear(case: Case, found: Estimate) -> bool:
    excludes = found.ci_low is not None and found.ci_high is not None and (found.ci_low > 0 or found.ci_high < 0)
    return excludes and found.p is not None and found.p < case.alpha


def verdict_of(case: Case, reasons: Sequence[Reason]) -> Verdict:
    """Return the verdict: refusals first, then everything a supported answer needs, else inconclusive."""
    codes = {one.code for one in reasons}
    if codes & REFUSALS or case.found is None:
        return "not identified"
    if "SHORT_PRE" in codes and case.pre_n < min(4, case.min_pre):
        return "not identified"
    if codes & CAPS:
        return "inconclusive"
    return "supported" if _is_clear(case, case.found) else "inconclusive"
