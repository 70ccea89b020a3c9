"""Tables as others publish them go through the verbs: labels of quarters, decimal years and commas, 0/1 as time."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aftercall import cli
from analytics.studies.periods import calendar_of, first_code

Told = Callable[..., tuple[int, dict, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def run(*argv: object) -> tuple[int, dict, str]:
        code = cli.main([*(str(one) for one in argv), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if code == 0 else {}, err

    return run


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


QUARTERS = ("Q42010", "Q12011", "Q22011", "Q32011", "Q42011", "Q12012")


def test_quarters_as_labels_one_treated_unit(tmp_path: Path, told: Told) -> None:
    """The form of the public table of organ donations: text quarters out of order, blank for never."""
    rng = np.random.default_rng(3)
    rows = [
        f"{state},{quarter},{rng.normal(0.4, 0.01) - 0.1 * (state == 'CA') * (at >= 3):.4f},{'Q32011' if state == 'CA' else ''}"
        for state in ("CA", *(f"S{k}" for k in range(26)))
        for at, quarter in enumerate(QUARTERS)
    ]
    file = written(tmp_path / "a.csv", "State,Quarter,Rate,start", *rows)
    asked = ("--outcome", "Rate", "--unit", "State", "--time", "Quarter", "--first-treated", "start", "--mechanism", "rollout")
    code, found, _ = told("study", file, *asked)
    assert code == 0
    assert (found["n_units"], found["n_treated_clusters"], found["window"]) == (27, 1, "2010-10 to 2012-01")
    assert found["estimate"] == pytest.approx(-0.1, abs=0.015)
    code, found, _ = told("synth-control", file, *asked[:6], "--treated", "CA", "--start", "Q32011")
    assert (code, found["n_pre"]) == (0, 3)
    assert found["estimate"] == pytest.approx(-0.1, abs=0.02)


@pytest.mark.parametrize("verb", ["study", "its", "synth-control"])
def test_a_time_that_is_none_is_refused_in_words(verb: str, tmp_path: Path, told: Told) -> None:
    file = written(tmp_path / "a.csv", "u,t,y,g", "a,first,1,0", "a,later,2,0", "b,first,1,0", "b,later,3,0")
    more = {"study": ("--unit", "u", "--first-treated", "g", "--mechanism", "rollout"), "its": ("--start", "later")}
    options = more.get(verb, ("--unit", "u", "--treated", "a", "--start", "later"))
    code, _, err = told(verb, file, "--outcome", "y", "--time", "t", *options)
    assert code == 2
    assert "t cannot be read as periods, such as 'first'" in err


def test_decimal_years_and_named_months() -> None:
    """R prints months of a series as decimals of a year, rounded: 1983.083 is February 1983."""
    import polars as pl

    months = pl.Series("time", [round(1969 + k / 12, 3) for k in range(192)])
    found = calendar_of(months)
    assert found.codes.tolist() == list(range(192))
    assert (found.problems, found.period) == ((), "month")
    assert first_code(1983.083, found, "start") == 169
    assert calendar_of(pl.Series("m", ["Mar 2024", "Jan 2024", "February 2024"])).codes.tolist() == [2, 0, 1]
    assert calendar_of(pl.Series("m", ["2024-03", "2024-01"])).labels == ("2024-01", "2024-03")


def test_semicolons_and_decimal_commas(tmp_path: Path, told: Told) -> None:
    rows = [f"f{k};{year};{k + 0.5 * (k < 6) * (year > 2):.2f};{3 if k < 6 else 0}" for k in range(12) for year in range(1, 6)]
    points = written(tmp_path / "p.csv", "firm;year;y;g", *rows)
    commas = written(tmp_path / "c.csv", "firm;year;y;g", *(row.replace(".", ",") for row in rows))
    asked = ("--outcome", "y", "--unit", "firm", "--time", "year", "--first-treated", "g", "--mechanism", "rollout")
    both = [told("study", file, *asked, "--sensitivity", "skip")[1]["estimate"] for file in (points, commas)]
    assert both == pytest.approx([0.5, 0.5])


def test_cross_sections_with_zero_and_one_as_time(tmp_path: Path, told: Told) -> None:
    """Two groups, two periods, no units: the classical table. Rows are drawn one by one, so two groups are not two teams."""
    rng = np.random.default_rng(1)
    rows = [f"{k % 2},{k // 2 % 2},{rng.normal() + (k % 4 == 3):.3f}" for k in range(800)]
    file = written(tmp_path / "a.csv", "high,after,y", *rows)
    code, found, _ = told(
        "study", file, "--outcome", "y", "--time", "after", "--first-treated", "high", "--mechanism", "rollout"
    )
    assert code == 0
    assert (found["verdict"], found["reasons"]) == ("supported", ["UNTESTED_PT"])
    assert found["estimate"] == pytest.approx(1.0, abs=0.3)


def test_a_column_that_says_who_is_treated_now(tmp_path: Path, told: Told) -> None:
    """Many public panels have no date but a law that is on or off; switched off again, it is no first treatment."""
    rng = np.random.default_rng(2)
    starts = {f"s{k}": (4, 6, 99)[k % 3] for k in range(18)}
    rows = [
        f"{state},{year},{rng.normal(0, 0.2) + (year >= start):.3f},{'yes' if year >= start else 'no'},{start % 99}"
        for state, start in starts.items()
        for year in range(1, 9)
    ]
    file = written(tmp_path / "a.csv", "state,year,y,law,start", *rows)
    asked = ("--outcome", "y", "--unit", "state", "--time", "year", "--mechanism", "rollout", "--sensitivity", "skip")
    by_law, by_start = (told("study", file, *asked, "--first-treated", name)[1] for name in ("law", "start"))
    assert by_law["estimate"] == by_start["estimate"] == pytest.approx(1.0, abs=0.2)
    assert any("row by row" in one for one in by_law["warnings"])
    off = written(tmp_path / "b.csv", "state,year,y,law,start", *rows[:-9], rows[-9].replace("yes", "no"), *rows[-8:])
    code, _, err = told("study", off, *asked, "--first-treated", "law")
    assert (code, "1 units are switched off again" in err) == (2, True)
