"""What a conversation is about: the slot values that every line of one contact shares.

Lives here: the pools and which slot belongs to which pool, so that a contact keeps its amount, day, card and name throughout.
Not here: the lines (lines/*.toml), filling them (phrasebook.py), invented people (names.py).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aftercall.synth.names import AGENT_FIRST, Value, card, identity

IDENTITY_N, CARD_N = 120, 24

_PLAIN: dict[str, tuple[str, ...]] = {
    "amt": ("$148.20", "$89.99", "$214.75", "$63.40", "$329.00", "$176.15", "$512.60", "$97.35"),
    "part": ("$25", "$40", "$18.50", "$60", "$35", "$12.99"),
    "when": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the 15th", "the 22nd", "the 28th"),
    "past": ("Monday", "Tuesday", "Thursday", "Saturday", "the 3rd", "the 9th"),
    "days_ago": ("yesterday", "on Tuesday", "three days ago", "last week", "the day before yesterday"),
    "span": ("three to five business days", "two business days", "up to ten days", "about a week"),
    "ref": ("F-20418", "F-77130", "F-31952", "F-60247", "F-48815", "F-19073", "F-55361", "F-83296"),
    "city": ("Dayton", "Tulsa", "Fresno", "Albany", "Macon"),
    "years": ("three", "six", "eleven"),
    "ext": ("214", "377", "402"),
}


@dataclass(frozen=True, slots=True)
class Pools:
    """Every pool: rows of slot values, of which a contact draws one; `ranges` narrows a pool by subject, as (first, n)."""

    rows: tuple[tuple[Mapping[str, Value], ...], ...]
    pool_of_slot: Mapping[str, int]
    ranges: Mapping[str, Mapping[str, tuple[int, int]]]

    def sizes(self) -> tuple[int, ...]:
        """Return the number of rows of each pool."""
        return tuple(len(rows) for rows in self.rows)


def pools(rng: random.Random, subjects: Mapping[str, Mapping[str, Sequence[str]]]) -> Pools:
    """Return the pools; `subjects` adds pools of plain words by slot, narrowed by subject (the items of each intent).

    >>> found = pools(random.Random(1), {"item": {"order_late": ["router"], "outage": ["wifi", "phone"]}})
    >>> found.rows[found.pool_of_slot["item"]][2]["item"].text, found.ranges["item"]["outage"]
    ('phone', (1, 2))
    """
    made: list[tuple[Mapping[str, Value], ...]] = [
        tuple(identity(rng) for _ in range(IDENTITY_N)),
        tuple(card(rng) for _ in range(CARD_N)),
        tuple({"agent": Value(name)} for name in AGENT_FIRST),
    ]
    ranges = dict[str, dict[str, tuple[int, int]]]()
    flat = dict(_PLAIN)
    for slot, by_subject in subjects.items():
        ranges[slot], words = {}, list[str]()
        for subject, own in by_subject.items():
            ranges[slot][subject] = (len(words), len(own))
            words += own
        flat[slot] = tuple(words)
    made += [tuple({slot: Value(word)} for word in words) for slot, words in flat.items()]
    return Pools(tuple(made), {slot: place for place, rows in enumerate(made) for slot in rows[0]}, ranges)
