"""The truth of the synthetic centre, kept where no pipeline looks: potential outcomes, behaviours, values, promises, endings.

Lives here: out/truth/*.parquet and effect.json. Not here: drawing the truth (contacts.py), planting it (scene.py).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aftercall.synth import rates
from aftercall.synth.contacts import PARTS, Contacts, Reals
from aftercall.synth.staff import Agent
from aftercall.synth.transcripts import Spoken

if TYPE_CHECKING:
    import polars as pl

DEFINITION = (
    "te = y1 - y0 of the same contact, y0 without any coaching. Headline: mean te of handle_s over the agent-weeks that are "
    "treated (week >= the agent's first delivered coaching), each counting once; per_interaction weights by contacts."
)


def contact_frame(contacts: Contacts, ids: Sequence[str], agents: Sequence[Agent], start_on: date) -> "pl.DataFrame":
    """Return one row per contact: potential outcomes in seconds, and what is on file about it."""
    import polars as pl

    week = contacts.week.tolist()
    starts = [one.start_week() for one in agents]
    columns: dict[str, Any] = {
        "interaction_id": list(ids),
        "agent_id": [agents[place].agent_id for place in contacts.agent],
        "team_id": [agents[place].team_in(one).team_id for place, one in zip(contacts.agent, week, strict=True)],
        "week_on": [start_on + timedelta(weeks=one) for one in week],
        "weeks_since_start": [
            None if starts[place] is None else one - (starts[place] or 0)
            for place, one in zip(contacts.agent, week, strict=True)
        ],
        "channel": np.where(contacts.is_chat, "chat", "voice").tolist(),
        "intent": [rates.INTENTS[code] for code in contacts.intent],
        "is_repeat": contacts.is_repeat,
        "has_transcript": contacts.has_transcript,
        "has_leg": contacts.has_leg,
    }
    for part in PARTS:
        columns[f"{part}_y0_s"], columns[f"{part}_te_s"] = contacts.y0[part], contacts.te[part]
    frame = pl.DataFrame(columns).with_columns(
        queue=pl.col("intent").replace_strict(rates.QUEUE_OF),
        is_treated=pl.col("weeks_since_start").fill_null(-1) >= 0,
        handle_y0_s=pl.sum_horizontal(f"{part}_y0_s" for part in PARTS),
        handle_te_s=pl.sum_horizontal(f"{part}_te_s" for part in PARTS),
    )
    return frame.with_columns(handle_y1_s=pl.col("handle_y0_s") + pl.col("handle_te_s"))


def agent_weeks(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Return one row per agent and week of the contacts that have a leg: means of y0, te and y1 per part, in seconds."""
    import polars as pl

    named = [f"{part}_{what}_s" for part in (*PARTS, "handle") for what in ("y0", "te")]
    return (
        frame.filter("has_leg")
        .group_by("agent_id", "week_on", maintain_order=True)
        .agg(
            pl.col("team_id", "is_treated", "weeks_since_start").first(),
            pl.len().alias("interaction_n"),
            *(pl.col(name).mean().alias(name) for name in (*named, "handle_y1_s")),
        )
        .sort("agent_id", "week_on")
    )


def effect(frame: "pl.DataFrame", weekly: "pl.DataFrame") -> dict[str, Any]:
    """Return the planted effect: mean te over treated agent-weeks and over treated contacts, by part, in s and as shares."""
    import polars as pl

    def summary(rows: "pl.DataFrame") -> dict[str, Any]:
        treated = rows.filter("is_treated")
        if treated.is_empty():
            return {"treated_n": 0}
        parts = (*PARTS, "handle")
        te = {part: float(np.mean(treated[f"{part}_te_s"].to_numpy())) for part in parts}
        y0 = {part: float(np.mean(treated[f"{part}_y0_s"].to_numpy())) for part in parts}
        return {
            "treated_n": treated.height,
            "te_s": {f"{part}_s": te[part] for part in parts},
            "y0_s": {f"{part}_s": y0[part] for part in parts},
            "te_share": {f"{part}_s": te[part] / y0[part] if y0[part] else 0.0 for part in parts},
        }

    return {
        "definition": DEFINITION,
        "outcome": "handle_s",
        "unit_of_outcome": "s",
        "headline": summary(weekly),
        "per_interaction": summary(frame.filter(pl.col("has_leg"))),
        "full_effect_share": {f"{part}_s": change for part, change in rates.COACHED_CHANGE.items()},
    }


def write_truth(
    folder: Path,
    contacts: Contacts,
    ids: Sequence[str],
    agents: Sequence[Agent],
    propensities: Mapping[str, Reals],
    spoken: Spoken,
    ratings: tuple[Sequence[Sequence[object]], Sequence[str]],
    start_on: date,
) -> dict[str, Any]:
    """Write every truth file below `folder`; return the planted effect as written to effect.json."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = contact_frame(contacts, ids, agents, start_on)
    weekly = agent_weeks(frame)
    frame.write_parquet(folder / "interactions.parquet")
    weekly.write_parquet(folder / "agent_weeks.parquet")
    planted = _behaviours(spoken)
    planted.write_parquet(folder / "behaviours.parquet")
    levels = _propensities(agents, propensities, start_on)
    levels.write_parquet(folder / "behaviour_propensities.parquet")
    _personal(spoken).write_parquet(folder / "personal_data.parquet")
    _promised(spoken).write_parquet(folder / "promises.parquet")
    _endings(spoken).write_parquet(folder / "endings.parquet")
    _ratings(*ratings).write_parquet(folder / "evaluations.parquet")
    found = effect(frame, weekly) | {"behaviours": _behaviour_effect(levels, planted)}
    (folder / "effect.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found


def _behaviours(spoken: Spoken) -> "pl.DataFrame":
    import polars as pl

    marks = [(one.interaction_id, mark) for one in spoken.outcomes for mark in one.marks]
    return pl.DataFrame(
        {
            "interaction_id": [identity for identity, _ in marks],
            "behaviour": [mark.behaviour for _, mark in marks],
            "called_for": [mark.called_for for _, mark in marks],
            "done": [mark.done for _, mark in marks],
            "is_paraphrase": [mark.unusual for _, mark in marks],
            "turn": [mark.turn for _, mark in marks],
            "called_at_turn": [mark.called_at for _, mark in marks],
        },
        schema_overrides={"turn": pl.Int64, "called_at_turn": pl.Int64},
    )


def _propensities(agents: Sequence[Agent], propensities: Mapping[str, Reals], start_on: date) -> "pl.DataFrame":
    """Return one row per agent, week worked and behaviour: P(done if called for) without and with coaching."""
    import polars as pl

    cells = [(place, week) for place, one in enumerate(agents) for week in range(one.first_week, one.last_week + 1)]
    at = tuple(np.array(cells).T)
    starts = [one.start_week() for one in agents]
    base = pl.DataFrame(
        {
            "agent_id": [agents[place].agent_id for place, _ in cells],
            "week_on": [start_on + timedelta(weeks=week) for _, week in cells],
            "is_treated": [starts[place] is not None and week >= (starts[place] or 0) for place, week in cells],
        }
    )
    return pl.concat(
        base.with_columns(behaviour=pl.lit(name), p0=pl.Series(values[at[0], at[1], 0]), p1=pl.Series(values[at[0], at[1], 1]))
        for name, values in propensities.items()
    )


def _behaviour_effect(levels: "pl.DataFrame", planted: "pl.DataFrame") -> dict[str, Any]:
    """Return, per behaviour, how often it was called for, done, done in unusual words, and the mean gain by coaching."""
    import polars as pl

    gain = levels.filter("is_treated").group_by("behaviour").agg(te_share=(pl.col("p1") - pl.col("p0")).mean())
    counts = planted.group_by("behaviour").agg(
        called_for_n=pl.col("called_for").sum(), done_n=pl.col("done").sum(), paraphrase_n=pl.col("is_paraphrase").sum()
    )
    rows = counts.join(gain, on="behaviour", how="left").sort("behaviour")
    return {row.pop("behaviour"): row for row in rows.to_dicts()}


def _personal(spoken: Spoken) -> "pl.DataFrame":
    import polars as pl

    rows = spoken.personal
    return pl.DataFrame(
        {
            "interaction_id": [identity for identity, _, _ in rows],
            "turn": [turn for _, turn, _ in rows],
            "kind": [value.kind for _, _, value in rows],
            "form": [value.form for _, _, value in rows],
            "value": [value.value for _, _, value in rows],
            "start": [value.start for _, _, value in rows],
            "end": [value.end for _, _, value in rows],
        }
    )


def _promised(spoken: Spoken) -> "pl.DataFrame":
    """Return one row per promise said; by '' = no time named, who 'doubtful' counts neither way."""
    import polars as pl

    names = ("interaction_id", "turn", "who", "what", "by")
    rows = [(identity, turn, one.who, one.what, one.by) for identity, turn, one in spoken.promised]
    return pl.DataFrame(rows, schema=dict(zip(names, (pl.String, pl.Int64, *[pl.String] * 3), strict=True)), orient="row")


def _endings(spoken: Spoken) -> "pl.DataFrame":
    """Return one row per transcript: how it ended, and whether the customer said that they had been in touch before."""
    import polars as pl

    schema = {"interaction_id": pl.String, "ending": pl.String, "is_repeat_said": pl.Boolean}
    return pl.DataFrame(spoken.endings, schema=schema, orient="row")


def _ratings(rows: Sequence[Sequence[object]], truth: Sequence[str]) -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(
        {
            "evaluation_id": [str(row[0]) for row in rows],
            "question_id": [str(row[1]) for row in rows],
            "interaction_id": [str(row[2]) for row in rows],
            "true_answer": list(truth),
            "answer": [str(row[4]) for row in rows],
        },
        schema=dict.fromkeys(("evaluation_id", "question_id", "interaction_id", "true_answer", "answer"), pl.String),
    )
