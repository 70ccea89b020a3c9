"""A turn as the rules see it: its place, its times, what it says, and the quote that proves it.

Lives here: turn -> Heard, quotes, evidence. Not here: reading texts (reader.py), rules (sighting.py, moments.py, waits.py).
"""

from dataclasses import dataclass
from functools import lru_cache

from aftercall.contracts.records import Turn
from aftercall.scoring.reader import Reader
from aftercall.text.normalise import tokenise

QUOTE_CHARACTERS = 200
QUOTES_MAX = 3
# Recogniser confidence of a turn, in thousandths, below which its words are guesses: such a turn proves nothing.
UNCLEAR_BELOW_THOUSANDTHS = 500


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
    """One turn of agent or customer, read: the sets it surely says and those it perhaps says.

    An unclear turn (low recogniser confidence) says nothing surely and might say anything.
    """

    place: Place
    speaker: str
    text: str
    sure: frozenset[str]
    perhaps: frozenset[str]
    is_unclear: bool
    is_unread: bool
    reader: Reader

    def says(self, names: tuple[str, ...]) -> bool:
        """Return whether the turn surely says any of the sets."""
        return not self.is_unclear and not self.sure.isdisjoint(names)

    def hints_at(self, names: tuple[str, ...]) -> bool:
        """Return whether there is a sign of any of the sets, sure or not."""
        return not self.sure.isdisjoint(names) or not self.perhaps.isdisjoint(names)

    def might_say(self, names: tuple[str, ...]) -> bool:
        """Return whether it cannot be ruled out that the turn says any of the sets."""
        return bool(names) and (self.is_unclear or self.hints_at(names))

    def quoted(self, names: tuple[str, ...]) -> Evidence:
        """Return the turn as evidence for the sets."""
        return Evidence(self.place.turn, self.place.start_s, quote_of(self.text, names, self.reader))


def heard(turn: Turn, reader: Reader) -> Heard:
    """Return the turn as the rules see it."""
    place = Place(turn.turn, turn.start_s, turn.end_s)
    said = reader.read(turn.speaker, turn.text)
    is_unclear = turn.confidence is not None and round(turn.confidence * 1000) < UNCLEAR_BELOW_THOUSANDTHS
    return Heard(place, turn.speaker, turn.text, said.sure, said.perhaps, is_unclear, said.is_unread, reader)


def searched(first: Place, last: Place) -> Evidence:
    """Return the interval from the start of one turn to the end of another; without times, the turns alone."""
    end_s = last.end_s if last.end_s is not None else last.start_s
    times = (first.start_s, end_s) if first.start_s is not None and end_s is not None else None
    return Evidence(searched_turns=(first.turn, last.turn), searched_s=times)


def ms(seconds: float | None) -> int | None:
    """Return whole milliseconds, in which all times are compared: sums of them are exact."""
    return None if seconds is None else round(seconds * 1000)


def quote_of(text: str, names: tuple[str, ...], reader: Reader) -> str:
    """Return the words that prove a set: the turn, or of a long one the stretch around what was found, cut at word edges.

    Without sets the quote is the beginning of the turn.
    """
    if len(text) <= QUOTE_CHARACTERS or not names:
        return text[:QUOTE_CHARACTERS]
    return _clipped(text, names, reader)


@lru_cache(maxsize=4096)
def _clipped(text: str, names: tuple[str, ...], reader: Reader) -> str:
    normal = tokenise(text)
    spans = [span for name in names if (span := reader.matcher.find(name, normal.text))]
    start, end = normal.original(*spans[0]) if spans else reader.strongest(text, names)
    room = max(QUOTE_CHARACTERS - (end - start), 0)
    left = max(start - room // 2, 0)
    right = min(max(left + QUOTE_CHARACTERS, end), len(text), left + QUOTE_CHARACTERS)
    left = max(min(left, right - QUOTE_CHARACTERS), 0)
    if left > 0 and (edge := text.find(" ", left, start)) >= 0:
        left = edge + 1
    if right < len(text) and (edge := text.rfind(" ", min(end, right), right)) >= 0:
        right = edge
    return text[left:right].strip()
