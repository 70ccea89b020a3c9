"""What the demo planted beside what the machine found: behaviours, and the effect over exactly the cells that were used.

Lives here: the comparison with the synthetic centre's truth, for the demo's closing lines. Not here: the truth
(aftercall.synth writes it, no pipeline reads it), scoring, estimating.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.did import planted_mean, treated_cells
from analytics.panel import Panel

# Planted behaviour -> the questions that ask for it. Written from the two descriptions, not from each other's wording.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "greeting": ("greeting",),
    "recording_notice": ("recording_notice",),
    "collections_disclosure": ("collector_notice",),
    "identity_check": ("identity_first", "party_verified"),
    "open_question": ("need_explored",),
    "acknowledgement": ("acknowledgement",),
    "apology": ("apology_for_failure",),
    "ownership": ("ownership",),
    "alternative_offered": ("alternative_offered",),
    "payment_offer": ("payment_offer",),
    "recap": ("outcome_stated", "agreement_recapped"),
    "anything_else": ("anything_else",),
    "closing": ("closing",),
    "prohibited_threat": ("no_threat",),
}
# Questions of something that must not be said: 'no' means it was said.
_FORBIDDEN = frozenset({"no_threat"})


@dataclass(frozen=True, slots=True)
class Detection:
    """How the machine's 'done' compares with the planted one, over interactions where the behaviour was called for.

    `rows`: behaviour, planted_n, found_n, right_n, precision, recall, paraphrase_n, paraphrase_recall.
    """

    rows: pl.DataFrame
    precision: float
    recall: float
    paraphrase_recall: float

    def __str__(self) -> str:
        return (
            f"Planted behaviours: precision {self.precision:.2f}, recall {self.recall:.2f} over {self.rows.height}; "
            f"of paraphrases no pattern was written for, {self.paraphrase_recall:.2f}."
        )


def detected(truth: pl.DataFrame, answers: pl.DataFrame) -> Detection:
    """Compare planted with found.

    Args: truth, behaviours as planted (interaction_id, behaviour, called_for, done, is_paraphrase); answers,
        score_question (interaction_id, question_id, answer) of one epoch. An answer 'na' counts as not found.
    """
    pairs = pl.DataFrame(
        [(behaviour, question) for behaviour, names in QUESTIONS.items() for question in names],
        schema=["behaviour", "question_id"],
        orient="row",
    )
    wanted = (
        pl.when(pl.col("question_id").is_in(list(_FORBIDDEN)))
        .then(pl.col("answer") == "no")
        .otherwise(pl.col("answer").is_in(["yes", "partial"]))
    )
    found = (
        answers.join(pairs, on="question_id")
        .filter(pl.col("answer").is_not_null())
        .group_by("interaction_id", "behaviour")
        .agg(is_found=wanted.any())
    )
    both = truth.filter("called_for").join(found, on=["interaction_id", "behaviour"], how="inner")
    done, hit, odd = pl.col("done"), pl.col("is_found"), pl.col("is_paraphrase")
    counts = [
        done.sum().alias("planted_n"),
        hit.sum().alias("found_n"),
        (done & hit).sum().alias("right_n"),
        (done & odd).sum().alias("paraphrase_n"),
        (done & odd & hit).sum().alias("paraphrase_right_n"),
    ]
    ratios = [
        (pl.col("right_n") / pl.col("found_n")).alias("precision"),
        (pl.col("right_n") / pl.col("planted_n")).alias("recall"),
        (pl.col("paraphrase_right_n") / pl.col("paraphrase_n")).alias("paraphrase_recall"),
    ]
    whole = both.select(counts).with_columns(ratios).row(0, named=True)
    rows = both.group_by("behaviour").agg(counts).with_columns(ratios).sort("behaviour")
    return Detection(rows, whole["precision"], whole["recall"], whole["paraphrase_recall"])


def planted_effect_s(panel: Panel, truth: Path) -> float | None:
    """Return the planted effect on handle time over the cells an estimate used, in seconds; None when nobody was coached."""
    weeks = pl.read_parquet(truth / "agent_weeks.parquet")
    try:
        return planted_mean(treated_cells(panel), weeks, column="handle_te_s")
    except DesignError:
        return None
