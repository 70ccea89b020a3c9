"""The batch path and the fold give the same rows: any interactions, any cut, any split, any order, any engine."""

import json
import pickle
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.records import Interaction, Turn, content_hash, from_line, to_line
from aftercall.scoring.batch import score_batch, score_in_parts, turns_by_id
from aftercall.scoring.fold import begin, finish, hear, score_one
from aftercall.scoring.forms import SHIPPED, Facts, Forms, load
from aftercall.scoring.table_rows import rows_of
from tests.parity.random_interactions import interactions, tables_of
from tests.parity.stand_in_model import StandInModel

EVERY_RULE = Path(__file__).parent / "every_rule.yaml"
Rows = tuple[list[dict[str, Any]], ...]


@cache
def forms_named(which: str, engine: str = "re2") -> Forms:
    """The shipped forms with the shipped text model; every kind of rule with a stand-in, so that every kind of value occurs."""
    if which == "shipped":
        return load(SHIPPED, engine_name=engine)  # type: ignore[arg-type]
    model = {"every rule": StandInModel(), "no failures": StandInModel(can_fail=False), "no model": "model_missing"}[which]
    return load((EVERY_RULE,), engine_name=engine, model=model)  # type: ignore[arg-type]


def by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("interaction_id", "question_id", "evidence_no")
    return sorted(rows, key=lambda row: tuple(row.get(name, 0) for name in names))


def batch_rows(many: Sequence[Interaction], forms: Forms) -> Rows:
    got = score_batch(*tables_of(many), forms)
    return tuple(by_key(table.to_pylist()) for table in (got.score_interaction, got.score_question, got.score_evidence))


def fold_rows(many: Sequence[Interaction], forms: Forms) -> Rows:
    parts = [rows_of(score_one(one, forms), "2026-01-05") for one in many]
    return tuple(by_key([row for part in parts for row in part[k]]) for k in range(3))


@pytest.mark.parametrize("which", ["every rule", "no failures", "no model", "shipped"])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_batch_equals_the_fold(which: str, data: st.DataObject) -> None:
    many = data.draw(interactions())
    forms = forms_named(which)
    for got, wanted in zip(batch_rows(many, forms), fold_rows(many, forms), strict=True):
        assert got == wanted


@settings(max_examples=40, deadline=None)
@given(many=interactions(most=8), data=st.data())
def test_a_score_does_not_depend_on_its_batch(many: list[Interaction], data: st.DataObject) -> None:
    forms = forms_named("every rule")
    whole = batch_rows(many, forms)
    shuffled = data.draw(st.permutations(many))
    cut = data.draw(st.integers(0, len(many)))
    halves = [batch_rows(part, forms) for part in (shuffled[:cut], shuffled[cut:])]
    assert tuple(by_key(a + b) for a, b in zip(*halves, strict=True)) == whole
    parts = list(score_in_parts(tables_of(many)[0], turns_by_id(tables_of(many)[1]), forms, part_n=2))
    assert by_key([row for part in parts for row in part.score_question.to_pylist()]) == whole[1]


@settings(max_examples=30, deadline=None)
@given(many=interactions(most=5), data=st.data())
def test_the_order_in_which_turns_are_stored_changes_nothing(many: list[Interaction], data: st.DataObject) -> None:
    forms = forms_named("every rule")
    interaction_table, turn_table = tables_of(many)
    order = data.draw(st.permutations(range(turn_table.num_rows)))
    mixed = score_batch(interaction_table, turn_table.take(pa.array(order, pa.int64())), forms)
    assert by_key(mixed.score_question.to_pylist()) == batch_rows(many, forms)[1]


@settings(max_examples=40, deadline=None)
@given(many=interactions(most=1), cut=st.integers(0, 20))
def test_a_state_put_away_and_taken_up_again_goes_on_as_if_nothing_had_happened(many: list[Interaction], cut: int) -> None:
    forms, one = forms_named("every rule"), many[0]
    state = begin(forms, Facts.of(one))
    for place, turn in enumerate(one.in_order()):
        if place == cut:
            # The forms hold compiled engines, which do not travel; a restart loads them anew.
            rules, scope = pickle.loads(pickle.dumps((state.rules, _without_matcher(state.scope))))
            assert rules == state.rules
            assert scope.agent == state.scope.agent
        state = hear(state, turn)
    assert finish(state, one.interaction_id, content_hash(to_line(one))) == score_one(one, forms)


def _without_matcher(scope: Any) -> Any:
    from dataclasses import replace

    return replace(scope, before=None, now=None)


@settings(max_examples=25, deadline=None)
@given(many=interactions(most=4))
def test_every_engine_gives_the_same_rows(many: list[Interaction]) -> None:
    pytest.importorskip("hyperscan")
    rows = [batch_rows(many, forms_named("every rule", engine)) for engine in ("vectorscan", "re2", "re")]
    assert rows[0] == rows[1] == rows[2]


def test_a_long_interaction_keeps_a_small_state() -> None:
    forms = forms_named("every rule")
    sizes = list[int]()
    state = begin(forms, Facts("voice"))
    for place in range(2_000):
        speaker = "customer" if place % 3 else "agent"
        text = "someone stole my money? " + "sorry " * (place % 5)
        state = hear(state, Turn(place, speaker, text, place * 4.0, place * 4.0 + 3.0))
        if place in (200, 1_999):
            sizes.append(len(pickle.dumps((state.rules, _without_matcher(state.scope)))))
    assert sizes[1] < sizes[0] * 1.2


@pytest.fixture(scope="module")
def star(real_data: Path) -> list[Interaction]:
    with (real_data / "star" / "transcripts" / "star.jsonl").open(encoding="utf-8") as file:
        return [from_line(json.loads(line)) for line in file]


@pytest.fixture(scope="module")
def forms_on_star(star: list[Interaction]) -> Rows:
    """The batch path on all real chats, with the shipped model."""
    return batch_rows(star, load())


@pytest.mark.real_data
@pytest.mark.slow
def test_all_real_chats_are_scored_alike_by_batch_and_fold(star: list[Interaction], forms_on_star: Rows) -> None:
    got, wanted = forms_on_star, fold_rows(star, load())
    for a, b in zip(got, wanted, strict=True):
        assert a == b
    assert len(got[0]) == len(star)
    assert len(got[2]) > len(star)


@pytest.mark.real_data
@pytest.mark.slow
def test_every_lost_point_of_every_real_chat_is_proved(star: list[Interaction], forms_on_star: Rows) -> None:
    """A quote that stands in its turn, or an interval that was searched."""
    _, questions, evidence = forms_on_star
    said = {(one.interaction_id, turn.turn): turn.text for one in star for turn in one.turns}
    proofs: dict[tuple[str, str], int] = {}
    for row in evidence:
        if row["quote"] is None:
            assert row["searched_first_turn"] is not None
        else:
            assert row["quote"] in said[row["interaction_id"], row["turn"]]
        key = row["interaction_id"], row["question_id"]
        proofs[key] = proofs.get(key, 0) + 1
    lost = [(row["interaction_id"], row["question_id"]) for row in questions if row["answer"] in ("no", "partial")]
    assert len(lost) > 1_000
    assert not [one for one in lost if one not in proofs]


@pytest.mark.real_data
def test_nearly_all_real_chats_get_a_score_and_enough_questions(star: list[Interaction], forms_on_star: Rows) -> None:
    rows = forms_on_star[0]
    overall = [row["overall"] for row in rows if row["overall"] is not None]
    called_for = sorted(row["called_for_n"] for row in rows)
    assert len(overall) >= 0.95 * len(star)
    assert called_for[len(rows) // 2] >= 5
    assert all((row["overall"] is None) == (row["null_reason"] is not None) for row in rows)
    assert len({round(value) for value in overall}) > 20


@pytest.mark.parametrize("starts_s", [4.7, 4.701, 3.0, 2.999, 0.5, 0.499])
@pytest.mark.parametrize("length_s", [1.0, 0.999])
def test_interruptions_are_alike_at_the_edges(starts_s: float, length_s: float) -> None:
    turns = (
        Turn(0, "customer", "my phone is", 0.0, 5.0),
        Turn(1, "agent", "which model", starts_s, starts_s + length_s),
        Turn(2, "customer", "the red one", 9.0, 9.5 + 0.5),
        Turn(3, "agent", "thank you", 9.5, 11.0),
    )
    one, forms = Interaction("i", "voice", turns), forms_named("every rule")
    for got, wanted in zip(batch_rows([one], forms), fold_rows([one], forms), strict=True):
        assert got == wanted
