"""Following a script: known answers on a small graph, and what must hold for any conversation."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Turn
from aftercall.scoring.script import Follower, read_script, script_of

REPLIES = {
    "hello": "Hello, how can I help?",
    "name": "Could I get your full name, please?",
    "account": "Can you tell me your account number?",
    "born": "And what is your date of birth?",
    "balance": "Your current balance is {balance:d} in credit.",
    "refuse": "I am sorry, I cannot find an account with these details.",
    "more": "Is there anything else that I can do for you?",
    "lost": "I am sorry, I don't quite understand what you mean.",
}
GRAPH = {
    "hello": "name",
    "name": "account",
    "account": "born",
    "born": "query",
    "success": "balance",
    "failure": "refuse",
    "balance": "more",
}
BANK = script_of("bank", REPLIES, GRAPH, silent=("query", "success", "failure"), optional=("hello",))
RIDE = script_of(
    "ride",
    {
        "name": "May I have your name, please?",
        "to": "Where do you want to go?",
        "booked": "I have booked you a ride to {place:s}.",
    },
    {"name": "to", "to": "booked"},
)


def said(*texts: str) -> list[Turn]:
    """The agent's turns with a customer's turn between any two."""
    return [
        Turn(i, "agent" if i % 2 == 0 else "customer", t) for i, t in enumerate(x for text in texts for x in (text, "Yes."))
    ]


def test_silent_steps_are_passed_through_and_branches_are_both_open() -> None:
    assert BANK.follows["born"] == ("balance", "refuse")
    assert BANK.follows["refuse"] == ("balance", "refuse")
    assert BANK.is_open_after("refuse")
    assert not BANK.is_open_after("born")


def test_a_whole_path_in_other_words_is_recovered() -> None:
    told = Follower([BANK, RIDE]).follow(
        said(
            "Hello! How can I help you?",
            "Could I get your name please?",
            "Tell me your account number?",
            "What's your date of birth?",
            "Your current balance is 1,250 dollars in credit.",
            "Is there anything else I can do?",
        )
    )
    assert [one.step for one in told.path] == ["hello", "name", "account", "born", "balance", "more"]
    assert told.scripts == ("bank",)
    assert told.deviations == ()


def test_a_skipped_step_is_named_with_the_turns_around_it() -> None:
    told = Follower([BANK]).follow(said(REPLIES["name"], REPLIES["account"], "Your current balance is 12 in credit."))
    (skip,) = told.deviations
    assert (skip.kind, skip.step, skip.turn, skip.after_turn) == ("skipped", "born", 4, 2)


def test_a_step_out_of_order_and_a_turn_off_script_are_told() -> None:
    told = Follower([BANK]).follow(
        said(REPLIES["name"], "The weather has been awful all week, has it not?", REPLIES["born"], REPLIES["account"])
    )
    assert told.off_script == (2,)
    assert [(one.kind, one.step) for one in told.deviations] == [("skipped", "account"), ("out_of_order", "account")]


def test_a_step_without_a_place_keeps_the_place() -> None:
    told = Follower([BANK]).follow(said(REPLIES["name"], REPLIES["lost"], REPLIES["account"]))
    assert [one.step for one in told.path] == ["name", "lost", "account"]
    assert told.deviations == ()


def test_two_scripts_in_one_conversation() -> None:
    told = Follower([BANK, RIDE]).follow(
        said(
            REPLIES["account"],
            REPLIES["born"],
            "Where do you want to go?",
            "I have booked you a ride to Main Street.",
            REPLIES["more"],
        )
    )
    assert [(one.script, one.step) for one in told.path][2:4] == [("ride", "to"), ("ride", "booked")]
    assert told.scripts == ("bank", "ride")


def test_no_script_matches_means_nothing_is_said() -> None:
    told = Follower([BANK, RIDE]).follow(
        said("Hello, how can I help?", "Well, that is a long story.", "Goodness me.", "Who knows?")
    )
    assert told.scripts == ()
    assert told.deviations == ()
    assert told.off_script == ()
    assert all(one.step is None for one in told.path)
    assert Follower([BANK]).follow([]).path == ()


def test_customers_are_not_read() -> None:
    turns = said(REPLIES["name"], REPLIES["account"], REPLIES["born"])
    swapped = [Turn(one.turn, one.speaker, REPLIES["refuse"] if one.speaker == "customer" else one.text) for one in turns]
    assert Follower([BANK]).follow(turns) == Follower([BANK]).follow(swapped)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*REPLIES.values(), "Hm.", "Where do you want to go?", ""]), max_size=9), st.integers(0, 8))
def test_every_turn_gets_one_step_and_evidence_points_to_turns(texts: list[str], cut: int) -> None:
    turns = said(*texts)
    follower = Follower([BANK, RIDE])
    told = follower.follow(turns)
    spoken = [one.turn for one in turns if one.speaker == "agent" and one.text.strip()]
    assert [one.turn for one in told.path] == spoken
    assert told == Follower([BANK, RIDE]).follow(turns), "what was followed before leaves no trace"
    follower.follow(turns[:cut])
    assert told == follower.follow(turns)
    on = {one.turn: one.step for one in told.path if one.step}
    for one in told.deviations:
        assert one.turn in on
        assert one.after_turn is None or one.after_turn in on
        assert one.kind != "out_of_order" or on[one.turn] == one.step
    assert all(0 <= one.likeness <= 1 for one in told.path)


def test_a_script_file_is_read_and_a_wrong_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "bank.json"
    path.write_text(json.dumps({"task": "bank", "replies": REPLIES, "graph": GRAPH, "silent": ["query", "success", "failure"]}))
    assert read_script(path).follows == BANK.follows
    path.write_text(json.dumps({"task": "bank", "replies": REPLIES, "graph": {"name": "nowhere"}}))
    with pytest.raises(ScorecardError, match="nowhere"):
        read_script(path)
    path.write_text("{}")
    with pytest.raises(ScorecardError, match="no script"):
        read_script(path)
