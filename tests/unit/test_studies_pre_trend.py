"""Trends before: a true null is rejected as often as asked, with few clusters and many dates; a dip is still seen."""

import numpy as np
import pytest
from scipy import stats

from analytics.studies.longpanel import LongPanel
from analytics.studies.pre_trend import PreTrend, pre_trend

PERIODS = 24


def teams(rng: np.random.Generator, g: int, started: int, *, dip: float = 0.0) -> LongPanel:
    """Return teams with shocks of autocorrelation .5, some starting in periods 12, 15 and 18; a dip in their last two weeks."""
    shock = rng.normal(size=(g, PERIODS))
    for t in range(1, PERIODS):
        shock[:, t] = 0.5 * shock[:, t - 1] + np.sqrt(0.75) * shock[:, t]
    first = np.full(g, np.inf)
    first[:started] = np.resize([12.0, 15.0, 18.0], started)
    since = np.arange(PERIODS) - first[:, None]
    y = rng.normal(size=(g, 1)) + shock - dip * ((since >= -2) & (since < 0))
    unit, time = np.repeat(np.arange(g), PERIODS), np.tile(np.arange(PERIODS), g)
    names, labels = tuple(map(str, range(g))), tuple(map(str, range(PERIODS)))
    nothing = np.empty((len(unit), 0))
    return LongPanel(
        unit, time, y.ravel(), np.ones(len(unit)), first, np.arange(g), nothing, names, labels, names, (), "qa", "", "week"
    )


def trends_of(g: int, started: int, leads: int, n: int, *, dip: float = 0.0) -> list[PreTrend]:
    rng = np.random.default_rng(20)
    return [pre_trend(teams(rng, g, started, dip=dip), leads=leads) for _ in range(n)]


def share(found: list[PreTrend]) -> float:
    return float(np.mean([one.p is not None and one.p < 0.05 for one in found]))


@pytest.mark.parametrize(("g", "started", "leads"), [(12, 6, 6), (20, 5, 8), (8, 4, 4)])
def test_a_true_null_is_rejected_as_often_as_asked(g: int, started: int, leads: int) -> None:
    """The plain reference F(q, G - 1) of the same statistic would reject in 20 % and more: what is mended here."""
    found = trends_of(g, started, leads, 100)
    plain = [stats.f(leads, g - 1).sf(one.statistic) for one in found if one.statistic is not None]
    assert float(np.mean(np.array(plain) < 0.05)) > 0.2
    assert 0.0 < share(found) <= 0.1  # 5 % and two Monte-Carlo errors of 100 panels


def test_with_many_clusters_the_degrees_of_freedom_are_those_of_the_dates() -> None:
    """Ten of 200 teams start: F(8, 199) would be sure of what ten teams cannot tell."""
    found = trends_of(200, 10, 8, 40)
    plain = [stats.f(8, 199).sf(one.statistic) for one in found if one.statistic is not None]
    assert {one.reference for one in found} == {"F"}
    assert float(np.mean(np.array(plain) < 0.05)) > 0.2
    assert share(found) <= 0.1


def test_a_dip_before_the_start_is_seen() -> None:
    assert share(trends_of(40, 20, 2, 40, dip=1.2)) > 0.8
    assert share(trends_of(400, 200, 8, 10, dip=1.0)) == 1.0


def test_a_date_one_cluster_carries_alone_has_no_test() -> None:
    found = pre_trend(teams(np.random.default_rng(1), 12, 1), leads=2)
    assert found.leads == (-2, -1)
    assert found.p is None
