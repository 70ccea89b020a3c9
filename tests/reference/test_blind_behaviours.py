"""Behaviours on cases written without sight of their rules: what the catalogue shows is what comes out."""

import json
import runpy
from pathlib import Path

import pytest

from aftercall.scoring.behaviours import FOLDER, catalogue

TIMED = {"interruption", "response_time", "dead_air"}


@pytest.fixture(scope="module")
def measured(checkout: Path) -> dict[str, dict[str, int]]:
    return runpy.run_path(str(checkout / "scripts" / "measure_behaviours.py"))["measured"]()


def test_the_catalogue_shows_what_is_measured(measured: dict[str, dict[str, int]]) -> None:
    shown = json.loads((FOLDER / "measured.json").read_text(encoding="utf-8"))["behaviours"]
    assert measured == shown, "run scripts/measure_behaviours.py after a change of rules, phrases or the model"


def test_every_behaviour_that_words_can_show_is_measured(measured: dict[str, dict[str, int]]) -> None:
    assert set(catalogue()) - set(measured) == TIMED
    assert all(one["paraphrase_n"] >= 19 and one["near_miss_n"] >= 19 for one in measured.values())


def test_paraphrases_are_found_far_more_often_than_look_alikes(measured: dict[str, dict[str, int]]) -> None:
    """A floor well under the measured figures: it fires when the model or the phrases stop working."""
    total = {key: sum(one[key] for one in measured.values()) for key in ("paraphrase_n", "found_n", "near_miss_n", "false_n")}
    assert total["found_n"] >= 0.5 * total["paraphrase_n"]
    assert total["false_n"] <= 0.25 * total["near_miss_n"]
