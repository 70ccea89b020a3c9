"""Regressions with two effects: published answers on counties and firms (real data; read, never copied)."""

from pathlib import Path

import polars as pl
import pytest

from analytics.studies.bacon import bacon
from analytics.studies.fixed_effects import covariate_effects, twfe
from analytics.studies.group_time import callaway_santanna
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.sun_abraham import sun_abraham

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def counties(real_data: Path) -> LongPanel:
    frame = pl.read_csv(real_data / "causal" / "mpdta.csv")
    return read_long(frame, outcome="lemp", unit="countyreal", time="year", first_treated="first_treat")


def test_two_way_fixed_effects(counties: LongPanel) -> None:
    got = twfe(counties)
    assert got.estimate == pytest.approx(-0.03655, abs=6e-6)
    assert got.se == pytest.approx(0.01327, abs=6e-6)
    assert got.vcov == "CRV1"


def test_the_comparisons_add_up_to_the_coefficient(counties: LongPanel) -> None:
    got = bacon(counties)
    assert got.estimate == pytest.approx(twfe(counties).estimate, abs=1e-12)
    assert sum(one.weight for one in got.comparisons) == pytest.approx(1.0)
    assert 0.05 < got.share("already treated") < 0.06


def test_interaction_weighted(counties: LongPanel) -> None:
    """On a balanced panel every cell is the group-time effect against never treated counties."""
    got, other = sun_abraham(counties), callaway_santanna(counties, controls="never")
    assert got.estimate == pytest.approx(-0.039951, abs=6e-7)
    course = {one.horizon: round(one.estimate, 4) for one in got.horizons if one.horizon >= 0}
    assert course == {0: -0.0199, 1: -0.0510, 2: -0.1373, 3: -0.1008}
    cells = {(one.first, one.time): one.estimate for one in got.group_time if one.time >= one.first}
    theirs = {(one.first, one.time): one.estimate for one in other.group_time if one.time >= one.first}
    assert cells == pytest.approx(theirs, abs=1e-12)
    assert got.se == pytest.approx(other.se, rel=0.03)


def test_training_grants(real_data: Path) -> None:
    """Wooldridge, Introductory Econometrics, Example 14.1: firm effects, year dummies, classical errors."""
    frame = pl.read_csv(real_data / "causal" / "jtrain.csv", null_values=["", "NA"], infer_schema_length=None)
    frame = frame.with_columns(never=pl.lit(0))
    asked = {"unit": "fcode", "time": "year", "first_treated": "never", "covariates": ("grant", "grant_1")}
    panel = read_long(frame, outcome="lscrap", **asked)  # type: ignore[arg-type]
    got = covariate_effects(panel, vcov="iid")
    assert (len(panel.y), panel.unit_n, got.df) == (162, 54, 104)
    assert [round(one, 3) for one in got.of("grant")] == [-0.252, 0.151]
    assert [round(one, 3) for one in got.of("grant_1")] == [-0.422, 0.210]
