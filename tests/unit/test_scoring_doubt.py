"""What a score does when the words do not settle it: doubt goes to a person, a failing model gives null, no point is lost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import Forms, load
from aftercall.scoring.score import Score, score_line


class ToldModel:
    """A stand-in for the text model that says of a text what it was told; 0 of every other, NaN of 'garbled'."""

    version, heads = "told-0000000", ("care", "threat")

    def __init__(self, told: Mapping[str, tuple[float, float]]) -> None:
        self.told = told
        self.asked = list[str]()

    def values(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([(np.nan, np.nan) if text == "garbled" else self.told.get(text, (0.0, 0.0)) for text in texts])

    def embeddings(self, texts: Sequence[str]) -> np.ndarray:
        raise AssertionError


TOLD = ToldModel({"that is hard": (0.9, 0), "hm I see": (0.5, 0), "pay or else": (0, 0.95), "you had better pay": (0, 0.6)})


def question(name: str, **rule: Any) -> dict[str, Any]:
    return {
        "id": name,
        "version": 1,
        "section": "tone",
        "title": name,
        "behaviour": name,
        "weight": 1,
        "remedy": "r",
        "reasons": {"met": "m", "missed": "x", "na": "n"},
    } | rule


CARES = question(
    "cares",
    called_for={"each": {"speaker": "customer", "said": ["trouble"]}},
    expect={"speaker": "agent", "said": ["care"], "within_turns": 2},
)
NO_THREAT = question("no_threat", never={"speaker": "agent", "said": ["threatens"]})
GREETS = question("greets", expect={"speaker": "agent", "said": ["hello"], "first_turns": 2})


def forms(tmp_path: Path, *questions: dict[str, Any], model: Any = TOLD, **card: Any) -> Forms:
    content = {
        "id": "mine",
        "version": "1",
        "title": "Mine",
        "sections": [{"id": "tone", "weight": 1}, {"id": "accuracy", "weight": 1}],
        "phrases": {
            "trouble": {"phrases": ["broken"]},
            "hello": {"phrases": ["hello"]},
            "care": {"phrases": ["poor you"], "model": {"head": "care", "sure": 0.8, "maybe": 0.4}},
            "threatens": {"model": {"head": "threat", "sure": 0.8, "maybe": 0.4}},
        },
        "questions": list(questions),
    } | card
    path = tmp_path / f"{card.get('valid_from', 'mine')}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load([path], engine_name="re2", model=model)


def scored(forms_: Forms, *lines: str, confidence: Mapping[int, float] | None = None, **facts: Any) -> Score:
    turns = tuple(
        Turn(n, "agent" if line[0] == "A" else "customer", line[3:], n * 5.0, n * 5.0 + 3, (confidence or {}).get(n))
        for n, line in enumerate(lines)
    )
    return score_one(Interaction("i", "chat", turns, **facts), forms_)


def answers(score: Score) -> dict[str, str]:
    return {one.question.question_id: one.answer or str(one.null_reason) for one in score.answers}


TALK = ("A: hello", "C: it is broken")


@pytest.mark.parametrize(
    ("said", "answer"), [("that is hard", "yes"), ("poor you", "yes"), ("hm I see", "pending_human"), ("the number?", "no")]
)
def test_between_the_cut_points_a_person_decides(tmp_path: Path, said: str, answer: str) -> None:
    score = scored(forms(tmp_path, CARES, GREETS), *TALK, f"A: {said}", "C: ok", "A: next")
    assert answers(score)["cares"] == answer
    assert (score.overall is None) == (answer == "pending_human")


def test_doubtful_moments_count_neither_way_where_others_are_clear(tmp_path: Path) -> None:
    score = scored(
        forms(tmp_path, CARES), *TALK, "A: hm I see", "C: yes", "A: ok", "C: and the door is broken", "A: that is hard"
    )
    (one,) = score.answers
    assert (one.answer, one.called_for_n, one.done_n) == ("yes", 1, 1)


def test_a_forbidden_thing_perhaps_said_is_not_held_against_anybody(tmp_path: Path) -> None:
    mine = forms(tmp_path, NO_THREAT, GREETS)
    assert answers(scored(mine, *TALK, "A: pay or else"))["no_threat"] == "no"
    assert answers(scored(mine, *TALK, "A: you had better pay"))["no_threat"] == "pending_human"
    assert answers(scored(mine, *TALK, "A: thanks"))["no_threat"] == "yes"


@pytest.mark.parametrize(("confidence", "answer"), [(0.3, "pending_human"), (0.9, "no")])
def test_an_unclear_turn_never_loses_a_point(tmp_path: Path, confidence: float, answer: str) -> None:
    sure = {0: 1.0, 1: 1.0, 2: confidence, 3: 1.0, 4: 1.0}
    score = scored(forms(tmp_path, CARES, GREETS), *TALK, "A: whatever", "C: ok", "A: next", confidence=sure)
    assert answers(score)["cares"] == answer


def test_a_missing_model_gives_null_with_its_reason_and_never_a_weaker_answer(tmp_path: Path) -> None:
    score = scored(forms(tmp_path, CARES, GREETS, model="model_missing"), *TALK, "A: poor you")
    assert answers(score) == {"cares": "model_missing", "greets": "yes"}
    assert (score.overall, score.null_reason) == (None, "model_missing")
    assert score_line(score)["coverage"]["null_by_reason"] == {"model_missing": 1}


def test_a_turn_the_model_could_not_read_gives_null_to_what_needed_it(tmp_path: Path) -> None:
    mine = forms(tmp_path, CARES, GREETS)
    assert answers(scored(mine, *TALK, "A: garbled"))["cares"] == "model_error"
    # A customer's garbled turn matters to nobody: the model is asked about the agent's turns only.
    assert answers(scored(mine, *TALK, "A: that is hard", "C: garbled"))["cares"] == "yes"


def test_the_model_reads_only_the_side_it_is_asked_about(tmp_path: Path) -> None:
    model = ToldModel({})
    scored(forms(tmp_path, CARES, model=model), *TALK, "A: that is hard")
    assert set(model.asked) == {"hello", "that is hard"}


def test_a_conditional_question_waits_for_its_parent(tmp_path: Path) -> None:
    follow = question(
        "says_why", shown_if={"question": "cares", "answers": ["missed"]}, expect={"speaker": "agent", "said": ["hello"]}
    )
    mine = forms(tmp_path, CARES, follow)
    assert answers(scored(mine, *TALK, "A: that is hard"))["says_why"] == "not_shown"
    assert answers(scored(mine, *TALK, "A: number?"))["says_why"] == "yes"
    with pytest.raises(ScorecardError, match="must be a question above it"):
        forms(tmp_path, follow, CARES)


def test_only_people_answer_a_human_question_and_nothing_waits_for_them(tmp_path: Path) -> None:
    score = scored(forms(tmp_path, question("was_right", human=True), GREETS), *TALK, "A: x")
    assert answers(score)["was_right"] == "pending_human"
    assert score.overall == 100


def test_a_section_fails_alone_and_the_form_keeps_its_unfailed_score(tmp_path: Path) -> None:
    fails = NO_THREAT | {"autofail": "section"}
    other = question("asks", section="accuracy", expect={"speaker": "agent", "said": ["hello"]})
    score = scored(forms(tmp_path, fails, GREETS, other), *TALK, "A: pay or else")
    assert (score.overall, score.before_autofail, score.is_autofail) == (pytest.approx(100 / 3), pytest.approx(200 / 3), True)
    assert score.sections == (None, 100, 0, None)


def test_bands_are_half_open_on_the_unrounded_score(tmp_path: Path) -> None:
    bands = [{"name": "meets", "from": 50}, {"name": "exceeds", "from": 100}, {"name": "below", "from": 0}]
    mine = forms(tmp_path, GREETS, NO_THREAT, bands=bands)
    assert scored(mine, *TALK, "A: x").band == "exceeds"
    assert scored(mine, "A: well", "C: broken", "A: x").band == "meets"
    assert mine.forms[0].band(99.999) == "meets"


def test_an_interaction_is_scored_by_the_version_of_its_day(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    versions = [
        forms(tmp_path, GREETS, version=v, valid_from=day).forms[0] for v, day in (("1", "2026-01-01"), ("2", "2026-06-01"))
    ]
    mine = Forms(tuple(versions), "re2", TOLD)
    days = {"2025-03-01": "1", "2026-05-31": "1", "2026-06-01": "2", "2027-01-01": "2"}
    for day, version in days.items():
        started = datetime.fromisoformat(day).replace(tzinfo=UTC)
        assert scored(mine, *TALK, "A: x", started_at=started).scorecard_version == version
    assert scored(mine, *TALK, "A: x").scorecard_version == "2"


def test_a_form_may_be_for_some_states_only(tmp_path: Path) -> None:
    mine = forms(tmp_path, GREETS, eligibility={"states": ["CA"]})
    assert scored(mine, *TALK, "A: x", attributes={"state": "CA"}).overall == 100
    assert scored(mine, *TALK, "A: x", attributes={"state": "NY"}).null_reason == "not_eligible"


def test_adding_a_question_that_does_not_apply_changes_no_score(tmp_path: Path) -> None:
    idle = question(
        "idle", called_for={"each": {"speaker": "customer", "said": ["hello"]}}, expect={"speaker": "agent", "said": ["care"]}
    )
    for mode in ("question", "section", "points"):
        alone, beside = (
            scored(forms(tmp_path, *qs, weight_mode=mode), *TALK, "A: number?")
            for qs in ((GREETS, CARES), (GREETS, CARES, idle))
        )
        assert alone.overall == beside.overall == 50


def test_the_epoch_names_the_model_when_a_question_reads_with_it(tmp_path: Path) -> None:
    other = ToldModel({})
    other.version = "told-1111111"
    with_model = forms(tmp_path, CARES)
    assert forms(tmp_path, CARES, model=other).epoch != with_model.epoch
    assert forms(tmp_path, GREETS, model=other).epoch == forms(tmp_path, GREETS).epoch


@pytest.mark.parametrize("head", ["sentiment", "frustration", "annoyance"])
def test_a_feeling_is_never_asked_of_agents(tmp_path: Path, head: str) -> None:
    mood = {"mood": {"model": {"head": head, "sure": 0.8, "maybe": 0.4}}, "hello": {"phrases": ["hello"]}}
    with pytest.raises(ScorecardError, match=f"'mood' reads '{head}', which is of customers only"):
        forms(tmp_path, question("m", never={"speaker": "agent", "said": ["mood"]}), phrases=mood)
    called = question("c", called_for={"each": {"speaker": "customer", "said": ["mood"]}}, expect=GREETS["expect"])
    forms(tmp_path, called, phrases=mood)
