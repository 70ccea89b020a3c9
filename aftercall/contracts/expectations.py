"""Contracts for Great Expectations: one suite per table, generated, never typed twice.

Lives here: what Great Expectations makes of a Table. Not here: where suites run (assets).
"""

from typing import Any

from aftercall.contracts.columns import Column
from aftercall.contracts.table import Table


def suite(table: Table) -> list[dict[str, Any]]:
    """Return the table's expectations as {type, kwargs}, ready for a Great Expectations suite.

    >>> from aftercall.contracts.lake_tables import CORE_TURN
    >>> suite(CORE_TURN)[0]["type"]
    'expect_table_columns_to_match_ordered_list'
    """
    rules: list[dict[str, Any]] = [
        {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": list(table.names)}},
        _unique(list(table.key)),
    ]
    for column in table.columns:
        rules += _column_rules(column)
    return rules


def _column_rules(column: Column) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if column.required:
        rules.append({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column.name}})
    if column.low is not None or column.high is not None:
        bounds = {"column": column.name, "min_value": column.low, "max_value": column.high}
        rules.append({"type": "expect_column_values_to_be_between", "kwargs": bounds})
    if column.values:
        allowed = {"column": column.name, "value_set": list(column.values)}
        rules.append({"type": "expect_column_values_to_be_in_set", "kwargs": allowed})
    return rules


def _unique(key: list[str]) -> dict[str, Any]:
    if len(key) > 1:
        return {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": key}}
    return {"type": "expect_column_values_to_be_unique", "kwargs": {"column": key[0]}}
