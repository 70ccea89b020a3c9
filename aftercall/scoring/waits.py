"""Rules on times: waits for the agent, silence nobody announced, interruptions.

Lives here: the fold of Wait and Interruption rules, in whole milliseconds. Not here: words (sighting.py, moments.py).
"""

from dataclasses import dataclass, replace

from aftercall.scoring.form import Interruption, Wait
from aftercall.scoring.heard import QUOTE_CHARACTERS, QUOTES_MAX, Evidence, Heard, Place, ms
from aftercall.scoring.sighting import Scope, Verdict

# Source: spec formats section 7, interruption_n; the overlap guards against the delay of the line.
OVERLAP_MS, STOPS_WITHIN_MS, AGENT_SPEAKS_MS, CUSTOMER_HELD_MS = 300, 2000, 1000, 500


@dataclass(frozen=True, slots=True)
class TimesState:
    """What a rule on times remembers: the turn before, the last word so far, counts and the first few faults."""

    place: Place | None = None
    speaker: str = ""
    text: str = ""
    announced: bool = False
    last_word_ms: int | None = None
    counted_n: int = 0
    fault_n: int = 0
    untimed_n: int = 0
    faults: tuple[Evidence, ...] = ()


def wait_after(state: TimesState, rule: Wait, turn: Heard, scope: Scope) -> TimesState:
    """Return the state of a Wait rule after one turn."""
    limit_s = dict(rule.limit_s).get(scope.channel)
    state = _measured_wait(state, rule, turn, limit_s) if limit_s is not None else state
    announced = turn.speaker == "agent" and turn.says(rule.announced_by)
    return _remember(state, turn, announced=announced)


def _measured_wait(state: TimesState, rule: Wait, turn: Heard, limit_s: float) -> TimesState:
    before = state.place
    if turn.speaker != "agent" or before is None or (rule.after == "customer" and state.speaker != "customer"):
        return state
    start_ms = ms(turn.place.start_s)
    if start_ms is None or state.last_word_ms is None or before.start_s is None:
        return replace(state, untimed_n=state.untimed_n + 1)
    state = replace(state, counted_n=state.counted_n + 1)
    if state.announced or start_ms - state.last_word_ms <= limit_s * 1000:
        return state
    times = (state.last_word_ms / 1000, start_ms / 1000)
    return _fault(state, (Evidence(searched_turns=(before.turn, turn.place.turn), searched_s=times),))


def wait_verdict(state: TimesState, rule: Wait, scope: Scope) -> Verdict:
    """Return the verdict of a Wait rule; without any measured wait it was not called for, or has no times."""
    if scope.channel not in dict(rule.limit_s):
        return Verdict(null_reason="not_eligible")
    if not state.counted_n:
        return Verdict(null_reason="no_times" if state.untimed_n else None)
    if state.fault_n <= rule.allowed_share * state.counted_n:
        return Verdict(1, 1)
    return Verdict(1, 0, evidence=state.faults)


def interruption_after(state: TimesState, turn: Heard) -> TimesState:
    """Return the state of an Interruption rule after one turn."""
    before, now = state.place, turn.place
    if turn.speaker == "agent" and state.speaker == "customer" and before is not None:
        times = (ms(before.start_s), ms(before.end_s), ms(now.start_s), ms(now.end_s))
        state = _measured_overlap(state, turn, before, times)
    return _remember(state, turn, announced=False)


def _measured_overlap(state: TimesState, turn: Heard, before: Place, times: tuple[int | None, ...]) -> TimesState:
    held, stopped, began, ended = times
    if held is None or stopped is None or began is None or ended is None or held == stopped:
        return replace(state, untimed_n=state.untimed_n + 1)
    state = replace(state, counted_n=state.counted_n + 1)
    is_fault = (
        OVERLAP_MS <= stopped - began <= STOPS_WITHIN_MS
        and began - held >= CUSTOMER_HELD_MS
        and ended - began >= AGENT_SPEAKS_MS
    )
    if not is_fault:
        return state
    quote = Evidence(before.turn, before.start_s, state.text[:QUOTE_CHARACTERS])
    span = Evidence(searched_turns=(before.turn, turn.place.turn), searched_s=(began / 1000, stopped / 1000))
    return _fault(state, (quote, span))


def interruption_verdict(state: TimesState, rule: Interruption) -> Verdict:
    """Return the verdict of an Interruption rule."""
    if not state.counted_n:
        return Verdict(null_reason="no_times" if state.untimed_n else None)
    return Verdict(1, 1) if state.fault_n <= rule.allowed_n else Verdict(1, 0, evidence=state.faults)


def _fault(state: TimesState, evidence: tuple[Evidence, ...]) -> TimesState:
    faults = (*state.faults, *evidence) if state.fault_n < QUOTES_MAX else state.faults
    return replace(state, fault_n=state.fault_n + 1, faults=faults)


def _remember(state: TimesState, turn: Heard, *, announced: bool) -> TimesState:
    place = turn.place
    end_ms = ms(place.end_s if place.end_s is not None else place.start_s)
    last_word = max((one for one in (state.last_word_ms, end_ms) if one is not None), default=None)
    return replace(
        state, place=place, speaker=turn.speaker, text=turn.text[:QUOTE_CHARACTERS], announced=announced, last_word_ms=last_word
    )
