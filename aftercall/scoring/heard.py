"""A turn as the rules see it: its place, its times, the phrase sets it holds, and the quote that proves it.

Lives here: turn -> Heard, quotes, evidence. Not here: rules (sighting.py, moments.py, waits.py), totals.
"""

from dataclasses import dataclass
from functools import lru_cache

from aftercall.contracts.records import Turn
from aftercall.text.match import Matcher
from aftercall.text.normalise import normalise, tokenise

QUOTE_CHARACTERS = 200
QUOTES_MAX = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn stands; times in seconds, None is 'not recorded'."""

    turn: int
    start_s: float | None
    end_s: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote at a turn, or an interval searched in vain (from the start of one turn to the end of another)."""

    turn: int | None = None
    start_s: float | None = None
    quote: str | None = None
    searched_turns: tuple[int, int] | None = None
    searched_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn of agent or customer, normalised and matched."""

    place: Place
    speaker: str
    text: str
    sets: frozenset[str]
    matcher: Matcher

    def says(self, names: tuple[str, ...]) -> bool:
        """Return whether any of the phrase sets stands in the turn."""
        return not self.sets.isdisjoint(names)

    def quoted(self, names: tuple[str, ...]) -> Evidence:
        """Return the turn as evidence for the phrase sets."""
        return Evidence(self.place.turn, self.place.start_s, quote_of(self.text, names, self.matcher))


def heard(turn: Turn, matcher: Matcher) -> Heard:
    """Return the turn as the rules see it."""
    place = Place(turn.turn, turn.start_s, turn.end_s)
    return Heard(place, turn.speaker, turn.text, matcher.match(normalise(turn.text)), matcher)


def searched(first: Place, last: Place) -> Evidence:
    """Return the interval from the start of one turn to the end of another; without times, the turns alone."""
    end_s = last.end_s if last.end_s is not None else last.start_s
    times = (first.start_s, end_s) if first.start_s is not None and end_s is not None else None
    return Evidence(searched_turns=(first.turn, last.turn), searched_s=times)


def ms(seconds: float | None) -> int | None:
    """Return whole milliseconds, in which all times are compared: sums of them are exact."""
    return None if seconds is None else round(seconds * 1000)


def quote_of(text: str, names: tuple[str, ...], matcher: Matcher) -> str:
    """Return the words that prove a match: the turn, or of a long one the stretch around the first match, cut at word edges.

    Without phrase sets the quote is the beginning of the turn.
    """
    if len(text) <= QUOTE_CHARACTERS or not names:
        return text[:QUOTE_CHARACTERS]
    return _clipped(text, names, matcher)


@lru_cache(maxsize=4096)
def _clipped(text: str, names: tuple[str, ...], matcher: Matcher) -> str:
    normal = tokenise(text)
    spans = [span for name in names if (span := matcher.find(name, normal.text))]
    start, end = normal.original(*spans[0]) if spans else (0, 0)
    room = max(QUOTE_CHARACTERS - (end - start), 0)
    left = max(start - room // 2, 0)
    right = min(max(left + QUOTE_CHARACTERS, end), len(text))
    left = max(min(left, right - QUOTE_CHARACTERS), 0)
    if left > 0 and (edge := text.find(" ", left, start)) >= 0:
        left = edge + 1
    if right < len(text) and (edge := text.rfind(" ", end, right)) >= 0:
        right = edge
    return text[left:right].strip()
