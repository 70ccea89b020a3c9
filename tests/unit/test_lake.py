"""The lake: whole commits, refused reads, tables older than a column."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from aftercall.contracts.errors import AccessRefused, ContractError, UnknownTable
from assets.lake import Lake

READ = {"role": "pipeline", "purpose": "service_quality"}


def turns(day: str, n: int, *, text: str = "hello") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "interaction_id": [f"{day}-{i}" for i in range(n)],
            "turn": [0] * n,
            "day_on": [day] * n,
            "speaker": ["agent"] * n,
            "text": [text] * n,
        }
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_a_table_never_written_reads_as_empty_with_its_columns(lake: Lake) -> None:
    assert lake.read("core_turn", **READ).height == 0
    assert lake.files("core_turn") == []


def test_overwriting_a_day_leaves_the_others_and_their_files_alone(lake: Lake) -> None:
    lake.append("core_turn", pl.concat([turns("2026-01-05", 3), turns("2026-01-06", 2)]))
    before = {name for name in lake.files("core_turn") if "2026-01-06" in name}
    lake.overwrite("core_turn", turns("2026-01-05", 1, text="again"), days=["2026-01-05"])
    rows = lake.read("core_turn", **READ)
    assert rows.group_by("day_on").len().sort("day_on").rows() == [("2026-01-05", 1), ("2026-01-06", 2)]
    assert {name for name in lake.files("core_turn") if "2026-01-06" in name} == before


def test_overwriting_a_day_with_nothing_empties_it(lake: Lake) -> None:
    lake.append("core_turn", turns("2026-01-05", 3))
    lake.overwrite("core_turn", turns("2026-01-05", 0), days=["2026-01-05"])
    assert lake.read("core_turn", **READ).height == 0


def test_rows_that_break_the_contract_are_not_written(lake: Lake) -> None:
    with pytest.raises(ContractError, match="speaker not one of"):
        lake.append("core_turn", turns("2026-01-05", 1).with_columns(speaker=pl.lit("robot")))
    assert not lake.exists("core_turn")


def test_a_table_of_an_older_version_learns_the_words_the_contract_has_now(lake: Lake) -> None:
    lake.append("core_turn", turns("2026-01-05", 1))
    made = DeltaTable(str(lake.root / "core_turn"))
    made.alter.drop_constraint("speaker_values")
    made.alter.add_constraint({"speaker_values": "speaker IN ('agent')"})
    customer = turns("2026-01-06", 1).with_columns(speaker=pl.lit("customer"))
    lake.append("core_turn", customer)
    assert lake.read("core_turn", **READ).height == 2
    now = DeltaTable(str(lake.root / "core_turn")).metadata().configuration["delta.constraints.speaker_values"]
    assert "'customer'" in now


def test_delta_itself_refuses_what_slips_past_us(lake: Lake) -> None:
    lake.append("core_turn", turns("2026-01-05", 1))
    bad = lake.read("core_turn", **READ).with_columns(turn=pl.lit(-1, dtype=pl.Int64))
    with pytest.raises(Exception, match="validation check"):
        write_deltalake(str(lake.root / "core_turn"), bad.to_arrow(compat_level=pl.CompatLevel.oldest()), mode="append")


@pytest.mark.parametrize(
    ("role", "purpose"), [("pipeline", "discipline"), ("pipeline", "pay"), ("stranger", "coaching"), ("wfm_lead", "coaching")]
)
def test_a_read_without_a_right_is_refused(lake: Lake, role: str, purpose: str) -> None:
    with pytest.raises(AccessRefused):
        lake.read("core_turn", role=role, purpose=purpose)


def test_an_unknown_table_is_named(lake: Lake) -> None:
    with pytest.raises(UnknownTable, match="Did you mean 'core_turn'"):
        lake.read("core_turns", **READ)


def test_no_text_and_no_id_in_the_log(lake: Lake) -> None:
    lake.append("core_turn", turns("2026-01-05", 3, text="a planted sentence"))
    log = "".join(path.read_text() for path in (lake.root / "core_turn" / "_delta_log").glob("*.json"))
    assert "planted" not in log
    assert "2026-01-05-0" not in log


def test_a_table_written_before_a_column_existed_reads_it_as_null_and_takes_it(lake: Lake) -> None:
    old = turns("2026-01-05", 1).to_arrow(compat_level=pl.CompatLevel.oldest())
    write_deltalake(str(lake.root / "core_turn"), old, partition_by=["day_on"])
    assert lake.read("core_turn", **READ)["confidence"].to_list() == [None]
    lake.append("core_turn", turns("2026-01-06", 1).with_columns(confidence=pl.lit(0.9)))
    assert lake.read("core_turn", **READ).sort("day_on")["confidence"].to_list() == [None, 0.9]


def test_a_commit_carries_its_note(lake: Lake) -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    rows = pl.DataFrame({"agent_id": ["a"], "notice_version": ["1"], "noticed_on": [now.date()]})
    lake.overwrite("core_notice", rows, note="from here")
    assert lake.note_of("core_notice") == "from here"
    assert DeltaTable(str(lake.root / "core_notice")).version() == lake.versions(["core_notice"])["core_notice"]
