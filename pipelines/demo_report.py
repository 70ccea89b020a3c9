"""The demo's closing lines: what was read, scored, found, and what had been planted, in at most ten lines.

Lives here: words around numbers that others computed. Not here: computing them (planted.py, tally.py, analytics).
"""

from pathlib import Path
from typing import Any

import polars as pl

from aftercall.scoring.forms import Forms
from analytics.effect import Effect
from analytics.panel import read_panel
from analytics.results import signed
from assets.effects.declared import STANDING, KeptStudy, closed_weeks
from assets.effects.kept import kept_studies
from assets.lake import Lake
from assets.marts.published import read_mart
from assets.report.gather import findings_of
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
    study = standing_of(environment)
    planted_s = planted_effect_s(_panel(environment), truth)
    lines = [_read(counts), *_alert(lake, forms, answers), *_effect(study, planted_s), *_parts(study.effect), str(found)]
    lines += [f"Needs you: {said}" for said in outcome.failed_checks]
    return lines, counts.as_json() | _numbers(study.effect, planted_s, found)


def _detected(lake: Lake, forms: Forms, truth: pl.DataFrame) -> Detection:
    """Planted against found, on every fourth interaction: enough for two digits, and soon done."""
    core = lake.read("core_interaction", **_AS).sort("interaction_id").gather_every(4)
    turns = lake.read("core_turn", among=("interaction_id", core["interaction_id"]), **_AS)
    planted = truth.join(core.select("interaction_id"), on="interaction_id", how="semi")
    return detected(planted, behaviour_answers(core, turns, forms.model or forms.model_state or "model_missing"))


def standing_of(environment: Environment) -> KeptStudy:
    """Return the kept answer of the study every centre has."""
    found = {one.name: one for one in kept_studies(environment.state)}
    return found.get(STANDING, KeptStudy(STANDING, None, "not asked", ""))


def _panel(environment: Environment) -> Any:
    weeks = read_mart(environment.marts / "current", "mart_agent_week", role="analyst", purpose="coaching")
    return read_panel(closed_weeks(weeks, environment.clock().date()))


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


def _effect(study: KeptStudy, planted_s: float | None) -> list[str]:
    """One sentence: what the effect was, how sure, and how far from what was planted."""
    effect = study.effect
    if effect is None:
        return [f"Effect of coaching: {study.refused}"]
    planted = ""
    if planted_s is not None:
        inside = effect.ci_low is not None and effect.ci_high is not None and effect.ci_low <= planted_s <= effect.ci_high
        apart = f"{abs(effect.estimate - planted_s):.1f} s off, {'inside' if inside else 'outside'} the interval"
        planted = f" Planted over the same cells: {signed(planted_s)} s ({apart})."
    codes = f" ({', '.join(reason.code for reason in effect.reasons)})" if effect.reasons else ""
    return [f"{effect} Verdict: {effect.verdict}{codes}.{planted}"]


def _parts(effect: Effect | None) -> list[str]:
    if effect is None or not effect.parts or effect.parts_residual_s is None:
        return []
    parts = " ".join(f"{part.part.removesuffix('_s')} {signed(part.estimate_s)}" for part in effect.parts)
    return [f"Its parts add up: {parts} = {signed(effect.estimate)} s, residual {abs(effect.parts_residual_s):.0e} s."]


def _numbers(effect: Effect | None, planted_s: float | None, found: Detection) -> dict[str, Any]:
    return {
        "effect": None if effect is None else effect.as_record(),
        "planted_s": planted_s,
        "precision": found.precision,
        "recall": found.recall,
        "paraphrase_recall": found.paraphrase_recall,
        "behaviours": found.rows.to_dicts(),
    }
