"""Periods of any kind as whole numbers: dates, years, weeks, plain integers.

Lives here: a time column -> codes 0..T-1, their labels, the kind of period. Not here: panels (longpanel.py).
"""

import math
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

    Seven days apart are weeks; first days of months are months, quarters or years; anything else is 'other' unless `period`
    says what it is.

    >>> calendar_of(pl.Series([date(2026, 1, 5), date(2026, 1, 19), date(2026, 1, 12)])).period
    'week'
    >>> calendar_of(pl.Series([2004, 2006, 2003])).codes.tolist()
    [1, 3, 0]
    """
    values = _comparable(times)
    scale = _scale_of(values)
    positions = np.array([_position(value, scale) for value in values])
    distinct = np.unique(positions)
    step = _step(distinct)
    zero = float(distinct[0])
    codes = np.rint((positions - zero) / step).astype(np.int64)
    problems = () if np.allclose((positions - zero) / step, codes, atol=1e-6) else (f"{times.name} is not evenly spaced",)
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
        return float(np.ceil(calendar.code(parsed) - 1e-9))
    except (TypeError, ValueError):
        raise ContractError(
            f"{name} holds {value!r}, which is not of the time column's kind ({calendar.labels[0]} ...); 0 means never."
        ) from None


def _comparable(times: pl.Series) -> list[Any]:
    if times.dtype == pl.String():
        return [_parsed(value) for value in times.to_list()]
    return times.to_list()


def _parsed(value: Any) -> Any:
    """Return a text as the number or date it writes; everything else as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _scale_of(values: list[Any]) -> str:
    if not isinstance(values[0], date):
        return _NUMBERS
    is_monthly = all(value.day == 1 for value in values) and len({(v.year, v.month) for v in values}) > 1
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
    return float(gaps.min())


def _kind(scale: str, step: float) -> Period:
    if scale == _MONTHS:
        return _MONTH_STEPS.get(int(step), "other")
    return "week" if scale == _DAYS and step == 7 else "other"


def _label(position: float, scale: str) -> str:
    if scale == _MONTHS:
        return f"{int(position) // 12:04d}-{int(position) % 12 + 1:02d}"
    if scale == _DAYS:
        return date.fromordinal(int(position)).isoformat()
    return f"{position:g}"
