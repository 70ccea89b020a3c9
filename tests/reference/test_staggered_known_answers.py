"""Staggered adoption: published answers on the county panel of minimum wages (real data; read, never copied)."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.studies.event_study import event_study
from analytics.studies.group_time import callaway_santanna
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.pre_trend import pre_trend

# To the digits printed by the authors' software (and 1e-4 relative for estimates); never-treated controls unless said.
CALLAWAY_SANTANNA = [
    ("simple", "never", -0.03995, 0.01203),
    ("simple", "not_yet", -0.03976, 0.01205),
    ("calendar", "never", -0.04170, 0.01597),
]
# Published averages whose printed errors come from a bootstrap: 15 %.
BOOTSTRAPPED = [("dynamic", -0.0772, 0.0219), ("group", -0.0310, 0.0126)]
COURSE = {-3: 0.0305, -2: -0.0006, -1: -0.0245, 0: -0.0199, 1: -0.0510, 2: -0.1373, 3: -0.1008}
COURSE_SE = {0: 0.0118, 1: 0.0169, 2: 0.0364, 3: 0.0344}


@pytest.fixture(scope="module")
def counties(real_data: Path) -> LongPanel:
    frame = pl.read_csv(real_data / "causal" / "mpdta.csv")
    return read_long(frame, outcome="lemp", unit="countyreal", time="year", first_treated="first_treat")


@pytest.mark.real_data
@pytest.mark.parametrize(("average", "controls", "estimate", "se"), CALLAWAY_SANTANNA)
def test_group_time_averages(counties: LongPanel, average: str, controls: str, estimate: float, se: float) -> None:
    got = callaway_santanna(counties, average=average, controls=controls)  # type: ignore[arg-type]
    assert got.estimate == pytest.approx(estimate, abs=6e-6)
    assert got.se == pytest.approx(se, abs=6e-6)


@pytest.mark.real_data
@pytest.mark.parametrize(("average", "estimate", "se"), BOOTSTRAPPED)
def test_published_averages_with_bootstrapped_errors(counties: LongPanel, average: str, estimate: float, se: float) -> None:
    got = callaway_santanna(counties, average=average, controls="never")  # type: ignore[arg-type]
    assert got.estimate == pytest.approx(estimate, abs=6e-5)
    assert got.se == pytest.approx(se, rel=0.15)


@pytest.mark.real_data
def test_the_course_over_time(counties: LongPanel) -> None:
    course = {one.horizon: one for one in callaway_santanna(counties, controls="never").horizons}
    assert {h: round(one.estimate, 4) for h, one in course.items()} == COURSE
    assert {h: round(course[h].se or 0, 4) for h in COURSE_SE} == COURSE_SE


# Printed by the authors' software for these counties with log population as covariate, rounded as there; the averages and the
# errors by diff-diff 3.13.0 (its errors carry the factor 500/499).
ADJUSTED = {"2004": -0.0145, "2005": -0.0764, "2006": -0.1404, "2007": -0.1069}


@pytest.mark.real_data
@pytest.mark.parametrize(("controls", "estimate", "se"), [("never", -0.0417515, 0.0115144), ("not_yet", -0.0413517, 0.0114393)])
def test_group_time_doubly_robust(real_data: Path, controls: str, estimate: float, se: float) -> None:
    frame = pl.read_csv(real_data / "causal" / "mpdta.csv")
    asked = {"unit": "countyreal", "time": "year", "first_treated": "first_treat", "covariates": ("lpop",)}
    got = callaway_santanna(read_long(frame, outcome="lemp", **asked), controls=controls)  # type: ignore[arg-type]
    assert got.estimate == pytest.approx(estimate, abs=5e-7)
    assert got.se == pytest.approx(se * (499 / 500) ** 0.5, rel=1e-5)
    if controls == "never":
        assert {one.time: round(one.estimate, 4) for one in got.group_time if one.first == "2004"} == ADJUSTED


@pytest.mark.real_data
def test_imputation(counties: LongPanel) -> None:
    got = imputation(counties)
    assert got.estimate == pytest.approx(-0.047710, abs=5e-7)
    # Published errors .01322 (imputation), .01348 (two-stage), .01326 (extended two-way): the jackknife is near.
    assert got.se == pytest.approx(0.0133, rel=0.05)


@pytest.mark.real_data
def test_imputation_analytic_errors(counties: LongPanel) -> None:
    got = imputation(counties, vcov="analytic")
    assert got.vcov == "analytic"
    assert got.se == pytest.approx(0.01322, abs=6e-6)


@pytest.mark.real_data
def test_event_study_on_untreated_rows(counties: LongPanel) -> None:
    """Printed by diff-diff 3.13.0, ImputationDiD(cluster="countyreal"): course, errors, and pretrend_test(n_leads=3).

    Its p, .1392670, is that of F(3, 499); ours counts how many counties carry the three dates, so it is a little larger.
    """
    got = event_study(counties)
    after = {one.horizon: (round(one.estimate, 5), round(one.se or 0, 5)) for one in got.horizons if one.horizon >= 0}
    assert after == {0: (-0.03107, 0.01358), 1: (-0.05223, 0.01881), 2: (-0.13608, 0.03534), 3: (-0.10471, 0.03377)}
    before = pre_trend(counties)
    assert before.leads == (-3, -2, -1)
    assert before.statistic == pytest.approx(1.8380922, rel=1e-6)
    assert before.p == pytest.approx(0.1392670, abs=0.005)
    assert before.p > 0.1392670
    assert got.covariance is not None
    assert np.linalg.eigvalsh(got.covariance).min() > 0
