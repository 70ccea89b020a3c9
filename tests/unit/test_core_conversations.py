"""Merging transcripts and ACD legs: what is missing stays missing."""

import json
from typing import Any

import polars as pl
import pytest

from aftercall.contracts.frames import keep
from aftercall.contracts.records import Interaction, Turn, to_line
from aftercall.contracts.tables import table_named
from assets.core.conversations import conversations

DAY = "2026-01-05"


def transcript(identity: str = "a", **facts: Any) -> tuple[str, str, dict[str, Any]]:
    turns = (Turn(0, "agent", "Hello", 0.0, 1.0), Turn(1, "customer", "Hi", 1.5, 2.0, 0.9))
    return "interaction", identity, to_line(Interaction(identity, "voice", turns, **facts))


def leg(identity: str = "a", leg_no: int = 0, **facts: Any) -> tuple[str, str, dict[str, Any]]:
    return "leg", f"{identity}|{leg_no}", {"interaction_id": identity, "leg_no": leg_no, **facts}


def built(*records: tuple[str, str, dict[str, Any]]) -> dict[str, pl.DataFrame]:
    rows = [
        {
            "record_kind": kind,
            "record_key": key,
            "interaction_id": key.split("|")[0],
            "record_json": json.dumps(data),
            "source_system": "test",
            "source_ref": "file:1",
        }
        for kind, key, data in records
    ]
    names = sorted({row["interaction_id"] for row in rows})
    want = pl.DataFrame({"interaction_id": names, "day_on": [DAY] * len(names), "content_hash": ["h"] * len(names)})
    frames = conversations(pl.DataFrame(rows), want, basis="synthetic")
    for name, frame in frames.items():
        keep(frame, table_named(name))
    return frames


def only(frame: pl.DataFrame) -> dict[str, Any]:
    assert frame.height == 1
    return frame.row(0, named=True)


def test_handle_time_is_the_sum_of_the_legs() -> None:
    row = only(
        built(transcript(), leg(talk_s=60, hold_s=0, acw_s=20), leg(leg_no=1, talk_s=30, hold_s=5, acw_s=10))[
            "core_interaction"
        ]
    )
    assert (row["talk_s"], row["hold_s"], row["acw_s"], row["handle_s"]) == (90, 5, 30, 125)


@pytest.mark.parametrize("part", ["talk_s", "hold_s", "acw_s"])
def test_a_missing_part_makes_handle_time_null_never_shorter(part: str) -> None:
    times: dict[str, Any] = {"talk_s": 60, "hold_s": 5, "acw_s": 20, part: None}
    row = only(built(transcript(), leg(**times))["core_interaction"])
    assert row["handle_s"] is None
    assert row[part] is None


def test_one_leg_without_wrap_up_makes_the_wrap_up_of_the_interaction_unknown() -> None:
    row = only(
        built(transcript(), leg(talk_s=1, hold_s=0, acw_s=2), leg(leg_no=1, talk_s=1, hold_s=0, acw_s=None))["core_interaction"]
    )
    assert (row["talk_s"], row["acw_s"], row["handle_s"]) == (2, None, None)


def test_a_leg_without_a_transcript_is_kept_and_says_missing() -> None:
    row = only(built(leg(agent_id="x", queue="billing", talk_s=60, hold_s=0, acw_s=20))["core_interaction"])
    assert (row["transcript_state"], row["turn_n"], row["agent_id"], row["queue"]) == ("missing", 0, "x", "billing")
    assert row["handle_s"] == 80


def test_a_transcript_without_legs_keeps_the_times_of_its_line() -> None:
    row = only(built(transcript(talk_s=60.0, hold_s=1.0, acw_s=2.0))["core_interaction"])
    assert row["handle_s"] == 63


def test_a_transcript_without_times_has_no_handle_time() -> None:
    assert only(built(transcript())["core_interaction"])["handle_s"] is None


def test_turns_keep_their_place_and_their_times() -> None:
    turns = built(transcript())["core_turn"]
    assert turns.select("turn", "speaker", "start_s", "confidence").rows() == [
        (0, "agent", 0.0, None),
        (1, "customer", 1.5, 0.9),
    ]


def test_a_state_set_on_intake_survives() -> None:
    row = only(
        built(("interaction", "a", to_line(Interaction("a", "voice", (), transcript_state="no_notice"))))["core_interaction"]
    )
    assert (row["transcript_state"], row["turn_n"]) == ("no_notice", 0)
