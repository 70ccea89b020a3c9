"""The same again, late, corrected, moved, in any order: the tables end where they should, and nothing else is touched."""

import shutil
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from assets.core.assets import core_conversations
from assets.lake import Lake
from assets.raw.receive import quarantined
from pipelines.definitions import station_of
from tests.faults.deliveries import (
    column,
    core_and_scores,
    environment,
    first_delivery,
    leg,
    line,
    put_lines,
    put_table,
    run_steps,
    tables,
)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def of_day(lake: Lake, table: str) -> dict[str, set[str]]:
    """The table's files by day."""
    days: dict[str, set[str]] = {}
    for file in lake.files(table):
        day = file.split("day_on=")[1].split("/")[0]
        days.setdefault(day, set()).add(file)
    return days


def test_a_second_run_with_nothing_new_writes_nothing(tmp_path: Path, inbox: Path) -> None:
    first_delivery(inbox)
    run_steps(tmp_path / "state", inbox)
    lake = Lake(tmp_path / "state" / "lake")
    names = [path.name for path in lake.root.iterdir() if path.is_dir()]
    before = lake.versions(names)
    run_steps(tmp_path / "state", inbox)
    assert lake.versions(names) == before
    assert len(before) >= 12


def test_a_day_delivered_twice_is_received_once(tmp_path: Path, inbox: Path) -> None:
    first_delivery(inbox)
    run_steps(tmp_path / "state", inbox)
    before = tables(tmp_path / "state")
    shutil.copyfile(inbox / "calls-a.jsonl", inbox / "calls-a (1).jsonl")
    lines = (inbox / "calls-b.jsonl").read_text().splitlines()
    (inbox / "sent-again.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    run_steps(tmp_path / "state", inbox)
    after = tables(tmp_path / "state")
    assert len(after.pop("raw_file")) == len(before.pop("raw_file")) + 2
    assert after == before
    assert not list(quarantined(tmp_path / "state" / "quarantine"))


def test_a_correction_wins_and_the_old_version_stays(tmp_path: Path, inbox: Path) -> None:
    put_lines(inbox / "day.jsonl", [line("i1"), line("i2")], at=1)
    run_steps(tmp_path / "state", inbox)
    put_lines(inbox / "corrected.jsonl", [line("i1", queue="billing")], at=2)
    run_steps(tmp_path / "state", inbox)
    core = column(tmp_path / "state", "core_interaction", "interaction_id", "queue")
    assert core.rows() == [("i1", "billing"), ("i2", "service")]
    raw = column(tmp_path / "state", "raw_record", "record_key", "received_n", "record_json")
    assert raw["record_key"].to_list() == ["i1", "i1", "i2"]
    assert "service" in raw["record_json"][0]


def test_the_file_written_later_wins_though_its_name_comes_first(tmp_path: Path, inbox: Path) -> None:
    put_lines(inbox / "b-first.jsonl", [line("i1", queue="old")], at=1)
    put_lines(inbox / "a-later.jsonl", [line("i1", queue="new")], at=2)
    run_steps(tmp_path / "state", inbox)
    assert column(tmp_path / "state", "core_interaction", "interaction_id", "queue").rows() == [("i1", "new")]


@pytest.mark.parametrize(("old", "new"), [(3, 5), (5, 3)])
def test_a_correction_moves_an_interaction_to_another_day(tmp_path: Path, inbox: Path, old: int, new: int) -> None:
    put_lines(inbox / "day.jsonl", [line("i1", old), line("i2", 3), line("i3", 5)], at=1)
    put_table(inbox / "legs.csv", [leg("i1", 0, old)], at=2)
    run_steps(tmp_path / "state", inbox)
    put_lines(inbox / "moved.jsonl", [line("i1", new)], at=3)
    run_steps(tmp_path / "state", inbox)
    for table in ("core_interaction", "core_turn", "core_leg", "score_interaction", "score_question"):
        rows = column(tmp_path / "state", table, "interaction_id", "day_on").filter(pl.col("interaction_id") == "i1")
        assert set(rows["day_on"]) == {f"2026-03-{new:02}"}, table
    assert column(tmp_path / "state", "core_interaction", "interaction_id")["interaction_id"].to_list() == ["i1", "i2", "i3"]


@pytest.mark.parametrize(("old", "new"), [(3, 5), (5, 3)])
def test_a_move_that_was_broken_off_between_its_two_days_is_finished(
    tmp_path: Path, inbox: Path, old: int, new: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.core.assets._PORTION_N", 1)  # one day a commit, as in a large centre
    put_lines(inbox / "day.jsonl", [line("i1", old), line("i2", 3), line("i3", 5)], at=1)
    run_steps(tmp_path / "state", inbox)
    put_lines(inbox / "moved.jsonl", [line("i1", new)], at=3)

    overwrite, written = Lake.overwrite, list[str]()

    def torn(lake: Lake, name: str, rows: pl.DataFrame, **more: object) -> None:
        overwrite(lake, name, rows, **more)  # type: ignore[arg-type]
        written.append(name)
        if name == "core_interaction":
            raise KeyboardInterrupt

    with monkeypatch.context() as only_now:
        only_now.setattr(Lake, "overwrite", torn)
        with pytest.raises(KeyboardInterrupt):
            run_steps(tmp_path / "state", inbox)
    assert written.count("core_interaction") == 1
    run_steps(tmp_path / "state", inbox)
    core = column(tmp_path / "state", "core_interaction", "interaction_id", "day_on")
    assert core.rows() == [("i1", f"2026-03-{new:02}"), ("i2", "2026-03-03"), ("i3", "2026-03-05")]
    assert set(column(tmp_path / "state", "score_interaction", "interaction_id", "day_on").rows()) == set(core.rows())


def test_a_transcript_thirty_days_late_opens_its_own_day_only(tmp_path: Path, inbox: Path) -> None:
    put_lines(inbox / "march.jsonl", [line(f"i{day}", day) for day in (1, 2, 3, 31)], at=1)
    put_table(inbox / "legs.csv", [leg("late", 0, 1)], at=2)
    state = tmp_path / "state"
    run_steps(state, inbox)
    missing = column(state, "score_interaction", "interaction_id", "null_reason")
    assert ("late", "no_transcript") in missing.rows()
    lake = Lake(state / "lake")
    names = ("core_interaction", "core_turn", "core_leg", "score_interaction", "score_question", "score_evidence")
    before = {name: of_day(lake, name) for name in names}
    put_lines(inbox / "late.jsonl", [line("late", 1)], at=9)
    run_steps(state, inbox)
    for name in names:
        after = of_day(lake, name)
        assert {day for day in after if after[day] != before[name].get(day)} == {"2026-03-01"}, name
    scored = dict(column(state, "score_interaction", "interaction_id", "overall").iter_rows())
    assert scored["late"] is not None


def test_three_deliveries_end_in_the_same_tables_in_any_order(tmp_path: Path) -> None:
    day = [line(f"i{n}") for n in range(4)]
    parts = {"calls.jsonl": day[:2], "more.jsonl": [*day[1:]], "again.jsonl": day}
    ends = []
    for no, order in enumerate(permutations(parts)):
        inbox, state = tmp_path / f"inbox-{no}", tmp_path / f"state-{no}"
        for at, name in enumerate(order):
            put_lines(inbox / name, parts[name], at=at)
            run_steps(state, inbox)
        ends.append(core_and_scores(state))
    assert all(end == ends[0] for end in ends[1:])
    assert len(ends[0]["core_interaction"]) == 4


def test_a_run_limited_to_some_days_loses_nothing_for_the_next(tmp_path: Path, inbox: Path) -> None:
    put_lines(inbox / "march.jsonl", [line(f"i{day}", day) for day in (1, 2, 3)], at=1)
    run_steps(tmp_path / "limited", inbox, since="2026-03-02", until="2026-03-02")
    assert column(tmp_path / "limited", "core_interaction", "interaction_id").rows() == [("i2",)]
    run_steps(tmp_path / "limited", inbox)
    run_steps(tmp_path / "whole", inbox)
    assert core_and_scores(tmp_path / "limited") == core_and_scores(tmp_path / "whole")


def test_legs_without_a_transcript_and_undated_calls_have_their_place(tmp_path: Path, inbox: Path) -> None:
    put_lines(inbox / "undated.jsonl", [line("i1", started_at=None), line("i2", started_at=None)], at=1)
    put_table(inbox / "legs.csv", [leg("i1", 0, 4), leg("i9", 0, 4)], at=2)
    run_steps(tmp_path / "state", inbox)
    core = column(tmp_path / "state", "core_interaction", "interaction_id", "day_on", "transcript_state")
    assert core.rows() == [("i1", "2026-03-04", "ok"), ("i2", "undated", "ok"), ("i9", "2026-03-04", "missing")]


def test_a_step_that_finds_its_days_built_reads_no_records(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_delivery(inbox)
    run_steps(tmp_path / "state", inbox)
    around = environment(tmp_path / "state", inbox)
    monkeypatch.setattr("assets.core.assets.conversations", lambda *_, **__: pytest.fail("rebuilt without need"))
    made = list(core_conversations(lake=Lake(around.lake), station=station_of(around)))
    assert [one.metadata["days_rebuilt"] for one in made] == [0, 0, 0]
