"""What a run left behind, counted from the state: the same numbers whoever ran it.

Lives here: counting and the closing lines. Not here: running (main_job.py), pages (assets.report).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.cli.terminal import shown
from aftercall.text.pii_finder import UNMASKED_WARNING
from assets.lake import Lake
from assets.raw.receive import names_are_masked, quarantined
from assets.score.forms_in_force import load_forms
from pipelines.environments import Environment
from pipelines.main_job import Outcome

_AS = {"role": "pipeline", "purpose": "service_quality"}


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the whole state in the present epoch."""

    interactions: int
    scored: int
    rows: int
    null_by_reason: dict[str, int]
    quarantined: int
    answers: dict[str, int]
    called_for_median: float | None
    basis: str
    basis_name: str
    state: Path
    reports: Path
    names_are_masked: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the closing object of `run --json`."""
        return {
            "interactions": self.interactions,
            "scored": self.scored,
            "null_by_reason": self.null_by_reason,
            "quarantined": self.quarantined,
            "basis": self.basis,
            "basis_name": self.basis_name,
            "state": str(self.state),
            "reports": str(self.reports),
            "names_are_masked": self.names_are_masked,
            "answers": self.answers,
            "called_for_median": self.called_for_median,
        }


def tally(environment: Environment, _outcome: Outcome | None = None) -> Tally:
    """Count interactions, scores, reasons for missing scores, answers and quarantine."""
    lake = Lake(environment.lake)
    epoch = load_forms(environment.scorecard, environment.state).epoch
    core = lake.read("core_interaction", columns=["interaction_id"], **_AS)
    scores = lake.read(
        "score_interaction", columns=["interaction_id", "overall", "null_reason", "called_for_n"], epoch=epoch, **_AS
    ).join(core, on="interaction_id", how="semi")
    answers = lake.read("score_question", columns=["interaction_id", "answer"], epoch=epoch, **_AS)
    reasons = scores.filter(pl.col("overall").is_null()).group_by("null_reason").len()
    mix = answers["answer"].fill_null("not scored").value_counts()
    called = scores.filter(pl.col("overall").is_not_null())["called_for_n"].median()
    return Tally(
        core.height,
        scores["overall"].count(),
        scores.height,
        _largest_first(reasons),
        sum(1 for _ in quarantined(environment.quarantine)),
        _largest_first(mix),
        float(called) if called is not None else None,
        environment.basis,
        environment.basis_name,
        environment.state,
        environment.reports,
        names_are_masked(lake),
    )


def _largest_first(counts: pl.DataFrame) -> dict[str, int]:
    """Return name to count, in the same order every time."""
    return dict(sorted(counts.iter_rows(), key=lambda row: (-row[1], row[0])))


def lines_of(counts: Tally, outcome: Outcome, environment: Environment) -> Iterator[str]:
    """Yield what a person reads at the end of a run: what was done, what needs them, where the reports are."""
    share = f" ({counts.scored / counts.interactions:.1%})" if counts.interactions else ""
    yield f"{counts.interactions:,} interactions, {counts.rows:,} with a score row, {counts.scored:,} with a score{share}."
    if counts.null_by_reason:
        yield "No score: " + ", ".join(f"{reason} {n:,}" for reason, n in counts.null_by_reason.items()) + "."
    if counts.answers:
        yield "Answers: " + ", ".join(f"{answer} {n:,}" for answer, n in counts.answers.items()) + _called(counts)
    if counts.quarantined:
        yield (
            f"{counts.quarantined:,} records in quarantine, each with file, place, reason and what to do: "
            f"{shown(environment.quarantine)}"
        )
    if environment.basis != "synthetic" and not counts.names_are_masked:
        yield UNMASKED_WARNING
    for said in (*outcome.broken, *outcome.failed_checks):
        yield f"Needs you: {said}"
    if (page := counts.reports / "index.html").is_file():
        yield f"Reports: {shown(page)}"


def _called(counts: Tally) -> str:
    return "." if counts.called_for_median is None else f"; the median interaction called for {counts.called_for_median:g}."
