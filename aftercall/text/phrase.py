r"""The phrase language: what a rule may say, and the one regular expression it means on normalised text.

Lives here: parsing a phrase, refusing what is not in the language, building its expression. Not here: running many (match.py).

    sorry (for|about)        words and alternatives           apolog*          a word that starts so
    [really] sorry           an optional part                 <0-8 words>      a bounded gap; it does not cross a question mark
    <number>                 digits or number words           ?                a question mark
    ^ hello      bye $       only at the start or the end of the turn

Word edges are spaces, so every engine agrees on them. There is no look-around, no back-reference and no open repetition:
nothing that one of the engines lacks or that can take exponential time.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from aftercall.contracts.errors import ScorecardError
from aftercall.text.normalise import normalise

MAX_GAP_WORDS = 12
MAX_GAPS = 3
MAX_CHARACTERS = 400
SAMPLES = 97

_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million"
)
_NUMBER = rf"(?:(?:[0-9][^ ?\n]*|{_NUMBER_WORDS}) ){{1,6}}"
_ITEM = re.compile(
    r"(?P<gap><(?P<low>\d+)-(?P<high>\d+) words?>)|(?P<number><number>)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<bar>\|)"
    r"|(?P<question>\?)|(?P<word>[^\s()\[\]|<>?*^$\\{}+.]+)(?P<stem>\*?)|(?P<space>\s+)"
)
_FOREIGN = (
    ("(?=", "look-ahead"),
    ("(?!", "look-ahead"),
    ("(?<", "look-behind"),
    ("(?", "a group option"),
    ("\\", "a back-reference or escape"),
    ("{", "a repetition"),
    ("+", "an open repetition"),
    (".", "any character"),
    ("^", "'^' inside a phrase"),
    ("$", "'$' inside a phrase"),
    ("<", "an unknown gap; write <0-8 words>"),
    ("*", "an open repetition; '*' stands only at the end of a word"),
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase compiled: its expression, simpler ones that say whether it occurs, and texts that hold it.

    `simpler` has one expression for every alternative the phrase may begin with, without loose ends. `samples` say many
    combinations of its alternatives.
    """

    expression: str
    simpler: tuple[str, ...]
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """One part of a phrase: the alternatives of its expression, what it may sound like, the least it can be (None: itself)."""

    choices: tuple[str, ...]
    said: tuple[str, ...]
    is_optional: bool = False
    least: str | None = None

    @property
    def expression(self) -> str:
        if len(self.choices) == 1 and not self.is_optional:
            return self.choices[0]
        return f"(?:{'|'.join(self.choices)}){'?' if self.is_optional else ''}"


@dataclass(slots=True)
class _Group:
    """An open bracket while a phrase is read: finished branches and the one under way."""

    bracket: str = ""
    branches: list[list[_Item]] = field(default_factory=list[list[_Item]])
    current: list[_Item] = field(default_factory=list[_Item])

    def closed(self, phrase: str) -> _Item:
        branches = [*self.branches, self.current]
        if not all(branches):
            raise ScorecardError(f"The phrase {phrase!r} has an empty alternative: put words on both sides of '|'.")
        choices = tuple("".join(item.expression for item in branch) for branch in branches)
        said = tuple(text for branch in branches for text in _said(branch))
        is_optional = self.bracket == "["
        return _Item(choices, (*said, "") if is_optional else said, is_optional, "" if is_optional else None)


def _said(items: Sequence[_Item]) -> list[str]:
    """Return texts the items may sound like: all combinations, or so many spread evenly over them."""
    total = math.prod(len(item.said) for item in items)
    n = min(total, SAMPLES)
    return [_combination(items, k * total // n) for k in range(n)]


def _combination(items: Sequence[_Item], place: int) -> str:
    words = list[str]()
    for item in items:
        place, k = divmod(place, len(item.said))
        words.append(item.said[k])
    return "".join(words)


@lru_cache(maxsize=4096)
def compiled(phrase: str) -> Phrase:
    """Return a phrase compiled.

    Raises: ScorecardError, saying what in the phrase is not in the language.

    >>> compiled("(so|very) sorry").simpler
    (' so sorry ', ' very sorry ')
    """
    body = phrase.strip()
    if not body or len(body) > MAX_CHARACTERS:
        raise ScorecardError(f"A phrase has 1 to {MAX_CHARACTERS} characters; this one has {len(body)}: {body[:60]!r}.")
    start, end = "^ " if body.startswith("^ ") else " ", "$" if body.endswith(" $") else ""
    inner = body[2 if start == "^ " else 0 : -2 if end else None]
    items = _items(inner, phrase)
    if not any(item["word"] or item["number"] or item["question"] for item in _ITEM.finditer(inner)):
        raise ScorecardError(f"The phrase {phrase!r} names no word: a gap alone is found everywhere.")
    whole = "".join(item.expression for item in items)
    if re.compile(f"^ {whole}$").match(" "):
        raise ScorecardError(f"The phrase {phrase!r} also means nothing at all: keep at least one part that is not optional.")
    short = items if end else _shortest(items)
    rest = "".join(item.expression for item in short[1:])
    heads = (*short[0].choices, "") if short[0].is_optional else short[0].choices
    return Phrase(
        f"{start}{whole}{end}", tuple(f"{start}{head}{rest}{end}" for head in heads), tuple(f" {text}" for text in _said(items))
    )


def _shortest(items: list[_Item]) -> list[_Item]:
    """Return the items without what only makes a match longer: whether a phrase occurs does not depend on its loose end."""
    short = list(items)
    while len(short) > 1 and short[-1].least == "":
        short.pop()
    last = short[-1]
    return short if not last.least else [*short[:-1], _Item((last.least,), last.said)]


def expression(phrase: str) -> str:
    r"""Return the regular expression of a phrase on normalised text, the same for `re`, RE2 and Vectorscan.

    >>> expression("[really] sorry (about|for)")
    ' (?:really )?sorry (?:about |for )'
    >>> expression("sorry <0-2 words> delay")
    ' sorry (?:[^ ?\\n]+ ){0,2}delay '
    """
    return compiled(phrase).expression


def _items(inner: str, phrase: str) -> list[_Item]:
    stack, place, gaps = [_Group()], 0, 0
    while place < len(inner):
        item = _ITEM.match(inner, place)
        if item is None or inner.startswith("(?", place):
            raise ScorecardError(_why_not(inner[place:], phrase))
        place = item.end()
        group = stack[-1]
        if item["gap"]:
            gaps += 1
            group.current.append(_gap(int(item["low"]), int(item["high"]), phrase))
        elif item["number"]:
            group.current.append(_Item((_NUMBER,), ("7 ", "twenty four ")))
        elif item["open"]:
            stack.append(_Group(item["open"]))
        elif item["close"]:
            if len(stack) == 1 or group.bracket + item["close"] not in ("()", "[]"):
                raise ScorecardError(f"The phrase {phrase!r} closes {item['close']!r} without opening it.")
            stack.pop()
            stack[-1].current.append(group.closed(phrase))
        elif item["bar"]:
            if len(stack) == 1:
                raise ScorecardError(f"The phrase {phrase!r} has '|' outside brackets: write (a|b), or two phrases.")
            group.branches.append(group.current)
            group.current = []
        elif item["question"]:
            group.current.append(_Item((r"\? ",), ("? ",)))
        elif item["word"]:
            group.current.append(_word(item["word"], phrase, stem=bool(item["stem"])))
    if len(stack) > 1:
        raise ScorecardError(f"The phrase {phrase!r} does not close {stack[-1].bracket!r}.")
    if gaps > MAX_GAPS:
        raise ScorecardError(
            f"The phrase {phrase!r} has {gaps} gaps; {MAX_GAPS} are allowed, because each multiplies the time."
        )
    return stack[0].current


def _gap(low: int, high: int, phrase: str) -> _Item:
    if not low <= high <= MAX_GAP_WORDS or high == 0:
        raise ScorecardError(
            f"The phrase {phrase!r} has the gap <{low}-{high} words>; a gap rises and ends at {MAX_GAP_WORDS}."
        )
    least = rf"(?:[^ ?\n]+ ){{{low}}}" if low else ""
    return _Item((rf"(?:[^ ?\n]+ ){{{low},{high}}}",), ("well " * low, "well " * high), least=least)


def _word(word: str, phrase: str, *, stem: bool) -> _Item:
    tokens = normalise(word).split()
    if not tokens:
        raise ScorecardError(f"The phrase {phrase!r} holds {word!r}, which the normaliser drops: it can never be found.")
    # People leave apostrophes out; "dont" and "don't" are one word.
    written = " ".join(re.escape(token).replace("'", "'?") for token in tokens)
    said = (f"{' '.join(tokens)} ", f"{' '.join(tokens).replace(chr(39), '')}{'s' if stem else ''} ")
    return _Item((written + (r"[^ ?\n]* " if stem else " "),), said if said[0] != said[1] else said[:1])


def _why_not(rest: str, phrase: str) -> str:
    what = next((name for sign, name in _FOREIGN if rest.startswith(sign)), f"the sign {rest[0]!r}")
    return (
        f"The phrase {phrase!r} holds {what}, which the phrase language has not. "
        "It has words, (a|b), [optional], word*, <0-8 words>, <number>, ?, ^ and $."
    )
