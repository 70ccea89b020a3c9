"""score_signal equals the signals of the fold turn by turn: any interactions, any batch, any order of rows."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.lake_tables import SCORE_SIGNAL
from aftercall.contracts.records import Interaction
from aftercall.contracts.signal_columns import MODEL_SIGNALS, RULE_SIGNALS, TIME_SIGNALS
from aftercall.scoring.forms import Facts, Forms, load
from aftercall.scoring.signal_rows import signal_table
from aftercall.scoring.turn_signals import TurnReader, open_turn_reader, signal_lines
from tests.parity.random_interactions import interactions, tables_of
from tests.parity.stand_in_model import StandInModel

NAMES = [column.name for column in (*MODEL_SIGNALS, *RULE_SIGNALS, *TIME_SIGNALS)]


class NamedStandIn(StandInModel):
    """The stand-in with names of signals: one of each side, one of both, and one that phrases give instead."""

    heads = ("sentiment", "greeting", "empathy", "apology", "not_in_the_table")

    def values(self, texts: Sequence[str]) -> np.ndarray:
        return super().values(texts)[:, [0, 1, 1, 0, 1]]


@cache
def reader_named(which: str) -> TurnReader:
    """A stand-in model that sometimes fails, so that every kind of value occurs; and no model."""
    model = NamedStandIn() if which == "stand-in" else None
    return open_turn_reader(model, "" if model else "model_missing", engine_name="re2")


@cache
def forms() -> Forms:
    return load(model="model_missing")


def reason_of(one: Interaction) -> str | None:
    return forms().gate(Facts.of(one))[1]


def batch_rows(many: Sequence[Interaction], reader: TurnReader, order: Sequence[int] | None = None) -> list[dict[str, Any]]:
    table, turns = tables_of(many)
    turns = turns.take(pa.array(order, pa.int64())) if order is not None else turns
    table = table.append_column("null_reason", pa.array([reason_of(one) for one in many], pa.string()))
    return signal_table(table, turns, reader, "e").to_pylist()


def fold_rows(many: Sequence[Interaction], reader: TurnReader) -> list[dict[str, Any]]:
    rows = list[dict[str, Any]]()
    for one in many:
        for line in signal_lines(one, reader, "e", reason_of(one)):
            known = {"interaction_id": one.interaction_id, "turn": line["turn"], "score_epoch": "e", "day_on": "2026-01-05"}
            known |= {"speaker": line["speaker"], "null_reason": line["null_reason"]}
            known["text_model_version"] = reader.model.version if reader.model else None
            rows.append({name: known.get(name, line["signals"].get(name)) for name in SCORE_SIGNAL.names})
    return rows


def by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["interaction_id"], row["turn"]))


@pytest.mark.parametrize("which", ["stand-in", "no model"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_table_equals_the_fold_in_any_batch_and_order(which: str, data: st.DataObject) -> None:
    many, reader = data.draw(interactions()), reader_named(which)
    wanted = by_key(fold_rows(many, reader))
    order = data.draw(st.permutations(range(sum(len(one.turns) for one in many))))
    assert by_key(batch_rows(many, reader, order)) == wanted
    alone = [row for one in many for row in batch_rows([one], reader)]
    assert by_key(alone) == wanted
    assert all(row["greeting"] in (None, 0.0, 1.0) for row in wanted)
    unread = [row for row in wanted if row["null_reason"] in ("role_uncertain", "no_notice", "unsupported_language")]
    assert not [row for row in unread if any(row[name] is not None for name in NAMES)]
    assert not [row for row in wanted if row["speaker"] == "agent" and (row["sentiment"], row["frustration"]) != (None, None)]
