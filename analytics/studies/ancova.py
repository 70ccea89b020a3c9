"""Randomised comparisons: raw difference, ANCOVA, CUPED and Lin's interacted regression; Lee's bounds when people leave.

Lives here: one outcome per agent, two arms, covariates from before. Not here: drawing the arms (assignment.py), panels.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, Reason, reason
from analytics.studies.answer import Answer, Term, term, verdict_of
from analytics.studies.series import Floats

Adjustment = Literal["lin", "ancova", "cuped", "raw"]
_NAMES = {"lin": "ANCOVA with interactions (Lin)", "ancova": "ANCOVA", "cuped": "CUPED", "raw": "difference of means"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the effect on those who would stay in either arm can be at least and at most; `trimmed_share` of one arm is cut."""

    low: float
    high: float
    ci_low: float
    ci_high: float
    trimmed_share: float
    trimmed_arm: Literal["treated", "control", "none"]


def randomised(
    y: Floats,
    treated: NDArray[np.bool_],
    x: Floats | None = None,
    *,
    cluster: NDArray[np.int64] | None = None,
    adjustment: Adjustment = "lin",
    outcome: str = "outcome",
    unit: str = "",
    alpha: float = 0.05,
    seed: int = 0,
) -> Answer:
    """Return the effect of a randomised offer, more precise by what was known before.

    Args: y, one value per agent, NaN for those who left; x (n, k) from strictly before the draw; cluster, codes of the level
        at which was drawn: errors are then the cluster jackknife with t(G−1) (CRV1 from 50 on), else HC2.
    Leaving that differs by more than 5 points between arms brings Lee's bounds, and the verdict is theirs.
    Raises: DesignError, an arm has under two known values, or covariates repeat each other.
    Source: Lin (2013); Deng et al. (2013) for CUPED; spec statistics 4.2.

    >>> rng = np.random.default_rng(0)
    >>> x, d = rng.normal(size=200), np.arange(200) % 2 == 0
    >>> print(randomised(3 * x + 2.0 * d + rng.normal(size=200), d, x[:, None]).verdict)
    supported
    """
    x = np.empty((len(y), 0)) if x is None else x
    known = np.isfinite(y) & np.isfinite(x).all(axis=1)
    for arm, name in ((True, "treated"), (False, "control")):
        if int((known & (treated == arm)).sum()) < 2:
            raise DesignError(f"The {name} arm has fewer than two agents with known values. Both arms need some.")
    groups = None if cluster is None else np.unique(cluster[known], return_inverse=True)[1].reshape(-1)
    top, kind = adjusted(y[known], treated[known], x[known], adjustment, groups, alpha)
    raw, _ = adjusted(y[known], treated[known], x[known][:, :0], "raw", groups, alpha)
    checks, reasons = _balance(treated[known], x[known]), list[Reason]()
    saved = 1 - (top.se / raw.se) ** 2 if top.se and raw.se else 0.0
    checks.append(CheckResult("How much variance do the covariates take away?", None, f"{100 * saved:.0f} %"))
    facts: dict[str, Any] = {"vcov": kind, "n_treated": int(treated[known].sum()), "n_control": int((~treated[known]).sum())}
    facts["cross_checks"] = [{"method": _NAMES["raw"], "estimate": raw.estimate, "se": raw.se}]
    stay = [float(np.isfinite(y[treated == arm]).mean()) for arm in (True, False)]
    apart = 100 * abs(stay[0] - stay[1])
    checks.append(
        CheckResult("Do as many leave in both arms?", apart <= 5, f"known {stay[0]:.1%} treated, {stay[1]:.1%} control")
    )
    terms = [top]
    if apart > 5:
        bounds = lee_bounds(y, treated, cluster=cluster, seed=seed, alpha=alpha)
        facts["lee_bounds"] = {name: getattr(bounds, name) for name in bounds.__slots__}
        terms.append(Term("Lee, least", bounds.low, ci_low=bounds.ci_low))
        terms.append(Term("Lee, most", bounds.high, ci_high=bounds.ci_high))
        if bounds.ci_low <= 0 <= bounds.ci_high:
            reasons.append(reason("ATTRITION", pp=f"{apart:.1f}"))
    if groups is not None and groups.max() < 1:
        raise DesignError("One cluster only: its arm cannot be told from its own luck. Draw at least four.")
    verdict = verdict_of(top, tuple(reasons), alpha=alpha)
    method = f"{_NAMES[adjustment]} ({kind})"
    return Answer(
        outcome,
        method,
        "average effect of the offer",
        tuple(terms),
        int(known.sum()),
        verdict,
        unit,
        tuple(checks),
        tuple(reasons),
        (),
        facts,
    )


def adjusted(
    y: Floats,
    treated: NDArray[np.bool_],
    x: Floats,
    adjustment: Adjustment,
    cluster: NDArray[np.int64] | None,
    alpha: float = 0.05,
) -> tuple[Term, str]:
    """Return the coefficient of treatment with its interval, and how its error was found."""
    d, centred = treated.astype(np.float64), x - x.mean(axis=0)
    columns = [np.ones((len(y), 1)), d[:, None]]
    if adjustment == "cuped" and x.shape[1]:
        theta = np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
        y = y - centred @ theta
    elif adjustment in ("ancova", "lin"):
        columns.append(centred)
        if adjustment == "lin":
            columns.append(d[:, None] * centred)
    design = np.column_stack(columns)
    n, k = design.shape
    if n <= k or np.linalg.matrix_rank(design) < k:
        raise DesignError(f"{n} agents cannot carry {k} terms, or covariates repeat each other. Leave some out.")
    if cluster is None:
        bread = np.linalg.inv(design.T @ design)
        residual = y - design @ (bread @ design.T @ y)
        leverage = np.einsum("ij,jk,ik->i", design, bread, design)
        scores = design * (residual / np.sqrt(np.maximum(1 - leverage, 1e-10)))[:, None]
        cov = bread @ scores.T @ scores @ bread
        beta = float((bread @ design.T @ y)[1])
        return term("effect", beta, float(np.sqrt(cov[1, 1])), float(n - k), alpha=alpha, n=n), "HC2"
    beta, se, g, kind = _clustered(design, y, cluster)
    return term("effect", beta, se, float(g - 1), alpha=alpha, n=n), f"{kind}, {g} clusters"


def _clustered(design: Floats, y: Floats, cluster: NDArray[np.int64]) -> tuple[float, float | None, int, str]:
    """Return coefficient, error, clusters and kind: jackknife over clusters below 50, CRV1 from there on."""
    g, k = int(cluster.max()) + 1, design.shape[1]
    gram = np.array([design[cluster == c].T @ design[cluster == c] for c in range(g)])
    right = np.array([design[cluster == c].T @ y[cluster == c] for c in range(g)])
    total, target = gram.sum(axis=0), right.sum(axis=0)
    beta = np.linalg.solve(total, target)
    if g < 2:
        return float(beta[1]), None, g, "no error"
    if g < 50:
        without = [(total - gram[c], target - right[c]) for c in range(g)]
        if any(np.linalg.matrix_rank(m) < k for m, _ in without):
            return float(beta[1]), None, g, "no error: an arm hangs on one cluster"
        left = np.array([np.linalg.solve(m, v)[1] for m, v in without])
        return float(beta[1]), float(np.sqrt((g - 1) / g * np.sum((left - beta[1]) ** 2))), g, "cluster jackknife"
    scores = right - gram @ beta
    bread = np.linalg.inv(total)
    factor = g / (g - 1) * (len(y) - 1) / (len(y) - k)
    return float(beta[1]), float(np.sqrt(factor * (bread @ scores.T @ scores @ bread)[1, 1])), g, "CRV1"


def lee_bounds(
    y: Floats,
    treated: NDArray[np.bool_],
    *,
    cluster: NDArray[np.int64] | None = None,
    draws: int = 400,
    seed: int = 0,
    alpha: float = 0.05,
) -> Bounds:
    """Return the bounds when y is unknown (NaN) for those who left: the arm that keeps more is trimmed from above and below.

    Assumes that treatment moves leaving in one direction only. The interval holds the whole range: percentiles α/2 of resampled
    least and most, over whole clusters when given. Source: Lee (2009), Review of Economic Studies 76(3); spec 4.2.

    >>> bounds = lee_bounds(np.array([1.0, 2.0, 3.0, 4.0, 1.0, 2.0, np.nan, np.nan]), np.arange(8) < 4)
    >>> bounds.low, bounds.high, bounds.trimmed_arm
    (0.0, 2.0, 'treated')
    """
    low, high, share, arm = _trimmed(y, treated)
    rng = np.random.default_rng(seed)
    groups = np.arange(len(y)) if cluster is None else np.unique(cluster, return_inverse=True)[1].reshape(-1)
    members = [np.flatnonzero(groups == c) for c in range(int(groups.max()) + 1)]
    drawn = list[tuple[float, float]]()
    for _ in range(draws):
        take = np.concatenate([members[c] for c in rng.integers(0, len(members), len(members))])
        known, arms = np.isfinite(y[take]), treated[take]
        if known[arms].any() and known[~arms].any():
            drawn.append(_trimmed(y[take], arms)[:2])
    ends = np.array(drawn)
    return Bounds(
        low, high, float(np.quantile(ends[:, 0], alpha / 2)), float(np.quantile(ends[:, 1], 1 - alpha / 2)), share, arm
    )


def _trimmed(y: Floats, treated: NDArray[np.bool_]) -> tuple[float, float, float, Literal["treated", "control", "none"]]:
    known = np.isfinite(y)
    if not known[treated].any() or not known[~treated].any():
        raise DesignError("Lee bounds need some known values in both arms.")
    s1, s0 = float(known[treated].mean()), float(known[~treated].mean())
    one, zero = np.sort(y[known & treated]), np.sort(y[known & ~treated])
    if s1 == s0:
        gap = float(one.mean() - zero.mean())
        return gap, gap, 0.0, "none"
    longer, share = (one, (s1 - s0) / s1) if s1 > s0 else (zero, (s0 - s1) / s0)
    keep = max(1, len(longer) - round(share * len(longer)))
    bottom, top = float(longer[:keep].mean()), float(longer[-keep:].mean())
    if s1 > s0:
        return bottom - float(zero.mean()), top - float(zero.mean()), share, "treated"
    return float(one.mean()) - top, float(one.mean()) - bottom, share, "control"


def _balance(treated: NDArray[np.bool_], x: Floats) -> list[CheckResult]:
    """Return whether each covariate is alike in both arms: standardised difference within 0.25."""
    found = list[CheckResult]()
    for k in range(x.shape[1]):
        one, zero = x[treated, k], x[~treated, k]
        spread = float(np.sqrt((one.var(ddof=1) + zero.var(ddof=1)) / 2))
        apart = float(one.mean() - zero.mean()) / spread if spread > 0 else 0.0
        found.append(
            CheckResult(f"Were the arms alike before (covariate {k + 1})?", abs(apart) <= 0.25, f"{apart:+.2f} SD apart")
        )
    return found
