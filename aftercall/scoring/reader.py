"""What a text says: phrase sets by the matcher, and the text model's heads in the place of phrases, under one name each.

Lives here: Reader, one text at a time or many, alike. Not here: rules (sighting.py, moments.py), turns and quotes (heard.py),
finding phrases (aftercall.text.match), the model itself (aftercall.text.signals).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring.form import Party, Reading
from aftercall.text.match import Matcher
from aftercall.text.normalise import normalise
from aftercall.text.signals import TextModel

ModelState = Literal["", "model_missing", "model_error"]
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


@dataclass(frozen=True, slots=True)
class Said:
    """The sets a text surely holds, those it perhaps holds, and whether the model failed to read it."""

    sure: frozenset[str]
    perhaps: frozenset[str]
    is_unread: bool = False


@dataclass(frozen=True)
class Reader:
    """Reads texts for the forms in force.

    `asked` names, for each side, the readings the forms look for there: the model reads no turn it is not asked about.
    `state` says why there is no model; questions that need one are then null for that reason, never judged by less.
    """

    matcher: Matcher
    readings: tuple[Reading, ...] = ()
    asked: tuple[tuple[Party, frozenset[str]], ...] = ()
    model: TextModel | None = field(default=None, compare=False)
    state: ModelState = ""

    def read(self, speaker: str, text: str) -> Said:
        """Return what one turn says."""
        found = self.matcher.match(normalise(text))
        wanted = self._wanted(speaker)
        if self.model is None or not wanted:
            return Said(found, frozenset())
        values = self.model.values([text])[0]
        if np.isnan(values).any():
            return Said(found, frozenset(), is_unread=True)
        sure = frozenset(one.name for one, at in wanted if values[at] >= one.sure)
        perhaps = frozenset(one.name for one, at in wanted if one.maybe <= values[at] < one.sure)
        return Said(found | sure, perhaps - found)

    def read_many(
        self, speaker: str, texts: Sequence[str]
    ) -> "tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]":
        """Return, by reading, the places of texts that surely and perhaps hold it, and a mask of those that were not read.

        Equal to `read` text by text; phrases are searched elsewhere, all texts at once.
        """
        wanted = self._wanted(speaker)
        if self.model is None or not wanted or not len(texts):
            return {}, {}, np.zeros(len(texts), dtype=bool)
        values = self.model.values(texts)
        unread = np.asarray(np.isnan(values).any(axis=1))
        with np.errstate(invalid="ignore"):
            sure = {one.name: np.flatnonzero(values[:, at] >= one.sure) for one, at in wanted}
            perhaps = {
                one.name: np.flatnonzero((values[:, at] >= one.maybe) & (values[:, at] < one.sure)) for one, at in wanted
            }
        return sure, perhaps, unread

    def strongest(self, text: str, names: tuple[str, ...]) -> tuple[int, int]:
        """Return the (start, end) of the sentence of a text in which the model finds most of the named readings."""
        wanted = [at for party, _ in self.asked for one, at in self._wanted(party) if one.name in names]
        spans = [found.span() for found in _SENTENCE.finditer(text)]
        if self.model is None or not wanted or not spans:
            return (0, 0)
        values = self.model.values([text[start:end] for start, end in spans])[:, wanted]
        return spans[int(np.argmax(np.nan_to_num(values, nan=-1.0).max(axis=1)))]

    def _wanted(self, speaker: str) -> "list[tuple[Reading, int]]":
        return self._places.get(speaker, [])

    @cached_property
    def _places(self) -> "dict[str, list[tuple[Reading, int]]]":
        """For each side, the readings asked for there and the place of their head among the model's values."""
        if self.model is None:
            return {}
        heads = {head: at for at, head in enumerate(self.model.heads)}
        unknown = sorted({one.head for one in self.readings} - set(heads))
        if unknown:
            raise ScorecardError(f"The text model has no head {', '.join(unknown)}. It has: {', '.join(heads)}.")
        return {party: [(one, heads[one.head]) for one in self.readings if one.name in names] for party, names in self.asked}
