"""Least squares and every covariance matrix a study may ask for.

Lives here: arrays -> coefficients; classical, heteroskedasticity-robust, autocorrelation-robust and clustered covariances, the
last also for two overlapping clusterings. Not here: which rows and columns (fixed_effects.py, did2x2.py), bootstraps (wild.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import RequestError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["iid", "HC1", "HC2", "HAC", "CRV1", "CRV3", "jackknife"]


@dataclass(frozen=True, slots=True)
class Fit:
    """Weighted least squares of y on x (n, k), both without absorbed effects.

    `rank` counts all parameters with the absorbed ones; `leverage` (n) is the absorbed effects' share of each fitted value.
    """

    x: Floats
    residual: Floats
    w: Floats
    beta: Floats
    bread: Floats
    rank: int
    leverage: Floats

    @property
    def scores(self) -> Floats:
        """Weighted residual times regressors, per row."""
        return self.x * (self.w * self.residual)[:, None]

    @property
    def df(self) -> float:
        """Residual degrees of freedom."""
        return float(len(self.residual) - self.rank)


def least_squares(x: Floats, y: Floats, w: Floats | None = None, *, absorbed: int = 0, leverage: Floats | None = None) -> Fit:
    """Return the fit; collinear columns get a coefficient of NaN and take no part.

    >>> least_squares(np.array([[1.0, 0], [1, 1], [1, 2]]), np.array([1.0, 3, 5])).beta.round(6).tolist()
    [1.0, 2.0]
    """
    weight = np.ones(len(y)) if w is None else w
    cross = x.T @ (x * weight[:, None])
    kept = _independent(cross)
    bread, beta = np.full(cross.shape, np.nan), np.full(len(cross), np.nan)
    bread[np.ix_(kept, kept)] = np.linalg.inv(cross[np.ix_(kept, kept)])
    beta[kept] = bread[np.ix_(kept, kept)] @ (x[:, kept].T @ (weight * y))
    residual = y - x[:, kept] @ beta[kept]
    none = np.zeros(len(y)) if leverage is None else leverage
    return Fit(x, residual, weight, beta, bread, absorbed + len(kept), none)


def _independent(cross: Floats) -> Ints:
    """Return the columns that add something to those before them (pivots of a Cholesky factorisation in order)."""
    scale = np.diag(cross).copy()
    left, kept = cross.astype(np.float64).copy(), list[int]()
    for j in range(len(cross)):
        if scale[j] > 0 and left[j, j] > 1e-9 * scale[j]:
            kept.append(j)
            left -= np.outer(left[:, j], left[j]) / left[j, j]
    return np.array(kept, dtype=np.int64)


def covariance(
    fit: Fit,
    kind: Kind,
    *,
    clusters: Sequence[Ints] = (),
    series: tuple[Ints, Ints] | None = None,
    lags: int | None = None,
    nested: int = 0,
    small_sample: bool = True,
) -> Floats:
    """Return the covariance (k, k) of the coefficients; NaN where it does not exist.

    Args: clusters, one code per row, or two for two-way clustering; series, unit and period per row, for HAC; lags, of the
        Bartlett kernel; nested, absorbed parameters that lie inside clusters and are not counted in the small-sample factor.
    Raises: RequestError, what the kind needs is not given.
    Sources: MacKinnon and White (1985); Newey and West (1987); Cameron, Gelbach and Miller (2011), each dimension with its own
    factor; MacKinnon, Nielsen and Webb (2023) for the jackknife. "CRV3" is it with the factor of R's sandwich.
    """
    n = len(fit.residual)
    kept = np.flatnonzero(np.isfinite(fit.beta))
    bread, scores = fit.bread[np.ix_(kept, kept)], fit.scores[:, kept]
    out = np.full(fit.bread.shape, np.nan)
    if not len(kept) or (kind in ("iid", "HC1", "HAC") and fit.df <= 0):
        return out
    if kind == "iid":
        found = bread * float(fit.w @ fit.residual**2) / fit.df
    elif kind == "HC1":
        found = bread @ (scores.T @ scores) @ bread * n / fit.df
    elif kind == "HC2":
        own = fit.leverage + fit.w * ((fit.x[:, kept] @ bread) * fit.x[:, kept]).sum(axis=1)
        swollen = scores / np.sqrt(np.maximum(1 - own, 1e-12))[:, None]
        found = bread @ (swollen.T @ swollen) @ bread
    elif kind == "HAC":
        if series is None:
            raise RequestError("HAC needs the unit and the period of every row.")
        found = bread @ _newey_west(scores, series, lags) @ bread * (n / fit.df if small_sample else 1.0)
    else:
        if not clusters:
            raise RequestError(f"{kind} needs clusters; name the column of the assignment level.")
        found = _two_way_sum(
            clusters,
            lambda codes: (
                _clustered(fit, kept, bread, codes, nested) if kind == "CRV1" else _jackknife(fit, kept, bread, codes, kind)
            ),
        )
    out[np.ix_(kept, kept)] = found
    return out


def _two_way_sum(clusters: Sequence[Ints], one_way: Callable[[Ints], Floats]) -> Floats:
    if len(clusters) == 1:
        return one_way(clusters[0])
    first, second = clusters
    both = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return one_way(first) + one_way(second) - one_way(both)


def _clustered(fit: Fit, kept: Ints, bread: Floats, codes: Ints, nested: int) -> Floats:
    n, g = len(codes), int(codes.max()) + 1
    sums = np.stack([np.bincount(codes, weights=column, minlength=g) for column in fit.scores[:, kept].T], axis=1)
    left = n - fit.rank + nested
    factor = g / (g - 1) * (n - 1) / left if g > 1 and left > 0 else np.nan
    return factor * bread @ (sums.T @ sums) @ bread


def jackknife_factor(kind: Kind, g: int) -> float:
    """Return what squares of leave-one-out changes are multiplied by: (G - 1)/G, or G/(G - 1) as software prints "CRV3".

    >>> jackknife_factor("jackknife", 10), round(jackknife_factor("CRV3", 10), 4)
    (0.9, 1.1111)
    """
    if g < 2:
        return float("nan")
    return g / (g - 1) if kind == "CRV3" else (g - 1) / g


def _jackknife(fit: Fit, kept: Ints, bread: Floats, codes: Ints, kind: Kind) -> Floats:
    """Return the leave-one-cluster-out covariance; exact when nothing was absorbed. NaN if a cluster holds a regressor."""
    order = np.argsort(codes, kind="stable")
    x, w, scores = fit.x[order][:, kept], fit.w[order], fit.scores[order][:, kept]
    cross, gaps = np.linalg.inv(bread), list[Floats]()
    for rows in np.split(np.arange(len(codes)), np.flatnonzero(np.diff(codes[order])) + 1):
        left = cross - x[rows].T @ (x[rows] * w[rows, None])
        if len(_independent(left)) < len(kept):
            return np.full(cross.shape, np.nan)
        gaps.append(np.linalg.solve(left, scores[rows].sum(axis=0)))
    moved = np.stack(gaps)
    return jackknife_factor(kind, len(moved)) * moved.T @ moved


def _newey_west(scores: Floats, series: tuple[Ints, Ints], lags: int | None) -> Floats:
    """Return the Bartlett-weighted sum of autocovariances within units; a missing period is a gap, not a neighbour."""
    unit, time = series
    span = int(time.max() - time.min()) + 1
    reach = int(4 * (span / 100) ** (2 / 9)) if lags is None else lags
    key = unit * (span + reach + 1) + time - time.min()
    order = np.argsort(key, kind="stable")
    key, scores = key[order], scores[order]
    meat = scores.T @ scores
    for lag in range(1, reach + 1):
        at = np.minimum(np.searchsorted(key, key + lag), len(key) - 1)
        is_pair = key[at] == key + lag
        cross = scores[is_pair].T @ scores[at[is_pair]]
        meat = meat + (1 - lag / (reach + 1)) * (cross + cross.T)
    return meat
