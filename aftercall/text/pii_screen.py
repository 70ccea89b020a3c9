"""Whether a text can hold a name or an address that only a model would see; most turns cannot, and are not read.

Lives here: the screen over the words that no cue explained, and the English dictionary it uses. Not here: the word lists
(pii_words.py), the models (pii_models.py).
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from aftercall.contracts.errors import ModelError
from aftercall.text.pii_words import Word, common_words, given_names, listed, no_persons

_ENDINGS = (
    ("s", ""), ("es", ""), ("ies", "y"), ("d", ""), ("ed", ""), ("ied", "y"), ("ing", ""), ("ing", "e"), ("r", ""),
    ("er", ""), ("est", ""), ("st", ""), ("ly", ""), ("ness", ""), ("n't", ""), ("'ll", ""), ("'re", ""), ("'ve", ""),
    ("'d", ""), ("'m", ""),
)  # fmt: skip


def may_hold(words: Iterable[Word], dictionary: frozenset[str]) -> bool:
    """Whether one of the words may be a name.

    In lower case that is a given name or no English word at all; with a capital, what is not known as a common word.

    >>> from aftercall.text.pii_words import words_of
    >>> [may_hold(words_of(text), frozenset()) for text in ("I was told Torres did it.", "Can I see the TV on Monday?")]
    [True, False]
    """
    return any(_may_be_name(word, dictionary) for word in words)


def _may_be_name(word: Word, dictionary: frozenset[str]) -> bool:
    low = word.low
    if word.is_number or low in no_persons():
        return False
    if len(low) < 3:
        return len(low) == 2 and word.text.istitle() and low not in common_words() and low not in _TWO
    if low in common_words():
        return low in given_names() and word.is_capital and not word.starts
    if low in given_names():
        return True
    if word.is_capital:
        return not (word.text.isupper() and len(low) <= 4)
    return not is_english(low, dictionary)


_TWO = listed("ok hi no oh so to it is we he if in my on or up us am an as at be by do go me of")


def is_english(low: str, dictionary: frozenset[str]) -> bool:
    """Whether a word in lower case, or what it is built from, is listed.

    >>> is_english("refunding", frozenset()), is_english("torres", frozenset())
    (True, False)
    """
    known = common_words()
    if low in known or low in dictionary:
        return True
    if "'" in low or "-" in low:
        return all(not part or is_english(part, dictionary) for part in low.replace("'", "-").split("-"))
    for ending, instead in _ENDINGS:
        if low.endswith(ending) and len(low) > len(ending) + 2:
            stem = low[: -len(ending)] + instead
            if stem in known or stem in dictionary or (len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in known):
                return True
    return False


@lru_cache(maxsize=2)
def english(path: Path) -> frozenset[str]:
    """Return the English words of the dictionary in spaCy's model (from WordNet), given names left out.

    Raises: ModelError, the file does not fit.
    """
    import srsly

    try:
        tables = cast("dict[str, dict[Any, Any]]", srsly.msgpack_loads(path.read_bytes()))
        listed = [*tables["lemma_index"].values(), *tables["lemma_exc"].values()]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The dictionary {path} does not fit: {error}") from error
    return frozenset(str(word) for words in listed for word in words) - given_names()
