"""One normal form of what was said, the same for batch and live.

Lives here: text -> tokens joined by one space with a space at both ends, the way back to the characters of the text, and the
bulk variant on bytes. Not here: masking personal data (redact.py), finding phrases (match.py).

A token is a run of letters and digits with inner apostrophes; a question mark is a token of its own. Fillers and masks are no
tokens. Letters are folded by NFKC and lower case, character cluster by character cluster, so that every token knows its place.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

NORMALISER_VERSION = "1"
FILLERS = ("um", "umm", "uh", "uhh", "uhm", "erm", "er", "hm", "hmm", "mm", "mmm")

# What typists and recognisers write for the same ASCII sign; a mask is no word (spec privacy, section 6).
_SAME = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u00a0": " "}
_TABLE = str.maketrans(_SAME)
_MASK = re.compile("\u27e8[^\u27e9]*\u27e9")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|\?")
_ASCII_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|\?")
_FILLERS = frozenset(FILLERS)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in normal form; `spans[i]` is the stretch of characters of the original that token i came from."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the character range of the original behind a stretch of the normal form; a space belongs to no token.

        >>> n = tokenise("Well, I'm SO sorry!")
        >>> n.text, n.original(n.text.index(" sorry "), n.text.index(" sorry ") + 7)
        (" well i'm so sorry ", (13, 18))
        """
        first = self.text.count(" ", 0, start + 1) - 1
        last = self.text.count(" ", 0, end - 1) - 1
        if not self.spans:
            return (0, 0)
        first, last = (min(max(i, 0), len(self.spans) - 1) for i in (first, last))
        return self.spans[first][0], self.spans[last][1]


def tokenise(text: str) -> Normalised:
    """Return the normal form with the way back to the characters of the text."""
    tokens, spans = list[str](), list[tuple[int, int]]()
    for token, start, end in _tokens(text):
        if token not in _FILLERS:
            tokens.append(token)
            spans.append((start, end))
    return Normalised(_joined(tokens), tuple(spans))


def normalise(text: str) -> str:
    """Return the normal form: tokens joined by one space, a space at both ends; nothing said is one space.

    >>> normalise("Um, I'm SO sorry -- can you wait?")
    " i'm so sorry can you wait ? "
    >>> normalise("...")
    ' '
    """
    if not text.isascii():
        text = _MASK.sub(" ", text).translate(_TABLE)
        if not text.isascii():
            return _joined([token for token, _, _ in _tokens(text) if token not in _FILLERS])
    return _joined([token for token in _ASCII_TOKEN.findall(text.lower()) if token not in _FILLERS])


def _joined(tokens: list[str]) -> str:
    return f" {' '.join(tokens)} " if tokens else " "


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield every token with its place; a mask is blanked first, keeping all places."""
    plain = _MASK.sub(lambda found: " " * (found.end() - found.start()), text).translate(_TABLE)
    if plain.isascii():
        for found in _ASCII_TOKEN.finditer(plain.lower()):
            yield found.group(), found.start(), found.end()
        return
    folded, place = list[str](), list[tuple[int, int]]()
    for start, end in _clusters(plain):
        cluster = _folded(plain[start:end])
        folded.append(cluster)
        place.extend([(start, end)] * len(cluster))
    for found in _TOKEN.finditer("".join(folded)):
        yield found.group(), place[found.start()][0], place[found.end() - 1][1]


@lru_cache(maxsize=8192)
def _folded(cluster: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).lower()).translate(_TABLE)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every character with the combining marks and Hangul vowels that follow it."""
    start = 0
    for i in range(1, len(text)):
        if not (unicodedata.combining(text[i]) or "\u1160" <= text[i] <= "\u11ff"):
            yield start, i
            start = i
    if text:
        yield start, len(text)


@dataclass(frozen=True, slots=True)
class Lines:
    """Many normal forms in one buffer, one a line; line i belongs to text `text_of[i]` and starts at byte `starts[i]`."""

    buffer: bytes
    starts: "np.ndarray"
    text_of: "np.ndarray"

    def line(self, i: int) -> str:
        """Return one normal form."""
        end = self.starts[i + 1] - 1 if i + 1 < len(self.starts) else len(self.buffer)
        return self.buffer[self.starts[i] : end].decode()


# 0xFF never stands in UTF-8, so it can part the texts before their own line ends are blanked.
_PART = b" \xff "
_KEEP = b"abcdefghijklmnopqrstuvwxyz0123456789'?"
_BYTES = bytes(
    10 if code == 0xFF else (byte if (byte := ord(chr(code).lower()) if code < 128 else code) in _KEEP else 32)
    for code in range(256)
)
_BLOCK_BYTES = 1_000_000


def normalise_bulk(texts: "pa.Array") -> Lines:
    """Return the normal forms of many texts (an Arrow string array without nulls), equal to `normalise` one by one.

    ASCII texts go through as bytes, all at once; the few others one by one.

    >>> import pyarrow as pa
    >>> many = normalise_bulk(pa.array(["Hi THERE!", "caf\u00e9 um, ok?"]))
    >>> [many.line(i) for i in range(2)]
    [' hi there ', ' caf\u00e9 ok ? ']
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
    array = array.cast(pa.large_string())
    is_ascii = pc.call_function("string_is_ascii", [array]).to_numpy(zero_copy_only=False)
    plain_at, other_at = np.flatnonzero(is_ascii), np.flatnonzero(~is_ascii)
    others = [normalise(text) for text in array.take(pa.array(other_at)).to_pylist()]
    plain = array if not len(other_at) else array.take(pa.array(plain_at))
    buffer = _ascii_lines(plain) if len(plain_at) else b""
    if others:
        rest = "\n".join(others).encode()
        buffer = buffer + b"\n" + rest if len(plain_at) else rest
    ends = np.flatnonzero(np.frombuffer(buffer, dtype=np.uint8) == 10)
    starts = np.concatenate([np.zeros(min(len(array), 1), dtype=np.int64), ends + 1])
    return Lines(buffer, starts, np.concatenate([plain_at, other_at]))


def _ascii_lines(plain: "pa.Array") -> bytes:
    """Return the lines of ASCII texts, in blocks small enough to stay in the processor's cache."""
    import numpy as np

    offsets = np.frombuffer(plain.buffers()[1], dtype=np.int64)[plain.offset : plain.offset + len(plain) + 1]
    cuts = np.unique(np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], _BLOCK_BYTES)))
    edges = np.unique(np.concatenate([[0], cuts, [len(plain)]]))
    blocks = [_ascii_block(plain.slice(int(a), int(b - a))) for a, b in itertools.pairwise(edges)]
    return b"\n".join(blocks)


def _ascii_block(plain: "pa.Array") -> bytes:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets = pa.array([0, len(plain)], type=pa.int64())
    parts = pa.LargeListArray.from_arrays(offsets, plain.cast(pa.large_binary()))
    data = pc.call_function("binary_join", [parts, pa.scalar(_PART, pa.large_binary())])[0].as_py()
    data = b"   " + data.translate(_BYTES).replace(b"?", b" ? ") + b"    "
    code = np.frombuffer(data, dtype=np.uint8).copy()
    quote = np.flatnonzero(code == 39)
    # An apostrophe stays only inside a word; elsewhere it parts words like any other sign.
    in_word = np.isin(np.arange(256), list(_KEEP[:36]))
    inner = in_word[code[quote - 1]] & in_word[code[quote + 1]]
    code[quote[~inner]] = 32
    _blank_fillers(code)
    space = code == 32
    keep = ~space
    keep[1:] |= ~space[:-1]
    keep[0] = True
    return code[keep].tobytes()


def _blank_fillers(code: "np.ndarray") -> None:
    import numpy as np

    first = np.isin(np.arange(256), [ord(filler[0]) for filler in FILLERS])
    starts = np.flatnonzero((code[:-4] == 32) & first[code[1:-3]]) + 1
    for filler in FILLERS:
        at = starts
        for place, byte in enumerate(f"{filler} ".encode()):
            at = at[code[at + place] == byte]
        for place in range(len(filler)):
            code[at + place] = 32
