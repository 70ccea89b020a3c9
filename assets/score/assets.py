"""Score assets: every interaction gets a row of the present epoch; older epochs stay.

Lives here: Dagster's view of scoring, and the order of its writes. Not here: which days (unscored.py), how an
interaction is judged (aftercall.scoring).
"""

from collections.abc import Iterable, Iterator

import dagster as dg
import polars as pl

from aftercall.contracts.tables import table_named
from aftercall.scoring.batch import score_batch
from aftercall.scoring.forms import Forms
from aftercall.scoring.signal_rows import signal_table
from aftercall.scoring.turn_signals import TurnReader
from assets.lake import Lake
from assets.score.forms_in_force import forms_of, settle_advisory, turn_reader_of
from assets.score.unscored import pieces, portions, unscored
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "coaching"}
_TURN_N = 400_000
_NAMES = ("score_evidence", "score_question", "score_signal", "score_interaction")


def _spec(name: str) -> dg.AssetSpec:
    table = table_named(name)
    described = f"{table.grain[0].upper()}{table.grain[1:]}."
    return dg.AssetSpec(
        name, deps=["core_interaction", "core_turn"], group_name="score", description=described, kinds={"delta"}
    )


@dg.multi_asset(specs=[_spec(name) for name in _NAMES], can_subset=False, pool="lake", name="score_conversations")
def score_conversations(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> Iterator[dg.MaterializeResult]:
    """Score the days whose scores are not those of the present epoch and the present transcripts."""
    settle_advisory(station.state)
    forms, turn_reader = forms_of(station), turn_reader_of(station)
    with lake.writing():
        core = lake.read("core_interaction", **_AS)
        scored = lake.read("score_interaction", columns=["interaction_id", "day_on", "score_key"], epoch=forms.epoch, **_AS)
        todo = unscored(core.select("interaction_id", "day_on", "content_hash"), scored, forms.score_key)
        with station.progress("scoring", todo.interaction_n, "interactions") as advance:
            for days, rows in portions(core, todo.days, _TURN_N):
                score_days(lake, forms, turn_reader, days, rows)
                advance(rows.height)
    if todo.interaction_n:
        station.say(_first_result(lake.read("score_interaction", columns=["overall"], epoch=forms.epoch, **_AS)["overall"]))
    for name in _NAMES:
        yield dg.MaterializeResult(asset_key=name, metadata={"scored_now": todo.interaction_n, "epoch": forms.epoch})


def _first_result(overall: pl.Series) -> str:
    """What can be said as soon as scores exist: marts, answers and pages take longer."""
    mean = "" if overall.count() == 0 else f", mean {overall.mean():.1f} of 100"
    return f"scored: {overall.len():,} interactions have a row, {overall.count():,} a score{mean}; marts and pages follow"


def score_days(lake: Lake, forms: Forms, turn_reader: TurnReader, days: Iterable[str], rows: pl.DataFrame) -> None:
    """Write the scores of some days, a large day in pieces; score_interaction last: it is what says that a day is done."""
    done = list[pl.DataFrame]()
    for place, piece in enumerate(pieces(rows, _TURN_N)):
        turns = lake.read("core_turn", days=days, among=("interaction_id", piece["interaction_id"]), **_AS).to_arrow()
        tables = score_batch(piece.to_arrow(), turns, forms)
        signals = signal_table(tables.score_interaction, turns, turn_reader, forms.epoch)
        parts = {"score_evidence": tables.score_evidence, "score_question": tables.score_question, "score_signal": signals}
        for name, table in parts.items():
            frame = pl.DataFrame(pl.from_arrow(table))
            if place:
                lake.append(name, frame)
            else:
                lake.overwrite(name, frame, days=days, epoch=forms.epoch)
        done.append(pl.DataFrame(pl.from_arrow(tables.score_interaction)))
    lake.overwrite("score_interaction", pl.concat(done), days=days, epoch=forms.epoch)
