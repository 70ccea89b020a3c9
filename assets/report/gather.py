"""What the pages need, gathered from lake, marts and results.

Lives here: reading and joining for ReportInputs. Not here: its shape (inputs.py), pages and workbooks.
"""

from pathlib import Path
from typing import Any

import polars as pl

from aftercall.scoring.form import Question
from aftercall.scoring.forms import Forms
from analytics.agreement_review import without_undecided
from analytics.first_answers import FirstAnswers
from assets.analysis.kept import kept_as
from assets.coaching.assets import kept_answer
from assets.compliance.shadow import RulesInShadow
from assets.effects.kept import kept_studies, page_of
from assets.lake import Lake
from assets.marts.published import read_marts
from assets.quality.assets import read_kept
from assets.raw.receive import names_are_masked, quarantined
from assets.report.inputs import ReportInputs
from assets.station import Station

_AS = {"role": "qa_lead", "purpose": "coaching"}
_INTERACTION = (
    "interaction_id",
    "day_on",
    "started_at",
    "channel",
    "queue",
    "intent",
    "agent_id",
    "talk_s",
    "hold_s",
    "acw_s",
    "handle_s",
    "queue_wait_s",
)
_SCORE = (
    "interaction_id",
    "overall",
    "null_reason",
    "compliance",
    "accuracy",
    "tone",
    "completeness",
    "is_autofail",
    "called_for_n",
)
_ANSWER = (
    "interaction_id",
    "section_id",
    "question_id",
    "answer",
    "null_reason",
    "points",
    "points_possible",
    "called_for_n",
    "done_n",
    "is_advisory",
)


def gather(lake: Lake, station: Station, forms: Forms, results: FirstAnswers) -> ReportInputs:
    """Return the inputs of the report over the whole state, in the epoch of the forms."""
    core = lake.read("core_interaction", columns=_INTERACTION, **_AS)
    scores = lake.read("score_interaction", columns=_SCORE, epoch=forms.epoch, **_AS)
    interactions = core.join(scores, on="interaction_id", how="left").with_columns(
        null_reason=pl.when(pl.col("overall").is_null()).then(pl.col("null_reason").fill_null("not_yet_scored"))
    )
    answers = lake.read("score_question", columns=_ANSWER, epoch=forms.epoch, **_AS)
    disputes = ("interaction_id", "question_id", "dispute_state")
    answers = without_undecided(answers, lake.read("core_evaluation", columns=disputes, **_AS))
    questions = questions_of(forms)
    unscored = interactions.filter(pl.col("overall").is_null())
    marts = read_marts(
        station.state / "marts" / "current", ("mart_agent_week", "mart_queue_interval"), role="qa_lead", purpose="coaching"
    )
    studies = kept_studies(station.state)
    pages = ((one.name, page_of(station.state, one.name)) for one in studies)
    return ReportInputs(
        centre=station.basis_name or _centre(station.input),
        basis=station.basis,
        basis_name=station.basis_name,
        as_of_at=station.clock(),
        epoch=forms.epoch,
        read_n=core.height,
        scored_n=core.height - unscored.height,
        quarantined_n=sum(1 for _ in quarantined(station.state / "quarantine")),
        null_by_reason=dict(unscored.group_by("null_reason").len().sort("null_reason").iter_rows()),
        questions=questions,
        interactions=interactions,
        answers=answers,
        findings=findings_of(lake, forms, answers, interactions),
        agent_weeks=marts["mart_agent_week"],
        queue_intervals=marts["mart_queue_interval"],
        results=results,
        studies=studies,
        study_pages={name: page.read_text(encoding="utf-8") for name, page in pages if page.is_file()},
        names_are_masked=names_are_masked(lake),
        people=_of_epoch(read_kept(station.state / "analysis", "question_agreement"), forms.epoch),
        drift=_of_epoch(read_kept(station.state / "analysis", "score_drift"), forms.epoch),
        best_practice=kept_answer(station.state / "analysis", forms.epoch),
        rules=kept_as(RulesInShadow, station.state / "analysis" / "score_rule.json"),
    )


def _of_epoch(kept: Any, epoch: str) -> Any:
    """Return a kept result only if it speaks of these scores."""
    return kept if kept is not None and kept.epoch == epoch else None


def questions_of(forms: Forms) -> pl.DataFrame:
    """Return the questions of all forms: id, text, section, weight, advisory, severity."""
    rows = [_question(question) for form in forms.forms for question in form.questions]
    schema = {
        "id": pl.String,
        "text": pl.String,
        "section": pl.String,
        "weight": pl.Float64,
        "advisory": pl.Boolean,
        "severity": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)


def _question(question: Question) -> dict[str, object]:
    return {
        "id": question.question_id,
        "text": question.title,
        "section": question.section,
        "weight": question.weight,
        "advisory": question.is_advisory,
        "severity": question.severity,
    }


def findings_of(lake: Lake, forms: Forms, answers: pl.DataFrame, interactions: pl.DataFrame) -> pl.DataFrame:
    """Return quotes behind lost points of grave questions: what a person should look at."""
    grave = questions_of(forms).filter(pl.col("severity").is_in(["critical", "high"]))
    lost = answers.filter(pl.col("answer").is_in(["no", "partial"])).join(
        grave.select(question_id="id", severity="severity").unique("question_id"), on="question_id", how="inner"
    )
    reasons = lake.read(
        "score_question",
        columns=["interaction_id", "question_id", "reason"],
        epoch=forms.epoch,
        among=("question_id", grave["id"].unique()),
        **_AS,
    )
    quotes = lake.read(
        "score_evidence", columns=["interaction_id", "question_id", "turn", "start_s", "quote"], epoch=forms.epoch, **_AS
    ).filter(pl.col("quote").is_not_null())
    found = lost.select("interaction_id", "question_id", "severity").join(quotes, on=["interaction_id", "question_id"])
    found = found.join(reasons, on=["interaction_id", "question_id"], how="left")
    return found.join(interactions.select("interaction_id", "day_on", "queue"), on="interaction_id", how="left")


def _centre(folder: Path | None) -> str:
    return folder.name if folder is not None else "drop folder"
