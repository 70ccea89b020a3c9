"""`aftercall study`: the promised JSON, what people read, the page, and inputs that cannot answer; real panels."""

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import AftercallError
from pipelines.verbs.study import main

PROMISED = {
    *("outcome", "unit_of_outcome", "estimand", "estimate", "se", "ci_low", "ci_high", "p", "method", "n_obs", "n_units"),
    *("n_clusters", "n_treated_clusters", "effective_clusters", "verdict", "reasons", "event_study", "group_time"),
    *("diagnostics", "cross_checks", "warnings", "breakdown"),
}
COLUMNS = ("--outcome", "secs", "--unit", "rep", "--time", "wk", "--first-treated", "start")


def planted(starts: tuple[int, ...] = (14, 18, 0), weeks: int = 28, effect: float = -25.0, units: int = 48) -> pl.DataFrame:
    rng = np.random.default_rng(13)
    rep, wk = (grid.ravel() for grid in np.meshgrid(np.arange(units), np.arange(1, weeks + 1), indexing="ij"))
    start = np.array([starts[r * len(starts) // units] for r in range(units)])[rep]
    secs = rng.normal(400, 30, units)[rep] + rng.normal(0, 20, rep.size) + effect * ((start > 0) & (wk >= start))
    return pl.DataFrame({"rep": rep, "squad": rep // 4, "wk": wk, "start": start, "secs": secs.round(1)})


def run(frame: pl.DataFrame, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    path = folder / "panel.csv"
    frame.write_csv(path)
    assert main([str(path), *COLUMNS, *more, "--json"]) == 0
    said = capsys.readouterr().out
    assert "NaN" not in said
    assert "Infinity" not in said
    return json.loads(said)


def test_json_keeps_its_promise_and_holds_the_planted_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(planted(), tmp_path, capsys, "--cluster", "squad", "--mechanism", "rollout")
    assert set(found) >= PROMISED
    assert found["ci_low"] <= -25 <= found["ci_high"]  # type: ignore[operator]
    assert found["verdict"] == "supported"
    assert {"horizon", "estimate", "ci_low", "ci_high", "n_units"} <= set(found["event_study"][0])  # type: ignore[index]
    same = run(
        planted().sample(fraction=1, shuffle=True, seed=3), tmp_path, capsys, "--cluster", "squad", "--mechanism", "rollout"
    )
    assert same == found  # the order of rows does not matter


# A drawn split (ancova) follows units: without them it cannot be asked.
@pytest.mark.parametrize(
    ("method", "unit"),
    [(one, unit) for one in ("did2x2", "twfe", "imputation", "cs", "sunab") for unit in (True, False)] + [("ancova", True)],
)
def test_every_method_answers(method: str, unit: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "panel.csv"
    planted((14, 0)).write_csv(path)
    asked = COLUMNS if unit else (*COLUMNS[:2], *COLUMNS[4:])
    asked = (*asked, "--cluster", "squad", "--mechanism", "rollout", "--method", method, "--sensitivity", "skip", "--json")
    assert main([str(path), *asked]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ci_low"] <= -25 <= found["ci_high"]
    assert found["reasons"] == ["SENSITIVITY_PENDING"]


def duplicated(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.head(3)])


BAD: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], tuple[str, ...], str]] = {
    "all treated at once": (lambda _: planted((14,)), (), "NO_CONTROL"),
    "nobody treated": (lambda _: planted((0,)), (), "NOT_ESTIMABLE"),
    "one period before": (lambda _: planted((2, 0), effect=-25), (), "UNTESTED_PT"),
    "one week before": (lambda _: planted((2, 0)), ("--period", "week"), "SHORT_PRE"),
    "treated from the first week": (lambda _: planted((1, 1)), (), "NOT_ESTIMABLE"),
    "some treated from the first week": (lambda _: planted((1, 14, 0)), (), "left out"),
    "repeated rows": (duplicated, (), "repeat a unit and period"),
    "missing weeks": (lambda f: f.filter((pl.col("wk") * 7 + pl.col("rep")) % 5 != 0), (), "nothing is filled in"),
    "a week nobody has": (lambda f: f.filter(pl.col("wk") != 9), (), "nothing is filled in"),
    "constant outcome": (lambda f: f.with_columns(secs=pl.lit(3.0)), (), "the same in every row"),
    "no outcome": (lambda f: f.with_columns(secs=pl.lit(None, dtype=pl.Float64)), (), "no row has a known secs"),
    "text outcome": (lambda f: f.with_columns(secs=pl.lit("long")), (), "no numbers"),
    "cluster changes": (
        lambda f: f.with_columns(squad=pl.col("squad") + (pl.col("wk") > 20)),
        ("--cluster", "squad"),
        "change squad",
    ),
    "one cluster": (lambda f: f.with_columns(squad=pl.lit(1)), ("--cluster", "squad"), "NO_INTERVAL"),
    "one treated cluster": (lambda _: planted((14, *[0] * 11)), ("--cluster", "squad"), "FEW_TEAMS"),
    "covariate from after": (
        lambda f: f.with_columns(tier=pl.col("secs") / 10 - 5 * ((pl.col("start") > 0) & (pl.col("wk") >= pl.col("start")))),
        ("--covariates", "tier"),
        "moves when treatment starts",
    ),
    "constant covariate": (lambda f: f.with_columns(tier=pl.lit(1.0)), ("--covariates", "tier"), ""),
    "ten rows": (lambda _: planted((3, 0), weeks=5, units=2), (), "nothing can be supported"),
    "two starts in a unit": (lambda f: f.with_columns(start=pl.col("start") + (pl.col("wk") > 20)), (), "more than one start"),
    "unknown column": (lambda f: f.drop("secs"), (), "no column 'secs'"),
    "no rows": (lambda f: f.head(0), (), "no row"),
    "start in text": (lambda f: f.with_columns(start=pl.lit("soon")), (), "0 means never"),
    "infinite values": (
        lambda f: f.with_columns(secs=pl.when(pl.col("wk") == 3).then(float("inf")).otherwise("secs")),
        (),
        "left out",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_inputs_that_cannot_answer_say_why(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, more, said = BAD[name]
    path = tmp_path / "panel.csv"
    change(planted()).write_csv(path)
    asked = [str(path), *COLUMNS, "--mechanism", "rollout", "--sensitivity", "wait", *more]
    try:
        assert main([*asked, "--json"]) == 0
    except AftercallError as refused:
        if said not in str(refused):
            raise
        return
    text = capsys.readouterr().out
    assert "NaN" not in text
    found = json.loads(text)
    assert said in text
    assert found["verdict"] in ("supported", "inconclusive", "not identified")
    if found["verdict"] != "supported":
        assert found["warnings"]
    assert main(asked) == 0
    assert "What would change this answer" in capsys.readouterr().out


def test_dates_in_parquet_are_weeks_and_can_be_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def week(name: str) -> pl.Expr:
        monday = pl.lit(date(2026, 1, 5)) + pl.duration(days=7) * (pl.col(name) - 1)
        return pl.when(pl.col(name) > 0).then(monday).cast(pl.Date).alias(name)

    planted().with_columns(week("wk"), week("start")).write_parquet(tmp_path / "panel.parquet")
    asked = [str(tmp_path / "panel.parquet"), *COLUMNS, "--cluster", "squad", "--mechanism", "rollout", "--json"]
    assert main(asked) == 0
    whole = json.loads(capsys.readouterr().out)
    assert (whole["period"], whole["window"], whole["verdict"]) == ("week", "2026-01-05 to 2026-07-13", "supported")
    assert main([*asked, "--window", "2026-03-16,2026-06-01"]) == 0
    cut = json.loads(capsys.readouterr().out)
    assert cut["window"] == "2026-03-16 to 2026-06-01"
    assert "SHORT_PRE" in cut["reasons"]
    with pytest.raises(AftercallError, match="window's bound"):
        main([*asked, "--window", "soon,"])


def test_the_mechanism_has_no_default(tmp_path: Path, aftercall: Path) -> None:
    planted().write_csv(tmp_path / "panel.csv")
    ran = subprocess.run([aftercall, "study", tmp_path / "panel.csv", *COLUMNS], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "--mechanism" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_declared_study_runs_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "study.yaml"
    first = run(planted(), tmp_path, capsys, "--cluster", "squad", "--mechanism", "rollout", "--write-spec", str(spec))
    assert main([str(tmp_path / "panel.csv"), "--spec", str(spec), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first


@pytest.mark.real_data
def test_minimum_wages_of_counties(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """mpdta: the imputation and group-time averages of its published analyses; fragile, so not more than inconclusive."""
    asked = [str(real_data / "causal" / "mpdta.csv"), "--outcome", "lemp", "--unit", "countyreal", "--time", "year"]
    assert main([*asked, "--first-treated", "first_treat", "--mechanism", "rollout", "--period", "year", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["estimate"] == pytest.approx(-0.047710, abs=5e-6)
    assert found["n_units"] == 500
    assert found["breakdown"] == 0.25
    assert (found["verdict"], found["reasons"]) == ("inconclusive", ["FRAGILE"])
    beside = {one["method"].split(",")[0]: one["estimate"] for one in found["cross_checks"]}
    assert beside["Callaway-Sant'Anna"] == pytest.approx(-0.03976, abs=5e-6)
    assert beside["two-way fixed effects"] == pytest.approx(-0.03655, abs=5e-6)


@pytest.mark.real_data
def test_training_grants_of_firms(real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """jtrain: firms applied for grants themselves, so nothing is identified, whatever the interval; the number stays."""
    rows = pl.read_csv(real_data / "causal" / "jtrain.csv")
    starts = rows.filter(pl.col("grant") == 1).group_by("fcode").agg(first=pl.col("year").min())
    rows.join(starts, on="fcode", how="left").write_csv(tmp_path / "firms.csv")
    asked = [
        str(tmp_path / "firms.csv"),
        "--outcome",
        "lscrap",
        "--unit",
        "fcode",
        "--time",
        "year",
        "--first-treated",
        "first",
    ]
    assert main([*asked, "--mechanism", "opt_in", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_obs"], found["n_units"], found["verdict"]) == (162, 54, "not identified")
    assert "OPT_IN" in found["reasons"]
    assert -0.6 < found["estimate"] < -0.1
