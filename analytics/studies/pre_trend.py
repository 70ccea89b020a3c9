"""Did units about to be treated already differ? Dummies for the periods before first treatment, on untreated rows only.

Lives here: their estimates, covariance and joint test, with a reference that holds its size when clusters are few. Not here:
effects after the start (imputation.py), both in one picture (event_study.py), how far trends may fail (sensitivity.py).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.studies.imputation import fit_rows
from analytics.studies.imputation_errors import Errors, jackknife
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import UnitMeans, cluster_scores, normal_equations, solved, unit_means

Floats = NDArray[np.float64]
LEADS = 8
ENOUGH_FOR_F = 200
DRAWS, SIX_POINTS_UP_TO, SEED = 999, 12, 5


@dataclass(frozen=True, slots=True)
class PreTrend:
    """Differences before first treatment, against the periods further back, and their joint test.

    `leads` are negative horizons; `influence` (G, q) sums to zero; `statistic` is the Wald statistic over q, `reference` where
    its p comes from. Empty when too few periods precede; without p when one cluster carries a date alone.
    """

    leads: tuple[int, ...]
    estimates: Floats
    covariance: Floats
    influence: Floats
    n_units: tuple[int, ...]
    statistic: float | None = None
    p: float | None = None
    reference: Literal["wild cluster bootstrap", "F"] = "F"


def pre_trend(panel: LongPanel, *, leads: int = LEADS, vcov: Errors = "auto") -> PreTrend:
    """Return whether units about to be treated already differed: dummies for the last periods before, on untreated rows only.

    At most `leads`, half the clusters, and as many as unit and period effects leave room for. "auto" is the jackknife below 200
    clusters, with p from a wild cluster bootstrap under no difference (999 draws, fixed seed); else CRV1 with F(q, d - q + 1)
    after Hotelling's scaling, d the degrees of freedom the clusters that carry the dates are worth. Fewer dates see more: with
    12 clusters half of which start, two find a dip four times as often as six.
    Source: Borusyak, Jaravel and Spiess (2024), section 4.4: the test does not use the rows the effect is computed from;
    Cameron, Gelbach and Miller (2008) for the bootstrap; Webb (2023) for six-point weights up to 12 clusters; Pustejovsky and
    Tipton (2018) for d.
    """
    untreated = panel.rows(fit_rows(panel) & (panel.w > 0))
    since = untreated.horizon
    wanted = [-h for h in range(min(leads, panel.cluster_n // 2), 0, -1) if (since == -h).any()]
    by_jackknife = vcov == "jackknife" or (vcov == "auto" and panel.cluster_n < ENOUGH_FOR_F)
    while wanted:
        dummies = np.stack([(since == lead).astype(np.float64) for lead in wanted], axis=1)
        with_leads = replace(untreated, x=np.concatenate([untreated.x, dummies], axis=1))
        n_units = tuple(int(np.unique(untreated.unit[since == lead]).size) for lead in wanted)
        found = _found(with_leads, tuple(wanted), n_units, by_jackknife=by_jackknife)
        if found is not None:
            return found
        wanted = wanted[1:]
    return PreTrend((), np.empty(0), np.empty((0, 0)), np.empty((panel.cluster_n, 0)), ())


def _found(panel: LongPanel, leads: tuple[int, ...], n_units: tuple[int, ...], *, by_jackknife: bool) -> PreTrend | None:
    """Return estimates and test of the last columns; None when effects and dummies cannot be told apart."""
    q, g = len(leads), panel.cluster_n
    whole = panel if by_jackknife else replace(panel, cluster=np.zeros_like(panel.cluster), cluster_names=("all",))
    means = unit_means(panel, panel.w)
    s_g, b_g = normal_equations(whole, means)
    s, b = s_g.sum(axis=0), b_g.sum(axis=0)
    if not _is_identified(s, q):
        return None
    parameters = solved(s, b)
    estimates = parameters[-q:]
    if by_jackknife:
        rows = np.stack([_last_rows(s - one, q) for one in s_g])
        covariance, influence = jackknife(estimates, _applied(rows, b - b_g))
        statistic = _wald(estimates, covariance)
        p = None if statistic is None else _wild_p(s, s_g, b_g, rows, statistic, q)
        return PreTrend(leads, estimates, covariance, influence, n_units, statistic, p, "wild cluster bootstrap")
    unit_effect = means.y - means.z @ parameters
    period, slopes = parameters[: panel.period_n], parameters[panel.period_n :]
    residual = panel.y - unit_effect[panel.unit] - period[panel.time] - panel.x @ slopes
    rows, n = _last_rows(s, q), len(panel.y)
    influence = cluster_scores(panel, panel.w * residual) @ rows.T
    factor = g / (g - 1) * (n - 1) / (n - int((np.diag(s) > 0).sum()))
    covariance = factor * influence.T @ influence
    statistic = _wald(estimates, covariance)
    left = _worth(panel, means, rows) - q + 1
    p = None if statistic is None or left <= 0 else float(stats.f(q, left).sf(statistic * left / (left + q - 1)))
    return PreTrend(leads, estimates, covariance, influence, n_units, statistic, p)


def _worth(panel: LongPanel, means: UnitMeans, rows: Floats) -> float:
    """Return the degrees of freedom of the covariance matrix, if rows were alike and independent.

    Shares A_g of the clusters in the covariance sum to the identity; d = q(q + 1) / (sum of trace(A_g)² + trace(A_g²)) - 1.
    """
    q, t = len(rows), panel.period_n
    weights = rows[:, panel.time].T + panel.x @ rows[:, t:].T - (means.z @ rows.T)[panel.unit]
    cluster = panel.cluster[panel.unit]
    products = panel.w[:, None] * (weights[:, :, None] * weights[:, None, :]).reshape(len(weights), -1)
    columns = [np.bincount(cluster, weights=column, minlength=panel.cluster_n) for column in products.T]
    share = np.stack(columns, axis=1).reshape(-1, q, q)
    root = np.linalg.inv(np.linalg.cholesky(share.sum(axis=0)))
    share = root @ share @ root.T
    spread = np.trace(share, axis1=1, axis2=2) ** 2 + (share**2).sum(axis=(1, 2))
    return float(q * (q + 1) / spread.sum()) - 1


def _last_rows(s: Floats, q: int) -> Floats:
    """Return the last q rows (q, P) of the inverse of normal equations; NaN where those columns are not identified."""
    if not _is_identified(s, q):
        return np.full((q, len(s)), np.nan)
    pick = np.zeros((len(s), q))
    pick[-q:] = np.eye(q)
    return solved(s, pick).T


def _applied(rows: Floats, b: Floats) -> Floats:
    """Return coefficients (G, q) from rows of inverses (G, q, P) and right-hand sides (G, P)."""
    return (rows @ b[:, :, None])[:, :, 0]


def _wald(estimates: Floats, covariance: Floats) -> float | None:
    q = len(estimates)
    if not np.isfinite(covariance).all() or np.linalg.matrix_rank(covariance, hermitian=True) < q:
        return None
    return float(estimates @ np.linalg.solve(covariance, estimates)) / q


def _wild_p(s: Floats, s_g: Floats, b_g: Floats, rows: Floats, statistic: float, q: int) -> float | None:
    """Return the share of bootstrap samples whose jackknife Wald statistic is as large, the real one counted among them.

    Residuals of the model without the last q columns keep or change sign by cluster. All that is needed is linear in the
    clusters' scores, so no sample costs a regression.
    """
    g = len(s_g)
    restricted = np.zeros(len(s))
    restricted[:-q] = solved(s[:-q, :-q], b_g.sum(axis=0)[:-q])
    scores = b_g - s_g @ restricted
    rng = np.random.default_rng(SEED)
    points = np.sqrt([0.5, 1.0, 1.5]) if g <= SIX_POINTS_UP_TO else np.ones(1)
    signs = rng.choice(np.concatenate([points, -points]), (DRAWS, g))
    drawn = signs @ scores
    estimates = drawn @ _last_rows(s, q).T
    without = np.tensordot(drawn, rows, axes=(1, 2)) - signs[:, :, None] * _applied(rows, scores)
    gaps = estimates[:, None, :] - without
    covariance = (g - 1) / g * np.swapaxes(gaps, 1, 2) @ gaps
    try:
        wald = (estimates[:, None, :] @ np.linalg.solve(covariance, estimates[:, :, None]))[:, 0, 0] / q
    except np.linalg.LinAlgError:
        return None
    return float((1 + (wald >= statistic * (1 - 1e-9)).sum()) / (1 + DRAWS))


def _is_identified(s: Floats, q: int) -> bool:
    """Return whether the last q columns carry something the others do not: the Schur complement has full rank."""
    own = s[-q:, -q:] - s[-q:, :-q] @ np.linalg.pinv(s[:-q, :-q], rcond=1e-10, hermitian=True) @ s[:-q, -q:]
    top = float(np.abs(np.diag(s)[-q:]).max(initial=0.0))
    return top > 0 and float(np.linalg.eigvalsh(own).min()) > 1e-8 * top
