"""Verdicts over many interactions, and their evidence as rows of the turn table.

Lives here: Verdicts, Proofs and how evidence is put together. Not here: rules (batch_rules.py, batch_times.py), tables
(batch_rows.py).
"""

from dataclasses import dataclass

import numpy as np

from aftercall.scoring.batch_turns import Turns

NULLS = ("", "no_times", "not_eligible", "not_shown", "pending_human", "model_missing", "model_error")
NO_TIMES, NOT_ELIGIBLE, NOT_SHOWN, PENDING, MODEL_MISSING, MODEL_ERROR = range(1, 7)


@dataclass(frozen=True, slots=True)
class Proofs:
    """Evidence of many interactions, in the order it is shown; −1 means none, NaN that the turn's own time holds.

    `quoted` rows carry words, with the phrase sets of `sets[names]`; `first` and `last` are the ends of a search.
    """

    of: np.ndarray
    quoted: np.ndarray
    names: np.ndarray
    first: np.ndarray
    last: np.ndarray
    from_s: np.ndarray
    to_s: np.ndarray
    sets: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Per interaction: moments called for, moments done, null reason (a place in NULLS), and the evidence."""

    called_for_n: np.ndarray
    done_n: np.ndarray
    null: np.ndarray
    proofs: Proofs


def quotes(turns: Turns, rows: np.ndarray, name: int, sets: tuple[tuple[str, ...], ...]) -> Proofs:
    """Return evidence that quotes rows."""
    none, nan = np.full(len(rows), -1), np.full(len(rows), np.nan)
    return Proofs(turns.of[rows], rows, np.full(len(rows), name), none, none, nan, nan, sets)


def searches(
    of: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    sets: tuple[tuple[str, ...], ...],
    times: "tuple[np.ndarray, np.ndarray] | None" = None,
) -> Proofs:
    """Return evidence that names what was searched; `times` replaces the turns' own seconds."""
    none, nan = np.full(len(of), -1), np.full(len(of), np.nan)
    from_s, to_s = times or (nan, nan)
    return Proofs(of, none, none, first, last, from_s, to_s, sets)


def together(parts: "list[Proofs]") -> Proofs:
    """Return evidence of several sources, interaction by interaction in the order of the parts."""
    fields = ("of", "quoted", "names", "first", "last", "from_s", "to_s")
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in fields]
    order = np.argsort(joined[0], kind="stable")
    return Proofs(*(one[order] for one in joined), sets=parts[0].sets)


def alternating(a: Proofs, b: Proofs) -> Proofs:
    """Return two equally long lists of evidence laid in turn: a[0], b[0], a[1], b[1] ..."""
    fields = ("of", "quoted", "names", "first", "last", "from_s", "to_s")
    return Proofs(*(np.stack([getattr(a, name), getattr(b, name)], axis=1).reshape(-1) for name in fields), sets=a.sets)


def kept(proofs: Proofs, mask: np.ndarray) -> Proofs:
    """Return the evidence of the interactions the mask holds."""
    at = mask[proofs.of]
    fields = ("of", "quoted", "names", "first", "last", "from_s", "to_s")
    return Proofs(*(getattr(proofs, name)[at] for name in fields), sets=proofs.sets)


def few(of: np.ndarray, n: int) -> np.ndarray:
    """Return a mask that keeps the first n rows of every interaction; `of` ascends."""
    place = np.arange(len(of))
    return place - np.searchsorted(of, of, side="left") < n


def nobody(n: int, reason: int) -> Verdicts:
    """Return n verdicts that are all null for one reason."""
    none, no_time = np.zeros(0, dtype=np.int64), np.zeros(0)
    nothing = Proofs(none, none, none, none, none, no_time, no_time, ((),))
    return Verdicts(np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, reason, np.int8), nothing)


def nulled(verdicts: Verdicts, where: np.ndarray, reason: int) -> Verdicts:
    """Return the verdicts with a null reason (a place in NULLS) where the mask holds, and no evidence there."""
    called, done = np.where(where, 0, verdicts.called_for_n), np.where(where, 0, verdicts.done_n)
    return Verdicts(called, done, np.where(where, reason, verdicts.null), kept(verdicts.proofs, ~where))
