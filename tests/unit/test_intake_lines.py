"""Canonical JSON lines: what is read, what becomes a problem, and that one bad line never stops the rest."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aftercall.contracts.errors import IntakeError, RequestError
from aftercall.contracts.records import Interaction, Problem, Turn, from_line
from aftercall.intake import IntakeContext, NoticeGate, Record, discover, gate_of, hashed_customer, read, record_of
from aftercall.intake.jsonl import LONGEST_LINE_BYTES

CONTEXT = IntakeContext(b"a key of thirty-two bytes, or so", NoticeGate("public", "a test"))


def line(identity: str = "i1", **more: Any) -> dict[str, Any]:
    turns = [
        {"speaker": "agent", "start_s": 0.0, "end_s": 1.0, "text": "Hello"},
        {"speaker": "customer", "start_s": 0.5, "end_s": 2.0, "text": "card 4111 1111 1111 1111"},
    ]
    return {"interaction_id": identity, "channel": "voice", "agent_id": "a1", "customer_id": "c1", "turns": turns} | more


def turn(**more: Any) -> list[dict[str, Any]]:
    return [{"speaker": "agent", "text": "a"} | more]


def delivered(folder: Path, *lines: bytes | dict[str, Any], name: str = "day.jsonl") -> tuple[list[Record], list[Problem]]:
    raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    (folder / name).write_bytes(b"\n".join(raw) + b"\n")
    (found,) = [one for one in discover(folder) if one.relative == name]
    items = list(read(found, CONTEXT))
    return [x for x in items if isinstance(x, Record)], [x for x in items if isinstance(x, Problem)]


def test_a_record_is_redacted_hashed_and_dated(tmp_path: Path) -> None:
    (record,), problems = delivered(tmp_path, line(started_at="2026-01-05T23:30:00-05:00", labels={"task_success": True}))
    assert not problems
    assert (record.kind, record.key, record.day_on) == ("interaction", "i1", "2026-01-06")
    assert record.data["turns"][1]["text"] == "card ⟨masked⟩"
    assert record.data["customer_id"] == hashed_customer("c1", CONTEXT.customer_key) != "c1"
    assert record.data["attributes"] == {"pan_seen": True, "role_confidence": 0.917}
    assert "4111" not in json.dumps(dict(record.data))
    assert "task_success" not in json.dumps(dict(record.data))
    assert from_line(record.data).turns[1].text == "card ⟨masked⟩"


def test_the_same_line_gives_the_same_hash_and_other_content_another(tmp_path: Path) -> None:
    (one,), _ = delivered(tmp_path, line())
    (same,), _ = delivered(tmp_path, line(), name="again.jsonl")
    (other,), _ = delivered(tmp_path, line(queue="billing"), name="other.jsonl")
    assert one.content_hash == same.content_hash != other.content_hash
    assert one.key == other.key


BAD = {
    "cut off": (b'{"interaction_id": "x", "channel": "chat", "turns": [{"speaker": "agent", "te', "cut off", "line"),
    "latin-1": (json.dumps(line("x", note="é"), ensure_ascii=False).encode("latin-1"), "wrong encoding", "line"),
    "nan": (b'{"interaction_id": "x", "channel": "chat", "talk_s": NaN, "turns": []}', "NaN", "line"),
    "infinity": (b'{"interaction_id": "x", "channel": "chat", "talk_s": Infinity, "turns": []}', "NaN or Infinity", "line"),
    "no object": (b"[1, 2]", "one JSON object", "line"),
    "no id": ({k: v for k, v in line().items() if k != "interaction_id"}, "missing", "interaction_id"),
    "channel": (line("x", channel="fax"), "must be one of", "channel"),
    "naive": (line("x", started_at="2026-01-05T09:00:00"), "no zone", "started_at"),
    "no time": (line("x", started_at="yesterday"), "not an ISO", "started_at"),
    "year 1": (line("x", started_at="0001-01-01T00:00:00+14:00"), "not an ISO", "started_at"),
    "negative start": (line("x", turns=turn(start_s=-1, end_s=2)), "negative", "turns[0].start_s"),
    "ends first": (line("x", turns=turn(start_s=5, end_s=2)), "before it starts", "turns[0]"),
    "speaker": (line("x", turns=[{"speaker": "boss", "text": "a"}]), "must be one of", "turns[0].speaker"),
    "text": (line("x", turns=[{"speaker": "agent", "text": None}]), "must be text", "turns[0].text"),
    "turns": (line("x", turns="none"), "must be a list", "turns"),
    "words": (line("x", turns=turn(words=3)), "must be a list", "turns[0].words"),
    "attributes": (line("x", attributes=[1]), "must be an object", "attributes"),
    "negative talk": (line("x", talk_s=-3), "negative", "talk_s"),
    "huge number": (line("x", talk_s=10**400), "", "line"),
    "confidence": (line("x", turns=turn(confidence=97)), "between 0 and 1", "turns[0].confidence"),
    "state": (line("x", attributes={"transcript_state": "fine"}), "not known", "transcript_state"),
    "after end": (
        line("x", started_at="2026-01-05T09:00:00Z", ended_at="2026-01-05T09:00:10Z",
             turns=turn(start_s=60, end_s=61)),
        "after the end", "turns[0].start_s",
    ),
    "too long ago": (line("x", duration_s=5, turns=turn(start_s=9, end_s=9)), "after the end", "turns[0]"),
    "deep": (b'{"interaction_id": "x", "channel": "chat", "n": ' + b"[" * 60 + b"]" * 60 + b"}", "32 levels", "attributes"),
    "language": (line("x", language=["en"]), "must be text", "attributes.language"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, case: str) -> None:
    bad, reason, field = BAD[case]
    records, problems = delivered(tmp_path, line("before"), bad, line("after"))
    assert [record.key for record in records] == ["before", "after"]
    (problem,) = problems
    assert problem.file == "day.jsonl"
    assert problem.position.startswith("line 2")
    assert reason in problem.reason
    assert problem.field.startswith(field)
    assert problem.remedy
    assert "4111" not in str(problem)


def test_a_line_too_long_is_refused_without_being_held(tmp_path: Path) -> None:
    long = b'{"interaction_id": "x", "channel": "chat", "turns": [], "pad": "' + b"x" * (LONGEST_LINE_BYTES + 5) + b'"}'
    records, (problem,) = delivered(tmp_path, line("before"), long, line("after"))
    assert [record.key for record in records] == ["before", "after"]
    assert (problem.position, problem.reason) == ("line 2", "longer than 16 MB.")


def test_overlapping_turns_of_different_speakers_are_normal_speech(tmp_path: Path) -> None:
    (record,), problems = delivered(tmp_path, line())
    assert not problems
    assert [turn["start_s"] for turn in record.data["turns"]] == [0.0, 0.5]


def test_the_same_id_twice_in_a_file(tmp_path: Path) -> None:
    records, problems = delivered(tmp_path, line(), line(), line(queue="billing"))
    assert [record.source_ref for record in records] == ["day.jsonl:1"]
    (problem,) = problems
    assert (problem.position, problem.field) == ("line 3", "key")


def test_the_same_id_in_two_files_gives_two_versions_in_order_of_arrival(tmp_path: Path) -> None:
    delivered(tmp_path, line(queue="new"), name="a-corrected.jsonl")
    delivered(tmp_path, line(queue="old"), name="b-first.jsonl")
    os.utime(tmp_path / "b-first.jsonl", ns=(1_000, 1_000))
    os.utime(tmp_path / "a-corrected.jsonl", ns=(2_000, 2_000))
    found = discover(tmp_path)
    assert [one.relative for one in found] == ["b-first.jsonl", "a-corrected.jsonl"]
    queues = [item.data["queue"] for one in found for item in read(one, CONTEXT) if isinstance(item, Record)]
    assert queues == ["old", "new"]


def test_a_mark_of_utf_8_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf" + json.dumps(line()).encode() + b"\r\n\r\n" + json.dumps(line("i2")).encode())
    (found,) = discover(tmp_path)
    assert found.kind == "transcripts"
    assert [item.key for item in read(found, CONTEXT) if isinstance(item, Record)] == ["i1", "i2"]


def test_unknown_keys_stay_but_no_personal_ones_and_no_truth(tmp_path: Path) -> None:
    more = {
        "site": "north",
        "ANI": "+15551234567",
        "OverallSentiment": -0.3,
        "note": "mail kim@example.org",
        "direction": "internal",
    }
    (record,), _ = delivered(tmp_path, line(**more, attributes={"labels": {"x": 1}, "customer_instructions": "be rude"}))
    kept = {"site": "north", "note": "mail ⟨masked⟩", "direction": "internal", "pan_seen": True, "role_confidence": 0.917}
    assert record.data["attributes"] == kept
    assert record.data["direction"] is None
    assert sorted(record.dropped) == ["ANI", "OverallSentiment", "customer_instructions", "labels"]


def test_a_turns_own_extra_keys_are_never_stored(tmp_path: Path) -> None:
    turns = [{"speaker": "agent", "text": "Hi", "action": "hello", "source": "suggestion"}]
    (record,), _ = delivered(tmp_path, line(turns=turns))
    assert set(record.data["turns"][0]) == {"speaker", "text", "start_s", "end_s"}


def test_without_a_notice_no_text_is_kept() -> None:
    gate = gate_of([{"agent_id": "a1", "noticed_on": "2026-01-05"}, {"agent_id": "a1", "noticed_on": "2026-03-01"}])
    context = IntakeContext(CONTEXT.customer_key, gate)
    secret = line(started_at="2026-01-04T12:00:00Z", note="a secret note", talk_s=3)
    before = record_of(from_line(secret), "s", "f:1", context)
    assert before.data["turns"] == []
    assert before.data["attributes"] == {"transcript_state": "no_notice"}
    assert before.data["talk_s"] == 3
    assert "secret" not in json.dumps(dict(before.data))
    on = record_of(from_line(secret | {"started_at": "2026-01-05T00:00:00Z"}), "s", "f:1", context)
    assert len(on.data["turns"]) == 2
    for other in ({"agent_id": None}, {"agent_id": "a2"}, {"started_at": None}):
        blind = secret | {"started_at": "2026-02-01T00:00:00Z"} | other
        assert record_of(from_line(blind), "s", "f:1", context).data["turns"] == []


def test_the_day_is_that_of_the_site() -> None:
    context = IntakeContext(CONTEXT.customer_key, zone="America/New_York")
    one = from_line(line(started_at="2026-01-05T03:00:00Z"))
    assert record_of(one, "s", "f:1", context).day_on == "2026-01-04"
    assert record_of(from_line(line()), "s", "f:1", context).day_on == "undated"


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="short key"):
        IntakeContext(b"short")
    with pytest.raises(RequestError, match="no basis"):
        NoticeGate("curiosity")
    with pytest.raises(RequestError, match="not found"):
        discover(tmp_path / "nowhere")
    with pytest.raises(IntakeError, match="negative"):
        record_of(Interaction("a", "chat", (Turn(0, "agent", "Hi"),), hold_s=-1), "s", "f:1", CONTEXT)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "expected_n"), [("star", 3072), ("casino", 512), ("multidogo", 7081)])
def test_every_real_chat_is_read(real_data: Path, name: str, expected_n: int) -> None:
    records = problems = 0
    for found in discover(real_data / name / "transcripts"):
        for item in read(found, CONTEXT):
            records += isinstance(item, Record)
            problems += isinstance(item, Problem)
    assert (records, problems) == (expected_n, 0)


@pytest.mark.real_data
def test_a_foreign_json_document_is_said_to_be_one(real_data: Path) -> None:
    for found in discover(real_data / "maia_dqe" / "data"):
        (problem,) = read(found, CONTEXT)
        assert isinstance(problem, Problem)
        assert "JSON array" in problem.reason
        assert "text_mt" in problem.reason
