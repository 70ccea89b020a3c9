"""The synthetic centre's files: same seed same bytes, contracts kept, requests refused with a reason."""

import csv
import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aftercall.contracts import lake_tables
from aftercall.contracts.errors import RequestError
from aftercall.contracts.records import Interaction, from_line, to_line
from aftercall.synth import Centre, write_centre
from aftercall.synth.staff import start_weeks

SMALL: dict[str, Any] = {"agents": 10, "teams": 5, "weeks": 14, "transcripts_per_agent_week": 3}
CANONICAL = {
    "roster.csv": lake_tables.CORE_AGENT,
    "notices.csv": lake_tables.CORE_NOTICE,
    "customers.csv": lake_tables.CORE_CUSTOMER,
    "coaching.csv": lake_tables.CORE_EXPOSURE,
    "schedules.csv": lake_tables.CORE_ACTIVITY,
    "evaluations.csv": lake_tables.CORE_EVALUATION,
    "surveys.csv": lake_tables.CORE_SURVEY,
}


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows_of(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def interactions(centre: Centre) -> Iterator[Interaction]:
    for path in sorted((centre.input / "transcripts").iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield from_line(json.loads(line))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return write_centre(tmp_path_factory.mktemp("small"), **SMALL)


def test_same_seed_writes_the_same_bytes(small: Centre, tmp_path: Path) -> None:
    again = write_centre(tmp_path, **SMALL)
    assert digests(again.input.parent) == digests(small.input.parent)
    assert again.effect == small.effect


def test_progress_counts_every_contact_once(small: Centre, tmp_path: Path) -> None:
    counted = list[int]()
    centre = write_centre(tmp_path, **SMALL, on_progress=counted.append)
    assert sum(counted) == centre.interaction_n - centre.rows["recordings"]


def test_another_seed_writes_another_centre(small: Centre, tmp_path: Path) -> None:
    other = write_centre(tmp_path, **SMALL, seed=8)
    ours, theirs = digests(small.input.parent), digests(other.input.parent)
    same = {name for name in ours if ours[name] == theirs.get(name)}
    # The column map and the spoken calls are constants, and notices hang on nothing that is drawn but the hires.
    assert {Path(name).suffix for name in same - {"input/notices.csv"}} <= {".toml", ".wav", ".flac"}


def test_every_line_is_a_canonical_interaction(small: Centre) -> None:
    seen = Counter[str]()
    for one in interactions(small):
        seen[one.interaction_id] += 1
        assert from_line(to_line(one)) == one
        assert one.transcript_state == "ok"
        assert set(one.attributes) <= {"holds_s"}
        assert one.turns == one.in_order()
        assert all((turn.start_s or 0) <= (turn.end_s or 0) for turn in one.turns)
    assert len(seen) == small.transcript_n
    assert set(seen.values()) == {1}


def test_canonical_files_have_the_columns_of_their_table(small: Centre) -> None:
    for file, table in CANONICAL.items():
        rows = rows_of(small.input / file)
        assert rows, file
        known = {column.name: column for column in table.columns}
        assert set(rows[0]) <= set(known), file
        keys = [tuple(row[name] for name in table.key) for row in rows]
        assert len(set(keys)) == len(keys), file
        for column in known.values():
            if column.values and column.name in rows[0]:
                assert {row[column.name] for row in rows} - {""} <= set(column.values), (file, column.name)
            if column.required:
                assert all(row[column.name] for row in rows), (file, column.name)


def test_column_map_names_columns_that_exist(small: Centre) -> None:
    column_map = tomllib.loads((small.input / "acme_acd.toml").read_text(encoding="utf-8"))
    rows = rows_of(small.input / "acd_legs.csv", "utf-8-sig")
    sources = {one if isinstance(one, str) else one["from"] for one in column_map["columns"].values()}
    assert sources | set(column_map["source"]["drop"]) == set(rows[0])
    assert set(column_map["columns"]) <= {column.name for column in lake_tables.CORE_LEG.columns}


def test_calls_last_as_long_as_the_switch_says(small: Centre) -> None:
    legs = {row["CallId"]: row for row in rows_of(small.input / "acd_legs.csv", "utf-8-sig")}
    checked = 0
    for one in interactions(small):
        leg = legs.get(one.interaction_id)
        if leg is None:
            continue
        hours, minutes, seconds = map(int, leg["TalkTime"].split(":"))
        whole = 3600 * hours + 60 * minutes + seconds + float(leg["HoldSec"])
        last = max(turn.end_s or 0.0 for turn in one.turns)
        # Very short talk is spoken in a hurry, but never faster than people speak: it may run over a little.
        assert last <= whole + 12.0, one.interaction_id
        assert last >= 0.8 * whole - 5.0, one.interaction_id
        checked += 1
    assert checked > 0.9 * small.transcript_n


def test_everyone_has_a_notice_before_the_first_contact(small: Centre) -> None:
    notices = {row["agent_id"]: row["noticed_on"] for row in rows_of(small.input / "notices.csv")}
    for one in interactions(small):
        assert one.started_at is not None
        assert notices[str(one.agent_id)] <= one.started_at.date().isoformat()


def test_missing_transcripts_abandoned_callers_and_missing_legs_exist(small: Centre) -> None:
    legs = rows_of(small.input / "acd_legs.csv", "utf-8-sig")
    told = {one.interaction_id for one in interactions(small)}
    legged = {row["CallId"] for row in legs}
    assert legged - told
    gave_up = [row for row in legs if row["Abandoned"] == "Y"]
    assert gave_up
    assert all(row["AgentLogin"] == "" and row["TalkTime"] == "" for row in gave_up)


def test_evaluations_carry_their_probability_and_some_are_rated_twice(small: Centre) -> None:
    rows = rows_of(small.input / "evaluations.csv")
    assert {row["sampling"] for row in rows} <= {"random", "targeted"}
    assert all(0.02 <= float(row["inclusion_probability"]) <= 0.04 for row in rows if row["sampling"] == "random")
    assert all(row["inclusion_probability"] == "" for row in rows if row["sampling"] == "targeted")
    assert all((row["answer"] == "na") == (row["points"] == "") for row in rows)


def test_recordings_are_where_the_manifest_says(small: Centre) -> None:
    folder = small.input / "recordings"
    rows = rows_of(folder / "manifest.csv")
    assert len(rows) == 2
    for row in rows:
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
    truth = json.loads((small.truth / "recordings.json").read_text(encoding="utf-8"))
    assert [one["interaction_id"] for one in truth] == [row["interaction_id"] for row in rows]
    for one in truth:
        turns = one["turns"]
        gaps = [after["start_s"] - before["end_s"] for before, after in pairwise(turns)]
        assert min(gaps) < -0.3, "an overlap is planted"
        assert max(gaps) > 3.0, "a silence is planted"


def test_coaching_starts_late_enough_and_at_three_dates() -> None:
    starts = start_weeks(12, 24)
    assert Counter(starts) == {None: 4, 10: 3, 13: 3, 16: 2}
    for teams in range(4, 30):
        for weeks in range(13, 60):
            dates = [one for one in start_weeks(teams, weeks) if one is not None]
            assert len(set(dates)) == 3
            assert 10 <= min(dates) <= max(dates) < weeks
            assert len(dates) < teams


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"weeks": 12}, "13"),
        ({"teams": 3}, "at least 4"),
        ({"agents": 4, "teams": 6}, "at least one agent"),
        ({"start_on": date(2026, 5, 5)}, "Monday"),
    ],
)
def test_impossible_requests_are_refused_with_a_reason(asked: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=says):
        write_centre(tmp_path, **{**SMALL, **asked})
