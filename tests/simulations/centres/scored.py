"""One small centre from transcripts to agent-weeks: written, received, scored and summed by the product's own steps.

Lives here: running a centre whole (the main job with every check, page and dbt) or in this process (the same assets, and the
SQL that dbt compiled). Not here: what was planted (planted.py), studies (studies.py).
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl

from aftercall.synth.centre import write_centre
from assets.core.assets import core_conversations, core_reference
from assets.lake import Lake
from assets.marts import dbt_project
from assets.marts.assets import sources_of
from assets.marts.lake_views import connect, expose_lake
from assets.raw.assets import raw_delivery
from assets.score.assets import score_conversations
from assets.score.forms_in_force import load_forms
from pipelines.definitions import station_of
from pipelines.environments import CHECKOUT, Environment
from pipelines.main_job import run_job

SCORECARD = Path(__file__).parent / "scorecard.yaml"
AGENTS, TEAMS, WEEKS, PER_AGENT_WEEK = 40, 20, 16, 2
# How often fully coached agents use words no pattern was written for; 0.30 is everybody's share before.
WORDINGS = {"same": 0.30, "own words": 0.85, "by the script": 0.05}
MODELS = ("mart_agent_week", "mart_behaviour_week")
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_AS = {"role": "pipeline", "purpose": "coaching"}


@dataclass(frozen=True, slots=True)
class Scored:
    """What the product made of one centre: two agent-week marts, score_interaction, score_question; the truth's folder."""

    weeks: pl.DataFrame
    behaviours: pl.DataFrame
    scores: pl.DataFrame
    answers: pl.DataFrame
    truth: Path
    epoch: str


def scored_centre(work: Path, seed: int, wording: str, *, is_whole: bool = False) -> Scored:
    """Write the centre of a seed below `work` and take it through the product; `is_whole` by the whole main job.

    Schedules and recordings are left out: neither is asked about here, and the recorded calls, half a minute each in the last
    week of agents who are never coached, move the means of so small a centre. `work` keeps compiled SQL and read sentences, so
    that the next centre costs less.
    """
    place = work / "centre"
    shutil.rmtree(place, ignore_errors=True)
    written = write_centre(
        place, agents=AGENTS, teams=TEAMS, weeks=WEEKS, seed=seed, transcripts_per_agent_week=PER_AGENT_WEEK,
        coached_unusual_share=WORDINGS[wording],
    )  # fmt: skip
    shutil.rmtree(written.input / "recordings")
    (written.input / "schedules.csv").unlink()
    legs = written.input / "acd_legs.csv"
    kept = [line for line in legs.read_text(encoding="utf-8-sig").splitlines() if not line.startswith("rec-")]
    legs.write_text("\n".join(kept) + "\n", encoding="utf-8-sig")
    asked = Environment(
        state=place / "state", input=written.input, basis="synthetic", basis_name="small centres", scorecard=SCORECARD
    )
    forms = load_forms(SCORECARD, asked.state)
    lake = Lake(asked.lake)
    # What the text model read is shared between centres, as it is between the runs of one state.
    (work / "cache").mkdir(exist_ok=True)
    asked.state.mkdir()
    (asked.state / "cache").symlink_to(work / "cache")
    if is_whole:
        came = run_job(asked)
        if not came.is_clean:
            raise RuntimeError(f"The main job of seed {seed} failed: {came.failed_checks} {came.broken}")
        with connect(asked.marts / "current" / "marts.duckdb", read_only=True) as marts:
            weeks, behaviours = (_table(marts, name) for name in MODELS)
    else:
        resources = {"lake": lake, "station": station_of(asked)}
        steps = [raw_delivery, core_conversations, core_reference, score_conversations]
        made = dg.materialize(steps, resources=resources, run_config=_SILENT)
        assert made.success
        weeks, behaviours = _marts(work, place, lake, forms.epoch)
    scores = lake.read("score_interaction", epoch=forms.epoch, **_AS)
    answers = lake.read("score_question", epoch=forms.epoch, **_AS)
    return Scored(weeks, behaviours, scores, answers, written.truth, forms.epoch)


def _table(marts: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    found = marts.sql(f"select * from main.{name} order by all").pl()
    assert isinstance(found, pl.DataFrame)
    return found


def _marts(work: Path, place: Path, lake: Lake, epoch: str) -> tuple[pl.DataFrame, ...]:
    """Return the marts by the SQL that dbt compiled: starting dbt for every centre would be half of the time."""
    project = CHECKOUT / "dbt_like_sql"
    prepared = dbt_project.manifest(project, work / "dbt")
    files = {name: lake.files(name) for name in sources_of(prepared)}
    kept = work / "dbt" / f"compiled-{dbt_project.project_hash(project)}-{epoch}.json"
    if not kept.is_file():
        target = work / "dbt" / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        expose_lake(target / "marts.duckdb", files)
        dbt_project.build(
            project, duckdb_path=target / "marts.duckdb", target_dir=target, prepared=prepared,
            variables={"score_epoch": epoch, "site_zone": "UTC"},
        )  # fmt: skip
        kept.write_text(json.dumps(_compiled(target / "manifest.json")), encoding="utf-8")
    database = place / "marts.duckdb"  # dbt names the database by its file: marts
    expose_lake(database, files)
    with connect(database) as marts:
        for schema in ("staging", "intermediate"):
            marts.execute(f"create schema if not exists {schema}")
        for kind, name, sql in json.loads(kept.read_text(encoding="utf-8")):
            marts.execute(f"create {kind} {name} as {sql}")
        return tuple(_table(marts, name) for name in MODELS)


def _compiled(manifest: Path) -> list[tuple[str, str, str]]:
    """Return (view or table, relation, SQL) of the marts and everything below them, in the order of their making."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    found = dict[str, tuple[str, str, str]]()

    def add(key: str) -> None:
        node = nodes.get(key)
        if node is None or key in found:
            return
        for below in node["depends_on"]["nodes"]:
            add(below)
        kind = "table" if node["config"]["materialized"] == "table" else "view"
        found[key] = (kind, node["relation_name"], node["compiled_code"])

    for key, node in nodes.items():
        if node["name"] in MODELS and node["resource_type"] == "model":
            add(key)
    return list(found.values())
