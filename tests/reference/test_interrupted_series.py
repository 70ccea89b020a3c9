"""Interrupted series against statsmodels: coefficients, Newey-West and quasi-Poisson errors, and a planted change."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from analytics.studies.interrupted import Shape, design, fit_series, interrupted
from analytics.studies.series import Series, read_series


def series(seed: int, n: int = 72, at: int = 48, *, level: float = 3.0, counts: bool = False) -> Series:
    rng, t = np.random.default_rng(seed), np.arange(n, dtype=float)
    noise = np.zeros(n)
    for k in range(1, n):
        noise[k] = 0.5 * noise[k - 1] + rng.normal(0, 1)
    mean = 20 + 0.05 * t + level * (t >= at) + 2 * np.sin(2 * np.pi * t / 12) + noise
    exposure = rng.uniform(800, 1200, n)
    y = rng.poisson(exposure * np.exp(-1 + 0.002 * t - 0.2 * (t >= at))).astype(float) if counts else mean
    labels = tuple(map(str, range(n)))
    return Series(t, y, exposure if counts else None, np.empty((n, 0)), (), float(at), labels, "y", "month")


@pytest.mark.parametrize("lags", [0, 4, 9])
@pytest.mark.parametrize("small_sample", [True, False])
def test_newey_west_equals_statsmodels(lags: int, small_sample: bool) -> None:
    one, shape = series(1), Shape(slope=True, period=12, vcov="HAC", lags=lags, small_sample=small_sample)
    x, names = design(one, shape)
    theirs = sm.OLS(one.y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": small_sample})
    ours = fit_series(one, shape)
    assert names[:4] == ("intercept", "level", "trend", "slope")
    np.testing.assert_allclose(ours.beta, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), theirs.bse, rtol=1e-8)


def test_quasi_poisson_with_exposure_equals_statsmodels() -> None:
    one, shape = series(2, counts=True), Shape(period=12, family="poisson")
    x, _ = design(one, shape)
    theirs = sm.GLM(one.y, x, family=sm.families.Poisson(), offset=np.log(one.exposure)).fit(scale="X2")
    ours = fit_series(one, shape)
    np.testing.assert_allclose(ours.beta, theirs.params, rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.cov)), theirs.bse, rtol=1e-6)
    found = interrupted(one, shape)
    assert found.facts["rate_ratio_low"] < np.exp(-0.2) < found.facts["rate_ratio_high"]


def test_a_planted_change_is_found_and_no_change_is_not_claimed() -> None:
    shape = Shape(period=12)
    found = [interrupted(series(seed), shape) for seed in range(60)]
    covered = np.mean([one.headline.ci_low < 3 < one.headline.ci_high for one in found])  # pyright: ignore[reportOptionalOperand]
    assert abs(np.mean([one.headline.estimate for one in found]) - 3) < 0.25
    assert covered > 0.8, "HAC with 72 periods under-covers a little, not a lot"
    still = [interrupted(series(seed, level=0.0), shape) for seed in range(60)]
    assert np.mean([one.verdict == "supported" for one in still]) < 0.2


def test_a_break_before_the_start_takes_the_verdict_away() -> None:
    one = series(5, n=72, at=48)
    moved = Series(one.time, one.y + 8 * (one.time >= 24), None, one.x, (), 48.0, one.labels, "y", "month")
    found = interrupted(moved, Shape(period=12))
    assert found.verdict == "not identified"
    assert [reason.code for reason in found.reasons] == ["CONTROL_MOVED"]


def test_under_twelve_periods_before_is_not_identified_but_keeps_its_numbers() -> None:
    frame = pl.DataFrame({"month": [f"2026-{k:02d}" for k in range(1, 13)], "y": np.random.default_rng(0).normal(size=12)})
    found = interrupted(read_series(frame, outcome="y", time="month", start="2026-08"))
    assert (found.verdict, found.reasons[0].code) == ("not identified", "SHORT_PRE")
    assert found.as_record()["se"] > 0


def test_a_missing_period_does_not_bring_its_neighbours_together() -> None:
    one = series(3)
    keep = np.ones(72, dtype=bool)
    keep[[10, 30, 55]] = False
    labels = tuple(np.array(one.labels)[keep].tolist())
    gap = Series(one.time[keep], one.y[keep], None, one.x[keep], (), 48.0, labels, "y", "month")
    shape = Shape(period=12, vcov="HAC", lags=4, small_sample=False)
    x, _ = design(gap, shape)
    full = np.zeros((72, x.shape[1]))
    full[keep] = x * fit_series(gap, shape).residual[:, None]  # absent periods score nothing
    meat = full.T @ full
    for lag in range(1, 5):
        meat += (1 - lag / 5) * (full[lag:].T @ full[:-lag] + full[:-lag].T @ full[lag:])
    bread = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(fit_series(gap, shape).cov, bread @ meat @ bread, rtol=1e-9)


@pytest.mark.parametrize("dates", [
    pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True).dt.month_end(),
    pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True).dt.month_end().cast(pl.String),
    pl.date_range(pl.date(2020, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True).cast(pl.Datetime),
    pl.Series([f"{2020 + k // 12}-{k % 12 + 1:02d}" for k in range(48)]),
    pl.Series(range(48)),
])  # fmt: skip
def test_months_are_neighbours_however_they_are_written(dates: pl.Series) -> None:
    frame = pl.DataFrame({"when": dates, "y": np.random.default_rng(0).normal(size=48)})
    read = read_series(frame, outcome="y", time="when", start=frame["when"][30])
    assert read.time.tolist() == list(range(48))
    assert read.start == 30
