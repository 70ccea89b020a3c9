"""Word lists of personal-data rules: given names, common words, and how a text falls into words.

Lives here: the lists (words/*.txt) read once, `words_of`, what a capital says. Not here: what is masked (pii_names.py,
pii_addresses.py), whether a model is asked (pii_screen.py).
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+(?:[^\W_]+)?")
_ENDS_SENTENCE = re.compile(r"[.!?:;\n\"“”>*]|\s-\s")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text; `low` is it in lower case without a final 's; `starts` whether a sentence begins with it."""

    text: str
    low: str
    start: int
    end: int
    starts: bool

    @property
    def is_capital(self) -> bool:
        """Whether it is written as names are: a capital first."""
        return self.text[0].isupper()

    @property
    def is_number(self) -> bool:
        """Whether it begins with a digit."""
        return self.text[0].isdigit()


def words_of(text: str) -> list[Word]:
    """Return the words of a text with their places; a mask is no word.

    >>> [(word.low, word.starts) for word in words_of("Hi, it's Kim's 2nd call. Thanks")]
    [('hi', True), ("it's", False), ('kim', False), ('2nd', False), ('call', False), ('thanks', True)]
    """
    words, last = list[Word](), 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        if text[start - 1 : start] == "⟨":  # the word inside a mask is none of the text's
            continue
        own = match.group()
        low = own.lower().replace("’", "'")
        starts = not words or _ENDS_SENTENCE.search(text, last, start) is not None
        words.append(Word(own, low[:-2] if low.endswith("'s") and low not in _CONTRACTED else low, start, end, starts))
        last = end
    return words


@cache
def given_names() -> frozenset[str]:
    """Return given names in lower case; some are words as well.

    >>> "ana" in given_names(), "fernhill" in given_names()
    (True, False)
    """
    return _listed("given_names.txt")


@cache
def common_words() -> frozenset[str]:
    """Return words that are no names by themselves.

    >>> "refund" in common_words(), "torres" in common_words()
    (True, False)
    """
    return _listed("common.txt")


@cache
def never_names() -> frozenset[str]:
    """Return words that are never taken for a name, whatever stands before them: common words that nobody is called."""
    return (common_words() - given_names()) | no_persons()


def _listed(name: str) -> frozenset[str]:
    lines = (files("aftercall.text") / "words" / name).read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def no_persons() -> frozenset[str]:
    """Return words with a capital that are no persons: days, months, feasts, places, brands.

    >>> "monday" in no_persons(), "london" in no_persons(), "visa" in no_persons()
    (True, True, True)
    """
    return _CALENDAR | _listed("places.txt") | _listed("brands.txt")


def listed(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_CALENDAR = listed(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat sun january february march "
    "april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec "
    "christmas easter thanksgiving halloween"
)
_CONTRACTED = listed("it's that's what's he's she's there's here's who's let's where's how's when's name's")
