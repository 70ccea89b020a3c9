"""The three score tables from arrays of verdicts.

Lives here: arrays -> Arrow tables shaped as score_interaction, score_question and score_evidence.
Not here: verdicts (batch_rules.py, batch_times.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftercall.contracts.columns import ANSWERS
from aftercall.contracts.frames import arrow_schema
from aftercall.contracts.lake_tables import SCORE_EVIDENCE, SCORE_INTERACTION, SCORE_QUESTION
from aftercall.contracts.table import Table
from aftercall.scoring.batch_proofs import NOT_ELIGIBLE, NOT_SHOWN, NULLS, Proofs, Verdicts
from aftercall.scoring.batch_turns import Turns
from aftercall.scoring.form import Form, Question
from aftercall.scoring.heard import QUOTE_CHARACTERS, quote_of
from aftercall.scoring.reader import Reader
from aftercall.scoring.score import answer_name, reason_of

# Places in ANSWERS; −1 is 'no answer'.
YES, NO, PARTIAL, NA = (ANSWERS.index(name) for name in ("yes", "no", "partial", "na"))


@dataclass(frozen=True, slots=True)
class ScoreTables:
    """Scores of a batch, shaped as the contract tables of the same names."""

    score_interaction: pa.Table
    score_question: pa.Table
    score_evidence: pa.Table


@dataclass(frozen=True, slots=True)
class Keys:
    """What every row of one form's interactions carries."""

    interaction_id: pa.Array
    day_on: pa.Array
    epoch: str


def answers_of(verdicts: Verdicts) -> np.ndarray:
    """Return the answer of every interaction as a place in ANSWERS, −1 for none."""
    called, done = verdicts.called_for_n, verdicts.done_n
    answer = np.select([called == 0, done == called, done == 0], [NA, YES, NO], PARTIAL)
    return np.where(verdicts.null > 0, -1, answer)


def is_unscored(verdicts: Verdicts) -> np.ndarray:
    """Return where an answer should have counted and could not be given."""
    return (verdicts.null > 0) & (verdicts.null != NOT_ELIGIBLE) & (verdicts.null != NOT_SHOWN)


def coded(codes: np.ndarray, values: Sequence[str]) -> pa.Array:
    """Return strings by code; −1 is null."""
    known = np.asarray(codes, dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(known, mask=known < 0), pa.array(values, pa.string())).cast(pa.string())


def constant(value: str | None, n: int) -> pa.Array:
    """Return n times the same string."""
    return coded(np.full(n, 0 if value is not None else -1), [value or ""])


def real(values: np.ndarray) -> pa.Array:
    """Return floats with NaN as null."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def shaped(table: Table, columns: "dict[str, pa.Array]") -> pa.Table:
    """Return the columns in the order and types of the contract."""
    schema = arrow_schema(table)
    return pa.Table.from_arrays([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def no_rows(table: Table) -> pa.Table:
    """Return the contract's table without rows."""
    return arrow_schema(table).empty_table()


def question_rows(form: Form, keys: Keys, verdicts: Sequence[Verdicts], rows: np.ndarray) -> pa.Table:
    """Return one row per interaction in `rows` and question of the form, interaction by interaction."""
    if not len(rows) or not verdicts:
        return no_rows(SCORE_QUESTION)
    n, q = len(rows), len(verdicts)
    picked = [Verdicts(v.called_for_n[rows], v.done_n[rows], v.null[rows], v.proofs) for v in verdicts]
    answer = np.stack([answers_of(v) for v in picked], axis=1)
    null = np.stack([v.null for v in picked], axis=1).reshape(-1).astype(np.int64)
    called, done = (np.stack([getattr(v, name) for v in picked], axis=1) for name in ("called_for_n", "done_n"))
    points = np.array([question.points for question in form.questions])
    scored = np.isin(answer, (YES, NO, PARTIAL))
    earned = np.where(scored, points * (done / np.maximum(called, 1)), np.nan)
    reasons, reason_at = _reasons(form.questions, picked)
    each_q, each_row = np.tile(np.arange(q), n), pa.array(np.repeat(rows, q))
    columns: dict[str, pa.Array] = {
        "interaction_id": keys.interaction_id.take(each_row),
        "question_id": coded(each_q, [one.question_id for one in form.questions]),
        "score_epoch": constant(keys.epoch, n * q),
        "day_on": keys.day_on.take(each_row),
        "section_id": coded(each_q, [one.section for one in form.questions]),
        "behaviour_id": coded(each_q, [one.behaviour for one in form.questions]),
        "answer": coded(answer.reshape(-1), ANSWERS),
        "null_reason": coded(np.where(null > 0, null, -1), NULLS),
        "points": real(earned.reshape(-1)),
        "points_possible": pa.array(np.tile(points, n)),
        "called_for_n": pa.array(called.reshape(-1)),
        "done_n": pa.array(done.reshape(-1)),
        "is_advisory": pa.array(np.tile([one.is_advisory for one in form.questions], n)),
        "reason": coded(reason_at.reshape(-1), reasons),
    }
    return shaped(SCORE_QUESTION, columns)


def _reasons(questions: Sequence[Question], verdicts: Sequence[Verdicts]) -> tuple[list[str], np.ndarray]:
    """Return the sentences, and which one belongs to each interaction and question."""
    sentences, columns = list[str](), list[np.ndarray]()
    for question, one in zip(questions, verdicts, strict=True):
        packed = one.null.astype(np.int64) << 40 | one.called_for_n << 20 | one.done_n
        kinds, at = np.unique(packed, return_inverse=True)
        columns.append(at.reshape(-1) + len(sentences))
        for kind in kinds.tolist():
            null, called, done = NULLS[kind >> 40] or None, kind >> 20 & 0xFFFFF, kind & 0xFFFFF
            sentences.append(reason_of(question, answer_name(called, done, null), null, called, done))
    return sentences, np.stack(columns, axis=1)


def evidence_rows(keys: Keys, turns: Turns, verdicts: Sequence[Verdicts], form: Form, is_scorable: np.ndarray) -> pa.Table:
    """Return one row per quote or searched interval, by interaction, question and place."""
    parts = [(q, one.proofs) for q, one in enumerate(verdicts) if len(one.proofs.of)]
    if not parts:
        return no_rows(SCORE_EVIDENCE)
    of = np.concatenate([proofs.of for _, proofs in parts])
    question = np.concatenate([np.full(len(proofs.of), q) for q, proofs in parts])
    order = np.lexsort((question, of))
    order = order[is_scorable[of[order]]]
    of, question = of[order], question[order]
    group = of * len(verdicts) + question
    quoted, first, last, from_s, to_s = (
        np.concatenate([getattr(proofs, name) for _, proofs in parts])[order]
        for name in ("quoted", "first", "last", "from_s", "to_s")
    )
    quote = _quotes(turns, parts, quoted, order)
    own_from, own_to = _turn_times(turns, first, last)
    from_s, to_s = np.where(np.isnan(from_s), own_from, from_s), np.where(np.isnan(to_s), own_to, to_s)
    untimed = np.isnan(from_s) | np.isnan(to_s)
    at = pa.array(of)
    columns: dict[str, pa.Array] = {
        "interaction_id": keys.interaction_id.take(at),
        "question_id": coded(question, [one.question_id for one in form.questions]),
        "evidence_no": pa.array(np.arange(len(of)) - np.searchsorted(group, group, side="left")),
        "score_epoch": constant(keys.epoch, len(of)),
        "day_on": keys.day_on.take(at),
        "turn": _turn_at(turns, quoted),
        "start_s": real(np.where(quoted >= 0, turns.start_s[quoted], np.nan)),
        "quote": quote,
        "searched_start_s": real(np.where(untimed, np.nan, from_s)),
        "searched_end_s": real(np.where(untimed, np.nan, to_s)),
        "searched_first_turn": _turn_at(turns, first),
        "searched_last_turn": _turn_at(turns, last),
    }
    return shaped(SCORE_EVIDENCE, columns)


def _turn_at(turns: Turns, rows: np.ndarray) -> pa.Array:
    return pa.array(turns.turn[rows], pa.int64(), mask=rows < 0)


def _turn_times(turns: Turns, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    end_s = np.where(np.isnan(turns.end_s), turns.start_s, turns.end_s)
    return np.where(first >= 0, turns.start_s[first], np.nan), np.where(last >= 0, end_s[last], np.nan)


def _quotes(turns: Turns, parts: "list[tuple[int, Proofs]]", quoted: np.ndarray, order: np.ndarray) -> pa.Array:
    """Return the quoted texts; the few long ones are cut around what was found, each distinct one once."""
    names_of, offset = list[tuple[str, ...]](), list[np.ndarray]()
    for _, proofs in parts:
        offset.append(np.where(proofs.names >= 0, proofs.names + len(names_of), -1))
        names_of.extend(proofs.sets)
    names = np.concatenate(offset)[order]
    text_at = np.where(quoted >= 0, turns.text_of[quoted], -1)
    long = np.flatnonzero((text_at >= 0) & _is_long(turns.texts)[text_at])
    whole = turns.texts.cast(pa.string())
    if not len(long):
        return whole.take(pa.array(text_at, mask=text_at < 0))
    pairs, at = np.unique(text_at[long] * len(names_of) + names[long], return_inverse=True)
    cut = [_cut(whole, names_of, turns.reader, int(pair)) for pair in pairs]
    place = text_at.copy()
    place[long] = len(whole) + at.reshape(-1)
    return pa.concat_arrays([whole, pa.array(cut, pa.string())]).take(pa.array(place, mask=place < 0))


def _cut(texts: pa.Array, names_of: "list[tuple[str, ...]]", reader: Reader, pair: int) -> str:
    return quote_of(texts[pair // len(names_of)].as_py(), names_of[pair % len(names_of)], reader)


def _is_long(texts: pa.Array) -> np.ndarray:
    return pc.call_function("utf8_length", [texts]).to_numpy(zero_copy_only=False) > QUOTE_CHARACTERS


def interaction_rows(columns: "dict[str, pa.Array]") -> pa.Table:
    """Return the rows of score_interaction."""
    return shaped(SCORE_INTERACTION, columns)
