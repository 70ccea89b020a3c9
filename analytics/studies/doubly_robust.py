"""One two-by-two with covariates: right when either who was treated or what would have happened is modelled rightly.

Lives here: the doubly robust estimator of Sant'Anna and Zhao (Journal of Econometrics 2020) for two periods of a panel, with
its influence. Not here: which cohorts and periods (group_time.py).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
TRIM = 0.995


def logit(x: Floats, d: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Return fitted probabilities (n) and the inverse information (k, k) of a weighted logit; x holds its constant.

    >>> logit(np.ones((4, 1)), np.array([1.0, 0, 0, 0]), np.ones(4))[0].round(6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = _probability(x @ beta)
        spread = w * p * (1 - p)
        step = np.linalg.pinv(x.T @ (x * spread[:, None]), hermitian=True) @ (x.T @ (w * (d - p)))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    p = _probability(x @ beta)
    return p, np.linalg.pinv(x.T @ (x * (w * p * (1 - p))[:, None]), hermitian=True).astype(np.float64)


def _probability(index: Floats) -> Floats:
    return np.clip(1 / (1 + np.exp(-np.clip(index, -30, 30))), 1e-9, 1 - 1e-6)


def doubly_robust(change: Floats, treated: Bools, w: Floats, covariates: Floats) -> tuple[float, Floats]:
    """Return the effect on the treated of a change (n) and the influence of every unit, mean zero.

    Controls so unlike the treated that their probability is above 0.995 are left out. `w` weighs units.
    """
    n, d = len(change), treated.astype(np.float64)
    w = w / w.mean()
    x = np.column_stack([np.ones(n), (covariates - covariates.mean(axis=0)) / _spread(covariates)])
    p, inverse = logit(x, d, w)
    free = w * (1 - d)
    bread = np.linalg.pinv(x.T @ (x * free[:, None]) / n, hermitian=True)
    surprise = change - x @ (bread @ (x.T @ (free * change)) / n)
    by_outcome = x * (free * surprise)[:, None] @ bread
    by_propensity = x * (w * (d - p))[:, None] @ inverse * n
    one, other = w * d, np.where(p < TRIM, w * p * (1 - d) / (1 - p), 0.0)
    sides = list[tuple[float, Floats]]()
    for side in (one, other):
        mean = float((side * surprise).sum() / side.sum())
        own = side * (surprise - mean) - by_outcome @ (side[:, None] * x).mean(axis=0)
        if side is other:
            own = own + by_propensity @ ((side * (surprise - mean))[:, None] * x).mean(axis=0)
        sides.append((mean, own / side.mean()))
    return sides[0][0] - sides[1][0], sides[0][1] - sides[1][1]


def _spread(covariates: Floats) -> Floats:
    spread = covariates.std(axis=0)
    return np.where(spread > 0, spread, 1.0)
