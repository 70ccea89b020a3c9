"""Doubly robust group-time effects: either model may be wrong, not both; its errors are those of repeated samples."""

import numpy as np
import pytest
import statsmodels.api as sm

from analytics.studies.doubly_robust import doubly_robust, logit


def sample(seed: int, *, bent_outcome: bool, bent_treatment: bool, n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return change, treated, x with a true effect of 1; bent: the mechanism depends on x², which the model does not have."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    index = 0.7 * x + (0.5 * (x**2 - 1) if bent_treatment else 0) - 0.3
    treated = rng.random(n) < 1 / (1 + np.exp(-index))
    change = 1.5 * x + (0.8 * (x**2 - 1) if bent_outcome else 0) + treated + rng.normal(size=n)
    return change, treated, x[:, None]


@pytest.mark.parametrize(("bent_outcome", "bent_treatment"), [(False, True), (True, False), (True, True)])
def test_one_wrong_model_does_no_harm(bent_outcome: bool, bent_treatment: bool) -> None:
    found, errors = list[float](), list[float]()
    for seed in range(80):
        change, treated, x = sample(seed, bent_outcome=bent_outcome, bent_treatment=bent_treatment)
        estimate, influence = doubly_robust(change, treated, np.ones(len(change)), x)
        found.append(estimate)
        errors.append(float(np.sqrt((influence**2).sum()) / len(change)))
    bias = np.mean(found) - 1
    if bent_outcome and bent_treatment:
        assert bias > 0.15
    else:
        assert abs(bias) < 0.05
        assert np.mean(errors) == pytest.approx(np.std(found), rel=0.25)


def test_the_propensity_is_a_logit() -> None:
    change, treated, x = sample(1, bent_outcome=False, bent_treatment=False)
    design, w = np.column_stack([np.ones(len(x)), x]), 1 + (change > 0)
    theirs = sm.GLM(treated.astype(float), design, family=sm.families.Binomial(), freq_weights=w).fit()
    p, inverse = logit(design, treated.astype(float), w.astype(float))
    assert p == pytest.approx(theirs.fittedvalues, abs=1e-7)
    assert inverse == pytest.approx(theirs.cov_params(), rel=1e-5)


def test_a_weight_of_two_is_a_unit_twice() -> None:
    change, treated, x = sample(2, bent_outcome=True, bent_treatment=True)
    w = np.where(np.arange(len(x)) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(len(x)), w.astype(int))
    one, _ = doubly_robust(change, treated, w, x)
    other, _ = doubly_robust(change[twice], treated[twice], np.ones(len(twice)), x[twice])
    assert one == pytest.approx(other, abs=1e-10)
