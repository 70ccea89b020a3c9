"""The rules on words over arrays: the same verdicts as the fold, for all interactions of a form at once.

Lives here: which function judges which kind of rule; Whole and Each. Not here: what the rules mean (sighting.py, moments.py say
that), rules on times (batch_times.py), evidence (batch_proofs.py), tables (batch_rows.py).
"""

from dataclasses import dataclass

import numpy as np

from aftercall.scoring.batch_proofs import (
    MODEL_ERROR,
    NO_TIMES,
    NOT_ELIGIBLE,
    NULLS,
    PENDING,
    Verdicts,
    alternating,
    few,
    kept,
    nobody,
    nulled,
    quotes,
    searches,
    together,
)
from aftercall.scoring.batch_times import interruptions, waits
from aftercall.scoring.batch_turns import NO_TIME, Turns
from aftercall.scoring.form import Condition, Each, Human, Question, Wait, Whole
from aftercall.scoring.heard import QUOTES_MAX
from aftercall.scoring.scope import WINDOW_TURNS_MAX


def judge(turns: Turns, question: Question, channel: np.ndarray, channels: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of a question; `channel` holds, per interaction, a place in `channels`."""
    rule = question.rule
    if isinstance(rule, Human):
        verdicts = nobody(turns.interaction_n, PENDING)
    elif isinstance(rule, Whole):
        verdicts = _whole(turns, rule)
    elif isinstance(rule, Each):
        verdicts = _before(turns, rule) if rule.before else _each(turns, rule)
    elif isinstance(rule, Wait):
        verdicts = waits(turns, rule, channel, channels)
    else:
        verdicts = interruptions(turns, rule)
    if question.reads and turns.reader.state:
        verdicts = nobody(turns.interaction_n, NULLS.index(turns.reader.state))
    for party in question.reads:
        verdicts = nulled(verdicts, turns.has_unread(party), MODEL_ERROR) if not turns.reader.state else verdicts
    if question.channels:
        allowed = np.array([name in question.channels for name in channels], dtype=bool)
        verdicts = nulled(verdicts, ~allowed[channel], NOT_ELIGIBLE)
    return verdicts


@dataclass(frozen=True, slots=True)
class _Seen:
    """One condition over all interactions: the rows looked at, those that hit, hits and doubtful turns per interaction."""

    looked: np.ndarray
    hit_rows: np.ndarray
    hit_n: np.ndarray
    doubt_n: np.ndarray


def _seen(turns: Turns, condition: Condition, doubtful: "np.ndarray | None" = None) -> _Seen:
    """Return a condition over all interactions; `doubtful` masks the turns that perhaps say it."""
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
    says, n = turns.says(condition.said), turns.interaction_n
    hit_rows = looked[says[looked]]
    doubt_n = np.zeros(n, dtype=np.int64)
    if doubtful is not None:
        doubt_rows = looked[(doubtful & ~says)[looked]]
        doubt_n = np.minimum(np.bincount(turns.of[doubt_rows], minlength=n), WINDOW_TURNS_MAX)
    return _Seen(looked, hit_rows, np.bincount(turns.of[hit_rows], minlength=n), doubt_n)


def _is_excused(turns: Turns, excuse: Condition) -> np.ndarray:
    """Return, for every interaction, whether an excuse was said, or perhaps said."""
    seen = _seen(turns, excuse, turns.might_say(excuse.said))
    return seen.hit_n + seen.doubt_n > 0


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
    said = rule.expect.said
    expect = _seen(turns, rule.expect, turns.hints_at(said) if rule.never else turns.might_say(said))
    sets = (said, rule.when.said if rule.when else ())
    called, when = np.ones(n, dtype=bool), None
    if rule.when:
        when = _seen(turns, rule.when)
        called = when.hit_n > 0
    done = expect.hit_n + expect.doubt_n <= rule.allowed_n if rule.never else expect.hit_n > 0
    if rule.excused_by:
        called = called & (done | ~_is_excused(turns, rule.excused_by))
    doubt = called & ~done & (expect.hit_n <= rule.allowed_n if rule.never else expect.doubt_n > 0)
    called = called & ~doubt
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
    null = np.where(doubt, PENDING, 0).astype(np.int8)
    verdicts = Verdicts(called.astype(np.int64), (called & done).astype(np.int64), null, proofs)
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
        cancels = np.flatnonzero(~by & turns.might_say(rule.cancelled_by))
        next_cancel = np.append(cancels, len(by))[np.searchsorted(cancels, moments, side="right")]
        keep = next_cancel >= settled
        moments, of, low, high, next_hit, done = (one[keep] for one in (moments, of, low, high, next_hit, done))
    if rule.whole:
        asked_n = rule.within_turns + (rule.by == rule.trigger.speaker)
        keep = done | (high - low == asked_n)
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
    perhaps = turns.might_say(rule.said)[by_rows] & (not rule.lacks)
    before = np.concatenate([[0], np.cumsum(perhaps)])
    doubt = ~done & (before[high] > before[low])
    called_n, done_n = np.bincount(of[~doubt], minlength=n), np.bincount(of[done], minlength=n)
    null = np.where((called_n == 0) & (np.bincount(of[doubt], minlength=n) > 0), PENDING, 0).astype(np.int8)
    at = np.flatnonzero(~done & ~doubt)
    at = at[few(of[at], QUOTES_MAX)]
    missed = alternating(quotes(turns, moments[at], 1, sets), searches(of[at], by_rows[low[at]], by_rows[high[at] - 1], sets))
    well = np.flatnonzero(done)
    well = well[few(of[well], 1)]
    proof = kept(quotes(turns, by_rows[next_hit[well]], 0, sets), called_n == done_n)
    return _excused(turns, rule, Verdicts(called_n, done_n, null, together([missed, proof])))


def _before(turns: Turns, rule: Each) -> Verdicts:
    n, sets = turns.interaction_n, (rule.said, rule.trigger.said)
    moments = np.flatnonzero(turns.by(rule.trigger.speaker) & turns.says(rule.trigger.said))
    moments = moments[few(turns.of[moments], 1)]
    of = turns.of[moments]
    mine = turns.by(rule.by)
    first_hit = _first_of_each(turns, mine & turns.says(rule.said))
    done = first_hit[of] <= moments
    doubt = ~done & (_first_of_each(turns, mine & turns.might_say(rule.said))[of] <= moments)
    missed = ~done & ~doubt
    missed_of = of[missed]
    lost = alternating(
        quotes(turns, moments[missed], 1, sets), searches(missed_of, turns.starts[:-1][missed_of], moments[missed], sets)
    )
    proof = quotes(turns, first_hit[of[done]], 0, sets)
    called_n, done_n = np.bincount(of[~doubt], minlength=n), np.bincount(of[done], minlength=n)
    null = np.zeros(n, dtype=np.int8)
    null[of[doubt]] = PENDING
    return _excused(turns, rule, Verdicts(called_n, done_n, null, together([lost, proof])))


def _first_of_each(turns: Turns, rows: np.ndarray) -> np.ndarray:
    """Return, for every interaction, the first row of a mask; past the end where there is none."""
    at = np.flatnonzero(rows)
    at = at[few(turns.of[at], 1)]
    first = np.full(turns.interaction_n, len(turns.of))
    first[turns.of[at]] = at
    return first


def _excused(turns: Turns, rule: Each, verdicts: Verdicts) -> Verdicts:
    if rule.excused_by is None:
        return verdicts
    excused = (verdicts.done_n < verdicts.called_for_n) & _is_excused(turns, rule.excused_by)
    verdicts = nulled(verdicts, excused, 0)
    return nulled(verdicts, turns.has_untimed, NO_TIMES) if rule.excused_by.window.kind == "first_s" else verdicts
