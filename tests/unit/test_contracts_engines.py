"""What engines make of the contracts: Delta takes the constraints and enforces them, generated files are current."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import yaml
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from aftercall.contracts.columns import Kind
from aftercall.contracts.delta import constraints, properties
from aftercall.contracts.expectations import suite
from aftercall.contracts.frames import arrow_schema, empty
from aftercall.contracts.table import Table
from aftercall.contracts.tables import LAKE, MARTS, table_named
from aftercall.contracts.write import generated, main


def delta(path: Path, table: Table) -> DeltaTable:
    made = DeltaTable.create(
        str(path), arrow_schema(table), partition_by=list(table.partition) or None, configuration=properties(table)
    )
    if rules := constraints(table):
        made.alter.add_constraint(rules)
    return made


@pytest.mark.parametrize("table", LAKE, ids=lambda table: table.name)
def test_delta_takes_every_tables_constraints_and_its_empty_frame(tmp_path: Path, table: Table) -> None:
    made = delta(tmp_path / table.name, table)
    write_deltalake(str(tmp_path / table.name), empty(table).to_arrow().cast(arrow_schema(table)), mode="append")
    kept = {
        key.removeprefix("delta.constraints.") for key in made.metadata().configuration if key.startswith("delta.constraints.")
    }
    assert kept == set(constraints(table))


def write_turn(path: Path, **changed: object) -> None:
    """Append one turn to a fresh core_turn, with every field nullable, so that Delta and not Arrow decides."""
    table = table_named("core_turn")
    delta(path, table)
    turn = {"interaction_id": "i", "turn": 0, "day_on": "2026-01-05", "speaker": "agent", "text": "x"} | changed
    rows = pl.DataFrame([turn], schema=empty(table).schema).to_arrow()
    nullable = pa.schema([pa.field(field.name, field.type) for field in arrow_schema(table)])
    write_deltalake(str(path), rows.cast(nullable), mode="append")


@pytest.mark.parametrize("value", [0.0, 1.0, None])
def test_delta_takes_rows_at_the_bounds_and_unknown_ones(tmp_path: Path, value: float | None) -> None:
    write_turn(tmp_path / "t", confidence=value)
    assert pl.read_delta(str(tmp_path / "t"))["confidence"].to_list() == [value]


@pytest.mark.parametrize(("column", "value"), [("confidence", 1.5), ("speaker", "robot"), ("start_s", -1.0), ("text", None)])
def test_delta_refuses_rows_that_break_the_contract(tmp_path: Path, column: str, value: object) -> None:
    with pytest.raises(DeltaError, match=column):
        write_turn(tmp_path / "t", **{column: value})
    assert pl.read_delta(str(tmp_path / "t")).height == 0


@pytest.mark.parametrize("table", LAKE, ids=lambda table: table.name)
def test_statistics_in_the_log_hold_neither_text_nor_ids(table: Table) -> None:
    counted = properties(table).get("delta.dataSkippingStatsColumns", "").split(",")
    assert not {column.name for column in table.columns if column.kind in (Kind.KEY, Kind.TEXT)} & set(counted)


def test_no_words_reach_the_delta_log(tmp_path: Path) -> None:
    table = table_named("core_turn")
    delta(tmp_path / "t", table)
    row = {"interaction_id": "agent-smith", "turn": 0, "day_on": "2026-01-05", "speaker": "agent", "text": "heliotrope"}
    rows = pl.DataFrame([row], schema=empty(table).schema).to_arrow().cast(arrow_schema(table))
    write_deltalake(str(tmp_path / "t"), rows, mode="append")
    log = "".join(path.read_text() for path in (tmp_path / "t" / "_delta_log").glob("*.json"))
    assert "numRecords" in log
    assert "heliotrope" not in log
    assert "agent-smith" not in log


def test_generated_files_are_the_committed_ones(checkout: Path) -> None:
    stale = [name for name, content in generated().items() if (checkout / name).read_text(encoding="utf-8") != content]
    assert not stale, f"run `make contracts`: {', '.join(stale)}"


def test_writing_writes_what_is_generated(tmp_path: Path) -> None:
    main(tmp_path)
    assert {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == generated()


def test_dbt_tests_say_what_the_contract_says() -> None:
    models = {model["name"]: model for model in yaml.safe_load(generated()["dbt_like_sql/models/marts/marts.yml"])["models"]}
    assert list(models) == [table.name for table in MARTS]
    week = models["mart_agent_week"]
    key, ranges = week["data_tests"]
    assert key == {"unique_key": {"arguments": {"columns": ["agent_id", "week_on"]}}}
    assert ranges["in_range"]["arguments"]["ranges"]["handle_s_sum"] == [0, None]
    listed = {column["name"]: column.get("data_tests", []) for column in week["columns"]}
    assert listed["interaction_n"] == ["not_null"]
    assert {"accepted_values": {"arguments": {"values": ["randomised", "rollout", "triggered", "opt_in"]}}} in listed[
        "mechanism"
    ]
    sources = yaml.safe_load(generated()["dbt_like_sql/models/staging/sources.yml"])["sources"][0]
    assert [table["name"] for table in sources["tables"]] == [table.name for table in LAKE]


@pytest.mark.parametrize("table", [*LAKE, *MARTS], ids=lambda table: table.name)
def test_a_suite_covers_columns_key_and_every_bound(table: Table) -> None:
    rules = suite(table)
    assert rules[0]["kwargs"] == {"column_list": list(table.names)}
    unique = rules[1]["kwargs"]
    assert unique.get("column_list", [unique.get("column")]) == list(table.key)
    about = {(rule["type"], rule["kwargs"].get("column")) for rule in rules[2:]}
    for column in table.columns:
        assert (("expect_column_values_to_not_be_null", column.name) in about) == column.required
        bounded = column.low is not None or column.high is not None
        assert (("expect_column_values_to_be_between", column.name) in about) == bounded
        assert (("expect_column_values_to_be_in_set", column.name) in about) == bool(column.values)
