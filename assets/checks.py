"""Blocking checks on the lake: contracts kept, nothing from the future, every interaction scored.

Lives here: the factories and the promises they guard, in plain Polars. Not here: Great Expectations (expectations.py),
tests of the marts (dbt_like_sql).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from aftercall.contracts.frames import broken_rules
from aftercall.contracts.table import Table
from aftercall.contracts.tables import LAKE
from assets.lake import Lake
from assets.station import Station
from assets.verdicts import Verdict, remembered

_AS = {"role": "pipeline", "purpose": "service_quality"}
_DAYS_AT_ONCE = 14
# Clocks of telephone systems are minutes apart; a schedule may be planned ahead, a contact may not.
CLOCK_SKEW = timedelta(minutes=10)
_HAPPENED = {
    "core_interaction": ("started_at",),
    "core_leg": ("offered_at", "answered_at", "ended_at"),
    "core_exposure": ("exposed_at",),
    "core_survey": ("submitted_at",),
    "core_evaluation": ("submitted_at",),
}


def lake_checks(*, epoch_of: Callable[[Station], str]) -> list[dg.AssetChecksDefinition]:
    """Return every blocking check of the lake; they use the resources `lake` and `station`."""
    kept = [keeps_contract(table) for table in LAKE if not table.name.startswith("raw_")]
    timely = [no_future_dates(table, _HAPPENED[table.name]) for table in LAKE if table.name in _HAPPENED]
    return [*kept, *timely, every_interaction_scored(epoch_of)]


def keeps_contract(table: Table) -> dg.AssetChecksDefinition:
    """Return the check that all rows of a lake table keep its contract, read some days at a time."""

    @dg.asset_check(asset=table.name, name="keeps_contract", blocking=True)
    def check(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> dg.AssetCheckResult:
        stamp = {"version": lake.versions([table.name]), "rules": repr(table)}
        kept = station.state / "cache" / f"keeps_contract_{table.name}.json"
        return remembered(kept, stamp, lambda: [judge_contract(lake, table)])[0].result("keeps_contract")

    return check


def no_future_dates(table: Table, columns: Sequence[str]) -> dg.AssetChecksDefinition:
    """Return the check that nothing in these columns happened later than the station's clock says."""

    @dg.asset_check(asset=table.name, name="no_future_dates", blocking=True)
    def check(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> dg.AssetCheckResult:
        rows = lake.read(table.name, columns=list(columns), **_AS)
        return judge_dates(table.name, rows, station.clock()).result("no_future_dates")

    return check


def every_interaction_scored(epoch_of: Callable[[Station], str]) -> dg.AssetChecksDefinition:
    """Return the check that each interaction has a score row of the present epoch, with the missing ids as metadata."""

    @dg.asset_check(
        asset="score_interaction", name="every_interaction_scored", blocking=True, additional_deps=["core_interaction"]
    )
    def check(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> dg.AssetCheckResult:
        epoch = epoch_of(station)
        core = lake.read("core_interaction", columns=["interaction_id"], **_AS)
        scored = lake.read("score_interaction", columns=["interaction_id"], epoch=epoch, **_AS)
        return judge_coverage(core, scored, epoch).result("every_interaction_scored")

    return check


def judge_contract(lake: Lake, table: Table) -> Verdict:
    """Return whether every row keeps the contract; keys are compared over the whole table, the rest by portions of days."""
    rules = [rule for rows in _portions(lake, table) for rule in broken_rules(rows, table)]
    keys = lake.read(table.name, columns=list(table.key), **_AS)
    repeated_n = keys.height - keys.n_unique() if keys.height else 0
    if repeated_n and not any("repeated keys" in rule for rule in rules):
        rules.append(f"{repeated_n} keys {table.key} occur on more than one day")
    said = f"{table.name} keeps its contract in {keys.height} rows." if not rules else "; ".join(dict.fromkeys(rules))
    return Verdict(table.name, not rules, said, {"rows": keys.height, "broken": len(rules)})


def judge_dates(table: str, rows: pl.DataFrame, now: datetime) -> Verdict:
    """Return whether no instant of the frame lies after `now` (UTC), give or take the skew of clocks."""
    late = {name: rows.filter(pl.col(name) > now + CLOCK_SKEW)[name] for name in rows.columns}
    wrong = [
        f"{name} lies in the future in {values.len()} rows, up to {values.max()}"
        for name, values in late.items()
        if values.len()
    ]
    said = f"Nothing in {', '.join(rows.columns)} is later than {now:%Y-%m-%d %H:%M} UTC." if not wrong else "; ".join(wrong)
    return Verdict(table, not wrong, said, {"future": sum(values.len() for values in late.values())})


def judge_coverage(core: pl.DataFrame, scored: pl.DataFrame, epoch: str) -> Verdict:
    """Return whether every interaction_id of the core is among the scored ones; the missing ones are listed.

    Args: core and scored, frames with interaction_id.
    """
    missing = core.join(scored, on="interaction_id", how="anti")["interaction_id"].unique().sort()
    first = ", ".join(missing.head(20))
    said = f"All {core.height} interactions have a score row in epoch {epoch}."
    if missing.len():
        said = f"{missing.len()} of {core.height} interactions have no score row in epoch {epoch}: {first}."
    facts: dict[str, float | str] = {"interactions": core.height, "missing": missing.len(), "first_missing": first}
    return Verdict("score_interaction", not missing.len(), said, facts)


def _portions(lake: Lake, table: Table) -> Iterator[pl.DataFrame]:
    if "day_on" not in table.partition:
        yield lake.read(table.name, **_AS)
        return
    days = sorted(lake.read(table.name, columns=["day_on"], **_AS)["day_on"].unique())
    for first in range(0, len(days), _DAYS_AT_ONCE):
        yield lake.read(table.name, days=days[first : first + _DAYS_AT_ONCE], **_AS)
