"""Pilot size: published sample sizes, closed forms against direct algebra, simulation against both; a fair, kept draw."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from aftercall.contracts.errors import AftercallError
from analytics.studies.assignment import COLUMNS, assign
from analytics.studies.power import Spread, gls_error, hussey_hughes, least_detectable, per_arm, simulate_power, staged_design


def test_t_test_sizes() -> None:
    assert per_arm(0.5) == pytest.approx(63.766, abs=5e-4)
    for d in (0.02, 0.2, 1.5):
        assert per_arm(d) == pytest.approx(TTestIndPower().solve_power(d, alpha=0.05, power=0.8), rel=1e-5)


def test_hussey_hughes_closed_form_equals_gls() -> None:
    wedge = np.repeat(np.triu(np.ones((4, 5)), 1), 6, axis=0)
    tau2, cell = (0.3 * 0.05) ** 2, 0.05 * 0.95 / 100
    assert hussey_hughes(wedge, tau2, cell) == pytest.approx(4.40580e-05, rel=1e-5)
    assert gls_error(wedge, tau2 + cell * np.eye(5), team_effects=False) ** 2 == pytest.approx(hussey_hughes(wedge, tau2, cell))


@pytest.mark.parametrize(
    ("teams", "agents", "known"), [(6, 12, 1.89), (10, 12, 1.33), (20, 12, 0.88), (40, 12, 0.60), (20, 24, 0.78)]
)
def test_least_effects_of_the_specification(teams: int, agents: int, known: float) -> None:
    assert round(least_detectable(staged_design(teams, 30, [10, 14, 18]), agents, Spread()), 2) == known


def test_gls_equals_direct_algebra_with_dummies() -> None:
    design = staged_design(8, 6, [2, 4])
    lag = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    omega = 0.6**lag + 0.3 * np.eye(6)
    x = np.column_stack([design.ravel(), np.kron(np.eye(8), np.ones((6, 1))), np.kron(np.ones((8, 1)), np.eye(6)[:, 1:])])
    information = x.T @ np.kron(np.eye(8), np.linalg.inv(omega)) @ x
    assert gls_error(design, omega) == pytest.approx(np.sqrt(np.linalg.inv(information)[0, 0]), rel=1e-9)


def test_simulation_on_a_past_agrees_with_the_t_test_it_stands_for() -> None:
    rng = np.random.default_rng(1)
    past = rng.normal(70, 3, (400, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 2, (400, 8))
    found = simulate_power(past, effect=1.5, teams=40, weeks_before=4, weeks_after=4, draws=1500, seed=2)
    d = 1.5 / np.sqrt(4 * (1 / 4 + 1 / 4))
    expected = TTestIndPower().power(d, nobs1=20, alpha=0.05)
    assert found.power == pytest.approx(expected, abs=0.05)
    assert found.false_positives == pytest.approx(0.05, abs=0.025)


def test_the_draw_is_fair_blocked_and_repeatable() -> None:
    units = pl.DataFrame({"agent": [f"a{k:02d}" for k in range(23)], "team": ["x"] * 9 + ["y"] * 14})
    times, starts = np.zeros(23), ["2026-01-05", "2026-03-02"]
    for seed in range(400):
        table = assign(units, unit="agent", starts=starts, block="team", seed=seed)
        assert table.columns == list(COLUMNS)
        per_block = table.group_by("block").agg(k=(pl.col("arm") == "treated").sum()).sort("block")["k"].to_list()
        assert per_block[0] in (4, 5)
        assert per_block[1] == 7
        times += (table.sort("unit")["arm"] == "treated").to_numpy()
    assert stats.chisquare(times, np.full(23, times.mean())).pvalue > 0.001
    assert abs(times.mean() / 400 - 0.5) < 0.02
    shuffled = units.sample(fraction=1.0, shuffle=True, seed=1)
    one, two = (assign(u, unit="agent", starts=starts, block="team", seed=7) for u in (units, shuffled))
    assert one.equals(two)
    staged = assign(units, unit="agent", starts=["1", "2", "3"], design="staged")
    assert staged["start"].value_counts().sort("start")["count"].to_list() in ([8, 8, 7], [8, 7, 8], [7, 8, 8])


@pytest.mark.parametrize("training", ["legal", "safety", "remedial"])
def test_training_that_must_reach_everybody_is_not_withheld(training: str) -> None:
    with pytest.raises(AftercallError, match="must reach everybody at once"):
        assign(pl.DataFrame({"a": list("abcd")}), unit="a", starts=["1"], training=training)  # pyright: ignore[reportArgumentType]
