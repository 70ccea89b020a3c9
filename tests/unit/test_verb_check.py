"""`aftercall check`: says what each file is and what would be refused, and writes nothing."""

import json
from pathlib import Path

import pytest

from aftercall.cli.check import main
from aftercall.contracts.errors import RequestError
from aftercall.text.pii_finder import own_finder

GOOD = json.dumps({"interaction_id": "i", "channel": "chat", "turns": [{"speaker": "agent", "text": "Hi"}]})


def test_good_files_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "day.jsonl").write_text(GOOD + "\n")
    (tmp_path / "README.md").write_text("For people.\n")
    assert main([str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "day.jsonl: transcripts" in said.out
    assert "1 interaction records" in said.out
    assert "README.md: ignored" in said.out
    warning = own_finder().warning
    assert (warning in said.err) if warning else "masked" not in said.err


def test_what_would_be_refused_is_said_with_reason_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "day.jsonl").write_text(GOOD + "\nbroken\n")
    (tmp_path / "empty.csv").write_text("")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert main([str(tmp_path / "day.jsonl"), str(tmp_path / "empty.csv")]) == 1
    said = capsys.readouterr()
    assert "refused: line 2, line: not JSON" in said.out
    assert "empty file" in said.out
    assert "2 would be refused" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_json_has_the_draft_of_an_unknown_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("CallId,Leg,TalkTime,Mood\nc1,0,0:01:00,5\n")
    assert main([str(path), "--json"]) == 1
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["file"], line["kind"], line["refused_n"]) == ("calls.csv", "unknown", 1)
    assert line["draft"]["table"] == "leg"
    assert line["draft"]["unmapped"] == ["Mood"]
    (tmp_path / "map.toml").write_text(line["draft"]["toml"])
    assert main([str(path)]) == 0


def test_dropped_columns_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "day.jsonl").write_text(GOOD[:-1] + ', "ANI": "+15551234567"}\n')
    assert main([str(tmp_path)]) == 0
    assert "dropped at the door: ANI (1)" in capsys.readouterr().out


def test_a_damaged_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("soundfile", reason="soundfile is missing: pip install 'aftercall[speech]'")
    (tmp_path / "call.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfm")
    assert main([str(tmp_path)]) == 1
    assert "call.wav: recording" in capsys.readouterr().out


def test_wrong_requests(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="not found"):
        main([str(tmp_path / "nowhere")])
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(RequestError, match="symbolic link"):
        main([str(tmp_path / "link")])
    with pytest.raises(RequestError):
        main([])
