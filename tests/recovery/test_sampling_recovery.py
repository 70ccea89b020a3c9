"""Draws keep the probabilities they state, and a mean corrected by their labels holds the truth where the raw mean never does.

60 agents × 120 interactions; the machine is 4 points too kind, by 3 points more or less per agent. 400 samples of 300 labels,
100 of each design. Coverage of 95 %: Monte-Carlo error 1.1 points, so 91.7 to 98.3 %; the raw mean must hold the truth in
under 10 %.
"""

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from analytics.corrected_means import corrected_means
from analytics.sampling import DESIGNS, LONG_FORM, Design, draw, inclusion_probabilities, sheet

AGENTS, CALLS, LABELS, RUNS, TRUTH = 60, 120, 300, 400, 70.0


def population(rng: np.random.Generator) -> pl.DataFrame:
    g = np.repeat(np.arange(AGENTS), CALLS)
    human = TRUTH + rng.normal(0, 6, AGENTS)[g] + rng.normal(0, 12, g.size)
    machine = human + 4 + rng.normal(0, 3, AGENTS)[g] + rng.normal(0, 8, g.size)
    return pl.DataFrame(
        {
            "interaction_id": [f"i{k:05d}" for k in range(g.size)],
            "agent_id": [f"a{k:02d}" for k in g],
            "machine": machine,
            "truth": human,
            "doubt": np.clip(np.abs(rng.normal(0, 0.3, g.size)), 0, 1),
        }
    )


def test_the_corrected_mean_holds_the_truth_under_every_design() -> None:
    rng = np.random.default_rng(3)
    held, raw, estimates = 0, 0, []
    for run in range(RUNS):
        frame = population(rng)
        drawn = draw(frame, LABELS, design=DESIGNS[run % 4], seed=run).rows
        labelled = frame.join(drawn.select("interaction_id", "inclusion_probability"), on="interaction_id", how="left")
        known = pl.col("inclusion_probability").is_not_null()
        row = corrected_means(labelled.with_columns(human=pl.when(known).then("truth"))).row(0, named=True)
        held += row["corrected_low"] <= TRUTH <= row["corrected_high"]
        raw += row["machine_low"] <= TRUTH <= row["machine_high"]
        estimates.append((row["corrected"], row["se"]))
    assert 0.917 <= held / RUNS <= 0.983
    assert raw / RUNS < 0.10, "the planted kindness has teeth"
    mean, se = np.mean(estimates, axis=0)
    spread = np.std([value for value, _ in estimates])
    assert abs(mean - TRUTH) < 3 * spread / RUNS**0.5
    assert 0.85 < se / spread < 1.25


@pytest.mark.parametrize("design", DESIGNS)
def test_rows_are_drawn_with_the_probability_they_state(design: Design) -> None:
    frame = population(np.random.default_rng(1)).head(400)
    times, stated = np.zeros(400), np.full(400, np.nan)
    for seed in range(600):
        rows = draw(frame, 80, design=design, seed=seed).rows
        place = rows["interaction_id"].str.slice(1).cast(pl.Int64).to_numpy()
        times[place] += 1
        stated[place] = rows["inclusion_probability"].to_numpy()
    drawn = np.isfinite(stated)
    assert drawn.mean() > 0.99, "everything can be drawn"
    z = (times[drawn] / 600 - stated[drawn]) / np.sqrt(np.maximum(stated[drawn] * (1 - stated[drawn]), 1e-9) / 600)
    assert np.abs(z[stated[drawn] < 1]).max() < 4.5, "400 rows within what chance allows"


def test_the_same_seed_draws_the_same_and_agents_get_their_quota() -> None:
    frame = population(np.random.default_rng(1))
    one, again, other = (draw(frame, 180, seed=seed) for seed in (7, 7, 8))
    assert one.rows.equals(again.rows)
    assert not one.rows.equals(other.rows)
    assert one.rows["agent_id"].value_counts()["count"].unique().to_list() == [3]
    few = pl.concat([frame.head(1).with_columns(agent_id=pl.lit("new")), frame.filter(pl.col("agent_id") == "a01")])
    rows = draw(few, 20, seed=1).rows
    assert dict(rows.select("agent_id", "inclusion_probability").unique().iter_rows())["new"] == 1.0


def test_probabilities_add_up_to_the_size_of_the_draw() -> None:
    size = np.random.default_rng(2).pareto(1.0, 500) + 0.01
    found = inclusion_probabilities(size, 60)
    assert np.isclose(found.sum(), 60)
    assert found.max() <= 1
    small = found < 1
    assert np.allclose(found[small] / size[small], found[small][0] / size[small][0])


def test_the_sheet_is_blind_and_holds_every_row_to_fill_in() -> None:
    frame = population(np.random.default_rng(1)).with_columns(form_id=pl.lit("service"))
    drawn = draw(frame, 60, seed=7)
    questions = pl.DataFrame(
        {"form_id": ["service"] * 2 + ["collections"], "section_id": "tone", "question_id": ["greeting", "recap", "notice"]}
    )
    rows = sheet(drawn, questions, double_share=0.5)
    assert tuple(rows.columns) == LONG_FORM
    assert rows["answer_key"].null_count() == rows["suggested_answer"].null_count() == rows.height
    assert set(rows["question_id"]) == {"greeting", "recap"}, "each form asks its own questions"
    forms = rows["evaluation_id"].n_unique()
    assert 75 < forms < 105, "half of the 60 are drawn for a second person"
    assert rows.select("evaluation_id", "question_id").n_unique() == rows.height
    assert rows["inclusion_probability"].null_count() == 0
    machine = drawn.rows.select("interaction_id", question_id=pl.lit("recap"), answer=pl.lit("no"))
    seen = sheet(drawn, questions, suggestions=machine)
    assert set(seen["answer_source"]) == {"edited"}, "an answer given with the machine's in view is never blind"


def test_what_cannot_be_drawn_or_corrected_is_refused() -> None:
    frame = population(np.random.default_rng(1)).drop("doubt")
    with pytest.raises(DesignError, match="how sure"):
        draw(frame, 10, design="mixed")
    with pytest.raises(DesignError, match="one agent"):
        corrected_means(frame.with_columns(human=pl.lit(None), inclusion_probability=pl.lit(None)), by="agent_id")
    few = frame.with_columns(
        human=pl.when(pl.int_range(pl.len()) < 19).then("truth"), inclusion_probability=pl.lit(0.1), queue=pl.lit("q")
    )
    row = corrected_means(few, by="queue").row(0, named=True)
    assert row["corrected"] is None
    assert "too few" in row["note"]
