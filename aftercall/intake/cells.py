"""One cell of a foreign table to one canonical value: numbers, units, flags, dates, local times.

Lives here: parsing a text under a declared unit, pattern and zone. Not here: which column is which (column_map.py).
"""

import math
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from aftercall.contracts.columns import Column, Kind
from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import instant, whole_ms

UNITS = ("s", "ms", "min", "hh:mm:ss", "mm:ss")
DOUBLED_HOURS = ("refuse", "first", "second")
EMPTY = frozenset(("", "null", "none", "na", "n/a", "nan", "-"))

_FLAGS = {
    "true": True,
    "t": True,
    "yes": True,
    "y": True,
    "1": True,
    "false": False,
    "f": False,
    "no": False,
    "n": False,
    "0": False,
}
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)")


def seconds(text: str, unit: str) -> float:
    """Return a duration in seconds. Raises IntakeError when the text does not fit the unit.

    >>> seconds("1:02:03", "hh:mm:ss"), seconds("75:30", "mm:ss"), seconds("1500", "ms"), seconds("2.5", "min")
    (3723.0, 4530.0, 1.5, 150.0)
    """
    if unit in ("hh:mm:ss", "mm:ss"):
        match = _CLOCK.fullmatch(text)
        if match is None or float(match[3]) >= 60 or (unit == "mm:ss" and match[1]) or (match[1] and int(match[2]) >= 60):
            raise IntakeError(f"is not {unit}.")
        if unit == "hh:mm:ss" and not match[1]:
            raise IntakeError("is not hh:mm:ss; for minutes and seconds declare mm:ss.")
        value = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    else:
        value = number(text) * {"s": 1.0, "ms": 0.001, "min": 60.0}[unit]
    return whole_ms(value) or 0.0


def number(text: str) -> float:
    """Return a finite number; a decimal comma is refused, never guessed.

    >>> number("12.5")
    12.5
    """
    try:
        value = float(text)
    except ValueError:
        raise IntakeError("is not a number.") from None
    if not math.isfinite(value) or "_" in text:
        raise IntakeError("is not a finite number.")
    return value


def flag(text: str) -> bool:
    """Return a flag of the usual spellings.

    >>> flag("Y"), flag("0")
    (True, False)
    """
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise IntakeError("is neither true nor false: declare its values under [values].") from None


def utc(text: str, pattern: str | None, zone: str | None, doubled_hour: str) -> str:
    """Return an instant as ISO text in UTC.

    Args: text, as in the file; pattern, a strptime pattern or None for ISO 8601; zone, IANA zone of stamps without one;
        doubled_hour, what a local time that occurs twice means: refuse, first or second.
    Raises: IntakeError, the stamp does not fit, has no zone, does not exist or occurs twice.

    >>> utc("2026-01-05 09:00", "%Y-%m-%d %H:%M", "America/New_York", "refuse")
    '2026-01-05T14:00:00Z'
    """
    if pattern is None:
        try:
            stamp = datetime.fromisoformat(text)
        except ValueError:
            raise IntakeError("is not an ISO 8601 instant: declare parse in the column map.") from None
    else:
        try:
            stamp = datetime.strptime(text, pattern)  # noqa: DTZ007 the zone is set below, where the doubled hour is decided
        except ValueError:
            raise IntakeError(f"does not fit the pattern {pattern}.") from None
    if stamp.tzinfo is None:
        stamp = _placed(stamp, zone, doubled_hour)
    moment = instant(stamp.isoformat())
    assert moment is not None
    return moment.isoformat().replace("+00:00", "Z")


def _placed(local: datetime, zone: str | None, doubled_hour: str) -> datetime:
    if zone is None:
        raise IntakeError("has no zone: declare timezone in a column map.")
    where = ZoneInfo(zone)
    first, second = local.replace(tzinfo=where, fold=0), local.replace(tzinfo=where, fold=1)
    if first.utcoffset() != second.utcoffset():
        if first.astimezone(UTC).astimezone(where).replace(tzinfo=None) != local:
            raise IntakeError(f"does not exist in {zone}: the clocks were put forward over it.")
        if doubled_hour == "refuse":
            raise IntakeError(f"occurs twice in {zone}: the clocks were put back; declare doubled_hour as first or second.")
        return second if doubled_hour == "second" else first
    return first


def day(text: str, pattern: str | None) -> str:
    """Return a date as ISO text.

    >>> day("01/31/2026", "%m/%d/%Y")
    '2026-01-31'
    """
    try:
        if pattern is not None:
            return datetime.strptime(text, pattern).date().isoformat()  # noqa: DTZ007 a date has no zone
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise IntakeError("is not a date" + (f" of the pattern {pattern}." if pattern else " such as 2026-01-31.")) from None


def checked(value: object, column: Column) -> None:
    """Raise IntakeError when a value lies outside what the column takes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if column.low is not None and value < column.low:
            raise IntakeError("is negative." if column.low == 0 and value < 0 else f"is below {column.low:g}.")
        if column.high is not None and value > column.high:
            raise IntakeError(f"is above {column.high:g}.")
        if column.unit == "s" and value >= 1e9:
            raise IntakeError("is no length in seconds: over thirty years.")
    if column.values and value not in column.values:
        raise IntakeError(f"is none of {', '.join(column.values)}.")


def plain(text: str, column: Column, *, unit: str | None, pattern: str | None, zone: str | None, doubled_hour: str) -> object:
    """Return a cell as the JSON value of its column. Raises IntakeError, saying what is wrong, without the value."""
    match column.kind:
        case Kind.REAL:
            return seconds(text, unit) if unit else number(text)
        case Kind.COUNT:
            whole = number(text)
            if whole != int(whole):
                raise IntakeError("is not a whole number.")
            return int(whole)
        case Kind.FLAG:
            return flag(text)
        case Kind.INSTANT:
            return utc(text, pattern, zone, doubled_hour)
        case Kind.DATE:
            return day(text, pattern)
        case _:
            return text
