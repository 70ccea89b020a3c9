"""`aftercall study PANEL`: the effect of a treatment that started at known times, with its doubts and a verdict.

Lives here: the request, what is printed. Not here: the study (analytics.studies), the page (assets.report).
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from aftercall.cli.terminal import asker, shown, tell, write_line
from aftercall.contracts.errors import RequestError
from pipelines.verbs.tables import names_of, read_any

if TYPE_CHECKING:
    from analytics.studies.study import Study
    from analytics.studies.study_spec import Cohort, StudySpec

_EXAMPLE = (
    "aftercall study panel.csv --outcome secs --unit rep --time wk --first-treated start --cluster squad --mechanism rollout"
)
_DOES = """PANEL has one row per unit and period, any column names: rep,squad,wk,start,secs. `start` is the period of first
treatment in the terms of `wk`; 0, empty, NaN, inf or never means never; a column that is 0 or 1 (no or yes) row by row does
as well. Periods are numbers, decimal years, dates, months (2026-03) or quarters (2026Q1, Q1 2026). Without --unit every row is
one observation of repeated cross-sections. The mechanism has no default and is not believed unseen:
  randomised   chance decided; give --assignment FILE (unit, arm or start, probability), else balance before is tested
  rollout      start dates were set without looking at recent results
  triggered    recent results decided: not identified without a hold-out (--assignment FILE of the eligible pool)
  opt_in       units chose; give --offer COL (period of the offer) to estimate the effect of the offer
Covariates come from before the start: one value a unit, or name@column, the column saying when it was measured.
--cohort role=agent,senior keeps units by their values before the start. --subgroups tenure_weeks,baseline adds the effect by
group and a test of whether groups differ (declare them before looking); baseline is the outcome's own level, from weeks the
estimate does not lean on. --arm COL, or an assignment file with arms (aftercall power --randomise ... --arms A,B), adds the
effect by arm and the difference between arms, with p from dealing the arms anew as they were drawn.
The answer is the imputation estimator of Borusyak, Jaravel and Spiess unless --method says otherwise, clustered at --cluster.
The verdict is supported, inconclusive or not identified; every reason is named. --spec F reads a declared study (YAML)."""


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong or the panel cannot be used."""
    asked = _asked(argv)
    spec = _spec(asked)
    from analytics.studies.study import study

    assignment = read_any(asked.assignment, "the assignment", is_typed=True) if asked.assignment else None
    panel = read_any(asked.panel, "the panel", is_typed=True)
    if sys.stderr.isatty() and spec.sensitivity != "skip":
        tell(f"{panel.height:,} rows; bounds on failing trends take a few seconds (--sensitivity skip leaves them out).")
    found = study(panel, spec, assignment=assignment)
    if asked.html:
        from assets.report.study import study_page

        asked.html.parent.mkdir(parents=True, exist_ok=True)
        asked.html.write_text(study_page(found, source=asked.panel.name), encoding="utf-8")
    if asked.write_spec:
        asked.write_spec.write_text(spec.as_yaml(), encoding="utf-8")
    if asked.json:
        write_line(found.as_record())
    else:
        print("\n".join(told(found)))
    if asked.html:
        tell(f"Report: {shown(asked.html)}")
    return 0


def _asked(argv: Sequence[str]) -> argparse.Namespace:
    from analytics.studies.study_spec import CHOICES

    ask = asker("study", _EXAMPLE, _DOES)
    ask.add_argument("panel", metavar="PANEL", type=Path, help="CSV or Parquet")
    for name, what in (("outcome", "outcome"), ("unit", "unit followed over time"), ("time", "period")):
        ask.add_argument(f"--{name}", metavar="COL", help=f"column of the {what}")
    ask.add_argument("--first-treated", metavar="COL", help="column of the period of first treatment; 0 or empty: never")
    for name in ("mechanism", "method", "inference", "vcov", "sensitivity", "period"):
        ask.add_argument(f"--{name}", choices=[one for one in CHOICES[name] if one], help=_HELP[name])
    ask.add_argument("--cluster", metavar="COL", help="level at which treatment was assigned (the unit)")
    ask.add_argument(
        "--weights", metavar="COL", help="column, or interaction (interaction_n), or agent: every row alike (agent)"
    )
    ask.add_argument("--covariates", metavar="A,B", help="columns from before the start; name@column says when measured")
    ask.add_argument("--alpha", type=float, metavar="P", help="1 - confidence (0.05)")
    ask.add_argument("--min-pre", type=int, metavar="N", help="periods before the start a weekly rollout needs (8)")
    ask.add_argument("--donut", metavar="0,4,8", help="periods before the start left out, compared (0,4,8)")
    ask.add_argument("--window", metavar="FROM,TO", help="first and last period used; either may be empty")
    ask.add_argument(
        "--cohort", action="append", metavar="COL=A,B", help="keep units with these values before their start; repeatable"
    )
    ask.add_argument(
        "--subgroups", metavar="A,B", help="the effect by column, or baseline: by the outcome's level well before the start"
    )
    ask.add_argument("--arm", metavar="COL", help="column of how it was given (else from --assignment): the effect by arm")
    ask.add_argument("--delay", metavar="COL", help="column of seconds from behaviour to feedback, by arm (delay_s)")
    ask.add_argument("--balanced", type=int, metavar="K", help="last period of the course over one set of units (longest)")
    ask.add_argument("--assignment", type=Path, metavar="FILE", help="who was drawn: unit, arm or start, probability")
    ask.add_argument("--offer", metavar="COL", help="column of the period of the offer: effect of the offer (ITT)")
    ask.add_argument("--negative-control", metavar="COLS", help="outcomes this cannot move, such as queue_wait_s")
    for name, what in (("auto", "automatic score"), ("human", "human score where there is one"), ("prob", "its probability")):
        ask.add_argument(f"--{name}", metavar="COL", help=f"column of the {what}: outcome corrected by people")
    ask.add_argument("--epoch", metavar="COL", help="column of the score's epoch: scores across a change are refused")
    ask.add_argument("--outcome-unit", metavar="TEXT", help="unit of the outcome, such as s or points")
    ask.add_argument("--family", metavar="NAME", help="family of outcomes the study belongs to (single)")
    ask.add_argument("--seed", type=int, metavar="N", help="seed of everything drawn (7)")
    ask.add_argument("--spec", type=Path, metavar="F", help="read the declared study from YAML; options given beside it win")
    ask.add_argument("--write-spec", type=Path, metavar="F", help="write the declared study as YAML")
    ask.add_argument("--html", type=Path, metavar="F", help="write the report, one self-contained page")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return ask.parse_args(list(argv))


_HELP = {
    "mechanism": "how it was decided who starts (required)",
    "method": "estimator (auto: imputation)",
    "inference": "where p and interval come from (auto)",
    "vcov": "covariance of the standard error (auto)",
    "sensitivity": "bounds on failing trends: auto waits up to 20,000 rows (auto)",
    "period": "what a period is (7 days apart: week, else other)",
}


def _spec(asked: argparse.Namespace) -> "StudySpec":
    """Return the declared study: the file's entries, options over them. Raises RequestError, naming what is missing."""
    from dataclasses import replace

    from analytics.studies.study_spec import read_spec, standard_spec

    names = ("outcome", "unit", "time", "first_treated", "mechanism", "method", "inference", "vcov", "sensitivity", "period")
    names += (
        "weights",
        "alpha",
        "min_pre",
        "offer",
        "auto",
        "human",
        "prob",
        "epoch",
        "family",
        "seed",
        "balanced",
        "arm",
        "delay",
    )
    given = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    if asked.cluster:
        given["assignment_level"] = asked.cluster
    if asked.outcome_unit:
        given["unit_of_outcome"] = asked.outcome_unit
    if asked.cohort:
        given["cohort"] = _cohort(asked.cohort)
    if asked.subgroups:
        given["subgroups"] = names_of(asked.subgroups)
    if asked.covariates:
        given["covariates"] = tuple(asked.covariates.split(","))
    if asked.negative_control:
        given["negative_controls"] = tuple(asked.negative_control.split(","))
    if asked.donut:
        given["donuts"] = _numbers(asked.donut)
    if asked.window:
        low, _, high = asked.window.partition(",")
        given["window"] = (low or None, high or None)
    if asked.spec:
        if not asked.spec.is_file():
            raise RequestError(f"{asked.spec} not found. Give a YAML file of a declared study (--write-spec writes one).")
        return replace(read_spec(asked.spec.read_text(encoding="utf-8")), **given)
    lacking = [name for name in ("outcome", "time", "first_treated", "mechanism") if name not in given]
    if lacking:
        raise RequestError(
            f"Missing: {', '.join('--' + name.replace('_', '-') for name in lacking)}. "
            "The mechanism says what decided who starts: randomised, rollout, triggered or opt_in. Try: aftercall study --help"
        )
    given["cluster"] = given.pop("assignment_level", None)
    return standard_spec(**({"unit": None, "declared_on": date.today()} | given))


def _cohort(asked: Sequence[str]) -> "Cohort":
    from analytics.studies.study_spec import cohort_of

    pairs = [one.partition("=") for one in asked]
    if wrong := [column for column, sign, values in pairs if not (column and sign and names_of(values))]:
        raise RequestError(f"--cohort {wrong[0]} keeps no value. Give a column and the values kept, such as role=agent,senior.")
    return cohort_of({column: names_of(values) for column, _, values in pairs})


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({0, *(int(one) for one in text.split(","))}))
    except ValueError:
        raise RequestError(f"--donut {text} is no list of whole numbers. Give 0,4,8.") from None


_MARKS = {True: "holds", False: "FAILS", None: "open "}


def told(found: "Study") -> list[str]:
    """Return what people read: the answer in one sentence, why, what was checked, what would change it."""
    from analytics.studies.study_words import arms_told, basis_of, groups_told, what_would_change

    lines = [str(found), basis_of(found)]
    lines += [f"  {one.code}: {one.message}" for one in found.reasons]
    lines += ["Checked:"] + [f"  {_MARKS[one.passed]}  {one.question} {one.detail}" for one in found.checks]
    if found.cross_checks:
        lines.append("Answered otherwise:")
        lines += [
            f"  {one.estimate:+.4g}{'' if one.se is None else f' (SE {one.se:.3g})'}  {one.method}"
            for one in found.cross_checks
        ]
    lines += groups_told(found) + arms_told(found)
    lines += ["What would change this answer:"] + [f"  {one}" for one in what_would_change(found)]
    return lines + [f"Note: {one}" for one in found.warnings]
