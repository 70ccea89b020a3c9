"""Known answers of the inference functions, each checkable by hand or in the named source."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.contracts.errors import DesignError
from analytics.inference import benjamini_hochberg, cluster_jackknife, cluster_ratio
from analytics.shrinkage import shrink

# Benjamini & Hochberg (1995), the fifteen p-values of their example: four rejections at 0.05.
BH_1995 = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]


def test_benjamini_hochberg_rejects_four_in_the_example_of_1995() -> None:
    q = benjamini_hochberg(np.array(BH_1995))
    assert int((q <= 0.05).sum()) == 4
    assert q[0] == pytest.approx(0.0015)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_values_are_never_below_p_and_keep_their_order(p: list[float]) -> None:
    q = benjamini_hochberg(np.array(p))
    assert (q >= np.array(p) - 1e-12).all()
    assert (q <= 1).all()
    ordered = q[np.argsort(p, kind="stable")]
    assert (np.diff(ordered) >= -1e-12).all()


def test_the_jackknife_of_a_mean_is_its_textbook_standard_error() -> None:
    x = np.array([3.0, 5.0, 8.0, 4.0])
    left_out = (x.sum() - x) / 3
    found = cluster_jackknife(float(x.mean()), left_out)
    assert found.se == pytest.approx(x.std(ddof=1) / 2)
    assert found.df == 3


def test_the_jackknife_refuses_when_a_cluster_carries_an_arm() -> None:
    with pytest.raises(DesignError, match=r"1 of 2 exist.*randomisation"):
        cluster_jackknife(1.0, np.array([1.0, np.nan]))


def test_ratio_interval_matches_a_mean_when_denominators_are_equal() -> None:
    y = np.array([2.0, 4.0, 9.0])
    found = cluster_ratio(y, np.ones(3))
    reach = 4.302652729749464 * y.std(ddof=1) / math.sqrt(3)  # t quantile 0.975 with 2 degrees of freedom, from a table
    assert found.value == pytest.approx(5.0)
    assert found.high == pytest.approx(5.0 + reach)


def test_shrinkage_with_equal_variances_is_the_james_stein_formula() -> None:
    x, s2 = np.array([10.0, 12.0, 15.0, 9.0, 20.0, 14.0]), 4.0
    found = shrink(x, np.full(6, s2))
    keep = 1 - (6 - 3) * s2 / np.sum((x - x.mean()) ** 2)
    np.testing.assert_allclose(found.mean, x.mean() + keep * (x - x.mean()), rtol=1e-9)


def test_shrinkage_leaves_three_measurements_alone() -> None:
    x = np.array([1.0, 5.0, 9.0])
    np.testing.assert_array_equal(shrink(x, np.ones(3)).mean, x)


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=20), st.integers(0, 2**32 - 1))
def test_shrinkage_stays_between_the_measurement_and_what_all_share(x: list[float], seed: int) -> None:
    values = np.array(x)
    s2 = np.random.default_rng(seed).uniform(0.1, 50, values.size)
    found = shrink(values, s2)
    low, high = np.minimum(values, found.prior_mean), np.maximum(values, found.prior_mean)
    assert ((found.mean >= low - 1e-6) & (found.mean <= high + 1e-6)).all()
