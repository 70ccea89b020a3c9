"""Before and after in one picture: pre-trends on untreated rows, effects by imputation, one covariance for both.

Lives here: the event study made of both. Not here: its two halves (pre_trend.py, imputation.py), how far trends may fail (a
sensitivity analysis of what this returns).
"""

from dataclasses import replace

import numpy as np

from analytics.studies.estimate import Estimate, horizons_of
from analytics.studies.imputation import targets_of
from analytics.studies.imputation_errors import Errors, estimate_of, spread_of
from analytics.studies.longpanel import LongPanel
from analytics.studies.pre_trend import LEADS, pre_trend


def event_study(
    panel: LongPanel,
    *,
    leads: int = LEADS,
    donut: int = 0,
    balanced: int | None = None,
    vcov: Errors = "auto",
    alpha: float = 0.05,
) -> Estimate:
    """Return the imputation estimate whose course starts before treatment: horizons -q..-1 test trends, 0.. are effects.

    `covariance` holds all horizons shown, in order. Raises: DesignError, nothing can be compared.
    """
    spread = spread_of(panel, targets_of(panel, balanced=balanced), donut=donut, vcov=vcov)
    after = estimate_of(panel, spread, donut=donut, balanced=balanced, alpha=alpha)
    before = pre_trend(panel, leads=leads, vcov="jackknife" if spread.vcov == "jackknife" else "analytic")
    shown = np.flatnonzero(np.isfinite(spread.estimates[1:])) + 1
    both = np.concatenate([before.influence, spread.influence[:, shown]], axis=1)
    g, q = panel.cluster_n, len(before.leads)
    covariance = both.T @ both * ((g - 1) / g if spread.vcov == "jackknife" else 1.0)
    covariance[:q, :q] = before.covariance
    early = horizons_of(
        before.leads, before.estimates, np.sqrt(np.diag(before.covariance)), before.n_units, float(g - 1), alpha=alpha
    )
    return replace(after, horizons=early + after.horizons, covariance=covariance)
