"""The hourly end of the line: the snapshot the sidecar reads.

Lives here: Dagster's view of assets.live. Not here: the query and the swap (snapshot.py).
"""

import dagster as dg

from assets.lake import Lake
from assets.live.snapshot import customers, is_live, publish_live
from assets.score.forms_in_force import forms_of
from assets.station import Station

_READS = ("core_interaction", "core_leg", "core_customer", "score_interaction", "score_question", "score_evidence")


@dg.asset(group_name="live", deps=list(_READS), kinds={"duckdb"})
def live_snapshot(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> dg.MaterializeResult:
    """Each customer's last three interactions with reason, outcome, open promises and profile, for the live panel."""
    epoch, root = forms_of(station).epoch, station.state / "live"
    facts = {"epoch": epoch, "versions": lake.versions(_READS)}
    if is_live(root, facts):
        return dg.MaterializeResult(metadata={"published": "nothing changed"})
    files = {name: lake.files(name) for name in _READS}
    rows = customers(station.dbt_project, files, epoch=epoch, workplace=station.state / "cache")
    folder = publish_live(root, rows, facts)
    return dg.MaterializeResult(metadata={"rows": rows.height, "published": folder.name})
