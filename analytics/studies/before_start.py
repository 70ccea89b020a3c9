"""What a unit was like before its start, and who belongs to the study by that.

Lives here: the value of any column before treatment, the declared cohort. Not here: subgroups of the answer (subgroups.py), the
window and everything else that happens to rows (prepare.py).
"""

import numpy as np
import polars as pl

from aftercall.contracts.errors import ContractError, UnknownColumn
from analytics.studies.longpanel import row_by_row
from analytics.studies.periods import calendar_of, first_code
from analytics.studies.study_spec import StudySpec

UNIT, LABEL, CODE, FIRST = "(unit)", "(period)", "(code)", "(first)"
_SHOWN = 12


def placed(frame: pl.DataFrame, spec: StudySpec) -> pl.DataFrame:
    """Return the rows of known unit and period with the unit as text, the period's label and code, and the code of the start.

    The start is that of the offer when one is declared; inf for never. Raises: UnknownColumn, ContractError.
    """
    start = spec.offer or spec.first_treated
    for name in (spec.unit, spec.time, start):
        if name is not None and name not in frame.columns:
            raise UnknownColumn(name, "The panel", frame.columns)
    unit = pl.int_range(pl.len()).alias("(row)") if spec.unit is None else pl.col(spec.unit)
    known = frame.filter(pl.col(spec.time).is_not_null()).with_columns(unit.cast(pl.String).alias(UNIT))
    known = known.filter(pl.col(UNIT).is_not_null())
    if known.is_empty():
        raise ContractError("The panel cannot be used: no row has a known unit and period (map the right columns).")
    calendar = calendar_of(known[spec.time], spec.period)
    if not calendar.labels:
        raise ContractError(f"The panel cannot be used: {'; '.join(calendar.problems)}.")
    labels = np.array(calendar.labels)[calendar.codes]
    out = known.with_columns(pl.Series(LABEL, labels), pl.Series(CODE, calendar.codes))
    is_changing = bool((out.group_by(UNIT).agg(k=pl.col(start).n_unique())["k"] > 1).any())
    if is_changing and (on := row_by_row(out[start])) is not None:
        begun = pl.col(CODE).filter(pl.col(FIRST)).min().over(UNIT).cast(pl.Float64).fill_null(float("inf"))
        return out.with_columns(on.alias(FIRST)).with_columns(begun.alias(FIRST))
    first = [first_code(value, calendar, start) for value in out[start].to_list()]
    return out.with_columns(pl.Series(FIRST, first, pl.Float64))


def value_before(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return (unit), value, is_before: one row a unit of placed rows with any known value.

    The value is the last one before the unit's start; of units never treated the last before anybody starts. A unit without
    one has its first known value and is_before false.
    """
    known = rows.filter(pl.col(column).is_not_null()).sort(UNIT, CODE, maintain_order=True)
    earliest = rows.filter(pl.col(FIRST).is_finite())[FIRST].min()
    opening = pl.when(pl.col(FIRST).is_finite()).then(pl.col(FIRST)).otherwise(pl.lit(earliest, pl.Float64))
    before = pl.col(CODE) < opening.fill_null(float("inf"))
    last = pl.col(column).filter(before).last()
    return known.group_by(UNIT, maintain_order=True).agg(
        value=pl.coalesce(last, pl.col(column).first()), is_before=last.is_not_null() | pl.col(FIRST).first().is_infinite()
    )


def in_cohort(frame: pl.DataFrame, spec: StudySpec) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows of the declared cohort and what is to be said of it.

    A unit belongs by its values before its start and keeps all its rows: a move that treatment may have caused changes nobody's
    membership. Raises: UnknownColumn; ContractError, a value nobody has, naming those that exist.
    """
    if not spec.cohort:
        return frame, []
    for column, _ in spec.cohort:
        if column not in frame.columns:
            raise UnknownColumn(column, "The panel", frame.columns)
    rows, kept = placed(frame, spec), None
    for column, values in spec.cohort:
        found = value_before(rows, column).with_columns(value=_text_of(pl.col("value")))
        held = found["value"].unique().sort().to_list()
        if lacking := [one for one in values if one not in held]:
            more = ", ..." if len(held) > _SHOWN else ""
            raise ContractError(
                f"The cohort keeps {column} = {', '.join(lacking)}, which no unit has before its start. "
                f"There are: {', '.join(held[:_SHOWN])}{more}."
            )
        mine = set(found.filter(pl.col("value").is_in(list(values)))[UNIT].to_list())
        kept = mine if kept is None else kept & mine
    said = " and ".join(f"{column} is {' or '.join(values)}" for column, values in spec.cohort)
    if not kept:
        raise ContractError(f"No unit has {said} before its start. Keep more values in the cohort.")
    out = rows.filter(pl.col(UNIT).is_in(list(kept)))
    note = f"Cohort: {said} before the start, {len(kept):,} of {rows[UNIT].n_unique():,} units."
    if spec.unit is None:
        note = f"Cohort: {said}, {out.height:,} of {rows.height:,} rows."
    return out.drop(UNIT, LABEL, CODE, FIRST), [note]


def _text_of(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).str.strip_chars().str.replace(r"\.0$", "")
