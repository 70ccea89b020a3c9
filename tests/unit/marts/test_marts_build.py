"""Building through the real dbt: the empty lake, a lake that contradicts itself, nothing new, a broken project."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from aftercall.contracts.frames import empty
from aftercall.contracts.tables import MARTS
from assets.lake import Lake
from assets.marts.assets import marts_assets, sources_of
from assets.marts.build import MartsHouse
from assets.marts.dbt_project import DbtError, manifest, project_hash
from assets.marts.published import read_marts

from .conftest import NOW, ZONE, build, fill, interaction
from .station_for_tests import station_at

pytestmark = pytest.mark.slow
AS = {"role": "pipeline", "purpose": "service_quality"}
NAMES = [table.name for table in MARTS]


def test_an_empty_lake_gives_empty_marts_even_after_a_build_that_was_killed(
    tmp_path: Path, project: Path, prepared: Path
) -> None:
    house = MartsHouse(tmp_path / "marts", project, prepared)
    (house.root / "building" / "dbt").mkdir(parents=True)
    (house.root / "building" / "marts.duckdb").write_bytes(b"half a page")
    (house.root / "run-1").mkdir()  # renamed, never linked
    assert build(house, Lake(tmp_path / "lake")).published
    assert house.current.resolve().name == "run-2"
    marts = read_marts(house.current, NAMES, **AS)
    assert {name: frame.height for name, frame in marts.items()} == dict.fromkeys(NAMES, 0)
    assert marts["mart_agent_week"].schema == empty(MARTS[1]).schema


def test_the_same_lake_is_not_built_twice(house: MartsHouse, by_hand: Lake) -> None:
    run = house.current.resolve()
    again = build(house, by_hand)
    assert again.reused
    assert house.current.resolve() == run
    assert any(result.unique_id.endswith("mart_agent_week") for result in again.results)


def test_as_assets_marts_stand_on_the_lake_under_plain_names(project: Path, dbt_cache: Path) -> None:
    (marts,) = marts_assets(project, dbt_cache, epoch_of=lambda _: NOW)
    names = {key.to_user_string() for key in marts.keys}
    assert set(NAMES) <= names
    assert {key.to_user_string() for key in marts.dependency_keys} - names == set(sources_of(manifest(project, dbt_cache)))
    assert {marts.group_names_by_key[dg.AssetKey([name])] for name in NAMES} == {"marts"}
    guarded = {(spec.asset_key.to_user_string(), spec.name.split("_mart_")[0]) for spec in marts.check_specs}
    assert {(name, "unique_key") for name in NAMES} <= guarded
    assert ("mart_agent_week", "no_interaction_lost") in guarded


def test_as_assets_a_build_that_is_published_already_is_told_again(house: MartsHouse, by_hand: Lake, dbt_cache: Path) -> None:
    assets = marts_assets(house.project_dir, dbt_cache, epoch_of=lambda _: NOW)
    resources = {"lake": by_hand, "station": station_at(house.root.parent, site_zone=ZONE)}
    result = dg.materialize(assets, resources=resources)
    made = {
        event.asset_key.to_user_string(): event.materialization.metadata for event in result.get_asset_materialization_events()
    }
    assert {name: made[name]["reused"].value for name in NAMES} == dict.fromkeys(NAMES, True)
    checks = result.get_asset_check_evaluations()
    assert len(checks) == len(list(assets[0].check_specs))
    assert all(check.passed for check in checks)


def test_only_what_was_asked_for_is_told(house: MartsHouse, by_hand: Lake, dbt_cache: Path) -> None:
    assets = marts_assets(house.project_dir, dbt_cache, epoch_of=lambda _: NOW)
    resources = {"lake": by_hand, "station": station_at(house.root.parent, site_zone=ZONE)}
    result = dg.materialize(assets, selection=["mart_coverage"], resources=resources)
    assert [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()] == ["mart_coverage"]
    assert {check.asset_key.to_user_string() for check in result.get_asset_check_evaluations()} == {"mart_coverage"}


def test_a_lake_that_contradicts_itself_is_not_published(
    tmp_path: Path, project: Path, dbt_cache: Path, prepared: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    wrong = interaction("i1", "2026-01-05T10:00:00", agent_id="ann", talk_s=10.0, hold_s=0.0, acw_s=0.0) | {"handle_s": 99.0}
    fill(lake, "core_interaction", [wrong])
    resources = {"lake": lake, "station": station_at(tmp_path, site_zone=ZONE)}
    result = dg.materialize(marts_assets(project, dbt_cache, epoch_of=lambda _: NOW), resources=resources, raise_on_error=False)
    assert not result.success
    assert result.get_asset_materialization_events() == []
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.asset_key.to_user_string(), check.check_name) for check in failed] == [
        ("stg_interaction", "handle_time_is_its_parts")
    ]
    (broken,) = [event for event in result.all_events if event.is_step_failure]
    assert "handle_time_is_its_parts" in str(broken.step_failure_data.error)
    house = MartsHouse(tmp_path / "marts", project, prepared)
    assert not house.current.is_symlink()
    assert (house.root / "building" / "dbt" / "dbt.log").is_file()


def test_a_project_that_does_not_parse_says_why(tmp_path: Path, project: Path) -> None:
    broken = tmp_path / "project"
    shutil.copytree(project, broken, ignore=shutil.ignore_patterns("models", "tests"))
    (broken / "models").mkdir()
    (broken / "models" / "broken.sql").write_text("select * from {{ ref('no_such_model') }}")
    with pytest.raises(DbtError, match="no_such_model"):
        manifest(broken, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("dbt-[0-9a-f]*"))


def test_the_manifest_is_made_once_per_project(prepared: Path, project: Path, dbt_cache: Path) -> None:
    before = prepared.stat().st_mtime_ns
    assert manifest(project, dbt_cache) == prepared
    assert prepared.stat().st_mtime_ns == before


def test_the_hash_of_the_project_moves_with_any_of_its_files(tmp_path: Path, project: Path) -> None:
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    assert project_hash(copy) == project_hash(project)
    seen = {project_hash(copy)}
    for name in ("models/marts/mart_coverage.sql", "macros/monday_of.sql", "tests/one_open_promise.sql", "dbt_project.yml"):
        with (copy / name).open("a") as handle:
            handle.write("\n-- more\n" if name.endswith("sql") else "\n# more\n")
        seen.add(project_hash(copy))
    assert len(seen) == 5
