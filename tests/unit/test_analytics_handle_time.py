"""The handle-time split adds up exactly, always, and gives known answers."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.handle_time import product_change, split_change

MONDAY = date(2026, 1, 5)


def cell(intent: str, n: int, talk: float, hold: float = 0.0, acw: float = 0.0, **more: object) -> dict[str, object]:
    sums = {"talk_s_sum": talk * n, "hold_s_sum": hold * n, "acw_s_sum": acw * n, "handle_s_sum": (talk + hold + acw) * n}
    return {"channel": "voice", "intent": intent, "queue": "q", "tenure_band": "unknown", "handled_n": n} | sums | more


def test_das_gupta_1993() -> None:
    size, rate = product_change(10_930, 0.717892, 16_591, 0.825974)
    assert size == pytest.approx(4369.9127, abs=5e-5)
    assert rate == pytest.approx(1487.2624, abs=5e-5)
    assert size + rate == pytest.approx(16_591 * 0.825974 - 10_930 * 0.717892)


def test_a_split_checked_by_hand() -> None:
    # shares .5/.5 -> .25/.75. talk: 100→80 and 200→200; hold 10→20 and 30→30.
    # talk mix: (−.25)·90 + .25·200 = 27.5; talk rate: .375·(−20) = −7.5
    # hold mix: (−.25)·15 + .25·30 = 3.75; hold rate: .375·10 = 3.75
    a = pl.DataFrame([cell("bill", 50, 100, 10), cell("move", 50, 200, 30)])
    b = pl.DataFrame([cell("bill", 25, 80, 20), cell("move", 75, 200, 30)])
    found = split_change(a, b, what="test")
    split = {part.part: (part.mix_s, part.rate_s) for part in found.parts}
    assert split["talk_s"] == pytest.approx((27.5, -7.5))
    assert split["hold_s"] == pytest.approx((3.75, 3.75))
    assert split["acw_s"] == pytest.approx((0.0, 0.0))
    assert found.change_s == pytest.approx(27.5)
    assert found.cells["mix_s"].sum() == pytest.approx(found.mix_s)


def test_a_cell_empty_in_one_period_is_all_mix_and_is_listed() -> None:
    a = pl.DataFrame([cell("bill", 100, 100)])
    b = pl.DataFrame([cell("bill", 50, 100), cell("outage", 50, 400)])
    found = split_change(a, b, what="test")
    assert found.change_s == pytest.approx(150)
    assert found.mix_s == pytest.approx(150)
    assert found.rate_s == pytest.approx(0)
    assert found.empty_cells == ("voice · outage · q · unknown",)


cells = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 500), st.floats(0, 3000), st.floats(0, 600), st.floats(0, 900)),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(row[1] > 0 for row in rows))


def frame(rows: list[tuple[str, int, float, float, float]]) -> pl.DataFrame:
    return pl.DataFrame([cell(*row) for row in rows])


@given(cells, cells)
@settings(max_examples=60, deadline=None)
def test_the_parts_add_up_to_the_change_always(a: list, b: list) -> None:
    found = split_change(frame(a), frame(b), what="test")
    direct = [rows["handle_s_sum"].sum() / rows["handled_n"].sum() for rows in (frame(a), frame(b))]
    assert found.mix_s + found.rate_s == pytest.approx(direct[1] - direct[0], abs=1e-9 * max(1.0, *direct))


@given(cells, cells)
@settings(max_examples=30, deadline=None)
def test_swapping_the_groups_swaps_every_sign(a: list, b: list) -> None:
    there, back = split_change(frame(a), frame(b), what="test"), split_change(frame(b), frame(a), what="test")
    for p, q in zip(there.parts, back.parts, strict=True):
        assert (p.mix_s, p.rate_s) == pytest.approx((-q.mix_s, -q.rate_s), abs=1e-9 * max(1.0, there.aht_a, there.aht_b))


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    a, b = (pl.DataFrame([cell(c, int(rng.integers(1, 90)), rng.uniform(50, 500)) for c in "abcdefgh"]) for _ in range(2))
    found, again = (
        split_change(a, b, what="test"),
        split_change(a.reverse(), b.sample(fraction=1, shuffle=True, seed=1), what="test"),
    )
    assert found.parts == again.parts


def test_parts_that_do_not_add_up_to_the_handle_time_are_found() -> None:
    a, b = pl.DataFrame([cell("bill", 10, 100)]), pl.DataFrame([cell("bill", 10, 120)])
    with pytest.raises(ContractError, match="must be complete and add up"):
        split_change(a, b.with_columns(handle_s_sum=pl.col("handle_s_sum") + 5), what="test")


def test_missing_sums_missing_columns_and_no_volume_say_what_to_do() -> None:
    a = pl.DataFrame([cell("bill", 10, 100)])
    with pytest.raises(ContractError, match="count only complete handle times"):
        split_change(a, a.with_columns(hold_s_sum=pl.lit(None, dtype=pl.Float64)), what="test")
    with pytest.raises(UnknownColumn, match="acw_s_sum"):
        split_change(a, a.drop("acw_s_sum"), what="test")
    with pytest.raises(DesignError, match="map talk_s, hold_s, acw_s"):
        split_change(a, a.with_columns(handled_n=0), what="test")
