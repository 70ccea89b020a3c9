"""What people's evaluations say about the machine's answers, as one result; pure functions over frames of the lake.

Lives here: agreement, status, review, calibration, totals with edits, corrected means put together. Not here: the statistics
(analytics), reading the lake (assets.py), drift (drift_side.py).
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from aftercall.contracts.errors import DesignError
from aftercall.scoring.forms import Forms
from aftercall.scoring.totals import totals
from analytics.agreement_groups import agreement_by
from analytics.agreement_questions import question_agreement
from analytics.agreement_review import WORTH, edits, review_shares, scorer_deviations, without_undecided
from analytics.corrected_means import corrected_means
from assets.quality.rules import QualityRules, in_our_words

NOT_ASKED = ("not_shown", "not_eligible")
GROUPS = ("queue", "team_id", "month")
PARTS = ("month", "channel", "queue", "language")


@dataclass(frozen=True, slots=True)
class HumanSide:
    """People beside the machine in one epoch; `refused` says why a part is missing.

    `rows`: see analytics.agreement_questions.QuestionAgreement; `groups`: analytics.agreement_groups; `review` and
    `deviations`: analytics.agreement_review; `corrected`: grouped_by and the columns of analytics.corrected_means.
    `edited_n`, `machine_total`, `edited_total`: mean score of all scored interactions without and with people's edits;
    `undecided_n`: answers under an open dispute.
    """

    epoch: str
    label_n: int
    left_out: dict[str, int]
    warnings: tuple[str, ...]
    rows: pl.DataFrame
    review: pl.DataFrame
    groups: pl.DataFrame
    deviations: pl.DataFrame
    corrected: pl.DataFrame
    edited_n: int
    machine_total: float | None
    edited_total: float | None
    undecided_n: int
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a question may count: live, advisory or too few labels, and why."""

    question_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuestionStatus:
    """The decisions of one epoch; kept as analysis/question_status.json, which scoring may read without a dataframe."""

    epoch: str
    questions: tuple[Decision, ...]


def human_side(
    forms: Forms, evaluations: pl.DataFrame, answers: pl.DataFrame, interactions: pl.DataFrame, rules: QualityRules
) -> HumanSide:
    """Return what evaluations say about the answers of one epoch.

    Args: evaluations, core_evaluation; answers, score_question of the epoch; interactions, one row each: interaction_id,
        agent_id, queue, team_id, month, scorecard_id, overall.
    """
    refused: dict[str, str] = {}
    mine = in_our_words(evaluations, rules.asked_elsewhere)
    rows, label_n, left_out, warnings = pl.DataFrame(), 0, dict[str, int](), tuple[str, ...]()
    if mine.height == 0:
        refused["agreement"] = (
            "No evaluations by people: deliver them in the long form of `aftercall sample`, or any QA export."
        )
    else:
        try:
            found = question_agreement(mine, answers, gate=rules.gate, seed=rules.seed, replicates=rules.replicates)
            rows, label_n, left_out, warnings = found.rows, found.label_n, found.left_out, found.warnings
        except DesignError as error:
            refused["agreement"] = str(error)
    groups = interactions.select("interaction_id", *(name for name in PARTS if name in interactions.columns))
    held = agreement_by(mine, answers, groups, rows, gate=rules.gate, seed=rules.seed) if rows.height else pl.DataFrame()
    try:
        deviations = scorer_deviations(mine, reference=rules.reference_scorer)
    except DesignError as error:
        deviations, refused["calibration"] = pl.DataFrame(), str(error)
    changed = with_edits(forms, interactions, answers, edits(mine))
    overall = interactions.join(changed, on="interaction_id", how="left")
    corrected = corrected_by_group(forms, mine, without_undecided(answers, mine), interactions)
    return HumanSide(
        forms.epoch,
        label_n,
        left_out,
        warnings,
        rows,
        review_shares(mine, fewest=rules.gate.fewest_labels),
        held,
        deviations,
        corrected,
        changed.height,
        _mean(overall["overall"]),
        _mean(overall.select(pl.coalesce("edited", "overall"))["edited"]),
        answers.height - without_undecided(answers, mine).height,
        refused,
    )


def status_of(side: HumanSide) -> QuestionStatus:
    """Return the decision table of the result, in order of question."""
    kept = side.rows.select("question_id", "status", "reason").iter_rows() if side.rows.height else ()
    return QuestionStatus(side.epoch, tuple(Decision(*row) for row in kept))


def _mean(values: pl.Series) -> float | None:
    found = values.mean()
    return float(found) if isinstance(found, int | float) else None


def with_edits(forms: Forms, interactions: pl.DataFrame, answers: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Return interaction_id, machine and edited: both totals of each interaction with an edited answer.

    Both are computed by the scorer's own totals, so weights, modes and auto-fails hold for both.
    """
    schema = {"interaction_id": pl.String, "machine": pl.Float64, "edited": pl.Float64}
    touched = interactions.join(changed.select("interaction_id").unique(), on="interaction_id", how="semi")
    rows: list[tuple[str, float, float]] = []
    for form in forms.forms:
        ids = touched.filter(pl.col("scorecard_id") == form.form_id)["interaction_id"].sort()
        if ids.len() == 0:
            continue
        names = [question.question_id for question in form.questions]
        grid = pl.DataFrame({"interaction_id": ids}).join(pl.DataFrame({"question_id": names}), how="cross")
        grid = grid.join(
            answers.select("interaction_id", "question_id", "answer", "null_reason", "points", "points_possible"),
            on=["interaction_id", "question_id"],
            how="left",
            maintain_order="left",
        ).join(
            changed.select("interaction_id", "question_id", put="answer"),
            on=["interaction_id", "question_id"],
            how="left",
            maintain_order="left",
        )
        own, worth = pl.col("points") / pl.col("points_possible"), _worth("put")
        shaped = (ids.len(), len(names))
        asked = ~pl.col("null_reason").is_in(NOT_ASKED).fill_null(value=False)
        machine = grid.select(share=own, scored=own.is_not_null(), missing=pl.col("answer").is_null() & asked)
        put = pl.col("put").is_not_null()
        person = grid.select(
            share=pl.when(put).then(worth).otherwise(own),
            scored=pl.when(put).then(worth.is_not_null()).otherwise(own.is_not_null()),
            missing=~put & pl.col("answer").is_null() & asked,
        )
        both = [_overall(form, frame, shaped) for frame in (machine, person)]
        rows += list(zip(ids.to_list(), *both, strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("machine", "edited").fill_nan(None))


def _overall(form: Any, frame: pl.DataFrame, shape: tuple[int, int]) -> list[float]:
    share = frame["share"].cast(pl.Float64).fill_null(0.0).to_numpy().reshape(shape)
    scored, missing = (frame[name].to_numpy().astype(bool).reshape(shape) for name in ("scored", "missing"))
    return [float(value) for value in totals(form, share, scored, missing).overall]


def _worth(name: str) -> pl.Expr:
    return pl.col(name).replace_strict(WORTH, default=None, return_dtype=pl.Float64)


def corrected_by_group(
    forms: Forms, evaluations: pl.DataFrame, answers: pl.DataFrame, interactions: pl.DataFrame
) -> pl.DataFrame:
    """Return corrected means by queue, team and month, of the score on the questions both people and machine answered.

    Only blind labels of a random draw with a known probability correct; people's forms may ask fewer questions than ours, so
    machine and people are compared on the questions both have.
    """
    labels = evaluations.filter(
        (pl.col("sampling") == "random")
        & pl.col("inclusion_probability").is_not_null()
        & ~pl.col("answer_source").is_in(["edited", "rule", "metric", "model"]).fill_null(value=False)
    )
    weights = pl.DataFrame(
        [(q.question_id, q.weight) for form in forms.forms for q in form.questions],
        schema={"question_id": pl.String, "weight": pl.Float64},
        orient="row",
    ).unique("question_id", keep="first")
    common = weights.join(labels.select("question_id").unique(), on="question_id", how="semi")
    machine = _score(answers.with_columns(share=pl.col("points") / pl.col("points_possible")), common).rename(
        {"score": "machine"}
    )
    people = _score(labels.with_columns(share=_worth("answer")), common).rename({"score": "human"})
    pi = labels.group_by("interaction_id").agg(pl.col("inclusion_probability").first())
    scores = machine.join(people, on="interaction_id", how="left").join(pi, on="interaction_id", how="left")
    scores = scores.join(interactions, on="interaction_id", how="inner")
    parts = [
        corrected_means(scores, by=name).select(pl.lit(name or "all").alias("grouped_by"), pl.all())
        for name in (None, *GROUPS)
        if name is None or name in scores.columns
    ]
    return pl.concat(parts)


def _score(rows: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Return interaction_id and score, 0 to 100: the weighted share over answered questions, people's answers averaged."""
    known = rows.join(weights, on="question_id", how="inner").filter(pl.col("share").is_not_null())
    once = known.group_by("interaction_id", "question_id").agg(pl.col("share").mean(), pl.col("weight").first())
    return once.group_by("interaction_id").agg(
        score=100 * (pl.col("share") * pl.col("weight")).sum() / pl.col("weight").sum()
    )  # fmt: skip
