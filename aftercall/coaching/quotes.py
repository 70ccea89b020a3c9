"""A few words of the stored transcript, fit to stand in a message: they prove the moment and carry nothing personal.

Lives here: the quote of a moment. Not here: redaction (aftercall.text.redact, done before), evidence (aftercall.scoring).

Redaction by rules masks numbers and addresses, not every name. So a quote grows word by word from the words that matched
and stops before a mask, a long number, a word that may be a name, and verdicts on a person (quote_words.yaml).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from aftercall.contracts.records import Turn
from aftercall.scoring.form import Each, Rule, Whole
from aftercall.scoring.heard import QUOTE_CHARACTERS, Evidence
from aftercall.text.match import Matcher
from aftercall.text.normalise import normalise, tokenise

MOST_WORDS, FEWEST_WORDS = 12, 3
_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*$")
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNFIT_SIGNS = re.compile(r"[⟨⟩@/\\#_<>{}\[\]=*|~^]|www\.|\d.*\d.*\d|(?=.*\d)[a-z]{2,}\d|\d[a-z]{3,}", re.IGNORECASE)
_EDGES = ".,;:()- –—"


@dataclass(frozen=True, slots=True)
class Moment:
    """The place a message speaks about: the turn, who spoke, and the words, as they stand in the stored text."""

    turn: int
    start_s: float | None
    speaker: str
    quote: str
    shown: str


def moment_of(evidence: Evidence, turns: Sequence[Turn], names: tuple[str, ...], matcher: Matcher) -> Moment | None:
    """Return the moment an evidence proves, or None when its turn or quote does not stand in the transcript or is not fit.

    For an interval searched in vain it is the first turn that was searched.
    """
    place = evidence.turn if evidence.searched_turns is None else evidence.searched_turns[0]
    turn = next((one for one in turns if one.turn == place), None)
    if turn is None:
        return None
    said = turn.text[:QUOTE_CHARACTERS] if evidence.searched_turns is not None else evidence.quote or ""
    if not normalise(said).strip() or normalise(said).strip() not in normalise(turn.text):
        return None
    found = short_quote(said, names, matcher)
    return None if found is None else Moment(turn.turn, turn.start_s, turn.speaker, *found)


def names_of(rule: Rule, *, is_strength: bool) -> tuple[str, ...]:
    """Return the phrase sets that the quote behind a lost point, or behind a strength, was found by."""
    if isinstance(rule, Each):
        return () if is_strength and rule.lacks else (rule.said if is_strength else rule.trigger.said)
    if isinstance(rule, Whole):
        return rule.expect.said if is_strength or rule.never else (rule.when.said if rule.when else ())
    return ()


def short_quote(said: str, names: tuple[str, ...], matcher: Matcher) -> tuple[str, str] | None:
    """Return (the words as they stand, the words as shown) around the match: at most twelve, one sentence, nothing personal.

    >>> from aftercall.text.match import PhraseSet
    >>> trouble = Matcher((PhraseSet("trouble", ("stolen",)),), "re")
    >>> short_quote("Hi, I am Alexis Moor and my card was stolen on Monday. Help!", ("trouble",), trouble)
    ('and my card was stolen on Monday.', '…and my card was stolen on Monday')
    """
    words = list(_WORD.finditer(said))
    fit = _fit([word.group() for word in words])
    starts = [i for i in range(len(words)) if i == 0 or _ends(words[i - 1].group())]
    is_start = set(starts)
    is_end = {i - 1 for i in starts if i} | {len(words) - 1}
    found = _matched(said, names, matcher, [word.span() for word in words])
    first, last = found or _longest(fit, is_end)
    if last < first or not all(fit[first : last + 1]):
        return None
    proven = last if found else first
    while last - first + 1 < MOST_WORDS and last not in is_end and fit[last + 1]:
        last += 1
    while last - first + 1 < MOST_WORDS and first not in is_start and fit[first - 1]:
        first -= 1
    while last > proven and last not in is_end and _plain(words[last].group()) in word_lists()["danglers"]:
        last -= 1
    is_whole = first in is_start and last in is_end
    if last - first + 1 < (1 if is_whole and found else 2 if is_whole else FEWEST_WORDS):
        return None
    quote = said[words[first].start() : words[last].end()]
    shown = " ".join(quote.split()).strip(_EDGES).translate(str.maketrans({"“": "'", "”": "'", '"': "'"}))
    return quote, f"{'' if first in is_start else '…'}{shown}{'' if last in is_end else '…'}"


def _ends(word: str) -> bool:
    return bool(_SENTENCE_END.search(word))


def _matched(said: str, names: tuple[str, ...], matcher: Matcher, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first and last word of the first match, cut to what a quote may hold."""
    normal = tokenise(said)
    found = next((span for name in names if (span := matcher.find(name, normal.text))), None)
    if found is None:
        return None
    start, end = normal.original(*found)
    inside = [i for i, (left, right) in enumerate(spans) if left < end and right > start]
    return (inside[0], min(inside[-1], inside[0] + MOST_WORDS - 1)) if inside else None


def _longest(fit: Sequence[bool], is_end: set[int]) -> tuple[int, int]:
    """Return the first and last word of the longest run of fit words within one sentence, cut to what a quote may hold."""
    best, first = (0, -1), 0
    for i, is_fit in enumerate(fit):
        if not is_fit:
            first = i + 1
        elif min(i - first + 1, MOST_WORDS) > best[1] - best[0] + 1:
            best = (first, i)
        if i in is_end:
            first = i + 1
    return best


@cache
def word_lists() -> dict[str, frozenset[str]]:
    """Return the lists of quote_words.yaml by name."""
    raw = yaml.safe_load(Path(__file__).with_name("quote_words.yaml").read_text(encoding="utf-8"))
    return {str(name): frozenset(str(words).split()) for name, words in raw.items()}


def _fit(words: Sequence[str]) -> list[bool]:
    """Return which words may stand in a quote."""
    known = word_lists()
    plain = [_plain(word) for word in words]
    fit, since = list[bool](), 0
    for i, word in enumerate(words):
        opens = i == 0 or _ends(words[i - 1])
        since = i if opens else since
        letters = word.lstrip("\"'“‘(")
        may_be_name = (
            letters[:1].isupper() and plain[i] not in known["capitals"] and not (opens and plain[i] in known["openers"])
        )
        after_name = plain[i] != "is" and any(one in known["before_a_name"] for one in plain[max(since, i - 3) : i])
        is_word = bool(plain[i]) or any(sign.isdigit() for sign in word)
        is_unfit = _UNFIT_SIGNS.search(word) or may_be_name or after_name or _in_number(plain, i, known["number_words"])
        fit.append(is_word and not is_unfit and plain[i] not in known["judging"])
    return fit


def _plain(word: str) -> str:
    return (_LETTERS.search(word) or [""])[0].lower().replace("’", "'")


def _in_number(plain: Sequence[str], i: int, number_words: frozenset[str]) -> bool:
    """Return whether a word is one of three or more number words in a row."""
    runs = (plain[k : k + 3] for k in range(max(0, i - 2), i + 1))
    return any(len(run) == 3 and all(one in number_words for one in run) for run in runs)
