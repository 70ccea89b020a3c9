"""The numbers of the QA lead's page, computed once for page, workbook and CSV.

Lives here: levels by question, section and team, weeks, coverage, what loses most points. Not here: sentences (qa.py).
"""

from dataclasses import dataclass

import polars as pl

from analytics.levels import mean_score, question_levels, score_change, section_levels, team_behaviours, weekly_scores
from assets.report.inputs import Facts

TELLING_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class QaNumbers:
    """What the page shows, computed once: levels by question, section and team, weeks, days of coverage, mean and change."""

    questions: pl.DataFrame
    sections: pl.DataFrame
    teams: pl.DataFrame
    weeks: pl.DataFrame
    coverage: pl.DataFrame
    mean: dict[str, float | int | None]
    change: dict[str, float | int] | None


def qa_numbers(facts: Facts) -> QaNumbers:
    """Return the numbers behind the page."""
    counts, known = facts.counts, facts.agents_known
    outcome = (
        pl.when(pl.col("overall").is_not_null()).then(pl.lit("scored")).otherwise(pl.col("null_reason").fill_null("not_scored"))
    )
    coverage = (
        facts.interactions.with_columns(scoring_outcome=outcome)
        .group_by("day_on", "scoring_outcome")
        .agg(interaction_n=pl.len().cast(pl.Int64))
        .sort("day_on", "scoring_outcome")
    )
    has_counts = counts.height > 0
    return QaNumbers(
        question_levels(counts, agents_known=known) if has_counts else pl.DataFrame(),
        section_levels(counts, agents_known=known) if has_counts else pl.DataFrame(),
        team_behaviours(counts) if has_counts else pl.DataFrame(),
        weekly_scores(facts.interactions),
        coverage,
        mean_score(facts.interactions),
        score_change(facts.interactions),
    )


def telling(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of questions on which some visible team is a point or more from all teams; all, if there is none."""
    gap = (pl.col("shrunk") - pl.col("standard")).abs().max().over("question_id")
    kept = cells.filter(gap >= TELLING_SHARE)
    return kept if kept.height else cells


def weakest(facts: Facts, numbers: QaNumbers) -> dict[str, object] | None:
    """Return the question on which most weighted points are lost, among those that count, or None."""
    if numbers.questions.height == 0:
        return None
    weights = facts.questions.select(question_id="id", weight=pl.col("weight").fill_null(1.0))
    counted = numbers.questions.filter(~pl.col("is_advisory").fill_null(value=False) & pl.col("share").is_not_null())
    lost = counted.join(weights, on="question_id", how="left").with_columns(
        lost=(1 - pl.col("share")) * pl.col("weight").fill_null(1.0) * pl.col("called_for_n")
    )
    ranked = lost.sort("lost", "question_id", descending=[True, False])
    return ranked.row(0, named=True) if ranked.height else None
