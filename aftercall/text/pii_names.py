"""Names by what is said around them: "my name is ...", "this is ... speaking", "Mr ...", an answer to "your name?".

Lives here: cues and how far a name goes after one, for cased text and for the lower case of recognisers. Not here: names that
only a model sees (pii_models.py), addresses (pii_addresses.py).
"""

import re
from collections.abc import Iterator, Sequence

from aftercall.text.pii_words import Word, common_words, given_names, listed, never_names

Span = tuple[int, int]

_WHOSE = r"(?:my|her|his|their|the|your)"
_WHICH = r"(?:full|first|last|middle|maiden|given|family|legal|old|new|married)"
_KIN = r"(?:partner|wife|husband|son|daughter|kid|child|brother|sister|mother|father|mom|dad|boss|friend|fiancee?|roommate)"
_TALK = r"(?:speak|talk|spoke|spoken|talked|speaking|talking|chatting)"
_GREETED = (
    r"(?:hi|hello|hey|dear|thanks|thank you|thank you so much|thanks so much|thanks for (?:that|everything)|okay|ok|bye|sorry"
    r"|alright|perfect|great|welcome|welcome back|good (?:morning|afternoon|evening)|got it|sure|yes|no problem)"
)
# After these a name follows, whatever it looks like.
_SURE = re.compile(
    rf"\b(?:(?:{_WHOSE} (?:{_WHICH} )?|sur)names?(?: on (?:the|my|it)(?: \w+)?| here)?(?:'s| is| was| are|:)"
    rf"|(?:{_WHICH} |sur)?name:|name is|i'?m called|(?:(?:people|they|everyone|everybody) |you can )calls? me"
    r"|(?:named|called) (?:him|her)|(?:under|by|in) the name(?: of)?"
    rf"|(?:am i|i'm|i am|is this|are you|you(?:'re| are)(?: now)?) (?:{_TALK}|through|connected) (?:with|to)"
    rf"|{_TALK} (?:with|to)"
    rf"|you(?:'ve| have) (?:got|reached)|{_KIN}(?:'s name is|,| is(?: called| named)?| named| called)?|(?:sincerely|regards),?"
    r")[ :\n]{1,3}(?:uh,? |um,? |is )?"
)
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof|professor|doctor|sir|madam|mister|missus)\b\.?[ ]")
# After these perhaps: the word must look like a name, and stand alone or be followed by what follows names.
_PERHAPS = re.compile(
    rf"\b(?:this is|it's|it is|i'm|i am|that's|thats|im|is this|agent|{_GREETED}),?(?: again)?,? (?:it's |this is )?"
)
_THANKED = re.compile(r"\b(?:hi|hello|hey|dear|thanks|thank you|bye|thanks for (?:that|everything)),? $")
_AFTER_NAME = re.compile(r",? (?:speaking|here|calling|on the line|from|at|with|again|has joined)\b")
_AFTER_SURE = re.compile(r",? (?:speaking|here|calling|on the line|from|at)\b")
_ALONE = re.compile(r"(?:[,.!?]|,? you too\b|$)")
_HERE = re.compile(r"\b(?:this is|i'm|i am|it's),? $")
_SOUGHT = re.compile(
    r"\b(?:looking for|calling for|trying to (?:reach|get hold of)|asking for|on behalf of|assist(?:ed)? by),? "
)
_OPENS = re.compile(r"(?=[^\W\d_]+ (?:from|at|here|speaking)\b)")
_SPELLED = re.compile(r"(?<![\w'])(?:[^\W\d_](?:[-.]|[ ]|, )){3,}[^\W\d_](?![\w'])")
_SPEAKING = re.compile(r"(?:^|[.!?,] |fernhill, )((?:[^\W\d_]+[ ]){1,3})(?:speaking|here)\b")
_ASKS = re.compile(
    rf"\b(?:{_WHICH} (?:and (?:last|first) )?)?(?:name|surname)s?\b(?!,? (?:of|is|was|on the (?:list|menu)))"
    r"|\bwho (?:am i|do i have|is this|are you|i'm)\b|\bwho is calling\b|\bwhom am i\b"
)
_ASKING = re.compile(r"\?|\b(?:may|can|could|please|what|what's|whats|who|tell|give|verify|confirm|provide|need|have|get)\b")
# How an answer to "your name?" begins before the name comes.
_LEAD = listed(
    "yes yeah yep sure ok okay of course certainly absolutely hi hello it it's its the name is my full first last and i am i'm "
    "im this uh um oh that's thats that would be well so please thank you thanks"
)
_ANSWER_WORDS = 24
_JOINS = re.compile(r"(?: |-|\. |\n)")
PARTICLES = listed("de del della di da dos van von der den la le el al bin ibn st mc")
_MOST = 4


def name_cues(text: str, low: str, words: Sequence[Word], *, asked: bool) -> Iterator[Span]:
    """Yield the spans of names that a cue shows. Args: low, the text in lower case; asked, a name was asked for just before."""
    if not words:
        return
    is_cased = any(character.isupper() for character in text)
    at = {word.start: place for place, word in enumerate(words)}
    for cue in _SURE.finditer(low):
        yield from _name_at(words, at.get(cue.end()), text, is_cased=is_cased, sure=True)
    for cue in _TITLE.finditer(low):
        yield from _name_at(words, at.get(cue.end()), text, is_cased=is_cased, sure=cue.group().strip(" .") != "miss")
    for cue in _PERHAPS.finditer(low):
        yield from _name_at(words, at.get(cue.end()), text, is_cased=is_cased, sure=False)
    for cue in _SPEAKING.finditer(low):
        yield from _name_at(words, at.get(cue.start(1)), text, is_cased=is_cased, sure=False)
    for cue in _SOUGHT.finditer(low):
        found = list(_name_at(words, at.get(cue.end()), text, is_cased=is_cased, sure=True))
        yield from (span for span in found if " " in text[slice(*span)])
    if is_cased and words[0].is_capital and words[0].low not in common_words() and _OPENS.match(low, words[0].start):
        yield from _name_at(words, 0, text, is_cased=True, sure=False)
    for place in range(len(words) - 1):  # "Harold Boswell", wherever it stands
        if _is_pair(words[place], words[place + 1], text):
            yield from _name_at(words, place, text, is_cased=True, sure=True)
    yield from (match.span() for match in _SPELLED.finditer(text))
    if asked and len(words) <= _ANSWER_WORDS:
        first = next((place for place, word in enumerate(words) if word.low not in _LEAD), None)
        yield from _name_at(words, first, text, is_cased=is_cased, sure=True, answer=True)


def _is_pair(first: Word, second: Word, text: str) -> bool:
    """Whether a given name and a capital that is no common word stand side by side."""
    return (
        first.low in given_names()
        and first.is_capital
        and second.is_capital
        and second.text != "I"
        and (second.low in given_names() or second.low not in never_names())
        and text[first.end : second.start] in (" ", "-")
    )


def asks_for_name(low: str) -> bool:
    """Whether the other side is asked for a name (lower case).

    >>> asks_for_name("may i have your full name, please?"), asks_for_name("that is a fine name")
    (True, False)
    """
    return _ASKS.search(low) is not None and _ASKING.search(low) is not None


def _name_at(
    words: Sequence[Word], place: int | None, text: str, *, is_cased: bool, sure: bool, answer: bool = False
) -> Iterator[Span]:
    """Yield the name that begins at a word, if one does: at most four words, each of them like a name."""
    if place is None:
        return
    first = words[place]
    if first.is_number or first.low in never_names() or not _is_like(first, is_cased=is_cased, sure=sure, answer=answer):
        return
    last = place
    while last + 1 < len(words) and last + 1 - place < _MOST:
        word = words[last + 1]
        if _JOINS.fullmatch(text[words[last].end : word.start]) is None or word.is_number:
            break
        gap = text[words[last].end : word.start]
        if gap.startswith(".") and len(words[last].text) > 1:
            break
        initial = len(word.text) == 1 and word.is_capital and word.text != "I"
        particle = word.low in PARTICLES and last + 2 < len(words) and words[last + 2].is_capital
        if not (initial or particle or _is_next(word, is_cased=is_cased)):
            break
        last += 1
    if not sure and last == place and first.low not in given_names():
        after = text[words[last].end :].lower()
        before = text[: first.start].lower()
        thanked = first.is_capital and (_THANKED.search(before) or _HERE.search(before)) and _ALONE.match(after)
        if not (thanked or (_AFTER_NAME if first.is_capital else _AFTER_SURE).match(after)):
            return
    yield first.start, words[last].end


def _is_like(word: Word, *, is_cased: bool, sure: bool, answer: bool) -> bool:
    low = word.low
    if low in given_names() and (sure or low not in common_words()):
        return word.is_capital or not is_cased or low not in common_words()
    if word.is_capital:
        return len(low) > 1 or sure
    # Lower case: recognisers and hurried typists write names so, but words far more often.
    return (sure and (answer or not is_cased) and low not in common_words() and len(low) > 1) or (
        not sure and not is_cased and low not in common_words() and len(low) > 2 and not low.endswith(("ing", "ed", "ly"))
    )


def _is_next(word: Word, *, is_cased: bool) -> bool:
    if word.low in never_names():
        return False
    return word.is_capital or (not is_cased and word.low not in common_words() and len(word.low) > 1)
