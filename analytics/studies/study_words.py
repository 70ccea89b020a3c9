"""A study in words: what it rests on and what would change it.

Lives here: sentences for terminal and page. Not here: numbers (study.py), markup.
"""

from analytics.results import interval_told, signed
from analytics.studies.arms import ArmDifference
from analytics.studies.study import Study, digits_of
from analytics.studies.subgroups import SubgroupTest
from analytics.studies.verdict import NEEDED_BREAKDOWN

_FIXES = {
    "NO_CONTROL": "A group not treated, or treated later; else an interrupted series, 12 periods before (aftercall its).",
    "TRIGGERED": "A hold-out: draw half of the eligible units by lot, treat the rest 8 periods later (--assignment FILE).",
    "NO_HOLD_OUT": "A hold-out: draw half of the eligible units by lot, treat the rest 8 periods later (--assignment FILE).",
    "OPT_IN": "The dates on which treatment was offered (--offer COL).",
    "AUTO_ONLY": "Human scores of a random sample with their probabilities (--auto, --human, --prob).",
    "CONTROL_MOVED": "A comparison group for which the false start or the negative control stays put.",
    "NOT_RANDOM": "The file of who was drawn, matching the panel (--assignment FILE), or the true mechanism.",
    "SHORT_PRE": "More periods before the first start.",
    "UNTESTED_PT": "More periods before the start, to see whether groups moved together.",
    "FEW_TEAMS": "More clusters that start, or start at different times.",
    "ATTRITION": "Outcomes of those who left, or fewer leaving on one side.",
    "FRAGILE": "Groups that move more alike before the start, or an assignment by lot.",
    "SENSITIVITY_PENDING": "The bounds on failing trends (--sensitivity wait).",
    "NO_INTERVAL": "More clusters: at least two that start and two that do not.",
    "FAMILY": "Fewer outcomes declared in the family, or more data.",
    "EPOCH_CHANGED": "A window within one epoch (--window), or scores of the whole window by one epoch.",
    "NOT_ESTIMABLE": "Periods before the first start and units that are untreated in the same periods.",
}


def basis_of(found: Study) -> str:
    """Return what the number rests on, in one line."""
    if found.found is None:
        return f"{len(found.panel.y):,} rows, {found.panel.unit_n:,} units, {found.window}."
    one = found.found
    g = f"{one.n_clusters:,} clusters, {one.n_treated_clusters:,} treated"
    p = "" if one.p is None else f", p = {one.p:.3g}"
    how = f"{one.method}; {one.vcov}{p}"
    return f"{how}. {one.n_obs:,} rows, {one.n_units:,} units, {g}, {found.window}."


def what_would_change(found: Study) -> list[str]:
    """Return what would make the answer better, or another one."""
    lines = list(dict.fromkeys(_FIXES[one.code] for one in found.reasons if one.code in _FIXES))
    if found.found is None:
        return lines or ["A comparison."]
    if found.verdict == "supported":
        held = found.breakdown
        if held is not None:
            lines.append(f"Trends that differ after the start by more than {held:g} times the largest step seen before.")
        lines.append("A start date that depended on recent results, if the declared mechanism is wrong.")
    is_null = found.found.p is None or found.found.p >= found.spec.alpha
    if is_null and found.mde_80 is not None and found.equivalence_bound is not None:
        unit = f" {found.panel.unit_of_outcome}" if found.panel.unit_of_outcome else ""
        digits = digits_of(found.found)
        mde, bound = signed(found.mde_80, digits).lstrip("+"), signed(found.equivalence_bound, digits).lstrip("+")
        lines.append(
            f"More data: a study like this finds effects from {mde}{unit} on in four of five cases. It excludes effects "
            f"beyond {bound}{unit} either way (90 %)."
        )
    if (
        found.bounds
        and (found.breakdown is None or found.breakdown < NEEDED_BREAKDOWN)
        and found.verdict != "supported"
        and not lines
    ):
        lines.append("Groups that move more alike before the start, or an assignment by lot.")
    return lines or ["More clusters or more periods would make the interval narrower."]


def groups_told(found: Study) -> list[str]:
    """Return the effects by subgroup and whether they differ, one line each; a number that is no effect says so."""
    if not found.subgroups.tests or found.found is None:
        return []
    digits = digits_of(found.found)
    lines = ["Declared subgroups:"]
    if found.verdict == "not identified":
        lines = ["Declared subgroups (the effect is not identified, so these are no effects either):"]
    for test in found.subgroups.tests:
        lines += [f"  {test.column}: {equality_told(test)} ({test.detail})"]
        for one in found.subgroups.effects:
            if one.column == test.column:
                reach = interval_told(one.ci_low, one.ci_high, digits, found.spec.alpha)
                q = "" if one.q is None else f", q = {one.q:.3g}"
                lines.append(f"    {signed(one.estimate, digits)} ({reach}{q}, {one.n_units} units)  {one.group}")
    return lines


def equality_told(test: SubgroupTest) -> str:
    """Return whether the groups of a column differ, in words."""
    if test.p is None or test.q is None:
        return "whether groups differ cannot be tested"
    numbers = f"p = {test.p:.3g}, q = {test.q:.3g} among the declared subgroups"
    if test.q < 0.05:
        return f"groups differ ({numbers})"
    return f"a difference between groups is not shown ({numbers}); that is not evidence that they are alike"


def arms_told(found: Study) -> list[str]:
    """Return the effect by arm and what lies between arms, one line each."""
    if not found.arms.effects or found.found is None:
        return []
    digits = digits_of(found.found)
    lines = ["By arm, as drawn, against the same untreated rows:"]
    if found.verdict == "not identified":
        lines = ["By arm (the effect is not identified; only differences between arms may be read, if arms were dealt by lot):"]
    for one in found.arms.effects:
        reach = interval_told(one.ci_low, one.ci_high, digits, found.spec.alpha)
        delay = "" if one.delay_s_median is None else f", feedback after {one.delay_s_median:,.0f} s (median)"
        lines.append(f"    {signed(one.estimate, digits)} ({reach}, {one.n_units} units{delay})  {one.arm}")
    return lines + [f"  {difference_told(one, found)}" for one in found.arms.differences]


def difference_told(one: ArmDifference, found: Study) -> str:
    """Return the difference between two arms as a sentence; without a draw it is a description."""
    assert found.found is not None
    digits = digits_of(found.found)
    unit = f" {found.panel.unit_of_outcome}" if found.panel.unit_of_outcome else ""
    reach = interval_told(one.ci_low, one.ci_high, digits, found.spec.alpha)
    p = "" if one.p is None else f", p = {one.p:.3g}"
    said = f"{one.a} less {one.b}: {signed(one.estimate, digits)}{unit} ({reach}{p}; {one.how})"
    if not found.arms.is_drawn:
        said += "; the arms were not seen to be dealt by lot, so this describes and does not decide"
    elif one.p is None or one.p >= found.spec.alpha:
        said += "; a difference is not shown"
    if one.as_delivered is not None:
        said += f". By when feedback really came, not by lot: {signed(one.as_delivered, digits)}{unit}"
    return said + "."
