"""The marts as Dagster assets: one per dbt model, one check per dbt test, built and published in one step.

Lives here: the mapping of dbt names onto asset keys, and the step's body. Not here: how marts are built (build.py), the SQL
(dbt_like_sql), when they are built (pipelines).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from assets.lake import Lake
from assets.marts.build import Build, MartsHouse, build_marts, failure
from assets.marts.dbt_project import NodeResult, manifest, project_hash
from assets.marts.published import BuiltFrom
from assets.station import Station

GROUPS = {"marts": "marts", "staging": "staging", "intermediate": "staging"}


class PlainNames(DagsterDbtTranslator):
    """An asset is called what its table is called: `core_interaction`, `stg_interaction`, `mart_agent_week`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the plain name as the key."""
        return dg.AssetKey([dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the group of a model by its folder; sources belong to whoever makes them."""
        return next((GROUPS[part] for part in dbt_resource_props["fqn"] if part in GROUPS), None)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the model's description without its SQL: the catalogue is for readers of tables."""
        return str(dbt_resource_props.get("description") or "")


def sources_of(manifest_path: Path) -> tuple[str, ...]:
    """Return the lake tables some model reads, sorted; the others may change without changing a mart."""
    document = json.loads(manifest_path.read_text(encoding="utf-8"))
    return tuple(sorted(source["name"] for key, source in document["sources"].items() if document["child_map"].get(key)))


def marts_assets(project_dir: Path, cache: Path, *, epoch_of: Callable[[Station], str]) -> list[dg.AssetsDefinition]:
    """Return the marts' asset definitions; they use the resources `lake` and `station`.

    The manifest is prepared below `cache` when the project has changed (about 4 s), else only read. Marts are published
    below the station's state in `marts`. `epoch_of` names the epoch whose scores count, when the step runs.
    """
    prepared = manifest(project_dir, cache)
    sources = sources_of(prepared)

    @dbt_assets(manifest=prepared, dagster_dbt_translator=PlainNames(), name="build_marts", pool="marts")
    def build_marts_step(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        house = MartsHouse(station.state / "marts", project_dir, prepared)
        made_from = BuiltFrom(lake.versions(sources), epoch_of(station), station.site_zone, project_hash(project_dir))
        build = build_marts(house, files={name: lake.files(name) for name in sources}, made_from=made_from)
        yield from _events(context, build)
        if not build.published:
            raise dg.Failure(str(failure(build, house)))

    return [build_marts_step]


def _events(context: dg.AssetExecutionContext, build: Build) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Yield what was asked for: a materialisation per model (only of a published build), a result per test that ran."""
    tests = {result.unique_id: result for result in build.results if result.unique_id.startswith("test.")}
    for name, result in _checks(context, tests):
        yield dg.AssetCheckResult(
            passed=not result.blocks,
            asset_key=name.asset_key,
            check_name=name.name,
            metadata={"rows": result.failures or 0, "message": result.message},
        )
    if build.published:
        for result in build.results:
            key = dg.AssetKey([result.unique_id.split(".")[-1]])
            if result.unique_id.startswith("model.") and key in context.selected_asset_keys:
                metadata = {"seconds": result.seconds, "reused": build.reused}
                yield dg.MaterializeResult(asset_key=key, metadata=metadata)


def _checks(
    context: dg.AssetExecutionContext, tests: Mapping[str, NodeResult]
) -> Iterator[tuple[dg.AssetCheckKey, NodeResult]]:
    """Yield each selected check with the result of its dbt test; a test skipped behind an error has no result to show."""
    for spec in context.assets_def.check_specs:
        result = tests.get(str(spec.metadata["dagster_dbt/unique_id"]))
        if spec.key in context.selected_asset_check_keys and result is not None and result.status != "skipped":
            yield spec.key, result
