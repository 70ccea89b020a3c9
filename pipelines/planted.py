"""What the demo planted beside what the machine found: behaviours, and the effect over exactly the cells that were used.

Lives here: the comparison with the synthetic centre's truth, for the demo's closing lines. Not here: the truth
(aftercall.synth writes it, no pipeline reads it), scoring, estimating.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from aftercall.contracts.errors import AftercallError
from aftercall.scoring.batch import score_batch
from aftercall.scoring.behaviour_cases import catalogue_forms
from aftercall.scoring.behaviours import catalogue
from aftercall.scoring.reader import ModelState
from aftercall.text.signals import TextModel
from analytics.mart_study import standing
from analytics.panel import Panel
from analytics.planted_effect import planted_mean, treated_cells
from analytics.studies.prepare import prepared

# Planted behaviour -> the behaviour of the catalogue that means the same. Written from the two descriptions, not from wording.
BEHAVIOURS: dict[str, str] = {
    "greeting": "greeting",
    "recording_notice": "required_disclosure",
    "identity_check": "verification",
    "open_question": "effective_questions",
    "acknowledgement": "acknowledgement",
    "apology": "apology",
    "ownership": "ownership",
    "alternative_offered": "alternative_offered",
    "payment_offer": "payment_offer",
    "recap": "recap_closing",
    "anything_else": "anything_else",
    "closing": "closing",
    "prohibited_threat": "prohibited_phrase",
}


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


def behaviour_answers(core: pl.DataFrame, turns: pl.DataFrame, model: TextModel | ModelState) -> pl.DataFrame:
    """Return interaction_id, question_id (a behaviour), answer: every behaviour by its own rule."""
    tables = score_batch(core.to_arrow(), turns.to_arrow(), catalogue_forms(model=model))
    return pl.DataFrame(pl.from_arrow(tables.score_question)).select("interaction_id", "question_id", "answer")


def detected(truth: pl.DataFrame, answers: pl.DataFrame) -> Detection:
    """Compare planted with found.

    Args: truth, behaviours as planted (interaction_id, behaviour, called_for, done, is_paraphrase); answers, see
        `behaviour_answers`. An answer 'na' counts as not found; one that waits for a person is left out.
    """
    pairs = pl.DataFrame(list(BEHAVIOURS.items()), schema=["behaviour", "question_id"], orient="row")
    bad = [name for name, one in catalogue().items() if one.direction == "bad"]
    wanted = (
        pl.when(pl.col("question_id").is_in(bad))
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
    planted = weeks.select(unit="agent_id", period=pl.col("week_on").cast(pl.String), te="handle_te_s")
    try:
        return planted_mean(treated_cells(prepared(*standing(panel)).panel), planted)
    except AftercallError:
        return None
