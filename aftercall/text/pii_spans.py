"""Personal data in one text: what cues, patterns and models saw, put together into spans to mask.

Lives here: `personal_spans`, cleaning of the models' false alarms, names and addresses grown to whole words. Not here: numbers
(redact.py), the models (pii_models.py), the cues (pii_names.py, pii_addresses.py).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from aftercall.text.pii_addresses import Span, address_patterns, grown
from aftercall.text.pii_models import Piece
from aftercall.text.pii_names import PARTICLES, name_cues
from aftercall.text.pii_screen import is_english, may_hold
from aftercall.text.pii_words import Word, common_words, given_names, no_persons, words_of

_LINE = re.compile(r"[^\s>?*](?:[^\n]*[^\s>?*,;])?")
_BETWEEN = re.compile(r"[ \n,.>?-]*")
_TAG = ("#", "_", "{", "}")
PersonalKind = Literal["name", "address"]

# How sure Rampart must be: of a capital that is no common word, of a name in lower case, of a common word with a capital, of
# one without; of a street, of what stands beside one.
CAPITAL_P, NAME_P, COMMON_P, SURE_P, STREET_P, PART_P = 0.12, 0.4, 0.6, 0.9, 0.4, 0.3


def personal_spans(
    text: str,
    low: str,
    models: "Reads | None" = None,
    *,
    name_asked: bool = False,
    address_asked: bool = False,
    masked: Sequence[Span] = (),
) -> list[tuple[PersonalKind, int, int]]:
    """Return names and addresses of a text, names first, overlaps included.

    Args: low, the text in lower case, of the same length; models, which read what cues leave unexplained; *_asked, the other
        side asked for it just before; masked, spans that are masked already.

    >>> text = "My name is Kim Lee, I live at 12 Oak Lane, Apt 4"
    >>> [(kind, text[start:end]) for kind, start, end in personal_spans(text, text.lower())]
    [('name', 'Kim Lee'), ('address', '12 Oak Lane, Apt 4')]
    """
    words = words_of(text)
    if not words:
        return []
    names = list(name_cues(text, low, words, asked=name_asked))
    cores = list(address_patterns(text, low, asked=address_asked))
    towns = list[Span]()
    if models is not None:
        explained = [*names, *cores, *masked]
        rest = [word for word in words if not any(start < word.end and word.start < end for start, end in explained)]
        if may_hold(rest, models.dictionary):
            pieces = models.pieces(text)
            names += _seen_names(text, words, pieces, models.dictionary)
            cores += _seen_streets(text, words, pieces)
            towns = [(piece.start, piece.end) for piece in pieces if _may_be_place(piece)]
    streets = grown(text, words, _outermost(cores), towns) if cores else ()
    lines = [line for span in _outermost(list(streets)) for line in _lines(text, span)]
    joined = _joined(text, words, names) if names else []
    return [*(("name", *span) for span in joined), *(("address", *span) for span in lines)]


def _outermost(spans: Sequence[Span]) -> list[Span]:
    """Return the spans that lie in no other, in order."""
    kept = list[Span]()
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or end > kept[-1][1]:
            kept.append((start, end))
    return kept


class Reads(Protocol):
    """Models that say what they see in a text, and the dictionary by which their guesses are checked."""

    @property
    def dictionary(self) -> frozenset[str]:
        """English words in lower case."""
        ...

    def pieces(self, text: str) -> Sequence[Piece]:
        """Return what was seen in a text."""
        ...


def _seen_names(text: str, words: Sequence[Word], pieces: Sequence[Piece], dictionary: frozenset[str]) -> Iterable[Span]:
    """Yield the words the models took for names, one by one, without those that are no names."""
    strength, town = dict[int, float](), dict[int, float]()
    spacy = set[int]()
    for piece in pieces:
        if piece.kind not in ("person", "town"):
            continue
        for place, word in enumerate(words):
            if word.start < piece.end and piece.start < word.end:
                if piece.kind == "town":
                    town[place] = max(town.get(place, 0.0), piece.p if piece.source == "rampart" else 0.5)
                elif piece.source == "spacy":
                    spacy.add(place)
                else:
                    strength[place] = max(strength.get(place, 0.0), piece.p)
    is_cased = any(character.isupper() for character in text)
    seen = {*strength, *spacy}
    for place in sorted(seen):
        word = words[place]
        if text[word.start - 1 : word.start] in _TAG or text[word.end : word.end + 1] in _TAG:
            continue  # a placeholder of the source: #NAME#
        beside = any(other in seen and _is_next_to(text, words, place, other) for other in (place - 1, place + 1))
        by_spacy, p = place in spacy, strength.get(place, 0.0)
        if town.get(place, 0.0) > max(p, 0.5 if by_spacy else 0.0) and word.low not in given_names():
            continue
        if _is_name(word, p, dictionary, by_spacy=by_spacy, is_cased=is_cased, beside=beside):
            yield word.start, word.end


def _is_next_to(text: str, words: Sequence[Word], one: int, other: int) -> bool:
    first, second = words[min(one, other)], words[max(one, other)]
    return second.is_capital and text[first.end : second.start] in (" ", "-", ". ")


def _is_name(word: Word, p: float, dictionary: frozenset[str], *, by_spacy: bool, is_cased: bool, beside: bool) -> bool:
    """Whether a word the models point at is a name: the less it looks like one, the surer they must be.

    `beside`: the next or the last word looks like a name too.
    """
    low = word.low
    if word.is_number or low in no_persons() or (len(low) == 1 and not beside):
        return False
    if low in given_names() and low not in common_words():
        return p >= (CAPITAL_P if word.is_capital else NAME_P) or by_spacy
    if low in common_words():
        if not word.is_capital or word.starts:
            return low in given_names() and p >= SURE_P
        return (by_spacy and p >= NAME_P) or p >= COMMON_P
    if not word.is_capital:
        return p >= (SURE_P if low in dictionary else COMMON_P if is_cased else NAME_P)
    is_word = is_english(low, dictionary)
    if word.starts and not beside:
        return p >= (SURE_P if is_word else COMMON_P) or (by_spacy and p >= CAPITAL_P and not is_word)
    if is_word and not beside:
        return p >= COMMON_P or (by_spacy and p >= NAME_P)
    return by_spacy or p >= CAPITAL_P


def _joined(text: str, words: Sequence[Word], names: Iterable[Span]) -> list[Span]:
    """Return names with initials and the parts of one name between them put together."""
    hit = {place for start, end in names for place, word in enumerate(words) if word.start < end and start < word.end}
    same = {words[place].low for place in hit if len(words[place].low) > 2 and words[place].low not in common_words()}
    hit |= {place for place, word in enumerate(words) if word.low in same}
    for place in range(1, len(words) - 1):  # "Mijail C Adomo", "de la Cruz"
        word = words[place]
        small = (len(word.text) == 1 and word.text != "I") or word.low in PARTICLES
        goes_on = place + 1 in hit or (place + 2 in hit and words[place + 1].low in PARTICLES)
        if place - 1 in hit and small and goes_on:
            hit.add(place)
    spans = list[Span]()
    for place in sorted(hit):
        word = words[place]
        gap = text[spans[-1][1] : word.start] if spans else ""
        if spans and place - 1 in hit and (gap in (" ", "-") or (gap == ". " and len(words[place - 1].text) == 1)):
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return spans


def _lines(text: str, span: Span) -> Iterable[Span]:
    """Yield the parts of a span that stand on one line each; the breaks between them stay."""
    for match in _LINE.finditer(text, *span):
        yield match.span()


def _seen_streets(text: str, words: Sequence[Word], pieces: Sequence[Piece]) -> Iterable[Span]:
    """Yield the stretches in which Rampart saw a street with a number."""
    hit, streets = set[int](), set[int]()
    for piece in pieces:
        if piece.kind not in ("street", "building", "unit") or piece.p < (STREET_P if piece.kind == "street" else PART_P):
            continue
        touched = {place for place, word in enumerate(words) if word.start < piece.end and piece.start < word.end}
        hit |= touched
        if piece.kind == "street" and piece.source == "rampart":
            streets |= touched
    run = list[int]()
    for place in [*sorted(hit), -1]:
        if run and (place != run[-1] + 1 or _BETWEEN.fullmatch(text[words[run[-1]].end : words[place].start]) is None):
            named = [words[one] for one in streets.intersection(run) if not words[one].is_number]
            if any(words[one].is_number for one in run) and any(_names_street(word, len(run)) for word in named):
                yield words[run[0]].start, words[run[-1]].end
            run = []
        if place >= 0:
            run.append(place)


def _names_street(word: Word, run_n: int) -> bool:
    return word.low not in common_words() and not (run_n == 2 and word.low in given_names())


def _may_be_place(piece: Piece) -> bool:
    if piece.kind in ("town", "street", "org", "person"):
        return piece.p >= PART_P
    return piece.kind in ("postcode", "unit", "building") and piece.p >= PART_P
