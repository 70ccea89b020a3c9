"""Tables of legs, rosters, schedules, evaluations, surveys ...: rows to records through a column map.

Lives here: streaming rows, applying a map, refusing bad rows one by one. Not here: the map (column_map.py), cells (cells.py).
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aftercall.contracts.columns import Column, Kind
from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Problem, content_hash
from aftercall.intake import cells
from aftercall.intake.canonical import core_table, fillable, required
from aftercall.intake.column_map import ColumnMap, Source
from aftercall.intake.record import UNDATED, IntakeContext, Record, day_of, hashed_customer
from aftercall.text.redact_records import redact_text

_DATED_BY = {
    "leg": ("offered_at", "answered_at", "ended_at"),
    "exposure": ("exposed_at",),
    "activity": ("start_at",),
    "evaluation": ("submitted_at",),
    "survey": ("submitted_at",),
}
_NAMES = frozenset(("display_name", "preferred_name"))
_REMEDY = "Correct the row and deliver the file again, or adapt the column map."
_ORDERED = (
    ("offered_at", "answered_at"),
    ("answered_at", "ended_at"),
    ("start_at", "end_at"),
    ("valid_from_on", "valid_to_on"),
)


@dataclass(frozen=True, slots=True)
class _Cell:
    """How one canonical column is filled from a row."""

    name: str
    place: int
    source: Source
    column: Column
    values: Mapping[str, Any] | None


def read_rows(path: Path, name: str, column_map: ColumnMap, context: IntakeContext) -> Iterator[Record | Problem]:
    """Yield the records of a table, and a problem for each row that is none. Args: name, how problems call the file."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding=column_map.encoding, newline="", errors="surrogateescape") as file:
        rows = csv.reader(file, delimiter=column_map.delimiter)
        try:
            header = [cell.strip().lstrip("\ufeff") for cell in next(rows)]
        except StopIteration:
            yield Problem(name, "line 1", "file", "empty file.", "Deliver the file again.")
            return
        absent = sorted(column_map.sources.difference(header))
        if absent:
            what = f"has no column {', '.join(absent)} under the delimiter {column_map.delimiter!r}."
            yield Problem(name, "line 1", "header", what, "Correct the column map.")
            return
        read = _reader(header, column_map, context)
        dropped = tuple(sorted(column_map.drop.intersection(header)))
        while True:
            before = rows.line_num
            try:
                row = next(rows)
            except StopIteration:
                return
            except (csv.Error, UnicodeError) as error:
                yield Problem(name, f"line {rows.line_num}", "line", f"not a row: {error}.", _REMEDY)
                if isinstance(error, UnicodeError):
                    return
                continue
            if not any(cell.strip() for cell in row):
                continue
            spanned = rows.line_num - before > 1
            position = f"lines {before + 1} to {rows.line_num}" if spanned else f"line {rows.line_num}"
            try:
                yield _record(read(row), column_map, f"{name}:{rows.line_num}", context, dropped)
            except _Refused as refused:
                reason = f"{refused.reason} A quote that is opened and not closed joins lines." if spanned else refused.reason
                yield Problem(name, position, refused.field, reason, _REMEDY)


class _Refused(Exception):
    """One row is no record."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _reader(header: Sequence[str], column_map: ColumnMap, context: IntakeContext) -> Callable[[Sequence[str]], dict[str, Any]]:
    targets = fillable(column_map.table)
    plan = [
        _Cell(
            name,
            -1 if source.constant is not None else header.index(source.column),
            source,
            targets[name],
            column_map.values.get(name),
        )
        for name, source in column_map.columns.items()
    ]
    must = required(column_map.table)

    def read(row: Sequence[str]) -> dict[str, Any]:
        if len(row) != len(header):
            raise _Refused("line", f"has {len(row)} fields, the header {len(header)}.")
        data = {cell.name: _value(row, cell, column_map) for cell in plan}
        if column_map.talk_includes_hold and data["talk_s"] is not None and data["hold_s"] is not None:
            data["talk_s"] = round(data["talk_s"] - data["hold_s"], 3)
            if data["talk_s"] < 0:
                raise _Refused("talk_s", "holds less than hold_s, though talk includes hold by the column map.")
        for name in must:
            if data[name] is None:
                raise _Refused(name, "is missing.")
        for first, second in _ORDERED:
            if data.get(first) is not None and data.get(second) is not None and data[second] < data[first]:
                raise _Refused(second, f"lies before {first}.")
        if data.get("customer_id") is not None:
            data["customer_id"] = hashed_customer(data["customer_id"], context.customer_key)
        return data

    return read


def _value(row: Sequence[str], cell: _Cell, column_map: ColumnMap) -> Any:
    text = (cell.source.constant if cell.source.constant is not None else row[cell.place]).strip()
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        raise _Refused(cell.name, f"{cell.source.column} is in a wrong encoding: declare it in the column map.")
    try:
        value = _parsed(text, cell, column_map)
        if value is not None:
            cells.checked(value, cell.column)
    except IntakeError as error:
        raise _Refused(cell.name, f"{cell.source.column or cell.name} {error}") from None
    if cell.column.kind is Kind.TEXT and isinstance(value, str) and cell.name not in _NAMES and not cell.column.values:
        return redact_text(value)
    return value


def _parsed(text: str, cell: _Cell, column_map: ColumnMap) -> Any:
    if cell.values is not None and text in cell.values:
        return cell.values[text]
    if text.lower() in cells.EMPTY and not (text and text.lower() in cell.column.values):
        return None
    return cells.plain(
        text,
        cell.column,
        unit=cell.source.unit,
        pattern=cell.source.parse,
        zone=column_map.timezone,
        doubled_hour=column_map.doubled_hour,
    )


def _record(data: dict[str, Any], column_map: ColumnMap, ref: str, context: IntakeContext, dropped: tuple[str, ...]) -> Record:
    kind = column_map.table
    key = "|".join(str(data[name]) for name in core_table(kind).key)
    return Record(kind, key, _day(kind, data, context.zone), content_hash(data), column_map.name, ref, data, dropped)


def _day(kind: str, data: Mapping[str, Any], zone: str) -> str:
    for name in _DATED_BY.get(kind, ()):
        if data.get(name):
            return day_of(datetime.fromisoformat(data[name]), zone)
    return UNDATED
