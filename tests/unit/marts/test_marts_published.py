"""The swap of the published marts: readers see one whole build, old runs go, what is not finished is refused."""

import itertools
import threading
from pathlib import Path

import polars as pl
import pytest

from aftercall.contracts.errors import AccessRefused, ContractError, RequestError, UnknownTable
from aftercall.contracts.frames import empty
from aftercall.contracts.tables import MARTS, table_named
from assets.marts.lake_views import connect
from assets.marts.published import FILE, BuiltFrom, is_current, next_run, publish, read_mart, read_marts

AS = {"role": "pipeline", "purpose": "service_quality"}
PAIR = ("mart_coverage", "mart_handle_time")
SWAPS = 20


def run_of(root: Path, n: int, *, name: str = "mart_coverage", rows: pl.DataFrame | None = None) -> Path:
    """Write a finished run whose two filled marts both say `n`."""
    run = next_run(root)
    run.mkdir(parents=True)
    coverage = pl.DataFrame({"day_on": ["2026-01-05"], "queue": ["care"], "scoring_outcome": ["scored"], "interaction_n": [n]})
    handle_time = pl.DataFrame(
        [("red", "voice", "billing", "care", "unknown", n)],
        schema=["team_id", "channel", "intent", "queue", "tenure_band", "handled_n"],
        orient="row",
    )
    handle_time = handle_time.with_columns(
        pl.lit("2026-01-05").str.to_date().alias("week_on"),
        *(pl.lit(1.0).alias(f"{part}_s_sum") for part in ("talk", "hold", "acw", "handle")),
    ).select(table_named("mart_handle_time").names)
    filled = {"mart_coverage": coverage, "mart_handle_time": handle_time} | ({name: rows} if rows is not None else {})
    with connect(run / FILE) as connection:
        for table in MARTS:
            frame = filled.get(table.name, empty(table)).to_arrow()
            connection.register("frame", frame)
            connection.execute(f"create table {table.name} as select * from frame")
            connection.unregister("frame")
    return run


def said(frames: dict[str, pl.DataFrame]) -> tuple[int, int]:
    return frames["mart_coverage"]["interaction_n"][0], frames["mart_handle_time"]["handled_n"][0]


def test_a_reader_looping_through_twenty_swaps_sees_whole_builds_in_order(tmp_path: Path) -> None:
    current = tmp_path / "current"
    publish(run_of(tmp_path, 0), current)
    seen, errors, done = list[tuple[int, int]](), list[Exception](), threading.Event()

    def read_on() -> None:
        while not done.is_set():
            try:
                seen.append(said(read_marts(current, PAIR, **AS)))
            except Exception as error:  # noqa: BLE001 every kind of failure is what this test looks for
                errors.append(error)

    reader = threading.Thread(target=read_on)
    reader.start()
    for n in range(1, SWAPS + 1):
        publish(run_of(tmp_path, n), current)
    done.set()
    reader.join()
    assert errors == []
    assert [pair for pair in seen if pair[0] != pair[1]] == []
    assert all(before <= after for before, after in itertools.pairwise(seen))
    assert len(set(seen)) > 3, "the reader must have met several builds for this to mean anything"
    assert said(read_marts(current, PAIR, **AS)) == (SWAPS, SWAPS)


def test_the_last_three_runs_are_kept_and_numbers_go_on(tmp_path: Path) -> None:
    for n in range(5):
        publish(run_of(tmp_path, n), tmp_path / "current")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "run-3", "run-4", "run-5"]
    assert next_run(tmp_path).name == "run-6"


def test_ten_comes_after_nine(tmp_path: Path) -> None:
    for number in (2, 9, 10):
        (tmp_path / f"run-{number}").mkdir()
    assert next_run(tmp_path).name == "run-11"


def test_an_older_run_can_be_put_back_without_being_cleared_away(tmp_path: Path) -> None:
    first = run_of(tmp_path, 1)
    for n in (2, 3, 4):
        run_of(tmp_path, n)
    publish(first, tmp_path / "current")
    assert read_mart(tmp_path / "current", "mart_coverage", **AS)["interaction_n"].to_list() == [1]


def test_the_link_survives_a_move_of_the_state_folder(tmp_path: Path) -> None:
    publish(run_of(tmp_path / "here", 7), tmp_path / "here" / "current")
    (tmp_path / "here").rename(tmp_path / "there")
    assert said(read_marts(tmp_path / "there" / "current", PAIR, **AS)) == (7, 7)


def test_a_folder_without_marts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"holds no marts\.duckdb"):
        publish(tmp_path / "run-1", tmp_path / "current")
    assert not (tmp_path / "current").is_symlink()


def test_a_build_that_was_not_closed_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, 1)
    (run / f"{FILE}.wal").touch()
    with pytest.raises(ContractError, match="write-ahead log"):
        publish(run, tmp_path / "current")


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="aftercall run"):
        read_mart(tmp_path / "current", "mart_coverage", **AS)


def test_reads_name_a_role_and_a_mart(tmp_path: Path) -> None:
    publish(run_of(tmp_path, 1), tmp_path / "current")
    with pytest.raises(AccessRefused, match="wfm_lead"):
        read_mart(tmp_path / "current", "mart_agent_week", role="wfm_lead", purpose="service_quality")
    with pytest.raises(UnknownTable, match="mart_coverage"):
        read_mart(tmp_path / "current", "mart_coverge", **AS)
    with pytest.raises(ContractError, match="core_turn is no mart"):
        read_mart(tmp_path / "current", "core_turn", **AS)


def test_a_mart_that_breaks_its_contract_is_not_handed_out(tmp_path: Path) -> None:
    twice = pl.DataFrame(
        {"day_on": ["d", "d"], "queue": ["q", "q"], "scoring_outcome": ["scored", "scored"], "interaction_n": [1, -1]}
    )
    publish(run_of(tmp_path, 1, rows=twice), tmp_path / "current")
    with pytest.raises(ContractError, match=r"interaction_n below 0 in 1 rows; 1 repeated keys"):
        read_mart(tmp_path / "current", "mart_coverage", **AS)


def test_a_build_is_current_only_for_the_same_lake_epoch_zone_and_sql(tmp_path: Path) -> None:
    made = BuiltFrom({"core_leg": 3}, "epoch", "UTC", "sql")
    assert not is_current(tmp_path / "current", made)
    run = run_of(tmp_path, 1)
    made.write(run)
    publish(run, tmp_path / "current")
    assert is_current(tmp_path / "current", made)
    for other in (
        BuiltFrom({"core_leg": 4}, "epoch", "UTC", "sql"),
        BuiltFrom({"core_leg": 3, "core_turn": 1}, "epoch", "UTC", "sql"),
        BuiltFrom({"core_leg": 3}, "other", "UTC", "sql"),
        BuiltFrom({"core_leg": 3}, "epoch", "CET", "sql"),
        BuiltFrom({"core_leg": 3}, "epoch", "UTC", "other"),
    ):
        assert not is_current(tmp_path / "current", other)
