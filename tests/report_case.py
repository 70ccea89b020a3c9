"""A small made-up centre as report inputs, for the tests of pages, workbook and CSV.

Lives here: the generator, with hostile names and quotes on request. Not here: any test.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from aftercall.contracts.frames import shaped
from aftercall.contracts.tables import table_named
from analytics.first_answers import first_answers
from assets.effects.declared import STANDING, Declared, answer_of
from assets.report.inputs import ReportInputs
from assets.report.study import study_page

MONDAY = date(2026, 1, 5)
QUESTIONS = [
    ("greets_with_name", "Greets and gives own name", "tone", 1.0, False, None),
    ("verifies_identity", "Verifies identity before account details", "compliance", 3.0, False, "critical"),
    ("explains_next_step", "Explains what happens next", "completeness", 2.0, False, "medium"),
    ("right_to_dispute", "Tells the right to dispute a debt", "compliance", 1.0, True, "high"),
]


def report_case(
    *, agents: int = 60, teams: int = 12, weeks: int = 24, a_week: int = 6, seed: int = 7, **changes: Any
) -> ReportInputs:
    """Return inputs of a centre where 8 of 12 teams are coached from weeks 10, 12 and 14 on, which saves 30 s a contact."""
    rng = np.random.default_rng(seed)
    starts = [10, 10, 10, 12, 12, 12, 14, 14] + [None] * (teams - 8)
    interactions: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    shares = rng.uniform(0.35, 0.95, (teams, len(QUESTIONS)))
    for agent in range(agents):
        team = agent % teams
        for week in range(weeks):
            for k in range(a_week):
                start = starts[team]
                coached = start is not None and week >= start
                monday = MONDAY + timedelta(weeks=week)
                at = datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC) + timedelta(
                    days=int(rng.integers(0, 5)), minutes=37 * k
                )
                intent = ["bill", "move", "fault"][int(rng.integers(0, 3))]
                talk = float(rng.lognormal(5.4, 0.4))
                acw = float(rng.gamma(4, 15)) - (30.0 if coached else 0.0)
                row = {
                    "interaction_id": f"i{agent:03d}-{week:02d}-{k}",
                    "day_on": at.date().isoformat(),
                    "started_at": at,
                    "channel": "voice",
                    "queue": ["billing", "service"][agent % 2],
                    "intent": intent,
                    "agent_id": f"agent-{agent:03d}",
                    "talk_s": talk,
                    "hold_s": float(rng.exponential(20)),
                    "acw_s": max(acw, 1.0),
                    "queue_wait_s": float(rng.exponential(40)),
                    "overall": None,
                    "null_reason": None,
                }
                row["handle_s"] = row["talk_s"] + row["hold_s"] + row["acw_s"]
                called = [int(rng.random() < 0.8) for _ in QUESTIONS]
                done = [int(c and rng.random() < shares[team, q]) for q, c in enumerate(called)]
                if rng.random() < 0.05 or not any(called[:3]):
                    row["null_reason"] = "nothing_called_for" if not any(called[:3]) else "no_transcript"
                else:
                    row["overall"] = 100 * sum(done[:3]) / sum(called[:3])
                    answers += [
                        {
                            "interaction_id": row["interaction_id"],
                            "section_id": section,
                            "question_id": question,
                            "answer": ("yes" if d else "no") if c else "na",
                            "points": weight * d,
                            "points_possible": weight * c,
                            "called_for_n": c,
                            "done_n": d,
                            "is_advisory": advisory,
                        }
                        for (question, _, section, weight, advisory, _), c, d in zip(QUESTIONS, called, done, strict=True)
                    ]
                interactions.append(
                    row | {"team_id": f"team-{team:02d}", "first": None if start is None else MONDAY + timedelta(weeks=start)}
                )
    frame = pl.DataFrame(
        interactions,
        schema_overrides={"first": pl.Date, "overall": pl.Float64, "null_reason": pl.String},
        infer_schema_length=None,
    )
    answered = pl.DataFrame(answers, infer_schema_length=None)
    agent_weeks, behaviour, handle = marts_of(frame, answered)
    intervals = frame.group_by("queue", interval_start_at=pl.col("started_at").dt.truncate("30m")).agg(
        offered_n=pl.len(), handled_n=pl.len(), abandoned_n=pl.lit(0), handle_s_sum=pl.col("handle_s").sum()
    )
    lost = answered.filter((pl.col("question_id") == "verifies_identity") & (pl.col("answer") == "no"))
    findings = lost.join(frame, on="interaction_id").select(
        "interaction_id",
        "day_on",
        "queue",
        "question_id",
        severity=pl.lit("critical"),
        quote=pl.lit("I can see your balance right here, it is all open."),
        turn=pl.lit(4),
        start_s=pl.lit(63.5),
    )
    kept, found = answer_of(Declared(STANDING, None), agent_weeks)
    given: dict[str, Any] = {
        "centre": "made-up centre",
        "basis": "synthetic",
        "basis_name": "test case, seed 7",
        "as_of_at": datetime(2026, 6, 30, 3, 0, tzinfo=UTC),
        "epoch": "abc123def456",
        "read_n": frame.height,
        "scored_n": frame.height - frame["overall"].null_count(),
        "quarantined_n": 3,
        "null_by_reason": dict(frame.drop_nulls("null_reason").group_by("null_reason").len().sort("null_reason").iter_rows()),
        "questions": pl.DataFrame(QUESTIONS, schema=["id", "text", "section", "weight", "advisory", "severity"], orient="row"),
        "interactions": frame.drop("team_id", "first"),
        "answers": answered,
        "findings": findings,
        "agent_weeks": agent_weeks,
        "queue_intervals": intervals.sort("queue", "interval_start_at"),
        "results": first_answers(handle, behaviour),
        "studies": (kept,),
        "study_pages": {} if found is None else {kept.name: study_page(found, source="test case")},
    }
    return ReportInputs(**(given | changes))


def marts_of(frame: pl.DataFrame, answered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return mart_agent_week, mart_behaviour_week and mart_handle_time of the made-up interactions."""
    weekly = frame.with_columns(
        week_on=pl.col("started_at").dt.truncate("1w").dt.date(),
        first_treated_on="first",
        mechanism=pl.when(pl.col("first").is_not_null()).then(pl.lit("rollout")),
        tenure_band=pl.lit("unknown"),
    )
    parts = [pl.col(name).sum().alias(f"{name}_sum") for name in ("talk_s", "hold_s", "acw_s", "handle_s", "queue_wait_s")]
    agents = weekly.group_by("agent_id", "week_on").agg(
        pl.col("team_id", "first_treated_on", "mechanism").first(),
        *parts,
        interaction_n=pl.len(),
        handled_n=pl.len(),
        scored_n=pl.col("overall").count(),
        overall_sum=pl.col("overall").sum(),
        null_n=pl.col("overall").null_count(),
        csat_n=pl.lit(0),
    )
    handle = weekly.group_by("team_id", "week_on", "channel", "intent", "queue", "tenure_band").agg(
        *parts[:4], handled_n=pl.len()
    )
    behaviour = (
        answered.join(weekly.select("interaction_id", "agent_id", "team_id", "week_on"), on="interaction_id")
        .group_by("agent_id", "week_on", "question_id")
        .agg(
            pl.col("team_id", "section_id", "is_advisory").first(),
            pl.col("called_for_n", "done_n").sum(),
            interaction_n=pl.len(),
            na_n=(pl.col("answer") == "na").sum(),
            null_n=pl.col("answer").is_null().sum(),
            points_sum=pl.col("points").sum(),
            points_possible_sum=pl.col("points_possible").sum(),
        )
        .with_columns(score_epoch=pl.lit("abc123def456"))
    )
    return (
        shaped(agents, table_named("mart_agent_week")),
        shaped(behaviour, table_named("mart_behaviour_week")),
        shaped(handle, table_named("mart_handle_time")),
    )
