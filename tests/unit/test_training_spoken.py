"""Errors by recogniser confidence and by tenure: the plan is fixed, counting is by hand, what was kept fits the sentences."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from training.measure_planted import beside, planted_lines
from training.measure_spoken import shares, word_errors
from training.spoken import KEPT, LINES, held_out, on_the_line, plan_hash, spoken_sentences, takes


def test_every_held_out_sentence_is_spoken_once_and_on_every_line() -> None:
    texts = [row.text for row in held_out()]
    plan = takes(texts)
    assert sorted(text for take in plan for text in take.texts) == sorted(texts)
    assert {(take.snr_db, take.band) for take in plan} == set(LINES)
    assert plan_hash(plan) == plan_hash(takes(texts)) != plan_hash(takes(texts[1:]))


def test_what_was_kept_is_of_the_present_sentences() -> None:
    name, heard = spoken_sentences(KEPT)
    assert "whisper" in name
    assert [one.text for one in heard] == [text for take in takes([row.text for row in held_out()]) for text in take.texts]
    known = [one for one in heard if one.confidence is not None]
    quiet, loud = ([one for one in known if one.snr_db == level] for level in (None, 0))

    def wrong(rows: list) -> float:
        return sum(word_errors(one.text, one.heard)[0] for one in rows) / sum(len(one.text.split()) for one in rows)

    assert wrong(quiet) < 0.3 < wrong(loud)
    assert np.mean([one.confidence for one in quiet]) > np.mean([one.confidence for one in loud])


def test_noise_has_the_level_that_was_asked_for() -> None:
    take = next(one for one in takes(["a"] * 100) if one.snr_db == 20)
    silence = np.zeros(32_000, np.float32)
    voice = np.sin(np.arange(32_000) / 5).astype(np.float32)
    level = float(np.sqrt(np.mean(voice**2)))
    mixed = on_the_line(np.concatenate([voice, silence]), take, level, np.random.default_rng(1))
    loud, quiet = (np.sqrt(np.mean(part[2_000:-2_000] ** 2)) for part in (mixed[:32_000], mixed[32_000:]))
    # The telephone band takes away the part of the noise above 4 kHz.
    assert 20 * np.log10(loud / quiet) == pytest.approx(20, abs=2.5)


def test_shares_are_counts_over_counts() -> None:
    counts = np.array([[2.0, 1, 0, 8, 1, 2]] * 5)
    acts, sure, maybe, others, alarm, wide = shares(counts)
    assert (acts, others) == (10, 40)
    assert (sure, maybe) == ("0.500 [0.500, 0.500]", "0.000 [0.000, 0.000]")
    assert (alarm, wide) == ("0.125 [0.125, 0.125]", "0.250 [0.250, 0.250]")


def test_planted_acts_beside_answers() -> None:
    ids = [f"i{k}" for k in range(6)]
    planted = pl.DataFrame(
        {"interaction_id": ids, "behaviour": "apology", "called_for": [True] * 5 + [False], "is_paraphrase": False}
        | {"done": [True, True, True, False, False, True]}
    )
    answers = pl.DataFrame(
        {"interaction_id": ids, "question_id": "apology_for_failure", "answer": ["yes", "no", None, "partial", "no", "no"]}
    )
    core = pl.DataFrame(
        {"interaction_id": ids, "agent_id": ["a"] * 3 + ["b"] * 3, "channel": "voice", "day_on": "2026-06-01", "intent": "x"}
    )
    agents = pl.DataFrame({"agent_id": ["a", "b"], "hired_on": [date(2026, 5, 4), date(2020, 1, 1)]})
    lines = {line[0]: line[1:] for line in planted_lines(beside(planted, answers, core, agents))}
    n, agent_n, done_n, missed, left, not_n, alarm = lines["everything"]
    assert (n, agent_n, done_n, not_n) == (5, 2, 3, 2)
    assert [text.split()[0] for text in (missed, left, alarm)] == ["0.333", "0.333", "0.500"]
    assert lines["tenure: under 3 months"][:3] == (3, 1, 3)
    assert lines["tenure: over 12 months"][5] == 2
