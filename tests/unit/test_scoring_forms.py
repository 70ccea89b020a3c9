"""Scorecards: what is refused and how, which form scores an interaction, what the epoch names, and how totals are made."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring import forms as forms_module
from aftercall.scoring.form import Condition as Said
from aftercall.scoring.form import Eligibility, Form, Question, Whole
from aftercall.scoring.forms import SHIPPED, Facts, load
from aftercall.scoring.totals import totals


def card(**changes: Any) -> dict[str, Any]:
    question = {
        "id": "greets",
        "version": 1,
        "section": "tone",
        "title": "Greeted?",
        "behaviour": "greeting",
        "weight": 2,
        "expect": {"speaker": "agent", "said": ["hello"], "first_turns": 1},
        "reasons": {"met": "Greeted.", "missed": "Not greeted."},
        "remedy": "Greet.",
    }
    question |= changes.pop("question", {})
    return {
        "id": "mine",
        "version": "1",
        "title": "Mine",
        "sections": [{"id": "tone", "weight": 1}],
        "phrases": {"hello": {"phrases": ["hello"]}},
        "questions": [{key: value for key, value in question.items() if value is not None}],
    } | changes


def written(folder: Path, content: Any, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: [", "is not YAML"),
        ("- 1", "must be a mapping"),
        (card(questions=[]), "questions"),
        (card(colour="red"), "colour"),
        (card(sections=[{"id": "mood", "weight": 1}]), "sections/0/id"),
        (card(question={"section": "accuracy"}), "no section 'accuracy'"),
        (card(question={"expect": {"speaker": "agent", "said": ["hallo"]}}), "unknown phrase sets hallo"),
        (card(question={"weight": 0}), "questions/0/weight"),
        (card(question={"expect": None, "behaviour": "telepathy"}), "no behaviour 'telepathy'"),
        (card(phrases={"hello": {"phrases": ["(?<=a)hello"]}}), "look-behind"),
        (card(question={"called_for": {"when": {"speaker": "customer", "said": ["hello"]}}}), "reasons/na is missing"),
        (card(questions=[card()["questions"][0], card()["questions"][0]]), "stands twice"),
        (
            card(
                question={
                    "called_for": {"each": {"speaker": "agent", "said": ["hello"], "first_turns": 2}},
                    "reasons": {"met": "m", "missed": "x", "na": "n"},
                }
            ),
            "`each` has no window",
        ),
        (
            card(
                question={
                    "called_for": {"each": {"speaker": "customer", "said": ["hello"]}},
                    "cancelled_by": ["hello"],
                    "reasons": {"met": "m", "missed": "x", "na": "n"},
                }
            ),
            "cancelled_by needs moments",
        ),
    ],
)
def test_a_wrong_scorecard_is_refused_with_the_place(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(ScorecardError) as caught:
        load([written(tmp_path, content)])
    assert says in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_a_scorecard_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScorecardError, match=r"gone\.yaml not found"):
        load([tmp_path / "gone.yaml"])


def test_two_forms_or_phrase_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = written(tmp_path, card(), "one.yaml"), written(tmp_path, card(), "two.yaml")
    with pytest.raises(ScorecardError, match="same id"):
        load([one, two])
    other = written(tmp_path, card(id="other", phrases={"hello": {"phrases": ["hi"]}}), "two.yaml")
    with pytest.raises(ScorecardError, match="means two things"):
        load([one, other])


@pytest.mark.parametrize(
    ("facts", "form_id", "reason"),
    [
        (Facts("chat"), "service", None),
        (Facts("voice", queue="Debt Recovery East"), "collections", None),
        (Facts("voice", intent="past_due_balance"), "collections", None),
        (Facts("chat", language="en-GB"), "service", None),
        (Facts("chat", language="de"), None, "unsupported_language"),
        (Facts("chat", transcript_state="missing"), "service", "no_transcript"),
        (Facts("chat", transcript_state="late"), "service", "late_transcript"),
        (Facts("voice", transcript_state="empty"), "service", "empty_audio"),
        (Facts("voice", transcript_state="no_notice"), "service", "no_notice"),
        (Facts("voice", transcript_state="role_uncertain"), "service", "role_uncertain"),
        (Facts("voice", is_role_uncertain=True), "service", "role_uncertain"),
    ],
)
def test_the_first_eligible_form_scores(facts: Facts, form_id: str | None, reason: str | None) -> None:
    form, why = load().gate(facts)
    assert (form.form_id if form else None, why) == (form_id, reason)


def test_an_interaction_no_form_is_meant_for_is_not_eligible(tmp_path: Path) -> None:
    forms = load([written(tmp_path, card(eligibility={"channels": ["voice"]}))])
    assert forms.gate(Facts("chat")) == (None, "not_eligible")


def test_legal_questions_stay_advisory_until_somebody_has_reviewed_them(tmp_path: Path) -> None:
    legal = [question for question in load().form("collections").questions if question.is_legal]
    assert len(legal) >= 6
    assert all(question.is_advisory and question.reviewed_by is None and question.source for question in legal)
    assert {q.question_id for q in legal} >= {"collector_notice", "no_threat", "recording_notice", "dispute_respected"}
    reviewed = card(question={"legal": True, "reviewed_by": "A. Counsel", "autofail": True})
    assert not load([written(tmp_path, reviewed)]).forms[0].questions[0].is_advisory


def test_the_epoch_names_everything_that_decides_a_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, card())
    first = load([path]).epoch
    assert len(first) == 12
    assert load([path], engine_name="re").epoch == first
    assert load([path]).score_key("v1") != load([path]).score_key("v2")
    for changed in (
        card(phrases={"hello": {"phrases": ["hello", "hi"]}}),
        card(question={"weight": 3}),
        card(question={"reasons": {"met": "Greeted.", "missed": "No."}}),
    ):
        assert load([written(tmp_path, changed)]).epoch != first
    written(tmp_path, card())
    for name in ("NORMALISER_VERSION", "REDACTION_VERSION"):
        with monkeypatch.context() as patched:
            patched.setattr(forms_module, name, "other")
            assert load([path]).epoch != first
    with monkeypatch.context() as patched:
        patched.setattr(forms_module, "_source_hash", lambda: "other code")
        assert load([path]).epoch != first


def test_shipped_questions_say_what_they_must() -> None:
    for form in load(SHIPPED).forms:
        assert {question.section for question in form.questions} == {"compliance", "accuracy", "tone", "completeness"}
        for question in form.questions:
            assert question.title.endswith("?")
            assert question.remedy.endswith((".", '"'))
            assert all(sentence.endswith(".") for _, sentence in question.reasons)
    critical = {q.question_id for form in load().forms for q in form.questions if q.severity == "critical"}
    assert {"no_threat", "no_insult", "no_pressure", "collector_notice"} <= critical


def asked(name: str, section: str, weight: float, points: float, **changes: Any) -> Question:
    return Question(
        name,
        1,
        section,
        "?",
        "b",
        weight,
        points,
        Whole(Said("agent", ("hello",))),
        (("no", "n"), ("yes", "y")),
        "r",
        **changes,
    )


# The worked case of spec scoring, section 2.
QUESTIONS = (
    asked("q1", "compliance", 10, 5),
    asked("q2", "compliance", 30, 10),
    asked("q3", "tone", 20, 4),
    asked("q4", "tone", 20, 4),
    asked("q5", "tone", 20, 2),
)
SHARE = np.array([[1.0, 0.0, 0.5, 1.0, 0.0]])
SCORED = np.array([[True, False, True, True, True]])
NOTHING = np.zeros((1, 5), dtype=bool)


def form_of(mode: Any, questions: tuple[Question, ...] = QUESTIONS) -> Form:
    return Form("f", "1", "F", Eligibility(), (("compliance", 40.0), ("tone", 60.0)), questions, mode)


@pytest.mark.parametrize(("mode", "overall"), [("question", 57.142857), ("section", 70.0), ("points", 73.333333)])
def test_the_three_weight_modes_on_the_worked_case(mode: str, overall: float) -> None:
    got = totals(form_of(mode), SHARE, SCORED, NOTHING)
    assert got.overall[0] == pytest.approx(overall, abs=1e-6)
    assert got.sections[0, 0] == 100.0
    assert got.sections[0, 2] == 50.0
    assert np.isnan(got.sections[0, 1])
    more = form_of(mode, (*QUESTIONS, asked("q6", "tone", 1000, 1000)))
    wider = totals(more, np.append(SHARE, [[1.0]], 1), np.append(SCORED, [[False]], 1), np.zeros((1, 6), dtype=bool))
    assert wider.overall[0] == got.overall[0]


def test_an_advisory_question_changes_no_total_and_cannot_fail_the_form() -> None:
    advisory = form_of("question", (*QUESTIONS, asked("q6", "tone", 50, 5, is_advisory=True, is_autofail=True)))
    got = totals(advisory, np.append(SHARE, [[0.0]], 1), np.append(SCORED, [[True]], 1), np.zeros((1, 6), dtype=bool))
    plain = totals(form_of("question"), SHARE, SCORED, NOTHING)
    assert (got.overall[0], got.is_autofail[0]) == (plain.overall[0], False)
    assert got.sections[0, 2] == plain.sections[0, 2]


def test_a_failed_form_keeps_the_score_it_would_have_had() -> None:
    failing = (*QUESTIONS[:4], asked("q5", "tone", 20, 2, is_autofail=True))
    got = totals(form_of("question", failing), SHARE, SCORED, NOTHING)
    assert (got.overall[0], got.is_autofail[0]) == (0.0, True)
    assert got.before_autofail[0] == pytest.approx(57.142857, abs=1e-6)


@pytest.mark.parametrize(("missing", "has_score"), [(0, True), (2, False), (4, False)])
def test_too_much_unscored_weight_leaves_no_score(missing: int, has_score: bool) -> None:
    scored, unscored = SCORED.copy(), NOTHING.copy()
    scored[0, 1] = True
    scored[0, missing], unscored[0, missing] = False, True
    got = totals(form_of("question"), SHARE, scored, unscored)
    assert np.isnan(got.overall[0]) != has_score or not has_score
    assert got.applied_weight_share[0] == pytest.approx(1 - QUESTIONS[missing].weight / 100)


def test_an_unscored_question_that_could_fail_the_form_leaves_no_score() -> None:
    failing = (asked("q1", "compliance", 1, 5, is_autofail=True), *QUESTIONS[1:])
    scored, unscored = SCORED.copy(), NOTHING.copy()
    scored[0, 0], unscored[0, 0] = False, True
    assert np.isnan(totals(form_of("question", failing), SHARE, scored, unscored).overall[0])
