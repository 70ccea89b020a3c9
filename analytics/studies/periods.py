"""Periods of any kind as whole numbers: dates, months, quarters, years, decimal years, weeks, plain integers.

Lives here: a time column -> codes 0..T-1, their labels, the kind of period. Not here: panels (longpanel.py).
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError

Period = Literal["week", "month", "quarter", "year", "other"]
_DAYS, _MONTHS, _NUMBERS = "days", "months", "numbers"
_MONTH_STEPS: dict[int, Period] = {1: "month", 3: "quarter", 12: "year"}
_MONTH = re.compile(r"(?P<year>\d{4})\s*[-/.mM]\s*(?P<month>\d{1,2})")
_QUARTERS = (
    re.compile(r"(?P<year>\d{4})[-\s]?[Qq](?P<quarter>[1-4])"),
    re.compile(r"[Qq](?P<quarter>[1-4])[-\s]?(?P<year>\d{4})"),
)
_NAMED = re.compile(r"(?P<before>\d{4})?[-\s]?(?P<name>[A-Za-z]{3,9})[-\s]?(?P<after>\d{4})?")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DECIMALS = 0.05  # of a period: decimal years are rounded (1969.083)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a time column counts: code = (position - zero) / step, with positions in days, months or plain numbers."""

    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    period: Period
    zero: float
    step: float
    scale: str
    problems: tuple[str, ...] = ()

    def code(self, value: Any) -> float:
        """Return the code of a value of the time column's own kind; not whole when it lies between two periods."""
        return (_position(value, self.scale) - self.zero) / self.step


def calendar_of(times: pl.Series, period: Period | None = None) -> Calendar:
    """Return how a time column counts its periods.

    Seven days apart are weeks; first or last days of months, months (2026-03) and quarters (2026Q1, Q1 2026) are months,
    quarters or years; anything else is 'other' unless `period` says what it is. Decimal years may be rounded.
    Raises: ContractError, a text is no period.

    >>> calendar_of(pl.Series([date(2026, 1, 5), date(2026, 1, 19), date(2026, 1, 12)])).period
    'week'
    >>> calendar_of(pl.Series([2004, 2006, 2003])).codes.tolist()
    [1, 3, 0]
    >>> calendar_of(pl.Series(["Q42010", "Q12011", "Q32011"])).codes.tolist()
    [0, 1, 3]
    """
    try:
        values = _comparable(times)
        scale = _scale_of(values)
        positions = np.array([_position(value, scale) for value in values])
    except (TypeError, ValueError):
        raise ContractError(
            f"{times.name} cannot be read as periods, such as {times[0]!r}. Give numbers, dates (2026-01-31), "
            "months (2026-01) or quarters (2026Q1)."
        ) from None
    distinct = np.unique(positions)
    step = _step(distinct)
    zero = float(distinct[0])
    codes = np.rint((positions - zero) / step).astype(np.int64)
    near = 1e-6 if float(step).is_integer() else _DECIMALS
    problems = () if np.allclose((positions - zero) / step, codes, atol=near) else (f"{times.name} is not evenly spaced",)
    count = int(codes.max()) + 1
    if count > 100_000:
        problems = (f"{times.name} spans {count:,} periods (name the period's own column, such as the week)",)
        return Calendar(codes, (), period or "other", zero, step, scale, problems)
    labels = tuple(_label(zero + place * step, scale) for place in range(count))
    return Calendar(codes, labels, period or _kind(scale, step), zero, step, scale, problems)


def first_code(value: Any, calendar: Calendar, name: str) -> float:
    """Return the code of a unit's first treatment; inf for never (0, null, NaN, infinity, or an empty text).

    Raises: ContractError, the value is not of the time column's kind.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value in (0, "0", "", "never", "inf", "NA"):
        return math.inf
    try:
        parsed = _parsed(value)
        if isinstance(parsed, float) and not math.isfinite(parsed):
            return math.inf
        return float(np.ceil(calendar.code(parsed) - (1e-9 if float(calendar.step).is_integer() else _DECIMALS)))
    except (TypeError, ValueError):
        raise ContractError(
            f"{name} holds {value!r}, which is not of the time column's kind ({calendar.labels[0]} ...); 0 means never."
        ) from None


def _comparable(times: pl.Series) -> list[Any]:
    if times.dtype == pl.String():
        return [_parsed(value) for value in times.to_list()]
    return times.to_list()


def _parsed(value: Any) -> Any:
    """Return a text as the number or date it writes, months and quarters as their first day; everything else as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        return float(text)
    except ValueError:
        pass
    if month := _MONTH.fullmatch(text):
        return date(int(month["year"]), int(month["month"]), 1)
    for form in _QUARTERS:
        if quarter := form.fullmatch(text):
            return date(int(quarter["year"]), 3 * int(quarter["quarter"]) - 2, 1)
    named = _NAMED.fullmatch(text)
    if named and named["name"][:3].lower() in _NAMES and (year := named["before"] or named["after"]):
        return date(int(year), _NAMES.index(named["name"][:3].lower()) + 1, 1)
    return datetime.fromisoformat(text)


def _scale_of(values: list[Any]) -> str:
    if not isinstance(values[0], date):
        return _NUMBERS
    months, days = {(v.year, v.month) for v in values}, sorted({v.toordinal() for v in values})
    if all(value.day == 1 for value in values) and len(months) > 1:
        return _MONTHS
    gaps = np.diff(days)
    # Ends of months or quarters: one date a month, a month or more apart, unevenly in days.
    is_monthly = len(months) == len(days) and len(gaps) >= 2 and gaps.min() >= 28 and gaps.min() < gaps.max()
    return _MONTHS if is_monthly else _DAYS


def _position(value: Any, scale: str) -> float:
    if scale == _NUMBERS:
        return float(value)
    if not isinstance(value, date):
        raise TypeError
    return value.year * 12.0 + value.month - 1 if scale == _MONTHS else float(value.toordinal())


def _step(distinct: NDArray[np.float64]) -> float:
    gaps = np.diff(distinct)
    if not len(gaps):
        return 1.0
    if np.allclose(gaps, np.rint(gaps)):
        return float(np.gcd.reduce(np.rint(gaps).astype(np.int64)))
    span = float(distinct[-1] - distinct[0])
    single = float(gaps[gaps < 1.5 * gaps.min()].mean())  # rounding evens out over many steps
    return span / max(1, round(span / single))


def _kind(scale: str, step: float) -> Period:
    if scale == _NUMBERS and abs(12 * step - 1) < _DECIMALS:
        return "month"
    if scale == _MONTHS:
        return _MONTH_STEPS.get(int(step), "other")
    return "week" if scale == _DAYS and step == 7 else "other"


def _label(position: float, scale: str) -> str:
    if scale == _MONTHS:
        return f"{int(position) // 12:04d}-{int(position) % 12 + 1:02d}"
    if scale == _DAYS:
        return date.fromordinal(int(position)).isoformat()
    return f"{position:g}"
