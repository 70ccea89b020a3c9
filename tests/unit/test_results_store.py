"""Results kept between assets come back equal, and nothing in the files is not JSON."""

import json
import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import polars as pl
from polars.testing import assert_frame_equal

from assets.results import ResultStore, from_plain, to_plain


@dataclass(frozen=True, slots=True)
class Inner:
    word: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Outer:
    at_on: date
    inner: tuple[Inner, ...]
    pair: tuple[float, int]
    counts: dict[str, int]
    maybe: Inner | None
    rows: pl.DataFrame


ROWS = pl.DataFrame(
    {"week_on": [date(2026, 1, 5)], "n": [3], "share": [None], "word": ["a"]}, schema_overrides={"share": pl.Float64}
)
ONE = Outer(date(2026, 1, 5), (Inner("a", 1.0), Inner("b", None)), (1.5, 2), {"x": 1}, None, ROWS)


def test_a_result_comes_back_equal() -> None:
    back: Any = from_plain(Outer, json.loads(json.dumps(to_plain(ONE), allow_nan=False)))
    assert (back.at_on, back.inner, back.pair, back.counts, back.maybe) == (ONE.at_on, ONE.inner, ONE.pair, ONE.counts, None)
    assert_frame_equal(back.rows, ROWS)


def test_what_is_not_a_number_is_null_in_the_file_and_nan_again_as_a_float() -> None:
    assert to_plain(math.inf) is None
    assert math.isnan(from_plain(float, to_plain(math.nan)))


def test_assets_hand_results_on_through_readable_files(tmp_path) -> None:
    @dg.asset
    def first() -> Inner:
        return Inner("kept", 2.0)

    @dg.asset
    def second(first: Inner) -> Inner:
        return Inner(first.word + " and read", first.value)

    result = dg.materialize([first, second], resources={"io_manager": ResultStore(tmp_path)})
    assert result.output_for_node("second") == Inner("kept and read", 2.0)
    assert json.loads((tmp_path / "first.json").read_text()) == {"word": "kept", "value": 2.0}
