"""`aftercall redact`: the same lines, masked, with spans of the text that came in."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aftercall.cli.redact import main, redacted_line
from aftercall.text.pii_finder import own_finder
from aftercall.text.redact import MASK

LINE = {
    "interaction_id": "i-4111",
    "channel": "chat",
    "agent_id": None,
    "customer_id": "c",
    "started_at": None,
    "site": "north",
    "labels": {"task_success": True, "slots": ["kim@example.org"]},
    "turns": [
        {"speaker": "agent", "start_s": 0, "end_s": 0, "text": "Your card number?", "action": "ask", "source": "suggestion"},
        {"speaker": "customer", "start_s": 1, "end_s": 1, "text": "4111 1111 then"},
        {"speaker": "customer", "start_s": 2, "end_s": 2, "text": "1111 1111, mail kim@example.org"},
    ],
}


def run(capsysbinary: pytest.CaptureFixture[bytes], *args: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(args)
    out = capsysbinary.readouterr()
    return code, [json.loads(line) for line in out.out.splitlines()], out.err.decode()


def test_the_line_comes_back_masked_with_offsets_of_the_input(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    code, (out,), err = run(capsysbinary, str(path))
    assert code == 0
    assert [turn["text"] for turn in out["turns"]] == ["Your card number?", f"{MASK} then", f"{MASK}, mail {MASK}"]
    for turn, given in zip(out["turns"], LINE["turns"], strict=True):
        for span in turn["pii"]:
            assert set(span) == {"type", "start", "end"}
        assert {key: turn[key] for key in given if key != "text"} == {key: given[key] for key in given if key != "text"}
    (card, mail) = out["turns"][2]["pii"]
    text = LINE["turns"][2]["text"]
    assert (text[card["start"] : card["end"]], text[mail["start"] : mail["end"]]) == ("1111 1111", "kim@example.org")
    assert {key: out[key] for key in ("interaction_id", "site", "customer_id", "started_at")} == {
        key: LINE[key] for key in ("interaction_id", "site", "customer_id", "started_at")
    }
    assert out["labels"] == {"task_success": True, "slots": [MASK]}
    assert out["redaction_version"] == own_finder().version
    assert len(out["epoch"]) == 12
    warning = own_finder().warning
    assert (warning in err) if warning else not err


def test_bad_lines_are_told_and_the_rest_is_written(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = json.dumps(LINE) + '\nno json\n{"interaction_id": "x", "channel": "fax"}\n' + json.dumps(LINE) + "\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    code, lines, err = run(capsysbinary, "-")
    assert (code, len(lines)) == (1, 2)
    assert "stdin, line 2: not JSON" in err
    assert "stdin, line 3: channel is 'fax'" in err
    assert "2 of 4 lines were refused" in err


def test_redacting_twice_changes_nothing_but_the_spans() -> None:
    once = redacted_line(LINE)
    twice = redacted_line(once)
    assert [turn["text"] for turn in twice["turns"]] == [turn["text"] for turn in once["turns"]]
    assert not any(turn["pii"] for turn in twice["turns"])


def test_personal_keys_hold_a_mask_and_words_follow_the_text() -> None:
    words = [{"text": word, "start_s": n, "end_s": n + 1} for n, word in enumerate(("cvv", "123"))]
    line = {"interaction_id": "x", "channel": "voice", "ANI": 5551234567, "attributes": {"note": "ssn 123-45-6789"}}
    out = redacted_line(line | {"turns": [{"speaker": "agent", "text": "cvv 123", "words": words}]})
    assert out["ANI"] == MASK
    assert out["attributes"] == {"note": f"ssn {MASK}"}
    assert [word["text"] for word in out["turns"][0]["words"]] == ["cvv", MASK]


def test_a_line_without_turns_stays_one() -> None:
    assert "turns" not in redacted_line({"interaction_id": "x", "channel": "chat"})
    assert redacted_line({"interaction_id": "x", "channel": "chat", "turns": []})["turns"] == []
