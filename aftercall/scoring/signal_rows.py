"""Per-turn signals of many interactions as rows of score_signal: arrays instead of turns, the same values.

Lives here: `signal_table`. Not here: what a signal means (turn_signals.py), the model (aftercall.text.signals).

Every distinct text is normalised, matched and read once; times are worked out in whole milliseconds, as the fold does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftercall.contracts.columns import SPEAKERS
from aftercall.contracts.frames import arrow_schema
from aftercall.contracts.lake_tables import SCORE_SIGNAL
from aftercall.contracts.signal_columns import MODEL_SIGNALS, is_read_of
from aftercall.scoring.turn_signals import RULES, WITHHELD, TurnReader, word_count
from aftercall.text.normalise import normalise_bulk

AGENT, CUSTOMER, SYSTEM = (SPEAKERS.index(name) for name in ("agent", "customer", "system"))
_NONE = np.iinfo(np.int64).min
# No conversation is longer than this many milliseconds; it sets interactions apart when running maxima cross them.
_APART_MS = np.int64(1) << 42


@dataclass(frozen=True, slots=True)
class _Rows:
    """n turns sorted by interaction and as the fold hears them; `is_first` marks the first of each interaction."""

    of: np.ndarray
    turn: np.ndarray
    speaker: np.ndarray
    start_ms: np.ndarray
    end_ms: np.ndarray
    text_of: np.ndarray
    texts: list[str]

    @property
    def is_first(self) -> np.ndarray:
        return np.append(True, self.of[1:] != self.of[:-1])[: len(self.of)]


def signal_table(interactions: pa.Table, turns: pa.Table, reader: TurnReader, epoch: str) -> pa.Table:
    """Return score_signal for the given interactions: one row per turn, in the order of the fold.

    Args: interactions, interaction_id, day_on and null_reason of their scores; turns, columns of core_turn (turns of other
        interactions are left out).
    Equal to `signal_lines` turn by turn, in any batch.
    """
    ids, day_on = _strings(interactions, "interaction_id"), _strings(interactions, "day_on")
    rows = _arranged(ids, turns)
    n = len(rows.of)
    withheld = _places(_strings(interactions, "null_reason"), WITHHELD)[rows.of]
    is_read = withheld < 0
    words, rules, values = _read(rows, reader, (rows.speaker != SYSTEM) & is_read)
    is_system, is_mute = rows.speaker == SYSTEM, words == 0
    speaks = ~is_system & ~is_mute & is_read
    unread = np.isnan(values).sum(axis=1) > 0
    columns: dict[str, pa.Array] = {
        "interaction_id": ids.take(pa.array(rows.of)),
        "turn": pa.array(rows.turn),
        "score_epoch": _constant(epoch, n),
        "day_on": day_on.take(pa.array(rows.of)),
        "speaker": _coded(rows.speaker, SPEAKERS),
        "text_model_version": _constant(reader.model.version if reader.model else None, n),
        "null_reason": _reasons(withheld, speaks, is_system, unread, reader.state),
    }
    place = {name: at for at, name in enumerate(reader.heads)}
    for column in MODEL_SIGNALS:
        asked = _sides(column.name, rows.speaker) & speaks & ~unread
        known = values[:, place[column.name]] if column.name in place else np.full(n, np.nan)
        columns[column.name] = _real(np.where(asked, known, np.nan))
    for name in RULES:
        columns[name] = _real(np.where(speaks, rules[name], np.nan))
    columns |= {name: _real(np.where(is_read, times, np.nan)) for name, times in _times(rows, words).items()}
    schema = arrow_schema(SCORE_SIGNAL)
    return pa.Table.from_arrays([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def _arranged(ids: pa.Array, turns: pa.Table) -> _Rows:
    table = turns.combine_chunks()
    place = _places(_strings(table, "interaction_id"), ids)
    if (place < 0).any():
        table, place = table.filter(pa.array(place >= 0)), place[place >= 0]
    turn = _flat(table["turn"]).cast(pa.int64()).to_numpy(zero_copy_only=False)
    start_ms, end_ms = _ms(table, "start_s"), _ms(table, "end_s")
    speaker = _places(_strings(table, "speaker"), SPEAKERS)
    order = np.lexsort((turn, place))
    # A turn without a start keeps its place after the one before it.
    carried = start_ms[order]
    is_first = np.append(True, place[order][1:] != place[order][:-1])[: len(order)]
    source = np.maximum.accumulate(np.where(is_first | (carried != _NONE), np.arange(len(order)), 0))
    carried = carried[source]
    carried = np.where(carried == _NONE, 0, carried)
    order = order[np.lexsort((turn[order], carried, place[order]))]
    coded = _strings(table, "text").dictionary_encode()
    text_of = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    texts = coded.dictionary.to_pylist()
    return _Rows(place[order], turn[order], speaker[order], start_ms[order], end_ms[order], text_of[order], texts)


def _read(rows: _Rows, reader: TurnReader, is_asked: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Return (words, rule hits, model values) of every row; texts of no row that is asked for are not read."""
    said = np.unique(rows.text_of[is_asked])
    words = np.array([word_count(text) for text in rows.texts], dtype=np.int64)
    hits = {name: np.zeros(len(rows.texts)) for name in RULES}
    values = np.full((len(rows.texts), len(reader.heads)), np.nan)
    said = said[words[said] > 0]
    if len(said):
        texts = [rows.texts[at] for at in said.tolist()]
        lines = normalise_bulk(pa.array(texts, pa.large_string()))
        found = reader.matcher.match_bulk(lines)
        for name, phrases in RULES.items():
            hits[name][said[lines.text_of[found[phrases]]]] = 1.0
        values[said] = reader.values(texts)
    return words[rows.text_of], {name: hit[rows.text_of] for name, hit in hits.items()}, values[rows.text_of]


def _times(rows: _Rows, words: np.ndarray) -> dict[str, np.ndarray]:
    start, end, first = rows.start_ms, rows.end_ms, rows.is_first
    is_system, is_agent = rows.speaker == SYSTEM, rows.speaker == AGENT
    until = np.where(end != _NONE, end, start)
    timed = start != _NONE
    last = _latest_before(rows, until, until != _NONE)
    silence = np.where(timed & (last != _NONE), np.maximum(start - last, 0) / 1000, np.nan)
    # The turn before, of agent or customer: the system's turns stand between without answering.
    at = np.flatnonzero(~is_system)
    before = np.full(len(start), -1)
    before[at[1:]] = np.where(rows.of[at[1:]] == rows.of[at[:-1]], at[:-1], -1)
    answers = timed & is_agent & (before >= 0) & (rows.speaker[before] == CUSTOMER) & (until[before] != _NONE)
    response = np.where(answers, np.maximum(start - until[before], 0) / 1000, np.nan)
    spoken = timed & (end != _NONE) & (end > start) & ~is_system
    other = np.where(
        is_agent, _latest_before(rows, end, spoken & (rows.speaker == CUSTOMER)), _latest_before(rows, end, spoken & is_agent)
    )
    shared = np.maximum(np.minimum(end, np.where(other == _NONE, start, other)) - start, 0) / 1000
    length = np.where(spoken, end - start, 1)
    pace = np.where(spoken & (words > 0), np.round(words * 60_000 / length, 1), np.nan)
    return {
        "response_s": response,
        "overlap_s": np.where(spoken, shared, np.nan),
        "silence_before_s": np.where(first, np.nan, silence),
        "words_per_min": pace,
    }


def _latest_before(rows: _Rows, when_ms: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return, for every row, the latest time among the rows before it in its interaction that count; _NONE without any."""
    base = rows.of * _APART_MS
    # Times are never negative, so an interaction's own floor lies above everything of the one before.
    marks = np.where(counts, base + 1 + np.where(counts, when_ms, 0), base)
    running = np.maximum.accumulate(marks) if len(marks) else marks
    latest = np.append(np.int64(0), running[:-1])[: len(marks)] - base - 1
    return np.where(rows.is_first | (latest < 0), _NONE, latest)


def _sides(name: str, speaker: np.ndarray) -> np.ndarray:
    return ((speaker == AGENT) & is_read_of(name, "agent")) | ((speaker == CUSTOMER) & is_read_of(name, "customer"))


def _reasons(withheld: np.ndarray, speaks: np.ndarray, is_system: np.ndarray, unread: np.ndarray, state: str) -> pa.Array:
    names = ("too_short", "model_error", "model_missing", *WITHHELD)
    code = np.select(
        [withheld >= 0, is_system, ~speaks, unread], [withheld + 3, -1, 0, names.index(state or "model_error")], -1
    )
    return _coded(code, names)


def _places(column: pa.Array, values: "Sequence[str] | pa.Array") -> np.ndarray:
    """Return where each string stands among the values, −1 for one that does not."""
    options = pc.SetLookupOptions(value_set=values if isinstance(values, pa.Array) else pa.array(values, pa.string()))
    return pc.call_function("index_in", [column], options).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _strings(table: pa.Table, name: str) -> pa.Array:
    """Return a text column as one array of one kind, null where there is none: Polars hands over string views."""
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    return _flat(table[name].cast(pa.string()))


def _flat(column: "pa.ChunkedArray | pa.Array") -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    return column


def _ms(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        return np.full(table.num_rows, _NONE)
    seconds = _flat(table[name]).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    known = ~np.isnan(seconds)
    return np.where(known, np.rint(np.where(known, seconds, 0) * 1000).astype(np.int64), _NONE)


def _real(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _coded(codes: np.ndarray, values: "tuple[str, ...]") -> pa.Array:
    known = codes.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(known, mask=known < 0), pa.array(values, pa.string())).cast(pa.string())


def _constant(value: str | None, n: int) -> pa.Array:
    return pa.nulls(n, pa.string()) if value is None else pa.repeat(pa.scalar(value), n)
