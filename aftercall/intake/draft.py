"""A first column map for a table nobody described: guesses from names and values, for a person to correct.

Lives here: guessing and writing the TOML. Not here: checking a map (column_map.py), reading rows (csv_table.py).
"""

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from aftercall.contracts.columns import Kind
from aftercall.intake import cells
from aftercall.intake.canonical import TABLE_KINDS, fillable, required
from aftercall.text.redact_records import is_dropped

_SAMPLE_N = 200
_MATTERS_N = 8
_PATTERNS = (
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%m%d%Y",
    "%Y%m%d",
)
_CLOCKS = ((re.compile(r"\d+:\d{2}:\d{2}(?:\.\d+)?"), "hh:mm:ss"), (re.compile(r"\d+:\d{2}(?:\.\d+)?"), "mm:ss"))


@cache
def _called() -> dict[str, tuple[str, ...]]:
    text = (files("aftercall.intake") / "called_elsewhere.toml").read_text(encoding="utf-8")
    return {target: tuple(names.split()) for target, names in tomllib.loads(text).items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted map.

    `missing` are canonical columns it cannot do without and found nowhere; `unmapped` are columns of the file left over,
    those that matter most first (well filled, varied).
    """

    table: str
    toml: str
    missing: tuple[str, ...]
    unmapped: tuple[str, ...]
    dropped: tuple[str, ...]


def draft_map(path: Path, name: str) -> Draft:
    """Return the drafted map of a table. Args: name, what the map calls the source.

    Raises: UnicodeDecodeError, the file is not UTF-8; csv.Error, no table.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        delimiter = max(",;|\t", key=first.count)
        file.seek(0)
        rows = csv.reader(file, delimiter=delimiter)
        header = [cell.strip() for cell in next(rows)]
        sample = [row for row, _ in zip(rows, range(_SAMPLE_N), strict=False)]
    return drafted(header, sample, name, delimiter)


def drafted(header: Sequence[str], sample: Sequence[Sequence[str]], name: str, delimiter: str = ",") -> Draft:
    """Return the drafted map of a header and some rows.

    >>> got = drafted(["CallId", "Leg", "Start", "TalkTime"], [["c1", "0", "01/31/2026 09:00:00", "0:03:10"]], "acme")
    >>> got.table, got.missing, 'talk_s = { from = "TalkTime", unit = "hh:mm:ss" }' in got.toml
    ('leg', (), True)
    """
    values = {column: _filled(sample, place) for place, column in enumerate(header) if column}
    dropped = tuple(column for column in values if is_dropped(column))
    open_columns = [column for column in values if column not in dropped]
    guesses = {kind: _guess(kind, open_columns, values) for kind in TABLE_KINDS}
    table = max(TABLE_KINDS, key=lambda kind: _merit(kind, guesses[kind]))
    guess = guesses[table]
    missing = tuple(column for column in required(table) if column not in guess)
    left = [column for column in open_columns if column not in guess.values()]
    left.sort(key=lambda column: (-len(values[column]), -len(set(values[column])), header.index(column)))
    toml = _written(name, table, guess, values, missing, dropped, delimiter)
    return Draft(table, toml, missing, tuple(left[:_MATTERS_N]), dropped)


def _filled(sample: Sequence[Sequence[str]], place: int) -> list[str]:
    cells_ = (row[place].strip() for row in sample if place < len(row))
    return [cell for cell in cells_ if cell.lower() not in cells.EMPTY]


def _merit(kind: str, guess: Mapping[str, str]) -> tuple[float, int]:
    must = required(kind)
    return (sum(column in guess for column in must) / len(must), len(guess))


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def _guess(kind: str, columns: Sequence[str], values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return canonical column to source column: by exact name first, then by a name that begins with a known one."""
    free, found = {_plain(column): column for column in reversed(columns)}, dict[str, str]()
    targets = fillable(kind)
    for starts in (False, True):
        for target, column in targets.items():
            if target in found:
                continue
            for known in _called().get(target, (_plain(target),)):
                near = [key for key in free if (key.startswith(known) if starts and len(known) > 3 else key == known)]
                hit = next((key for key in near if _may_be(values[free[key]], column.kind)), None)
                if hit is not None:
                    found[target] = free.pop(hit)
                    break
    return {target: found[target] for target in targets if target in found}


def _may_be(values: Sequence[str], kind: Kind) -> bool:
    if not values:
        return True
    if kind in (Kind.INSTANT, Kind.DATE):
        return _pattern(values, with_time=kind is Kind.INSTANT) is not None
    if kind is Kind.REAL:
        return all(re.fullmatch(r"-?[\d.]+|\d+(?::\d{2}){1,2}(?:\.\d+)?", value) for value in values)
    if kind is Kind.COUNT:
        return all(re.fullmatch(r"-?\d+", value) for value in values)
    if kind is Kind.FLAG:
        return len(set(values)) <= 3
    return True


def _pattern(values: Sequence[str], *, with_time: bool) -> str | None:
    """Return the first pattern all values fit, "" for ISO 8601, None for none."""
    for pattern in ("", *_PATTERNS):
        if (with_time and pattern and "%H" not in pattern and "%I" not in pattern) or (not with_time and "%M" in pattern):
            continue
        if all(_fits(value, pattern) for value in values):
            return pattern
    return None


def _fits(value: str, pattern: str) -> bool:
    try:
        datetime.fromisoformat(value) if not pattern else datetime.strptime(value, pattern)  # noqa: DTZ007 only the form is asked
    except ValueError:
        return False
    return True


def _written(
    name: str,
    table: str,
    guess: Mapping[str, str],
    values: Mapping[str, Sequence[str]],
    missing: Sequence[str],
    dropped: Sequence[str],
    delimiter: str,
) -> str:
    targets = fillable(table)
    naive = any(
        targets[target].kind is Kind.INSTANT and values[source] and not re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", values[source][0])
        for target, source in guess.items()
    )
    lines = [
        "# Drafted by aftercall check: every line is a guess. Correct it, then keep it beside the file.",
        "[source]",
        f"name = {_quoted(name)}",
        f"table = {_quoted(table)}",
        f"delimiter = {_quoted(delimiter)}",
    ]
    if naive:
        lines += ['timezone = "UTC"  # the stamps carry no zone: name the one they were written in', 'doubled_hour = "refuse"']
    if dropped:
        lines.append(f"drop = [{', '.join(map(_quoted, dropped))}]")
    lines.append("[columns]")
    lines += [
        f"{target} = {_source(source, values[source], targets[target].kind, targets[target].unit)}"
        for target, source in guess.items()
    ]
    lines += [f'# {target} = "?"  # missing: a {table} record cannot do without it' for target in missing]
    return "\n".join(lines) + "\n"


def _source(source: str, values: Sequence[str], kind: Kind, unit: str) -> str:
    if kind in (Kind.INSTANT, Kind.DATE) and values:
        pattern = _pattern(values, with_time=kind is Kind.INSTANT)
        return f"{{ from = {_quoted(source)}, parse = {_quoted(pattern)} }}" if pattern else _quoted(source)
    if kind is Kind.REAL and unit == "s":
        return f"{{ from = {_quoted(source)}, unit = {_quoted(_unit(source, values))} }}"
    return _quoted(source)


def _unit(source: str, values: Sequence[str]) -> str:
    for form, unit in _CLOCKS:
        if values and all(form.fullmatch(value) for value in values):
            return unit
    low = source.lower()
    if re.search(r"ms$|milli", low):
        return "ms"
    return "min" if re.search(r"min(?:ute)?s?$", low) else "s"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
