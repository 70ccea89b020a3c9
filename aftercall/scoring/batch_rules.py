"""The rules over arrays: the same verdicts as the fold, for all interactions of a form at once.

Lives here: one function per kind of rule. Not here: what the rules mean (sighting.py, moments.py, waits.py say that), tables.

Evidence is kept as rows of the turn table: the row quoted, and the rows at both ends of what was searched.
"""

from dataclasses import dataclass

import numpy as np

from aftercall.scoring.batch_turns import NO_TIME, Turns
from aftercall.scoring.form import Condition, Each, Interruption, Question, Wait, Whole
from aftercall.scoring.heard import QUOTES_MAX
from aftercall.scoring.waits import AGENT_SPEAKS_MS, CUSTOMER_HELD_MS, OVERLAP_MS, STOPS_WITHIN_MS

NULLS = ("", "no_times", "not_eligible")
NO_TIMES, NOT_ELIGIBLE = 1, 2


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


def judge(turns: Turns, question: Question, channel: np.ndarray, channels: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of a question; `channel` holds, per interaction, a place in `channels`."""
    rule = question.rule
    if isinstance(rule, Whole):
        verdicts = _whole(turns, rule)
    elif isinstance(rule, Each):
        verdicts = _before(turns, rule) if rule.before else _each(turns, rule)
    elif isinstance(rule, Wait):
        verdicts = _wait(turns, rule, channel, channels)
    else:
        verdicts = _interruption(turns, rule)
    if question.channels:
        allowed = np.array([name in question.channels for name in channels], dtype=bool)
        verdicts = _nulled(verdicts, ~allowed[channel], NOT_ELIGIBLE)
    return verdicts


def _nulled(verdicts: Verdicts, where: np.ndarray, reason: int) -> Verdicts:
    called, done = np.where(where, 0, verdicts.called_for_n), np.where(where, 0, verdicts.done_n)
    return Verdicts(called, done, np.where(where, reason, verdicts.null), kept(verdicts.proofs, ~where))


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
        return _nulled(verdicts, turns.has_untimed, NO_TIMES)
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
    verdicts = _nulled(verdicts, excused, 0)
    return _nulled(verdicts, turns.has_untimed, NO_TIMES) if rule.excused_by.window.kind == "first_s" else verdicts


def _pairs(turns: Turns) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (before, now) of an agent's turn and the turn right before it."""
    now = np.flatnonzero(turns.by("agent"))
    now = now[now > turns.starts[:-1][turns.of[now]]]
    return now - 1, now


def _last_word_ms(turns: Turns) -> np.ndarray:
    """Return, for every row, the latest end so far in its interaction, in milliseconds; NO_TIME before any."""
    # Shifting every interaction above all earlier ones lets one running maximum serve them all.
    known = turns.end_ms != NO_TIME
    span = (int(turns.end_ms[known].max()) if known.any() else 0) + 2
    shifted = np.where(known, turns.end_ms + 1, 0) + turns.of * span
    latest = np.maximum.accumulate(shifted) - turns.of * span if len(shifted) else shifted
    return np.where(latest > 0, latest - 1, NO_TIME)


def _wait(turns: Turns, rule: Wait, channel: np.ndarray, channels: tuple[str, ...]) -> Verdicts:
    limits = dict(rule.limit_s)
    limit_ms = np.array([limits.get(name, np.nan) for name in channels])[channel] * 1000
    before, now = _pairs(turns)
    use = ~np.isnan(limit_ms[turns.of[now]])
    if rule.after == "customer":
        use &= turns.by("customer")[before]
    before, now = before[use], now[use]
    last_word = _last_word_ms(turns)[before]
    timed = (turns.start_ms[now] != NO_TIME) & (last_word != NO_TIME) & (turns.start_ms[before] != NO_TIME)
    announced = turns.by("agent")[before] & (turns.says(rule.announced_by)[before] if rule.announced_by else False)
    fault = timed & ~announced & (turns.start_ms[now] - last_word > limit_ms[turns.of[now]])
    counted, untimed = _counts(turns, now, timed)
    fault_n = np.bincount(turns.of[now[fault]], minlength=turns.interaction_n)
    kept_rule = fault_n <= rule.allowed_share * counted
    at = np.flatnonzero(fault)
    at = at[few(turns.of[now[at]], QUOTES_MAX)]
    times = last_word[at] / 1000, turns.start_ms[now[at]] / 1000
    proofs = searches(turns.of[now[at]], before[at], now[at], ((),), times)
    verdicts = _times_verdicts(counted, untimed, kept_rule, proofs)
    return _nulled(verdicts, np.isnan(limit_ms), NOT_ELIGIBLE)


def _interruption(turns: Turns, rule: Interruption) -> Verdicts:
    before, now = _pairs(turns)
    use = turns.by("customer")[before]
    before, now = before[use], now[use]
    real_end = np.where(np.isnan(turns.end_s), NO_TIME, turns.end_ms)
    held, stopped, began, ended = turns.start_ms[before], real_end[before], turns.start_ms[now], real_end[now]
    timed = (held != NO_TIME) & (stopped != NO_TIME) & (began != NO_TIME) & (ended != NO_TIME) & (held != stopped)
    overlap = stopped - began
    fault = timed & (overlap >= OVERLAP_MS) & (overlap <= STOPS_WITHIN_MS)
    fault &= (began - held >= CUSTOMER_HELD_MS) & (ended - began >= AGENT_SPEAKS_MS)
    counted, untimed = _counts(turns, now, timed)
    fault_n = np.bincount(turns.of[now[fault]], minlength=turns.interaction_n)
    at = np.flatnonzero(fault)
    at = at[few(turns.of[now[at]], QUOTES_MAX)]
    times = began[at] / 1000, stopped[at] / 1000
    # No phrase set: the quote is the beginning of the turn that was cut off.
    proofs = alternating(quotes(turns, before[at], 0, ((),)), searches(turns.of[now[at]], before[at], now[at], ((),), times))
    return _times_verdicts(counted, untimed, fault_n <= rule.allowed_n, proofs)


def _counts(turns: Turns, now: np.ndarray, timed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = turns.interaction_n
    return np.bincount(turns.of[now[timed]], minlength=n), np.bincount(turns.of[now[~timed]], minlength=n)


def _times_verdicts(counted: np.ndarray, untimed: np.ndarray, is_kept: np.ndarray, proofs: Proofs) -> Verdicts:
    called = (counted > 0).astype(np.int64)
    null = np.where((counted == 0) & (untimed > 0), NO_TIMES, 0).astype(np.int8)
    return Verdicts(called, called * is_kept, null, kept(proofs, ~is_kept))
