"""Numbers as people write and say them, with the characters they stand at: "1,200", "twelve hundred", "forty-nine", "a couple".

Lives here: text -> tokens, token -> value. Not here: long digit runs such as card numbers (spoken_digits.py), what a number
counts (amounts.py, dates.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from aftercall.text.spoken_digits import lowered

UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
TENS = {
    word: 10 * place
    for place, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
}
TENS["fourty"] = 40
SCALES = {"hundred": 100, "thousand": 1_000, "grand": 1_000, "million": 1_000_000, "k": 1_000}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20, "thirtieth": 30,
} | {f"{word}th": value for word, value in UNITS.items() if value in (4, 6, 7, 10, 11, *range(13, 20))}  # fmt: skip
_TOKEN = re.compile(r"[0-9]+(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+\.[0-9]+(?!\.?[0-9])|[0-9]+|[^\W\d_]+(?:'[^\W\d_]+)*|[^\s0-9]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a written number or a sign, in lower case, with its characters in the text."""

    text: str
    start: int
    end: int

    @property
    def is_written_number(self) -> bool:
        """Whether it is written in digits."""
        return "0" <= self.text[0] <= "9"


@dataclass(frozen=True, slots=True)
class Number:
    """A number of tokens `first` to before `after`; `is_spoken` when a word of it was folded."""

    value: Decimal
    first: int
    after: int
    is_spoken: bool


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text; curly apostrophes are read as straight ones.

    >>> [token.text for token in tokens_of("It's $1,200.50!")]
    ["it's", '$', '1,200.50', '!']
    """
    low = lowered(text).replace("\u2019", "'")
    return [Token(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(low)]


def number_at(tokens: Sequence[Token], at: int) -> Number | None:
    """Return the number that begins at a token, as long as it goes; None when none does.

    >>> [str(found.value) for text in ("two thousand five hundred and forty", "twenty-five", "1.5 million", "a couple of")
    ...     if (found := number_at(tokens_of(text), 0))]
    ['2540', '25', '1500000.0', '2']
    """
    if not 0 <= at < len(tokens):
        return None
    token = tokens[at]
    if token.is_written_number:
        value, after = Decimal(token.text.replace(",", "")), at + 1
        if (
            after < len(tokens)
            and tokens[after].text in SCALES
            and (tokens[after].text != "k" or tokens[after].start == token.end)
        ):
            return Number(value * SCALES[tokens[after].text], at, after + 1, is_spoken=True)
        return Number(value, at, after, is_spoken=False)
    words = [one.text for one in tokens[at : at + 4]]
    for said, count in ((["a", "couple", "of"], 2), (["a", "couple"], 2), (["a", "dozen"], 12), (["half", "a", "dozen"], 6)):
        if words[: len(said)] == said:
            return Number(Decimal(count), at, at + len(said), is_spoken=True)
    if words[0] == "half" and words[1:2] in (["a"], ["an"]):
        return Number(Decimal("0.5"), at, at + 2, is_spoken=True)
    return _spoken(tokens, at)


def _spoken(tokens: Sequence[Token], at: int) -> Number | None:
    """Read number words by the rules of English cardinals; "forty nine ninety nine" ends after forty-nine."""
    total, group, place, last = 0, 0, at, ""
    if tokens[at].text == "a" and at + 1 < len(tokens) and tokens[at + 1].text in ("hundred", "thousand", "million", "grand"):
        group, place, last = 1, at + 1, "unit"
    while place < len(tokens):
        word, skip = tokens[place].text, 0
        if place > at and last and word in ("and", "-") and place + 1 < len(tokens):
            joins = (word == "and" and last == "scale") or (word == "-" and last == "tens")
            if joins and (tokens[place + 1].text in UNITS or tokens[place + 1].text in TENS):
                skip, word = 1, tokens[place + 1].text
        if word in UNITS and (last in ("", "scale") or (last == "tens" and 0 < UNITS[word] < 10)):
            group, last = group + UNITS[word], "unit"
        elif word in TENS and last in ("", "scale"):
            group, last = group + TENS[word], "tens"
        elif word == "hundred" and last in ("unit", "tens") and group < 100:
            group, last = group * 100, "scale"
        elif word in ("thousand", "million", "grand") and last:
            total, group, last = total + group * SCALES[word], 0, "scale"
        else:
            break
        place += 1 + skip
    return Number(Decimal(total + group), at, place, is_spoken=True) if last else None


def ordinal_at(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return (value 1..31, token after) of an ordinal such as "3rd", "twenty-first", "fifteenth"; None when there is none.

    >>> ordinal_at(tokens_of("twenty-first"), 0), ordinal_at(tokens_of("3rd"), 0)
    ((21, 3), (3, 2))
    """
    if not 0 <= at < len(tokens):
        return None
    token = tokens[at]
    after = at + 1
    if token.is_written_number:
        follows = tokens[after] if after < len(tokens) else None
        is_ordinal = follows is not None and follows.text in ("st", "nd", "rd", "th") and follows.start == token.end
        if is_ordinal and token.text.isdigit() and 1 <= int(token.text) <= 31:
            return int(token.text), after + 1
        return None
    if token.text in _ORDINALS:
        return _ORDINALS[token.text], after
    if token.text in ("twenty", "thirty"):
        place = after + (after < len(tokens) and tokens[after].text == "-")
        small = _ORDINALS.get(tokens[place].text) if place < len(tokens) else None
        if small and small < 10 and TENS[token.text] + small <= 31:
            return TENS[token.text] + small, place + 1
    return None
