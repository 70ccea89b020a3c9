"""Whatever a small, gappy, oddly weighted panel holds, every estimator answers with a finite number or refuses in words."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import AftercallError
from analytics.studies.bacon import bacon
from analytics.studies.did2x2 import did2x2
from analytics.studies.event_study import event_study
from analytics.studies.fixed_effects import twfe
from analytics.studies.group_time import callaway_santanna
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel, read_long
from analytics.studies.randomisation import randomisation_test
from analytics.studies.sun_abraham import sun_abraham
from analytics.studies.wild import wild_bootstrap

CALLS: dict[str, Callable[[LongPanel], object]] = {
    "imputation by jackknife": imputation,
    "imputation, analytic": lambda panel: imputation(panel, vcov="analytic"),
    "imputation, balanced": lambda panel: imputation(panel, balanced=1),
    "imputation, donut": lambda panel: imputation(panel, donut=1),
    "event study": event_study,
    "group time": callaway_santanna,
    "group time, never": lambda panel: callaway_santanna(panel, controls="never", average="dynamic"),
    "sun abraham": sun_abraham,
    "2x2": did2x2,
    "bacon": bacon,
    "re-assignment": lambda panel: randomisation_test(panel, draws=99),
    "wild": lambda panel: wild_bootstrap(panel, draws=99),
    **{
        f"twfe {kind}": lambda panel, kind=kind: twfe(panel, vcov=kind) for kind in ("iid", "HC1", "HC2", "HAC", "CRV1", "CRV3")
    },
}


def odd_panel(seed: int) -> LongPanel | None:
    rng = np.random.default_rng(seed)
    units, periods = int(rng.integers(2, 14)), int(rng.integers(2, 9))
    unit, period = (grid.ravel() for grid in np.meshgrid(np.arange(units), np.arange(1, periods + 1), indexing="ij"))
    columns = {
        "unit": unit,
        "period": period,
        "first": rng.choice([0, 1, 2, 3, 5, 7, 99], size=units)[unit],
        "cluster": unit // int(rng.integers(1, 4)),
        "w": rng.integers(0, 3, unit.size) + float(rng.random() < 0.5),
        "z": rng.normal(size=unit.size).round(int(rng.integers(0, 3))),
        "y": rng.normal(size=unit.size),
    }
    frame = pl.DataFrame(columns).filter(pl.Series(rng.random(unit.size) < rng.choice([1, 0.7, 0.4])))
    has_unit, has_cluster, has_w, has_z = rng.random(4) < [0.8, 0.7, 0.4, 0.4]
    try:
        return read_long(
            frame,
            outcome="y",
            unit="unit" if has_unit else None,
            time="period",
            first_treated="first",
            cluster="cluster" if has_cluster else None,
            weights="w" if has_w else None,
            covariates=("z",) if has_z else (),
        )
    except AftercallError:
        return None


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000_000))
def test_an_answer_or_a_refusal(seed: int) -> None:
    panel = odd_panel(seed)
    if panel is None:
        return
    for name, call in CALLS.items():
        try:
            estimate = call(panel).estimate  # type: ignore[attr-defined]
        except AftercallError:
            continue
        assert np.isfinite(estimate), name


def test_most_odd_panels_can_be_answered() -> None:
    """So that the property above is not one about refusals."""
    answered = 0
    panels = [panel for panel in map(odd_panel, range(60)) if panel is not None]
    for panel in panels:
        try:
            imputation(panel)
            answered += 1
        except AftercallError:
            pass
    assert answered > len(panels) * 0.5


def test_the_refusal_names_the_covariate_that_is_not_settled() -> None:
    """A covariate that moves in treated rows only has no slope to learn before: said, not guessed."""
    frame = pl.DataFrame({"u": [1, 1, 1, 2, 2, 2], "t": [1, 2, 3] * 2, "g": [3, 3, 3, 0, 0, 0], "y": [1.0, 2, 5, 1, 3, 3]})
    frame = frame.with_columns(z=pl.when((pl.col("u") == 1) & (pl.col("t") == 3)).then(1.0).otherwise(0.0))
    panel = read_long(frame, outcome="y", unit="u", time="t", first_treated="g", covariates=("z",))
    with pytest.raises(AftercallError, match="covariate"):
        imputation(panel)
