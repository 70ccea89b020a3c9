"""Two-way fixed effects: a comparison with the literature, never a headline when start dates differ.

Lives here: the regression on unit and period effects with any covariates and any covariance matrix, and how much of its
treatment contrast carries a negative weight. Not here: the two-by-two comparisons it mixes (bacon.py), the bootstrap (wild.py).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.estimate import Estimate, interval
from analytics.studies.imputation_errors import ENOUGH_CLUSTERS, jackknife
from analytics.studies.linear import Fit, covariance, jackknife_factor, least_squares
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import effective_clusters, normal_equations, of_panel, solved, unit_means

Floats = NDArray[np.float64]
Asked = Literal["auto", "iid", "HC1", "HC2", "HAC", "CRV1", "CRV3", "jackknife"]
Found = Literal["iid", "HC1", "HC2", "HAC", "CRV1", "CRV3", "jackknife"]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients (k) with their covariance (k, k); t with `df`. NaN: collinear with the effects or the columns before."""

    names: tuple[str, ...]
    beta: Floats
    covariance: Floats
    df: float
    vcov: Found
    fit: Fit

    def of(self, name: str) -> tuple[float, float]:
        """Return a coefficient and its standard error."""
        at = self.names.index(name)
        return float(self.beta[at]), float(np.sqrt(self.covariance[at, at]))


def chosen(panel: LongPanel, vcov: Asked) -> Found:
    """Return what "auto" stands for: by cluster, the jackknife below 50; HC1 for rows drawn independently."""
    if vcov != "auto":
        return vcov
    if panel.design == "cross_sections":
        return "HC1"
    return "jackknife" if panel.cluster_n < ENOUGH_CLUSTERS else "CRV1"


def regression(panel: LongPanel, regressors: Floats, names: tuple[str, ...], *, vcov: Asked, lags: int | None) -> Coefficients:
    """Return the weighted regression of y on regressors (n, k) with unit and period effects."""
    if (panel.w == 0).any():
        keep = panel.w > 0
        return regression(panel.rows(keep), regressors[keep], names, vcov=vcov, lags=lags)
    kind, effects = chosen(panel, vcov), of_panel(panel)
    plain = effects.residual(np.column_stack([regressors, panel.y]))
    x = np.where((plain**2).sum(axis=0) > 1e-18 * (np.column_stack([regressors, panel.y]) ** 2).sum(axis=0), plain, 0.0)[:, :-1]
    leverage = effects.leverage() if kind == "HC2" else None
    fit = least_squares(x, plain[:, -1], panel.w, absorbed=effects.rank, leverage=leverage)
    by_row = panel.cluster[panel.unit]
    if kind in ("CRV3", "jackknife"):
        ratio = jackknife_factor(kind, panel.cluster_n) / jackknife_factor("jackknife", panel.cluster_n)
        found = ratio * _without_each(panel, regressors, fit.beta)
    else:
        # Unit effects lie inside clusters: the factor counts the intercept and the periods only.
        found = covariance(
            fit, kind, clusters=(by_row,), series=(panel.unit, panel.time), lags=lags, nested=effects.rank - _period_n(panel)
        )
    is_clustered = kind in ("CRV1", "CRV3", "jackknife")
    return Coefficients(names, fit.beta, found, float(panel.cluster_n - 1) if is_clustered else fit.df, kind, fit)


def _period_n(panel: LongPanel) -> int:
    return int(np.unique(panel.time).size)


def _without_each(panel: LongPanel, regressors: Floats, beta: Floats) -> Floats:
    """Return the cluster jackknife: the whole regression again without each cluster, period effects included."""
    kept = np.flatnonzero(np.isfinite(beta))
    if not len(kept):
        return np.full((len(beta),) * 2, np.nan)
    wide = replace(panel, x=regressors[:, kept])
    s_g, b_g = normal_equations(wide, unit_means(wide, panel.w))
    s, b = s_g.sum(axis=0), b_g.sum(axis=0)
    at = panel.period_n + np.arange(len(kept))
    without = list[Floats]()
    for c in range(len(s_g)):
        left = s - s_g[c]
        schur = left[np.ix_(at, at)] - left[at, : at[0]] @ solved(left[: at[0], : at[0]], left[: at[0], at])
        lost = np.linalg.eigvalsh(schur).min() <= 1e-9 * np.diag(s)[at].max()
        without.append(np.full(len(kept), np.nan) if lost else solved(left, b - b_g[c])[at])
    out = np.full((len(beta),) * 2, np.nan)
    out[np.ix_(kept, kept)] = jackknife(beta[kept], np.stack(without))[0]
    return out


def covariate_effects(panel: LongPanel, *, vcov: Asked = "auto", lags: int | None = None) -> Coefficients:
    """Return the panel's covariates as the regressors of a two-way fixed-effects regression, without a treatment."""
    return regression(panel, panel.x, panel.x_names, vcov=vcov, lags=lags)


def twfe(panel: LongPanel, *, vcov: Asked = "auto", lags: int | None = None, alpha: float = 0.05) -> Estimate:
    """Return the coefficient of being treated, with unit and period effects and the panel's covariates.

    Raises: DesignError, treatment never varies once both effects are taken out.
    """
    regressors = np.column_stack([panel.is_treated.astype(np.float64), panel.x])
    found = regression(panel, regressors, ("treated", *panel.x_names), vcov=vcov, lags=lags)
    estimate, se = found.of("treated")
    if not np.isfinite(estimate):
        raise DesignError(
            "There is no effect to estimate: treatment is the same as unit and period effects. "
            "A comparison needs units that are not treated yet, or never."
        )
    low, high, p = interval(estimate, se, found.df, alpha=alpha) or (None, None, None)
    share = negative_weight_share(panel)
    treated = np.isfinite(panel.first) & (panel.first < panel.period_n)
    return Estimate(
        "two-way fixed effects",
        "coefficient of treatment",
        panel.outcome,
        panel.unit_of_outcome,
        estimate,
        None if p is None else se,
        found.df,
        low,
        high,
        p,
        found.vcov,
        len(panel.y),
        panel.unit_n,
        panel.cluster_n,
        len(np.unique(panel.cluster[treated])),
        effective_clusters(panel),
        notes=(f"{100 * share:.0f} % of the weight on treated rows is negative.",) if share > 0 else (),
    )


def negative_weight_share(panel: LongPanel) -> float:
    """Return which share of the absolute weight on treated rows is negative in the two-way regression (0 to 1).

    Source: de Chaisemartin and D'Haultfoeuille (American Economic Review 2020).
    """
    on = panel.is_treated
    weight = (panel.w * of_panel(panel).residual(on.astype(np.float64)))[on]
    total = float(np.abs(weight).sum())
    return float(np.abs(weight[weight < -1e-12]).sum()) / total if total > 0 else 0.0
