"""The two-by-two difference-in-differences: treated and never treated, before and after one date.

Lives here: the four means as a regression, for panels and for repeated cross-sections. Not here: several start dates
(imputation.py), unit effects (fixed_effects.py).
"""

import numpy as np

from aftercall.contracts.errors import DesignError
from analytics.studies.estimate import Estimate, interval
from analytics.studies.fixed_effects import Asked, chosen
from analytics.studies.linear import covariance, least_squares
from analytics.studies.longpanel import LongPanel


def did2x2(panel: LongPanel, *, vcov: Asked = "auto", lags: int | None = None, alpha: float = 0.05) -> Estimate:
    """Return (after - before of the treated) - (after - before of the others), regression-adjusted for covariates if any.

    "auto" clusters as the panel says; rows of cross-sections without clusters get HC1.
    Raises: DesignError, start dates differ, or one of the four cells is empty.

    >>> import polars as pl
    >>> from analytics.studies.longpanel import read_long
    >>> frame = pl.DataFrame({"year": [1, 1, 1, 1, 2, 2, 2, 2], "g": [0, 0, 2, 2] * 2, "y": [1.0, 3, 2, 4, 2, 4, 6, 8]})
    >>> did2x2(read_long(frame, outcome="y", time="year", first_treated="g")).estimate.__round__(6)
    3.0
    """
    starts = np.unique(panel.first[np.isfinite(panel.first) & (panel.first < panel.period_n)])
    if len(starts) != 1:
        known = ", ".join(panel.time_labels[int(max(start, 0))] for start in starts[:5].tolist()) or "none"
        raise DesignError(
            f"A 2×2 comparison needs one date of first treatment; here are {len(starts)} ({known}). Use imputation."
        )
    panel = panel.rows(panel.w > 0)
    treated = (panel.first == starts[0])[panel.unit].astype(np.float64)
    after = (panel.time >= starts[0]).astype(np.float64)
    for arm, when, words in (
        (1, 0, "treated before"),
        (1, 1, "treated after"),
        (0, 0, "others before"),
        (0, 1, "others after"),
    ):
        if not ((treated == arm) & (after == when)).any():
            raise DesignError(f"The cell '{words}' has no row; a 2×2 comparison needs all four.")
    x = np.column_stack([np.ones(len(panel.y)), treated, after, treated * after, panel.x])
    fit, kind = least_squares(x, panel.y, panel.w), chosen(panel, vcov)
    if not np.isfinite(fit.beta[3]):
        raise DesignError("There is no effect to estimate: covariates explain the whole contrast. Name fewer.")
    by_row = panel.cluster[panel.unit]
    matrix = covariance(
        fit, kind, clusters=(by_row,), series=(panel.unit, panel.time) if panel.design == "panel" else None, lags=lags
    )
    is_clustered = kind in ("CRV1", "CRV3", "jackknife")
    df = float(panel.cluster_n - 1) if is_clustered else fit.df
    estimate, se = float(fit.beta[3]), float(np.sqrt(matrix[3, 3]))
    low, high, p = interval(estimate, se, df, alpha=alpha) or (None, None, None)
    is_independent = panel.design == "cross_sections"
    in_treated = np.unique(panel.cluster[panel.first == starts[0]]).size
    return Estimate(
        "2×2 difference-in-differences",
        "ATT",
        panel.outcome,
        panel.unit_of_outcome,
        estimate,
        None if p is None else se,
        df,
        low,
        high,
        p,
        kind,
        len(panel.y),
        len(panel.y) if is_independent else panel.unit_n,
        len(panel.y) if is_independent else panel.cluster_n,
        int(treated.sum()) if is_independent else in_treated,
    )
