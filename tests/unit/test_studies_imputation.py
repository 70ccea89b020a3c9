"""Imputation: equal to slow dense least squares on random panels; what must not matter does not; what must, does."""

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import DesignError
from analytics.studies.event_study import event_study
from analytics.studies.imputation import cluster_sums, targets_of
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.pre_trend import pre_trend

NEVER = 0


def world(seed: int, *, units: int = 24, periods: int = 9, share: float = 0.85, effect: float = 2.0) -> pl.DataFrame:
    """Return an unbalanced staggered panel: first period always kept, 4 units a cluster, effects by unit and time."""
    rng = np.random.default_rng(seed)
    starts = rng.choice([NEVER, 4, 6, 7], size=units)
    starts[:4] = [NEVER, NEVER, 4, 6]
    unit, time = (grid.ravel() for grid in np.meshgrid(np.arange(units), np.arange(1, periods + 1), indexing="ij"))
    keep = (rng.random(unit.size) < share) | (time == 1)
    first = starts[unit]
    on = (first > 0) & (time >= first)
    z = rng.normal(size=unit.size)
    te = on * (effect + 0.3 * (time - first) + rng.normal(size=units)[unit])
    y = rng.normal(size=units)[unit] * 3 + np.sin(time) + 0.7 * z + rng.normal(size=unit.size) + te
    columns = {"unit": unit, "time": time, "y": y, "first": first, "z": z, "team": unit // 4, "te": te}
    columns |= {"w": rng.integers(1, 4, unit.size).astype(float), "on": on}
    return pl.DataFrame(columns).filter(pl.Series(keep))


def panel_of(frame: pl.DataFrame, **more: object) -> LongPanel:
    asked = {"outcome": "y", "unit": "unit", "time": "time", "first_treated": "first", "cluster": "team"} | more
    return read_long(frame, **asked)  # type: ignore[arg-type]


def dense(frame: pl.DataFrame, *, weights: bool, covariate: bool) -> float:
    """Return Gardner's two stages by dummy variables and dense least squares: untreated rows first, then the mean residual."""
    unit, time = frame["unit"].to_numpy(), frame["time"].to_numpy()
    x = np.column_stack([unit[:, None] == np.unique(unit), time[:, None] == np.unique(time)]).astype(float)
    if covariate:
        x = np.column_stack([x, frame["z"].to_numpy()])
    w = frame["w"].to_numpy() if weights else np.ones(frame.height)
    y, on = frame["y"].to_numpy(), frame["on"].to_numpy()
    root = np.sqrt(w)[:, None]
    parameters = np.linalg.lstsq((x * root)[~on], (y * root[:, 0])[~on], rcond=None)[0]
    return float(np.average((y - x @ parameters)[on], weights=w[on]))


def extended_two_way(frame: pl.DataFrame) -> float:
    """Return Wooldridge's extended regression: a dummy per cohort and treated period, averaged over treated rows."""
    unit, time, first = (frame[name].to_numpy() for name in ("unit", "time", "first"))
    on = frame["on"].to_numpy()
    cells = np.where(on, first * 100 + time, 0)
    names = np.unique(cells[on])
    dummies = (cells[:, None] == names).astype(float)
    x = np.column_stack([dummies, unit[:, None] == np.unique(unit), time[:, None] == np.unique(time)])
    beta = np.linalg.lstsq(x, frame["y"].to_numpy(), rcond=None)[0][: len(names)]
    return float(dummies[on].mean(axis=0) @ beta)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.booleans(), st.booleans())
def test_equals_two_stages_by_dense_least_squares(seed: int, weights: bool, covariate: bool) -> None:
    frame = world(seed)
    panel = panel_of(frame, weights="w" if weights else None, covariates=("z",) if covariate else ())
    assert imputation(panel, horizons=False).estimate == pytest.approx(
        dense(frame, weights=weights, covariate=covariate), abs=1e-8
    )


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
def test_equals_the_extended_two_way_regression(seed: int) -> None:
    """Without covariates, and where every treated row has an untreated row in its unit (the first period is always kept)."""
    frame = world(seed, share=1.0)
    assert imputation(panel_of(frame), horizons=False).estimate == pytest.approx(extended_two_way(frame), abs=1e-8)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000))
@example(1386)
def test_what_must_not_matter(seed: int) -> None:
    frame = world(seed)
    base = imputation(panel_of(frame))
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    renamed = frame.with_columns(unit="agent " + ((pl.col("unit") * 7919) % 101).cast(pl.String))
    always = pl.concat([frame, frame.filter(unit=0).with_columns(unit=pl.lit(99, pl.Int64), first=pl.lit(1, pl.Int64), y=50.0)])
    for other in (panel_of(shuffled), panel_of(renamed), panel_of(always)):
        got = imputation(other)
        assert got.estimate == pytest.approx(base.estimate, abs=1e-9)
        if base.se is None:  # a team without which nothing can be estimated is that in every order and name
            assert got.se is None
        else:
            assert got.se == pytest.approx(base.se, rel=1e-9)


def test_a_weight_of_two_is_the_row_twice() -> None:
    """The same unit again, under another name in the same cluster, counts as a weight of two."""
    frame = world(3).with_columns(w=pl.when(pl.col("unit") % 3 == 0).then(2.0).otherwise(1.0))
    again = frame.filter(pl.col("w") == 2).with_columns(unit=pl.col("unit") + 1000)
    weighted, doubled = imputation(panel_of(frame, weights="w")), imputation(panel_of(pl.concat([frame, again])))
    assert weighted.estimate == pytest.approx(doubled.estimate, abs=1e-10)
    assert weighted.se == pytest.approx(doubled.se, rel=1e-9)


def test_a_shift_of_treated_rows_is_a_shift_of_the_effect() -> None:
    frame = world(5)
    moved = frame.with_columns(y=pl.col("y") + 10 * pl.col("on"))
    one, other = imputation(panel_of(frame)), imputation(panel_of(moved))
    assert other.estimate - one.estimate == pytest.approx(10.0, abs=1e-9)
    assert other.se == pytest.approx(one.se, rel=1e-9)


def test_leaving_a_cluster_out_is_estimating_without_it() -> None:
    frame = world(8)
    sums = cluster_sums(panel_of(frame), targets_of(panel_of(frame)))
    by_hand = [imputation(panel_of(frame.filter(pl.col("team") != c)), horizons=False).estimate for c in range(6)]
    assert sums.without_each()[:, 0] == pytest.approx(by_hand, abs=1e-9)


def test_one_treated_cluster_has_no_jackknife() -> None:
    """Dropping the only treated team leaves nothing to estimate: no standard error, and the note says what to use."""
    frame = world(2).with_columns(first=pl.when(pl.col("team") == 1).then(5).otherwise(0))
    frame = frame.with_columns(on=(pl.col("first") > 0) & (pl.col("time") >= pl.col("first")))
    got = imputation(panel_of(frame))
    assert (got.se, got.p, got.n_treated_clusters) == (None, None, 1)
    assert "randomisation" in " ".join(got.notes)


def test_a_period_only_one_cluster_knows_untreated_has_no_jackknife() -> None:
    """Without the never-treated team the last periods have no untreated row; the effect there cannot be had without it."""
    frame = world(2, share=1.0).with_columns(first=pl.when(pl.col("team") == 0).then(0).otherwise(4 + pl.col("team") % 3))
    got = imputation(panel_of(frame))
    assert np.isfinite(got.estimate)
    assert got.se is None


def test_analytic_errors_agree_with_the_jackknife_where_clusters_are_many() -> None:
    frame = world(11, units=600, share=0.95).with_columns(team=pl.col("unit"))
    analytic, jackknife = (imputation(panel_of(frame), vcov=kind) for kind in ("analytic", "jackknife"))
    assert imputation(panel_of(frame)).vcov == "analytic"
    assert analytic.se == pytest.approx(jackknife.se, rel=0.06)
    shared = zip(analytic.horizons, jackknife.horizons, strict=True)
    assert all(one.se == pytest.approx(other.se, rel=0.12) for one, other in shared)


def test_the_balanced_course_follows_the_same_units() -> None:
    got = event_study(panel_of(world(4, units=60)), balanced=2, leads=2)
    assert len({one.n_units for one in got.horizons if one.horizon >= 0}) == 1
    assert [one.horizon for one in got.horizons] == [-2, -1, 0, 1, 2]


def test_the_pre_trend_sees_a_dip_and_the_donut_leaves_it_out() -> None:
    """Two bad periods before the start: the test sees them, the effect is wrong by the base they spoil, a donut repairs it."""
    frame = world(6, units=400, periods=12).with_columns(team=pl.col("unit") // 10)
    quiet = pre_trend(panel_of(frame), leads=3)
    since = pl.col("time") - pl.col("first")
    dip = pl.when((pl.col("first") > 0) & since.is_in([-2, -1])).then(-3.0).otherwise(0.0)
    dipped = panel_of(frame.with_columns(y=pl.col("y") + dip))
    found = pre_trend(dipped, leads=2)
    assert quiet.p is not None
    assert quiet.p > 0.01
    assert found.p is not None
    assert found.p == 0.001  # the least that 999 draws can say
    assert found.estimates == pytest.approx([-3.0, -3.0], abs=0.4)
    truth = frame.filter("on")["te"].mean()
    assert imputation(dipped).estimate - truth > 0.8
    assert imputation(dipped, donut=2).estimate == pytest.approx(truth, abs=0.25)


def test_without_untreated_rows_it_refuses() -> None:
    frame = world(1).with_columns(first=pl.lit(1))
    with pytest.raises(DesignError, match="No row is untreated"):
        imputation(panel_of(frame))
