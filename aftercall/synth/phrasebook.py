"""The lines of the synthetic centre and what is said with them; never more than a fixed number of different turns.

Lives here: reading lines/*.toml, filling slots, remembering where personal values stand, the cap on unique turn texts.
Not here: which line is said when (scenes), the values (facts.py, names.py). Reads no scorecard and no lexicon.
"""

import json
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, cast

from aftercall.contracts.errors import RequestError
from aftercall.synth.facts import Pools, pools
from aftercall.synth.promised import Promised, as_said, of_line, promised_lines
from aftercall.synth.rates import INTENTS

UNIQUE_TURN_CAP = 20_000
_SLOT = re.compile(r"\{(\w+)\}")
_SIGN = re.compile(r"([vc]?)([1-9]*)\|")
_OPENERS = ("Um, ", "Uh, ", "Well, ", "So, ", "Yeah, ")


@dataclass(frozen=True, slots=True)
class Personal:
    """A personal value planted in a turn: kind, form, value, character offsets."""

    kind: str
    form: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """A line with slots; `pools` are the places of the pools its slots draw from, `threads` the stories it belongs to.

    `promised` are the promises it makes, slots unfilled.
    """

    number: int
    threads: str
    pieces: tuple[str, ...]
    slots: tuple[str, ...]
    pools: tuple[int, ...]
    promised: tuple[Promised, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A finished turn text: as JSON, in words, the personal values and the promises in it."""

    text: str
    as_json: str
    word_n: int
    personal: tuple[Personal, ...]
    promised: tuple[Promised, ...] = ()


Pair = tuple[Template, Template]


def _read() -> dict[str, Any]:
    """Return the line files, one table."""
    folder = files("aftercall.synth") / "lines"
    table = dict[str, Any]()
    for name in ("common", "service", "billing", "collections"):
        table |= tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    return table


class Phrasebook:
    """All lines by dotted key and channel, filled from the pools; counts the different turns it has made.

    Raises RequestError when a line names an unknown slot or a key that does not exist is asked for.
    """

    def __init__(self, rng: random.Random, cap: int = UNIQUE_TURN_CAP) -> None:
        table = _read()
        items = {intent: table[intent].pop("items") for intent in INTENTS}
        desks = {intent: table[intent].pop("desk") for intent in INTENTS}
        self.trouble: dict[str, str] = {intent: table[intent].pop("trouble") for intent in INTENTS}
        self.at_fault: dict[str, float] = {intent: table[intent].pop("at_fault") for intent in INTENTS}
        self.pools: Pools = pools(rng, {"item": items, "desk": desks})
        self._cap = cap
        self._number = 0
        self._promised = promised_lines()
        self._templates: dict[str, tuple[list[Template], list[Template]]] = {}
        self._pairs: dict[str, list[Pair]] = {}
        self._chosen: dict[tuple[str, bool, str], list[Template]] = {}
        for name, node in table.items():
            self._add(name, node)
        self._filled: dict[tuple[int, ...], tuple[str, tuple[Personal, ...]]] = {}
        self._said: dict[str, Said] = {}
        self._first: dict[tuple[int, ...], Said] = {}

    @property
    def unique_n(self) -> int:
        """The number of different turn texts made so far."""
        return len(self._said)

    def texts(self) -> Sequence[str]:
        """Return every different turn text made so far, in the order they were first said."""
        return tuple(self._said)

    def keys(self) -> Sequence[str]:
        """Return the dotted keys of all lines."""
        return (*self._templates, *self._pairs)

    def options(self, key: str, *, chat: bool, thread: str = "") -> list[Template]:
        """Return the templates of a key for a channel; with a thread those that fit it, or all when none does."""
        found = self._chosen.get((key, chat, thread))
        if found is None:
            if key not in self._templates:
                raise RequestError(f"There are no lines {key!r}. There are: {', '.join(sorted(self._templates))}.")
            every = self._templates[key][chat]
            found = self._chosen[key, chat, thread] = [one for one in every if _fits(one, thread)] or every
        return found

    def pairs(self, key: str, thread: str = "") -> list[Pair]:
        """Return the question-and-answer pairs of a key that fit the thread."""
        return [pair for pair in self._pairs[key] if _fits(pair[0], thread)]

    def has(self, key: str) -> bool:
        """Return whether lines of this key exist."""
        return key in self._templates

    def say(self, templates: Sequence[Template], at: Sequence[int], style: str = "") -> Said:
        """Return the turn made of one or more templates, filled from the pool rows `at`.

        `style` is '' or 'casual' (typed in a hurry) or an opener such as 'Um, '. Once the cap is reached, a text that
        would be new is replaced by the first one made of the same templates: its facts may then be another contact's.
        """
        text, personal = self._fill(templates[0], at)
        for template in templates[1:]:
            more, spans = self._fill(template, at)
            personal = (*personal, *_shifted(spans, len(text) + 1))
            text = f"{text} {more}"
        if style == "casual":
            text = text[0].lower() + text[1:].removesuffix(".") if not personal else text.removesuffix(".")
        elif style and not personal:
            text = style + (text if text.startswith(("I ", "I'", "F-")) else text[0].lower() + text[1:])
        said = self._said.get(text)
        if said is not None:
            return said
        numbers = tuple(template.number for template in templates)
        if len(self._said) >= self._cap - len(self._first) and numbers in self._first:
            return self._first[numbers]
        promised = tuple(as_said(one, self._values(each, at), text) for each in templates for one in each.promised)
        said = Said(text, json.dumps(text, ensure_ascii=False), len(text.split()), personal, promised)
        self._said[text] = said
        self._first.setdefault(numbers, said)
        return said

    def _fill(self, template: Template, at: Sequence[int]) -> tuple[str, tuple[Personal, ...]]:
        key = (template.number, *[at[pool] for pool in template.pools])
        found = self._filled.get(key)
        if found is None:
            found = self._filled[key] = self._filled_new(template, at)
        return found

    def _filled_new(self, template: Template, at: Sequence[int]) -> tuple[str, tuple[Personal, ...]]:
        text, personal = template.pieces[0], list[Personal]()
        for slot, pool, piece in zip(template.slots, template.pools, template.pieces[1:], strict=True):
            value = self.pools.rows[pool][at[pool]][slot]
            if text.endswith((" a ", "A ")) and value.text[0] in "aeiou":
                text = f"{text[:-1]}n "
            if value.personal:
                personal.append(Personal(value.personal, value.form, value.text, len(text), len(text) + len(value.text)))
            text += value.text + piece
        text = text[0].upper() + text[1:]
        # A spoken number that opens the turn now begins with a capital: the truth is what stands in the text.
        return text, tuple(replace(one, value=text[one.start : one.end]) for one in personal)

    def _values(self, template: Template, at: Sequence[int]) -> dict[str, str]:
        return {
            slot: self.pools.rows[pool][at[pool]][slot].text for slot, pool in zip(template.slots, template.pools, strict=True)
        }

    def _add(self, key: str, node: Any) -> None:
        if isinstance(node, Mapping):
            for name, child in cast("Mapping[str, Any]", node).items():
                self._add(f"{key}.{name}", child)
        elif node and isinstance(node[0], list):
            self._pairs[key] = [(self._template(ask, key), self._template(reply, key)) for ask, reply in node]
        else:
            both: tuple[list[Template], list[Template]] = ([], [])
            for line in cast("list[str]", node):
                sign = _SIGN.match(line)
                template = self._template(line, key)
                for place, channel in enumerate("vc"):
                    if sign is None or sign[1] in ("", channel):
                        both[place].append(template)
            self._templates[key] = both

    def _template(self, line: str, key: str) -> Template:
        sign = _SIGN.match(line)
        pieces = _SLOT.split(line[sign.end() :].lstrip() if sign else line)
        slots = tuple(pieces[1::2])
        unknown = [slot for slot in slots if slot not in self.pools.pool_of_slot]
        if unknown:
            raise RequestError(f"The line {line!r} uses {', '.join(unknown)}; slots are {', '.join(self.pools.pool_of_slot)}.")
        self._number += 1
        return Template(
            self._number,
            sign[2] if sign else "",
            tuple(pieces[0::2]),
            slots,
            tuple(self.pools.pool_of_slot[slot] for slot in slots),
            of_line(self._promised.get(key, ()), line),
        )


def _fits(template: Template, thread: str) -> bool:
    return not thread or not template.threads or thread in template.threads


def opener(place: float) -> str:
    """Return a hesitation for a number in 0..1.

    >>> opener(0.0)
    'Um, '
    """
    return _OPENERS[int(place * len(_OPENERS))]


def _shifted(spans: Sequence[Personal], by: int) -> tuple[Personal, ...]:
    return tuple(replace(one, start=one.start + by, end=one.end + by) for one in spans)
