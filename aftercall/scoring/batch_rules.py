"""The rules on words over arrays: the same verdicts as the fold, for all interactions of a form at once.

Lives here: which function judges which kind of rule; Whole and Each. Not here: what the rules mean (sighting.py, moments.py say
that), rules on times (batch_times.py), evidence (batch_proofs.py), tables (batch_rows.py).
"""

from dataclasses import dataclass

import numpy as np

from aftercall.scoring.batch_proofs import (
    NO_TIMES,
    NOT_ELIGIBLE,
    Verdicts,
    alternating,
    few,
    kept,
    nulled,
    quotes,
    searches,
    together,
)
from aftercall.scoring.batch_times import interruptions, waits
from aftercall.scoring.batch_turns import NO_TIME, Turns
from aftercall.scoring.form import Condition, Each, Question, Wait, Whole
from aftercall.scoring.heard import QUOTES_MAX


def judge(turns: Turns, question: Question, channel: np.ndarray, channels: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of a question; `channel` holds, per interaction, a place in `channels`."""
    rule = question.rule
    if isinstance(rule, Whole):
        verdicts = _whole(turns, rule)
    elif isinstance(rule, Each):
        verdicts = _before(turns, rule) if rule.before else _each(turns, rule)
    elif isinstance(rule, Wait):
        verdicts = waits(turns, rule, channel, channels)
    else:
        verdicts = interruptions(turns, rule)
    if question.channels:
        allowed = np.array([name in question.channels for name in channels], dtype=bool)
        verdicts = nulled(verdicts, ~allowed[channel], NOT_ELIGIBLE)
    return verdicts


@dataclass(frozen=True, slots=True)
class _Seen:
    """One condition over all interactions: the rows looked at, those that hit, and hits per interaction."""

    looked: np.ndarray
    hit_rows: np.ndarray
    hit_n: np.ndarray


def _seen(turns: Turns, condition: Condition) -> _Seen:
    looked = np.flatnonzero(turns.by(condition.speaker))
    of, window = turns.of[looked], condition.window
    if window.kind == "first_turns":
        looked = looked[few(of, int(window.n))]
    elif window.kind == "last_turns":
        place = np.searchsorted(of, of, side="right") - np.arange(len(of))
        looked = looked[place <= window.n]
    elif window.kind == "first_s":
        zero, start = turns.start_ms[turns.starts[:-1][of]], turns.start_ms[looked]
        looked = looked[(start != NO_TIME) & (zero != NO_TIME) & (start - zero < window.n * 1000)]
    hit_rows = looked[turns.says(condition.said)[looked]]
    return _Seen(looked, hit_rows, np.bincount(turns.of[hit_rows], minlength=turns.interaction_n))


def _ends(turns: Turns, of: np.ndarray, looked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last row looked at in each interaction of `of`; all of it where no row was."""
    looked_of = turns.of[looked]
    low, high = np.searchsorted(looked_of, of, side="left"), np.searchsorted(looked_of, of, side="right")
    padded = np.append(looked, -1)
    nothing = low == high
    first = np.where(nothing, turns.starts[:-1][of], padded[np.minimum(low, len(looked))])
    last = np.where(nothing, turns.starts[1:][of] - 1, padded[np.maximum(high - 1, 0)])
    return first, last


def _whole(turns: Turns, rule: Whole) -> Verdicts:
    n = turns.interaction_n
    expect, sets = _seen(turns, rule.expect), (rule.expect.said, rule.when.said if rule.when else ())
    called, when = np.ones(n, dtype=bool), None
    if rule.when:
        when = _seen(turns, rule.when)
        called = when.hit_n > 0
    done = expect.hit_n <= rule.allowed_n if rule.never else expect.hit_n > 0
    if rule.excused_by:
        called = called & (done | (_seen(turns, rule.excused_by).hit_n == 0))
    missed = called & ~done
    hit_of = turns.of[expect.hit_rows]
    if rule.never:
        proofs = kept(quotes(turns, expect.hit_rows[few(hit_of, QUOTES_MAX)], 0, sets), missed)
    else:
        proof = kept(quotes(turns, expect.hit_rows[few(hit_of, 1)], 0, sets), called)
        missed_of = np.flatnonzero(missed)
        parts = [proof]
        if when is not None:
            triggers = when.hit_rows[few(turns.of[when.hit_rows], 1)]
            parts.append(kept(quotes(turns, triggers, 1, sets), missed))
        parts.append(searches(missed_of, *_ends(turns, missed_of, expect.looked), sets))
        proofs = together(parts)
    verdicts = Verdicts(called.astype(np.int64), (called & done).astype(np.int64), np.zeros(n, dtype=np.int8), proofs)
    conditions = [one for one in (rule.expect, rule.when, rule.excused_by) if one]
    if any(one.window.kind == "first_s" for one in conditions):
        return nulled(verdicts, turns.has_untimed, NO_TIMES)
    return verdicts


def _each(turns: Turns, rule: Each) -> Verdicts:
    n, sets = turns.interaction_n, (rule.said, rule.trigger.said)
    by = turns.by(rule.by)
    by_rows = np.flatnonzero(by)
    heard = np.cumsum(by)
    moments = np.flatnonzero(turns.by(rule.trigger.speaker) & turns.says(rule.trigger.said))
    of = turns.of[moments]
    end = np.searchsorted(turns.of[by_rows], of, side="right")
    if rule.by == rule.trigger.speaker:
        low = heard[moments] - 1
        high = np.minimum(low + 1 + rule.within_turns, end)
    else:
        low = heard[moments]
        high = np.minimum(low + rule.within_turns, end)
        # Turns of one speaker in a row are one moment; one nobody could answer was not called for.
        alone = np.ones(len(low), dtype=bool)
        alone[1:] = (low[1:] != low[:-1]) | (of[1:] != of[:-1])
        keep = alone & (low < end)
        moments, of, low, high = moments[keep], of[keep], low[keep], high[keep]
    hits = np.flatnonzero(turns.says(rule.said)[by_rows] != rule.lacks)
    next_hit = np.append(hits, len(by_rows))[np.searchsorted(hits, low)]
    done = next_hit < high
    if rule.cancelled_by:
        is_full = high == low + 1 + rule.within_turns
        settled = np.where(
            done, by_rows[np.where(done, next_hit, 0)], np.where(is_full, by_rows[high - 1], turns.starts[1:][of])
        )
        cancels = np.flatnonzero(~by & turns.says(rule.cancelled_by))
        next_cancel = np.append(cancels, len(by))[np.searchsorted(cancels, moments, side="right")]
        keep = next_cancel >= settled
        moments, of, low, high, next_hit, done = (one[keep] for one in (moments, of, low, high, next_hit, done))
    return _moment_verdicts(turns, rule, (n, of, moments, done), by_rows, (low, high, next_hit), sets)


def _moment_verdicts(
    turns: Turns,
    rule: Each,
    judged: tuple[int, np.ndarray, np.ndarray, np.ndarray],
    by_rows: np.ndarray,
    window: tuple[np.ndarray, np.ndarray, np.ndarray],
    sets: tuple[tuple[str, ...], ...],
) -> Verdicts:
    n, of, moments, done = judged
    low, high, next_hit = window
    called_n, done_n = np.bincount(of, minlength=n), np.bincount(of[done], minlength=n)
    at = np.flatnonzero(~done)
    at = at[few(of[at], QUOTES_MAX)]
    missed = alternating(quotes(turns, moments[at], 1, sets), searches(of[at], by_rows[low[at]], by_rows[high[at] - 1], sets))
    well = np.flatnonzero(done)
    well = well[few(of[well], 1)]
    proof = kept(quotes(turns, by_rows[next_hit[well]], 0, sets), called_n == done_n)
    verdicts = Verdicts(called_n, done_n, np.zeros(n, dtype=np.int8), together([missed, proof]))
    return _excused(turns, rule, verdicts)


def _before(turns: Turns, rule: Each) -> Verdicts:
    n, sets = turns.interaction_n, (rule.said, rule.trigger.said)
    moments = np.flatnonzero(turns.by(rule.trigger.speaker) & turns.says(rule.trigger.said))
    moments = moments[few(turns.of[moments], 1)]
    of = turns.of[moments]
    hits = np.flatnonzero(turns.by(rule.by) & turns.says(rule.said))
    hits = hits[few(turns.of[hits], 1)]
    first_hit = np.full(n, len(turns.of))
    first_hit[turns.of[hits]] = hits
    done = first_hit[of] <= moments
    missed_of = of[~done]
    missed = alternating(
        quotes(turns, moments[~done], 1, sets), searches(missed_of, turns.starts[:-1][missed_of], moments[~done], sets)
    )
    proof = quotes(turns, first_hit[of[done]], 0, sets)
    called_n, done_n = np.bincount(of, minlength=n), np.bincount(of[done], minlength=n)
    verdicts = Verdicts(called_n, done_n, np.zeros(n, dtype=np.int8), together([missed, proof]))
    return _excused(turns, rule, verdicts)


def _excused(turns: Turns, rule: Each, verdicts: Verdicts) -> Verdicts:
    if rule.excused_by is None:
        return verdicts
    excused = (verdicts.done_n < verdicts.called_for_n) & (_seen(turns, rule.excused_by).hit_n > 0)
    verdicts = nulled(verdicts, excused, 0)
    return nulled(verdicts, turns.has_untimed, NO_TIMES) if rule.excused_by.window.kind == "first_s" else verdicts
