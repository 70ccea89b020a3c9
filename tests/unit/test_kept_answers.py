"""Answers are asked once of the same marts, and again when anything they were made from changed or does not fit."""

from pathlib import Path

import pytest

from analytics.first_answers import FirstAnswers
from assets.analysis.kept import kept_or_asked
from assets.results import text_of

MADE_FROM = {"marts": "run-1", "epoch": "e", "analytics": "a"}
ANSWERS = FirstAnswers(None, None, {"trends": "nobody was scored"})


class Asked:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> FirstAnswers:
        self.times += 1
        return ANSWERS


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    answers = tmp_path / "first_answers.json"
    kept_or_asked(answers, FirstAnswers, MADE_FROM, Asked())
    answers.write_text(text_of(ANSWERS), encoding="utf-8")
    return answers


def test_the_same_marts_are_not_asked_again(kept: Path) -> None:
    again = Asked()
    assert kept_or_asked(kept, FirstAnswers, MADE_FROM, again) == ANSWERS
    assert again.times == 0


@pytest.mark.parametrize("changed", ["marts", "epoch", "analytics"])
def test_anything_else_asks_again(kept: Path, changed: str) -> None:
    again = Asked()
    kept_or_asked(kept, FirstAnswers, MADE_FROM | {changed: "other"}, again)
    assert again.times == 1


def test_a_note_that_does_not_fit_its_answers_is_not_believed(kept: Path) -> None:
    kept.write_text(text_of(ANSWERS).replace("nobody", "somebody"), encoding="utf-8")
    again = Asked()
    kept_or_asked(kept, FirstAnswers, MADE_FROM, again)
    assert again.times == 1
