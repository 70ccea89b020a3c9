"""The behaviour catalogue: every behaviour is complete, and the shipped model judges its own examples as they are meant."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import jsonschema
import pytest
import yaml

import aftercall.scoring
from aftercall.contracts.errors import RequestError, ScorecardError
from aftercall.scoring.behaviour_cases import forms_of, judged, measure, seen
from aftercall.scoring.behaviours import RULE_KEYS, Dialogue, catalogue, dialogue
from aftercall.scoring.form import asked_of
from aftercall.scoring.forms import Forms, shared_sets
from aftercall.scoring.yaml_files import validated

SCORING = Path(aftercall.scoring.__file__).parent
SCHEMA_OF = {"catalogue": "behaviours.schema.json", "scorecards": "scorecard.schema.json", "phrases": "phrases.schema.json"}
SHIPPED = [path for folder in SCHEMA_OF for path in sorted((SCORING / folder).glob("*.yaml"))]
# Judged on times: their dialogues carry times and are calls.
ON_TIMES = ("dead_air", "interruption", "response_time")


def cases(kind: Literal["examples", "counter_examples"]) -> list[object]:
    return [
        pytest.param(name, lines, id=f"{name}-{place}")
        for name, one in catalogue().items()
        for place, lines in enumerate(getattr(one, kind))
    ]


@cache
def shipped_forms(name: str) -> Forms:
    """A form that asks for one behaviour, read by the text model of this machine."""
    return forms_of(catalogue()[name])


def channel_of(name: str) -> str:
    return "voice" if name in ON_TIMES else "chat"


def seen_in(name: str, lines: Dialogue) -> str:
    return seen(catalogue()[name], judged(shipped_forms(name), lines, channel=channel_of(name)))


@pytest.mark.parametrize(("name", "lines"), cases("examples"))
def test_an_example_shows_its_behaviour(name: str, lines: Dialogue) -> None:
    assert seen_in(name, lines) == "shown"


@pytest.mark.parametrize(("name", "lines"), cases("counter_examples"))
def test_a_counter_example_does_not(name: str, lines: Dialogue) -> None:
    assert seen_in(name, lines) != "shown"


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_behaviour_is_complete_and_its_vectors_differ(name: str) -> None:
    one = catalogue()[name]
    assert len(set(one.examples)) >= 5
    assert len(set(one.counter_examples)) >= 5
    assert not set(one.examples) & set(one.counter_examples)
    assert set(one.rule) <= {*RULE_KEYS, "reasons", "remedy"}
    turns = [turn for lines in (*one.examples, *one.counter_examples) for turn in dialogue(lines).turns]
    assert all(turn.text.strip() for turn in turns)
    assert any(turn.speaker == "agent" for turn in turns)


def test_there_are_at_least_24_behaviours_and_both_directions() -> None:
    assert len(catalogue()) >= 24
    assert {one.direction for one in catalogue().values()} == {"good", "bad"}


def test_ids_stand_once_over_all_files() -> None:
    # A YAML mapping keeps the last of two equal keys, so they are counted as written.
    texts = [path.read_text(encoding="utf-8") for path in (SCORING / "catalogue").glob("*.yaml")]
    written = [name for text in texts for name in re.findall(r"^([a-z_]+):$", text, re.MULTILINE)]
    assert sorted(written) == sorted(catalogue())


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_behaviour_asks_for_sets_that_exist_and_says_what_is_read(name: str) -> None:
    (question,) = forms_of(catalogue()[name], model="model_missing").forms[0].questions
    for party, names in asked_of(question.rule).items():
        assert names <= set(shared_sets())
        assert (party in question.reads) == any(shared_sets()[one].reading for one in names)


def test_without_a_model_what_needs_one_is_pending_and_the_rest_is_judged() -> None:
    known = catalogue()
    for name, one in known.items():
        forms = forms_of(one, model="model_missing")
        needs_model = bool(forms.forms[0].questions[0].reads)
        answers = [judged(forms, lines, channel=channel_of(name)) for lines in one.examples]
        assert {seen(one, answer) for answer in answers} == ({"pending"} if needs_model else {"shown"}), name
        if needs_model:
            assert {answer.null_reason for answer in answers} == {"model_missing"}


def test_measuring_counts_found_and_wrongly_found() -> None:
    one = catalogue()["greeting"]
    got = measure("greeting", [*one.examples[:2], *one.counter_examples[:1]], [one.examples[0], *one.counter_examples[:2]])
    assert (got.paraphrase_n, got.found_n, got.near_miss_n, got.false_n, got.pending_n) == (3, 2, 3, 1, 0)
    with pytest.raises(RequestError, match="no behaviour 'humming'"):
        measure("humming", [], [])


def test_a_dialogue_line_that_is_none_is_refused() -> None:
    with pytest.raises(ScorecardError, match="no line of a dialogue"):
        dialogue(["B: who is that?"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_file_names_its_schema_to_editors_and_keeps_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named, f"{path.name}: the first line tells editors the schema"
    schema_path = (path.parent / named[1]).resolve()
    assert schema_path.name == SCHEMA_OF[path.parent.name]
    schema = json.loads(schema_path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_schema_refuses_a_behaviour_with_four_examples(tmp_path: Path) -> None:
    raw = yaml.safe_load((SCORING / "catalogue" / "ending.yaml").read_text(encoding="utf-8"))
    raw["closing"]["examples"] = raw["closing"]["examples"][:4]
    with pytest.raises(ScorecardError, match="closing/examples"):
        validated(raw, "behaviours.schema.json", tmp_path / "mine.yaml")


def test_direction_decides_what_a_lost_point_means() -> None:
    bad = catalogue()["prohibited_phrase"]
    answer = judged(shipped_forms("prohibited_phrase"), ["A: Are you deaf?"])
    assert (answer.answer, seen(bad, answer)) == ("no", "shown")
    assert seen(replace(bad, direction="good"), answer) == "not shown"
