r"""The phrase language: what a rule may say, and the one regular expression it means on normalised text.

Lives here: parsing a phrase, refusing what is not in the language, building its expression. Not here: running many (match.py).

    sorry (for|about)        words and alternatives           apolog*          a word that starts so
    [really] sorry           an optional part                 <0-8 words>      a bounded gap; it does not cross a question mark
    <number>                 digits or number words           ?                a question mark
    ^ hello      bye $       only at the start or the end of the turn

Word edges are spaces, so every engine agrees on them. There is no look-around, no back-reference and no open repetition:
nothing that one of the engines lacks or that can take exponential time.
"""

import re
from dataclasses import dataclass

from aftercall.contracts.errors import ScorecardError
from aftercall.text.normalise import normalise

MAX_GAP_WORDS = 12
MAX_GAPS = 3
MAX_CHARACTERS = 400

_WORD = r"[^ ?\n]+ "
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


@dataclass(slots=True)
class _Group:
    """An open bracket while a phrase is read: finished branches and the one under way."""

    bracket: str
    branches: list[str]
    current: str = ""

    def closed(self, phrase: str) -> str:
        if not all(branch for branch in [*self.branches, self.current]):
            raise ScorecardError(f"The phrase {phrase!r} has an empty alternative: put words on both sides of '|'.")
        return f"(?:{'|'.join([*self.branches, self.current])}){'?' if self.bracket == '[' else ''}"


def expression(phrase: str) -> str:
    r"""Return the regular expression of a phrase on normalised text, the same for `re`, RE2 and Vectorscan.

    Raises: ScorecardError, saying what in the phrase is not in the language.

    >>> expression("[really] sorry (about|for)")
    ' (?:really )?sorry (?:about |for )'
    >>> expression("sorry <0-2 words> delay")
    ' sorry (?:[^ ?\\n]+ ){0,2}delay '
    """
    body = phrase.strip()
    if not body or len(body) > MAX_CHARACTERS:
        raise ScorecardError(f"A phrase has 1 to {MAX_CHARACTERS} characters; this one has {len(body)}: {body[:60]!r}.")
    start, end = body.startswith("^ "), body.endswith(" $")
    inner = body[2 if start else 0 : -2 if end else None]
    words = _compiled(inner, phrase)
    if not any(item["word"] or item["number"] or item["question"] for item in _ITEM.finditer(inner)):
        raise ScorecardError(f"The phrase {phrase!r} names no word: a gap alone is found everywhere.")
    if re.compile(f"^ {words}$").match(" "):
        raise ScorecardError(f"The phrase {phrase!r} also means nothing at all: keep at least one part that is not optional.")
    return f"{'^' if start else ''} {words}{'$' if end else ''}"


def _compiled(inner: str, phrase: str) -> str:
    stack, place, gaps = [_Group("", [])], 0, 0
    while place < len(inner):
        item = _ITEM.match(inner, place)
        if item is None or inner.startswith("(?", place):
            raise ScorecardError(_why_not(inner[place:], phrase))
        place = item.end()
        group = stack[-1]
        if item["gap"]:
            gaps += 1
            group.current += _gap(int(item["low"]), int(item["high"]), phrase)
        elif item["number"]:
            group.current += _NUMBER
        elif item["open"]:
            stack.append(_Group(item["open"], []))
        elif item["close"]:
            if len(stack) == 1 or group.bracket + item["close"] not in ("()", "[]"):
                raise ScorecardError(f"The phrase {phrase!r} closes {item['close']!r} without opening it.")
            stack.pop()
            stack[-1].current += group.closed(phrase)
        elif item["bar"]:
            if len(stack) == 1:
                raise ScorecardError(f"The phrase {phrase!r} has '|' outside brackets: write (a|b), or two phrases.")
            group.branches.append(group.current)
            group.current = ""
        elif item["question"]:
            group.current += r"\? "
        elif item["word"]:
            group.current += _word(item["word"], phrase, stem=bool(item["stem"]))
    if len(stack) > 1:
        raise ScorecardError(f"The phrase {phrase!r} does not close {stack[-1].bracket!r}.")
    if gaps > MAX_GAPS:
        raise ScorecardError(
            f"The phrase {phrase!r} has {gaps} gaps; {MAX_GAPS} are allowed, because each multiplies the time."
        )
    return stack[0].current


def _gap(low: int, high: int, phrase: str) -> str:
    if not low <= high <= MAX_GAP_WORDS or high == 0:
        raise ScorecardError(
            f"The phrase {phrase!r} has the gap <{low}-{high} words>; a gap rises and ends at {MAX_GAP_WORDS}."
        )
    return rf"(?:[^ ?\n]+ ){{{low},{high}}}"


def _word(word: str, phrase: str, *, stem: bool) -> str:
    tokens = normalise(word).split()
    if not tokens:
        raise ScorecardError(f"The phrase {phrase!r} holds {word!r}, which the normaliser drops: it can never be found.")
    # People leave apostrophes out; "dont" and "don't" are one word.
    parts = [re.escape(token).replace("'", "'?") for token in tokens]
    return " ".join(parts) + (r"[^ ?\n]* " if stem else " ")


def _why_not(rest: str, phrase: str) -> str:
    what = next((name for sign, name in _FOREIGN if rest.startswith(sign)), f"the sign {rest[0]!r}")
    return (
        f"The phrase {phrase!r} holds {what}, which the phrase language has not. "
        "It has words, (a|b), [optional], word*, <0-8 words>, <number>, ?, ^ and $."
    )
