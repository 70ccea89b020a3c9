"""Assets of the human side: agreement and status per question, the frozen panel, drift; kept as readable JSON.

Lives here: Dagster's view, reading the lake, and whether kept results still hold. Not here: what is computed
(human_side.py, drift_side.py).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.analysis.kept import code_hash, kept_as
from assets.lake import Lake
from assets.quality.drift_side import FrozenPanel, ScoreDrift, panel_of, score_drift
from assets.quality.human_side import HumanSide, QuestionStatus, human_side, status_of
from assets.quality.rules import quality_rules
from assets.score.forms_in_force import forms_of
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "coaching"}
_READS = ("core_evaluation", "core_interaction", "core_agent", "score_interaction", "score_question")
_KINDS: dict[str, Any] = {
    "question_agreement": HumanSide,
    "question_status": QuestionStatus,
    "frozen_panel": FrozenPanel,
    "score_drift": ScoreDrift,
}


@dg.multi_asset(
    outs={name: dg.AssetOut(group_name="quality", kinds={"python"}) for name in _KINDS},
    deps=list(_READS),
    can_subset=False,
    name="people_beside_machine",
)
def people_beside_machine(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> Iterator[dg.Output[Any]]:
    """How far the machine agrees with people, which questions may count, what drifted; kept until something changes."""
    folder, forms = station.state / "analysis", forms_of(station)
    note = folder / "people_beside_machine.made_from.json"
    made_from = {"versions": lake.versions(_READS), "epoch": forms.epoch, "code": code_hash(Path(__file__).parent)}
    kept = {name: read_kept(folder, name) for name in _KINDS}
    holds = all(one is not None for one in kept.values()) and note.is_file() and json.loads(note.read_text()) == made_from
    if not holds:
        note.unlink(missing_ok=True)
        kept = _computed(lake, station, kept["frozen_panel"])
    for name, value in kept.items():
        yield dg.Output(value, output_name=name)
    if holds:
        return
    # Written after the outputs: a run killed between them computes again.
    fresh = note.with_suffix(".new")
    folder.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(made_from), encoding="utf-8")
    fresh.replace(note)


def _computed(lake: Lake, station: Station, panel: FrozenPanel | None) -> dict[str, Any]:
    rules, forms = quality_rules(), forms_of(station)
    columns = ("interaction_id", "day_on", "started_at", "agent_id", "queue", "channel", "language")
    core = with_teams(lake.read("core_interaction", columns=columns, **_AS), lake.read("core_agent", **_AS))
    scores = lake.read(
        "score_interaction", columns=("interaction_id", "score_epoch", "day_on", "scorecard_id", "overall"), **_AS
    )
    present = scores.filter(pl.col("score_epoch") == forms.epoch).drop("day_on", "score_epoch")
    interactions = core.join(present, on="interaction_id", how="left")
    answer = ("interaction_id", "question_id", "answer", "null_reason", "points", "points_possible")
    answers = lake.read("score_question", columns=answer, epoch=forms.epoch, **_AS)
    side = human_side(forms, lake.read("core_evaluation", **_AS), answers, interactions, rules)
    panel = panel_of(panel, interactions, rules)
    people = core.select("interaction_id", "agent_id", "week_on")
    drift = score_drift(
        panel,
        scores.join(people, on="interaction_id", how="left"),
        answers.join(people, on="interaction_id", how="left"),
        forms.epoch,
    )
    return dict(zip(_KINDS, (side, status_of(side), panel, drift), strict=True))


def with_teams(core: pl.DataFrame, agents: pl.DataFrame) -> pl.DataFrame:
    """Return interactions with week_on, month and the agent's team on the day."""
    at = pl.col("started_at")
    dated = core.with_columns(
        week_on=at.dt.truncate("1w").dt.date(), month=at.dt.strftime("%Y-%m"), on=at.dt.date()
    ).sort("on", nulls_last=False)  # fmt: skip
    teams = agents.select("agent_id", "team_id", on="valid_from_on").sort("on")
    joined = dated.filter(pl.col("on").is_not_null()).join_asof(
        teams, on="on", by="agent_id", strategy="backward", check_sortedness=False
    )
    return pl.concat([joined, dated.filter(pl.col("on").is_null())], how="diagonal").drop("on", "started_at")


def read_kept(folder: Path, name: str) -> Any:
    """Return a kept result of this module by name, None when there is none or it was written by another version."""
    return kept_as(_KINDS[name], folder / f"{name}.json")


quality_assets = [people_beside_machine]
