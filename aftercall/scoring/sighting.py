"""Rules asked once an interaction: was it said, by whom, inside which turns.

Lives here: following one condition, and the verdict of a Whole rule. Not here: rules asked at every moment (moments.py), times (waits.py).
"""

from dataclasses import dataclass, replace

from aftercall.scoring.form import Condition, Whole
from aftercall.scoring.heard import QUOTES_MAX, Evidence, Heard, Place, ms, searched


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often it was called for and how often done; with a null reason neither is known."""

    called_for_n: int = 0
    done_n: int = 0
    null_reason: str | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What every rule may know of the interaction so far: its channel, its first and last turn, whether a turn lacks its start."""

    channel: str
    first: Place | None = None
    last: Place | None = None
    is_untimed: bool = False

    def with_turn(self, place: Place) -> "Scope":
        """Return the scope after one more turn."""
        return Scope(self.channel, self.first or place, place, self.is_untimed or place.start_s is None)

    def nothing_searched(self) -> Evidence:
        """Return the whole interaction as the searched interval, for a speaker without a turn in the window."""
        if self.first is None or self.last is None:
            return Evidence(searched_turns=(0, 0))
        return searched(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One condition followed through an interaction; bounded: a few quotes, and the last n turns when the window asks for them."""

    turn_n: int = 0
    hit_n: int = 0
    quotes: tuple[Evidence, ...] = ()
    first: Place | None = None
    last: Place | None = None
    recent: tuple[tuple[Place, Evidence | None], ...] = ()

    def after(self, turn: Heard, condition: Condition, scope: Scope) -> "Sighting":
        """Return the sighting after one turn; `scope` already holds the turn."""
        if turn.speaker != condition.speaker:
            return self
        window, count = condition.window, self.turn_n + 1
        if window.kind == "last_turns":
            quote = turn.quoted(condition.said) if turn.says(condition.said) else None
            return replace(self, turn_n=count, recent=(*self.recent, (turn.place, quote))[-int(window.n) :])
        if window.kind == "first_turns" and self.turn_n >= window.n:
            return self
        if window.kind == "first_s" and not _in_first(turn.place, scope, window.n):
            return self
        hits, quotes = self.hit_n, self.quotes
        if turn.says(condition.said):
            hits += 1
            if len(quotes) < QUOTES_MAX:
                quotes = (*quotes, turn.quoted(condition.said))
        return replace(self, turn_n=count, hit_n=hits, quotes=quotes, first=self.first or turn.place, last=turn.place)

    def settled(self) -> "Sighting":
        """Return the sighting at the end of the interaction, with the last turns counted."""
        if not self.recent:
            return self
        quotes = tuple(quote for _, quote in self.recent if quote)
        return replace(self, hit_n=len(quotes), quotes=quotes[:QUOTES_MAX], first=self.recent[0][0], last=self.recent[-1][0])

    def searched(self, scope: Scope) -> Evidence:
        """Return the interval that was searched."""
        return searched(self.first, self.last) if self.first and self.last else scope.nothing_searched()


def _in_first(place: Place, scope: Scope, seconds: float) -> bool:
    start, zero = ms(place.start_s), ms(scope.first.start_s) if scope.first else None
    return start is not None and zero is not None and start - zero < seconds * 1000


@dataclass(frozen=True, slots=True)
class WholeState:
    """What a Whole rule remembers."""

    expect: Sighting = Sighting()
    when: Sighting = Sighting()
    excuse: Sighting = Sighting()


def whole_after(state: WholeState, rule: Whole, turn: Heard, scope: Scope) -> WholeState:
    """Return the state of a Whole rule after one turn."""
    return WholeState(
        state.expect.after(turn, rule.expect, scope),
        state.when.after(turn, rule.when, scope) if rule.when else state.when,
        state.excuse.after(turn, rule.excused_by, scope) if rule.excused_by else state.excuse,
    )


def whole_verdict(state: WholeState, rule: Whole, scope: Scope) -> Verdict:
    """Return the verdict of a Whole rule at the end of the interaction."""
    conditions = [rule.expect, *(one for one in (rule.when, rule.excused_by) if one)]
    if scope.is_untimed and any(one.window.kind == "first_s" for one in conditions):
        return Verdict(null_reason="no_times")
    expect, when = state.expect.settled(), state.when.settled()
    if rule.when and not when.hit_n:
        return Verdict()
    is_done = expect.hit_n <= rule.allowed_n if rule.never else expect.hit_n > 0
    if is_done:
        return Verdict(1, 1, evidence=() if rule.never else expect.quotes[:1])
    if state.excuse.settled().hit_n:
        return Verdict()
    return Verdict(1, 0, evidence=expect.quotes if rule.never else (*when.quotes[:1], expect.searched(scope)))
