"""Rules on times: waits for the agent, silence nobody announced, interruptions.

Lives here: the fold of Wait and Interruption rules, in whole milliseconds. Not here: words (sighting.py, moments.py).
"""

from dataclasses import dataclass

from aftercall.scoring.form import Interruption, Wait
from aftercall.scoring.heard import QUOTES_MAX as FAULTS_MAX
from aftercall.scoring.heard import Evidence, Heard, ms
from aftercall.scoring.scope import Scope
from aftercall.scoring.sighting import Verdict

# Source: spec formats section 7, interruption_n; the overlap guards against the delay of the line.
OVERLAP_MS, STOPS_WITHIN_MS, AGENT_SPEAKS_MS, CUSTOMER_HELD_MS = 300, 2000, 1000, 500


@dataclass(frozen=True, slots=True)
class TimesState:
    """What a rule on times remembers: how many it could measure, how many not, and the first few faults."""

    counted_n: int = 0
    fault_n: int = 0
    untimed_n: int = 0
    faults: tuple[Evidence, ...] = ()

    def untimed(self) -> "TimesState":
        """Return the state after something that had no times."""
        return TimesState(self.counted_n, self.fault_n, self.untimed_n + 1, self.faults)

    def counted(self, fault: tuple[Evidence, ...] = ()) -> "TimesState":
        """Return the state after something measured; with evidence it was a fault."""
        faults = (*self.faults, *fault) if self.fault_n < FAULTS_MAX else self.faults
        return TimesState(self.counted_n + 1, self.fault_n + bool(fault), self.untimed_n, faults)


def wait_after(state: TimesState, rule: Wait, turn: Heard, scope: Scope) -> TimesState:
    """Return the state of a Wait rule after one turn; `scope` already holds the turn."""
    before, limit_s = scope.before, rule.limit(scope.channel)
    if turn.speaker != "agent" or before is None or limit_s is None:
        return state
    if rule.after == "customer" and before.speaker != "customer":
        return state
    start_ms, last_word_ms = ms(turn.place.start_s), scope.last_word_ms
    if start_ms is None or last_word_ms is None or before.place.start_s is None:
        return state.untimed()
    announced = before.speaker == "agent" and before.might_say(rule.announced_by)
    if announced or start_ms - last_word_ms <= limit_s * 1000:
        return state.counted()
    turns, times = (before.place.turn, turn.place.turn), (last_word_ms / 1000, start_ms / 1000)
    return state.counted((Evidence(searched_turns=turns, searched_s=times),))


def wait_verdict(state: TimesState, rule: Wait, scope: Scope) -> Verdict:
    """Return the verdict of a Wait rule; without any measured wait it was not called for, or has no times."""
    if rule.limit(scope.channel) is None:
        return Verdict(null_reason="not_eligible")
    if not state.counted_n:
        return Verdict(null_reason="no_times" if state.untimed_n else None)
    if state.fault_n <= rule.allowed_share * state.counted_n:
        return Verdict(1, 1)
    return Verdict(1, 0, evidence=state.faults)


def interruption_after(state: TimesState, turn: Heard, scope: Scope) -> TimesState:
    """Return the state of an Interruption rule after one turn; `scope` already holds the turn."""
    before = scope.before
    if turn.speaker != "agent" or before is None or before.speaker != "customer":
        return state
    held, stopped = ms(before.place.start_s), ms(before.place.end_s)
    began, ended = ms(turn.place.start_s), ms(turn.place.end_s)
    if held is None or stopped is None or began is None or ended is None or held == stopped:
        return state.untimed()
    is_fault = (
        OVERLAP_MS <= stopped - began <= STOPS_WITHIN_MS
        and began - held >= CUSTOMER_HELD_MS
        and ended - began >= AGENT_SPEAKS_MS
    )
    if not is_fault:
        return state.counted()
    turns, times = (before.place.turn, turn.place.turn), (began / 1000, stopped / 1000)
    return state.counted((before.quoted(()), Evidence(searched_turns=turns, searched_s=times)))


def interruption_verdict(state: TimesState, rule: Interruption) -> Verdict:
    """Return the verdict of an Interruption rule."""
    if not state.counted_n:
        return Verdict(null_reason="no_times" if state.untimed_n else None)
    return Verdict(1, 1) if state.fault_n <= rule.allowed_n else Verdict(1, 0, evidence=state.faults)
