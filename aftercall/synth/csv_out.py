"""Writing CSV the same way everywhere: given columns, given order, empty for None, Unix line ends.

Lives here: the writer and how instants and flags look in text. Not here: what is written.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> int:
    """Write rows under a header; return how many rows were written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    n = 0
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            n += 1
    return n


def stamp(start_on: date, seconds: float) -> str:
    """Return the instant so many seconds after midnight UTC of a date, ISO 8601 with Z, whole seconds.

    >>> stamp(date(2026, 5, 4), 90061)
    '2026-05-05T01:01:01Z'
    """
    return at(start_on, seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(start_on: date, seconds: float) -> datetime:
    """Return the instant so many seconds after midnight UTC of a date.

    >>> at(date(2026, 5, 4), 60).minute
    1
    """
    return datetime(start_on.year, start_on.month, start_on.day, tzinfo=UTC) + timedelta(seconds=round(seconds))
