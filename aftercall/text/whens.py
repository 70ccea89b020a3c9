"""A date, time or duration as it was found.

Lives here: When, what its readers are given, looking at a token that may not be there. Not here: finding them (dates.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aftercall.text.number_phrases import Token


@dataclass(frozen=True, slots=True)
class When:
    """A date, time or duration at tokens first..after-1.

    value: date ISO or its meaning ("weekday:friday"), time "HH:MM" (no am or pm said: "H:MM"), duration ISO 8601, the longest
    of a range. `on` is the day it means; `seconds` the length of a duration (None for months and years).
    """

    kind: str
    value: str
    first: int
    after: int
    on: date | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words a reader looks at, the day they were said (None: not known), and whether 3/4 is the third of April."""

    tokens: Sequence[Token]
    said_on: date | None
    day_first: bool


def text_at(tokens: Sequence[Token], at: int) -> str:
    """Return the text of a token, '' before the first and after the last."""
    return tokens[at].text if 0 <= at < len(tokens) else ""
