"""Blocking checks in Dagster over a real lake: what they find, that they stop what comes after, that they run once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from deltalake import write_deltalake

from aftercall.contracts.frames import empty, shaped
from aftercall.contracts.tables import MARTS, table_named
from assets.checks import (
    CLOCK_SKEW,
    every_interaction_scored,
    judge_contract,
    judge_coverage,
    judge_dates,
    keeps_contract,
    lake_checks,
    no_future_dates,
)
from assets.expectations import CHECK, SAMPLED, expectation_checks
from assets.lake import Lake

from .marts.station_for_tests import NOON, station_at

EPOCH = "epoch-of-now"


def interactions(*ids: str, days: Sequence[str] = (), started: datetime = NOON) -> pl.DataFrame:
    table = table_named("core_interaction")
    rows = pl.DataFrame({"interaction_id": list(ids), "day_on": list(days) or ["2026-02-01"] * len(ids)})
    facts = {"transcript_state": "ok", "basis": "synthetic", "content_hash": "h"}
    return shaped(
        rows.with_columns(started_at=pl.lit(started), **{name: pl.lit(value) for name, value in facts.items()}), table
    )


def scores(*ids: str, epoch: str = EPOCH) -> pl.DataFrame:
    rows = pl.DataFrame({"interaction_id": list(ids)})
    facts = {"day_on": "2026-02-01", "score_epoch": epoch, "score_key": "k", "null_reason": "no_transcript"}
    return shaped(rows.with_columns(**{name: pl.lit(value) for name, value in facts.items()}), table_named("score_interaction"))


def run(
    state: Path, checks: Sequence[dg.AssetChecksDefinition], **settings: Any
) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """Run the checks beside assets of the tables' names and one asset that stands on them; say whether that was made."""
    names = sorted({key.asset_key.to_user_string() for check in checks for key in check.check_keys})
    made = list[str]()

    def table_asset(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name)
        def table() -> None:
            return None

        return table

    @dg.asset(deps=names)
    def after() -> None:
        made.append("after")

    resources = {"lake": Lake(state / "lake"), "station": station_at(state, **settings)}
    definitions = dg.Definitions(
        assets=[*(table_asset(name) for name in names), after],
        asset_checks=checks,
        resources=resources,
        jobs=[dg.define_asset_job("all", dg.AssetSelection.all(), executor_def=dg.in_process_executor)],
    )
    return definitions.resolve_job_def("all").execute_in_process(raise_on_error=False), made


def said(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {check.check_name: f"{check.passed}: {check.description}" for check in result.get_asset_check_evaluations()}


def test_a_missing_score_row_is_listed_and_stops_what_comes_after(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.overwrite("core_interaction", interactions("a", "b", "c", "d"))
    lake.overwrite("score_interaction", pl.concat([scores("a", "c"), scores("b", epoch="of-old")]))
    result, made = run(tmp_path, [every_interaction_scored(lambda _: EPOCH)])
    assert said(result) == {"every_interaction_scored": f"False: 2 of 4 interactions have no score row in epoch {EPOCH}: b, d."}
    (check,) = result.get_asset_check_evaluations()
    assert check.metadata["first_missing"].value == "b, d"
    assert made == []


def test_with_every_row_the_rest_goes_on(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.overwrite("core_interaction", interactions("a", "b"))
    lake.overwrite("score_interaction", scores("a", "b"))
    result, made = run(tmp_path, lake_checks(epoch_of=lambda _: EPOCH))
    assert all(answer.startswith("True") for answer in said(result).values()), said(result)
    assert made == ["after"]


def test_a_table_that_breaks_its_contract_behind_the_lakes_back_is_found(tmp_path: Path) -> None:
    wrong = interactions("a", "a", "b").with_columns(talk_s=pl.Series([-1.0, None, None]))
    write_deltalake(str(tmp_path / "lake" / "core_interaction"), wrong.to_arrow(), partition_by=["day_on"])
    result, made = run(tmp_path, [keeps_contract(table_named("core_interaction"))])
    assert said(result) == {"keeps_contract": "False: talk_s below 0 in 1 rows; 1 repeated keys ('interaction_id',)"}
    assert made == []


def test_a_key_on_two_far_days_is_found_although_days_are_read_apart(tmp_path: Path) -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    rows = interactions(*["twice", *(f"i{n}" for n in range(28)), "twice"], days=days)
    write_deltalake(str(tmp_path / "core_interaction"), rows.to_arrow(), partition_by=["day_on"])
    verdict = judge_contract(Lake(tmp_path), table_named("core_interaction"))
    assert not verdict.passed
    assert verdict.said == "1 keys ('interaction_id',) occur on more than one day"


def test_an_unchanged_table_is_not_read_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.overwrite("core_interaction", interactions("a"))
    checks = [keeps_contract(table_named("core_interaction"))]
    run(tmp_path, checks)
    for path in (tmp_path / "lake" / "core_interaction").rglob("*.parquet"):
        path.write_bytes(b"")  # reading would fail now
    result, _ = run(tmp_path, checks)
    assert said(result) == {"keeps_contract": "True: core_interaction keeps its contract in 1 rows."}


def test_the_future_is_refused_by_the_clock_that_is_handed_in(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.overwrite("core_interaction", interactions("a", started=NOON + timedelta(hours=1)))
    checks = [no_future_dates(table_named("core_interaction"), ["started_at"])]
    result, made = run(tmp_path, checks)
    assert said(result)["no_future_dates"].startswith("False: started_at lies in the future in 1 rows, up to 2026-02-01 13:00")
    assert made == []
    result, made = run(tmp_path, checks, clock=lambda: NOON + timedelta(hours=2))
    assert said(result)["no_future_dates"].startswith("True")
    assert made == ["after"]


def test_clocks_may_differ_by_minutes_and_unknown_times_are_no_future() -> None:
    rows = interactions("a", "b", started=NOON + CLOCK_SKEW)
    assert judge_dates("core_interaction", rows.select("started_at"), NOON).passed
    assert not judge_dates("core_interaction", rows.select("started_at"), NOON - timedelta(seconds=1)).passed
    assert judge_dates(
        "core_interaction", empty(table_named("core_interaction")).select("started_at"), datetime(2000, 1, 1, tzinfo=UTC)
    ).passed


def test_no_interactions_are_all_scored() -> None:
    nothing = pl.DataFrame({"interaction_id": []}, schema={"interaction_id": pl.String})
    assert judge_coverage(nothing, nothing, EPOCH).passed


@pytest.mark.slow
def test_samples_that_fail_block_and_leave_pages(tmp_path: Path) -> None:
    wrong = interactions("a", "b").with_columns(direction=pl.lit("sideways"))
    write_deltalake(str(tmp_path / "lake" / "core_interaction"), wrong.to_arrow(), partition_by=["day_on"])
    core = next(check for check in expectation_checks() if any("core_turn" in key.asset_key.path for key in check.check_keys))
    result, made = run(tmp_path, [core])
    failed = {check.asset_key.to_user_string(): check for check in result.get_asset_check_evaluations() if not check.passed}
    assert set(failed) == {"core_interaction"}
    assert failed["core_interaction"].check_name == CHECK
    assert "expect_column_values_to_be_in_set(column = direction" in str(failed["core_interaction"].description)
    assert made == []
    assert (tmp_path / "reports" / "data_docs" / "core" / "index.html").is_file()


def test_every_sampled_table_and_every_mart_has_its_blocking_suite() -> None:
    specs = [spec for check in expectation_checks() for spec in check.check_specs]
    names = {spec.asset_key.to_user_string() for spec in specs}
    assert {name for names in SAMPLED.values() for name in names} < names
    assert {name for name in names if name.startswith("mart_")} == {table.name for table in MARTS}
    assert all(spec.blocking for spec in specs)
