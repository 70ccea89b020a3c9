"""Which phrase sets stand in a text: one meaning, three engines held equal by test.

Lives here: phrase sets, the matcher over Vectorscan (when installed), RE2 or `re`, one text at a time or in bulk.
Not here: the phrase language (phrase.py), what a hit means for a score (aftercall.scoring).

An engine says which sets occur; where, is always found afterwards by `re`, so evidence never depends on the engine. Vectorscan
runs in block mode only: its stream mode loses matches.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, Protocol

from aftercall.contracts.errors import RequestError, ScorecardError
from aftercall.text.normalise import Lines
from aftercall.text.phrase import Phrase, compiled

if TYPE_CHECKING:
    import numpy as np

# What samples stand behind when an engine is tested: matches were lost only after some lengths of other words.
_BEFORE = ("", " well well well well")

EngineName = Literal["vectorscan", "re2", "re"]
ENGINES: tuple[EngineName, ...] = ("vectorscan", "re2", "re")


@dataclass(frozen=True, slots=True)
class PhraseSet:
    """Phrases that mean the same; what matches an exception (`unless`) is cut out of the text before they are searched."""

    name: str
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()


class Engine(Protocol):
    """Says which of its alternations occur in normalised text."""

    def ids(self, text: str) -> set[int]:
        """Return the places of the alternations that occur in one text."""
        ...

    def pairs(self, lines: Lines) -> "tuple[np.ndarray, np.ndarray]":
        """Return (alternation, line) of every hit in many texts, unordered and perhaps repeated."""
        ...


def default_engine() -> EngineName:
    """Return the fastest engine that is installed."""
    return "vectorscan" if find_spec("hyperscan") else "re2"


@dataclass(frozen=True)
class Matcher:
    """Finds phrase sets in normalised text.

    >>> m = Matcher((PhraseSet("sorry", ("sorry",), unless=("not sorry",)),), "re")
    >>> m.match(" i am sorry "), m.match(" i am not sorry ")
    (frozenset({'sorry'}), frozenset())
    """

    sets: tuple[PhraseSet, ...]
    engine_name: EngineName = field(default_factory=default_engine)

    def match(self, text: str) -> frozenset[str]:
        """Return the names of the sets that occur in one normalised text."""
        found = self._engine.ids(text)
        return frozenset(
            self.sets[i].name
            for i in found
            if i < len(self.sets) and (self._exception_at.get(i) not in found or self._survives(i, text))
        )

    def match_bulk(self, lines: Lines) -> "dict[str, np.ndarray]":
        """Return, for every set, the ascending line numbers it occurs in; equal to `match` line by line."""
        import numpy as np

        sets, at = self._engine.pairs(lines)
        n = max(len(lines.starts), 1)
        keys = np.sort(sets.astype(np.int64) * n + at)
        keys = keys[np.append(keys[1:] != keys[:-1], True)[: len(keys)]]
        edges = np.searchsorted(keys, np.arange(len(self._alternations) + 1) * n)
        rows = [keys[a:b] - i * n for i, (a, b) in enumerate(itertools.pairwise(edges))]
        for i, exception in self._exception_at.items():
            doubtful = np.intersect1d(rows[i], rows[exception], assume_unique=True)
            cut = [line for line in doubtful if not self._survives(i, lines.line(int(line)))]
            rows[i] = np.setdiff1d(rows[i], cut, assume_unique=True)
        return {one.name: rows[i] for i, one in enumerate(self.sets)}

    def only(self, names: frozenset[str]) -> "Matcher":
        """Return the matcher of some of the sets, compiled once: what need not be searched costs nothing."""
        if names not in self._parts:
            self._parts[names] = Matcher(tuple(one for one in self.sets if one.name in names), self.engine_name)
        return self._parts[names]

    def find(self, name: str, text: str) -> tuple[int, int] | None:
        """Return (start, end) of the first match of a set in a normalised text, by `re`; None when it does not occur."""
        i = self._place.get(name)
        if i is None:
            return None
        found = self._searches[i].search(self._without_exceptions(i, text))
        return found.span() if found else None

    def _survives(self, i: int, text: str) -> bool:
        return self._searches[i].search(self._without_exceptions(i, text)) is not None

    def _without_exceptions(self, i: int, text: str) -> str:
        """Return the text with what its exceptions match blanked by line ends, which no phrase can match; all places stay."""
        exception = self._exception_at.get(i)
        if exception is None:
            return text
        cut, place = list(text), 0
        while found := self._searches[exception].search(text, place):
            # The spaces at both ends stay: the words beside need them, and the next exception may begin with the last one.
            cut[found.start() + 1 : found.end() - 1] = "\n" * (found.end() - found.start() - 2)
            place = found.end() - 1
        return "".join(cut)

    @cached_property
    def _parts(self) -> dict[frozenset[str], "Matcher"]:
        return {}

    @cached_property
    def _place(self) -> dict[str, int]:
        return {one.name: i for i, one in enumerate(self.sets)}

    @cached_property
    def _exception_at(self) -> dict[int, int]:
        """Where the exceptions of a set stand among the alternations: behind all sets."""
        with_exceptions = [i for i, one in enumerate(self.sets) if one.unless]
        return {i: len(self.sets) + place for place, i in enumerate(with_exceptions)}

    @cached_property
    def _alternations(self) -> list[list[Phrase]]:
        groups = [one.phrases for one in self.sets] + [one.unless for one in self.sets if one.unless]
        return [[compiled(phrase) for phrase in group] for group in groups]

    @cached_property
    def _searches(self) -> list[re.Pattern[str]]:
        return [re.compile("|".join(one.expression for one in group)) for group in self._alternations]

    @cached_property
    def _engine(self) -> Engine:
        makers: dict[EngineName, Callable[[], Engine]] = {
            "vectorscan": lambda: _Vectorscan(self._alternations),
            "re2": lambda: _Re2(self._alternations),
            "re": lambda: _Reference(self._searches),
        }
        if self.engine_name not in makers:
            raise RequestError(f"There is no engine {self.engine_name!r}. There are: {', '.join(ENGINES)}.")
        return makers[self.engine_name]()


def _line_by_line(ids: Callable[[str], set[int]], lines: Lines) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    found = [(i, line) for line in range(len(lines.starts)) for i in ids(lines.line(line))]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


class _Reference:
    """Plain `re`: the meaning, slow."""

    def __init__(self, searches: Sequence[re.Pattern[str]]) -> None:
        self._searches = searches

    def ids(self, text: str) -> set[int]:
        return {i for i, search in enumerate(self._searches) if search.search(text)}

    def pairs(self, lines: Lines) -> "tuple[np.ndarray, np.ndarray]":
        return _line_by_line(self.ids, lines)


class _Re2:
    """RE2's set of expressions, one text at a time; runs everywhere."""

    def __init__(self, alternations: Sequence[Sequence[Phrase]]) -> None:
        import re2

        options = re2.Options()
        options.max_mem = 512 << 20
        self._set: Any = re2.Set.SearchSet(options)
        for group in alternations:
            self._set.Add("|".join(simple for one in group for simple in one.simpler))
        self._set.Compile()

    def ids(self, text: str) -> set[int]:
        # No hit is None, not an empty list.
        return set(self._set.Match(text) or ())

    def pairs(self, lines: Lines) -> "tuple[np.ndarray, np.ndarray]":
        return _line_by_line(self.ids, lines)


class _Vectorscan:
    """Vectorscan in block mode: the whole buffer at once, or one text.

    It has lost matches of expressions that begin with many alternatives, depending on what stood before. So it gets one
    expression for each beginning, and before it is trusted with an alternation it must find every sample of it; RE2 takes those
    it loses.
    """

    def __init__(self, alternations: Sequence[Sequence[Phrase]]) -> None:
        import hyperscan

        flat = [(simple.encode(), i) for i, group in enumerate(alternations) for one in group for simple in one.simpler]
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            self._database.compile(
                expressions=[one for one, _ in flat],
                ids=[i for _, i in flat],
                elements=len(flat),
                flags=hyperscan.HS_FLAG_MULTILINE,
            )
        except hyperscan.error as error:
            raise ScorecardError(f"Vectorscan cannot compile the phrases: {error}.") from error
        self.lost = self._lost(alternations)
        self._other = _Re2([alternations[i] for i in self.lost]) if self.lost else None

    def _lost(self, alternations: Sequence[Sequence[Phrase]]) -> list[int]:
        """Return the alternations of which a sample is not found; none is known to be lost today."""
        import numpy as np

        samples = [
            (before + text, i)
            for i, group in enumerate(alternations)
            for one in group
            for text in one.samples
            for before in _BEFORE
        ]
        buffer = "\n".join(text for text, _ in samples).encode()
        ends = np.flatnonzero(np.frombuffer(buffer, dtype=np.uint8) == 10)
        starts = np.concatenate([[0], ends + 1])
        found = set(zip(*(one.tolist() for one in self._scan(buffer, starts)), strict=True))
        anchored = {i for i, group in enumerate(alternations) for one in group if one.expression.startswith("^")}
        return sorted({i for line, (_, i) in enumerate(samples) if (i, line) not in found} - anchored)

    def ids(self, text: str) -> set[int]:
        found = set[int]()
        self._database.scan(text.encode(), lambda i, _start, _end, _flags, _context: found.add(i))
        if self._other is None:
            return found
        return found.difference(self.lost) | {self.lost[i] for i in self._other.ids(text)}

    def pairs(self, lines: Lines) -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        sets, at = self._scan(lines.buffer, lines.starts)
        if self._other is None:
            return sets, at
        other_sets, other_at = self._other.pairs(lines)
        sure = ~np.isin(sets, self.lost)
        return np.concatenate([sets[sure], np.array(self.lost)[other_sets]]), np.concatenate([at[sure], other_at])

    def _scan(self, buffer: bytes, starts: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        found = list[int]()
        keep = found.append
        # One integer per hit: set above, end offset below. Every end is reported, so sets repeat within a line.
        if buffer:
            self._database.scan(buffer, lambda i, _start, end, _flags, _context: keep(i << 40 | end))
        packed = np.array(found, dtype=np.int64)
        ends = packed & ((1 << 40) - 1)
        return packed >> 40, np.searchsorted(starts, ends - 1, side="right") - 1
