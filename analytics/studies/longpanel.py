"""The one input of every panel estimator: any unit, any period, any column names, checked once.

Lives here: a frame of one row per unit and period -> arrays, and every broken rule named with its fix. Not here: how a period
is counted (periods.py), estimating (imputation.py, group_time.py and others), the agent-week mart (analytics.panel).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, UnknownColumn
from analytics.studies.periods import Calendar, Period, calendar_of, first_code

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Design = Literal["panel", "cross_sections", "clustered_cross_sections"]


@dataclass(frozen=True, slots=True)
class LongPanel:
    """n rows, one per unit and period (but see `design`), sorted by (unit, time).

    `unit` 0..U-1 and `time` 0..T-1 are codes per row (a period without rows keeps its code); `first` is the code of the period
    of first treatment per unit, inf for never; `cluster` 0..G-1 the assignment level per unit; `x` has a column per covariate.
    `warnings` say what was mended or left out on the way in. In cross-sections a unit is a group of one start date (and one
    cluster) and has many rows in a period; without clusters the rows are independent draws.
    """

    unit: Ints
    time: Ints
    y: Floats
    w: Floats
    first: Floats
    cluster: Ints
    x: Floats
    unit_names: tuple[str, ...]
    time_labels: tuple[str, ...]
    cluster_names: tuple[str, ...]
    x_names: tuple[str, ...]
    outcome: str
    unit_of_outcome: str
    period: Period
    warnings: tuple[str, ...] = ()
    design: Design = "panel"

    @property
    def unit_n(self) -> int:
        """Number of units."""
        return len(self.unit_names)

    @property
    def period_n(self) -> int:
        """Number of periods of the calendar, with those nobody has a row in."""
        return len(self.time_labels)

    @property
    def cluster_n(self) -> int:
        """Number of clusters."""
        return len(self.cluster_names)

    @property
    def is_treated(self) -> NDArray[np.bool_]:
        """Per row: at or after the unit's first treatment."""
        return self.time >= self.first[self.unit]

    @property
    def horizon(self) -> Floats:
        """Per row: periods since first treatment; -inf for units never treated."""
        return self.time - self.first[self.unit]

    def rows(self, keep: NDArray[np.bool_]) -> "LongPanel":
        """Return the panel of some of the rows; units and clusters keep their codes."""
        kept = {name: getattr(self, name)[keep] for name in ("unit", "time", "y", "w", "x")}
        return replace(self, **kept)

    def with_outcome(self, y: Floats) -> "LongPanel":
        """Return the panel with another outcome in the same rows."""
        return replace(self, y=y)


def read_long(
    frame: pl.DataFrame,
    *,
    outcome: str,
    unit: str | None = None,
    time: str,
    first_treated: str,
    cluster: str | None = None,
    weights: str | None = None,
    covariates: Sequence[str] = (),
    period: Period | None = None,
    unit_of_outcome: str = "",
) -> LongPanel:
    """Check a frame and return it as a panel.

    Args: frame, one row per unit and period, or without `unit` one row per observation of repeated cross-sections;
        first_treated, the period of first treatment in the terms of `time`; 0, null, NaN and infinity mean never;
        cluster, the level at which treatment was assigned (the unit itself when left out).
    Raises: UnknownColumn; ContractError, naming every broken rule and its fix.

    >>> frame = pl.DataFrame({"firm": ["a", "a", "b", "b"], "year": [1, 2, 1, 2], "y": [1.0, 3.0, 1.0, 2.0], "g": [2, 2, 0, 0]})
    >>> read_long(frame, outcome="y", unit="firm", time="year", first_treated="g").first.tolist()
    [1.0, inf]
    """
    named = [outcome, time, first_treated, *covariates, *(name for name in (unit, cluster, weights) if name)]
    for name in named:
        if name not in frame.columns:
            raise UnknownColumn(name, "The panel", frame.columns)
    design: Design = "panel" if unit else "clustered_cross_sections" if cluster else "cross_sections"
    if unit is None:
        groups = [pl.col(name).cast(pl.String).fill_null("never") for name in (first_treated, cluster) if name]
        unit, frame = "(group)", frame.with_columns(pl.concat_str(groups, separator=" / ").alias("(group)"))
    notes = list[str]()
    numbers = [outcome, *covariates, *([weights] if weights else [])]
    rows = _known_rows(frame, numbers, (unit, time), notes)
    calendar = calendar_of(rows[time], period)
    rules = [*_broken(rows, outcome, unit if design == "panel" else None, time, weights), *calendar.problems]
    if rules:
        raise ContractError("The panel cannot be used: " + "; ".join(rules) + ".")
    rows = rows.with_columns(_time=pl.Series(calendar.codes)).sort(unit, "_time", maintain_order=True)
    units = rows.select(unit).unique(maintain_order=True)
    codes = rows[unit].rle_id().to_numpy().astype(np.int64)
    first = _first(rows, unit, first_treated, calendar, notes)
    cluster_codes, cluster_names = _clusters(rows, codes, cluster, first, notes)
    time_codes = rows["_time"].to_numpy().astype(np.int64)
    if design == "panel" and (gaps := int(np.bincount(codes).size * (time_codes.max() + 1) - len(codes))):
        notes.append(f"{gaps} unit-periods have no row (the panel is not balanced); nothing is filled in.")
    covariate_rows = rows.select(covariates).to_numpy().astype(np.float64) if covariates else np.empty((len(codes), 0))
    return LongPanel(
        codes,
        time_codes,
        rows[outcome].to_numpy().astype(np.float64),
        rows[weights].to_numpy().astype(np.float64) if weights else np.ones(len(codes)),
        first,
        cluster_codes,
        covariate_rows,
        tuple(str(name) for name in units[unit].to_list()),
        calendar.labels,
        cluster_names,
        tuple(covariates),
        outcome,
        unit_of_outcome,
        calendar.period,
        tuple(notes),
        design,
    )


def _known_rows(frame: pl.DataFrame, numbers: Sequence[str], keys: tuple[str, str], notes: list[str]) -> pl.DataFrame:
    """Return the rows with every number known; what is not a number at all is a broken rule."""
    wrong = [name for name in numbers if not (frame.schema[name].is_numeric() or frame.schema[name] == pl.Boolean())]
    parsed = frame.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in numbers)
    for name in wrong:
        lost = parsed[name].null_count() - frame[name].null_count()
        if lost > 0:
            example: Any = frame[name].filter(parsed[name].is_null() & frame[name].is_not_null())[0]
            raise ContractError(
                f"The panel cannot be used: {lost} values of {name!r} are no numbers, such as {example!r} "
                "(clean the column, or name another)."
            )
    known = pl.all_horizontal([pl.col(name).is_finite() for name in numbers] + [pl.col(name).is_not_null() for name in keys])
    kept = parsed.filter(known.fill_null(value=False))
    if left := parsed.height - kept.height:
        notes.append(f"{left} rows without a known outcome, weight, covariate, unit or period are left out.")
    return kept


def _broken(rows: pl.DataFrame, outcome: str, unit: str | None, time: str, weights: str | None) -> list[str]:
    if rows.height == 0:
        return [f"no row has a known {outcome} (map the right column)"]
    rules = list[str]()
    if unit and (twice := rows.height - rows.select(pl.struct(unit, time).n_unique()).item()):
        rules.append(f"{twice} rows repeat a unit and period (add them up, or name a finer unit or period)")
    if rows[time].n_unique() < 2:
        rules.append(f"{time} has one value only (an effect needs a before and an after)")
    if rows[outcome].n_unique() == 1:
        rules.append(f"{outcome} is the same in every row (nothing can have moved it)")
    if weights and (negative := rows.filter(pl.col(weights) < 0).height):
        rules.append(f"{negative} rows have a negative weight in {weights}")
    return rules


def _first(rows: pl.DataFrame, unit: str, first_treated: str, calendar: Calendar, notes: list[str]) -> Floats:
    """Return the code of every unit's first treatment; a column that says row by row whether it is treated does as well."""
    changing = rows.group_by(unit).agg(k=pl.col(first_treated).n_unique()).filter(pl.col("k") > 1).height
    if changing and (on := row_by_row(rows[first_treated])) is not None:
        by_unit = rows.with_columns(_on=on).group_by(unit, maintain_order=True)
        if back := by_unit.agg(k=(pl.col("_on").cast(pl.Int8).diff() < 0).any())["k"].sum():
            raise ContractError(
                f"The panel cannot be used: {first_treated} says row by row who is treated, and {back} units are switched off "
                "again. Leave their rows after that out, or give each unit the period of its first treatment."
            )
        notes.append(f"{first_treated} says row by row who is treated; first treatment is the first such row of a unit.")
        starts = by_unit.agg(pl.col("_time").filter(pl.col("_on")).min())["_time"]
        return starts.cast(pl.Float64).fill_null(np.inf).to_numpy()
    if changing:
        raise ContractError(
            f"The panel cannot be used: {changing} units have more than one {first_treated} "
            "(give each unit the period of its first treatment in every row, 0 for never)."
        )
    values: list[Any] = rows.group_by(unit, maintain_order=True).agg(pl.col(first_treated).first())[first_treated].to_list()
    return np.array([first_code(value, calendar, first_treated) for value in values])


def row_by_row(column: pl.Series) -> pl.Series | None:
    """Return whether rows are treated, if a column says that: two values, 0/1, no/yes or false/true, none missing."""
    texts = column.cast(pl.String).str.strip_chars().str.to_lowercase().replace({"0.0": "0", "1.0": "1"})
    for no, yes in (("0", "1"), ("no", "yes"), ("false", "true")):
        if set(texts.to_list()) == {no, yes}:
            return texts == yes
    return None


def _clusters(
    rows: pl.DataFrame, codes: Ints, cluster: str | None, first: Floats, notes: list[str]
) -> tuple[Ints, tuple[str, ...]]:
    """Return the cluster of every unit: the one it was in when treatment was decided."""
    unit_n = int(codes.max()) + 1
    if cluster is None:
        return np.arange(unit_n), tuple(str(place) for place in range(unit_n))
    names = rows[cluster].cast(pl.String).fill_null("(none)").to_numpy()
    before = rows["_time"].to_numpy() < np.where(np.isinf(first), np.inf, first)[codes]
    starts = np.searchsorted(codes, np.arange(unit_n))
    last_before = starts + np.maximum(np.bincount(codes[before], minlength=unit_n) - 1, 0)
    at = np.where(np.isinf(first), starts, last_before)
    moved = np.flatnonzero(np.bincount(codes, weights=(names != names[at][codes]).astype(float)) > 0)
    if len(moved):
        notes.append(f"{len(moved)} units change {cluster}; the one they had when treatment was decided is used.")
    found, cluster_codes = np.unique(names[at], return_inverse=True)
    return cluster_codes.reshape(-1).astype(np.int64), tuple(str(name) for name in found)
