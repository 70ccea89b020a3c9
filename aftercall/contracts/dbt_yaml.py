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
    """Return the dbt `models:` document for the marts, with not_null, accepted_values and key tests."""
    return {"version": 2, "models": [_model(table) for table in tables]}


def _model(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "description": _describe(table),
        "data_tests": [{"unique_key": {"arguments": {"columns": list(table.key)}}}],
        "columns": [_column(column, tests=True) for column in table.columns],
    }


def _describe(table: Table) -> str:
    return f"{table.grain[0].upper()}{table.grain[1:]}. Kept: {table.retention}. Purpose: {table.purpose}."


def _column(column: Column, *, tests: bool = False) -> dict[str, Any]:
    unit = f" [{column.unit}]" if column.unit else ""
    entry: dict[str, Any] = {"name": column.name, "description": f"{column.meaning}{unit}"}
    checks: list[Any] = ["not_null"] if tests and column.required else []
    if tests and column.values:
        checks.append({"accepted_values": {"arguments": {"values": list(column.values)}}})
    if tests and (column.low is not None or column.high is not None):
        checks.append({"in_range": {"arguments": {"low": column.low, "high": column.high}}})
    if checks:
        entry["data_tests"] = checks
    return entry
