"""Rules in shadow: skipping what cannot apply changes nothing, newest days come first, nothing is judged twice."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from aftercall.contracts.tables import table_named
from aftercall.scoring.pack_book import RuleBook, shipped_rules
from aftercall.scoring.pack_run import RuleFacts, run_rules
from aftercall.scoring.pack_vectors import turns_and_controls
from assets.compliance.assets import judge_days
from assets.compliance.shadow import Known, facts_of, known_facts
from assets.lake import Lake

NOTICE = "us.recording.notice"
OK = {"transcript_state": "ok", "basis": "synthetic"}
SAID = {
    "a": ["A 0-4: Hello, this call is recorded, is that all right?", "C 5-6: Yes.", "A 20-22: So."],
    "b": ["A 0-3: Hello there.", "A 20-24: Your parcel left this morning.", "C 25-26: Fine."],
    "c": ["A 0-3: Hello there.", "A 18-24: This call is recorded.", "C 25-26: Fine."],
}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return shipped_rules(None)


def rows_of(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None).select(
        *rows[0], *(pl.lit(None).alias(column) for column in table_named(name).names if column not in rows[0])
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake, days = Lake(tmp_path / "lake"), {"a": "2026-06-01", "b": "2026-06-02", "c": "2026-06-02"}
    core, turns, scores = [], [], []
    for name, day in days.items():
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        core.append(
            {"interaction_id": name, "day_on": day, "channel": "voice", "started_at": at, "content_hash": f"h{name}"} | OK
        )
        scores.append({"interaction_id": name, "day_on": day, "score_epoch": "e" * 12, "score_key": name, "overall": 50.0})
        turns += [
            {"interaction_id": name, "turn": turn.turn, "day_on": day, "speaker": turn.speaker, "text": turn.text}
            | {"start_s": turn.start_s, "end_s": turn.end_s}
            for turn in turns_and_controls(tuple(SAID[name]))[0]
        ]
    for table, rows in (("core_interaction", core), ("core_turn", turns), ("score_interaction", scores)):
        lake.append(table, rows_of(table, rows))
    return lake


def found(lake: Lake, book: RuleBook) -> dict[str, str | None]:
    rows = lake.read("score_rule", epoch=book.epoch, role="qa_lead", purpose="coaching").filter(pl.col("rule_id") == NOTICE)
    return dict(rows.select("interaction_id", "rule_outcome").iter_rows())


def test_newest_days_come_first_and_nothing_is_judged_twice(lake: Lake, book: RuleBook) -> None:
    known = Known(1, {"voice": {"recorded": True}}, {})
    first = judge_days(lake, book, known, "e" * 12)
    assert (first.judged_n, first.interaction_n) == (2, 3)
    assert found(lake, book) == {"b": "missed", "c": "late"}
    second = judge_days(lake, book, known, "e" * 12)
    assert second.judged_n == 3
    assert found(lake, book)["a"] == "kept"
    version = lake.versions(["score_rule"])
    third = judge_days(lake, book, known, "e" * 12)
    assert lake.versions(["score_rule"]) == version
    row = third.rows.filter(pl.col("rule_id") == NOTICE).to_dicts()[0]
    assert [row[name] for name in ("asked_n", "kept_n", "late_n", "missed_n", "person_n", "unknown_n")] == [3, 1, 1, 1, 0, 0]


def test_without_the_fact_a_rule_is_not_judged_and_says_so(lake: Lake, book: RuleBook) -> None:
    told = judge_days(lake, book, Known(10, {}, {}), "e" * 12)
    assert set(found(lake, book).values()) == {None}
    assert told.rows.filter(pl.col("rule_id") == NOTICE)["unknown_n"].to_list() == [3]


def test_an_interaction_without_a_score_for_privacy_is_left_alone(lake: Lake, book: RuleBook) -> None:
    assert judge_days(lake, book, Known(10, {}, {}), "f" * 12).judged_n == 0


def test_skipping_rules_that_cannot_apply_changes_no_outcome(book: RuleBook) -> None:
    facts = (
        (("recorded", True),),
        (("account_type", "third_party_collection"), ("contact", "first"), ("recorded", False)),
        (("account_type", "third_party_collection"), ("right_party", True), ("region", "eu"), ("analysed", True)),
        (),
    )
    said = [
        *SAID.values(),
        ["A 0-3: Pay today or we will have you arrested.", "C 4-6: Stop calling me.", "A 70-75: You owe 40 dollars."],
    ]
    for known in facts:
        for lines in said:
            turns, _ = turns_and_controls(tuple(lines))
            given = RuleFacts(tuple(sorted(known)))
            assert book.judge(given, turns) == run_rules(book.pack, given, turns)


def test_facts_of_the_interaction_win_over_those_of_its_queue(tmp_path: Path) -> None:
    row = {"attributes_json": '{"account_type": "service"}', "channel": "voice", "queue": "collections", "direction": "inbound"}
    row |= {"started_at": None, "hold_s": None}
    told = dict(facts_of(row, known_facts(tmp_path)).attributes)
    assert told == {"account_type": "service", "recorded": True, "channel": "voice", "direction": "inbound"}
    (tmp_path / "compliance_facts.toml").write_text("interactions_per_run = 5\n", encoding="utf-8")
    assert known_facts(tmp_path) == Known(5, {}, {})


def test_the_epoch_moves_with_the_rules(book: RuleBook) -> None:
    assert RuleBook(replace(book.pack, content="other")).epoch != book.epoch
