"""Small centres, transcript to study: the stored rows say what docs/centres.md says; two centres are made again."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.simulations.centres import report
from tests.simulations.centres.run import FIRST_SEED, STORED, read_rows, studied

# Bands are 3.5 Monte-Carlo errors wide: chance leaves one once in two thousand.
BIAS_ERRORS = 3.5
# Fifty centres, five of them by the whole main job.
FEWEST = 50
NUMBERS = ("truth", "estimate", "se", "ci_low", "ci_high", "p")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return read_rows(STORED / "centres.csv")


@pytest.fixture(scope="module")
def found(rows: pl.DataFrame) -> dict[tuple[str, str, str], dict[str, float]]:
    return {(one["wording"], one["outcome"], one["version"]): one for one in report.summary(rows).iter_rows(named=True)}


def test_there_are_many_centres_and_a_whole_main_job_among_them(rows: pl.DataFrame) -> None:
    per = rows.group_by("wording", "outcome", "version").agg(n=pl.col("seed").n_unique(), rows=pl.len())
    assert rows.select("wording", "seed").n_unique() >= FEWEST
    assert (per["n"] == per["rows"]).all()
    assert rows.filter("is_whole").select("wording", "seed").n_unique() >= 5


def test_the_page_is_that_of_the_stored_rows() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.written(), "python -m tests.simulations.centres.report"


def test_true_and_corrected_outcomes_are_unbiased_and_covered_whatever_the_wording(
    found: dict[tuple[str, str, str], dict[str, float]],
) -> None:
    for key, one in found.items():
        if key[2] == "automatic" or one["n"] < 5:
            continue
        assert abs(one["bias"]) < BIAS_ERRORS * one["bias_se"], key
        low, high = report.wilson(int(one["covered_n"]), int(one["n"]), BIAS_ERRORS)
        assert low < 0.985, key
        assert high > 0.93, key


def test_the_automatic_score_alone_misses_what_coaching_did(found: dict[tuple[str, str, str], dict[str, float]]) -> None:
    """Errors that stay put shrink an effect; errors that move with coaching invent one on what was never coached."""
    for wording, outcome in (("same", "acknowledgement"), ("own words", "recap"), ("own words", "score")):
        auto = found[wording, outcome, "automatic"]
        assert auto["beside"] < -BIAS_ERRORS * auto["beside_se"], (wording, outcome)
    invented = found["own words", "anything_else", "automatic"]
    assert invented["truth"] == 0
    assert invented["beside"] < -BIAS_ERRORS * invented["beside_se"]
    score = found["own words", "score", "automatic"]
    assert score["estimate"] < 0 < score["truth"]
    assert report.wilson(int(score["covered_n"]), int(score["n"]))[1] < 0.5


def test_an_automatic_score_is_never_called_identified(rows: pl.DataFrame) -> None:
    auto = rows.filter(pl.col("version") == "automatic")
    assert (auto["verdict"] == "not identified").all()
    assert auto["reasons"].str.contains("AUTO_ONLY").all()
    assert rows.filter(pl.col("version") != "automatic")["reasons"].str.contains("NOT_RANDOM").sum() == 0


@pytest.mark.slow
def test_two_centres_run_again_give_the_stored_rows(rows: pl.DataFrame, tmp_path: Path) -> None:
    """One was stored by the whole main job: made in this process it must give the same numbers."""
    for seed, wording in ((FIRST_SEED, "same"), (FIRST_SEED, "own words")):
        made, _ = studied(tmp_path, seed, wording, is_whole=False)
        fresh = pl.DataFrame(made, infer_schema_length=None)
        stored = rows.filter((pl.col("seed") == seed) & (pl.col("wording") == wording))
        both = stored.join(fresh, on=["outcome", "version"], suffix="_now")
        assert both.height == stored.height >= 12
        is_same_epoch = json.loads((STORED / "run.json").read_text(encoding="utf-8"))["epoch"] == fresh["epoch"][0]
        for row in both.iter_rows(named=True):
            name = (seed, wording, row["outcome"], row["version"])
            assert row["truth_now"] == pytest.approx(row["truth"], abs=1e-8), name
            if is_same_epoch or row["version"] in ("true", "mart"):
                for number in NUMBERS:
                    assert row[f"{number}_now"] == pytest.approx(row[number], rel=1e-8, abs=1e-8), (*name, number)
                assert not is_same_epoch or row["verdict_now"] == row["verdict"], name
            else:  # other scores: the estimate lies near the stored one
                assert abs(row["estimate_now"] - row["estimate"]) < 3 * row["se"], name
