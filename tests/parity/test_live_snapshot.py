"""The hourly snapshot holds what dbt builds at night: one SQL, two ways to run it."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aftercall.contracts.table import Purpose
from assets.marts.published import read_mart


@pytest.mark.slow
def test_the_snapshot_equals_the_mart(demo_state: Path) -> None:
    mart = read_mart(demo_state / "marts" / "current", "mart_customer", role="pipeline", purpose=Purpose.SERVICE_QUALITY)
    live = pl.read_parquet(demo_state / "live" / "current" / "customer.parquet")
    assert live.height > 100
    assert_frame_equal(live.sort("customer_id", "recency_no"), mart.sort("customer_id", "recency_no"))


@pytest.mark.slow
def test_the_link_points_to_a_whole_folder(demo_state: Path) -> None:
    assert sorted(path.name for path in (demo_state / "live" / "current").iterdir()) == ["customer.parquet", "made_from.json"]
