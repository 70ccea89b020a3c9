"""From stored turns to counts per agent: what a phrase may hold, and that done and missed moments are read alike."""

from datetime import date, timedelta

import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from assets.coaching.moments import MOST_MOMENTS, behaviours, halves, located, looked_at, outcomes, texts_at
from assets.coaching.phrases import phrase_counts, phrases_of

DAYS = [date(2026, 5, 4) + timedelta(days=7 * k) for k in range(6)]


def test_a_phrase_holds_no_mask_no_number_and_no_name() -> None:
    found = phrases_of("Thanks Alexis, card ⟨masked⟩ ends in 4711. Is that right?")
    assert not any(word in phrase for phrase in found for word in ("alexis", "masked", "4711"))
    assert "ends in #" in found
    assert "card ends" not in found, "nothing runs over a mask"
    assert "# is that" not in found, "nothing runs over a sentence"
    assert all(2 <= len(phrase.split()) <= 5 for phrase in found)
    assert not {"is that", "in the", "of your"} & found, "only function words say nothing"


def test_a_phrase_of_four_agents_is_nobody_elses() -> None:
    texts = pl.DataFrame(
        {
            "agent_id": [f"a{k}" for k in range(6) for _ in range(2)],
            "intent": ["bill"] * 12,
            "tenure_band": ["x"] * 12,
            "question_id": ["q"] * 12,
            "text": ["so sorry", "let me check"] * 4 + ["let me check"] * 4,
        }
    )
    said, moments = phrase_counts(texts)
    assert set(said["phrase"]) == {"let me check", "let me", "me check"}
    assert moments["moment_n"].sum() == 12
    assert said.filter(pl.col("phrase") == "let me check")["used_n"].sum() == 8


def places() -> pl.DataFrame:
    rows = [
        {"interaction_id": f"i{k}-{d}", "agent_id": f"a{k}", "day_on": DAYS[d].isoformat(), "intent": None if k else "bill"}
        for k in range(3)
        for d in range(6)
    ]
    rows.append({"interaction_id": "undated", "agent_id": "a0", "day_on": "undated", "intent": "bill"})
    return located(
        pl.DataFrame(rows), pl.DataFrame({"agent_id": ["a0", "a1"], "hired_on": [date(2026, 3, 1), date(2020, 1, 1)]})
    )


def test_the_cut_is_a_monday_and_outcomes_come_from_before_it() -> None:
    found = places()
    cut = halves(found)
    assert cut.after_from_on == DAYS[3]
    assert cut.before_to_on == DAYS[3] - timedelta(days=1)
    surveys = pl.DataFrame(
        {
            "interaction_id": ["i0-0", "i0-1", "i0-5"],
            "respondent": ["customer"] * 3,
            "survey_item": ["csat"] * 3,
            "survey_value": [5.0, 4.0, 1.0],
            "scale_max": [5.0] * 3,
        }
    )
    row = outcomes(found, surveys, cut).row(0, named=True)
    assert (row["agent_id"], row["outcome_n"], row["outcome_sum"]) == ("a0", 2, pytest.approx(1.8))
    with pytest.raises(DesignError, match="load customer surveys"):
        outcomes(found, surveys.filter(pl.col("interaction_id") == "i0-5"), cut)
    with pytest.raises(DesignError, match="four are needed"):
        halves(found.filter(pl.col("on") < DAYS[3]))


def test_tenure_bands_are_those_of_the_marts() -> None:
    bands = {(row["agent_id"], row["on"]): row["tenure_band"] for row in places().to_dicts()}
    assert bands["a0", DAYS[0]] == "under 3 months"
    assert bands["a0", DAYS[4]] == "3 to 12 months"
    assert bands["a1", DAYS[0]] == "over 12 months"
    assert bands["a2", DAYS[0]] == "unknown"


def test_done_and_missed_moments_give_one_turn_each() -> None:
    where = places()
    answers = pl.DataFrame(
        {
            "interaction_id": ["i0-0", "i0-1", "i1-0", "i2-0"],
            "question_id": ["ack", "ack", "ack", "insult"],
            "answer": ["yes", "no", "na", "yes"],
            "called_for_n": [1, 2, 0, 1],
            "done_n": [1, 0, 0, 1],
            "is_advisory": [False] * 4,
        }
    )
    evidence = pl.DataFrame(
        {
            "interaction_id": ["i0-0", "i0-1", "i0-1"],
            "question_id": ["ack"] * 3,
            "turn": [3, 1, None],
            "searched_first_turn": [None, None, 2],
            "searched_last_turn": [None, None, 6],
        }
    )
    turns = pl.DataFrame(
        {
            "interaction_id": ["i0-0"] * 2 + ["i0-1"] * 4,
            "turn": [2, 3, 1, 2, 4, 6],
            "speaker": ["agent", "agent", "customer", "customer", "agent", "agent"],
            "text": ["not here", "so sorry", "trouble", "more", "number please", "and the street"],
        }
    )
    texts = texts_at(looked_at(where, answers, evidence), turns)
    assert sorted(texts["text"]) == ["number please", "so sorry"]
    counts = behaviours(where, answers)
    assert dict(counts.select("question_id", "called_for_n").iter_rows()) == {"ack": 3, "insult": 1}


def test_at_most_so_many_moments_an_agent_and_spread_over_the_time() -> None:
    n = 100
    where = pl.DataFrame(
        {
            "interaction_id": [f"i{k:03d}" for k in range(n)],
            "agent_id": ["a"] * n,
            "on": [DAYS[0] + timedelta(days=k) for k in range(n)],
            "intent": ["bill"] * n,
            "tenure_band": ["x"] * n,
        }
    )
    answers = where.select(
        "interaction_id", question_id=pl.lit("ack"), answer=pl.lit("yes"), called_for_n=1, done_n=1, is_advisory=False
    )
    evidence = where.select("interaction_id", question_id=pl.lit("ack"), turn=0).with_columns(
        searched_first_turn=pl.lit(None, pl.Int64), searched_last_turn=pl.lit(None, pl.Int64)
    )
    found = looked_at(where, answers, evidence)
    assert found.height == MOST_MOMENTS
    assert found["on"].max() - found["on"].min() > timedelta(days=90)  # type: ignore[operator]
    few = looked_at(where.head(7), answers, evidence)
    assert few.height == 7
