"""Two named raters: Cohen's kappa, sensitivity and specificity, prevalence and bias, Bland–Altman limits.

Lives here: measures of a joint table (reference by other) and of paired numbers. Not here: more than two raters
(agreement.py), intervals by resampling (agreement_intervals.py).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.agreement import beyond_chance
from analytics.inference import Reals

MOST_RATERS = 30


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Mean difference (first minus second) and limits of agreement, in the unit of the readings, with t(n − 1) intervals."""

    n: int
    mean: float
    sd: float
    low: float
    high: float
    multiple: float
    mean_se: float
    limit_se: float
    mean_interval: tuple[float, float]
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]


def joint_features(reference: NDArray[np.int64], other: NDArray[np.int64], category_n: int) -> Reals:
    """Return each unit's cell of the joint table, shape (N, q²); a unit with a missing rating adds nothing.

    >>> joint_features(np.array([0, 1]), np.array([0, -1]), 2).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    cells = np.zeros((reference.size, category_n * category_n))
    both = np.flatnonzero((reference >= 0) & (other >= 0))
    cells[both, reference[both] * category_n + other[both]] = 1.0
    return cells


def cohen(joint: Reals, weights: Reals | None = None) -> Reals:
    """Return Cohen's kappa of joint tables, shape (…, q, q), weighted if weights are given. Source: Cohen (1960, 1968).

    >>> round(float(cohen(np.array([[20.0, 5.0], [10.0, 15.0]]))), 3)
    0.4
    """
    w = np.eye(joint.shape[-1]) if weights is None else weights
    with np.errstate(invalid="ignore", divide="ignore"):
        share = joint / joint.sum(axis=(-2, -1), keepdims=True)
    chance = share.sum(axis=-1)[..., :, None] * share.sum(axis=-2)[..., None, :]
    return beyond_chance(np.asarray((share * w).sum(axis=(-2, -1))), np.asarray((chance * w).sum(axis=(-2, -1))))


def cohen_se(joint: Reals, weights: Reals | None = None) -> float:
    """Return the large-sample standard error of Cohen's kappa. Source: Fleiss, Cohen & Everitt (1969).

    >>> round(cohen_se(np.array([[20.0, 5.0], [10.0, 15.0]])), 4)
    0.127
    """
    w = np.eye(joint.shape[0]) if weights is None else weights
    n, kappa = float(joint.sum()), float(cohen(joint, weights))
    if n == 0 or not np.isfinite(kappa):
        return float("nan")
    share = joint / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    by_chance = float((np.outer(rows, columns) * w).sum())
    middle = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = float((share * (w - middle * (1 - kappa)) ** 2).sum()) - (kappa - by_chance * (1 - kappa)) ** 2
    return float(np.sqrt(max(spread, 0.0) / n) / (1 - by_chance))


def light_features(codes: NDArray[np.int64], category_n: int) -> Reals:
    """Return the joint cells of every pair of raters side by side, shape (N, pairs · q²).

    Raises: DesignError, more raters than pairs can be shown for.
    """
    raters = codes.shape[1]
    if raters > MOST_RATERS:
        raise DesignError(
            f"Cohen's kappa compares named raters in pairs; {raters} raters make {raters * (raters - 1) // 2} pairs. "
            "Read Fleiss' kappa, AC1 or alpha instead."
        )
    pairs = [joint_features(codes[:, a], codes[:, b], category_n) for a, b in combinations(range(raters), 2)]
    return np.concatenate(pairs, axis=1)


def light(sums: Reals, category_n: int, weights: Reals | None = None) -> Reals:
    """Return the mean of Cohen's kappas over pairs of raters with a common unit. Source: Light (1971).

    Args: sums, summed `light_features`, shape (…, pairs · q²).
    """
    tables = sums.reshape(*sums.shape[:-1], -1, category_n, category_n)
    kappas = cohen(tables, weights)
    known = np.isfinite(kappas)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, kappas, 0.0).sum(axis=-1) / known.sum(axis=-1))


def light_of(codes: NDArray[np.int64], category_n: int) -> float | None:
    """Return the mean of Cohen's kappas over pairs of raters, one pair at a time; None when no pair has one.

    >>> light_of(np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0]]), 2)
    0.6
    """
    pairs = combinations(range(codes.shape[1]), 2)
    kappas = [
        float(cohen(joint_features(codes[:, a], codes[:, b], category_n).sum(axis=0).reshape(category_n, -1))) for a, b in pairs
    ]
    known = [kappa for kappa in kappas if np.isfinite(kappa)]
    return float(np.mean(known)) if known else None


def recall_of(joint: Reals, category: int) -> Reals:
    """Return the share of units the reference puts in a category that the other puts there too.

    For 'yes' of a yes/no question this is sensitivity, for 'no' specificity.

    >>> table = np.array([[8.0, 2.0], [1.0, 9.0]])
    >>> float(recall_of(table, 1)), float(recall_of(table, 0))
    (0.9, 0.8)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(joint[..., category, category] / joint[..., category, :].sum(axis=-1))


def others_recall(joint: Reals, category: int) -> Reals:
    """Return the share of units the reference puts outside a category that the other keeps outside too (specificity)."""
    outside = joint.sum(axis=(-2, -1)) - joint[..., category, :].sum(axis=-1)
    wrongly = joint[..., :, category].sum(axis=-1) - joint[..., category, category]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((outside - wrongly) / outside)


def prevalence(joint: Reals, category: int) -> Reals:
    """Return the share of ratings in a category, mean of the two raters."""
    total = joint.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((joint[..., category, :].sum(axis=-1) + joint[..., :, category].sum(axis=-1)) / 2 / total)


def bias_index(joint: Reals, category: int) -> Reals:
    """Return the share of the other in a category minus that of the reference. Source: Byrt, Bishop & Carlin (1993)."""
    total = joint.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((joint[..., :, category].sum(axis=-1) - joint[..., category, :].sum(axis=-1)) / total)


def prevalence_index(joint: Reals, category: int) -> Reals:
    """Return (both in the category − both outside)/n: how far one answer dominates. Source: Byrt, Bishop & Carlin (1993)."""
    total = joint.sum(axis=(-2, -1))
    inside = joint[..., category, category]
    outside = total - joint[..., category, :].sum(axis=-1) - joint[..., :, category].sum(axis=-1) + inside
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((inside - outside) / total)


def bland_altman(first: Reals, second: Reals, *, multiple: float = 1.96, confidence: float = 0.05) -> BlandAltman:
    """Return mean difference and limits of agreement of two readings of the same units.

    Args: readings in one unit, shape (n,), NaN where missing; multiple, how many SDs from the mean the limits lie.
    Raises: DesignError, fewer than two complete pairs.
    Source: Bland & Altman (1986); spec statistics 4.20.

    >>> found = bland_altman(np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0]))
    >>> round(found.mean, 4), round(found.sd, 4)
    (0.1667, 0.7638)
    """
    apart = first - second
    apart = apart[np.isfinite(apart)]
    n = int(apart.size)
    if n < 2:
        raise DesignError(f"Limits of agreement need two complete pairs of numbers; there are {n}.")
    mean, sd = float(apart.mean()), float(apart.std(ddof=1))
    mean_se, limit_se = sd / n**0.5, 3**0.5 * sd / n**0.5
    reach = float(stats.t.ppf(1 - confidence / 2, n - 1))
    low, high = mean - multiple * sd, mean + multiple * sd

    def around(value: float, se: float) -> tuple[float, float]:
        return value - reach * se, value + reach * se

    return BlandAltman(
        n,
        mean,
        sd,
        low,
        high,
        multiple,
        mean_se,
        limit_se,
        around(mean, mean_se),
        around(low, limit_se),
        around(high, limit_se),
    )
