"""Verbs its, synth-control, power, correct: examples run, JSON keeps its names, wrong requests and broken tables say why."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aftercall.cli import main

ITS = ["--outcome", "qa", "--time", "week", "--start", "2026-05-18"]
SC = ["--outcome", "qa", "--unit", "team", "--time", "week", "--treated", "T24", "--start", "29"]
CORRECT = ["--auto", "auto", "--human", "human", "--prob", "prob"]
POWER = [
    "--outcome",
    "qa",
    "--unit",
    "team",
    "--time",
    "week",
    "--teams",
    "20",
    "--weeks",
    "16",
    "--effect",
    "2",
    "--draws",
    "200",
]
REQUESTS = {"its": ITS, "synth-control": SC, "correct": CORRECT, "power": POWER}


def run(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(list(args))
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("examples")
    for verb in REQUESTS:
        assert main([verb, "--example", str(folder / f"{verb}.csv")]) == 0
    return {verb: folder / f"{verb}.csv" for verb in REQUESTS}


def record(capfd: pytest.CaptureFixture[str], verb: str, table: Path, *more: str) -> dict[str, Any]:
    code, out, err = run(capfd, verb, str(table), *REQUESTS[verb], *more, "--json")
    assert code == 0, err
    return json.loads(out)


def test_the_examples_find_what_was_planted(capfd: pytest.CaptureFixture[str], tables: dict[str, Path]) -> None:
    planted = {"its": 5.0, "synth-control": 4.0, "correct": 0.6}
    for verb, truth in planted.items():
        found = record(capfd, verb, tables[verb])
        assert found["ci_low"] < truth < found["ci_high"], verb
        assert {"estimand", "method", "n_obs", "diagnostics", "reasons", "warnings", "verdict", "terms"} <= set(found)
        assert found["verdict"] == "supported"
    found = record(capfd, "power", tables["power"])
    assert found["is_enough"] is True
    assert found["simulation"]["false_positives"] < 0.12
    for verb in REQUESTS:
        code, out, _ = run(capfd, verb, str(tables[verb]), *REQUESTS[verb])
        assert code == 0
        assert out.strip()


def test_parquet_with_real_types_gives_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tables: dict[str, Path]
) -> None:
    for verb in ("its", "synth-control", "correct"):
        pl.read_csv(tables[verb], try_parse_dates=True).write_parquet(tmp_path / "typed.parquet")
        as_text, typed = record(capfd, verb, tables[verb]), record(capfd, verb, tmp_path / "typed.parquet")
        assert typed["estimate"] == pytest.approx(as_text["estimate"], rel=1e-12)


def test_options_reach_the_model(capfd: pytest.CaptureFixture[str], tables: dict[str, Path]) -> None:
    plain = record(capfd, "its", tables["its"], "--vcov", "HAC", "--lags", "0", "--no-small-sample")
    longer = record(
        capfd, "its", tables["its"], "--vcov", "HAC", "--lags", "8", "--slope", "--period", "52", "--harmonics", "1"
    )
    assert plain["lags"] == 0
    assert [one["name"] for one in longer["terms"]][:3] == ["level", "slope", "average after the start"]
    counts = ["its", str(tables["its"]), "--outcome", "calls", *ITS[2:], "--family", "poisson", "--json"]
    code, out, _ = run(capfd, *counts)
    assert code == 0
    assert json.loads(out)["rate_ratio_low"] < 1 < json.loads(out)["rate_ratio_high"]
    sc = record(capfd, "synth-control", tables["synth-control"], "--method", "sc")
    assert sum(sc["weights"].values()) == pytest.approx(1, abs=0.03)
    assert sc["placebo_n"] == 23
    by = record(capfd, "correct", tables["correct"], "--by", "team", "--cluster", "agent")
    assert [one["name"] for one in by["terms"]] == ["all", "T1", "T2", "T3"]


WRONG: list[tuple[str, list[str], str]] = [
    ("its", ["--outcome", "qaa"], "Did you mean 'qa'"),
    ("its", ["--start", "2031-01-06"], "leaves no period before or after"),
    ("its", ["--start", "soon"], "not of the kind"),
    ("its", ["--lags", "99"], "0 to 59"),
    ("its", ["--period", "1"], "2 or more"),
    ("its", ["--phase-in", "500"], "Give fewer"),
    ("its", ["--exposure", "calls"], "--family poisson"),
    ("its", ["--alpha", "5"], "between 0 and 1"),
    ("its", ["--period", "52", "--season"], "give more periods"),
    ("its", ["--covariates", "week"], "dates, not numbers|no numbers"),
    ("synth-control", ["--treated", "T99"], "There are: T01"),
    ("synth-control", ["--start", "1"], "leaves no period before"),
    ("synth-control", ["--unit", "week"], "must be three columns"),
    ("synth-control", ["--outcome", "nothing"], "It has: team, week, qa"),
    ("correct", ["--prob", "agent"], "no numbers"),
    ("correct", ["--human", "nobody"], "It has: team"),
    ("correct", ["--effect", "team"], "no numbers"),
    ("correct", ["--lambda", "3"], "Give a number between"),
    ("power", ["--teams", "1"], "4 to 5,000 teams"),
    ("power", ["--weeks", "400"], "400 are needed"),
    ("power", ["--starts", "99"], "must lie within"),
    ("power", ["--starts", "monday"], "no week numbers"),
    ("power", ["--team-rho", "1.2"], "below 1"),
    ("power", ["--outcome", "week2"], "has no column"),
]


@pytest.mark.parametrize(("verb", "change", "says"), WRONG, ids=[f"{v} {' '.join(c)}" for v, c, _ in WRONG])
def test_a_wrong_request_says_what_would_do(
    capfd: pytest.CaptureFixture[str], tables: dict[str, Path], verb: str, change: list[str], says: str
) -> None:
    code, out, err = run(capfd, verb, str(tables[verb]), *REQUESTS[verb], *change)
    assert code == 2, out
    assert any(part in err for part in says.split("|")), err
    assert "Traceback" not in err


def broken(kind: str, verb: str, frame: pl.DataFrame) -> pl.DataFrame:
    value = {"its": "qa", "synth-control": "qa", "correct": "human", "power": "qa"}[verb]
    if kind == "empty":
        return frame.clear()
    if kind == "unknown":
        return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(value))
    if kind == "text":
        return frame.with_columns(pl.lit("good").alias(value))
    if kind == "infinite":
        return frame.with_columns(pl.lit(np.inf).alias(value))
    return frame.head(1)


@pytest.mark.parametrize("verb", list(REQUESTS))
@pytest.mark.parametrize("kind", ["empty", "unknown", "text", "infinite", "one row"])
def test_a_broken_table_is_refused_with_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], tables: dict[str, Path], verb: str, kind: str
) -> None:
    broken(kind, verb, pl.read_csv(tables[verb])).write_csv(tmp_path / "broken.csv")
    code, out, err = run(capfd, verb, str(tmp_path / "broken.csv"), *REQUESTS[verb], "--json")
    assert code == 2, out
    assert len(err.strip()) > 30


@pytest.mark.parametrize("verb", list(REQUESTS))
def test_no_file_no_table_and_no_columns(tmp_path: Path, capfd: pytest.CaptureFixture[str], verb: str) -> None:
    (tmp_path / "noise.parquet").write_bytes(b"\x00\x01not parquet")
    for file in ("absent.csv", "noise.parquet"):
        code, _, err = run(capfd, verb, str(tmp_path / file), *REQUESTS[verb])
        assert code == 2
        assert file in err
    code, _, err = run(capfd, verb)
    assert code == 2
    assert "missing" in err


def test_degenerate_numbers_never_become_a_finding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = pl.DataFrame({"week": list(range(40)), "qa": [0.5 * k + 3 * (k >= 20) for k in range(40)]})
    line.write_csv(tmp_path / "line.csv")
    code, out, _ = run(capfd, "its", str(tmp_path / "line.csv"), "--outcome", "qa", "--time", "week", "--start", "20", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["se"], found["reasons"]) == (0, "inconclusive", None, ["NO_INTERVAL"])
    assert found["estimate"] == pytest.approx(3)
    flat = pl.DataFrame({"team": [f"t{k % 30}" for k in range(300)], "week": [k // 30 for k in range(300)], "qa": [1.0] * 300})
    flat.write_csv(tmp_path / "flat.csv")
    asked = ["--outcome", "qa", "--unit", "team", "--time", "week", "--treated", "t3", "--start", "6", "--json"]
    code, out, err = run(capfd, "synth-control", str(tmp_path / "flat.csv"), *asked)
    assert code == 2 or json.loads(out)["verdict"] != "supported", err


def test_a_draw_is_written_once_with_its_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pl.DataFrame({"agent": [f"a{k}" for k in range(20)], "team": ["x", "y"] * 10}).write_csv(tmp_path / "units.csv")
    out = tmp_path / "assignment.csv"
    ask = ["power", "--randomise", str(tmp_path / "units.csv"), "--unit", "agent", "--block", "team", "--starts"]
    ask += ["2026-01-05,2026-03-02", "--seed", "7", "--out", str(out)]
    code, _, err = run(capfd, *ask)
    assert code == 2
    assert "--training" in err
    assert run(capfd, *ask, "--training", "safety")[0] == 2
    assert not out.exists()
    assert run(capfd, *ask, "--training", "coaching")[0] == 0
    table = pl.read_csv(out)
    assert table.columns == ["unit", "arm", "block", "start", "probability", "seed"]
    assert table.group_by("block", "arm").len()["len"].to_list() == [5] * 4
    log = json.loads((tmp_path / "assignment.csv.log.json").read_text())
    assert log["arms"] == {"held back": 10, "treated": 10}
    code, _, err = run(capfd, *ask, "--training", "coaching")
    assert code == 2
    assert "a draw is made once" in err
