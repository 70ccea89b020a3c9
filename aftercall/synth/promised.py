"""The truth about promises: which lines of the synthetic centre promise something, who, what and by when.

Lives here: reading lines/promised.toml, filling its slots. Not here: the lines (lines/*.toml), which line is said (scenes).
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

from aftercall.contracts.errors import RequestError

WHO = ("agent", "company", "customer", "doubtful")


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise in a text: who gives it, its words, the words that name the time ('' = none is named).

    who is 'doubtful' for an expectation that a careful reader may or may not call a promise.
    """

    who: str
    what: str
    by: str


def promised_lines() -> dict[str, tuple[Promised, ...]]:
    """Return the promises by dotted key of the lines, slots unfilled."""
    table = tomllib.loads((files("aftercall.synth") / "lines" / "promised.toml").read_text(encoding="utf-8"))
    return dict(_flat("", table))


def _flat(key: str, node: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Promised, ...]]]:
    for name, child in node.items():
        dotted = f"{key}.{name}" if key else name
        if isinstance(child, Mapping):
            yield from _flat(dotted, cast("Mapping[str, Any]", child))
        else:
            yield dotted, tuple(Promised(*one) for one in child)


def of_line(promises: Sequence[Promised], line: str) -> tuple[Promised, ...]:
    """Return the promises that one line makes.

    Raises: RequestError, the words of the time do not stand in the line.

    >>> of_line([Promised("agent", "call you", "by {when}")], "I will call you by {when}.")
    (Promised(who='agent', what='call you', by='by {when}'),)
    """
    found = tuple(one for one in promises if one.what in line)
    for one in found:
        if one.by not in line or one.who not in WHO:
            raise RequestError(f"The promise {one} does not fit its line {line!r}: `by` must stand in it, who is one of {WHO}.")
    return found


def as_said(one: Promised, values: Mapping[str, str], text: str) -> Promised:
    """Return the promise with its slots filled, its words as they stand in the text (whose first letter may have changed).

    >>> as_said(Promised("agent", "you get my call on {when}", "on {when}"), {"when": "Friday"}, "You get my call on Friday.")
    Promised(who='agent', what='You get my call on Friday', by='on Friday')
    """
    return Promised(one.who, *(_found(part.format_map(values), text) for part in (one.what, one.by)))


def _found(words: str, text: str) -> str:
    at = text.lower().find(words.lower())
    return text[at : at + len(words)] if at >= 0 else words
