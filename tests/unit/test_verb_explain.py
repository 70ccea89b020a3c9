"""`aftercall explain`: what people read has the score, the quote with its minute, and what would have earned the point."""

import json
from pathlib import Path

import pytest

from aftercall.cli import main


def written(folder: Path) -> Path:
    told = [
        ("customer", 0.0, "Hello"),
        ("agent", 4.0, "What?"),
        ("customer", 65.0, "Someone stole my card!"),
        ("agent", 70.0, "Number?"),
    ]
    told += [("customer", 75.0, "12"), ("agent", 80.0, "Your balance is 4 dollars.")]
    turns = [{"speaker": who, "start_s": at, "end_s": at, "text": text} for who, at, text in told]
    lines = [
        {"interaction_id": "bad", "channel": "chat", "turns": turns},
        {"interaction_id": "none", "channel": "chat", "turns": []},
        {
            "interaction_id": "debt",
            "channel": "chat",
            "queue": "collections",
            "turns": [*turns, {"speaker": "agent", "text": "You owe 9."}],
        },
    ]
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_lost_points_come_with_quote_minute_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(written(tmp_path)), "--only", "bad"]) == 0
    out = capsys.readouterr().out
    assert "bad: " in out
    assert "of 100, below by service 1" in out
    assert "01:05 \u201cSomeone stole my card!\u201d" in out
    assert "searched 01:10 to 01:20 (turns 3 to 5)" in out
    assert "To earn it: Name what happened" in out
    assert "debt" not in out


def test_no_score_is_explained_and_legal_questions_say_that_nobody_reviewed_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(written(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "none: no score, because there is no transcript (no_transcript)." in out
    debt = out[out.index("debt: ") :]
    assert "not reviewed by counsel" in debt
    assert "advisory, outside the score" in debt
