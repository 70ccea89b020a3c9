"""Self-assessment: a draw with a known probability, questions that were called for, and the gap it lets us see."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from aftercall.coaching.self_assessment import VALUES, Recorded, draw, gaps, recorded, wording_of
from aftercall.contracts.errors import RequestError
from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import load
from aftercall.scoring.score import Score

FORMS = load(engine_name="re2")
AT = datetime(2026, 5, 4, 9, tzinfo=UTC)
TURNS = (
    Turn(0, "agent", "Hello, how can I help you?", 0.0, 1.0),
    Turn(1, "customer", "Someone stole my card", 2.0, 3.0),
    Turn(2, "agent", "May I have your name, please?", 4.0, 5.0),
    Turn(3, "customer", "Thanks, bye", 6.0, 7.0),
    Turn(4, "agent", "Goodbye", 8.0, 9.0),
)
SCORE = score_one(Interaction("i", "chat", TURNS), FORMS)


def contacts(n: int) -> list[Score]:
    return [replace(SCORE, interaction_id=f"i-{k}") for k in range(n)]


def test_every_shipped_question_is_put_in_the_first_person() -> None:
    for question in (one for form in FORMS.forms for one in form.questions):
        wording = wording_of(question)
        assert "id I " in wording, question.question_id
        assert "the agent" not in wording
        assert wording.endswith("?")


def test_the_share_drawn_and_asked_is_the_probability_stored() -> None:
    draws = [draw(one, share=0.2, seed=3) for one in contacts(4000)]
    drawn = [one for one in draws if one.is_drawn]
    assert abs(len(drawn) / len(draws) - 0.2) < 4 * np.sqrt(0.2 * 0.8 / len(draws))
    assert {one.probability for one in draws} == {0.2}
    called = [a.question.question_id for a in SCORE.answers if a.is_scored and not a.question.is_advisory]
    for name in called:
        share = sum(one.question_id == name for each in drawn for one in each.asked) / len(draws)
        stored = next(one.inclusion_probability for each in drawn for one in each.asked if one.question_id == name)
        assert abs(share - stored) < 4 * np.sqrt(stored / len(draws))
    assert all(3 <= len(one.asked) <= 5 for one in drawn)
    assert {one.question_id for each in drawn for one in each.asked} == set(called)


def test_the_draw_knows_nothing_of_the_answers() -> None:
    worse = [replace(a, answer="no", done_n=0) if a.is_scored else a for a in SCORE.answers]
    for score in contacts(50):
        assert draw(score, share=0.5) == draw(replace(score, answers=tuple(worse)), share=0.5)


def test_too_little_called_for_is_never_drawn_and_says_so() -> None:
    little = replace(SCORE, answers=SCORE.answers[:1])
    assert draw(little, share=1.0).probability == 0
    assert not draw(little, share=1.0).is_drawn
    with pytest.raises(RequestError, match="between 0"):
        draw(SCORE, share=1.2)


def test_only_questions_that_were_asked_can_be_answered() -> None:
    drawn = draw(SCORE, share=1.0)
    first = drawn.asked[0].question_id
    assert [one.question_id for one in recorded(drawn, {first: "partial"}, at=AT)] == [first]
    with pytest.raises(RequestError, match="was not asked"):
        recorded(drawn, {"never": "yes"}, at=AT)
    with pytest.raises(RequestError, match="is no answer"):
        recorded(drawn, {first: "perhaps"}, at=AT)  # type: ignore[dict-item]


def test_the_gap_is_self_minus_machine_and_hidden_while_few() -> None:
    scores = contacts(40)
    machine = {a.question.question_id: a.answer for a in SCORE.answers}
    assert machine["acknowledgement"] == "no"
    answers = [Recorded(one.interaction_id, "acknowledgement", 1, "yes", 0.2, AT) for one in scores[:30]]
    answers += [Recorded(one.interaction_id, "acknowledgement", 1, "no", 0.2, AT) for one in scores[30:]]
    answers += [Recorded(one.interaction_id, "greeting", 1, "unknown", 0.2, AT) for one in scores]
    answers += [Recorded(one.interaction_id, "closing", 1, "yes", 0.2, AT) for one in scores[:19]]
    found = {one.question_id: one for one in gaps(answers, scores)}
    assert found["acknowledgement"].n == 40
    assert found["acknowledgement"].mean_gap == pytest.approx(0.75)
    assert found["acknowledgement"].agreement == pytest.approx(0.25)
    assert "greeting" not in found, "an agent who does not know gives no value"
    assert (found["closing"].n, found["closing"].mean_gap) == (19, None)


def test_weights_undo_that_some_contacts_ask_a_question_more_seldom() -> None:
    # In 100 contacts the gap is 1 and the question is asked half as often as in the 100 where it is 0: the mean must be 0.5.
    scores = contacts(200)
    rare = [Recorded(one.interaction_id, "acknowledgement", 1, "yes", 0.1, AT) for one in scores[:100:2]]
    often = [Recorded(one.interaction_id, "acknowledgement", 1, "no", 0.2, AT) for one in scores[100:]]
    assert gaps([*rare, *often], scores)[0].mean_gap == pytest.approx(0.5)
    assert VALUES["not_called_for"] is None
