"""A lake small enough to check every mart by hand, built once with the real dbt.

Two agents, seven interactions, one epoch that counts and one that does not; the site is in New York.
"""

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aftercall.contracts.frames import polars_schema, shaped
from aftercall.contracts.tables import LAKE, table_named
from assets.lake import Lake
from assets.marts.build import Build, MartsHouse, build_marts
from assets.marts.dbt_project import manifest, project_hash
from assets.marts.published import BuiltFrom

NOW, OLD = "epoch-of-now", "epoch-of-old"
ZONE = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fill(lake: Lake, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows as the table; columns that no row names are null."""
    table = table_named(name)
    schema = {key: dtype for key, dtype in polars_schema(table).items() if any(key in row for row in rows)}
    lake.overwrite(name, shaped(pl.DataFrame(list(rows), schema=schema), table))


def interaction(interaction_id: str, started: str | None, **rest: Any) -> dict[str, Any]:
    parts = [rest.get(part) for part in ("talk_s", "hold_s", "acw_s")]
    return {
        "interaction_id": interaction_id,
        "day_on": started[:10] if started else "undated",
        "started_at": at(started) if started else None,
        "handle_s": None if None in parts else float(sum(parts)),
        "transcript_state": "ok",
        "basis": "synthetic",
        "content_hash": interaction_id,
    } | rest


def question(interaction_id: str, question_id: str, answer: str | None, day_on: str, **rest: Any) -> dict[str, Any]:
    return {
        "interaction_id": interaction_id,
        "question_id": question_id,
        "score_epoch": NOW,
        "day_on": day_on,
        "section_id": "tone",
        "behaviour_id": question_id,
        "answer": answer,
        "is_advisory": False,
    } | rest


def period(agent_id: str, start: date, team_id: str, **rest: Any) -> dict[str, Any]:
    return {"agent_id": agent_id, "valid_from_on": start, "team_id": team_id, "site_id": "s1", "role": "agent"} | rest


def coached(agent_id: str, item_id: str, kind: str, instant: str, mechanism: str) -> dict[str, Any]:
    return {"agent_id": agent_id, "item_id": item_id, "exposure_kind": kind, "exposed_at": at(instant), "mechanism": mechanism}


def survey(survey_id: str, interaction_id: str, respondent: str, item: str, value: float, top: float | None) -> dict[str, Any]:
    asked = {"survey_id": survey_id, "interaction_id": interaction_id, "respondent": respondent, "survey_item": item}
    return asked | {"survey_value": value, "scale_max": top}


def leg(interaction_id: str, leg_no: int, day_on: str, **rest: Any) -> dict[str, Any]:
    return {"interaction_id": interaction_id, "leg_no": leg_no, "day_on": day_on} | rest


def fill_by_hand(lake: Lake) -> None:
    ann, bob = {"agent_id": "ann", "customer_id": "c1"}, {"agent_id": "bob", "customer_id": "c2"}
    care = {"channel": "voice", "queue": "care"}
    first, second, third = (
        {"talk_s": 100.0, "hold_s": 20.0, "acw_s": 30.0, "queue_wait_s": 10.0},
        {"talk_s": 200.0, "hold_s": 0.0},
        {"talk_s": 50.0, "hold_s": 0.0, "acw_s": 10.0, "queue_wait_s": 5.0},
    )
    fill(
        lake,
        "core_interaction",
        [
            interaction("i1", "2026-01-05T10:00:00", **ann, **care, intent="billing", **first),
            interaction("i2", "2026-01-06T11:00:00", **ann, **care, intent="billing", **second),
            interaction("i3", "2026-01-07T12:00:00", **ann, channel="chat", **third),
            interaction("i4", None, **ann | {"customer_id": "c2"}, **care, talk_s=60.0, hold_s=0.0, acw_s=0.0),
            interaction("i5", "2026-01-05T09:59:59", **bob, **care, intent="billing", talk_s=100.0, hold_s=0.0, acw_s=0.0),
            interaction("i6", "2026-01-05T10:29:59", queue="care", queue_wait_s=99.0),
            interaction("i7", "2026-01-12T08:00:00", **ann, **care, intent="moving"),
        ],
    )
    fill(
        lake,
        "core_leg",
        [
            leg("i1", 0, "2026-01-05", disposition="transferred"),
            leg("i1", 1, "2026-01-05", disposition="solved"),
            leg("i3", 0, "2026-01-07", disposition="solved"),
            leg("i6", 0, "2026-01-05", is_abandoned=True),
            leg("i7", 0, "2026-01-12", disposition="solved"),
            leg("i7", 1, "2026-01-12"),
        ],
    )
    fill(
        lake,
        "core_agent",
        [
            # the first period was never closed: the second one ends it
            period("ann", date(2025, 10, 1), "red", hired_on=date(2025, 10, 1)),
            period("ann", date(2026, 1, 7), "blue", exit_on=date(2026, 1, 15)),
            period("bob", date(2026, 1, 5), "red", hired_on=date(2026, 1, 7)),
        ],
    )
    fill(lake, "core_customer", [{"customer_id": "c1", "tier": "gold", "preferred_name": "Kim", "state_of_residence": "NY"}])
    fill(
        lake,
        "core_exposure",
        [
            coached("ann", "x", "assigned", "2026-01-02T12:00:00", "triggered"),
            # Monday 03:00 in London, still Sunday in New York: the week before
            coached("ann", "y", "delivered", "2026-01-12T03:00:00", "rollout"),
            coached("ann", "v", "delivered", "2026-01-13T12:00:00", "rollout") | {"delay_s": 90.0},
            coached("ann", "w", "delivered", "2026-01-14T12:00:00", "rollout") | {"delay_s": 30.0},
            coached("ann", "v", "completed", "2026-01-15T12:00:00", "rollout") | {"delay_s": 9_000.0},
            coached("ann", "z", "delivered", "2026-01-20T12:00:00", "opt_in"),
            coached("bob", "x", "dismissed", "2026-01-02T12:00:00", "rollout"),
        ],
    )
    fill(
        lake,
        "core_survey",
        [
            survey("s1", "i1", "customer", "csat", 5.0, 5.0),
            survey("s2", "i2", "customer", "CSAT", 2.0, 5.0),
            survey("s3", "i1", "agent", "csat", 1.0, 5.0),
            survey("s4", "i3", "customer", "nps", 9.0, 10.0),
            survey("s5", "i1", "customer", "csat", 0.0, 5.0),
            survey("s6", "i1", "customer", "csat", 3.0, None),
        ],
    )
    scored = {"score_epoch": NOW, "score_key": "k"}
    fill(
        lake,
        "score_interaction",
        [
            {"interaction_id": "i1", "day_on": "2026-01-05", "overall": 80.0} | scored,
            {"interaction_id": "i2", "day_on": "2026-01-06", "null_reason": "too_short"} | scored,
            {"interaction_id": "i3", "day_on": "2026-01-07", "overall": 10.0, "score_epoch": OLD, "score_key": "k"},
            {"interaction_id": "i4", "day_on": "undated", "overall": 60.0} | scored,
            {"interaction_id": "i5", "day_on": "2026-01-05", "overall": 40.0} | scored,
            {"interaction_id": "i6", "day_on": "2026-01-05", "null_reason": "no_transcript"} | scored,
            {"interaction_id": "i7", "day_on": "2026-01-12", "null_reason": "no_notice"} | scored,
        ],
    )
    yes = {"points": 1.0, "points_possible": 1.0, "called_for_n": 1, "done_n": 1}
    fill(
        lake,
        "score_question",
        [
            question("i1", "ownership", "yes", "2026-01-05", **yes),
            question("i1", "greeting", None, "2026-01-05", null_reason="no_times"),
            question("i2", "ownership", "na", "2026-01-06", called_for_n=0, done_n=0),
            question("i3", "ownership", "yes", "2026-01-07", **yes, score_epoch=OLD),
            question("i4", "ownership", "yes", "undated", **yes),
            question("i5", "ownership", "no", "2026-01-05", points=0.0, points_possible=1.0, called_for_n=2, done_n=0),
            question("i7", "ownership", "partial", "2026-01-12", points=0.5, points_possible=1.0, called_for_n=2, done_n=1),
            question("i1", "follow_up_time", "yes", "2026-01-05", **yes),
            question("i5", "follow_up_time", "no", "2026-01-05", points=0.0, points_possible=1.0, called_for_n=1, done_n=0),
            question(
                "i7", "follow_up_time", "partial", "2026-01-12", points=0.5, points_possible=1.0, called_for_n=2, done_n=1
            ),
        ],
    )

    def quote(interaction_id: str, no: int, turn: int, words: str | None, asked: str = "follow_up_time") -> dict[str, Any]:
        day_on = {"i1": "2026-01-05", "i5": "2026-01-05", "i7": "2026-01-12"}[interaction_id]
        place = {"interaction_id": interaction_id, "question_id": asked, "evidence_no": no, "score_epoch": NOW}
        return place | {"day_on": day_on, "turn": turn, "quote": words}

    fill(
        lake,
        "score_evidence",
        [
            quote("i1", 0, 4, "I will write to you tomorrow"),
            quote("i5", 0, 2, "someone will call you"),
            quote("i7", 0, 9, "I will call you on Friday"),
            quote("i7", 1, 3, "they will write to you"),
            quote("i7", 2, 12, None),
            quote("i7", 0, 11, "I have changed the plan", "ownership"),
        ],
    )


def facts(lake: Lake, project: Path) -> BuiltFrom:
    return BuiltFrom(lake.versions([table.name for table in LAKE]), NOW, ZONE, project_hash(project))


def build(house: MartsHouse, lake: Lake) -> Build:
    files = {table.name: lake.files(table.name) for table in LAKE}
    return build_marts(house, files=files, made_from=facts(lake, house.project_dir))


@pytest.fixture(scope="session")
def project(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project, so that nobody edits it while the tests run."""
    copy = tmp_path_factory.mktemp("project") / "dbt_like_sql"
    shutil.copytree(checkout / "dbt_like_sql", copy, ignore=shutil.ignore_patterns("target", "logs"))
    return copy


@pytest.fixture(scope="session")
def dbt_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbt_cache")


@pytest.fixture(scope="session")
def prepared(project: Path, dbt_cache: Path) -> Path:
    return manifest(project, dbt_cache)


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("by hand's lake") / "lake")
    fill_by_hand(lake)
    return lake


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, project: Path, prepared: Path, by_hand: Lake) -> MartsHouse:
    """The marts of the lake made by hand, built and published."""
    made = MartsHouse(tmp_path_factory.mktemp("house") / "marts", project, prepared)
    outcome = build(made, by_hand)
    assert outcome.published, [result for result in outcome.results if not result.passed]
    return made
