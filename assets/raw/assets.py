"""Raw assets: what was received, redacted before it is stored.

Lives here: Dagster's view of assets.raw. Not here: the loop over files (receive.py), formats (aftercall.intake).
"""

from collections.abc import Iterator

import dagster as dg

from aftercall.contracts.tables import table_named
from assets.lake import Lake
from assets.raw.open_files import brings_notices, opened
from assets.raw.receive import receive, unreceived
from assets.station import Station


def _spec(name: str) -> dg.AssetSpec:
    table = table_named(name)
    described = f"{table.grain[0].upper()}{table.grain[1:]}."
    return dg.AssetSpec(name, group_name="raw", description=described, kinds={"delta"})


@dg.multi_asset(
    specs=[_spec("raw_record"), _spec("raw_file")],
    can_subset=False,
    pool="lake",
    name="raw_delivery",
    retry_policy=dg.RetryPolicy(max_retries=2, delay=2),
)
def raw_delivery(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> Iterator[dg.MaterializeResult]:
    """Read every file not received before; store each new record version once; put what is wrong into quarantine."""
    with lake.writing():
        desk = opened(station, lake)
        fresh = unreceived(desk.found, lake)
        if station.basis == "notices" and brings_notices(fresh):
            # An interaction refused for want of a notice may be cleared now: read everything, what is known stays known.
            fresh = list(desk.found)
        with station.progress("reading", sum(file.size_bytes for file in fresh) // 1000, "kB") as advance:
            got = receive(
                fresh,
                desk.read,
                lake,
                quarantine=station.state / "quarantine",
                now=station.clock(),
                advance=lambda size_bytes: advance(size_bytes // 1000),
            )
    facts = {"files": got.files_n, "records": got.records_n, "already_known": got.known_n, "quarantined": got.problems_n}
    for name in ("raw_record", "raw_file"):
        yield dg.MaterializeResult(asset_key=name, metadata=facts)
