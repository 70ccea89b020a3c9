"""Frames against contracts: every broken rule is named at once, a good frame comes back as it is."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from aftercall.contracts import columns as c
from aftercall.contracts.errors import ContractError, UnknownTable
from aftercall.contracts.frames import arrow_schema, broken_rules, empty, keep, polars_schema, shaped
from aftercall.contracts.table import Purpose, Retention, table
from aftercall.contracts.tables import LAKE, MARTS, TABLES, table_named

VISIT = table(
    "visit",
    "one row per visit",
    (c.INTERACTION_ID, c.LEG_NO),
    (c.TALK_S, c.CONFIDENCE, c.SPEAKER.must(), c.HIRED_ON, c.STARTED_AT, c.IS_PAID),
    Retention.EVENTS,
    Purpose.COACHING,
)
GOOD = {
    "interaction_id": ["a", "a"],
    "leg_no": [0, 1],
    "talk_s": [0.0, None],
    "confidence": [0.0, 1.0],
    "speaker": ["agent", "customer"],
    "hired_on": [date(2026, 1, 5), None],
    "started_at": [datetime(2026, 1, 5, tzinfo=UTC), None],
    "is_paid": [True, None],
}


def frame(**changed: object) -> pl.DataFrame:
    return pl.DataFrame(GOOD | changed, schema=polars_schema(VISIT), strict=False)


def test_a_frame_that_keeps_its_contract_comes_back_as_it_is() -> None:
    good = frame()
    assert broken_rules(good, VISIT) == []
    assert keep(good, VISIT) is good


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"interaction_id": [None, "a"]}, "interaction_id is null in 1 rows"),
        ({"speaker": ["agent", None]}, "speaker is null in 1 rows"),
        ({"talk_s": [-0.5, -1.0]}, "talk_s below 0 in 2 rows"),
        ({"confidence": [1.5, 0.0]}, "confidence above 1 in 1 rows"),
        ({"talk_s": [float("nan"), 1.0]}, "talk_s is not a number in 1 rows"),
        ({"speaker": ["agent", "robot"]}, "speaker not one of agent, customer, system in 1 rows"),
        ({"leg_no": [0, 0]}, "1 repeated keys ('interaction_id', 'leg_no')"),
    ],
)
def test_each_rule_is_named_with_its_rows(changed: dict[str, object], rule: str) -> None:
    assert broken_rules(frame(**changed), VISIT) == [rule]


def test_every_broken_rule_is_named_at_once() -> None:
    wrong = frame(leg_no=[-1, -1], talk_s=[-1.0, 2.0], confidence=[2.0, -2.0], speaker=[None, "robot"])
    assert broken_rules(wrong, VISIT) == [
        "leg_no below 0 in 2 rows",
        "talk_s below 0 in 1 rows",
        "confidence below 0 in 1 rows",
        "confidence above 1 in 1 rows",
        "speaker is null in 1 rows",
        "speaker not one of agent, customer, system in 1 rows",
        "1 repeated keys ('interaction_id', 'leg_no')",
    ]
    with pytest.raises(ContractError, match="visit breaks its contract: leg_no below 0 in 2 rows; talk_s below 0"):
        keep(wrong, VISIT)


def test_missing_and_mistyped_columns_are_named_before_values_are_looked_at() -> None:
    wrong = frame(talk_s=[-1.0, 0.0]).drop("is_paid").with_columns(pl.col("leg_no").cast(pl.String))
    assert broken_rules(wrong, VISIT) == ["missing is_paid", "leg_no is String, not Int64"]


def test_no_rows_keep_every_contract() -> None:
    for each in TABLES.values():
        assert broken_rules(empty(each), each) == []


def test_shaped_adds_optional_columns_casts_and_orders() -> None:
    rows = pl.DataFrame({"speaker": ["agent"], "leg_no": ["3"], "interaction_id": ["a"], "unheard_of": [1]})
    made = shaped(rows, VISIT)
    assert made.columns == list(VISIT.names)
    assert made.row(0) == ("a", 3, None, None, "agent", None, None, None)
    assert made.schema == empty(VISIT).schema


def test_shaped_refuses_what_it_cannot_make() -> None:
    with pytest.raises(ContractError, match="visit needs interaction_id, speaker; the frame has leg_no"):
        shaped(pl.DataFrame({"leg_no": [1]}), VISIT)
    with pytest.raises(ContractError, match="visit"):
        shaped(pl.DataFrame({"interaction_id": ["a"], "leg_no": ["one"], "speaker": ["agent"]}), VISIT)


def test_arrow_and_polars_agree_and_arrow_knows_what_is_required() -> None:
    for each in TABLES.values():
        assert pl.from_arrow(arrow_schema(each).empty_table()).schema == empty(each).schema
        assert [field.name for field in arrow_schema(each) if not field.nullable] == [
            col.name for col in each.columns if col.required
        ]


@pytest.mark.parametrize("each", [*LAKE, *MARTS], ids=lambda each: each.name)
def test_a_table_is_described_soundly(each: object) -> None:
    described = TABLES[each.name]  # type: ignore[attr-defined]
    assert len(set(described.names)) == len(described.names)
    assert set(described.key) | set(described.partition) <= set(described.names)
    assert all(described.column(name).required for name in described.key)
    assert described.grain.startswith("one row per ")
    same_name = [column for other in TABLES.values() for column in other.columns if column.name in described.names]
    kinds = {(column.name, column.kind) for column in same_name}
    assert len(kinds) == len(described.names), "one name has two kinds somewhere"


def test_an_unknown_table_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownTable, match="Did you mean 'core_turn'"):
        table_named("core_turns")
