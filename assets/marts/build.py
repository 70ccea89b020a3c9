"""One build of the marts, from the lake's active files to a published folder.

Lives here: the order of the steps and what makes a build count as finished. Not here: dbt's command line (dbt_project.py),
the views (lake_views.py), readers (published.py), Dagster (assets.py).
"""

import fcntl
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assets.marts import dbt_project
from assets.marts.dbt_project import DbtError, NodeResult
from assets.marts.lake_views import drop_scaffold, expose_lake
from assets.marts.published import FILE, BuiltFrom, is_current, next_run, publish

_DBT = "dbt"
_LOGS = ("run_results.json", "dbt.log")


@dataclass(frozen=True, slots=True)
class MartsHouse:
    """Where marts are built and published.

    root: the state's `marts` folder; project_dir: the dbt project; prepared: its manifest, from `dbt_project.manifest`.
    """

    root: Path
    project_dir: Path
    prepared: Path

    @property
    def current(self) -> Path:
        """The link readers follow."""
        return self.root / "current"


@dataclass(frozen=True, slots=True)
class Build:
    """The outcome of one build: what dbt said, and whether it is what readers see now."""

    results: tuple[NodeResult, ...]
    published: bool
    reused: bool

    @property
    def failed(self) -> tuple[NodeResult, ...]:
        """Models and tests that stop publication."""
        return tuple(result for result in self.results if result.blocks)


def build_marts(house: MartsHouse, *, files: Mapping[str, Sequence[str]], made_from: BuiltFrom) -> Build:
    """Build every mart from the given files and publish them, unless exactly that is published already.

    A build with a failed model or test is not published: readers keep the last good one, the failed folder stays as
    `building` until the next build. One build at a time per house; a second one waits.

    Raises: DbtError, dbt ended before it ran anything.
    """
    with _alone(house.root):
        if is_current(house.current, made_from):
            return Build(tuple(dbt_project.results(house.current / _DBT)), published=True, reused=True)
        # Always the same path: dbt throws its saved parse away when the path in its profile changes.
        building = house.root / "building"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        expose_lake(building / FILE, files)
        results = dbt_project.build(
            house.project_dir,
            duckdb_path=building / FILE,
            target_dir=building / _DBT,
            variables={"score_epoch": made_from.score_epoch, "site_zone": made_from.site_zone},
            prepared=house.prepared,
        )
        if any(result.blocks for result in results):
            return Build(tuple(results), published=False, reused=False)
        drop_scaffold(building / FILE)
        _keep_only_logs(building / _DBT)
        made_from.write(building)
        run_dir = next_run(house.root)
        building.rename(run_dir)
        publish(run_dir, house.current)
        return Build(tuple(results), published=True, reused=False)


def failure(build: Build, house: MartsHouse) -> DbtError:
    """Return the error that names every failed model and test, and where the log is."""
    lines = [f"{result.unique_id.split('.')[2]}: {result.message or result.status}" for result in build.failed]
    log = house.root / "building" / _DBT / "dbt.log"
    return DbtError(
        f"Marts were not published; readers keep the last good build. {len(lines)} failed: {'; '.join(lines)}. Log: {log}"
    )


def _keep_only_logs(target_dir: Path) -> None:
    for path in target_dir.iterdir():
        if path.name not in _LOGS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def _alone(root: Path) -> Generator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
