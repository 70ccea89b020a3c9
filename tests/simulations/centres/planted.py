"""What was planted in a small centre: true answers, their potential outcomes, the draw of teams, and how the scorer erred.

Lives here: the truth's files -> one row per interaction. Not here: scores (scored.py), studies (studies.py).
"""

from datetime import timedelta
from pathlib import Path

import polars as pl

# Question of the scorecard: (planted behaviour, weight); the weights are those of scorecard.yaml.
QUESTIONS = {
    "greeting": ("greeting", 10),
    "acknowledgement": ("acknowledgement", 20),
    "ownership": ("ownership", 20),
    "recap": ("recap", 30),
    "anything_else": ("anything_else", 10),
    "closing": ("closing", 10),
}


def interactions(truth: Path) -> pl.DataFrame:
    """Return one row per transcript: agent_id, week_on, is_treated, true rates and score (0..100), and what coaching added.

    `<question>` is 1 done, 0 not done, null not called for; `<question>_te` the gain in its probability by coaching, which is
    y1 - y0 averaged over the draw; `score_te` follows by the weights of the questions called for, in points.
    """
    levels = pl.read_parquet(truth / "behaviour_propensities.parquet").with_columns(te=pl.col("p1") - pl.col("p0"))
    marks = pl.read_parquet(truth / "behaviours.parquet")
    contacts = pl.read_parquet(truth / "interactions.parquet").select(
        "interaction_id", "agent_id", "team_id", "week_on", "is_treated"
    )
    rows = contacts.join(marks.select("interaction_id").unique(), on="interaction_id", how="semi")
    for question, (behaviour, _) in QUESTIONS.items():
        said = marks.filter(pl.col("behaviour") == behaviour).select(
            "interaction_id", pl.when("called_for").then(pl.col("done").cast(pl.Float64)).alias(question)
        )
        gain = levels.filter(pl.col("behaviour") == behaviour).select(
            "agent_id", "week_on", pl.col("te").alias(f"{question}_te")
        )
        rows = rows.join(said, on="interaction_id").join(gain, on=["agent_id", "week_on"])
    # Before the start coaching has added nothing: the file gives both potential outcomes, equal there.
    weights = {question: pl.when(pl.col(question).is_not_null()).then(worth) for question, (_, worth) in QUESTIONS.items()}
    total = pl.sum_horizontal(*weights.values())
    return rows.with_columns(
        score=100 * pl.sum_horizontal(weight * pl.col(name) for name, weight in weights.items()) / total,
        score_te=100 * pl.sum_horizontal(weight * pl.col(f"{name}_te") for name, weight in weights.items()) / total,
    ).sort("interaction_id")


def handled(truth: Path) -> pl.DataFrame:
    """Return one row per contact with a leg: agent_id, week_on, handle_s as it was and what coaching added, in seconds."""
    return (
        pl.read_parquet(truth / "interactions.parquet")
        .filter("has_leg")
        .select("agent_id", "week_on", handle_s="handle_y1_s", handle_s_te="handle_te_s")
    )


def assignment(truth: Path) -> pl.DataFrame:
    """Return the draw of teams as `aftercall study --assignment` reads it: unit, arm, start, probability of the arm."""
    contacts = pl.read_parquet(truth / "interactions.parquet")
    start = pl.col("week_on") - pl.col("weeks_since_start") * timedelta(weeks=1)
    teams = contacts.group_by("team_id").agg(start=start.min()).sort("team_id")
    dates = teams["start"].value_counts(name="n")
    return teams.join(dates, on="start", how="left", nulls_equal=True).select(
        unit="team_id",
        arm=pl.when(pl.col("start").is_null()).then(pl.lit("control")).otherwise(pl.lit("coached")),
        start=pl.col("start").cast(pl.String),
        probability=pl.col("n") / teams.height,
    )


def errors(rows: pl.DataFrame, answers: pl.DataFrame, question: str) -> pl.DataFrame:
    """Return, for weeks with and without coaching, how the machine's answers to a question compare with what was planted.

    Columns: is_treated, done_n, found_n, not_done_n, wrong_n, waiting_n (of all called for, left to a person).
    """
    found = answers.filter(pl.col("question_id") == question).select("interaction_id", "answer")
    both = rows.filter(pl.col(question).is_not_null()).join(found, on="interaction_id")
    said, done, known = pl.col("answer").is_in(["yes", "partial"]), pl.col(question) == 1, pl.col("answer").is_not_null()
    return both.group_by("is_treated").agg(
        done_n=(done & known).sum(),
        found_n=(done & known & said).sum(),
        not_done_n=(~done & known).sum(),
        wrong_n=(~done & known & said).sum(),
        waiting_n=(~known).sum(),
    )
