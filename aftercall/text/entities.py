"""What a text names: amounts, dates, times, durations, and products or services of a lexicon, each with its place.

Lives here: text -> entities, the lexicon. Not here: reading amounts (amounts.py), dates (dates.py), personal data (redact.py).

Spoken and written forms give the same value. Nothing is guessed: without the moment something was said a relative date has its
meaning and no day. A span belongs to one entity: amounts are read first, then dates and times, then products.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal, cast

from aftercall.contracts.errors import RequestError
from aftercall.text.amounts import amounts
from aftercall.text.dates import whens
from aftercall.text.number_phrases import Token, tokens_of

Kind = Literal["amount", "date", "time", "duration", "product"]
Lexicon = Mapping[tuple[str, ...], str]
_SHIPPED = Path(__file__).parent / "words" / "services.toml"


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing named at characters start..end of the text.

    value: amount "49.99", date ISO or its meaning, time "15:30", duration ISO 8601, product its name in the lexicon; equal for
    all ways of saying it. `unit` is the currency of an amount, '' when none was said. `on` is the day a date means; None
    without the moment of speaking. `seconds` is the length of a duration; None for months and years.
    """

    kind: Kind
    text: str
    start: int
    end: int
    value: str
    unit: str = ""
    on: date | None = None
    seconds: float | None = None


def entities(
    text: str, *, said_at: datetime | date | None = None, lexicon: Lexicon | None = None, day_first: bool = False
) -> tuple[Entity, ...]:
    """Return what the text names, in order of place, without overlaps.

    Args: said_at, when it was said (the interaction's start), from which relative dates are worked out in its own zone;
        lexicon, products and services, by default the shipped general one; day_first, 3/4 is the third of April.

    >>> found = entities("I'll call you next Friday about the twelve quid", said_at=date(2026, 11, 24))
    >>> [(one.kind, one.value, one.unit, one.text) for one in found]
    [('date', '2026-12-04', '', 'next Friday'), ('amount', '12.00', 'GBP', 'twelve quid')]
    """
    tokens = tokens_of(text)
    day = said_at.date() if isinstance(said_at, datetime) else said_at
    found = [
        Entity("amount", text[one.start : one.end], one.start, one.end, str(one.value), one.currency) for one in amounts(tokens)
    ]
    for one in whens(tokens, day, day_first=day_first):
        start, end = tokens[one.first].start, tokens[one.after - 1].end
        found.append(Entity(cast("Kind", one.kind), text[start:end], start, end, one.value, "", one.on, one.seconds))
    found += _products(text, tokens, _general() if lexicon is None else lexicon)
    kept = list[Entity]()
    for one in found:
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.start))


def read_lexicon(path: Path) -> dict[tuple[str, ...], str]:
    """Return the lexicon of a TOML file: name = [how people say it, ...].

    Raises: RequestError, a name has no list of words.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{path.name} is not TOML: {error}. Write lines such as: router = ['router', 'modem'].") from None
    out = dict[tuple[str, ...], str]()
    for name, said in table.items():
        every = cast("list[object]", said) if isinstance(said, list) else []
        if not every or not all(isinstance(one, str) and one.strip() for one in every):
            raise RequestError(f'{path.name}: {name} must be a list of words people say, such as ["router", "modem"].')
        for one in cast("list[str]", every):
            out[tuple(token.text for token in tokens_of(one))] = name
    return out


@cache
def _general() -> dict[tuple[str, ...], str]:
    return read_lexicon(_SHIPPED)


def _products(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> list[Entity]:
    """Return the longest words of the lexicon at each place; the last word may carry a plural s."""
    longest = max(map(len, lexicon), default=0)
    words, found, at = [token.text for token in tokens], list[Entity](), 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            said = tuple(words[at : at + length])
            name = lexicon.get(said) or lexicon.get((*said[:-1], said[-1].removesuffix("'s").removesuffix("s")))
            if name:
                start, end = tokens[at].start, tokens[at + length - 1].end
                found.append(Entity("product", text[start:end], start, end, name))
                at += length - 1
                break
        at += 1
    return found
