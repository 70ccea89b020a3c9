"""Inference by re-assignment and by bootstrap: equal to brute force; sizes where few clusters are treated."""

import time
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from analytics.studies.fixed_effects import twfe
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.randomisation import randomisation_test
from analytics.studies.wild import multipliers, wild_bootstrap


def world(
    seed: int, *, starts: list[int], periods: int = 8, units: int = 2, effect: float = 0.0, gaps: bool = False
) -> pl.DataFrame:
    """Return clusters with the start dates given (0 never), AR(1) shocks per cluster, `units` units in each."""
    rng = np.random.default_rng(seed)
    g = len(starts)
    shock = np.zeros((g, periods))
    for t in range(periods):
        shock[:, t] = 0.7 * (shock[:, t - 1] if t else 0) + rng.normal(size=g)
    cluster, unit, period = (
        one.ravel() for one in np.meshgrid(np.arange(g), np.arange(units), np.arange(periods), indexing="ij")
    )
    first = np.array(starts)[cluster]
    on = (first > 0) & (period + 1 >= first)
    z = rng.normal(size=cluster.size)
    y = (
        rng.normal(size=g)[cluster]
        + 0.2 * period
        + shock[cluster, period]
        + 0.5 * z
        + rng.normal(size=cluster.size)
        + effect * on
    )
    frame = pl.DataFrame({"team": cluster, "agent": cluster * units + unit, "week": period + 1, "first": first, "y": y, "z": z})
    return frame.filter(pl.Series(rng.random(frame.height) < 0.8)) if gaps else frame


def panel_of(frame: pl.DataFrame, **more: object) -> LongPanel:
    asked = {"outcome": "y", "unit": "agent", "time": "week", "first_treated": "first", "cluster": "team"} | more
    return read_long(frame, **asked)  # type: ignore[arg-type]


def collapsed(frame: pl.DataFrame, starts: np.ndarray, effect: float = 0.0, actual: np.ndarray | None = None) -> float:
    """Return the coefficient of treatment under given start dates by dummy variables on team-week means."""
    means = frame.group_by("team", "week").agg(pl.col("y").mean()).sort("team", "week")
    team, week, y = (means[name].to_numpy() for name in ("team", "week", "y"))
    treated = lambda dates: ((dates[team] > 0) & (week >= dates[team])).astype(float)
    if actual is not None:
        y = y - effect * treated(actual)
    x = np.column_stack([treated(starts), team[:, None] == np.unique(team), week[:, None] == np.unique(week)])
    return float(np.linalg.lstsq(x, y, rcond=None)[0][0])


@pytest.mark.parametrize("gaps", [False, True])
def test_all_assignments_by_brute_force(gaps: bool) -> None:
    starts = [3, 5, 5, 0, 0, 0]
    frame = world(1, starts=starts, effect=1.5, gaps=gaps)
    got = randomisation_test(panel_of(frame))
    every = [np.array(one) for one in sorted(set(permutations(starts)))]
    assert (got.assignment_n, got.is_exact) == (len(every), True)
    actual = np.array(starts)

    def p_of(effect: float) -> float:
        found = np.abs([collapsed(frame, one, effect, actual) for one in every])
        return float((found >= abs(collapsed(frame, actual, effect, actual)) * (1 - 1e-9)).mean())

    assert got.estimate == pytest.approx(collapsed(frame, actual), abs=1e-9)
    assert got.p == pytest.approx(p_of(0.0))
    for inside, outside in ((got.ci_low + 1e-4, got.ci_low - 1e-4), (got.ci_high - 1e-4, got.ci_high + 1e-4)):
        assert p_of(inside) > 0.05
        assert p_of(outside) <= 0.05


def test_one_treated_cluster_of_twenty_can_reach_no_less_than_one_in_twenty() -> None:
    got = randomisation_test(panel_of(world(2, starts=[4] + [0] * 19, effect=50.0)))
    assert (got.p, got.smallest_p, got.assignment_n) == (0.05, 0.05, 20)


def test_strata_keep_start_dates_where_they_are() -> None:
    frame = world(3, starts=[3, 0, 0, 5, 0, 0])
    got = randomisation_test(panel_of(frame), strata=["north"] * 3 + ["south"] * 3)
    assert got.assignment_n == 9
    with pytest.raises(DesignError, match="one label per cluster"):
        randomisation_test(panel_of(frame), strata=["north"])
    with pytest.raises(DesignError, match="No other assignment"):
        randomisation_test(panel_of(frame), strata=list("abcdef"))


def test_many_assignments_are_drawn_and_fast() -> None:
    """400 teams over 104 weeks, 999 draws: under two seconds of processor, and it finds what was planted."""
    starts = [20] * 80 + [40] * 80 + [60] * 80 + [0] * 160
    panel = panel_of(world(4, starts=starts, periods=104, units=1, effect=0.5))
    began = time.process_time()
    got = randomisation_test(panel)
    took_s = time.process_time() - began
    assert (got.assignment_n, got.is_exact, got.p) == (1000, False, 0.001)
    assert got.ci_low < 0.5 < got.ci_high
    assert took_s < 2.0


def test_with_two_of_twenty_treated_re_assignment_keeps_its_size_and_clustered_errors_do_not() -> None:
    """Specification, section 7: CRV1 rejects a true null in 24 %, randomisation inference in 4.6 % (2 of 20, 30 weeks)."""
    by_chance, clustered, runs = 0, 0, 120
    for seed in range(runs):
        panel = panel_of(world(1000 + seed, starts=[12, 12] + [0] * 18, periods=24, units=1))
        by_chance += randomisation_test(panel).p <= 0.05
        clustered += (twfe(panel, vcov="CRV1").p or 1.0) <= 0.05
    assert by_chance / runs < 0.11
    assert clustered / runs > 0.14


def brute_wild(frame: pl.DataFrame, v: np.ndarray, null: float, covariate: bool) -> float:
    """Return the bootstrap p-value by refitting dummy-variable regressions draw by draw."""
    agent, week, team, y = (frame[name].to_numpy() for name in ("agent", "week", "team", "y"))
    d = ((frame["first"] > 0) & (frame["week"] >= frame["first"])).to_numpy().astype(float)
    rest = np.column_stack([agent[:, None] == np.unique(agent), week[:, None] == np.unique(week)]).astype(float)
    if covariate:
        rest = np.column_stack([rest, frame["z"].to_numpy()])
    x = np.column_stack([d, rest])
    inverse = np.linalg.pinv(x)

    def t_of(outcome: np.ndarray, value: float) -> float:
        beta = inverse @ outcome
        residual = outcome - x @ beta
        scores = np.array([inverse[0, team == c] @ residual[team == c] for c in np.unique(team)])
        return (beta[0] - value) / np.sqrt((scores**2).sum())

    fitted = rest @ np.linalg.lstsq(rest, y - null * d, rcond=None)[0] + null * d
    drawn = [t_of(fitted + draw[team] * (y - fitted), null) for draw in v]
    return float((np.abs(drawn) >= abs(t_of(y, null))).mean())


@pytest.mark.parametrize(("gaps", "covariate"), [(False, False), (True, True)])
def test_wild_bootstrap_by_brute_force(gaps: bool, covariate: bool) -> None:
    frame = world(5, starts=[3, 5, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6], effect=0.8, gaps=gaps)
    panel = panel_of(frame, covariates=("z",) if covariate else ())
    got = wild_bootstrap(panel, draws=299)
    v = multipliers(14, 299, "rademacher", 7)[:, [panel.cluster_names.index(str(team)) for team in range(14)]]
    assert got.weights == "rademacher"
    assert got.estimate == pytest.approx(twfe(panel).estimate, abs=1e-10)
    assert got.p == pytest.approx(brute_wild(frame, v, 0.0, covariate), abs=1e-9)
    width = got.ci_high - got.ci_low
    for end, sign in ((got.ci_low, -1), (got.ci_high, 1)):
        assert brute_wild(frame, v, end - sign * 1e-3 * width, covariate) > 0.05
        assert brute_wild(frame, v, end + sign * 1e-3 * width, covariate) <= 0.05


def test_few_clusters_take_the_six_point_weights() -> None:
    got = wild_bootstrap(panel_of(world(6, starts=[3, 5, 4, 0, 0, 0], effect=3.0)), draws=999)
    assert got.weights == "webb"
    assert got.ci_low < got.estimate < got.ci_high
    v = multipliers(6, 200_000, "webb", 1)
    assert (v.mean(), v.var()) == pytest.approx((0.0, 1.0), abs=0.01)
