"""Files are recognised by content, never by name; what is not read is said, with the reason."""

import gzip
import json
from pathlib import Path

import pytest

from aftercall.contracts.records import Problem
from aftercall.intake import IntakeContext, ManifestRow, discover, read, read_manifest

CONTEXT = IntakeContext(b"sixteen bytes or more")
LINE = json.dumps({"interaction_id": "i", "channel": "chat", "turns": [{"speaker": "agent", "text": "Hi"}]}).encode()
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 28

CASES = {
    "lines under another name": (b"\n" + LINE + b"\n", "transcripts", "one JSON object a line"),
    "first line cut off": (LINE[:-20] + b"\n" + LINE, "transcripts", "one JSON object a line"),
    "wav": (WAV, "recording", "WAV"),
    "flac": (b"fLaC\x00\x00\x00\x22", "recording", "FLAC"),
    "empty": (b"", "unknown", "empty file"),
    "blank": (b" \n\n", "unknown", "nothing but blanks"),
    "gzip": (gzip.compress(LINE), "unknown", "compressed (gzip)"),
    "zip": (b"PK\x03\x04rest", "unknown", "compressed (zip"),
    "mp3": (b"ID3\x04rest", "unknown", "MP3"),
    "utf-16": (LINE.decode().encode("utf-16"), "unknown", "UTF-16"),
    "binary": (b"\x01\x00\x02\xff", "unknown", "binary"),
    "json array": (b'[\n {"id": 1, "turns": []}\n]', "unknown", "JSON array"),
    "pretty json": (b'{\n "uuid": "x",\n "parties": []\n}', "unknown", "one JSON document"),
    "other json lines": (b'{"id": 1, "text": "x"}\n{"id": 2}\n', "unknown", "no interaction_id and turns"),
    "rttm": (b"SPEAKER f 1 0.00 2.10 <NA> <NA> A <NA> <NA>\n", "ignored", "RTTM"),
    "prose": (b"just a few words without any form", "unknown", "no known form"),
    "notices": (b"agent_id,notice_version,noticed_on\na1,v1,2026-01-05\n", "table", "notice records"),
    "semicolons": (b"agent_id;notice_version;noticed_on\na1;v1;2026-01-05\n", "table", "notice records"),
    "unknown table": (b"foo,bar,baz\n1,2,3\n", "unknown", "no column map fits"),
    "no header": (b"1,,1\n2,3,4\n", "unknown", "no header"),
    "manifest": (b"interaction_id,file,channels\nc,c.wav,agent=left;customer=right\n", "manifest", "manifest"),
    "broken map": (b'[source]\nname = "x"\ntable = "leg"\n[columns]\ntalk = "T"\n', "unknown", "line 5"),
}


@pytest.mark.parametrize("case", CASES)
def test_recognition(tmp_path: Path, case: str) -> None:
    content, kind, why = CASES[case]
    (tmp_path / "delivery.dat").write_bytes(content)
    (found,) = discover(tmp_path)
    assert (found.kind, found.size_bytes) == (kind, len(content))
    assert why in found.why
    problems = [item for item in read(found, CONTEXT) if isinstance(item, Problem)]
    if kind == "unknown":
        (problem,) = problems
        assert why in problem.reason
        assert problem.remedy


def test_a_text_for_people_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# What this is\n\nFiles, of a centre, for a test.\n")
    (found,) = discover(tmp_path)
    assert (found.kind, list(read(found, CONTEXT))) == ("ignored", [])


def test_hidden_files_and_links_are_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(LINE)
    folder = tmp_path / "in"
    (folder / ".cache").mkdir(parents=True)
    (folder / ".cache" / "a.jsonl").write_bytes(LINE)
    (folder / ".hidden.jsonl").write_bytes(LINE)
    (folder / "link.jsonl").symlink_to(outside)
    (folder / "loop").symlink_to(tmp_path)
    (folder / "real.jsonl").write_bytes(LINE)
    assert [one.relative for one in discover(folder)] == ["real.jsonl"]


def test_one_file_is_found_with_the_map_beside_it(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        '[source]\nname = "acme"\ntable = "notice"\n[columns]\nagent_id = "Who"\nnotice_version = "What"\nnoticed_on = "When"\n'
    )
    (tmp_path / "n.csv").write_text("Who,What,When\na1,v1,2026-01-05\n")
    (found,) = discover(tmp_path / "n.csv")
    assert found.column_map is not None
    assert found.column_map.name == "acme"


def test_a_manifest_names_recordings_and_never_leaves_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(
        "interaction_id,file,channels,agent_id,started_at,note\n"
        "c1,a.wav,agent=left;customer=right,a1,2026-01-05T09:00:00Z,hello\n"
        'c2,sub/b.flac,"customer,agent",,,\n'
        "c3,../../etc/passwd,,,,\n"
        "c4,/abs.wav,,,,\n"
        ",d.wav,,,,\n"
        "c6,e.wav,agent=left;customer=left,,,\n"
        "c7,f.wav,,,2026-01-05 09:00,\n"
    )
    rows = list(read_manifest(path, "manifest.csv"))
    good = [row for row in rows if isinstance(row, ManifestRow)]
    assert [(row.file, dict(row.channels)) for row in good] == [
        ("a.wav", {"agent": 0, "customer": 1}),
        ("sub/b.flac", {"customer": 0, "agent": 1}),
    ]
    assert good[0].agent_id == "a1"
    assert good[0].started_at is not None
    assert dict(good[0].attributes) == {"note": "hello"}
    bad = [row for row in rows if isinstance(row, Problem)]
    assert [problem.position for problem in bad] == ["line 4", "line 5", "line 6", "line 7", "line 8"]
    assert "outside" in bad[0].reason


@pytest.mark.real_data
def test_the_real_recordings_and_their_manifest(real_data: Path) -> None:
    kinds = {one.relative: one.kind for one in discover(real_data / "recordings")}
    assert sum(kind == "recording" for kind in kinds.values()) == 12
    assert kinds["manifest.csv"] == "manifest"
    assert "unknown" not in kinds.values()
    rows = list(read_manifest(real_data / "recordings" / "manifest.csv", "manifest.csv"))
    assert not [row for row in rows if isinstance(row, Problem)]
    (call,) = [row for row in rows if isinstance(row, ManifestRow) and row.file == "lca-40.wav"]
    assert dict(call.channels) == {"agent": 0, "customer": 1}


def test_a_notices_table_of_one_agent_is_no_text_for_people(tmp_path: Path) -> None:
    (tmp_path / "notices.csv").write_text("agent_id,notice_version,noticed_on\na1,1,2026-01-05\n")
    (tmp_path / "NOTICE").write_text("Copyright, and so on,\nwith commas.\n")
    assert {one.relative: one.kind for one in discover(tmp_path)} == {"notices.csv": "table", "NOTICE": "ignored"}
