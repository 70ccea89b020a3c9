"""Scores of many interactions at once: arrays instead of turns, the same rows as the fold.

Lives here: score_batch, and score_in_parts for days that do not fit in memory. Not here: what a rule means (fold.py and below),
arrays of turns (batch_turns.py), rules on arrays (batch_rules.py), tables (batch_rows.py).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftercall.contracts.columns import ANSWERS
from aftercall.contracts.lake_tables import SCORE_EVIDENCE, SCORE_QUESTION
from aftercall.scoring import batch_rows as rows
from aftercall.scoring.batch_proofs import NOT_SHOWN, NULLS, Verdicts, nulled
from aftercall.scoring.batch_rules import judge
from aftercall.scoring.batch_turns import Turns, arranged
from aftercall.scoring.fold import LOW_CONFIDENCE_THOUSANDTHS
from aftercall.scoring.form import SECTIONS, Form
from aftercall.scoring.forms import ROLE_CONFIDENCE_MIN, Facts, Forms
from aftercall.scoring.totals import totals

ScoreTables = rows.ScoreTables


@dataclass(slots=True)
class _Sheet:
    """Columns of score_interaction while the forms fill them in; −1 and NaN are null."""

    form: np.ndarray
    reason: list[str | None]
    numbers: dict[str, np.ndarray]
    called_for_n: np.ndarray
    is_autofail: np.ndarray


def score_batch(interactions: pa.Table, turns: pa.Table, forms: Forms) -> ScoreTables:
    """Return the scores of every interaction of a table.

    Args:
        interactions: the columns of core_interaction (interaction_id, day_on, channel, content_hash; the others may lack).
        turns: the columns of core_turn for them; turns of other interactions are left out.
        forms: the scorecards in force.

    Every interaction has a row in score_interaction; those that can be scored have one row per question. Equal to `score_one`
    for each, in any batch, in any order.
    """
    interactions = interactions.combine_chunks()
    n = interactions.num_rows
    ids, day_on = _strings(interactions, "interaction_id"), _strings(interactions, "day_on").fill_null("undated")
    form_of, reason_of = _gates(interactions, forms)
    sheet = _Sheet(
        form_of,
        reason_of,
        {name: np.full(n, np.nan) for name in (*SECTIONS, "overall", "score_before_autofail", "applied_weight_share")},
        np.zeros(n, dtype=np.int64),
        np.zeros(n, dtype=bool),
    )
    channels, channel_of = _codes(_strings(interactions, "channel"))
    question_parts, evidence_parts = [rows.no_rows(SCORE_QUESTION)], [rows.no_rows(SCORE_EVIDENCE)]
    for place, form in enumerate(forms.forms):
        at = np.flatnonzero((form_of == place) & np.array([reason is None for reason in reason_of], dtype=bool))
        if len(at):
            chosen = pa.array(at)
            keys = rows.Keys(ids.take(chosen), day_on.take(chosen), forms.epoch)
            mine = arranged(keys.interaction_id, turns, forms.reader, form)
            questions, evidence = _score_form(form, keys, mine, sheet, (at, channel_of[at], channels))
            question_parts.append(questions)
            evidence_parts.append(evidence)
    table = _interaction_table(interactions, ids, day_on, sheet, forms)
    return ScoreTables(table, pa.concat_tables(question_parts), pa.concat_tables(evidence_parts))


def _score_form(
    form: Form, keys: rows.Keys, turns: Turns, sheet: _Sheet, places: tuple[np.ndarray, np.ndarray, tuple[str, ...]]
) -> tuple[pa.Table, pa.Table]:
    """Score the interactions of one form; fill their places of the sheet and return their questions and evidence."""
    at, channel, channels = places
    reasons = _unscorable(turns, form.eligibility.min_turns)
    scorable = np.array([reason is None for reason in reasons], dtype=bool)
    verdicts = _verdicts(form, turns, channel, channels)
    answer = np.stack([rows.answers_of(one) for one in verdicts], axis=1)
    scored = np.isin(answer, (rows.YES, rows.NO, rows.PARTIAL))
    unscored = np.stack([rows.is_unscored(one) for one in verdicts], axis=1)
    share = np.stack([one.done_n / np.maximum(one.called_for_n, 1) for one in verdicts], axis=1)
    sums = totals(form, share, scored, unscored)
    missing = _missing_reasons(form, verdicts, unscored)
    for i, place in enumerate(at.tolist()):
        if reasons[i] is not None or np.isnan(sums.overall[i]):
            sheet.reason[place] = reasons[i] or missing[i]
    fine = at[scorable]
    sheet.numbers["overall"][fine] = sums.overall[scorable]
    sheet.numbers["score_before_autofail"][fine] = sums.before_autofail[scorable]
    sheet.numbers["applied_weight_share"][fine] = sums.applied_weight_share[scorable]
    for k, name in enumerate(SECTIONS):
        sheet.numbers[name][fine] = sums.sections[scorable, k]
    sheet.called_for_n[fine] = sums.called_for_n[scorable]
    sheet.is_autofail[fine] = sums.is_autofail[scorable]
    questions = rows.question_rows(form, keys, verdicts, np.flatnonzero(scorable))
    return questions, rows.evidence_rows(keys, turns, verdicts, form, scorable)


def _verdicts(form: Form, turns: Turns, channel: np.ndarray, channels: tuple[str, ...]) -> list[Verdicts]:
    """Return the verdicts of every question; one not shown waits for no verdict."""
    verdicts = dict[str, Verdicts]()
    for question in form.questions:
        one = judge(turns, question, channel, channels)
        if question.shown_if:
            wanted = [ANSWERS.index(name) for name in question.shown_if.answers]
            parent = rows.answers_of(verdicts[question.shown_if.question_id])
            one = nulled(one, ~np.isin(parent, wanted), NOT_SHOWN)
        verdicts[question.question_id] = one
    return list(verdicts.values())


def _unscorable(turns: Turns, min_turns: int) -> list[str | None]:
    """Return, for every interaction, why what was said cannot be scored; the order of the reasons is the fold's."""
    agent, customer = turns.count(turns.by("agent")), turns.count(turns.by("customer"))
    known = ~np.isnan(turns.confidence)
    thousandths = np.rint(np.where(known, turns.confidence, 0) * 1000)
    total = np.bincount(turns.of, weights=thousandths, minlength=turns.interaction_n)
    low = total < LOW_CONFIDENCE_THOUSANDTHS * turns.count(known)
    short = (agent == 0) | (customer == 0) | (agent + customer < min_turns)
    code = np.select([agent + customer == 0, short, low], [1, 2, 3], 0)
    names = (None, "no_transcript", "too_short", "low_asr_confidence")
    return [names[one] for one in code.tolist()]


def _missing_reasons(form: Form, verdicts: "list[Verdicts]", unscored: np.ndarray) -> list[str]:
    code = np.zeros(len(unscored), dtype=np.int64)
    for q in reversed(range(len(verdicts))):
        if not form.questions[q].is_advisory:
            code = np.where(unscored[:, q], verdicts[q].null, code)
    return [NULLS[one] or "nothing_called_for" for one in code.tolist()]


def _gates(interactions: pa.Table, forms: Forms) -> tuple[np.ndarray, list[str | None]]:
    """Return each interaction's form (place, −1 for none) and gate reason; each distinct set of facts is judged once."""
    names = ("channel", "queue", "intent", "language", "transcript_state")
    columns = [_strings(interactions, name).to_pylist() for name in names]
    columns += [_days(interactions, forms), _states(interactions, forms)]
    role = _numbers(interactions, "role_confidence")
    uncertain = (role < ROLE_CONFIDENCE_MIN).tolist()
    known: dict[tuple[object, ...], tuple[int, str | None]] = {}
    form_of, reasons = list[int](), list[str | None]()
    for facts in zip(*columns, uncertain, strict=True):
        if facts not in known:
            channel, queue, intent, language, transcript, day_on, state, is_uncertain = facts
            form, reason = forms.gate(
                Facts(str(channel), queue, intent, language, transcript or "ok", is_uncertain, day_on, state)
            )
            known[facts] = forms.forms.index(form) if form else -1, reason
        place, reason = known[facts]
        form_of.append(place)
        reasons.append(reason)
    return np.array(form_of, dtype=np.int64), reasons


def _days(interactions: pa.Table, forms: Forms) -> list[str | None]:
    """Return the day each interaction started on, UTC; all None when no form has several versions to choose among."""
    if not forms.has_versions or "started_at" not in interactions.column_names:
        return [None] * interactions.num_rows
    return [None if at is None else at.date().isoformat() for at in interactions["started_at"].to_pylist()]


def _states(interactions: pa.Table, forms: Forms) -> list[str | None]:
    """Return the states of residence; all None when no form asks for them."""
    if not any(form.eligibility.states for form in forms.forms):
        return [None] * interactions.num_rows
    found = [json.loads(text or "{}").get("state") for text in _strings(interactions, "attributes_json").to_pylist()]
    return [state if isinstance(state, str) else None for state in found]


def _interaction_table(interactions: pa.Table, ids: pa.Array, day_on: pa.Array, sheet: _Sheet, forms: Forms) -> pa.Table:
    versions = _strings(interactions, "content_hash").fill_null("").to_pylist()
    columns: dict[str, pa.Array] = {
        "interaction_id": ids,
        "score_epoch": rows.constant(forms.epoch, len(ids)),
        "day_on": day_on,
        "scorecard_id": rows.coded(sheet.form, [form.form_id for form in forms.forms]),
        "scorecard_version": rows.coded(sheet.form, [form.version for form in forms.forms]),
        "null_reason": pa.array(sheet.reason, pa.string()),
        "is_autofail": pa.array(sheet.is_autofail),
        "called_for_n": pa.array(sheet.called_for_n),
        "score_key": pa.array([forms.score_key(version) for version in versions], pa.string()),
        **{name: rows.real(values) for name, values in sheet.numbers.items()},
    }
    return rows.interaction_rows(columns)


def _strings(table: pa.Table, name: str) -> pa.Array:
    """Return a text column in one piece; all null when the table has not got it."""
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    column = table[name].cast(pa.string())
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], pa.string())])


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return table[name].cast(pa.float64()).fill_null(np.nan).to_numpy()


def _codes(column: pa.Array) -> tuple[tuple[str, ...], np.ndarray]:
    encoded = column.fill_null("").dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def score_in_parts(
    interactions: pa.Table, turns_of: Callable[[pa.Table], pa.Table], forms: Forms, *, part_n: int = 20_000
) -> Iterator[ScoreTables]:
    """Yield the scores of `part_n` interactions at a time, so that memory stays bounded on a large day.

    `turns_of` returns the turns of a part's interactions; no score depends on the parts.
    """
    for start in range(0, interactions.num_rows, part_n):
        part = interactions.slice(start, part_n)
        yield score_batch(part, turns_of(part), forms)


def turns_by_id(turns: pa.Table) -> Callable[[pa.Table], pa.Table]:
    """Return a reader of a part's turns out of one table that holds them all."""

    def reader(part: pa.Table) -> pa.Table:
        wanted = pc.SetLookupOptions(value_set=_strings(part, "interaction_id"))
        return turns.filter(pc.call_function("is_in", [turns["interaction_id"].cast(pa.string())], wanted))

    return reader
