"""What a head learns from: one text, what is known about it, the part of the data it belongs to.

Lives here: `Row`, the seeded parts (learn, calibrate, test) by SHA-256, the recogniser-like form of a text.
Not here: reading the sets (public_sets.py, dialogue_sets.py, own_sentences.py). Standard library only.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["learn", "calibrate", "test"]
Target = float | int | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the targets that are known; a head that is not named here learns nothing from it.

    Targets: a class index or a distribution for softmax heads, 0/1 for acts, a number for politeness.
    """

    text: str
    origin: str
    part: Part
    targets: Mapping[str, Target] = field(default_factory=dict)
    speaker: str = ""
    weight: float = 1.0


def bucket(key: str, n: int = 20) -> int:
    """Return the place of a key among `n`, from its SHA-256: the same on every machine.

    >>> bucket("hello"), bucket("hello") == bucket("hello")
    (0, True)
    """
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % n


def part_of(key: str, calibrate: tuple[int, ...] = (1,)) -> Part:
    """Return the part of a key: one fifth is held out for the test, `calibrate` of 20 buckets for calibration."""
    place = bucket(key)
    if place % 5 == 0:
        return "test"
    return "calibrate" if place in calibrate else "learn"


_SIGNS = re.compile(r"(?<!\w)'|'(?!\w)|[^\w\s']")


def recogniser_like(text: str) -> str:
    """Return the text as a recogniser without punctuation writes it: lower case, no signs.

    >>> recogniser_like("I'm so sorry! Could you, please, wait?")
    "i'm so sorry could you please wait"
    """
    return " ".join(_SIGNS.sub(" ", text.lower()).split())
