"""What every rule may know of an interaction so far, told once a turn instead of once a rule.

Lives here: Scope, and one side's turns. Not here: rules (sighting.py, moments.py, waits.py).

Bounded: the first and the last few places of each side, the turn before and the turn now.
"""

from dataclasses import dataclass

from aftercall.scoring.heard import Evidence, Heard, Place, ms, searched

# The widest window of turns a form may ask for (scorecard.schema.json).
WINDOW_TURNS_MAX = 20


@dataclass(frozen=True, slots=True)
class Side:
    """One party's turns so far: how many, and where the first and the last ones stand."""

    turn_n: int = 0
    opening: tuple[Place, ...] = ()
    recent: tuple[Place, ...] = ()

    def with_turn(self, place: Place) -> "Side":
        """Return the side after one more turn of its own."""
        opening = (*self.opening, place) if self.turn_n < WINDOW_TURNS_MAX else self.opening
        return Side(self.turn_n + 1, opening, (*self.recent, place)[-WINDOW_TURNS_MAX:])


NOBODY_YET = Side()


@dataclass(frozen=True, slots=True)
class Scope:
    """An interaction up to the turn now: channel, both sides, the turn before, and the last word before now in milliseconds."""

    channel: str
    first: Place | None = None
    before: Heard | None = None
    now: Heard | None = None
    last_word_ms: int | None = None
    is_untimed: bool = False
    agent: Side = NOBODY_YET
    customer: Side = NOBODY_YET

    def side(self, speaker: str) -> Side:
        """Return one party's turns."""
        return self.agent if speaker == "agent" else self.customer

    def with_turn(self, turn: Heard) -> "Scope":
        """Return the scope after one more turn."""
        place, is_agent = turn.place, turn.speaker == "agent"
        return Scope(
            self.channel,
            self.first or place,
            self.now,
            turn,
            self._spoken_until_ms(),
            self.is_untimed or place.start_s is None,
            self.agent.with_turn(place) if is_agent else self.agent,
            self.customer if is_agent else self.customer.with_turn(place),
        )

    def _spoken_until_ms(self) -> int | None:
        """Return the latest end of any turn up to `now`."""
        if self.now is None:
            return None
        end_ms = ms(self.now.place.end_s if self.now.place.end_s is not None else self.now.place.start_s)
        known = [one for one in (self.last_word_ms, end_ms) if one is not None]
        return max(known) if known else None

    def everything(self) -> Evidence:
        """Return the whole interaction as what was searched."""
        if self.first is None or self.now is None:
            return Evidence(searched_turns=(0, 0))
        return searched(self.first, self.now.place)
