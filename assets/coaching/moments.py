"""The frames behind "what the strongest do differently": outcomes of the first half, behaviours and texts of the second.

Lives here: joining interactions, surveys, answers and turns into counts per agent, intent and tenure band. Not here: reading
the lake (assets.py), words (phrases.py), statistics (analytics/best_practice.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from aftercall.contracts.errors import DesignError

# At most so many moments an agent and question are read for words: more would cost time and hardly move a share.
MOST_MOMENTS = 25
_CELL = ("agent_id", "intent", "tenure_band")


@dataclass(frozen=True, slots=True)
class Halves:
    """The outcome's period ends on `before_to_on`, the behaviours' begins on `after_from_on`."""

    before_to_on: date
    after_from_on: date


def located(interactions: pl.DataFrame, agents: pl.DataFrame) -> pl.DataFrame:
    """Return dated interactions of known agents with on, intent and tenure band (as in int_interaction).

    Args: interactions with interaction_id, agent_id, day_on, intent; agents with agent_id, hired_on.
    """
    hired = agents.group_by("agent_id").agg(pl.col("hired_on").min())
    dated = interactions.with_columns(on=pl.col("day_on").str.to_date("%Y-%m-%d", strict=False))
    dated = dated.filter(pl.col("on").is_not_null() & pl.col("agent_id").is_not_null()).join(hired, on="agent_id", how="left")
    band = (
        pl.when(pl.col("hired_on").is_null() | (pl.col("on") < pl.col("hired_on")))
        .then(pl.lit("unknown"))
        .when(pl.col("on") < pl.col("hired_on").dt.offset_by("3mo"))
        .then(pl.lit("under 3 months"))
        .when(pl.col("on") < pl.col("hired_on").dt.offset_by("12mo"))
        .then(pl.lit("3 to 12 months"))
        .otherwise(pl.lit("over 12 months"))
    )
    return dated.select("interaction_id", "agent_id", "on", intent=pl.col("intent").fill_null("(not known)"), tenure_band=band)


def halves(places: pl.DataFrame) -> Halves:
    """Return the two halves of the weeks, cut at a Monday.

    Raises: DesignError, fewer than four weeks.
    """
    weeks = places["on"].dt.truncate("1w").unique().sort()
    if weeks.len() < 4:
        raise DesignError(
            f"{weeks.len()} weeks are dated and four are needed: two to see who is strong, two to see what they do."
        )
    middle: date = weeks[weeks.len() // 2]
    return Halves(middle - timedelta(days=1), middle)


def outcomes(places: pl.DataFrame, surveys: pl.DataFrame, cut: Halves) -> pl.DataFrame:
    """Return the sums of customers' satisfaction before the cut, on a scale of 0 to 1.

    Raises: DesignError, no survey names its interaction.
    """
    answered = surveys.filter((pl.col("respondent") == "customer") & (pl.col("survey_item") == "csat"))
    joined = answered.select("interaction_id", y=pl.col("survey_value") / pl.col("scale_max")).join(places, on="interaction_id")
    early = joined.filter((pl.col("on") <= cut.before_to_on) & pl.col("y").is_not_null())
    if early.height == 0:
        raise DesignError(
            "No outcome to choose the strongest by: load customer surveys (csat) with interaction_id. The score itself is no "
            "such outcome, because it is made of the behaviours."
        )
    y = pl.col("y")
    return early.group_by(*_CELL).agg(outcome_sum=y.sum(), outcome_sq_sum=(y**2).sum(), outcome_n=pl.len().cast(pl.Int64))


def behaviours(places: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return how often each question was called for and done, per agent, intent and tenure band."""
    called = answers.filter((pl.col("called_for_n") > 0) & ~pl.col("is_advisory").fill_null(value=False))
    joined = called.join(places, on="interaction_id")
    return joined.group_by(*_CELL, "question_id").agg(pl.col("called_for_n", "done_n").sum().cast(pl.Int64))


def looked_at(places: pl.DataFrame, answers: pl.DataFrame, evidence: pl.DataFrame) -> pl.DataFrame:
    """Return interaction_id, question_id, first and last turn of the moments whose words are read, evenly over the time.

    Of a done answer it is the turn that proves it, of a missed one the turns searched. Questions that leave no proof when they
    are done (nothing forbidden was said) have no words to compare and are left out.
    """
    judged = answers.filter(pl.col("answer").is_in(["yes", "no", "partial"]) & ~pl.col("is_advisory").fill_null(value=False))
    proof = evidence.filter(pl.col("turn").is_not_null()).group_by("interaction_id", "question_id").agg(pl.col("turn").min())
    search = (
        evidence.filter(pl.col("searched_first_turn").is_not_null())
        .sort("searched_first_turn")
        .unique(["interaction_id", "question_id"], keep="first", maintain_order=True)
    )
    keys = ["interaction_id", "question_id"]
    done = judged.filter(pl.col("answer") == "yes").join(proof, on=keys).select(*keys, first="turn", last="turn")
    spans = search.select(*keys, first="searched_first_turn", last="searched_last_turn")
    missed = judged.filter(pl.col("answer") != "yes").join(spans, on=keys).select(*keys, "first", "last")
    both = pl.concat([done, missed], how="vertical_relaxed").filter(
        pl.col("question_id").is_in(done["question_id"].unique().implode())
    )
    spread = both.join(places, on="interaction_id").sort("question_id", "agent_id", "on", "interaction_id")
    bucket = (pl.int_range(pl.len()) * MOST_MOMENTS // pl.max_horizontal(pl.len(), MOST_MOMENTS)).over(
        "question_id", "agent_id"
    )
    return spread.with_columns(bucket=bucket).unique(["question_id", "agent_id", "bucket"], keep="first", maintain_order=True)


def texts_at(moments: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """Return one text per moment: the agent's first turn within it. Same words for done and missed: one turn each.

    Args: moments of `looked_at`; turns with interaction_id, turn, speaker, text.
    """
    agent = turns.filter(pl.col("speaker") == "agent").select("interaction_id", "turn", "text")
    joined = moments.join(agent, on="interaction_id").filter(pl.col("turn").is_between(pl.col("first"), pl.col("last")))
    first = joined.sort("turn").unique(["interaction_id", "question_id"], keep="first", maintain_order=True)
    return first.select(*_CELL, "question_id", "text")
