"""The text form the text model reads: the same for training, batch and live.

Lives here: `model_text` (one sentence in the form of the model), `sentences` (a turn cut into sentences in that form).
Not here: the normal form phrases are searched in (normalise.py), reading with a model (signals.py). Standard library only.

The form keeps punctuation, because a question mark or a full stop changes what is meant; it drops what must not move a value:
letter case, which digits, which name, which address. Fewer distinct forms also mean fewer readings.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

TEXT_FORM = "1"
MAX_CHARACTERS = 600
MAX_SENTENCES = 12
_MIN_WORDS = 2

_SAME = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_LINK = re.compile(r"(?:https?://|www\.)\S*[^\s.,;:!?)\]}'\"]", re.IGNORECASE)
# Our own masks, [NAME] as in GoEmotions, #PRS_ORG# as in MAIA, mail addresses, @user.
_NAME = re.compile(r"\u27e8[^\u27e9]*\u27e9|\[[A-Z][A-Z0-9_]+\]|#[A-Z][A-Z0-9_]+#|[\w.+-]+@[\w-]+\.[\w.-]*\w|(?<!\w)@\w+")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+(?:'\w+)*")
# A sentence ends with its signs before a space, or with its line: 3.5 and shop.example stay whole.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|[\r\n\u2028\u2029]+")


def model_text(text: str) -> str:
    """Return one stretch of text in the form the model reads, at most 600 characters.

    NFKC, lower case, one space between words; every run of digits is "0", every mask or mention "name", every address "link".

    >>> model_text("My  order 4471 hasn\u2019t come, \u27e8NAME\u27e9! See https://shop.example/a?b=1.")
    "my order 0 hasn't come, name! see link."
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SAME)
    plain = _NAME.sub("name", _LINK.sub("link", plain))
    # Lower case takes a few letters apart that belong together: composed once more.
    plain = _DIGITS.sub("0", unicodedata.normalize("NFKC", plain.lower()))
    return " ".join(plain.split())[:MAX_CHARACTERS].rstrip()


def word_count(form: str) -> int:
    """Return the number of words of a text.

    >>> word_count("well ... i'm here !")
    3
    """
    return len(_WORD.findall(form))


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a turn in the form the model reads; a turn without words has none.

    A piece of one word is joined to the next (the last to the one before), because alone it says too little; of more than
    12 pieces, neighbours are joined until there are 12, so that nothing goes unread.

    >>> sentences("Hi. I'm so sorry about that! What is your order number?")
    ("hi. i'm so sorry about that!", 'what is your order number?')
    >>> sentences("... !")
    ()
    """
    pieces = [model_text(piece) for piece in _lengths(_SENTENCE_END.split(text))]
    full = _joined_short([piece for piece in pieces if piece])
    if not any(word_count(piece) for piece in full):
        return ()
    return tuple(_at_most(full, MAX_SENTENCES))


def _lengths(pieces: Sequence[str]) -> Iterator[str]:
    """Yield the pieces, those too long for one reading cut between words."""
    for piece in pieces:
        rest = piece.strip()
        while len(rest) > MAX_CHARACTERS:
            cut = rest.rfind(" ", 1, MAX_CHARACTERS)
            cut = cut if cut > 0 else MAX_CHARACTERS
            yield rest[:cut]
            rest = rest[cut:].strip()
        yield rest


def _joined_short(pieces: Sequence[str]) -> list[str]:
    out: list[str] = []
    waiting = ""
    for piece in pieces:
        joined = f"{waiting} {piece}".strip()
        if word_count(joined) < _MIN_WORDS:
            waiting = joined
        else:
            out.append(joined)
            waiting = ""
    if waiting and out:
        out[-1] = f"{out[-1]} {waiting}"
    elif waiting:
        out.append(waiting)
    return [piece[:MAX_CHARACTERS].rstrip() for piece in out]


def _at_most(pieces: Sequence[str], n: int) -> list[str]:
    if len(pieces) <= n:
        return list(pieces)
    edges = [round(i * len(pieces) / n) for i in range(n + 1)]
    return [" ".join(pieces[a:b])[:MAX_CHARACTERS].rstrip() for a, b in itertools.pairwise(edges)]
