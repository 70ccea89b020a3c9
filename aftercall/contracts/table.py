"""What a table is: grain, key, partition, purpose, retention and columns.

Lives here: the type. Not here: the tables (lake_tables.py, mart_tables.py), their columns (columns.py).
"""

from dataclasses import dataclass
from enum import StrEnum

from aftercall.contracts.columns import Column


class Retention(StrEnum):
    """How long rows are kept. Source: spec privacy, retention classes."""

    TRANSCRIPT = "30 days unless the tenant sets another duty"
    SCORES = "12 months"
    EVENTS = "190 days"
    REFERENCE = "while employed or a customer, then 12 months"
    AGGREGATE = "stated with the aggregate; carries no customer id"


class Purpose(StrEnum):
    """What a row may be read for. Anything else is refused."""

    COACHING = "coaching"
    COMPLIANCE = "compliance"
    SERVICE_QUALITY = "service_quality"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row is, what makes it unique, how long it is kept and for what it may be read."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    retention: Retention
    purpose: Purpose
    partition: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return one column by name; raises KeyError for a name the table does not carry."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)


def table(
    name: str,
    grain: str,
    key: tuple[Column, ...],
    rest: tuple[Column, ...],
    retention: Retention,
    purpose: Purpose,
    *,
    partition: tuple[Column, ...] = (),
) -> Table:
    """Return a table whose key columns come first and are never null."""
    return Table(
        name,
        grain,
        tuple(k.name for k in key),
        (*(k.must() for k in key), *rest),
        retention,
        purpose,
        tuple(p.name for p in partition),
    )
