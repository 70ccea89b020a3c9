"""Promises and endings: known conversations, and what must hold for any."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.promise_ear import QUOTE_CHARACTERS
from aftercall.scoring.promises import MOST_PROMISES, begin, finish, hear, outcome_of

STARTED_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday


OFFER = "a: What I can do instead is give you a credit."


def call(*said: str) -> Interaction:
    """A conversation of lines such as "a: Hello" and "c: Hi"."""
    who = {"a": "agent", "c": "customer", "s": "system"}
    turns = tuple(Turn(i, who[line[0]], line[3:], 10.0 * i, 10.0 * i + 5) for i, line in enumerate(said))  # type: ignore[arg-type]
    return Interaction("one", "chat", turns, started_at=STARTED_AT)


def test_a_promise_names_who_what_and_by_when() -> None:
    told = outcome_of(
        call(
            "c: My lamp arrived broken.",
            "a: I am not able to ship another before the stock is counted.",
            "a: I'll email you by Friday with an answer, and a technician will ring you within two business days.",
            "c: Fine. I'll send you the photo tonight.",
        )
    )
    assert [(one.who, one.by_on, one.turn, one.start_s) for one in told.open_promises] == [
        ("agent", date(2026, 11, 27), 2, 20.0),
        ("company", date(2026, 11, 26), 2, 20.0),
        ("customer", date(2026, 11, 24), 3, 30.0),
    ]
    assert told.promises[0].what == "I'll email you by Friday with an answer"
    assert told.resolution.state == "follow_up"
    assert told.resolution.evidence is not None
    assert told.resolution.evidence.turn == 2


def test_spoken_and_written_times_are_one_promise() -> None:
    spoken, written = (outcome_of(call("c: Hi.", f"a: I'll call you back in {span} days.")).promises for span in ("two", "2"))
    assert spoken[0].by_on == written[0].by_on == date(2026, 11, 26)


def test_a_promise_without_a_time_says_so() -> None:
    (one,) = outcome_of(call("c: Hi.", "a: Somebody from our team will get back to you.")).promises
    assert (one.who, one.by, one.by_on) == ("company", None, None)


def test_a_promise_reported_done_is_not_open() -> None:
    told = outcome_of(
        call("c: Where is my form?", "a: I'll email you the form.", "c: Okay.", "a: I have just emailed it to you.")
    )
    assert [one.state for one in told.promises] == ["kept_in_interaction"]
    later = outcome_of(
        call("c: Where is it?", "a: I'll email you on Friday.", "c: Okay.", "a: I have just emailed my colleague.")
    )
    assert [one.state for one in later.promises] == ["open"], "a day to come is not kept before it comes"


@pytest.mark.parametrize(
    "line",
    [
        "a: One moment, I'll check that for you.",
        "a: I'll put you through to billing.",
        "a: Shall I send it to you on Monday?",
        "a: I won't call you again.",
        "c: You said you would call me back on Monday.",
        "a: You would have to call the bank tomorrow.",
        "c: I can't pay on Friday.",
        "a: We sent you an email yesterday.",
    ],
)
def test_what_is_no_promise(line: str) -> None:
    assert outcome_of(call("c: Hello.", "a: Hello.", line)).promises == ()


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (("c: The fee is wrong.", "a: I've removed the fee.", "c: Thanks, bye."), "resolved"),
        (("c: I want it back.", "a: I can't refund that.", "c: I see."), "unresolved"),
        (("c: I want it back.", "a: I can't refund that.", OFFER, "c: Let's do that."), "resolved"),
        (("c: I want it back.", "a: I can't refund that.", OFFER, "c: No, that won't work."), "unresolved"),
        (("c: It's broken.", "a: I can't fix that here, I'll transfer you to the repair desk.", "c: Okay."), "transferred"),
        (("c: It's broken.", "a: What does the screen show?", "a: Are you still there?"), "abandoned"),
        (("c: It's broken, can you help?",), "unknown"),
        (("c: Hello.", "a: Hello, how can I help?", "c: Blue."), "unknown"),
    ],
)
def test_endings(lines: tuple[str, ...], state: str) -> None:
    told = outcome_of(call(*lines)).resolution
    assert told.state == state
    if told.evidence:
        assert told.evidence.quote in lines[told.evidence.turn]


def test_the_customer_says_that_it_is_not_the_first_contact() -> None:
    told = outcome_of(call("a: Hello.", "c: I called you about this last week and nothing happened.")).repeat_contact
    assert told is not None
    assert told.turn == 1
    assert outcome_of(call("a: Hello.", "c: The line is down, for the third time this month.")).repeat_contact is None


_LINES = st.sampled_from(
    [
        "a: I'll call you by Friday.",
        "a: I've refunded it.",
        "a: I can't do that.",
        "c: I'll pay on Monday.",
        "c: Okay, let's do that.",
        "a: We will email you within 2 days, and you'll hear from us.",
        "c: I called twice already.",
        "s: The customer has left.",
        OFFER,
        "c: That doesn't work.",
        "a: Let me transfer you to the desk.",
        "c: ",
        "a: I'll email it. I'll email it. I'll email it.",
        "a: Are you still there?",
        "c: It works now, thanks.",
        "a: " + "I'll call you and " * 40,
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(_LINES, max_size=24), st.integers(0, 24))
def test_live_is_batch_states_are_bounded_and_quotes_stand_in_their_turn(lines: list[str], cut: int) -> None:
    whole = call(*lines)
    state = begin(STARTED_AT)
    for turn in whole.in_order()[:cut]:
        state = hear(state, turn)
    finish(state)  # asking in between changes nothing
    for turn in whole.in_order()[cut:]:
        state = hear(state, turn)
        assert len(state.promises) <= MOST_PROMISES
    told = finish(state)
    assert told == outcome_of(whole)
    texts = {turn.turn: turn.text for turn in whole.turns}
    for one in told.promises:
        assert one.what in texts[one.turn]
        assert len(one.what) <= QUOTE_CHARACTERS
        assert one.by is None or one.by.text in texts[one.turn]
    assert (told.resolution.evidence is None) or told.resolution.evidence.quote in texts[told.resolution.evidence.turn]


def test_without_a_start_days_stay_unresolved() -> None:
    (one,) = outcome_of(replace(call("c: Hi.", "a: I'll call you on Friday."), started_at=None)).promises
    assert one.by is not None
    assert (one.by.value, one.by_on) == ("weekday:friday", None)
    assert json.dumps(one.by.value)
