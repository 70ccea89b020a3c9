"""Contracts for Delta: table properties and constraints.

Lives here: what the lake's tables promise inside Delta itself. Not here: reading and writing (assets.lake).
"""

from aftercall.contracts.columns import Column, Kind
from aftercall.contracts.table import Table

_STATISTICS = {Kind.INSTANT, Kind.DATE, Kind.COUNT, Kind.REAL}


def properties(table: Table) -> dict[str, str]:
    """Return the table's Delta properties: statistics in the log never hold text or ids of persons.

    >>> from aftercall.contracts.lake_tables import CORE_TURN
    >>> properties(CORE_TURN)["delta.dataSkippingStatsColumns"]
    'turn,start_s,end_s,confidence'
    """
    counted = [column.name for column in table.columns if column.kind in _STATISTICS]
    return {"delta.dataSkippingStatsColumns": ",".join(counted)} if counted else {}


def constraints(table: Table) -> dict[str, str]:
    """Return named SQL constraints for ranges and allowed values; null passes unless the column is required.

    >>> from aftercall.contracts.lake_tables import CORE_TURN
    >>> constraints(CORE_TURN)["turn_range"]
    'turn IS NULL OR (turn >= 0)'
    """
    rules: dict[str, str] = {}
    for column in table.columns:
        if column.low is not None or column.high is not None:
            rules[f"{column.name}_range"] = f"{column.name} IS NULL OR ({_range(column)})"
        if column.values:
            allowed = ", ".join(f"'{value}'" for value in column.values)
            rules[f"{column.name}_values"] = f"{column.name} IS NULL OR {column.name} IN ({allowed})"
    return rules


def _range(column: Column) -> str:
    parts = [f"{column.name} >= {column.low:g}"] if column.low is not None else []
    parts += [f"{column.name} <= {column.high:g}"] if column.high is not None else []
    return " AND ".join(parts)
