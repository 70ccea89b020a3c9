"""Which records are current and which days must be rebuilt."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from assets.core.current import HEADS, current, expected, in_portions, rebuild

SCHEMA = {
    "record_kind": pl.String,
    "record_key": pl.String,
    "content_hash": pl.String,
    "day_on": pl.String,
    "received_n": pl.Int64,
}


def heads(*rows: tuple[str, str, str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def built(plan_or_expected: pl.DataFrame) -> pl.DataFrame:
    return plan_or_expected.select("interaction_id", "day_on", "content_hash")


NOTHING = built(expected(heads()))


def test_the_last_received_version_wins() -> None:
    rows = heads(("interaction", "a", "old", "2026-01-05", 0), ("interaction", "a", "new", "2026-01-06", 1))
    assert current(rows)["content_hash"].to_list() == ["new"]


def test_an_undated_transcript_takes_the_day_of_its_earliest_leg() -> None:
    rows = heads(
        ("interaction", "a", "t", "undated", 0), ("leg", "a|1", "l1", "2026-01-06", 1), ("leg", "a|0", "l0", "2026-01-05", 2)
    )
    assert expected(rows).row(0) == ("a", "2026-01-05", "t+l0+l1")


def test_a_leg_without_a_transcript_is_an_interaction_all_the_same() -> None:
    assert expected(heads(("leg", "b|0", "l", "2026-01-05", 0)))["interaction_id"].to_list() == ["b"]


def test_nothing_is_rebuilt_when_the_core_agrees() -> None:
    rows = heads(("interaction", "a", "t", "2026-01-05", 0), ("leg", "a|0", "l", "2026-01-05", 1))
    plan = rebuild(rows, built(expected(rows)))
    assert plan.days == ()
    assert plan.expected.height == 0


def test_a_corrected_date_rebuilds_the_old_day_and_the_new_one() -> None:
    before = heads(("interaction", "a", "t1", "2026-01-05", 0), ("interaction", "b", "u", "2026-01-07", 1))
    after = pl.concat([before, heads(("interaction", "a", "t2", "2026-01-06", 2))])
    plan = rebuild(after, built(expected(before)))
    assert plan.days == ("2026-01-05", "2026-01-06")
    assert plan.expected["interaction_id"].to_list() == ["a"]


def test_a_rebuilt_day_brings_all_its_interactions() -> None:
    before = heads(("interaction", "a", "t", "2026-01-05", 0))
    after = pl.concat([before, heads(("interaction", "b", "u", "2026-01-05", 1))])
    plan = rebuild(after, built(expected(before)))
    assert sorted(plan.expected["interaction_id"]) == ["a", "b"]


def test_the_partitions_to_read_are_those_of_the_records_not_of_the_day() -> None:
    rows = heads(("interaction", "a", "t", "undated", 0), ("leg", "a|0", "l", "2026-01-05", 1))
    assert rebuild(rows, NOTHING).raw_days == ["2026-01-05", "undated"]


DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from(["interaction", "leg"]),
        st.sampled_from("abc"),
        st.sampled_from(["h1", "h2"]),
        st.sampled_from(["2026-01-05", "2026-01-06", "undated"]),
    ),
    max_size=12,
)


@given(DELIVERIES, st.integers(1, 3))
def test_portions_cover_the_plan_once(deliveries: list[tuple[str, str, str, str]], limit_n: int) -> None:
    rows = heads(
        *((kind, key if kind == "interaction" else f"{key}|0", h, day, n) for n, (kind, key, h, day) in enumerate(deliveries))
    )
    plan = rebuild(rows, NOTHING)
    parts = in_portions(plan, limit_n)
    assert [day for part in parts for day in part.days] == list(plan.days)
    assert sorted(key for part in parts for key in part.expected["interaction_id"]) == sorted(plan.expected["interaction_id"])


@given(DELIVERIES, st.integers(0, 12))
def test_two_deliveries_end_where_one_does(deliveries: list[tuple[str, str, str, str]], cut: int) -> None:
    rows = heads(
        *((kind, key if kind == "interaction" else f"{key}|0", h, day, n) for n, (kind, key, h, day) in enumerate(deliveries))
    )
    first = expected(rows.head(cut))
    plan = rebuild(rows, built(first))
    kept = built(first).filter(pl.col("day_on").is_in(plan.days).not_())
    both = pl.concat([kept, built(plan.expected)]).sort("interaction_id")
    assert both.equals(built(expected(rows)).sort("interaction_id"))


def test_heads_are_named_once() -> None:
    assert tuple(SCHEMA) == HEADS
