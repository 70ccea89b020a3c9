"""Who is the agent: labels that fit, labels that are swapped, labels that change inside, and silence of the text."""

import itertools
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.contracts.records import Interaction, Turn, from_line
from aftercall.text.roles import UNCERTAIN_BELOW, check_roles, with_roles_checked

_OTHER = {"agent": "customer", "customer": "agent", "system": "system"}
CALL = (
    ("agent", "Thank you for calling Maple Garden Supply, this is Rosa from sales. How can I help you today?"),
    ("customer", "I'm calling because my order has not arrived yet."),
    ("agent", "May I have your order number, please?"),
    ("customer", "My name is Parker, I don't have the number."),
    ("agent", "Let me look. Thank you for holding. Is there anything else I can do?"),
    ("customer", "No, thanks so much for your help."),
)


def turns(said: tuple[tuple[str, str], ...], *, swapped: bool = False) -> tuple[Turn, ...]:
    return tuple(Turn(i, _OTHER[who] if swapped else who, text) for i, (who, text) in enumerate(said))  # type: ignore[arg-type]


def test_labels_that_fit_are_sure() -> None:
    check = check_roles(turns(CALL))
    assert check.confidence > 0.99
    assert not (check.is_uncertain)
    assert not (check.is_swapped)
    assert not (check.changes_inside)


def test_swapped_labels_are_flagged_never_scored() -> None:
    check = check_roles(turns(CALL, swapped=True))
    assert check.confidence < 0.05
    assert check.is_uncertain
    assert check.is_swapped


@pytest.mark.parametrize(("declared", "uncertain"), [(True, False), (False, True)])
def test_text_that_says_nothing_leaves_it_to_the_declaration(declared: bool, uncertain: bool) -> None:
    check = check_roles(turns((("agent", "Yes."), ("customer", "Blue."), ("agent", "Twelve."))), is_declared=declared)
    assert check.is_uncertain is uncertain
    assert check.supporting == check.contradicting == 0


def test_labels_that_change_inside_are_uncertain() -> None:
    half = turns(CALL) + tuple(Turn(6 + t.turn, t.speaker, t.text) for t in turns(CALL, swapped=True))
    check = check_roles(half)
    assert check.changes_inside
    assert check.confidence < UNCERTAIN_BELOW


def test_the_system_says_nothing_about_people() -> None:
    bot = (Turn(0, "system", CALL[0][1]), *turns(CALL[1:2]))
    assert check_roles(bot).supporting == check_roles(turns(CALL[1:2])).supporting


def test_curly_apostrophes_change_nothing() -> None:
    curly = tuple((who, text.replace("'", "’")) for who, text in CALL)
    assert check_roles(turns(curly)) == check_roles(turns(CALL))


@given(st.lists(st.tuples(st.sampled_from(["agent", "customer"]), st.sampled_from([text for _, text in CALL])), max_size=9))
def test_swapping_the_labels_swaps_the_evidence(said: list[tuple[str, str]]) -> None:
    right, wrong = check_roles(turns(tuple(said))), check_roles(turns(tuple(said), swapped=True))
    assert (right.supporting, right.contradicting) == (wrong.contradicting, wrong.supporting)
    assert not (right.is_swapped and wrong.is_swapped)


def test_a_repeated_cue_is_not_counted_without_end() -> None:
    many = tuple(itertools.repeat(("agent", "How can I help you?"), 20))
    assert check_roles(turns(many)).supporting == check_roles(turns(many[:2])).supporting == 3.0


def test_a_delivered_transcript_whose_text_contradicts_its_labels_is_uncertain() -> None:
    right = with_roles_checked(Interaction("a", "voice", turns(CALL)))
    wrong = with_roles_checked(Interaction("a", "voice", turns(CALL, swapped=True)))
    assert (right.transcript_state, wrong.transcript_state) == ("ok", "role_uncertain")
    assert right.role_confidence is not None
    assert wrong.role_confidence is not None
    assert wrong.role_confidence < UNCERTAIN_BELOW <= right.role_confidence


def test_thin_evidence_leaves_the_sources_labels_alone() -> None:
    thin = Interaction("a", "chat", turns((("agent", "How much is it?"), ("customer", "Twelve."))))
    assert with_roles_checked(thin).transcript_state == "ok"


def test_who_brought_a_confidence_or_another_state_keeps_it() -> None:
    own = Interaction("a", "voice", turns(CALL, swapped=True), role_confidence=0.97)
    late = Interaction("a", "voice", turns(CALL, swapped=True), transcript_state="late")
    assert with_roles_checked(own) is own
    assert with_roles_checked(late) is late


@pytest.mark.real_data
def test_real_chats_with_known_sides_are_rarely_doubted_and_doubted_when_swapped(real_data: Path) -> None:
    lines = [line for path in sorted((real_data / "star" / "transcripts").glob("*.jsonl")) for line in path.open("rb")]
    chats = [from_line(orjson.loads(line)) for line in lines]
    other = [one.with_turns([Turn(t.turn, _OTHER[t.speaker], t.text) for t in one.turns]) for one in chats]  # type: ignore[arg-type]
    doubted, caught = (
        sum(with_roles_checked(one).transcript_state == "role_uncertain" for one in some) / len(some) for some in (chats, other)
    )
    assert len(chats) == 3072
    assert doubted < 0.01
    assert caught > 0.85
