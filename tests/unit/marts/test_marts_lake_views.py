"""The lake as dbt sees it: types, partitions, paths, tables that do not exist yet, files older than a column."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from aftercall.contracts.errors import ContractError, UnknownTable
from aftercall.contracts.tables import LAKE, table_named
from assets.lake import Lake
from assets.marts.lake_views import connect, drop_scaffold, expose_lake

from .conftest import fill, interaction


def seen(database: Path, query: str) -> list[tuple[object, ...]]:
    with connect(database, read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_tables_never_written_are_empty_and_typed(tmp_path: Path) -> None:
    expose_lake(tmp_path / "x.duckdb", {})
    for table in LAKE:
        assert seen(tmp_path / "x.duckdb", f"select count(*) from lake.{table.name}") == [(0,)]
    kinds = dict(row[:2] for row in seen(tmp_path / "x.duckdb", "describe lake.core_interaction"))
    assert tuple(kinds) == table_named("core_interaction").names
    assert (kinds["started_at"], kinds["turn_n"], kinds["day_on"]) == ("TIMESTAMP WITH TIME ZONE", "BIGINT", "VARCHAR")


def test_partitions_stay_text_and_odd_paths_are_found(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "it's 100% ours" / "lake")
    rows = [interaction("a", "2026-01-05T00:00:00"), interaction("b", None)]
    fill(lake, "core_interaction", rows)
    scores = {"interaction_id": "a", "day_on": "2026-01-05", "score_key": "k"}
    fill(lake, "score_interaction", [scores | {"score_epoch": "000000000012"}])
    expose_lake(tmp_path / "x.duckdb", {name: lake.files(name) for name in ("core_interaction", "score_interaction")})
    assert seen(tmp_path / "x.duckdb", "select day_on, started_at from lake.core_interaction order by day_on") == [
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("undated", None),
    ]
    # an epoch of digits is no number: its zeros count
    assert seen(tmp_path / "x.duckdb", "select score_epoch from lake.score_interaction") == [("000000000012",)]


def test_only_the_active_files_count(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    fill(lake, "core_customer", [{"customer_id": "old"}])
    fill(lake, "core_customer", [{"customer_id": "new"}])
    assert len(list((tmp_path / "lake" / "core_customer").glob("*.parquet"))) == 2
    expose_lake(tmp_path / "x.duckdb", {"core_customer": lake.files("core_customer")})
    assert seen(tmp_path / "x.duckdb", "select customer_id from lake.core_customer") == [("new",)]


@pytest.mark.parametrize("files", [["a"], ["a", "b"]], ids=["in every file", "in some files"])
def test_a_column_that_files_lack_is_null_there(tmp_path: Path, files: list[str]) -> None:
    pl.DataFrame({"customer_id": ["a"], "tier": ["gold"]}).write_parquet(tmp_path / "a")
    pl.DataFrame({"customer_id": ["b"], "preferred_name": ["Kim"]}).write_parquet(tmp_path / "b")
    expose_lake(tmp_path / "x.duckdb", {"core_customer": [str(tmp_path / name) for name in files]})
    rows = seen(tmp_path / "x.duckdb", "select customer_id, tier, preferred_name from lake.core_customer order by 1")
    assert rows == [("a", "gold", None), ("b", None, "Kim")][: len(files)]


def test_a_name_that_is_no_lake_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownTable, match="core_leg"):
        expose_lake(tmp_path / "x.duckdb", {"core_legs": []})
    with pytest.raises(ContractError, match="mart_coverage is no lake table"):
        expose_lake(tmp_path / "x.duckdb", {"mart_coverage": []})


def test_no_extension_is_ever_fetched(tmp_path: Path) -> None:
    with connect(tmp_path / "x.duckdb") as connection, pytest.raises(duckdb.Error, match=r"(?i)extension|httpfs"):
        connection.sql("select * from read_parquet('https://example.invalid/x.parquet')").fetchall()


def test_without_the_scaffold_the_file_stands_alone(tmp_path: Path) -> None:
    database, lake = tmp_path / "x.duckdb", Lake(tmp_path / "lake")
    fill(lake, "core_customer", [{"customer_id": "a"}])
    expose_lake(database, {"core_customer": lake.files("core_customer")})
    with connect(database) as connection:
        connection.execute("create schema staging")
        connection.execute("create view staging.seen as select customer_id from lake.core_customer")
        connection.execute("create table kept as from staging.seen")
    drop_scaffold(database)
    assert seen(database, "select schema_name from duckdb_schemas() where schema_name in ('lake', 'staging')") == []
    assert seen(database, "from kept") == [("a",)]
    assert not (tmp_path / "x.duckdb.wal").exists()
