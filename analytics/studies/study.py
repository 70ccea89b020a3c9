"""One study from declaration to verdict: the estimate with every doubt attached.

Lives here: the order in which a study is run and what it answers with. Not here: rows (prepare.py), estimators (methods.py),
checks (diagnostics.py), rules (verdict.py), words on a page (study_page.py).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, CrossCheck, Reason, Verdict, finite, interval_told, signed, told, words_of
from analytics.studies import diagnostics, methods
from analytics.studies.arms import NO_ARMS, Arms, arms_of
from analytics.studies.attrition import lee_bounds
from analytics.studies.base_event_study import base_event_study
from analytics.studies.diagnostics import Check, Donuts
from analytics.studies.drawn import check_assignment, draws_starts, match_assignment
from analytics.studies.estimate import Estimate, GroupTime, Horizon
from analytics.studies.longpanel import LongPanel
from analytics.studies.mechanism import REFUSED_AT, balance_test
from analytics.studies.prepare import Prepared, prepared
from analytics.studies.sensitivity import M_BARS, Sensitivity, relative_magnitudes
from analytics.studies.study_spec import StudySpec
from analytics.studies.subgroups import NO_SUBGROUPS, Subgroups, subgroups_of
from analytics.studies.verdict import NEEDED_BREAKDOWN, Case, reason, reasons_of, verdict_of

WAIT_UP_TO_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Study:
    """The answer of a declared study. `found` None: there is not even a change to show. `course` is the event
    study (negative horizons before), `balanced` the same over units seen at every horizon, `group_time` the effect by cohort
    and period; `subgroups` the effects by declared group, `arms` by arm of delivery.

    `mde_80` and `equivalence_bound` are in the outcome's unit; `bounds` the sensitivity of the average and of the first period.
    """

    spec: StudySpec
    panel: LongPanel
    found: Estimate | None
    verdict: Verdict
    reasons: tuple[Reason, ...]
    course: tuple[Horizon, ...]
    group_time: tuple[GroupTime, ...]
    checks: tuple[CheckResult, ...]
    cross_checks: tuple[CrossCheck, ...]
    bounds: tuple[Sensitivity, ...]
    mde_80: float | None
    equivalence_bound: float | None
    baseline: float | None
    warnings: tuple[str, ...]
    balanced: tuple[Horizon, ...] = ()
    subgroups: Subgroups = NO_SUBGROUPS
    arms: Arms = NO_ARMS

    @property
    def breakdown(self) -> float | None:
        """How large violations of parallel trends may be, in steps seen before, until the average effect's interval holds 0."""
        return self.bounds[0].breakdown if self.bounds else None

    @property
    def window(self) -> str:
        """First and last period."""
        return f"{self.panel.time_labels[0]} to {self.panel.time_labels[-1]}"

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, treatment: str = "The treatment") -> str:
        """Return the answer in one sentence; `treatment` names what was done."""
        name = words_of(self.spec.outcome)
        if self.found is None:
            return f"The effect on {name} is not identified: {' '.join(one.message for one in self.reasons[:1])}"
        unit = f" {self.panel.unit_of_outcome}" if self.panel.unit_of_outcome else ""
        digits = digits_of(self.found)
        if self.verdict == "not identified":
            why = self.reasons[0].message if self.reasons else ""
            number = f"{signed(self.found.estimate, digits)}{unit}"
            return f"The effect on {name} is not identified. The number computed, {number}, is not to be read as one: {why}"
        reach = interval_told(self.found.ci_low, self.found.ci_high, digits, self.spec.alpha)
        value = signed(self.found.estimate, digits)
        if self.verdict == "supported":
            return f"{treatment} changed {name} by {value}{unit} ({reach})."
        return f"Inconclusive: the estimated effect on {name} is {value}{unit} ({reach})."

    def as_record(self) -> dict[str, Any]:
        """Return the names of the `study --json` promise; what is not finite becomes null."""
        found, unit = self.found, self.panel.unit_of_outcome
        names = ("estimate", "se", "ci_low", "ci_high", "p", "method", "vcov", "df", "n_obs", "n_units", "n_clusters")
        names += ("n_treated_clusters", "effective_clusters")
        record: dict[str, Any] = {"outcome": self.spec.outcome, "unit_of_outcome": unit}
        record["estimand"] = found.estimand if found else None
        record |= {name: getattr(found, name) if found else None for name in names}
        if found is None:
            record |= {"n_obs": len(self.panel.y), "n_units": self.panel.unit_n, "n_clusters": self.panel.cluster_n}
        record |= {"n_agents": record["n_units"], "G_eff": record["effective_clusters"], "estimator": record["method"]}
        record |= {"window": self.window, "period": self.panel.period, "verdict": self.verdict}
        record["reasons"] = [one.code for one in self.reasons]
        course = ("horizon", "estimate", "se", "ci_low", "ci_high", "n_units")
        record["event_study"] = [{name: getattr(one, name) for name in course} for one in self.course]
        record["event_study_balanced"] = [{name: getattr(one, name) for name in course} for one in self.balanced]
        record |= _by_group(self.subgroups, self.arms)
        cells = ("first", "time", "estimate", "se", "n_units")
        record["group_time"] = [{name: getattr(one, name) for name in cells} for one in self.group_time]
        record["diagnostics"] = told(self.checks)
        record["cross_checks"] = [{"method": c.method, "estimate": c.estimate, "se": c.se} for c in self.cross_checks]
        record |= {"mde_80": self.mde_80, "equivalence_bound": self.equivalence_bound, "baseline": self.baseline}
        record |= {"breakdown": self.breakdown, "breakdown_first": self.bounds[1].breakdown if len(self.bounds) > 1 else None}
        record["sensitivity"] = [
            {"target": one.target, "m_bar": b.m_bar, "ci_low": b.ci_low, "ci_high": b.ci_high}
            for one in self.bounds
            for b in one.bounds
        ]
        record["warnings"] = [*(one.message for one in self.reasons), *self.warnings]
        record |= {
            "mechanism": self.spec.mechanism,
            "alpha": self.spec.alpha,
            "seed": self.spec.seed,
            "spec_hash": self.spec.hash,
        }
        cleaned = finite(record)
        assert isinstance(cleaned, dict)
        return cleaned


def _by_group(found: Subgroups, arms: Arms) -> dict[str, Any]:
    effect = ("column", "group", "estimate", "se", "ci_low", "ci_high", "n_units", "p", "q")
    test = ("column", "n_groups", "f", "p", "q", "detail")
    return {
        "subgroups": [{name: getattr(one, name) for name in effect} for one in found.effects],
        "subgroup_tests": [{name: getattr(one, name) for name in test} for one in found.tests],
        "arms": [{name: getattr(one, name) for name in one.__slots__} for one in arms.effects],
        "arm_differences": [
            {name: getattr(one, name) for name in one.__slots__} | {"is_drawn": arms.is_drawn} for one in arms.differences
        ],
    }


def digits_of(found: Estimate) -> int:
    """Return how many decimals show three digits of the estimate's spread."""
    scale = found.se or abs(found.estimate)
    return int(np.clip(2 - np.floor(np.log10(scale)), 0, 6)) if scale > 0 else 2


def study(
    frame: pl.DataFrame, spec: StudySpec, *, assignment: pl.DataFrame | None = None, family_p: tuple[float, ...] = ()
) -> Study:
    """Run a declared study.

    Args: frame, one row per unit and period (or observation); assignment, who was drawn (unit, arm or start, probability);
        family_p, p-values of the other outcomes of the same family.
    Raises: ContractError, UnknownColumn, RequestError: the table or the request cannot be used, with what to do.
    """
    if assignment is not None:
        check_assignment(assignment)
    dealt = assignment  # a file that only deals arms says nothing of who started
    assignment = assignment if assignment is None or draws_starts(assignment) else None
    pool = (
        frozenset(assignment["unit"].cast(pl.String).to_list())
        if assignment is not None and spec.mechanism == "triggered"
        else None
    )
    rows = prepared(frame, spec, pool=pool)
    panel, reasons, warnings = rows.panel, list(rows.reasons), list(rows.warnings)
    is_random, chance = _was_it_chance(panel, spec, assignment, reasons, warnings)
    found, cross = _answer(panel, spec, reasons, is_drawn=is_random and assignment is not None)
    donuts = _donuts(panel, spec) if found is not None else None
    checks = [*chance, *_checks(rows, found, donuts)]
    bounds, why_not = _sensitivity(panel, spec, is_random=is_random) if found is not None else ((), "")
    case = Case(
        panel,
        found,
        checks,
        donuts,
        spec.mechanism,
        is_random,
        *diagnostics.periods_before(panel),
        spec.min_pre,
        spec.alpha,
        diagnostics.baseline(panel),
        bounds[0].breakdown if bounds else None,
        bool(bounds),
        why_not,
        lee_bounds(panel),
        spec.family,
        family_p,
        spec.offer is not None,
    )
    all_reasons = reasons_of(case, reasons)
    course = methods.balanced_course(panel, spec.balanced, spec.alpha) if found is not None else None
    if spec.balanced is not None and course is None:
        warnings.append(f"No unit has rows in all of the periods 0 to {spec.balanced} since its start: no balanced course.")
    subgroups = subgroups_of(panel, rows.frame, spec) if found is not None else NO_SUBGROUPS
    if found is not None and subgroups.effects and methods.needs_re_assignment(found):
        warnings.append(
            "Few treated clusters carry the answer: intervals and tests of subgroups rest on the jackknife, which is thin."
        )
    arms = arms_of(panel, rows.frame, spec, dealt) if found is not None else NO_ARMS
    mde, equivalence = methods.detectable(found, spec.alpha) if found is not None else (None, None)
    shown = [*(one.shown for one in checks), *arms.checks]
    shown.append(_how_far(bounds, why_not, is_random=is_random))
    return Study(
        spec,
        panel,
        found,
        verdict_of(case, all_reasons),
        all_reasons,
        methods.course_of(panel, found, spec.alpha),
        methods.cohorts_of(panel, found, spec.alpha),
        tuple(shown),
        (*_beside(rows, spec), *cross),
        bounds,
        mde,
        equivalence,
        case.baseline,
        (*warnings, *(found.notes if found is not None else ())),
        () if course is None else course[1],
        subgroups,
        arms,
    )


def _was_it_chance(
    panel: LongPanel, spec: StudySpec, assignment: pl.DataFrame | None, reasons: list[Reason], warnings: list[str]
) -> tuple[bool, list[Check]]:
    """Return whether starts may be read as drawn by lot, and the checks behind that; a flag alone never decides."""
    question = "Were starts as they were drawn?"
    if assignment is not None:
        drawn = match_assignment(panel, assignment)
        warnings += [drawn.overdue] if drawn.overdue else []
        if drawn.problems:
            reasons.append(reason("NOT_RANDOM", detail="; ".join(drawn.problems)))
            return False, [Check("assignment", CheckResult(question, passed=False, detail="; ".join(drawn.problems)))]
        detail = f"{drawn.n} {drawn.level}s of the assignment file, all treated as drawn"
        if drawn.level == "unit" and panel.cluster_n < panel.unit_n:
            warnings.append(
                "The file draws units, but the answer is clustered by a wider group: intervals are wider than needed."
            )
        return True, [Check("assignment", CheckResult(question, passed=True, detail=detail))]
    if spec.mechanism != "randomised":
        return False, []
    found = balance_test(panel, seed=spec.seed)
    question = "Could those who started have been drawn by lot?"
    if found.p is None:
        warnings.append(
            "Declared randomised, but there is nothing to test that with; it is judged like a rollout. Give --assignment."
        )
        return False, [Check("balance", CheckResult(question, None, found.detail))]
    check = Check("balance", CheckResult(question, found.p >= REFUSED_AT, found.detail), found.p)
    if found.p < REFUSED_AT:
        reasons.append(reason("NOT_RANDOM", detail=f"those who started differed before: {found.detail}"))
        return False, [check]
    warnings.append("Declared randomised without an assignment file: only the balance before the start was tested.")
    return True, [check]


def _answer(
    panel: LongPanel, spec: StudySpec, reasons: list[Reason], *, is_drawn: bool
) -> tuple[Estimate | None, tuple[CrossCheck, ...]]:
    """Return the estimate and the other estimators' answers; without a comparison the plain change, and why it is none."""
    method = methods.chosen_method(panel, spec, is_drawn=is_drawn)
    try:
        found = methods.estimated(panel, spec, method)
    except DesignError as error:
        started = panel.first < panel.period_n
        plain = methods.before_and_after(panel, spec.alpha)
        if not started.any() or spec.method in ("did2x2", "ancova"):
            reasons.append(reason("NOT_ESTIMABLE", detail=error.message))
            return None, ()
        if plain is None:
            detail = "Every treated unit is treated from its first period on: there is no before. Add earlier periods."
            reasons.append(reason("NOT_ESTIMABLE", detail=detail))
            return None, ()
        reasons.append(reason("NO_CONTROL", rtm="not computed: everybody was treated, nobody was picked"))
        return plain, ()
    if not np.isfinite(found.estimate):
        reasons.append(
            reason("NOT_ESTIMABLE", detail="The estimate is no number: too few rows can be compared. Add units or periods.")
        )
        return None, ()
    return methods.with_inference(found, panel, spec), methods.cross_checks(panel, spec, method)


def _donuts(panel: LongPanel, spec: StudySpec) -> Donuts | None:
    return diagnostics.without_periods_before(panel, spec.donuts) if panel.design == "panel" else None


def _checks(rows: Prepared, found: Estimate | None, donuts: Donuts | None) -> list[Check]:
    if found is None:
        return []
    panel = rows.panel
    out = [diagnostics.trends_before(panel), diagnostics.false_start(panel), *diagnostics.cannot_move(rows.controls)]
    out += [donuts.check] if donuts is not None else []
    out += [diagnostics.who_is_there(panel), diagnostics.enough_clusters(found), diagnostics.contamination(panel)]
    out.append(diagnostics.same_result_by_regression(panel, found.estimate))
    if rows.as_treated is not None:
        out.append(diagnostics.reach_of_offer(panel, rows.as_treated.first))
    return out


def _beside(rows: Prepared, spec: StudySpec) -> tuple[CrossCheck, ...]:
    """Return the as-treated answer beside the effect of the offer."""
    if rows.as_treated is None:
        return ()
    try:
        found = methods.estimated(rows.as_treated, methods.replace_vcov(spec), "imputation")
    except DesignError:
        return ()
    return (CrossCheck("as treated (those who took it are not like the others)", found.estimate, found.se),)


def _sensitivity(panel: LongPanel, spec: StudySpec, *, is_random: bool) -> tuple[tuple[Sensitivity, ...], str]:
    """Return bounds of the average and of the first period after the start, or why there are none."""
    waits = spec.sensitivity == "wait" or (spec.sensitivity == "auto" and len(panel.y) <= WAIT_UP_TO_ROWS)
    if not waits or (is_random and spec.sensitivity != "wait"):
        return (), ""
    try:
        course = base_event_study(panel)
        average = relative_magnitudes(
            course.beta, course.covariance, course.pre_n, weights=course.post_weights, m_bars=M_BARS, alpha=spec.alpha,
            target=f"average of {len(course.beta) - course.pre_n} {_blocks(course.block)} after the start",
        )  # fmt: skip
        first = replace(
            relative_magnitudes(course.beta, course.covariance, course.pre_n, alpha=spec.alpha),
            target=f"first {_blocks(course.block, one=True)} after the start",
        )
    except DesignError as error:
        return (), f"How far parallel trends may fail cannot be computed: {error.message}"
    return (average, first), ""


def _blocks(block: int, *, one: bool = False) -> str:
    if block == 1:
        return "period" if one else "periods"
    return f"block of {block} periods" if one else f"blocks of {block} periods"


def _how_far(bounds: tuple[Sensitivity, ...], why_not: str, *, is_random: bool) -> CheckResult:
    question = "How far may parallel trends fail before the answer changes?"
    if is_random and not bounds:
        return CheckResult(question, None, "starts were drawn by lot, so trends are parallel by design")
    if not bounds:
        return CheckResult(question, None, why_not or "not computed (--sensitivity wait)")
    held = [one.breakdown for one in bounds]
    said = [
        f"{one.target}: {'not even with equal trends' if value is None else f'up to {value:g} times'}"
        for one, value in zip(bounds, held, strict=True)
    ]
    passed = held[0] is not None and held[0] >= NEEDED_BREAKDOWN
    return CheckResult(
        question, passed, f"the interval excludes 0 for steps up to so many times the largest before: {'; '.join(said)}"
    )
