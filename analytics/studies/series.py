"""One outcome over time, and panels of a few units over time, read and checked once from any table.

Lives here: frame -> arrays in time order, with every broken rule named. Not here: staggered panels (longpanel.py), estimating
(interrupted.py, synthetic.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.studies.periods import Calendar, calendar_of, first_code

Floats = NDArray[np.floating[Any]]  # what numpy's linear algebra returns, float64 in fact
_MISSING = ("", "NA", "NaN", "nan", "null", ".", "None")


@dataclass(frozen=True, slots=True)
class Series:
    """n periods in order: `time` is a period's number from the first, `start` that of the first period after the change."""

    time: Floats
    y: Floats
    exposure: Floats | None
    x: Floats
    x_names: tuple[str, ...]
    start: float
    labels: tuple[str, ...]
    outcome: str
    period: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A full table of units by periods: `y` is (N, T), treated units last; `pre_n` periods lie before the start."""

    y: Floats
    control_names: tuple[str, ...]
    treated_names: tuple[str, ...]
    labels: tuple[str, ...]
    pre_n: int
    outcome: str
    warnings: tuple[str, ...] = ()

    @property
    def control_n(self) -> int:
        """Number of donors."""
        return len(self.control_names)


def need(frame: pl.DataFrame, names: Sequence[str], table: str = "The table") -> None:
    """Raise UnknownColumn for the first name that is no column."""
    for name in names:
        if name not in frame.columns:
            raise UnknownColumn(name, table, frame.columns)


def as_numbers(frame: pl.DataFrame, name: str) -> Floats:
    """Return a column as numbers, NaN where it is missing. Raises ContractError when a value is text.

    >>> as_numbers(pl.DataFrame({"a": ["1", "NA", "2.5"]}), "a").tolist()
    [1.0, nan, 2.5]
    """
    column = frame[name]
    if column.dtype == pl.String():
        column = column.str.strip_chars().replace(dict.fromkeys(_MISSING))
    if column.dtype.is_temporal():
        raise ContractError(f"{name} holds dates, not numbers. Name the column of the outcome.")
    numbers = column.cast(pl.Float64, strict=False)
    if lost := numbers.null_count() - column.null_count():
        example: Any = column.filter(numbers.is_null() & column.is_not_null())[0]
        raise ContractError(
            f"{lost} values of {name!r} are no numbers, such as {example!r}. Clean the column, or name another."
        )
    values = numbers.to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def calendar(frame: pl.DataFrame, time: str) -> Calendar:
    """Return how the time column counts; months ('2026-03') and quarters ('2026Q2') count too. Raises ContractError."""
    column = frame[time]
    if column.dtype == pl.String():
        column = column.str.strip_chars().replace(dict.fromkeys(_MISSING))
    if column.null_count():
        raise ContractError(f"{column.null_count()} rows have no {time}. Fill it in, or leave the rows out.")
    found = calendar_of(column)
    if found.problems:
        raise ContractError("; ".join(found.problems) + ".")
    return found


def start_code(value: object, found: Calendar, time: str) -> float:
    """Return the number of the first period at or after the start. Raises DesignError outside the table's periods."""
    try:
        code = first_code(value, found, "the start")
    except ContractError:
        raise DesignError(f"The start {value!r} is not of the kind of {time}, such as {found.labels[0]}.") from None
    if not 0 < code < len(found.labels):
        raise DesignError(
            f"The start {value} leaves no period before or after it: {time} runs from {found.labels[0]} to {found.labels[-1]}."
        )
    return code


def read_series(
    frame: pl.DataFrame, *, outcome: str, time: str, start: object, exposure: str | None = None, covariates: Sequence[str] = ()
) -> Series:
    """Check one row a period and return it in time order; rows without a known outcome are left out and counted.

    Args: start, the first period after the change, in the terms of `time`. exposure, what the counts are out of.
    Raises: UnknownColumn; ContractError, the table is broken; DesignError, no before or no after.

    >>> table = pl.DataFrame({"month": ["2026-01", "2026-03", "2026-02"], "calls": [3, 5, 4]})
    >>> read_series(table, outcome="calls", time="month", start="2026-03").y.tolist()
    [3.0, 4.0, 5.0]
    """
    numbers = [outcome, *([exposure] if exposure else []), *covariates]
    need(frame, [time, *numbers])
    if frame.height == 0:
        raise ContractError("The table has no rows. Give one row a period.")
    found = calendar(frame, time)
    if twice := frame.height - len(np.unique(found.codes)):
        raise ContractError(f"{twice} rows repeat a period of {time}. Add them up first, or keep one series of the table.")
    columns = {name: as_numbers(frame, name) for name in numbers}
    order = np.argsort(found.codes)
    known = order[np.isfinite(np.column_stack(list(columns.values()))[order]).all(axis=1)]
    notes = list[str]()
    if left := frame.height - len(known):
        notes.append(f"{left} periods without a known outcome, exposure or covariate are left out.")
    if gaps := len(found.labels) - frame.height:
        notes.append(f"{gaps} periods between the first and the last have no row; nothing is filled in.")
    if exposure and (columns[exposure][known] <= 0).any():
        raise ContractError(f"{exposure} must be above 0 in every period: it is what the counts are out of.")
    y = columns[outcome][known]
    if len(y) == 0 or np.ptp(y) == 0:
        raise ContractError(f"{outcome} is the same in every period, or never known. Name another column.")
    at = start_code(start, found, time)
    codes = found.codes[known].astype(np.float64)
    if not (codes < at).any() or not (codes >= at).any():
        raise DesignError(f"No known {outcome} lies before (or after) the start {start}.")
    x = np.column_stack([columns[name][known] for name in covariates]) if covariates else np.empty((len(known), 0))
    return Series(
        codes,
        y,
        columns[exposure][known] if exposure else None,
        x,
        tuple(covariates),
        at,
        tuple(found.labels[int(code)] for code in codes),
        outcome,
        found.period,
        tuple(notes),
    )


def read_block(frame: pl.DataFrame, *, outcome: str, unit: str, time: str, treated: Sequence[str], start: object) -> Block:
    """Check one row per unit and period and return the full table; donors with a missing period are left out and named.

    Args: treated, the names of the treated units; every other unit is a donor. start, the first treated period.
    Raises: UnknownColumn; ContractError; DesignError, a treated unit is unknown or incomplete, or no donor is complete.
    """
    need(frame, [outcome, unit, time])
    if len({outcome, unit, time}) < 3:
        raise ContractError(f"Outcome, unit and time must be three columns, not {outcome}, {unit}, {time}.")
    if frame.height == 0:
        raise ContractError("The table has no rows. Give one row per unit and period.")
    found = calendar(frame, time)
    names = frame[unit].cast(pl.String).str.strip_chars()
    rows = pl.DataFrame({"unit": names, "time": found.codes, "y": as_numbers(frame, outcome)}).drop_nulls("unit")
    if twice := rows.height - rows.select(pl.struct("unit", "time").n_unique()).item():
        raise ContractError(f"{twice} rows repeat a {unit} and {time}. Add them up first.")
    known = rows["unit"].unique(maintain_order=True).to_list()
    if unknown := [name for name in treated if name not in known]:
        shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
        raise DesignError(f"No {unit} is called {unknown[0]!r}. There are: {shown}.")
    wide = np.full((len(known), len(found.labels)), np.nan)
    place = {name: index for index, name in enumerate(known)}
    wide[[place[name] for name in rows["unit"].to_list()], rows["time"].to_numpy()] = rows["y"].to_numpy()
    used = np.isin(np.arange(wide.shape[1]), found.codes)
    wide, labels = wide[:, used], tuple(np.asarray(found.labels)[used].tolist())
    pre_n = int((np.flatnonzero(used) < start_code(start, found, time)).sum())
    complete = np.isfinite(wide).sum(axis=1) == wide.shape[1]
    if lacking := [name for name in treated if not complete[place[name]]]:
        raise DesignError(f"{lacking[0]} has periods without a known {outcome}. Every period of a treated unit is needed.")
    donors = [name for name in known if name not in treated and complete[place[name]]]
    left = [name for name in known if name not in treated and not complete[place[name]]]
    if len(donors) < 2:
        raise DesignError(f"{len(donors)} donors have every period; at least 2 are needed. Add units that were never treated.")
    notes = (f"Left out for missing periods: {', '.join(left)}.",) if left else ()
    order = [place[name] for name in (*donors, *treated)]
    return Block(wide[order], tuple(donors), tuple(treated), labels, pre_n, outcome, notes)
