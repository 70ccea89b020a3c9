"""Which interactions people should label, drawn so that the labels can speak for all: every inclusion probability is kept.

Lives here: seeded draws (random, by agent quota, by the machine's doubt, mixed) and the sheet people fill in. Not here: what
the labels then say (corrected_means.py, agreement_questions.py), reading and writing files (pipelines.verbs.sample).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.inference import Reals

Design = Literal["random", "stratified", "uncertainty", "mixed"]
DESIGNS: tuple[Design, ...] = ("random", "stratified", "uncertainty", "mixed")
# The doubt of the surest interaction counts at least this share of the mean doubt: everything can be drawn.
LEAST_DOUBT = 0.1
LONG_FORM = (
    *("evaluation_id", "interaction_id", "agent_id", "form_id", "form_version", "section_id", "question_id"),
    *("question_version", "question_text", "answer_key", "points", "max_points", "weight", "weight_mode", "is_na"),
    *("is_shown", "is_autofail", "unscored_reason", "answer_source", "suggested_answer", "confidence", "reason"),
    *("evidence_start_s", "evidence_end_s", "evidence_turn", "evidence_text", "searched_start_s", "searched_end_s"),
    *("evaluator_id", "sampling", "inclusion_probability", "calibration_session_id", "dispute_state", "created_at"),
    *("submitted_at", "scorer_hash", "score_epoch"),
)


@dataclass(frozen=True, slots=True)
class Draw:
    """Drawn interactions: rows of the population plus `inclusion_probability`, in order of id, and how they were drawn."""

    rows: pl.DataFrame
    design: Design
    seed: int
    population_n: int

    def __str__(self) -> str:
        low, high = self.rows["inclusion_probability"].min(), self.rows["inclusion_probability"].max()
        return (
            f"{self.rows.height:,} of {self.population_n:,} interactions, {self.design}, seed {self.seed}; "
            f"inclusion probability {low:.4g} to {high:.4g}"
        )


def draw(population: pl.DataFrame, n: int, *, design: Design = "stratified", seed: int = 0, random_share: float = 0.5) -> Draw:
    """Draw interactions to be labelled; the same population, design and seed give the same draw.

    random: every one alike. stratified: the same number per agent, all of an agent with fewer. uncertainty: in proportion to
    the machine's doubt, by systematic sampling in random order. mixed: a random draw and, independently, one by doubt.
    Args: population, interaction_id, agent_id and for the last two `doubt` (0…1, see `doubt_of`); n, how many are wanted;
        stratified draws the largest equal quota within n (at least one per agent).
    Raises: DesignError, nothing to draw from, or no doubt recorded.

    >>> ten = pl.DataFrame({"interaction_id": [f"i{k}" for k in range(10)], "agent_id": ["a", "b"] * 5})
    >>> drawn = draw(ten, 4, seed=7)
    >>> drawn.rows.height, drawn.rows["inclusion_probability"].unique().to_list()
    (4, [0.4])
    """
    frame = population.unique("interaction_id", keep="first", maintain_order=True).sort("interaction_id")
    if frame.height == 0 or n < 1:
        raise DesignError(
            f"{n} of {frame.height} interactions cannot be drawn. Give a state with scored interactions and n > 0."
        )
    rng = np.random.default_rng(seed)
    if design == "random":
        probability, taken = _alike(frame.height, n, rng)
    elif design == "stratified":
        probability, taken = _by_agent(frame, n, rng)
    elif design == "uncertainty":
        probability, taken = _by_doubt(_doubt(frame), n, rng)
    else:
        at_random = round(n * random_share)
        first, one = _alike(frame.height, at_random, rng)
        second, two = _by_doubt(_doubt(frame), n - at_random, rng)
        probability, taken = 1 - (1 - first) * (1 - second), one | two
    rows = frame.with_columns(inclusion_probability=pl.Series(probability)).filter(pl.Series(taken)).drop("doubt", strict=False)
    return Draw(rows, design, seed, frame.height)


def _alike(size: int, n: int, rng: np.random.Generator) -> tuple[Reals, NDArray[np.bool_]]:
    n = min(n, size)
    taken = np.zeros(size, dtype=bool)
    taken[rng.permutation(size)[:n]] = True
    return np.full(size, n / size), taken


def _by_agent(frame: pl.DataFrame, n: int, rng: np.random.Generator) -> tuple[Reals, NDArray[np.bool_]]:
    agents = frame["agent_id"].fill_null("(agent not known)")
    quota = max(1, n // agents.n_unique())
    place = pl.DataFrame({"agent": agents, "order": rng.random(frame.height)})
    place = place.with_columns(rank=pl.col("order").rank("ordinal").over("agent"), size=pl.len().over("agent"))
    probability = (place["size"].clip(upper_bound=quota) / place["size"]).to_numpy()
    return probability.astype(float), (place["rank"] <= quota).to_numpy()


def _by_doubt(doubt: Reals, n: int, rng: np.random.Generator) -> tuple[Reals, NDArray[np.bool_]]:
    """Draw with probability in proportion to doubt. Source: Madow (1949), systematic sampling in random order."""
    size = np.maximum(doubt, LEAST_DOUBT * max(float(doubt.mean()), 1e-12))
    probability = inclusion_probabilities(size, n)
    order = rng.permutation(size.size)
    ends = np.cumsum(probability[order]) - rng.random()
    steps = np.floor(ends + 1e-9)
    taken = np.zeros(size.size, dtype=bool)
    taken[order] = np.diff(steps, prepend=np.floor(ends[0] - probability[order][0] + 1e-9)) > 0
    return probability, taken


def inclusion_probabilities(size: Reals, n: int) -> Reals:
    """Return probabilities in proportion to size that add up to n; what would pass 1 is certain.

    >>> inclusion_probabilities(np.array([1.0, 1.0, 2.0, 8.0]), 2).round(2).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    probability, certain = np.zeros(size.size), np.zeros(size.size, dtype=bool)
    for _ in range(size.size):
        left = min(n, size.size) - certain.sum()
        probability = np.where(certain, 1.0, left * size / size[~certain].sum() if (~certain).any() else 1.0)
        over = (probability > 1) & ~certain
        if not over.any():
            break
        certain |= over
    return np.minimum(probability, 1.0)


def _doubt(frame: pl.DataFrame) -> Reals:
    if "doubt" not in frame.columns or frame["doubt"].null_count() == frame.height:
        raise DesignError(
            "Nothing says how sure these scores are, so doubt cannot guide the draw. Ask for --design random or stratified."
        )
    return frame["doubt"].fill_null(frame["doubt"].mean()).to_numpy().astype(float)


def doubt_of(answers: pl.DataFrame) -> pl.DataFrame:
    """Return interaction_id and doubt: the mean of 1 − confidence over the questions that carry a confidence.

    >>> doubt_of(pl.DataFrame({"interaction_id": ["a", "a"], "confidence": [0.9, 0.5]}))["doubt"].round(2).to_list()
    [0.3]
    """
    if "confidence" not in answers.columns:
        return answers.select("interaction_id").unique().with_columns(doubt=pl.lit(None, dtype=pl.Float64))
    return answers.group_by("interaction_id").agg(doubt=(1 - pl.col("confidence").cast(pl.Float64)).mean())


def doubt_of_margins(scores: pl.DataFrame, cuts: Sequence[float], *, reach: float = 10.0) -> pl.DataFrame:
    """Return interaction_id and doubt from how near the overall score lies to a band's edge: 1 on it, 0 `reach` points away.

    >>> doubt_of_margins(pl.DataFrame({"interaction_id": ["a"], "overall": [85.0]}), [75.0, 90.0])["doubt"].to_list()
    [0.5]
    """
    nearest = pl.min_horizontal((pl.col("overall") - cut).abs() for cut in cuts)
    return scores.select("interaction_id", doubt=(1 - nearest / reach).clip(0.0, 1.0))


def sheet(
    drawn: Draw, questions: pl.DataFrame, *, double_share: float = 0.0, suggestions: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the sheet to fill in: the long form of evaluations, one row per drawn interaction and question.

    Blind unless `suggestions` (interaction_id, question_id, answer) are given: then the machine's answer stands in
    `suggested_answer`, and agreement leaves the answers out. A random `double_share` of interactions appears twice, for a
    second person: people among themselves are the ceiling for the machine.
    Args: questions, form_id, form_version, section_id, question_id, question_text, weight, weight_mode, joined to the draw by
        form_id where it has one.
    """
    again = np.random.default_rng([drawn.seed, 1]).random(drawn.rows.height) < double_share
    once = drawn.rows.with_columns(number=pl.int_range(1, pl.len() + 1), copy=pl.lit("a"))
    forms = pl.concat([once, once.filter(pl.Series(again)).with_columns(copy=pl.lit("b"))]).sort("number", "copy")
    ids = pl.format("draw-{}-{}-{}{}", pl.lit(drawn.design), pl.lit(drawn.seed), pl.col("number"), pl.col("copy"))
    how = {"on": "form_id", "how": "inner"} if "form_id" in forms.columns else {"how": "cross"}
    asked = questions.with_row_index("place")
    rows = forms.join(asked, **how).with_columns(  # pyright: ignore[reportArgumentType]
        evaluation_id=ids, sampling=pl.lit("random"), answer_source=pl.lit("human")
    )
    if suggestions is not None:
        seen = suggestions.select("interaction_id", "question_id", suggested_answer="answer")
        rows = rows.join(seen, on=["interaction_id", "question_id"], how="left").with_columns(answer_source=pl.lit("edited"))
    rows = rows.sort("number", "copy", "place")
    blank: dict[str, Any] = {name: pl.lit(None, dtype=pl.String) for name in LONG_FORM if name not in rows.columns}
    return rows.with_columns(**blank).select(LONG_FORM)
