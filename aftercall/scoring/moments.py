"""Rules asked at every moment: it was called for here; was it done within the next turns, or before?

Lives here: the fold of an Each rule. Not here: rules asked once (sighting.py), times (waits.py).
"""

from dataclasses import dataclass, replace

from aftercall.scoring.form import Each
from aftercall.scoring.heard import QUOTES_MAX, Evidence, Heard, Place, searched
from aftercall.scoring.scope import Scope
from aftercall.scoring.sighting import NOT_SEEN, Sighting, Verdict, is_excused


@dataclass(frozen=True, slots=True)
class Open:
    """A moment not yet settled: its quote, how many turns the answering side had by then, and the turns searched since.

    `in_doubt`: one of these turns perhaps answered it.
    """

    quote: Evidence
    by_n: int
    first: Place | None = None
    last: Place | None = None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class EachState:
    """What an Each rule remembers; at most within_turns + 1 moments are open at a time.

    `doubt_n` moments were perhaps answered: they count neither way. `is_doubtful`: what must come before was perhaps said.
    """

    open: tuple[Open, ...] = ()
    done_n: int = 0
    missed_n: int = 0
    doubt_n: int = 0
    is_doubtful: bool = False
    missed: tuple[Evidence, ...] = ()
    proof: tuple[Evidence, ...] = ()
    excuse: Sighting = NOT_SEEN


def each_after(state: EachState, rule: Each, turn: Heard, scope: Scope) -> EachState:
    """Return the state of an Each rule after one turn; `scope` already holds the turn."""
    if rule.excused_by:
        excuse = state.excuse.after(turn, rule.excused_by, scope, in_doubt=turn.might_say(rule.excused_by.said))
        state = state if excuse is state.excuse else replace(state, excuse=excuse)
    if rule.before:
        return _before(state, rule, turn, scope)
    if state.open and rule.cancelled_by and turn.speaker != rule.by and turn.might_say(rule.cancelled_by):
        return replace(state, open=())
    is_moment = turn.speaker == rule.trigger.speaker and turn.says(rule.trigger.said)
    by_n = scope.side(rule.by).turn_n
    if is_moment and (turn.speaker == rule.by or not (state.open and state.open[-1].by_n == by_n)):
        state = replace(state, open=(*state.open, Open(turn.quoted(rule.trigger.said), by_n)))
    return _answered(state, rule, turn, by_n) if state.open and turn.speaker == rule.by else state


def _answered(state: EachState, rule: Each, turn: Heard, by_n: int) -> EachState:
    """Return the state after a turn of the answering side: open moments are done, missed, or searched one turn further."""
    perhaps = not rule.lacks and turn.might_say(rule.said)
    waiting = tuple(
        Open(one.quote, one.by_n, one.first or turn.place, turn.place, one.in_doubt or perhaps) for one in state.open
    )
    if turn.says(rule.said) != rule.lacks:
        proof = state.proof or (turn.quoted(rule.said),)
        return replace(state, open=(), done_n=state.done_n + len(waiting), proof=proof)
    over = tuple(one for one in waiting if by_n - one.by_n >= rule.within_turns)
    return _missing(replace(state, open=waiting[len(over) :]), over)


def _missing(state: EachState, over: tuple[Open, ...]) -> EachState:
    missed, known = state.missed, [one for one in over if not one.in_doubt]
    for one in known:
        if len(missed) < 2 * QUOTES_MAX and one.first and one.last:
            missed = (*missed, one.quote, searched(one.first, one.last))
    doubt_n = state.doubt_n + len(over) - len(known)
    return replace(state, missed=missed, missed_n=state.missed_n + len(known), doubt_n=doubt_n)


def _before(state: EachState, rule: Each, turn: Heard, scope: Scope) -> EachState:
    """Return the state of a rule that must be kept before its first moment; only that moment is judged."""
    if state.done_n or state.missed_n or state.doubt_n:
        return state
    if turn.speaker == rule.by and not state.proof and turn.might_say(rule.said):
        says = turn.says(rule.said)
        state = replace(state, proof=(turn.quoted(rule.said),)) if says else replace(state, is_doubtful=True)
    if turn.speaker != rule.trigger.speaker or not turn.says(rule.trigger.said):
        return state
    if state.proof:
        return replace(state, done_n=1)
    if state.is_doubtful:
        return replace(state, doubt_n=1)
    first = scope.first or turn.place
    return replace(state, missed_n=1, missed=(turn.quoted(rule.trigger.said), searched(first, turn.place)))


def each_verdict(state: EachState, rule: Each, scope: Scope) -> Verdict:
    """Return the verdict of an Each rule at the end of the interaction.

    A moment nobody could answer was not called for; with nothing but doubtful moments a person must look.
    """
    if rule.excused_by and rule.excused_by.window.kind == "first_s" and scope.is_untimed:
        return Verdict(null_reason="no_times")
    state = _missing(state, () if rule.whole else tuple(one for one in state.open if one.first))
    if state.missed_n and rule.excused_by and is_excused(state.excuse, rule.excused_by, scope):
        return Verdict()
    if state.doubt_n and not state.missed_n + state.done_n:
        return Verdict(null_reason="pending_human")
    evidence = state.missed if state.missed_n else (state.proof if state.done_n else ())
    return Verdict(state.done_n + state.missed_n, state.done_n, evidence=evidence)
