"""The demo's closing lines: what was read, scored, found, and what had been planted, in at most ten lines.

Lives here: words around numbers that others computed. Not here: computing them (planted.py, tally.py, analytics).
"""

import json
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.scoring.forms import Forms
from analytics.first_answers import FirstAnswers
from analytics.panel import read_panel
from analytics.results import signed
from assets.lake import Lake
from assets.marts.published import read_mart
from assets.report.gather import findings_of
from assets.results import from_plain
from assets.score.forms_in_force import load_forms
from pipelines.environments import Environment
from pipelines.main_job import Outcome
from pipelines.planted import Detection, behaviour_answers, detected, planted_effect_s
from pipelines.tally import Tally, tally

_AS = {"role": "pipeline", "purpose": "coaching"}


def closing(environment: Environment, outcome: Outcome, truth: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the closing lines and the same as JSON values."""
    counts = tally(environment)
    if outcome.broken:
        return [_read(counts), *(f"Needs you: {said}" for said in outcome.broken)], counts.as_json()
    lake, forms = Lake(environment.lake), load_forms(environment.scorecard, environment.state)
    answers = lake.read("score_question", columns=["interaction_id", "question_id", "answer"], epoch=forms.epoch, **_AS)
    found = _detected(lake, forms, pl.read_parquet(truth / "behaviours.parquet"))
    results = results_of(environment)
    planted_s = planted_effect_s(_panel(environment), truth)
    lines = [_read(counts), *_alert(lake, forms, answers), *_effect(results, planted_s), *_parts(results), str(found)]
    lines += [f"Needs you: {said}" for said in outcome.failed_checks]
    return lines, counts.as_json() | _numbers(results, planted_s, found)


def _detected(lake: Lake, forms: Forms, truth: pl.DataFrame) -> Detection:
    """Planted against found, on every fourth interaction: enough for two digits, and soon done."""
    core = lake.read("core_interaction", **_AS).sort("interaction_id").gather_every(4)
    turns = lake.read("core_turn", among=("interaction_id", core["interaction_id"]), **_AS)
    planted = truth.join(core.select("interaction_id"), on="interaction_id", how="semi")
    return detected(planted, behaviour_answers(core, turns, forms.model or forms.model_state or "model_missing"))


def results_of(environment: Environment) -> FirstAnswers:
    """Return the answers the analysis asset kept."""
    data = json.loads((environment.state / "analysis" / "first_answers.json").read_text(encoding="utf-8"))
    return from_plain(FirstAnswers, data)


def _panel(environment: Environment) -> Any:
    return read_panel(read_mart(environment.marts / "current", "mart_agent_week", role="analyst", purpose="coaching"))


def _read(counts: Tally) -> str:
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in counts.null_by_reason.items())
    share = f"{counts.rows / counts.interactions:.0%}" if counts.interactions else "none"
    return (
        f"{counts.interactions:,} interactions read, {counts.rows:,} scored ({share}): {counts.scored:,} with a score, "
        f"{counts.rows - counts.scored:,} NULL with a reason ({reasons}); {counts.quarantined:,} quarantined."
    )


def _alert(lake: Lake, forms: Forms, answers: pl.DataFrame) -> list[str]:
    """One finding a supervisor should see today: of the critical question lost least often, the latest quote."""
    core = lake.read("core_interaction", columns=["interaction_id", "day_on", "queue"], **_AS)
    found = findings_of(lake, forms, answers, core).filter(pl.col("severity") == "critical")
    if not found.height:
        return ["Nothing worth an alert: no critical question was lost with a quote."]
    rarest = found.group_by("question_id").len().sort("len", "question_id")["question_id"][0]
    found = found.filter(pl.col("question_id") == rarest)
    row = found.sort("day_on", "interaction_id", "turn").row(-1, named=True)
    at = "" if row["start_s"] is None else f" at {int(row['start_s'] // 60):02d}:{int(row['start_s'] % 60):02d}"
    where = f"{row['interaction_id']} ({row['queue']}, {row['day_on']}){at}"
    return [f"Worth an alert: {row['question_id']} in {where}: “{row['quote']}” ({found.height} like it)."]


def _effect(results: FirstAnswers, planted_s: float | None) -> list[str]:
    effect = results.effect
    if effect is None:
        return [f"Effect of coaching: {results.refused.get('effect', 'not asked')}"]
    interval = (
        "no interval"
        if effect.ci_low is None or effect.ci_high is None
        else (f"95 % interval {signed(effect.ci_low)} to {signed(effect.ci_high)}")
    )
    planted = "" if planted_s is None else f"; planted over the same weeks: {signed(planted_s)} s"
    codes = ", ".join(reason.code for reason in effect.reasons)
    said = f"Coaching moved {effect.outcome} by {signed(effect.estimate)} s ({interval}){planted}."
    return [f"{said} Verdict: {effect.verdict} ({codes})."]


def _parts(results: FirstAnswers) -> list[str]:
    split = results.effect_parts
    if split is None:
        return []
    parts = " ".join(f"{part.part.removesuffix('_s')} {signed(part.total_s)}" for part in split.parts)
    return [f"Its parts add up: {parts} = {signed(split.change_s)} s, residual {abs(split.residual_s):.0e} s."]


def _numbers(results: FirstAnswers, planted_s: float | None, found: Detection) -> dict[str, Any]:
    effect = results.effect
    return {
        "effect": None if effect is None else effect.as_record(),
        "planted_s": planted_s,
        "precision": found.precision,
        "recall": found.recall,
        "paraphrase_recall": found.paraphrase_recall,
        "behaviours": found.rows.to_dicts(),
    }
