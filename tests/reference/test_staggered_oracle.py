"""Random staggered panels with gaps: the same answers as diff-diff, an independent implementation."""

import warnings
from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest

from analytics.studies.group_time import callaway_santanna
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import read_long
from tests.conftest import not_here

COLUMNS = {"outcome": "y", "unit": "agent", "time": "week"}


@pytest.fixture(scope="module", autouse=True)
def _oracle() -> None:
    if find_spec("diff_diff") is None:
        not_here("diff-diff is missing: pip install -c constraints.txt -e '.[studies]'")


def world(seed: int, *, gaps: bool) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    agent, week = (grid.ravel() for grid in np.meshgrid(np.arange(160), np.arange(1, 15), indexing="ij"))
    team = agent // 2
    first = rng.choice([0, 5, 8, 9], size=80)[team]
    on = (first > 0) & (week >= first)
    z = rng.normal(size=agent.size)
    y = (
        rng.normal(size=160)[agent]
        + np.sin(week)
        + 0.4 * z
        + rng.normal(size=80)[team] * week / 7
        + rng.normal(size=agent.size)
    )
    y = y + on * (1 + 0.2 * (week - first) + rng.normal(size=80)[team])
    frame = pl.DataFrame({"agent": agent, "team": team, "week": week, "first": first, "z": z, "y": y})
    return frame.filter(pl.Series((rng.random(frame.height) < 0.85) | (week == 1))) if gaps else frame


def theirs(name: str, frame: pl.DataFrame, *, covariates: list[str] | None = None, **options: object) -> tuple[float, float]:
    import diff_diff

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = getattr(diff_diff, name)(cluster="team", **options)
        found = model.fit(frame.to_pandas(), **COLUMNS, first_treat="first", covariates=covariates)
    return float(found.overall_att), float(found.overall_se)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("covariate", [False, True])
def test_imputation(seed: int, covariate: bool) -> None:
    frame = world(seed, gaps=True)
    z = ("z",) if covariate else ()
    got = imputation(read_long(frame, **COLUMNS, first_treated="first", cluster="team", covariates=z))  # type: ignore[arg-type]
    estimate, se = theirs("ImputationDiD", frame, covariates=list(z) or None)
    assert got.vcov == "analytic"
    assert got.estimate == pytest.approx(estimate, abs=1e-7)
    # Where clusters hold several units, averages of a cohort's effects may be weighted by unit or by cluster (Borusyak, Jaravel
    # and Spiess leave it open); diff-diff weighs units.
    assert got.se == pytest.approx(se, rel=0.05)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("controls", ["never", "not_yet"])
def test_group_time_effects(seed: int, controls: str) -> None:
    frame = world(seed, gaps=False)
    panel = read_long(frame, **COLUMNS, first_treated="first", cluster="team")  # type: ignore[arg-type]
    got = callaway_santanna(panel, controls=controls)  # type: ignore[arg-type]
    estimate, se = theirs("CallawaySantAnna", frame, control_group=f"{controls}_treated")
    assert got.estimate == pytest.approx(estimate, abs=1e-8)
    assert got.se == pytest.approx(se, rel=0.015)
