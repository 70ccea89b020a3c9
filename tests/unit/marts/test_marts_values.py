"""Every mart's values over a lake made by hand: what is given stands in conftest.py, what is expected here."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from aftercall.contracts.columns import Kind
from aftercall.contracts.tables import MARTS
from assets.marts.assets import sources_of
from assets.marts.build import MartsHouse
from assets.marts.lake_views import connect
from assets.marts.published import FILE, read_mart

pytestmark = pytest.mark.slow

_TYPES = {
    Kind.KEY: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.REAL: "DOUBLE",
    Kind.COUNT: "BIGINT",
    Kind.FLAG: "BOOLEAN",
    Kind.INSTANT: "TIMESTAMP WITH TIME ZONE",
    Kind.DATE: "DATE",
}
FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 12)


def mart(house: MartsHouse, name: str) -> pl.DataFrame:
    return read_mart(house.current, name, role="pipeline", purpose="coaching")


def one(house: MartsHouse, name: str, **key: Any) -> dict[str, Any]:
    rows = mart(house, name).filter(**key).to_dicts()
    assert len(rows) == 1, f"{name} has {len(rows)} rows for {key}"
    return rows[0]


def has(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("table", MARTS, ids=lambda table: table.name)
def test_a_mart_has_the_columns_of_its_contract_in_order_and_type(house: MartsHouse, table: Any) -> None:
    with connect(house.current / FILE, read_only=True) as connection:
        described = connection.sql(f"describe {table.name}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [(c.name, _TYPES[c.kind]) for c in table.columns]


def test_the_published_file_holds_marts_and_nothing_else(house: MartsHouse) -> None:
    with connect(house.current / FILE, read_only=True) as connection:
        tables = connection.sql("select schema_name, table_name from duckdb_tables()").fetchall()
        views = connection.sql("select view_name from duckdb_views() where not internal").fetchall()
    assert sorted(tables) == sorted(("main", table.name) for table in MARTS)
    assert views == []


def test_agent_day(house: MartsHouse) -> None:
    assert mart(house, "mart_agent_day").select("agent_id", "day_on").sort("agent_id", "day_on").rows() == [
        ("ann", "2026-01-05"), ("ann", "2026-01-06"), ("ann", "2026-01-07"), ("ann", "2026-01-12"), ("bob", "2026-01-05"),
    ]  # fmt: skip
    has(
        one(house, "mart_agent_day", agent_id="ann", day_on="2026-01-05"),
        team_id="red", interaction_n=1, handled_n=1, talk_s_sum=100, hold_s_sum=20, acw_s_sum=30, handle_s_sum=150,
        queue_wait_s_sum=10, scored_n=1, overall_sum=80, null_n=0,
    )  # fmt: skip


def test_an_unknown_part_makes_sums_null_and_never_zero(house: MartsHouse) -> None:
    has(
        one(house, "mart_agent_day", agent_id="ann", day_on="2026-01-06"),
        interaction_n=1, handled_n=0, talk_s_sum=None, hold_s_sum=None, acw_s_sum=None, handle_s_sum=None,
        queue_wait_s_sum=None, scored_n=0, overall_sum=None, null_n=1,
    )  # fmt: skip


def test_a_score_of_another_epoch_does_not_count_and_the_interaction_still_does(house: MartsHouse) -> None:
    has(
        one(house, "mart_agent_day", agent_id="ann", day_on="2026-01-07"),
        interaction_n=1,
        scored_n=0,
        overall_sum=None,
        null_n=1,
    )


def test_the_team_is_the_one_of_the_day_although_the_roster_overlaps(house: MartsHouse) -> None:
    teams = mart(house, "mart_agent_day").filter(agent_id="ann").sort("day_on")["team_id"].to_list()
    assert teams == ["red", "red", "blue", "blue"]


def test_agent_week_holds_sufficient_statistics(house: MartsHouse) -> None:
    has(
        one(house, "mart_agent_week", agent_id="ann", week_on=FIRST),
        team_id="blue", site_id="s1", role="agent", interaction_n=3, handled_n=2,
        talk_s_sum=150, hold_s_sum=20, acw_s_sum=40, handle_s_sum=210,
        talk_s_sumsq=12_500, hold_s_sumsq=400, acw_s_sumsq=1_000, handle_s_sumsq=26_100,
        talk_s_hold_s_cross=2_000, talk_s_acw_s_cross=3_500, hold_s_acw_s_cross=600,
        queue_wait_s_sum=15, scored_n=1, overall_sum=80, overall_sumsq=6_400, score_epoch="epoch-of-now",
    )  # fmt: skip


def test_satisfaction_counts_customers_on_the_scale_only(house: MartsHouse) -> None:
    # 5 of 5 is 1, 2 of 5 is a quarter; an agent's answer, another item, a value off the scale and a missing scale are left out
    has(one(house, "mart_agent_week", agent_id="ann", week_on=FIRST), csat_n=2, csat_sum=1.25)
    has(one(house, "mart_agent_week", agent_id="bob", week_on=FIRST), csat_n=0, csat_sum=None)


def test_coaching_begins_with_the_first_delivery_in_the_sites_zone(house: MartsHouse) -> None:
    # delivered on Monday 03:00 UTC, which is Sunday in New York
    has(one(house, "mart_agent_week", agent_id="ann", week_on=SECOND), first_treated_on=FIRST, mechanism="rollout")
    has(one(house, "mart_agent_week", agent_id="bob", week_on=FIRST), first_treated_on=None, mechanism=None)


def test_the_delay_of_a_week_is_the_median_of_what_was_delivered(house: MartsHouse) -> None:
    has(one(house, "mart_agent_week", agent_id="ann", week_on=SECOND), delay_s=60)
    has(one(house, "mart_agent_week", agent_id="ann", week_on=FIRST), delay_s=None)  # delivered, nobody says how late


def test_tenure_and_exit_belong_to_the_person(house: MartsHouse) -> None:
    ann = one(house, "mart_agent_week", agent_id="ann", week_on=SECOND)
    assert ann["tenure_weeks"] == pytest.approx((SECOND - date(2025, 10, 1)).days / 7)
    has(ann, exit_week_on=SECOND)
    # hired on Wednesday of that week: no tenure yet, and not a negative one
    has(one(house, "mart_agent_week", agent_id="bob", week_on=FIRST), tenure_weeks=0, exit_week_on=None)


def test_a_week_without_known_handle_times_is_counted_with_null_sums(house: MartsHouse) -> None:
    has(
        one(house, "mart_agent_week", agent_id="ann", week_on=SECOND),
        interaction_n=1, handled_n=0, handle_s_sum=None, handle_s_sumsq=None, talk_s_acw_s_cross=None, overall_sum=None,
    )  # fmt: skip


def test_behaviour_week(house: MartsHouse) -> None:
    has(
        one(house, "mart_behaviour_week", agent_id="ann", week_on=FIRST, question_id="ownership"),
        score_epoch="epoch-of-now", team_id="red", section_id="tone", behaviour_id="ownership", interaction_n=2,
        called_for_n=1, done_n=1, na_n=1, null_n=0, points_sum=1, points_possible_sum=1, is_advisory=False,
    )  # fmt: skip
    has(
        one(house, "mart_behaviour_week", agent_id="ann", week_on=FIRST, question_id="greeting"),
        interaction_n=1, called_for_n=0, done_n=0, na_n=0, null_n=1, points_sum=None, points_possible_sum=None,
    )  # fmt: skip
    asked = mart(house, "mart_behaviour_week").filter(question_id="ownership").select("agent_id", "week_on", "interaction_n")
    assert sorted(asked.rows()) == [("ann", FIRST, 2), ("ann", SECOND, 1), ("bob", FIRST, 1)]  # no old epoch, nothing undated


def test_queue_interval(house: MartsHouse) -> None:
    ten = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
    has(
        one(house, "mart_queue_interval", queue="care", interval_start_at=ten),
        interval_s=1800, offered_n=2, handled_n=1, abandoned_n=1, handle_s_sum=150, queue_wait_s_sum=109,
    )  # fmt: skip
    has(one(house, "mart_queue_interval", queue="care", interval_start_at=datetime(2026, 1, 5, 9, 30, tzinfo=UTC)), offered_n=1)
    has(one(house, "mart_queue_interval", queue="unknown"), offered_n=1, handled_n=1, abandoned_n=None)
    assert mart(house, "mart_queue_interval")["offered_n"].sum() == 6  # all but the undated one


def test_handle_time(house: MartsHouse) -> None:
    rows = mart(house, "mart_handle_time").sort("handle_s_sum").drop("week_on").rows()
    assert rows == [
        ("blue", "chat", "unknown", "unknown", "3 to 12 months", 1, 50, 0, 10, 60),
        ("red", "voice", "billing", "care", "unknown", 1, 100, 0, 0, 100),  # before the day of hiring
        ("red", "voice", "billing", "care", "3 to 12 months", 1, 100, 20, 30, 150),
    ]


def test_customer_shows_the_latest_three_with_the_last_legs_outcome(house: MartsHouse) -> None:
    rows = mart(house, "mart_customer").filter(customer_id="c1").sort("recency_no")
    assert rows.select("recency_no", "interaction_id", "intent", "outcome").rows() == [
        (1, "i7", "moving", None),  # its last leg was not wrapped up, and the leg before does not speak for it
        (2, "i3", None, "solved"),
        (3, "i2", "billing", None),
    ]
    assert rows.select("tier", "preferred_name", "state_of_residence").unique().rows() == [("gold", "Kim", "NY")]


def test_a_promise_is_open_until_the_next_contact(house: MartsHouse) -> None:
    rows = mart(house, "mart_customer").sort("customer_id", "recency_no")
    # the latest quote of the latest contact, promised with a time or without; the promise of i1 was followed by a contact,
    # and i4, which nobody can date, is no later contact
    assert rows.select("interaction_id", "open_promise").rows() == [
        ("i7", "I will call you on Friday"),
        ("i3", None),
        ("i2", None),
        ("i5", "someone will call you"),
        ("i4", None),
    ]


def test_coverage_counts_every_interaction_once(house: MartsHouse) -> None:
    rows = mart(house, "mart_coverage").sort("day_on", "queue", "scoring_outcome").rows()
    assert rows == [
        ("2026-01-05", "care", "no_transcript", 1),
        ("2026-01-05", "care", "scored", 2),
        ("2026-01-06", "care", "too_short", 1),
        ("2026-01-07", "unknown", "not_yet_scored", 1),
        ("2026-01-12", "care", "no_notice", 1),
        ("undated", "care", "scored", 1),
    ]


def test_no_model_reads_transcripts_or_received_records(house: MartsHouse) -> None:
    assert not {"core_turn", "raw_record"} & set(sources_of(house.prepared))
