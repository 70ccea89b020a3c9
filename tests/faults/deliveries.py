"""Small deliveries for the fault tests, the main job's first steps on them, and the tables they end in."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.contracts.tables import LAKE
from assets.core.assets import core_conversations, core_reference
from assets.lake import Lake
from assets.raw.assets import raw_delivery
from assets.score.assets import score_conversations
from pipelines.definitions import station_of
from pipelines.environments import Environment

AS = {"role": "pipeline", "purpose": "coaching"}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = {"AFTERCALL_HASH_KEY": "0123456789abcdef0123"}
STEPS = (raw_delivery, core_conversations, core_reference, score_conversations)
TABLES = tuple(table.name for table in LAKE)

Line = dict[str, Any]


def line(identity: str, day: int = 2, *, agent: str = "a1", **more: Any) -> Line:
    """One plain service call on a day of March 2026."""
    said = (
        ("agent", "Thank you for calling Maple Supply, this is Rosa. How can I help you today?"),
        ("customer", f"My order {identity} has not arrived and I am really upset about it."),
        ("agent", "I'm sorry about that. May I have your order number, please? Let me check."),
        ("customer", "I don't have it here."),
        ("agent", "I will send it again today. Is there anything else I can do for you?"),
        ("customer", "No, thanks for your help."),
    )
    turns = [{"speaker": who, "start_s": 8.0 * n, "end_s": 8.0 * n + 5, "text": text} for n, (who, text) in enumerate(said)]
    return {
        "interaction_id": identity,
        "channel": "voice",
        "agent_id": agent,
        "customer_id": f"c-{identity}",
        "started_at": f"2026-03-{day:02}T10:00:00Z",
        "queue": "service",
        "turns": turns,
    } | more


def leg(identity: str, leg_no: int = 0, day: int = 2, **more: Any) -> dict[str, Any]:
    """One ACD leg of an interaction."""
    return {
        "interaction_id": identity,
        "leg_no": leg_no,
        "agent_id": "a1",
        "queue": "service",
        "offered_at": f"2026-03-{day:02}T09:59:40Z",
        "talk_s": 120 + leg_no,
        "hold_s": 10,
        "acw_s": 30,
    } | more


def put_lines(path: Path, lines: Iterable[Mapping[str, Any]], *, at: int) -> None:
    """Write transcripts; `at` is the order of arrival."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    os.utime(path, ns=(at * 10**9, at * 10**9))


def put_table(path: Path, rows: Sequence[Mapping[str, Any]], *, at: int) -> None:
    """Write a table with the canonical column names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    os.utime(path, ns=(at * 10**9, at * 10**9))


def notices(*agents: str) -> list[dict[str, Any]]:
    """Notices given long before every call."""
    return [{"agent_id": agent, "notice_version": "1", "noticed_on": "2026-01-05"} for agent in agents]


def first_delivery(folder: Path) -> None:
    """Four days of transcripts in two files, their legs, and the tables of people."""
    put_lines(folder / "calls-a.jsonl", [line(f"i{n}", 2 + n % 4, agent=f"a{n % 3}") for n in range(8)], at=1)
    put_lines(folder / "calls-b.jsonl", [line(f"i{n}", 2 + n % 4, agent=f"a{n % 3}") for n in range(8, 14)], at=2)
    put_table(folder / "legs.csv", [leg(f"i{n}", k, 2 + n % 4) for n in range(16) for k in range(1 + n % 2)], at=3)
    team = {"valid_from_on": "2026-01-01", "team_id": "t1", "supervisor_id": "s1", "display_name": "Kim Doe"}
    put_table(folder / "roster.csv", [{"agent_id": f"a{n}", **team} for n in range(3)], at=4)
    put_table(folder / "notices.csv", notices("a0", "a1", "a2"), at=5)
    survey = {"respondent": "customer", "survey_item": "csat", "survey_value": 4, "scale_max": 5}
    put_table(folder / "surveys.csv", [{"survey_id": "s1", "interaction_id": "i1", **survey}], at=6)


def second_delivery(folder: Path) -> None:
    """Corrections: new words, an interaction moved to an earlier and one to a later day, a leg longer, new calls, a leaver."""
    moved = [line("i5", 2, queue="billing"), line("i0", 5), line("i1", 3, queue="sales"), line("i20", 4), line("i21", 6)]
    put_lines(folder / "calls-c.jsonl", moved, at=11)
    put_table(folder / "legs-2.csv", [leg("i3", 0, 5, talk_s=600), leg("i21", 0, 6)], at=12)
    put_table(folder / "notices-2.csv", notices("a3"), at=13)


def environment(state: Path, inbox: Path, **more: Any) -> Environment:
    """A run's surroundings with a clock that stands still."""
    settings: dict[str, Any] = {"basis": "synthetic", "basis_name": "fault tests", "variables": KEY} | more
    return Environment(state=state, input=inbox, clock=lambda: NOW, **settings)


def run_steps(state: Path, inbox: Path, **more: Any) -> None:
    """Receive, build the core, score: the assets themselves, without Dagster's bookkeeping around them."""
    around = environment(state, inbox, **more)
    lake, station = Lake(around.lake), station_of(around)
    for step in STEPS:
        body = step.op.compute_fn.decorated_fn
        list(body(lake) if step is core_reference else body(lake, station))


def tables(state: Path, *, leaving_out: Sequence[str] = ("received_at", "received_n")) -> dict[str, list[str]]:
    """Return every lake table as sorted text rows, without what tells when and in which order things came."""
    lake = Lake(state / "lake")
    found = {}
    for name in TABLES:
        rows = lake.read(name, **AS)
        found[name] = sorted(str(row) for row in rows.drop(leaving_out, strict=False).iter_rows())
    return found


def core_and_scores(state: Path) -> dict[str, list[str]]:
    """Return the tables that say what holds, without where and in which file version it was read."""
    every = tables(state, leaving_out=("source_ref", "source_system"))
    return {name: rows for name, rows in every.items() if not name.startswith("raw_")}


def column(state: Path, table: str, *names: str) -> pl.DataFrame:
    """Return some columns of a lake table, sorted."""
    return Lake(state / "lake").read(table, columns=list(names), **AS).sort(*names)
