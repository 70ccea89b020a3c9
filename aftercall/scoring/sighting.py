"""Rules asked once an interaction: was it said, by whom, inside which turns.

Lives here: following one condition, and the verdict of a Whole rule. Not here: rules asked at every moment (moments.py),
times (waits.py).
"""

from dataclasses import dataclass

from aftercall.scoring.form import Condition, Whole
from aftercall.scoring.heard import QUOTES_MAX, Evidence, Heard, Place, ms, searched
from aftercall.scoring.scope import WINDOW_TURNS_MAX, Scope


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often it was called for and how often done; with a null reason neither is known."""

    called_for_n: int = 0
    done_n: int = 0
    null_reason: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One condition followed through an interaction; it changes only when something is found.

    `hits` are (the speaker's turn count, quote): the first few, or the last few when the window is at the end. `looked` are the
    first and last turn of a window in seconds; windows in turns are known from the scope. `doubts` are the turn counts at which
    it was perhaps said.
    """

    hit_n: int = 0
    hits: tuple[tuple[int, Evidence], ...] = ()
    looked: tuple[Place, Place] | None = None
    doubts: tuple[int, ...] = ()

    def after(self, turn: Heard, condition: Condition, scope: Scope, *, in_doubt: bool = False) -> "Sighting":
        """Return the sighting after one turn; `scope` already holds the turn, `in_doubt` that it perhaps said it."""
        if turn.speaker != condition.speaker:
            return self
        window, count, is_hit = condition.window, scope.side(turn.speaker).turn_n, turn.says(condition.said)
        if window.kind == "first_s":
            if not _in_first(turn.place, scope, window.n):
                return self
            looked = (self.looked[0] if self.looked else turn.place, turn.place)
            self = Sighting(self.hit_n, self.hits, looked, self.doubts)  # noqa: PLW0642
        if not (is_hit or in_doubt) or (window.kind == "first_turns" and count > window.n):
            return self
        if not is_hit:
            return Sighting(self.hit_n, self.hits, self.looked, (*self.doubts, count)[-WINDOW_TURNS_MAX:])
        hits = self.hits
        if window.kind == "last_turns":
            hits = (*hits, (count, turn.quoted(condition.said)))[-int(window.n) :]
        elif len(hits) < QUOTES_MAX:
            hits = (*hits, (count, turn.quoted(condition.said)))
        return Sighting(self.hit_n + 1, hits, self.looked, self.doubts)

    def doubt_n(self, condition: Condition, scope: Scope) -> int:
        """Return how many turns inside the window perhaps hold it (of many, the last ones)."""
        if condition.window.kind != "last_turns":
            return len(self.doubts)
        since = scope.side(condition.speaker).turn_n - condition.window.n
        return sum(1 for count in self.doubts if count > since)

    def found(self, condition: Condition, scope: Scope) -> tuple[int, tuple[Evidence, ...]]:
        """Return how many turns inside the window hold it, and the first few of them."""
        if condition.window.kind != "last_turns":
            return self.hit_n, tuple(quote for _, quote in self.hits)
        since = scope.side(condition.speaker).turn_n - condition.window.n
        quotes = tuple(quote for count, quote in self.hits if count > since)
        return len(quotes), quotes[:QUOTES_MAX]

    def searched(self, condition: Condition, scope: Scope) -> Evidence:
        """Return the interval that was searched; without a turn in the window, the whole interaction."""
        side, window = scope.side(condition.speaker), condition.window
        if window.kind == "first_s":
            return searched(*self.looked) if self.looked else scope.everything()
        if not side.turn_n:
            return scope.everything()
        first = side.recent[-int(window.n) :][0] if window.kind == "last_turns" else side.opening[0]
        last = side.opening[: int(window.n)][-1] if window.kind == "first_turns" else side.recent[-1]
        return searched(first, last)


def _in_first(place: Place, scope: Scope, seconds: float) -> bool:
    start, zero = ms(place.start_s), ms(scope.first.start_s) if scope.first else None
    return start is not None and zero is not None and start - zero < seconds * 1000


NOT_SEEN = Sighting()


@dataclass(frozen=True, slots=True)
class WholeState:
    """What a Whole rule remembers."""

    expect: Sighting = NOT_SEEN
    when: Sighting = NOT_SEEN
    excuse: Sighting = NOT_SEEN


def whole_after(state: WholeState, rule: Whole, turn: Heard, scope: Scope) -> WholeState:
    """Return the state of a Whole rule after one turn.

    What must not be said is in doubt only where there is a sign of it; what should be said, wherever it cannot be ruled out.
    """
    said = rule.expect.said
    in_doubt = turn.hints_at(said) if rule.never else turn.might_say(said)
    expect = state.expect.after(turn, rule.expect, scope, in_doubt=in_doubt)
    when = state.when.after(turn, rule.when, scope) if rule.when else state.when
    excuse = state.excuse
    if rule.excused_by:
        excuse = excuse.after(turn, rule.excused_by, scope, in_doubt=turn.might_say(rule.excused_by.said))
    if expect is state.expect and when is state.when and excuse is state.excuse:
        return state
    return WholeState(expect, when, excuse)


def whole_verdict(state: WholeState, rule: Whole, scope: Scope) -> Verdict:
    """Return the verdict of a Whole rule at the end of the interaction."""
    conditions = [rule.expect, *(one for one in (rule.when, rule.excused_by) if one)]
    if scope.is_untimed and any(one.window.kind == "first_s" for one in conditions):
        return Verdict(null_reason="no_times")
    triggers: tuple[Evidence, ...] = ()
    if rule.when:
        when_n, triggers = state.when.found(rule.when, scope)
        if not when_n:
            return Verdict()
    hit_n, quotes = state.expect.found(rule.expect, scope)
    doubt_n = state.expect.doubt_n(rule.expect, scope)
    if (hit_n + doubt_n <= rule.allowed_n) if rule.never else hit_n > 0:
        return Verdict(1, 1, evidence=() if rule.never else quotes[:1])
    if rule.excused_by and is_excused(state.excuse, rule.excused_by, scope):
        return Verdict()
    if (hit_n <= rule.allowed_n) if rule.never else doubt_n > 0:
        return Verdict(null_reason="pending_human")
    return Verdict(1, 0, evidence=quotes if rule.never else (*triggers[:1], state.expect.searched(rule.expect, scope)))


def is_excused(sighting: Sighting, excuse: Condition, scope: Scope) -> bool:
    """Return whether an excuse was said, or perhaps said: the doubt is the agent's."""
    return bool(sighting.found(excuse, scope)[0] or sighting.doubt_n(excuse, scope))
