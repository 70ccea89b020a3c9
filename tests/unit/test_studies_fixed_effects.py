"""Least squares, two-way effects, 2×2: equal to statsmodels and to dummy variables; planted truth where dates differ."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from aftercall.contracts.errors import DesignError
from analytics.studies.bacon import bacon
from analytics.studies.did2x2 import did2x2
from analytics.studies.fixed_effects import negative_weight_share, twfe
from analytics.studies.group_time import callaway_santanna
from analytics.studies.linear import covariance, least_squares
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.sun_abraham import sun_abraham

FIRMS, YEARS = 40, 9


def staggered(seed: int = 0, *, gaps: bool = False, growth: float = 0.5) -> pl.DataFrame:
    """Return firms with start dates 3, 6 or never, effects 1 + growth per year, and a covariate that moves y by 0.8."""
    rng = np.random.default_rng(seed)
    firm, year = (grid.ravel() for grid in np.meshgrid(np.arange(FIRMS), np.arange(1, YEARS + 1), indexing="ij"))
    first = np.array([0, 3, 6, 0])[firm % 4]
    on = (first > 0) & (year >= first)
    z = rng.normal(size=firm.size)
    y = rng.normal(size=FIRMS)[firm] + 0.1 * year**1.5 + 0.8 * z + on * (1 + growth * (year - first))
    columns = {"firm": firm, "year": year, "first": first, "on": on, "z": z, "w": rng.uniform(0.5, 2, firm.size)}
    frame = pl.DataFrame(columns | {"y": y + rng.normal(size=firm.size), "state": firm // 4})
    return frame.filter(pl.Series(rng.random(firm.size) < 0.85)) if gaps else frame


def panel_of(frame: pl.DataFrame, **more: object) -> LongPanel:
    asked = {"outcome": "y", "unit": "firm", "time": "year", "first_treated": "first", "cluster": "state"} | more
    return read_long(frame, **asked)  # type: ignore[arg-type]


def dummies(frame: pl.DataFrame) -> np.ndarray:
    firm, year = frame["firm"].to_numpy(), frame["year"].to_numpy()
    effects = np.column_stack([firm[:, None] == np.unique(firm), (year[:, None] == np.unique(year))[:, 1:]])
    return np.column_stack([frame["on"].to_numpy(), frame["z"].to_numpy(), effects]).astype(float)


@pytest.mark.parametrize("kind", ["iid", "HC1", "HC2"])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_way_effects_equal_dummy_variables(kind: str, weighted: bool) -> None:
    frame = staggered(gaps=True)
    w = frame["w"].to_numpy() if weighted else np.ones(frame.height)
    model = sm.WLS(frame["y"].to_numpy(), dummies(frame), weights=w)
    theirs = model.fit(cov_type="nonrobust" if kind == "iid" else kind)
    got = twfe(panel_of(frame, weights="w" if weighted else None, covariates=("z",)), vcov=kind)  # type: ignore[arg-type]
    assert got.estimate == pytest.approx(theirs.params[0], rel=1e-9)
    assert got.se == pytest.approx(theirs.bse[0], rel=1e-7)


def test_jackknife_is_the_regression_without_each_cluster() -> None:
    frame = staggered(gaps=True)
    got = twfe(panel_of(frame, covariates=("z",)), vcov="jackknife")
    without = [twfe(panel_of(frame.filter(pl.col("state") != c), covariates=("z",)), vcov="iid").estimate for c in range(10)]
    assert got.se == pytest.approx(np.sqrt(9 / 10 * ((np.array(without) - got.estimate) ** 2).sum()), rel=1e-8)
    assert twfe(panel_of(frame, covariates=("z",)), vcov="CRV3").se == pytest.approx(got.se * 10 / 9)


def rows_for_errors() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    firm, year = (grid.ravel() for grid in np.meshgrid(np.arange(30), np.arange(12), indexing="ij"))
    x = np.column_stack([np.ones(360), rng.normal(size=30)[firm] + rng.normal(size=360)])
    return x, x[:, 1] + rng.normal(size=30)[firm] + rng.normal(size=12)[year] + rng.normal(size=360), firm, year


def test_clustered_errors_equal_statsmodels() -> None:
    x, y, firm, year = rows_for_errors()
    fit, model = least_squares(x, y), sm.OLS(y, x)
    one_way = model.fit(cov_type="cluster", cov_kwds={"groups": firm})
    assert np.sqrt(np.diag(covariance(fit, "CRV1", clusters=(firm,)))) == pytest.approx(one_way.bse, rel=1e-10)
    two_way = model.fit(cov_type="cluster", cov_kwds={"groups": np.stack([firm, year], axis=1)})
    assert np.sqrt(np.diag(covariance(fit, "CRV1", clusters=(firm, year)))) == pytest.approx(two_way.bse, rel=1e-10)


def test_newey_west_equals_statsmodels() -> None:
    x, y, _, _ = rows_for_errors()
    theirs = sm.OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False})
    one = np.zeros(len(y), dtype=np.int64)
    got = covariance(least_squares(x, y), "HAC", series=(one, np.arange(len(y))), lags=4, small_sample=False)
    assert np.sqrt(np.diag(got)) == pytest.approx(theirs.bse, rel=1e-10)


def test_newey_west_treats_a_missing_period_as_a_gap() -> None:
    """Rows two periods apart are lag 2: with one lag they stand alone, as if the periods had been counted by tens."""
    x, y, _, _ = rows_for_errors()
    fit, one = least_squares(x, y), np.zeros(len(y), dtype=np.int64)
    apart = covariance(fit, "HAC", series=(one, np.arange(len(y)) * 2), lags=1)
    assert apart == pytest.approx(covariance(fit, "HC1"), rel=1e-12)


def test_collinear_columns_take_no_part() -> None:
    x, y, firm, _ = rows_for_errors()
    fit = least_squares(np.column_stack([x, 2 * x[:, 1]]), y)
    assert np.isnan(fit.beta[2])
    assert fit.beta[:2] == pytest.approx(least_squares(x, y).beta)
    assert np.isfinite(covariance(fit, "CRV1", clusters=(firm,))[:2, :2]).all()


def test_effects_that_grow_fool_the_two_way_coefficient_and_not_the_interaction_weighted_one() -> None:
    frame = staggered(1, growth=0.8)
    panel = panel_of(frame, covariates=("z",))
    since = (frame["year"] - frame["first"]).to_numpy()[frame["on"].to_numpy()]
    truth = float(np.mean(1 + 0.8 * since))
    got = sun_abraham(panel)
    assert got.estimate == pytest.approx(truth, abs=0.3)
    assert got.ci_low is not None
    assert got.ci_high is not None
    assert got.ci_low < truth < got.ci_high
    assert truth - twfe(panel).estimate > 0.4
    assert bacon(panel).share("already treated") > 0.1
    late = panel_of(frame.filter(pl.col("first") > 0))
    assert negative_weight_share(panel) == 0
    assert negative_weight_share(late) > 0.05


def test_interaction_weighted_cells_equal_group_time_effects_without_gaps_only() -> None:
    """With covariates off and no gaps both are the same four means; a cell's errors come from the same units."""
    panel = panel_of(staggered(2))
    got = {(one.first, one.time): one.estimate for one in sun_abraham(panel).group_time}
    theirs = {(one.first, one.time): one.estimate for one in callaway_santanna(panel, controls="never").group_time}
    post = {key: value for key, value in theirs.items() if key[1] >= key[0]}
    assert {key: got[key] for key in post} == pytest.approx(post, abs=1e-10)


def test_interaction_weighted_with_gaps_and_covariates_equals_the_saturated_regression() -> None:
    frame = staggered(4, gaps=True)
    got = sun_abraham(panel_of(frame, covariates=("z",)))
    first, year = frame["first"].to_numpy(), frame["year"].to_numpy()
    keys = [(g, t) for g in (3, 6) for t in range(1, YEARS + 1) if t != g - 1]
    cells = np.column_stack([(first == g) & (year == t) for g, t in keys]).astype(float)
    theirs = sm.OLS(frame["y"].to_numpy(), np.column_stack([cells, dummies(frame)[:, 1:]])).fit(
        cov_type="cluster", cov_kwds={"groups": frame["state"].to_numpy()}
    )
    by_cell = {(str(g), str(t)): (theirs.params[j], theirs.bse[j]) for j, (g, t) in enumerate(keys)}
    ours = {(one.first, one.time): one.estimate for one in got.group_time}
    assert ours == pytest.approx({key: value for key, (value, _) in by_cell.items()}, abs=1e-9)
    ratios = [one.se / by_cell[one.first, one.time][1] for one in got.group_time if one.se]
    # One factor for all: statsmodels counts the unit effects, which lie inside clusters, as parameters; here they are not.
    assert max(ratios) - min(ratios) < 1e-6
    assert 0.9 < ratios[0] < 1.0


def houses(n: int = 1600) -> pl.DataFrame:
    rng = np.random.default_rng(9)
    near, later = rng.random(n) < 0.4, rng.random(n) < 0.5
    age = rng.normal(size=n) + near
    price = 80 - 15 * near + 18 * later - 12 * near * later + 2 * age + rng.normal(size=n) * (3 + 4 * near)
    columns = {"year": np.where(later, 1981, 1978), "g": np.where(near, 1981, 0), "price": price, "age": age}
    return pl.DataFrame(columns | {"town": rng.integers(0, 12, n)})


def test_cross_sections_are_four_means() -> None:
    frame = houses()
    panel = read_long(frame, outcome="price", time="year", first_treated="g")
    means = {
        key: value for *key, value in frame.group_by("g", "year").agg(pl.col("price").mean()).rows() for key in [tuple(key)]
    }
    got = did2x2(panel)
    by_hand = means[1981, 1981] - means[1981, 1978] - means[0, 1981] + means[0, 1978]
    assert got.estimate == pytest.approx(by_hand, abs=1e-9)
    assert (got.vcov, got.n_clusters) == ("HC1", frame.height)
    assert got.ci_low is not None
    assert got.ci_high is not None
    assert got.ci_low < -12 < got.ci_high
    near, later = (frame["g"] > 0).to_numpy(), (frame["year"] == 1981).to_numpy()
    x = np.column_stack([np.ones(frame.height), near, later, near & later, frame["age"].to_numpy()]).astype(float)
    model = sm.OLS(frame["price"].to_numpy(), x)
    adjusted = read_long(frame, outcome="price", time="year", first_treated="g", covariates=("age",))
    for kind, asked in (("iid", "nonrobust"), ("HC1", "HC1"), ("HC2", "HC2")):
        assert did2x2(adjusted, vcov=kind).se == pytest.approx(model.fit(cov_type=asked).bse[3], rel=1e-9)  # type: ignore[arg-type]
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": frame["town"].to_numpy()})
    clustered = read_long(frame, outcome="price", time="year", first_treated="g", covariates=("age",), cluster="town")
    assert did2x2(clustered, vcov="CRV1").se == pytest.approx(theirs.bse[3], rel=1e-9)


def test_two_by_two_of_a_balanced_panel_is_the_two_way_coefficient() -> None:
    frame = staggered(5).filter(pl.col("first") != 3)
    panel = panel_of(frame)
    assert did2x2(panel).estimate == pytest.approx(twfe(panel).estimate, abs=1e-10)


def test_two_by_two_refuses_several_dates_and_empty_cells() -> None:
    with pytest.raises(DesignError, match="one date of first treatment"):
        did2x2(panel_of(staggered()))
    with pytest.raises(DesignError, match="'others before' has no row"):
        did2x2(
            read_long(
                houses().filter((pl.col("g") > 0) | (pl.col("year") > 1978)), outcome="price", time="year", first_treated="g"
            )
        )
