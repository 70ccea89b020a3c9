"""kill -9 anywhere, and two runs at once: what an undisturbed repeat ends in is what one undisturbed run ends in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipelines.environments import CHECKOUT
from tests.faults.deliveries import column, tables

pytestmark = pytest.mark.slow
DELIVERIES = ("first", "second")
STRIDE = 3  # 1 dies at every commit: measured clean, but takes minutes


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed_runs", folder, str(STRIDE)],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return folder


def log(runs: Path, delivery: str) -> dict[str, list[str]]:
    return json.loads((runs / delivery / "log.json").read_text())


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_runs_really_died_where_they_should(runs: Path, delivery: str) -> None:
    ends = log(runs, delivery)
    assert ends["undisturbed"] == ends["together"][:1] == ["done"]
    assert ends["together"] == ["done", "done"]
    commits = [how for name, how in ends.items() if name.startswith("commit-")]
    assert commits[-1] == ["done"]
    assert len(commits) > 5
    assert all(how == ["killed", "done"] for how in commits[:-1])
    assert sum(name.startswith("inside-") and how == ["killed", "done"] for name, how in ends.items()) >= 2
    assert {"killed"} <= {how for name in ends if name.startswith("shot-") for how in ends[name]}
    assert not [name for name, how in ends.items() if "failed" in how]


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_nothing_is_lost_and_nothing_doubled(runs: Path, delivery: str) -> None:
    wanted = tables(runs / delivery / "undisturbed")
    assert all(wanted[name] for name in ("raw_record", "core_turn", "core_leg", "score_interaction", "score_evidence"))
    for name in log(runs, delivery):
        found = tables(runs / delivery / name)
        different = [table for table, rows in found.items() if rows != wanted[table]]
        assert not different, f"{name}: {different}"


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_every_interaction_stands_once_and_has_one_score_row(runs: Path, delivery: str) -> None:
    for name in log(runs, delivery):
        state = runs / delivery / name
        core = column(state, "core_interaction", "interaction_id")["interaction_id"]
        scored = column(state, "score_interaction", "interaction_id")["interaction_id"]
        assert core.n_unique() == core.len() == {"first": 16, "second": 18}[delivery]
        assert scored.to_list() == core.to_list()


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_order_of_arrival_is_never_given_twice(runs: Path, delivery: str) -> None:
    for name in log(runs, delivery):
        order = column(runs / delivery / name, "raw_record", "received_n")["received_n"]
        assert order.n_unique() == order.len()


def test_the_corrected_words_are_the_ones_that_count(runs: Path) -> None:
    core = column(runs / "second" / "undisturbed", "core_interaction", "interaction_id", "day_on", "queue", "talk_s")
    row = {one["interaction_id"]: one for one in core.iter_rows(named=True)}
    assert (row["i5"]["day_on"], row["i5"]["queue"]) == ("2026-03-02", "billing")
    assert row["i0"]["day_on"] == "2026-03-05"
    assert row["i3"]["talk_s"] == 600 + 121
    assert (row["i20"]["talk_s"], row["i21"]["talk_s"]) == (None, 120)
    versions = column(runs / "second" / "undisturbed", "raw_record", "record_key", "record_kind", "content_hash")
    assert versions.filter(pl.col("record_key") == "i5")["content_hash"].n_unique() == 2
