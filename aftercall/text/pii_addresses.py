"""Street addresses: what their parts look like, and how parts that stand together become one address.

Lives here: patterns for streets with numbers, flats, post boxes and military mail; growing from a sure part over numbers,
places and capitals beside it. Not here: parts that only a model sees (pii_models.py), names (pii_names.py).
"""

import re
from collections.abc import Iterator, Sequence

from aftercall.text.pii_screen import is_english
from aftercall.text.pii_words import Word, common_words, listed

Span = tuple[int, int]

_NUMBER_WORD = (
    r"(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    r"|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|oh|double)[ -]?)+"
)
_NUMBER = rf"(?:\b\d{{1,6}}[a-z]?(?:[-/]\d{{1,4}})?,?[ ]+|\b{_NUMBER_WORD}(?<=[ ]))"
# A word of a street's name: none of the small words that show a sentence going on.
_NAME = (
    r"(?:(?!(?:the|a|an|is|are|was|to|at|in|for|and|or|my|your|me|you|it|this|that|on|off|per|about|minutes?|hours?|days?|weeks?"
    r"|blocks?|miles?|am|pm|dollars|credits|from|people|with|of|by|times?|different|more|next|same|other)\b)"
    r"(?:[^\W\d_][\w'’.\-]*|\d+(?:st|nd|rd|th)))"
)
# Kinds that are hardly ever anything else, in lower case too; and those that need a name with a capital before them.
_PLAIN_KIND = (
    "street st avenue ave road rd lane ln drive dr boulevard blvd court ct terrace circle crescent parkway pkwy highway "
    "hwy strasse straße gasse platz allee gatan gata vägen vej katu utca laan straat"
)
_OTHER_KIND = (
    "str av place pl square sq squares ter way cir close cres row walk mews alley trail trl loop grove garden gardens "
    "heights hill mill mall plaza pike run path quay broadway weg veien tie útja greens glen manor manors village meadow "
    "meadows fork forks junction junctions crossing estate estates fall falls field fields hollow isle key keys knoll "
    "knolls lodge orchard port ports ranch ridge ridges shore shores spring springs station summit valley valleys view "
    "views vista"
)
_KIND = rf"(?:{'|'.join((_PLAIN_KIND + ' ' + _OTHER_KIND).split())})"
_NUMBERED = re.compile(
    rf"{_NUMBER}(?:(?:north|south|east|west|n|s|e|w)\.? )?(?:{_NAME}[ ]){{1,4}}?{_KIND}\b\.?(?! (?:number|code|ids?)\b)"
)
_ENDING = "strasse|straße|gasse|platz|gatan|gata|vägen|vagen|vej|veien|katu|utca|laan|straat|weg|gade|torv|kuja|polku"
_ROUTE = "rua|rue|via|calle|avenida|av\\.|ul\\.|ulica|chemin|piazza|viale|corso|strada|carrera|boulevard|rúa|avenue"
_STREETS = (
    re.compile(rf"\b(?:{_NAME}[ ])?[^\W\d_]{{3,}}(?:{_ENDING})[ ]\d{{1,5}}\b"),
    re.compile(rf"\b(?:{_ROUTE})[ ](?:[^\W\d_][\w'’.\-]*[ ]){{1,5}}\d{{1,5}}\b"),
    re.compile(r"\bp\.? ?o\.? ?box[ ]\d+"),
    re.compile(r"\b(?:psc|unit)[ ]\d+,?[ ]box[ ]\d+"),
    re.compile(r"\b(?:(?:usns|usnv|uscgc|uss)[ ][^\W\d_]+\s+)?(?:apo|fpo|dpo)[ ](?:aa|ae|ap)[ ]\d{5}"),
    re.compile(r"\b(?:the )?corner of [^.?!\n]{3,50}?\.? (?:str?\. )?and(?: [^\W\d_][\w'’\-]*\.?){1,3}(?: \d[\w.]*)?"),
)
UNIT = re.compile(
    r"\b(?:apt|apartment|suite|ste|unit|flat|floor|building|bldg|room|rm|box|lot)\b\.?[ ]?(?:#[ ]?)?(?:number )?\d{1,5}[a-z]?\b"
)
_NUMBER_ONLY = re.compile(_NUMBER_WORD.replace("[ -]?", ""))
_PLAIN_KINDS = listed(_PLAIN_KIND)
_SMALL = listed(
    "i we he she they will would can could should have has had do does did be been not no so now then when while if just down "
    "up take took get got go went going want need see live lives turn left right after before until block blocks night nights"
)
_WHERE = (
    r"(?:live|lives|lived|living|reside|resides|stay|staying|located|delivere?d?|shipp?e?d?|mail|mailed|sent|send|moved?|return"
    r"|taxi)"
)
_CUE = re.compile(
    rf"\b(?:(?:{_WHERE}|offices?(?: is| are)?) (?:it |this |that |them |to |is |be |now |once )*(?:at|to|on|in)"
    r"|address(?:es)?(?: of \w+| on file| here)?(?: is|'s|:|,)|address,? it is|meet(?: me)? at)[ \n]{1,6}(?:the corner of )?"
    r"(\d+[^\W_]*)"
)
_ANSWER = re.compile(r"(?:\W|(?:it's|its|it is|yes|sure|my address is|the address is|that's|ok|okay|um|uh)\b)*(\d+[a-z]?)")
_NEXT = re.compile(r"[ ,]{1,3}(\d+|[^\W\d_]{3,})")
_ASKS = re.compile(
    r"\b(?:(?:your|the|mailing|billing|home|street|shipping|delivery|current|new|full)(?: \w+)? address|where do you live"
    r"|where should (?:we|i) (?:send|ship|deliver))\b"
)
_ASKING = re.compile(r"\?|\b(?:may|can|could|please|what|what's|where|tell|give|verify|confirm|provide|need|have|get)\b")
_GAP = re.compile(r"[\s,>?()/#\-–]{0,14}|\. ?|[\s,.]{1,4}")
_SOFT_GAP = re.compile(r"[ ,>?()\n\-–]{0,14}")


def address_patterns(text: str, low: str, *, asked: bool) -> Iterator[Span]:
    """Yield the streets and boxes of a text. Args: low, it in lower case; asked, an address was asked for just before.

    >>> low = "it's 12 oak lane, apt 4, 4 while i walk"
    >>> [low[s:e] for s, e in address_patterns(low, low, asked=False)]
    ['12 oak lane']
    """
    for match in _NUMBERED.finditer(low):
        if _is_street(match.group(), text[slice(*match.span())]):
            yield match.span()
    for pattern in _STREETS:
        for match in pattern.finditer(low):
            yield match.span()
    for cue in _CUE.finditer(low):
        if _leads_to_street(low, cue.end(1)):
            yield cue.span(1)
    if asked and (answer := _ANSWER.match(low)) and _leads_to_street(low, answer.end(1)):
        yield answer.span(1)


def _leads_to_street(low: str, end: int) -> bool:
    """Whether what follows a number may name a street: no English word, or a second number."""
    after = _NEXT.match(low, end)
    return after is not None and (after[1].isdigit() or not is_english(after[1], frozenset()))


def _is_street(low: str, own: str) -> bool:
    """Whether number, words and kind make a street: "12 Oak Lane", "12 oak lane", not "2 nights and way"."""
    kind = re.findall(r"[^\W\d_]+", low)[-1]
    middle = [word for word in re.findall(r"[^\W\d_]+", own)[:-1] if not _NUMBER_ONLY.fullmatch(word.lower())]
    if low.startswith("oh "):
        return False
    if any(word[0].isupper() and len(word) > 1 for word in middle):
        return True
    # Nobody in lower case: the kind must be one that is hardly ever anything else, and what is named no small word.
    return kind in _PLAIN_KINDS and not (_SMALL & {word.lower() for word in middle})


def asks_for_address(low: str) -> bool:
    """Whether the other side is asked for an address (lower case)."""
    return _ASKS.search(low) is not None and _ASKING.search(low) is not None


def grown(text: str, words: Sequence[Word], cores: Sequence[Span], places: Sequence[Span]) -> Iterator[Span]:
    """Yield each core with the numbers, flats, places and capitals that stand beside it.

    Args: cores, spans that are an address for sure; places, spans that may belong to one (towns, postal codes).
    """
    low = text.lower() if len(text.lower()) == len(text) else text
    units = [match.span() for match in UNIT.finditer(low)]
    soft = [*places, *units]
    for start, end in cores:
        first = next((n for n, word in enumerate(words) if word.end > start), None)
        last = next((n for n in range(len(words) - 1, -1, -1) if words[n].start < end), None)
        if first is None or last is None or first > last:
            continue
        right = last + 1
        capitals = 0
        while right < len(words) and right - last <= 14:
            gap = text[words[right - 1].end : words[right].start]
            if not _GAP.fullmatch(gap):
                break
            word = words[right]
            inside = any(s < word.end and word.start < e for s, e in soft)
            if not inside and not _goes_on(word, gap, capitals):
                break
            capitals = 0 if inside or word.is_number else capitals + 1
            right += 1
        left = first - 1
        while left >= 0 and first - left <= 5:
            gap = text[words[left].end : words[left + 1].start]
            word = words[left]
            inside = any(s < word.end and word.start < e for s, e in soft)
            numeric = word.is_number and len(word.text) <= 6
            if not _SOFT_GAP.fullmatch(gap) or not (inside or (numeric and "\n" not in gap)):
                break
            left -= 1
        yield min(start, words[left + 1].start), max(end, words[right - 1].end)


def _goes_on(word: Word, gap: str, capitals: int) -> bool:
    if word.is_number:
        return len(word.text) <= 6
    if word.text.isupper() and len(word.text) in (2, 3):
        return True
    if word.low in common_words() or not word.is_capital or capitals >= 3:
        return False
    return not word.starts or "\n" in gap
