"""Before and after in one picture: pre-trends on untreated rows, effects by imputation, one covariance for both.

Lives here: dummies for the periods before first treatment, their joint test, the event study made of both. Not here: the
imputation itself (imputation.py), how far trends may fail (a sensitivity analysis of what this returns).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.studies.estimate import Estimate, horizons_of
from analytics.studies.imputation import fit_rows, targets_of
from analytics.studies.imputation_errors import ENOUGH_CLUSTERS, Errors, estimate_of, jackknife, spread_of
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import cluster_scores, normal_equations, solved, unit_means

Floats = NDArray[np.float64]
LEADS = 8


@dataclass(frozen=True, slots=True)
class PreTrend:
    """Differences before first treatment, against the periods further back, and their joint test.

    `leads` are negative horizons; `influence` (G, q) sums to zero; statistic ~ F(q, G - 1). Empty when too few periods precede.
    """

    leads: tuple[int, ...]
    estimates: Floats
    covariance: Floats
    influence: Floats
    n_units: tuple[int, ...]
    statistic: float | None
    df: tuple[float, float]
    p: float | None


def pre_trend(panel: LongPanel, *, leads: int = LEADS, vcov: Errors = "auto") -> PreTrend:
    """Return whether units about to be treated already differed: dummies for the last periods before, on untreated rows only.

    At most `leads`, half the clusters, and as many as unit and period effects leave room for.
    Source: Borusyak, Jaravel and Spiess (2024), section 4.4: the test does not use the rows the effect is computed from.
    """
    untreated = panel.rows(fit_rows(panel) & (panel.w > 0))
    since = untreated.horizon
    wanted = [-h for h in range(min(leads, panel.cluster_n // 2), 0, -1) if (since == -h).any()]
    by_jackknife = vcov == "jackknife" or (vcov == "auto" and panel.cluster_n < ENOUGH_CLUSTERS)
    while wanted:
        dummies = np.stack([(since == lead).astype(np.float64) for lead in wanted], axis=1)
        with_leads = replace(untreated, x=np.concatenate([untreated.x, dummies], axis=1))
        found = _fitted(with_leads, len(wanted), by_jackknife=by_jackknife)
        if found is not None:
            estimates, influence, covariance = found
            n_units = tuple(int(np.unique(untreated.unit[since == lead]).size) for lead in wanted)
            return _tested(tuple(wanted), estimates, influence, covariance, n_units, panel.cluster_n)
        wanted = wanted[1:]
    none = np.empty(0)
    return PreTrend(
        (), none, np.empty((0, 0)), np.empty((panel.cluster_n, 0)), (), None, (0.0, float(panel.cluster_n - 1)), None
    )


def _fitted(panel: LongPanel, q: int, *, by_jackknife: bool) -> tuple[Floats, Floats, Floats] | None:
    """Return the last q coefficients, their influence and covariance; None when effects and dummies cannot be told apart."""
    whole = panel if by_jackknife else replace(panel, cluster=np.zeros_like(panel.cluster), cluster_names=("all",))
    means = unit_means(panel, panel.w)
    s_g, b_g = normal_equations(whole, means)
    s, b = s_g.sum(axis=0), b_g.sum(axis=0)
    if not _is_identified(s, q):
        return None
    parameters = solved(s, b)
    estimates = parameters[-q:]
    if by_jackknife:
        without = np.stack([_tail(s - s_g[c], b - b_g[c], q) for c in range(len(s_g))])
        covariance, influence = jackknife(estimates, without)
        return estimates, influence, covariance
    unit_effect = means.y - means.z @ parameters
    period, slopes = parameters[: panel.period_n], parameters[panel.period_n :]
    residual = panel.y - unit_effect[panel.unit] - period[panel.time] - panel.x @ slopes
    pick = np.zeros((len(s), q))
    pick[-q:] = np.eye(q)
    influence = cluster_scores(panel, panel.w * residual) @ solved(s, pick)
    g, n = panel.cluster_n, len(panel.y)
    factor = g / (g - 1) * (n - 1) / (n - int((np.diag(s) > 0).sum()))
    return estimates, influence, factor * influence.T @ influence


def _tail(s: Floats, b: Floats, q: int) -> Floats:
    return solved(s, b)[-q:] if _is_identified(s, q) else np.full(q, np.nan)


def _is_identified(s: Floats, q: int) -> bool:
    """Return whether the last q columns carry something the others do not: the Schur complement has full rank."""
    own = s[-q:, -q:] - s[-q:, :-q] @ np.linalg.pinv(s[:-q, :-q], rcond=1e-10, hermitian=True) @ s[:-q, -q:]
    top = float(np.abs(np.diag(s)[-q:]).max(initial=0.0))
    return top > 0 and float(np.linalg.eigvalsh(own).min()) > 1e-8 * top


def _tested(
    leads: tuple[int, ...], estimates: Floats, influence: Floats, covariance: Floats, n_units: tuple[int, ...], g: int
) -> PreTrend:
    q = len(leads)
    statistic: float | None = None
    if np.isfinite(covariance).all() and np.linalg.matrix_rank(covariance, hermitian=True) == q:
        statistic = float(estimates @ np.linalg.solve(covariance, estimates)) / q
    p = None if statistic is None else float(stats.f(q, g - 1).sf(statistic))
    return PreTrend(leads, estimates, covariance, influence, n_units, statistic, (float(q), float(g - 1)), p)


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
    before = pre_trend(panel, leads=leads, vcov=vcov)
    shown = np.flatnonzero(np.isfinite(spread.estimates[1:])) + 1
    both = np.concatenate([before.influence, spread.influence[:, shown]], axis=1)
    g, q = panel.cluster_n, len(before.leads)
    covariance = both.T @ both * ((g - 1) / g if spread.vcov == "jackknife" else 1.0)
    covariance[:q, :q] = before.covariance
    early = horizons_of(
        before.leads, before.estimates, np.sqrt(np.diag(before.covariance)), before.n_units, float(g - 1), alpha=alpha
    )
    return replace(after, horizons=early + after.horizons, covariance=covariance)
