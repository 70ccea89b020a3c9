"""Folds numbers in text, written or spoken, into runs of digits with a map back to characters.

Lives here: number words ("four seven one", "double five", "oh", "forty-one eleven", fillers between), what joins two
numbers to one. Not here: what a run means and whether it is masked (redact.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_UNITS = {
    "zero": "0",
    "nought": "0",
    "naught": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "niner": "9",
}
_TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fourty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_SCALES = {"hundred": "00", "thousand": "000"}

NUMBER_WORDS = frozenset((*_UNITS, *_TEENS, *_TENS, *_REPEATS, *_SCALES))

_TOKEN = re.compile(
    r"(?P<ordinal>\d+(?:st|nd|rd|th)\b)|(?P<digits>\d+)|\b(?:"
    + "|".join(
        f"(?P<{name}>{'|'.join(sorted(words, key=len, reverse=True))})"
        for name, words in (
            ("unit", _UNITS),
            ("teen", _TEENS),
            ("tens", _TENS),
            ("repeat", _REPEATS),
            ("scale", _SCALES),
            ("oh", ("oh", "o(?!')")),
        )
    )
    + r")\b"
)
_SEPARATORS = r"\s\-–—−.,:;/()\[\]+_*#|~·•'\"\u00ad\u200b-\u200f\u2060\ufeff"
_FILLERS = (
    "uh|uhm|um|umm|er|erm|ah|eh|hmm|mm|and|then|okay|ok|dash|hyphen|minus|space|comma|dot|point|period|so|like|next|"
    "yeah|yes|right|plus|that's|its|it's|is|well|you know|let me see|x|ext|extension"
)
_JOIN = re.compile(rf"[{_SEPARATORS}]*(?:(?<![a-z])(?:{_FILLERS})(?![a-z])[{_SEPARATORS}]*){{0,3}}")
_FILLER_WORD = re.compile(rf"(?<![a-z])(?:{_FILLERS})(?![a-z])|[,;\n]")
_PLAIN_GAPS = frozenset((" ", "-", "", ".", " - "))


@dataclass(frozen=True, slots=True)
class Run:
    """A number as said or written without a break: its digits and where each stands in the text.

    `quantity` marks counted amounts ("two thousand five hundred"), which are read as a value, not digit by digit;
    `spoken` that at least one word was folded; `groups` the lengths of its written groups, 0 for a word.
    """

    digits: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    quantity: bool
    spoken: bool
    groups: tuple[int, ...]

    @property
    def start(self) -> int:
        """First character."""
        return self.starts[0]

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.ends[-1]


@dataclass(frozen=True, slots=True)
class Chain:
    """Runs that may belong to one number: written groups listed with commas or "and" between them.

    >>> [run.digits for chain in chains_of("it is forty-one eleven, um, double one 1111") for run in chain.runs]
    ['4111111111']
    """

    runs: tuple[Run, ...]

    @property
    def digits(self) -> str:
        """All digits in a row."""
        return self.runs[0].digits if len(self.runs) == 1 else "".join(run.digits for run in self.runs)

    @property
    def start(self) -> int:
        """First character."""
        return self.runs[0].start

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.runs[-1].end


@dataclass(slots=True)
class _Number:
    """One number as it is being read; `digits` grows while tens, units and scales are put together."""

    digits: str
    starts: list[int]
    ends: list[int]
    kind: str
    end: int


def lowered(text: str) -> str:
    """Return the text in lower case, character by character, so that offsets stay true.

    >>> len(lowered("İstanbul")) == len("İstanbul")
    True
    """
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


def only_joiners(text: str) -> bool:
    """Whether nothing but separators and fillers stands in the text (lower case)."""
    return not text or _JOIN.fullmatch(text) is not None


def chains_of(low: str, excluded: Sequence[tuple[int, int]] = ()) -> list[Chain]:
    """Return the numbers of a text in lower case, as chains of runs.

    Args: low, the text in lower case (see `lowered`); excluded, spans (start, end) whose numbers are known to be
        something else (times, prices): they are left out and break chains.

    >>> chains_of("one eight hundred five five five one two one two")[0].digits
    '18005551212'
    >>> [c.runs[0].quantity for c in chains_of("two thousand five hundred and forty")]
    [True]
    """
    numbers = _numbers(low, excluded)
    chains, runs, group = list[Chain](), list[Run](), list[_Number]()
    for number in numbers:
        link = _link(low, group[-1], number) if group else "none"
        if link == "none" and group:
            chains.append(Chain((*runs, _run(group))))
            runs, group = [], []
        elif link == "loose":
            runs.append(_run(group))
            group = []
        group.append(number)
    if group:
        chains.append(Chain((*runs, _run(group))))
    return [chain for chain in chains if not _only_oh(chain, low)]


def _only_oh(chain: Chain, low: str) -> bool:
    return len(chain.runs) == 1 and all(low[s:e] in ("oh", "o") for s, e in zip(chain.runs[0].starts, chain.runs[0].ends))


def _link(low: str, before: _Number, after: _Number) -> str:
    """Return 'strict' (one number), 'loose' (perhaps one number) or 'none'."""
    gap = low[before.end : after.starts[0]]
    if gap in _PLAIN_GAPS:
        return "none" if after.kind == "oh" and before.kind == "digits" and len(before.digits) > 1 else "strict"
    if len(gap) > 60 or _JOIN.fullmatch(gap) is None:
        return "none"
    written = any(number.kind == "digits" and len(number.digits) > 1 for number in (before, after))
    return "loose" if written and _FILLER_WORD.search(gap) else "strict"


def _run(numbers: Sequence[_Number]) -> Run:
    scales = any(number.kind == "scale" for number in numbers)
    values = [number.kind != "scale" for number in numbers]
    read_out = any(a and b for a, b in pairwise(values))
    first = _first_real(numbers)
    kept = numbers[first:]
    return Run(
        "".join(number.digits for number in kept),
        tuple(start for number in kept for start in number.starts),
        tuple(end for number in kept for end in number.ends),
        scales and not read_out,
        any(number.kind != "digits" for number in kept),
        tuple(len(number.digits) if number.kind == "digits" else 0 for number in kept),
    )


def _first_real(numbers: Sequence[_Number]) -> int:
    """Return where the run begins: an exclaimed "oh" before a written number is not a zero."""
    if len(numbers) > 1 and numbers[0].kind == "oh" and numbers[1].kind == "digits":
        return 1
    return 0


def _numbers(low: str, excluded: Sequence[tuple[int, int]]) -> list[_Number]:
    found = list[_Number]()
    repeat: tuple[int, int, int] | None = None  # (times, start, end) of a "double" still waiting for its digit
    for match in _TOKEN.finditer(low):
        kind, start, end = match.lastgroup or "", match.start(), match.end()
        if kind == "ordinal" or (excluded and any(s < end and start < e for s, e in excluded)):
            repeat = None
            continue
        word = match.group()
        if kind == "repeat":
            repeat = (_REPEATS[word], start, end)
            continue
        if kind == "digits":
            number = _Number(_ascii(word), list(range(start, end)), list(range(start + 1, end + 1)), kind, end)
        else:
            number = _spoken(word, kind, start, end)
        if repeat is not None:
            if len(number.digits) == 1 and only_joiners(low[repeat[2] : start]):
                times = repeat[0]
                number = _Number(number.digits * times, [repeat[1]] * times, [end] * times, number.kind, end)
            repeat = None
        if not (found and _absorbed(low, found, number)):
            found.append(number)
    return found


def _ascii(word: str) -> str:
    return word if word.isascii() else "".join(str(int(character)) for character in word)


def _spoken(word: str, kind: str, start: int, end: int) -> _Number:
    digits = {"unit": _UNITS, "teen": _TEENS, "scale": _SCALES}.get(kind, {}).get(word, "0")
    if kind == "tens":
        digits = _TENS[word] + "0"
    n = len(digits)
    return _Number(digits, [start] * n, [end] * n, kind, end)


def _absorbed(low: str, found: list[_Number], number: _Number) -> bool:
    """Put a unit into the tens before it ("forty-one"); returns whether it was."""
    before = found[-1]
    gap = low[before.end : number.starts[0]]
    if before.kind == "tens" and number.kind == "unit" and number.digits != "0" and gap in (" ", "-", ""):
        before.digits = before.digits[0] + number.digits
        before.starts[-1], before.ends[-1] = number.starts[0], number.ends[0]
        before.kind, before.end = "teen", number.end
        return True
    return False
