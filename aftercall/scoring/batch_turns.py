"""A batch's turns as arrays in the order of the fold, and what each surely or perhaps says.

Lives here: Arrow tables -> Turns. Not here: rules on them (batch_rules.py), tables of scores (batch_rows.py).

Every distinct text of a side is normalised, matched and read by the model once, only for what the form looks for there; half of
the turns of real chats are repeats.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftercall.scoring.form import Form
from aftercall.scoring.heard import UNCLEAR_BELOW_THOUSANDTHS
from aftercall.scoring.reader import Reader
from aftercall.text.normalise import normalise_bulk

SPEAKER_CODE = {"agent": 0, "customer": 1}
_TURN_COLUMNS = ("interaction_id", "turn", "speaker", "start_s", "end_s", "text", "confidence")
NO_TIME = np.iinfo(np.int64).min


_NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Found:
    """Of one side: the distinct texts that surely and perhaps hold each set, and a mask of those the model could not read."""

    sure: dict[str, np.ndarray]
    perhaps: dict[str, np.ndarray]
    is_unread: np.ndarray


@dataclass(frozen=True)
class Turns:
    """n turns of agents and customers, sorted by interaction and then as the fold hears them.

    Times in seconds, NaN is 'not recorded'. `of` is the place of the turn's interaction; `starts[i]:starts[i + 1]` are the rows
    of interaction i; `text_of` points into `texts`.
    """

    interaction_n: int
    of: np.ndarray
    starts: np.ndarray
    turn: np.ndarray
    speaker: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    confidence: np.ndarray
    text_of: np.ndarray
    texts: pa.Array
    reader: Reader
    asked: dict[str, frozenset[str]]
    _rows: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict[tuple[str, ...], np.ndarray])

    def says(self, names: tuple[str, ...]) -> np.ndarray:
        """Return, for every turn, whether it surely says any of the sets (and the form looks for it on that side)."""
        return self._with(("sure", *names), names, with_perhaps=False) & ~self.is_unclear

    def hints_at(self, names: tuple[str, ...]) -> np.ndarray:
        """Return, for every turn, whether there is a sign of any of the sets, sure or not."""
        return self._with(("perhaps", *names), names, with_perhaps=True)

    def might_say(self, names: tuple[str, ...]) -> np.ndarray:
        """Return, for every turn, whether it cannot be ruled out that it says any of the sets."""
        return self.hints_at(names) | self.is_unclear if names else np.zeros(len(self.of), dtype=bool)

    def _with(self, key: tuple[str, ...], names: tuple[str, ...], *, with_perhaps: bool) -> np.ndarray:
        if key not in self._rows:
            rows = np.zeros(len(self.of), dtype=bool)
            for speaker, found in self._found.items():
                text_says = np.zeros(len(self.texts), dtype=bool)
                for name in names:
                    text_says[found.sure.get(name, _NOTHING)] = True
                    if with_perhaps:
                        text_says[found.perhaps.get(name, _NOTHING)] = True
                rows |= text_says[self.text_of] & self.by(speaker)
            self._rows[key] = rows
        return self._rows[key]

    def by(self, speaker: str) -> np.ndarray:
        """Return, for every turn, whether it is the speaker's."""
        return self.speaker == SPEAKER_CODE[speaker]

    @cached_property
    def is_unclear(self) -> np.ndarray:
        """Return, for every turn, whether the recogniser was too unsure of its words for them to prove anything."""
        known = ~np.isnan(self.confidence)
        return known & (np.rint(np.where(known, self.confidence, 1) * 1000) < UNCLEAR_BELOW_THOUSANDTHS)

    def has_unread(self, speaker: str) -> np.ndarray:
        """Return, for every interaction, whether the text model could not read a turn of the speaker."""
        rows = self._found[speaker].is_unread[self.text_of] & self.by(speaker)
        return self.count(rows) > 0

    @cached_property
    def _found(self) -> "dict[str, _Found]":
        """For each side, what the distinct texts of its turns say of all that the form looks for there."""
        return {speaker: self._found_of(speaker, names) for speaker, names in self.asked.items()}

    def _found_of(self, speaker: str, names: frozenset[str]) -> "_Found":
        is_said = np.zeros(len(self.texts), dtype=bool)
        is_said[self.text_of[self.by(speaker)]] = True
        said = np.flatnonzero(is_said)
        texts = self.texts.take(pa.array(said))
        lines = normalise_bulk(texts)
        hits = self.reader.matcher.only(names).match_bulk(lines)
        sure, perhaps, unread = self.reader.read_many(speaker, texts.to_pylist() if self.reader.model else ())
        is_unread = np.zeros(len(self.texts), dtype=bool)
        is_unread[said[np.flatnonzero(unread)]] = True
        found = {name: said[lines.text_of[at]] for name, at in hits.items()}
        for name, at in sure.items():
            found[name] = np.concatenate([found.get(name, _NOTHING), said[at]])
        return _Found(found, {name: said[at] for name, at in perhaps.items()}, is_unread)

    @cached_property
    def start_ms(self) -> np.ndarray:
        """Starts in whole milliseconds; NO_TIME where not recorded."""
        return _ms(self.start_s)

    @cached_property
    def end_ms(self) -> np.ndarray:
        """Ends in whole milliseconds, the start where only that was recorded."""
        return _ms(np.where(np.isnan(self.end_s), self.start_s, self.end_s))

    @cached_property
    def has_untimed(self) -> np.ndarray:
        """Return, for every interaction, whether one of its turns lacks its start."""
        return np.bincount(self.of[np.isnan(self.start_s)], minlength=self.interaction_n) > 0

    def count(self, rows: np.ndarray) -> np.ndarray:
        """Return how many of the rows (a mask) each interaction has."""
        return np.bincount(self.of[rows], minlength=self.interaction_n)


def _ms(seconds: np.ndarray) -> np.ndarray:
    known = ~np.isnan(seconds)
    return np.where(known, np.rint(np.where(known, seconds, 0) * 1000).astype(np.int64), NO_TIME)


def arranged(interaction_ids: pa.Array, turns: pa.Table, reader: Reader, form: Form) -> Turns:
    """Return the turns of the given interactions (a table with core_turn's columns; rows of others are left out)."""
    table = turns.select([name for name in _TURN_COLUMNS if name in turns.column_names]).combine_chunks()
    of = _places(table["interaction_id"], interaction_ids)
    if of.null_count:
        table, of = table.filter(of.is_valid()), of.drop_null()
    of_np = _flat(of).to_numpy(zero_copy_only=False).astype(np.int64)
    turn = _numbers(table, "turn").astype(np.int64)
    start_s = _numbers(table, "start_s")
    order = _fold_order(of_np, turn, start_s)
    speaker = _flat(_places(table["speaker"], pa.array(list(SPEAKER_CODE)))).fill_null(-1).to_numpy(zero_copy_only=False)
    # The system says nothing that is scored; its times have done their part in the order.
    spoken = order[speaker[order] >= 0]
    coded = _flat(table["text"]).cast(pa.large_string()).dictionary_encode()
    of_sorted = of_np[spoken]
    return Turns(
        len(interaction_ids),
        of_sorted,
        np.searchsorted(of_sorted, np.arange(len(interaction_ids) + 1)),
        turn[spoken],
        speaker[spoken].astype(np.int8),
        start_s[spoken],
        _numbers(table, "end_s")[spoken],
        _numbers(table, "confidence")[spoken],
        coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)[spoken],
        coded.dictionary,
        reader,
        {"agent": form.asked_of("agent"), "customer": form.asked_of("customer")},
    )


def _places(column: pa.ChunkedArray, values: pa.Array) -> "pa.ChunkedArray":
    """Return where each string stands among the values, null for one that does not."""
    # Polars hands over string views; Arrow's kernels want one kind of string on both sides.
    options = pc.SetLookupOptions(value_set=values.cast(pa.string()))
    return pc.call_function("index_in", [column.cast(pa.string())], options)


def _flat(column: "pa.ChunkedArray | pa.Array") -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    return column


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as floats, NaN for null and for a column the table has not."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return _flat(table[name]).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)


def _fold_order(of: np.ndarray, turn: np.ndarray, start_s: np.ndarray) -> np.ndarray:
    """Return the rows by interaction and (start, turn); a turn without a start keeps its place after the one before it."""
    by_line = np.arange(len(of))
    if not _ascending(of, turn):
        by_line = np.lexsort((turn, of))
    of, start_s = of[by_line], start_s[by_line]
    first = np.ones(len(of), dtype=bool)
    first[1:] = of[1:] != of[:-1]
    source = np.maximum.accumulate(np.where(first | ~np.isnan(start_s), np.arange(len(of)), 0))
    carried = np.nan_to_num(start_s[source], nan=0.0)
    if _ascending(of, carried):
        return by_line
    return by_line[np.lexsort((turn[by_line], carried, of))]


def _ascending(major: np.ndarray, minor: np.ndarray) -> bool:
    """Return whether rows already ascend by (major, minor)."""
    same = major[1:] == major[:-1]
    return bool(np.all(np.where(same, minor[1:] >= minor[:-1], major[1:] > major[:-1])))
