"""Contracts for dbt: sources, models, descriptions and tests as YAML, generated, never typed twice.

Lives here: what dbt makes of a Table. Not here: the SQL (dbt_like_sql). `python -m aftercall.contracts.write` writes it.
"""

from collections.abc import Sequence
from typing import Any

from aftercall.contracts.columns import Column
from aftercall.contracts.table import Table


def sources_yaml(tables: Sequence[Table]) -> dict[str, Any]:
    """Return the dbt `sources:` document for the lake tables."""
    listed = [{"name": t.name, "description": _describe(t), "columns": [_column(c) for c in t.columns]} for t in tables]
    return {"version": 2, "sources": [{"name": "lake", "schema": "lake", "tables": listed}]}


def models_yaml(tables: Sequence[Table]) -> dict[str, Any]:
    """Return the dbt `models:` document for the marts, with tests of key, ranges, allowed values and what is never null.

    All ranges of a mart are one test: it names the column in what it returns, and sixty tests would cost seconds of start-up.
    """
    return {"version": 2, "models": [_model(table) for table in tables]}


def _model(table: Table) -> dict[str, Any]:
    ranges = {c.name: [c.low, c.high] for c in table.columns if c.low is not None or c.high is not None}
    tests: list[Any] = [{"unique_key": {"arguments": {"columns": list(table.key)}}}]
    if ranges:
        tests.append({"in_range": {"arguments": {"ranges": ranges}}})
    columns = [_column(column, tests=True, key=column.name in table.key) for column in table.columns]
    return {"name": table.name, "description": _describe(table), "data_tests": tests, "columns": columns}


def _describe(table: Table) -> str:
    return f"{table.grain[0].upper()}{table.grain[1:]}. Kept: {table.retention}. Purpose: {table.purpose}."


def _column(column: Column, *, tests: bool = False, key: bool = False) -> dict[str, Any]:
    unit = f" [{column.unit}]" if column.unit else ""
    entry: dict[str, Any] = {"name": column.name, "description": f"{column.meaning}{unit}"}
    checks: list[Any] = ["not_null"] if tests and column.required and not key else []  # unique_key looks at keys
    if tests and column.values:
        checks.append({"accepted_values": {"arguments": {"values": list(column.values)}}})
    if checks:
        entry["data_tests"] = checks
    return entry
