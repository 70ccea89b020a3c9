"""Core assets: rebuilt for exactly the days whose received records changed.

Lives here: Dagster's view of assets.core. Not here: any rule (current.py, conversations.py, reference.py).
"""

import hashlib
from collections.abc import Iterator

import dagster as dg
import polars as pl

from aftercall.contracts.tables import table_named
from assets.core.conversations import conversations
from assets.core.current import HEADS, Rebuild, current, in_portions, pieces, rebuild, with_interaction_id
from assets.core.reference import TABLE_OF, reference
from assets.lake import Lake
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "service_quality"}
_PORTION_N = 20_000


def _spec(name: str) -> dg.AssetSpec:
    table = table_named(name)
    described = f"{table.grain[0].upper()}{table.grain[1:]}."
    return dg.AssetSpec(name, deps=["raw_record"], group_name="core", description=described, kinds={"delta"})


@dg.multi_asset(
    specs=[_spec(name) for name in ("core_interaction", "core_leg", "core_turn")],
    can_subset=False,
    pool="lake",
    name="core_conversations",
)
def core_conversations(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> Iterator[dg.MaterializeResult]:
    """Merge the current transcript of each interaction with its ACD legs, for the days that changed."""
    with lake.writing():
        plan = rebuild(lake.read("raw_record", columns=HEADS, **_AS), built_of(lake))
        with station.progress("building", plan.expected.height, "interactions") as advance:
            for portion in in_portions(plan, _PORTION_N):
                write_portion(lake, portion, basis=station.basis)
                advance(portion.expected.height)
    facts = {"days_rebuilt": len(plan.days), "interactions_rebuilt": plan.expected.height}
    for name in ("core_turn", "core_leg", "core_interaction"):
        yield dg.MaterializeResult(asset_key=name, metadata=facts)


@dg.multi_asset(specs=[_spec(name) for name in TABLE_OF.values()], can_subset=False, pool="lake", name="core_reference")
def core_reference(lake: dg.ResourceParam[Lake]) -> Iterator[dg.MaterializeResult]:
    """Rewrite each small table of people, coaching and schedules whose received records changed."""
    with lake.writing():
        heads = current(lake.read("raw_record", columns=HEADS, **_AS))
        for kind, name in TABLE_OF.items():
            mine = heads.filter(pl.col("record_kind") == kind)
            wanted = hashlib.sha256("".join(sorted(mine["content_hash"])).encode()).hexdigest()
            if lake.note_of(name) != wanted:
                lake.overwrite(name, reference(records_of(lake, mine), kind), note=wanted)
            yield dg.MaterializeResult(asset_key=name, metadata={"rows": mine.height})


def built_of(lake: Lake) -> pl.DataFrame:
    """Return what the core holds now: interaction_id, day_on, content_hash."""
    return lake.read("core_interaction", columns=["interaction_id", "day_on", "content_hash"], **_AS)


def records_of(lake: Lake, heads: pl.DataFrame) -> pl.DataFrame:
    """Return the received records with these heads, from the partitions that hold them."""
    days = heads["day_on"].unique().to_list()
    rows = lake.read("raw_record", days=days, among=("record_key", heads["record_key"].unique()), **_AS)
    return rows.join(heads, on=["record_kind", "record_key", "content_hash"], how="semi")


def write_portion(lake: Lake, portion: Rebuild, *, basis: str) -> None:
    """Write some days of the core, a large day in pieces; core_interaction last: it is what says that a day is done."""
    rows = [_piece(lake, piece, basis, add=place > 0) for place, piece in enumerate(pieces(portion, _PORTION_N))]
    lake.overwrite("core_interaction", pl.concat(rows), days=portion.days)


def _piece(lake: Lake, piece: Rebuild, basis: str, *, add: bool) -> pl.DataFrame:
    frames = conversations(with_interaction_id(records_of(lake, piece.heads)), piece.expected, basis=basis)
    for name in ("core_turn", "core_leg"):
        if add:
            lake.append(name, frames[name])
        else:
            lake.overwrite(name, frames[name], days=piece.days)
    return frames["core_interaction"]
