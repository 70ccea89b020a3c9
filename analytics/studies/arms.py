"""Immediate or delayed: the effect by arm of delivery against the same untreated rows, and the difference between arms.

Lives here: whose arm is whose, effects and differences of arms, their checks. Not here: the assignment
file (drawn.py), dealing arms (assignment.py), dealing them anew (redealt.py), seconds to the feedback (delays.py).

The untreated model never sees a treated row, so a unit's imputed effects do not depend on its arm: dealing the arms anew among
the units they were dealt to gives the exact distribution of the difference when arms do not matter. Units already treated for
bad results may still be compared by arm: the draw of arms is what the difference rests on.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.results import CheckResult, signed
from analytics.studies.before_start import FIRST, UNIT, placed
from analytics.studies.by_group import ByGroup, effects_by_group, unit_sums
from analytics.studies.delays import DELAY_COLUMN, Delays, delays_of
from analytics.studies.drawn import delivery_arms, matched, text_of
from analytics.studies.longpanel import LongPanel
from analytics.studies.redealt import Dealt, redealt
from analytics.studies.study_spec import StudySpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_ARMS, LATE_LIMIT = 6, 0.10


@dataclass(frozen=True, slots=True)
class ArmEffect:
    """The effect of one arm as drawn (intention to treat), and how its feedback came: `late_share` came as another arm's."""

    arm: str
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    n_units: int
    delay_s_median: float | None = None
    late_share: float | None = None


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """Arm a less arm b as drawn; `as_delivered` compares by when feedback really came, which chance did not decide."""

    a: str
    b: str
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    how: str
    as_delivered: float | None = None


@dataclass(frozen=True, slots=True)
class Arms:
    """Effects by arm, differences of every two, checks; `is_drawn` when an assignment file dealt them."""

    effects: tuple[ArmEffect, ...] = ()
    differences: tuple[ArmDifference, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Dealing:
    """Whose arm is whose: `of_unit` (U) places in `names`, -1 for none; `block` (U) within which they were dealt."""

    names: tuple[str, ...]
    of_unit: Ints
    block: Ints
    is_drawn: bool
    problem: str = ""


NO_ARMS = Arms()


def arms_of(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec, assignment: pl.DataFrame | None) -> Arms:
    """Return the effect by arm; nothing when neither the study nor its assignment file has arms.

    Args: frame, the rows the panel was made of.
    Raises: UnknownColumn; ContractError, a unit has two arms.
    """
    dealing = dealing_of(panel, frame, spec, assignment)
    if dealing is None:
        return NO_ARMS
    question = "Were arms dealt by lot?"
    try:
        by = effects_by_group(panel, dealing.of_unit, dealing.names, column="arm")
        total, weight = unit_sums(panel)
    except DesignError as error:
        return Arms(checks=(CheckResult(question, None, f"no effect by arm: {error.message}"),))
    delays = delays_of(panel, frame, spec, dealing.of_unit, len(dealing.names))
    moved = None if delays is None else _as_delivered(panel, dealing, delays)
    differences = list[ArmDifference]()
    for a, b in combinations(range(len(dealing.names)), 2):
        dealt = redealt(panel, total, weight, _pair(dealing, a, b), dealing.block, seed=spec.seed, alpha=spec.alpha)
        differences.append(_difference(by, a, b, dealt, spec.alpha, moved))
    said = "as the assignment file dealt them" if dealing.is_drawn else dealing.problem
    checks = [CheckResult(question, True if dealing.is_drawn else None, said), _alike(panel, dealing, spec)]
    checks.append(_reach(dealing, delays))
    return Arms(_effects(by, delays, spec.alpha), tuple(differences), tuple(checks), dealing.is_drawn)


def dealing_of(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec, assignment: pl.DataFrame | None) -> Dealing | None:
    """Return whose arm is whose among treated units, from the declared column or from the assignment file."""
    treated = panel.first < panel.period_n
    file_arms = () if assignment is None else delivery_arms(assignment)
    at = None if assignment is None or not file_arms else matched(panel, assignment)
    drawn = list[str | None]()
    if at is not None and assignment is not None:
        column: list[object] = assignment["arm"].to_list()
        drawn = [str(column[row]) if row >= 0 and str(column[row]) in file_arms else None for row in at.row.tolist()]
    if spec.arm is None:
        if not drawn:
            return None
        values, problem = drawn, ""
    else:
        values = _by_column(panel, frame, spec, spec.arm)
        problem = "no assignment file deals these arms (--assignment FILE with a column arm)"
        if drawn:
            pairs = zip(values, drawn, treated.tolist(), strict=True)
            differ = sum(on and mine != his for mine, his, on in pairs)
            problem = f"{differ} units have another arm than the assignment file dealt them" if differ else ""
    names = tuple(sorted({one for one, on in zip(values, treated.tolist(), strict=True) if one is not None and on}))
    if not 2 <= len(names) <= MOST_ARMS:
        raise ContractError(f"Treated units have {len(names)} arms ({', '.join(names[:3])}); give 2 to {MOST_ARMS}.")
    place = [names.index(one) if on and one is not None else -1 for one, on in zip(values, treated.tolist(), strict=True)]
    block = np.zeros(panel.unit_n, dtype=np.int64)
    if at is not None and assignment is not None and "block" in assignment.columns:
        _, codes = np.unique([text_of(one) for one in assignment["block"].to_list()], return_inverse=True)
        block = np.where(at.row >= 0, codes.reshape(-1)[at.row], -1).astype(np.int64)
    return Dealing(names, np.array(place, dtype=np.int64), block, bool(drawn) and not problem, problem)


def _by_column(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec, column: str) -> list[str | None]:
    if column not in frame.columns:
        raise UnknownColumn(column, "The panel", frame.columns)
    rows = placed(frame, spec).filter(pl.col(column).is_not_null() & pl.col(FIRST).is_finite())
    by_unit = rows.group_by(UNIT).agg(k=pl.col(column).n_unique(), arm=pl.col(column).cast(pl.String).first())
    if twice := by_unit.filter(pl.col("k") > 1).height:
        raise ContractError(f"{twice} treated units have more than one {column}. Give each the arm it was dealt, in every row.")
    found = dict(by_unit.select(UNIT, "arm").iter_rows())
    return [found.get(unit) for unit in panel.unit_names]


def _pair(dealing: Dealing, a: int, b: int) -> Ints:
    """Return 1 for units of arm a, 0 for those of b, -1 for others."""
    return np.where(dealing.of_unit == a, 1, np.where(dealing.of_unit == b, 0, -1)).astype(np.int64)


def _difference(by: ByGroup, a: int, b: int, dealt: Dealt, alpha: float, moved: ByGroup | None) -> ArmDifference:
    estimate, se, low, high, p = by.difference(a, b, alpha)
    how = "jackknife"
    if dealt.p is not None:
        low, high, p, how = dealt.ci_low, dealt.ci_high, dealt.p, dealt.how
    other = None if moved is None else float(moved.estimates[a] - moved.estimates[b])
    return ArmDifference(by.names[a], by.names[b], estimate, se, low, high, p, how, other)


def _as_delivered(panel: LongPanel, dealing: Dealing, delays: Delays) -> ByGroup | None:
    """Return the effect by when feedback really came; None when the arms cannot be told apart by that."""
    try:
        return effects_by_group(panel, delays.nearest_by_unit(panel), dealing.names, column="as delivered")
    except DesignError:
        return None


def _effects(by: ByGroup, delays: Delays | None, alpha: float) -> tuple[ArmEffect, ...]:
    out = list[ArmEffect]()
    for one in by.effects(alpha):
        k = by.names.index(one.group)
        median, late = (None, None) if delays is None else (delays.medians[k], delays.late_shares[k])
        numbers = (one.estimate, one.se, one.ci_low, one.ci_high, one.p, one.n_units)
        out.append(ArmEffect(one.group, *numbers, median, late))
    return tuple(out)


def _alike(panel: LongPanel, dealing: Dealing, spec: StudySpec) -> CheckResult:
    """Compare the arms' mean outcome before the start, each week against the others of the week, by dealing them anew."""
    question = "Were the arms alike before the start?"
    free = (panel.time < panel.first[panel.unit]) & (panel.w > 0) & (dealing.of_unit[panel.unit] >= 0)
    w = np.where(free, panel.w, 0.0)
    n = np.bincount(panel.time, weights=w, minlength=panel.period_n)
    level = np.bincount(panel.time, weights=w * panel.y, minlength=panel.period_n) / np.where(n > 0, n, 1.0)
    total, weight = np.zeros(panel.unit_n), np.zeros(panel.unit_n)
    np.add.at(total, panel.unit, w * (panel.y - level[panel.time]))
    np.add.at(weight, panel.unit, w)
    said, least = list[str](), 1.0
    for a, b in combinations(range(len(dealing.names)), 2):
        dealt = redealt(panel, total, weight, _pair(dealing, a, b), dealing.block, seed=spec.seed, alpha=spec.alpha)
        if dealt.p is not None:
            said.append(f"{dealing.names[a]} less {dealing.names[b]} {signed(dealt.estimate, 3)}, p = {dealt.p:.3f}")
            least = min(least, dealt.p)
    if not said:
        return CheckResult(question, None, "arms and start dates or clusters go together, so it cannot be tested")
    return CheckResult(question, least * len(said) >= 0.05, "; ".join(said))


def _reach(dealing: Dealing, delays: Delays | None) -> CheckResult:
    """Say when feedback came by arm, and which share came as another arm's would."""
    question = "Did feedback come when its arm says?"
    if delays is None:
        return CheckResult(question, None, f"seconds from behaviour to feedback are not known (--delay COL, or {DELAY_COLUMN})")
    parts = [
        f"{name}: {'never seen' if median is None else f'median {median:,.0f} s'}"
        + ("" if share is None else f", {100 * share:.0f} % as another arm's")
        for name, median, share in zip(dealing.names, delays.medians, delays.late_shares, strict=True)
    ]
    seen = [one for one in delays.medians if one is not None]
    differ = len(seen) == len(dealing.names) and len(set(seen)) == len(seen)
    passed = differ and all(one is not None and one <= LATE_LIMIT for one in delays.late_shares)
    return CheckResult(question, passed, "; ".join(parts) + f" (the limit is {100 * LATE_LIMIT:.0f} %)")
