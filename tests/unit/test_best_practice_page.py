"""The QA page on what the strongest do differently: candidates with intervals and doubts, no names, nothing where few."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from analytics.best_practice import BestPractice, find_best_practice, refusal
from assets.report.build import report_files
from assets.report.inputs import ReportInputs
from assets.results import from_plain, to_plain
from tests.report_case import report_case

AGENTS = 40
QUESTION = "explains_next_step"


def found(*, planted: float) -> BestPractice:
    """Ten strong agents of forty, who explain the next step (and say so in a set phrase) more often by `planted`."""
    rng = np.random.default_rng(1)
    before, after, said, moments = [], [], [], []
    for k in range(AGENTS):
        key = {"agent_id": f"agent-{k:03d}", "intent": "bill", "tenure_band": "over 12 months"}
        strong, n = k < 10, 60
        p = 0.3 + planted * strong
        before.append(key | {"outcome_sum": n * (0.8 + 0.15 * strong), "outcome_sq_sum": n * 0.9, "outcome_n": n})
        after.append(key | {"question_id": QUESTION, "called_for_n": n, "done_n": int(rng.binomial(n, p))})
        said.append(
            key | {"question_id": QUESTION, "phrase": "what happens next is <b>", "used_n": int(rng.binomial(n, p / 2)) + 1}
        )
        moments.append(key | {"question_id": QUESTION, "moment_n": n})
    frames = (pl.DataFrame(rows) for rows in (before, after, said, moments))
    return find_best_practice(
        *frames, outcome="customers' satisfaction", before_to_on=date(2026, 3, 1), after_from_on=date(2026, 3, 2)
    )


@pytest.fixture(scope="module")
def inputs() -> ReportInputs:
    return report_case(a_week=3)


def section_of(inputs: ReportInputs, answer: BestPractice | None) -> str:
    page = report_files(replace(inputs, best_practice=answer))["qa.html"].decode()
    match = re.search(r'<section id="strongest">.*?</section>', page, re.DOTALL)
    assert match
    return match[0]


def test_candidates_come_with_interval_counts_and_doubts(inputs: ReportInputs) -> None:
    html = section_of(inputs, found(planted=0.3))
    assert "1 of 1 behaviours and 1 of 1 short phrases differ: candidates to coach and then to measure" in html
    assert "Explains what happens next" in html
    assert "what happens next is &lt;b&gt;" in html
    assert "600 and 1,800" in html
    assert "10 and 30" in html
    assert re.search(r"\+\d+\.\d .{0,30}\(\+\d", html)
    assert "Would coaching it make others as strong?" in html
    assert "agent-0" not in html


def test_nothing_clear_is_said_and_the_numbers_stay_open_to_see(inputs: ReportInputs) -> None:
    html = section_of(inputs, found(planted=0.0))
    assert "nothing they do or say differs clearly" in html
    assert "none of them clearly different" in html


def test_no_answer_says_why_and_what_to_load(inputs: ReportInputs) -> None:
    assert "load customer surveys" in section_of(inputs, refusal("x", "No outcome: load customer surveys."))
    assert "run the main job" in section_of(inputs, None)


def test_the_answer_survives_being_kept() -> None:
    answer = found(planted=0.3)
    kept = from_plain(BestPractice, to_plain(answer))
    assert kept.behaviours.equals(answer.behaviours)
    assert kept.phrases.equals(answer.phrases)
    assert (kept.epoch, kept.top_n, kept.before_to_on) == (answer.epoch, 10, date(2026, 3, 1))
    nothing = from_plain(BestPractice, to_plain(refusal("x", "why")))
    assert nothing.refused == "why"
