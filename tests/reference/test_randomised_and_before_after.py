"""ANCOVA, CUPED, Lin, Lee bounds, regression to the mean: the figures of statsmodels, planted truth, chance itself."""

import numpy as np
import pytest
import statsmodels.api as sm

from analytics.studies.ancova import adjusted, lee_bounds, randomised
from analytics.studies.before_after import before_after, expected_regression, slope_reliability, split_half_reliability


def trial(seed: int, n: int = 240, effect: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, d = rng.normal(70, 6, n), rng.permutation(np.arange(n) % 2 == 0)
    return 20 + 0.8 * x + effect * d * (1 + 0.1 * (x - 70) / 6) + rng.normal(0, 4, n), d, x[:, None]


@pytest.mark.parametrize("adjustment", ["raw", "ancova", "lin"])
def test_hc2_and_jackknife_equal_statsmodels_and_refits(adjustment: str) -> None:
    y, d, x = trial(1)
    centred = x - x.mean()
    columns = [np.ones(len(y)), d.astype(float)]
    columns += [centred[:, 0]] if adjustment != "raw" else []
    columns += [d * centred[:, 0]] if adjustment == "lin" else []
    design = np.column_stack(columns)
    theirs = sm.OLS(y, design).fit(cov_type="HC2", use_t=True)
    ours, kind = adjusted(y, d, x, adjustment, None)  # pyright: ignore[reportArgumentType]
    assert kind == "HC2"
    assert ours.estimate == pytest.approx(theirs.params[1], rel=1e-10)
    assert ours.se == pytest.approx(theirs.bse[1], rel=1e-9)
    assert ours.ci_low == pytest.approx(theirs.conf_int()[1, 0], rel=1e-8)
    team = np.arange(len(y)) % 12
    clustered, _ = adjusted(y, d, x, adjustment, team)  # pyright: ignore[reportArgumentType]
    left = np.array([sm.OLS(y[team != g], design[team != g]).fit().params[1] for g in range(12)])
    assert clustered.se == pytest.approx(np.sqrt(11 / 12 * np.sum((left - theirs.params[1]) ** 2)), rel=1e-9)
    assert clustered.df == 11


def test_planted_effect_is_covered_and_covariates_pay() -> None:
    found = [randomised(*trial(seed)) for seed in range(200)]
    raw = [randomised(*trial(seed), adjustment="raw") for seed in range(200)]
    inside = np.mean([one.headline.ci_low < 2 < one.headline.ci_high for one in found])  # pyright: ignore[reportOptionalOperand]
    assert abs(np.mean([one.headline.estimate for one in found]) - 2) < 0.12
    assert inside > 0.9
    assert np.mean([a.headline.se / b.headline.se for a, b in zip(found, raw, strict=True)]) < 0.75
    cuped = randomised(*trial(3), adjustment="cuped").headline.estimate
    assert cuped == pytest.approx(randomised(*trial(3), adjustment="ancova").headline.estimate, abs=0.15)


def test_lee_bounds_hold_the_truth_where_the_plain_difference_does_not() -> None:
    rng = np.random.default_rng(5)
    n = 4000
    d, base = np.arange(n) % 2 == 0, rng.normal(0, 1, n)
    y = base + 0.5 * d
    y[~d & (base < -0.8)] = np.nan  # without coaching the weakest leave
    bounds = lee_bounds(y, d, draws=100)
    plain = np.nanmean(y[d]) - np.nanmean(y[~d])
    assert bounds.trimmed_arm == "treated"
    assert bounds.low < 0.5 < bounds.high + 1e-9
    assert plain < 0.3
    assert bounds.high == pytest.approx(0.5, abs=0.1), "the most pessimistic trim is the true one here"


def test_attrition_puts_the_bounds_beside_and_the_verdict_waits() -> None:
    y, d, x = trial(2, effect=0.6)
    y[np.flatnonzero(~d)[:30]] = np.nan
    found = randomised(y, d, x)
    assert found.facts["lee_bounds"]["low"] < found.facts["lee_bounds"]["high"]
    assert found.verdict == "inconclusive"
    assert found.reasons[0].code == "ATTRITION"


@pytest.mark.parametrize(("rho", "known"), [(0.5, 0.700), (0.7, 0.420), (0.9, 0.140)])
def test_expected_regression_is_what_chance_brings(rho: float, known: float) -> None:
    rng = np.random.default_rng(8)
    n = 400_000
    skill = rng.normal(0, np.sqrt(rho), n)
    before, after = (skill + rng.normal(0, np.sqrt(1 - rho), n) for _ in range(2))
    lowest = before <= np.quantile(before, 0.2)
    assert expected_regression(0.2, 1.0, rho) == pytest.approx(known, abs=5e-4)
    assert (after - before)[lowest].mean() == pytest.approx(known, abs=0.01)
    assert slope_reliability(before[:5000], after[:5000]) == pytest.approx(rho, abs=0.04)
    assert split_half_reliability(before[:5000], after[:5000]) == pytest.approx(2 * rho / (1 + rho), abs=0.03)
    found = before_after(before[:5000], after[:5000], lowest[:5000], reliability=rho)
    assert found.verdict == "not identified"
    assert found.facts["expected_regression"] == pytest.approx(known, abs=0.05)
    assert found.headline.estimate == pytest.approx(known, abs=0.06)
    assert f"(expected: +{found.facts['expected_regression']:.2f})" in found.reasons[0].message
