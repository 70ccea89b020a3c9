"""Who benefits? Pre-declared subgroups by what was known of a unit before its start, safe against regression to the mean.

Lives here: groups from columns and from the outcome's own baseline, the family of their tests. Not here: the estimates
(by_group.py), arms of delivery (arms.py).

A group cut from weeks the untreated model learns from would fake a gradient: who was lucky then is called able, gets too high
an expected outcome, and seems to lose. So a measured value is taken from the first part of a unit's weeks before its start;
they and a gap, in which luck that lasts dies down, are left out of the fit.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.studies.before_start import CODE, FIRST, LABEL, UNIT, placed, value_before
from analytics.studies.by_group import ByGroup, GroupEffect, effects_by_group
from analytics.studies.families import family
from analytics.studies.longpanel import LongPanel
from analytics.studies.study_spec import StudySpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BASELINE_NAMES = ("baseline", "skill")
BINS, PER_BIN, MOST_GROUPS, GAP = 5, 10, 12, 4
LEAST_BEFORE = 6


@dataclass(frozen=True, slots=True)
class SubgroupTest:
    """Whether the groups of one column have one effect; `q` is p among all columns of the study (Benjamini-Hochberg)."""

    column: str
    n_groups: int
    f: float | None
    p: float | None
    q: float | None
    detail: str


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Effects of every group, tests of every column, in the order declared."""

    effects: tuple[GroupEffect, ...] = ()
    tests: tuple[SubgroupTest, ...] = ()


NO_SUBGROUPS = Subgroups()


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of units: their names in order, the place of every unit's (-1: none), rows to fit on, how they were made."""

    names: tuple[str, ...]
    of_unit: Ints
    panel: LongPanel
    detail: str


def subgroups_of(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec) -> Subgroups:
    """Return the effect by every declared subgroup, from the imputation fit of the study.

    Args: frame, the rows the panel was made of.
    Raises: UnknownColumn; ContractError, a column is known only from the start on, or has too many values.
    """
    found = list[tuple[Groups, ByGroup]]()
    failed = dict[str, str]()
    for column in spec.subgroups:
        try:
            groups = groups_of(panel, frame, spec, column)
            found.append((groups, effects_by_group(groups.panel, groups.of_unit, groups.names, column=column)))
        except DesignError as error:
            failed[column] = error.message
    effects = [one for _, by in found for one in by.effects(spec.alpha)]
    raw = [(by.column, by.equality(), groups.detail) for groups, by in found]
    effects_q = _adjusted([one.p for one in effects])
    tests_q = _adjusted([None if one is None else one[2] for _, one, _ in raw])
    tests = [
        SubgroupTest(column, 0 if one is None else one[0], one and one[1], one and one[2], q, detail)
        for (column, one, detail), q in zip(raw, tests_q, strict=True)
    ]
    tests += [SubgroupTest(column, 0, None, None, None, f"not computed: {why}") for column, why in failed.items()]
    return Subgroups(tuple(replace(one, q=q) for one, q in zip(effects, effects_q, strict=True)), tuple(tests))


def _adjusted(p: list[float | None]) -> list[float | None]:
    values = np.array([np.nan if one is None else one for one in p])
    if not np.isfinite(values).any():
        return [None] * len(p)
    return [one if np.isfinite(one) else None for one in family(values, "bh").adjusted.tolist()]


def groups_of(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec, asked: str) -> Groups:
    """Return the groups of one declared subgroup: a column, name@column of when it was measured, or baseline.

    Text: the value last seen before the start. Numbers that only grow, such as tenure: the same, cut into fifths of the treated
    units. Other numbers and the baseline are measurements: their mean over the first part of the weeks before the start.
    """
    column, _, stamp = asked.partition("@")
    if column in BASELINE_NAMES and column not in frame.columns:
        return _early(panel, panel.y, asked, panel.outcome)
    for name in (column, *([stamp] if stamp else [])):
        if name not in frame.columns:
            raise UnknownColumn(name, "The panel", [*frame.columns, BASELINE_NAMES[0]])
    rows = placed(frame, spec)
    known = rows.filter(pl.col(column).is_not_null())
    if stamp:
        known = _stamped(known, column, stamp, spec)
    kind = frame.schema[column]
    if kind.is_numeric():
        known = known.with_columns(pl.col(column).cast(pl.Float64)).filter(pl.col(column).is_finite())
        if not _only_grows(known, column):
            return _early(panel, _in_rows(panel, known, column), asked, column)
    values = value_before(known, column)
    treated = dict(zip(panel.unit_names, (panel.first < panel.period_n).tolist(), strict=True))
    late = sum(treated.get(unit, False) for unit in values.filter(~pl.col("is_before"))[UNIT].to_list())
    if late and not stamp:
        raise ContractError(
            f"{late} treated units have a {column} only from their start on: it may be part of the effect. Give its value from "
            f"before the start, or {column}@column of when it was measured."
        )
    by_unit = dict(values.select(UNIT, "value").iter_rows())
    if kind.is_numeric():
        numbers = np.array([by_unit.get(unit, np.nan) for unit in panel.unit_names], dtype=np.float64)
        return _cut(panel, numbers, asked, f"{column} before the start")
    return _named(panel, [by_unit.get(unit) for unit in panel.unit_names], asked)


def _stamped(known: pl.DataFrame, column: str, stamp: str, spec: StudySpec) -> pl.DataFrame:
    """Return the rows, refusing values measured at or after the start of their unit."""
    start = pl.col(spec.offer or spec.first_treated)
    if known.schema[stamp] != known.schema[spec.offer or spec.first_treated]:
        raise ContractError(
            f"{stamp} is {known.schema[stamp]} and {spec.first_treated} {known.schema[spec.first_treated]}: "
            "give both in the same terms."
        )
    if late := known.filter(pl.col(FIRST).is_finite() & (pl.col(stamp) >= start)).height:
        raise ContractError(
            f"{column} was measured at or after the start in {late} rows ({stamp}): it may be part of the effect. "
            "Give its value from before the start."
        )
    return known


def _only_grows(known: pl.DataFrame, column: str) -> bool:
    """Return whether the column never falls within a unit: time at work does, a measurement does not."""
    step = known.sort(UNIT, CODE).select(pl.col(column).diff().over(UNIT).min()).item()
    return step is None or step >= -1e-9


def _in_rows(panel: LongPanel, known: pl.DataFrame, column: str) -> Floats:
    """Return the column in the panel's rows; NaN where it is not known."""
    index = pl.DataFrame({UNIT: np.array(panel.unit_names)[panel.unit], LABEL: np.array(panel.time_labels)[panel.time]})
    joined = index.join(known.unique([UNIT, LABEL]), on=[UNIT, LABEL], how="left", maintain_order="left")
    return joined[column].to_numpy().astype(np.float64)


def _early(panel: LongPanel, values: Floats, asked: str, name: str) -> Groups:
    """Return groups by the mean over the first part of the weeks before the start; those weeks and a gap leave the fit.

    Of p weeks before a unit's start the gap takes 4 (a third when there are fewer than 12), the first half of the others makes
    the group, the second half stays in the fit. Values are taken against the untreated of the same week.
    """
    before = panel.first[panel.unit]
    treated = panel.first < panel.period_n
    start = np.where(treated & (panel.first >= LEAST_BEFORE), panel.first, 0)
    gap = np.minimum(GAP, start // 3)
    early_n = (start - gap) // 2
    known = np.isfinite(values) & (panel.w > 0)
    free = known & (panel.time < before)
    weight = np.where(free, panel.w, 0.0)
    n_by_time = np.bincount(panel.time, weights=weight, minlength=panel.period_n)
    sum_by_time = np.bincount(panel.time, weights=weight * np.where(known, values, 0.0), minlength=panel.period_n)
    level = sum_by_time / np.where(n_by_time > 0, n_by_time, 1.0)
    early = free & (panel.time < early_n[panel.unit])
    w = np.where(early, panel.w, 0.0)
    n = np.bincount(panel.unit, weights=w, minlength=panel.unit_n)
    total = np.bincount(panel.unit, weights=w * np.where(known, values - level[panel.time], 0.0), minlength=panel.unit_n)
    mean = np.where(n > 0, total / np.where(n > 0, n, 1.0), np.nan)
    if not np.isfinite(mean[treated]).any():
        raise DesignError(
            f"{asked} needs {LEAST_BEFORE} periods before the start: some to make the groups, a gap, some to compare with."
        )
    fitted = panel.rows(panel.time >= (early_n + gap)[panel.unit])
    spent = f"{name} against the others in each unit's first {_range(early_n[treated & (early_n > 0)])} periods"
    return _cut(fitted, mean, asked, f"{spent}, which with a gap of {_range(gap[treated & (gap > 0)])} leave the fit")


def _range(counts: Floats) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _cut(panel: LongPanel, values: Floats, asked: str, made_from: str) -> Groups:
    """Return groups of treated units by a number: its own values when there are few, else fifths, fewer with few units."""
    treated = np.isfinite(values) & (panel.first < panel.period_n)
    distinct, n = np.unique(values[treated]), int(treated.sum())
    if len(distinct) < 2:
        raise DesignError(f"{asked} is the same for every treated unit, so there is nothing to compare.")
    if len(distinct) <= BINS:
        names = tuple(f"{one:g}" for one in distinct.tolist())
        place = np.searchsorted(distinct, values)
    else:
        bins = max(2, min(BINS, n // PER_BIN))
        edges = np.unique(np.quantile(values[treated], np.arange(1, bins) / bins))
        place = np.searchsorted(edges, values, side="right")
        held = [values[treated & (place == k)] for k in range(len(edges) + 1)]
        names = tuple(
            f"{k + 1} of {len(held)} ({one.min():.3g} to {one.max():.3g})" if len(one) else f"{k + 1} of {len(held)}"
            for k, one in enumerate(held)
        )
    return Groups(names, np.where(treated, place, -1).astype(np.int64), panel, f"{made_from}; {_counted(panel, treated)}")


def _named(panel: LongPanel, values: list[object], asked: str) -> Groups:
    texts = ["" if one is None else str(one) for one in values]
    treated = np.array([bool(one) for one in texts]) & (panel.first < panel.period_n)
    names = sorted({one for one, on in zip(texts, treated.tolist(), strict=True) if on})
    if len(names) > MOST_GROUPS:
        raise ContractError(f"{asked} has {len(names)} values among treated units; a subgroup has {MOST_GROUPS} at most.")
    if len(names) < 2:
        raise DesignError(f"{asked} is the same for every treated unit, so there is nothing to compare.")
    place = np.array([names.index(one) if on else -1 for one, on in zip(texts, treated.tolist(), strict=True)], dtype=np.int64)
    return Groups(tuple(names), place, panel, f"{asked} before the start; {_counted(panel, treated)}")


def _counted(panel: LongPanel, known: NDArray[np.bool_]) -> str:
    every = int((panel.first < panel.period_n).sum())
    return f"{int(known.sum())} of {every} treated units"
