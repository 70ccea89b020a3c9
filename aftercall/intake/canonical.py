"""The tables intake fills: which core table a record kind has, and the map of a file that already uses its names.

Lives here: record kind to table, the canonical column map. Not here: maps of foreign files (column_map.py).
"""

from collections.abc import Sequence

from aftercall.contracts.columns import Column
from aftercall.contracts.table import Table
from aftercall.contracts.tables import table_named
from aftercall.intake.column_map import ColumnMap, Source

TABLE_KINDS = ("leg", "agent", "customer", "activity", "evaluation", "exposure", "notice", "survey")
_DERIVED = frozenset(("day_on", "handle_s"))


def core_table(kind: str) -> Table:
    """Return the core table of a record kind."""
    return table_named(f"core_{kind}")


def fillable(kind: str) -> dict[str, Column]:
    """Return the columns a file may fill: those of the core table without the derived ones.

    >>> "handle_s" in fillable("leg"), "talk_s" in fillable("leg")
    (False, True)
    """
    return {column.name: column for column in core_table(kind).columns if column.name not in _DERIVED}


def required(kind: str) -> tuple[str, ...]:
    """Return the columns a record cannot do without: its key and what is never null."""
    return tuple(name for name, column in fillable(kind).items() if column.required)


def canonical_map(header: Sequence[str], delimiter: str) -> ColumnMap | None:
    """Return the identity map of a table that uses the canonical names, None when it does not.

    All required columns must be there, and at least half of the header must be known; the kind that knows most wins.

    >>> canonical_map(["agent_id", "notice_version", "noticed_on"], ",").table
    'notice'
    """
    best: tuple[int, str] | None = None
    for kind in TABLE_KINDS:
        known = [name for name in header if name in fillable(kind)]
        if set(required(kind)) <= set(known) and 2 * len(known) >= len(header) and (best is None or len(known) > best[0]):
            best = (len(known), kind)
    if best is None:
        return None
    columns = {name: Source(name, unit=None) for name in header if name in fillable(best[1])}
    return ColumnMap(f"canonical_{best[1]}", best[1], columns, delimiter=delimiter)
