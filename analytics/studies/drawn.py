"""The assignment file beside the panel: was everybody treated as drawn, who still waits, which arm was whose.

Lives here: reading an assignment file and matching it with a panel. Not here: drawing one (assignment.py), testing chance
without one (mechanism.py), effects by arm (arms.py).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, UnknownColumn
from analytics.studies.longpanel import LongPanel
from analytics.studies.periods import calendar_of, first_code

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NEVER_WORDS = frozenset({"control", "c", "0", "never", "no", "false"})
_WAIT_WORDS = frozenset({"hold-out", "holdout", "later", "wait", "waiting", "held back", "held-back"})
_EMPTY = frozenset({"", "none", "null", "nan"})


@dataclass(frozen=True, slots=True)
class Assigned:
    """How a panel agrees with its assignment file; `problems` empty: every start is the one that was drawn.

    `overdue` says who was to be treated by now and is not; empty when nobody waits too long.
    """

    problems: tuple[str, ...]
    level: str
    n: int
    overdue: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """Where each unit of a panel stands in an assignment file: its row there, -1 for none; `level` is unit or cluster."""

    level: str
    row: Ints


def matched(panel: LongPanel, table: pl.DataFrame) -> Matched:
    """Return the file's row of every unit, by its own name or its cluster's, whichever the file holds more of."""
    place = {text_of(value): row for row, value in enumerate(table["unit"].to_list())}
    lacking = [len({text_of(n) for n in level} - set(place)) / len(level) for level in (panel.unit_names, panel.cluster_names)]
    by_unit = lacking[0] <= lacking[1]
    names = panel.unit_names if by_unit else [panel.cluster_names[c] for c in panel.cluster.tolist()]
    row = np.array([place.get(text_of(name), -1) for name in names], dtype=np.int64)
    return Matched("unit" if by_unit else "cluster", row)


def match_assignment(panel: LongPanel, table: pl.DataFrame) -> Assigned:
    """Compare an assignment file (unit, arm or start, probability) with the starts of a panel.

    `unit` holds units or clusters. Arms named control, 0, never and the like are not treated; those that wait are until their
    start. Probabilities lie inside 0 and 1. A group that is overdue as a whole was still decided by lot; one in which some
    started and others did not was not. Raises: UnknownColumn, ContractError, the file is no assignment.
    """
    check_assignment(table)
    at, t = matched(panel, table), panel.period_n
    known = at.row >= 0
    drawn, contradicts = _starts(panel, table)
    problems = list[str]()
    if absent := int((~known).sum()):
        problems.append(f"{absent} of {panel.unit_n} units of the panel are not in the assignment file")
    if contradicts:
        problems.append(f"{contradicts} rows of the file have an arm that contradicts their start")
    of_unit, started = drawn[at.row], panel.first < t
    due = known & ~(of_unit >= t)  # NaN: to be treated, nobody says when
    late = due & ~started & np.isfinite(of_unit)
    waiting = _waiting_as_a_whole(of_unit, late, known)
    differ = known & (due != started) & ~waiting
    if differ.any():
        problems.append(f"{int(differ.sum())} units were not treated as drawn")
    moved = known & due & started & np.isfinite(of_unit) & (of_unit.clip(min=0) != panel.first.clip(min=0))
    if moved.any() and not differ.any():
        problems.append(f"{int(moved.sum())} units started in another period than drawn")
    chance = table["probability"].cast(pl.Float64, strict=False)
    if not bool(((chance > 0) & (chance < 1)).fill_null(value=False).all()):
        problems.append("some probabilities are not between 0 and 1, so it was not chance")
    return Assigned(tuple(problems), at.level, table.height, _overdue(panel, of_unit, late))


def check_assignment(table: pl.DataFrame) -> None:
    """Refuse a file that is no assignment. Raises: UnknownColumn; ContractError, a unit is named twice."""
    for name in ("unit", "probability"):
        if name not in table.columns:
            raise UnknownColumn(name, "The assignment file", table.columns)
    if "arm" not in table.columns and "start" not in table.columns:
        raise UnknownColumn("arm", "The assignment file", table.columns)
    names = [text_of(value) for value in table["unit"].to_list()]
    if len(set(names)) < len(names):
        raise ContractError(f"The assignment file names {len(names) - len(set(names))} units twice. Give each one row.")


def _waiting_as_a_whole(of_unit: Floats, late: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the late units of a drawn start nobody of which has started while an earlier start was kept."""
    out = np.zeros(len(late), dtype=bool)
    starts = np.unique(of_unit[known & np.isfinite(of_unit)])
    for start in starts.tolist()[1:]:
        group = known & (of_unit == start)
        if late[group].all():
            out |= group
    return out


def _overdue(panel: LongPanel, of_unit: Floats, late: NDArray[np.bool_]) -> str:
    if not late.any():
        return ""
    since = panel.time_labels[int(max(0, of_unit[late].min()))]
    return (
        f"{int(late.sum())} units were to start from {since} on and are untreated at the end of the panel "
        f"({panel.time_labels[-1]}): the waiting arm is owed its coaching. Give it now, or bring the panel up to date."
    )


def text_of(value: object) -> str:
    """Return a name as it is compared: 7, 7.0 and "7" are one."""
    return str(value).strip().removesuffix(".0")


def is_untreated(arm: object) -> bool:
    """Return whether an arm's name says never, or later."""
    return arm is None or text_of(arm).lower() in {*_NEVER_WORDS, *_WAIT_WORDS, *_EMPTY}


def _starts(panel: LongPanel, table: pl.DataFrame) -> tuple[Floats, int]:
    """Return the period each row of the file is to start in (inf never, NaN treated at a time not said), and contradictions."""
    n = table.height
    arms: list[object] = table["arm"].to_list() if "arm" in table.columns else [None] * n
    starts: list[object] = table["start"].to_list() if "start" in table.columns else [None] * n
    out, contradicts = np.empty(n), 0
    calendar = calendar_of(pl.Series("period", [_of_label(label) for label in panel.time_labels]), panel.period)
    for row, (arm, start) in enumerate(zip(arms, starts, strict=True)):
        is_never = "arm" in table.columns and is_untreated(arm)
        if start is None or text_of(start).lower() in _EMPTY:
            out[row] = np.inf if is_never or "arm" not in table.columns else np.nan
            continue
        code = first_code(text_of(start), calendar, "The assignment file's start")
        out[row] = code
        if "arm" in table.columns:
            is_hard = arm is not None and text_of(arm).lower() in _NEVER_WORDS
            contradicts += (not is_never and np.isinf(code)) or (is_hard and code < panel.period_n)
    return out, contradicts


def _of_label(label: str) -> float | date:
    """Return the number or date a period's label writes."""
    try:
        return float(label)
    except ValueError:
        return date.fromisoformat(label if len(label) > 7 else f"{label}-01")


def draws_starts(table: pl.DataFrame) -> bool:
    """Return whether a file draws who is treated when; else it only deals arms to units that are all treated."""
    if "arm" not in table.columns or any(is_untreated(arm) for arm in table["arm"].to_list()):
        return True
    return "start" in table.columns and table["start"].n_unique() > 1


def delivery_arms(table: pl.DataFrame) -> tuple[str, ...]:
    """Return the arms that differ in how treatment is given: treated arms of one start, as they were declared.

    >>> delivery_arms(pl.DataFrame({"arm": ["immediate", "next_day", "held back"], "start": ["3", "3", "9"]}))
    ('immediate', 'next_day')
    >>> delivery_arms(pl.DataFrame({"arm": ["treated", "held back"], "start": ["3", "9"]}))
    ()
    """
    if "arm" not in table.columns:
        return ()
    starts = [text_of(one) for one in table["start"].to_list()] if "start" in table.columns else [""] * table.height
    found = dict[str, set[str]]()
    for arm, start in zip(table["arm"].to_list(), starts, strict=True):
        if not is_untreated(arm):
            found.setdefault(start, set()).add(str(arm))
    arms = {one for group in found.values() if len(group) > 1 for one in group}
    return tuple(sorted(arms))
