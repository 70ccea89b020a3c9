"""Bounds on failing trends: the reference software's numbers, exact identified sets, and what must always hold."""

import numpy as np
import pytest

from analytics.studies.sensitivity import M_BARS, relative_magnitudes

BETA = np.array([0.025, 0.027, 0.0243, -0.05, -0.08, -0.1363, -0.1008])
SIGMA = np.array(
    [
        [0.0005991, 0.0003135, 0.0002014, 5.12e-05, -4.99e-05, -3.56e-05, -0.000172],
        [0.0003135, 0.0003097, 0.0001692, 5.1e-05, -2.31e-05, -3.13e-05, -9.06e-05],
        [0.0002014, 0.0001692, 0.0002096, 4.82e-05, -4.26e-05, -3.43e-05, -6.31e-05],
        [5.12e-05, 5.1e-05, 4.82e-05, 0.0001454, 5.81e-05, 4.9e-05, 5.81e-05],
        [-4.99e-05, -2.31e-05, -4.26e-05, 5.81e-05, 0.0002878, 0.0003348, 0.0003148],
        [-3.56e-05, -3.13e-05, -3.43e-05, 4.9e-05, 0.0003348, 0.0012559, 0.0008161],
        [-0.000172, -9.06e-05, -6.31e-05, 5.81e-05, 0.0003148, 0.0008161, 0.0011829],
    ]
)


@pytest.mark.parametrize(
    ("weights", "known"),
    [
        ([0.4, 0.3, 0.2, 0.1], {0.5: (-0.141278, -0.022713), 1.0: (-0.184433, 0.020345)}),
        ([1.0, 0.0, 0.0, 0.0], {0.5: (-0.083724, -0.010697), 1.0: (-0.101286, 0.009789)}),
    ],
)
def test_c_lf_as_moderndid_computes_it(weights: list[float], known: dict[float, tuple[float, float]]) -> None:
    """moderndid 0.2.0, C-LF: 1,000 grid points over 40 standard errors, 1,000 first-stage draws; two steps are allowed.

    The first step before is small here, because moderndid leaves the first one out where the paper takes the largest of all.
    """
    found = relative_magnitudes(BETA, SIGMA, 3, weights=np.array(weights), m_bars=list(known))
    step = 40 * found.se / 999
    for bound in found.bounds:
        low, high = known[bound.m_bar]
        assert bound.ci_low == pytest.approx(low, abs=2 * step)
        assert bound.ci_high == pytest.approx(high, abs=2 * step)


@pytest.mark.parametrize("seed", range(3))
def test_without_noise_only_the_identified_set_is_left(seed: int) -> None:
    """The average of effects can be off by m times the largest step times the weighted number of steps since the reference."""
    rng = np.random.default_rng(seed)
    beta, weights = rng.normal(size=7), np.array([0.5, 0.3, 0.2])
    largest = np.abs(np.diff([*beta[:4], 0.0])).max()
    found = relative_magnitudes(beta, np.eye(7) * 1e-10, 4, weights=weights, m_bars=[0.5, 1.0, 2.0])
    for bound in found.bounds:
        reach = bound.m_bar * largest * (weights @ [1, 2, 3])
        assert bound.ci_low == pytest.approx(found.estimate - reach, abs=1e-3)
        assert bound.ci_high == pytest.approx(found.estimate + reach, abs=1e-3)


def test_wider_with_more_violation_and_blind_to_scale_and_sign() -> None:
    found = relative_magnitudes(BETA, SIGMA, 3, weights=np.ones(4) / 4)
    lows, highs = ([getattr(one, end) for one in found.bounds] for end in ("ci_low", "ci_high"))
    assert (np.diff(lows) < 1e-4).all()
    assert (np.diff(highs) > -1e-4).all()
    assert found.breakdown in M_BARS
    mirrored = relative_magnitudes(-1000 * BETA, 1e6 * SIGMA, 3, weights=np.ones(4) / 4)
    assert mirrored.breakdown == found.breakdown
    assert [one.ci_high for one in mirrored.bounds] == pytest.approx([-1000 * low for low in lows], rel=0.02)


def test_it_covers_when_the_violation_is_as_large_as_allowed() -> None:
    """Steps of one size before and after, m_bar 1: at least 93 of 100 intervals of the first effect hold the truth."""
    rng, held = np.random.default_rng(4), 0
    sigma = np.eye(5) * 0.04
    drift = np.array([-3.0, -2.0, -1.0, 1.0, 2.0]) * 0.3
    for _ in range(100):
        beta = rng.multivariate_normal(drift + np.array([0, 0, 0, 1.0, 1.0]), sigma)
        (bound,) = relative_magnitudes(beta, sigma, 3, m_bars=[1.0]).bounds
        held += bound.ci_low is not None and bound.ci_high is not None and bound.ci_low <= 1.0 <= bound.ci_high
    assert held >= 93
