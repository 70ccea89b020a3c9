"""The rules on times over arrays: waits and interruptions, in whole milliseconds, as waits.py means them.

Lives here: Wait and Interruption for all interactions of a form at once. Not here: rules on words (batch_rules.py).
"""

import numpy as np

from aftercall.scoring.batch_proofs import (
    NO_TIMES,
    NOT_ELIGIBLE,
    Proofs,
    Verdicts,
    alternating,
    few,
    kept,
    nulled,
    quotes,
    searches,
)
from aftercall.scoring.batch_turns import NO_TIME, Turns
from aftercall.scoring.form import Interruption, Wait
from aftercall.scoring.heard import QUOTES_MAX
from aftercall.scoring.waits import AGENT_SPEAKS_MS, CUSTOMER_HELD_MS, OVERLAP_MS, STOPS_WITHIN_MS


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


def waits(turns: Turns, rule: Wait, channel: np.ndarray, channels: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of a Wait rule; `channel` holds, per interaction, a place in `channels`."""
    limits = dict(rule.limit_s)
    limit_ms = np.array([limits.get(name, np.nan) for name in channels])[channel] * 1000
    before, now = _pairs(turns)
    use = ~np.isnan(limit_ms[turns.of[now]])
    if rule.after == "customer":
        use &= turns.by("customer")[before]
    before, now = before[use], now[use]
    last_word = _last_word_ms(turns)[before]
    timed = (turns.start_ms[now] != NO_TIME) & (last_word != NO_TIME) & (turns.start_ms[before] != NO_TIME)
    announced = turns.by("agent")[before] & turns.might_say(rule.announced_by)[before]
    fault = timed & ~announced & (turns.start_ms[now] - last_word > limit_ms[turns.of[now]])
    counted, untimed = _counts(turns, now, timed)
    fault_n = np.bincount(turns.of[now[fault]], minlength=turns.interaction_n)
    kept_rule = fault_n <= rule.allowed_share * counted
    at = np.flatnonzero(fault)
    at = at[few(turns.of[now[at]], QUOTES_MAX)]
    times = last_word[at] / 1000, turns.start_ms[now[at]] / 1000
    proofs = searches(turns.of[now[at]], before[at], now[at], ((),), times)
    verdicts = _times_verdicts(counted, untimed, kept_rule, proofs)
    return nulled(verdicts, np.isnan(limit_ms), NOT_ELIGIBLE)


def interruptions(turns: Turns, rule: Interruption) -> Verdicts:
    """Return the verdicts of an Interruption rule."""
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
