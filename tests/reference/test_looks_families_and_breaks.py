"""Published figures of group-sequential bounds, families, CUSUM and breaks; looking often at nothing stays honest."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

from analytics.change_points import breaks, cusum, ewma, standardised
from analytics.studies.families import family
from analytics.studies.sequential import confidence_sequence, crossing, group_bounds

B = np.array(
    [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1]
)
M = np.fromstring(
    """9.45 7.99 9.29 11.66 12.16 10.18 8.04 11.46 9.20 10.34 9.03 11.47 10.51 9.40 10.08
    9.37 10.62 10.31 8.52 10.84 10.90 9.33 12.29 11.50 10.60 11.08 10.38 11.62 11.31 10.52""",
    sep=" ",
)


def test_planned_looks_as_published() -> None:
    times = np.arange(1, 6) / 5
    assert group_bounds(times, "pocock")[0] == pytest.approx(2.41318, abs=5e-6)
    fleming = group_bounds(times, "obrien-fleming")
    assert fleming[-1] == pytest.approx(2.04008, rel=1e-5)
    np.testing.assert_allclose(fleming, [4.562, 3.226, 2.634, 2.281, 2.040], atol=6e-4)
    np.testing.assert_allclose(group_bounds(times), [4.877, 3.357, 2.680, 2.290, 2.031], atol=6e-4)


@pytest.mark.parametrize(("looks", "chance"), [(5, 0.1417), (10, 0.1933)])
def test_looking_often_at_a_fixed_bound_fools(looks: int, chance: float) -> None:
    times = np.arange(1, looks + 1) / looks
    assert crossing(times, np.full(looks, 1.959964)).sum() == pytest.approx(chance, abs=6e-5)


def test_the_confidence_sequence_holds_at_every_look() -> None:
    rng = np.random.default_rng(1)
    n, fooled, naive = 200, 0, 0
    for _ in range(300):
        looks = confidence_sequence(rng.normal(0, 1, n), n_opt=100, first=20)
        fooled += looks.first_clear is not None
        fixed = 1.96 / np.sqrt(looks.n)
        naive += bool((np.abs(looks.mean[19:]) > fixed[19:]).any())
    assert fooled / 300 <= 0.05
    assert naive / 300 > 0.15
    one = confidence_sequence(np.tile([-1.0, 1.0], 50), n_opt=100)
    assert (one.high[99] - one.mean[99]) / (1.96 * np.sqrt(100 / 99) / 10) == pytest.approx(1.55, abs=0.01)


@pytest.mark.parametrize(("rule", "rejected", "theirs"), [
    ("bh", 4, "fdr_bh"), ("bonferroni", 3, "bonferroni"), ("holm", 3, "holm"), ("by", 3, "fdr_by"),
])  # fmt: skip
def test_families_as_in_benjamini_and_hochberg(rule: str, rejected: int, theirs: str) -> None:
    shuffled = np.random.default_rng(0).permutation(B)
    found = family(shuffled, rule)  # pyright: ignore[reportArgumentType]
    assert found.rejected.sum() == rejected
    np.testing.assert_allclose(found.adjusted, multipletests(shuffled, method=theirs)[1], rtol=1e-12)
    with_gap = family(np.append(shuffled, np.nan), rule)  # pyright: ignore[reportArgumentType]
    assert (with_gap.m, with_gap.rejected.sum()) == (15, rejected)


def test_cusum_of_montgomery() -> None:
    chart = cusum(M - 10)
    assert chart.upper[28:].round(2).tolist() == [5.28, 5.30]
    assert chart.alarm == 28, "the 29th value"


def test_the_break_of_the_nile_and_a_planted_one() -> None:
    nile = sm.datasets.nile.load_pandas().data
    years, volume = nile["year"].to_numpy(), nile["volume"].to_numpy()
    assert years[breaks(volume, n=1)[0] - 1] == 1898
    assert [years[place - 1] for place in breaks(volume)] == [1898]
    rng = np.random.default_rng(2)
    assert breaks(rng.normal(0, 1, 80)) == []
    y = np.zeros(160)
    for t in range(1, 160):
        y[t] = 0.5 * y[t - 1] + rng.normal()
    y[100:] += 4
    z = standardised(y, 60)
    for chart in (cusum(z), ewma(z)):
        assert chart.alarm is not None
        assert 98 <= chart.alarm <= 112
