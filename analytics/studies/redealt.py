"""Dealing two arms anew: the exact p and interval of their difference when only chance decided whose arm is whose.

Lives here: re-randomising arms within or over clusters. Not here: re-assigning start dates (randomisation.py), effects by arm
(arms.py).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DRAWS, STEPS = 1_999, 60


@dataclass(frozen=True, slots=True)
class Dealt:
    """Arm 1 less arm 0, p among dealt-anew arms, the differences not rejected; p None when dealing changes nothing."""

    estimate: float
    p: float | None
    ci_low: float | None
    ci_high: float | None
    how: str


def redealt(
    panel: LongPanel, total: Floats, weight: Floats, pair: Ints, block: Ints, *, seed: int, alpha: float, draws: int = DRAWS
) -> Dealt:
    """Return the difference of weighted means of two arms with p and interval from dealing the arms anew.

    Args: total, weight (U), every unit's weighted sum and weights; pair (U), 1 and 0 for the arms, -1 for others; block (U),
        within which arms were dealt. Whole clusters are dealt when no cluster has both arms of a start; else units, within
        block, start and cluster. The interval holds every constant difference that is not rejected.
    Source: spec statistics 4.6, applied to arms: imputed effects of treated rows do not depend on their arm.
    """
    units = np.flatnonzero((pair >= 0) & (weight > 0))
    arm, cluster = pair[units], panel.cluster[units]
    strata = np.unique(np.column_stack([panel.first[units], block[units]]), axis=0, return_inverse=True)[1].reshape(-1)
    over_clusters = panel.cluster_n < panel.unit_n and not _is_mixed(strata, cluster, arm)
    if over_clusters:
        _, dealt_of, of_dealt = np.unique(np.column_stack([strata, cluster]), axis=0, return_index=True, return_inverse=True)
        of_dealt = of_dealt.reshape(-1)
    else:
        if panel.cluster_n < panel.unit_n:
            strata = np.unique(np.column_stack([strata, cluster]), axis=0, return_inverse=True)[1].reshape(-1)
        dealt_of = of_dealt = np.arange(len(units))
    t, w = np.zeros(len(dealt_of)), np.zeros(len(dealt_of))
    np.add.at(t, of_dealt, total[units])
    np.add.at(w, of_dealt, weight[units])
    labels, groups = arm[dealt_of].astype(np.float64), strata[dealt_of]
    if not (labels == 1).any() or not (labels == 0).any():
        return Dealt(math.nan, None, None, None, "")
    estimate = _differences(labels[None], t, w)[0]
    ways = _log_ways(groups, labels)
    how = f"arms dealt anew {'over clusters' if over_clusters else 'over units'}"
    if not over_clusters and panel.cluster_n < panel.unit_n:
        how += " inside clusters"
    if ways <= math.log(1 / alpha):
        return Dealt(float(estimate), None, None, None, how)
    drawn = _dealt_anew(labels, groups, draws, np.random.default_rng(seed))
    under_none, of_constant = _differences(drawn, t, w), _differences(drawn, w * labels, w)

    def p_of(shift: float) -> float:
        gaps = np.abs(under_none - shift * of_constant)
        return float((1 + (gaps >= abs(estimate - shift) - 1e-12).sum()) / (1 + draws))

    scale = float(np.std(under_none)) or 1.0
    low, high = (_edge(p_of, float(estimate), sign * scale, alpha) for sign in (-1, 1))
    return Dealt(float(estimate), p_of(0.0), low, high, how)


def _is_mixed(strata: Ints, cluster: Ints, arm: Ints) -> bool:
    """Return whether some cluster has both arms of one start."""
    cells = np.unique(np.column_stack([strata, cluster]), axis=0)
    return len(np.unique(np.column_stack([strata, cluster, arm]), axis=0)) > len(cells)


def _differences(labels: Floats, t: Floats, w: Floats) -> Floats:
    """Return for every dealing (D, n) the weighted mean of t over w of arm 1 less that of arm 0."""
    one, other = labels, 1 - labels
    return (one @ t) / (one @ w) - (other @ t) / (other @ w)


def _dealt_anew(labels: Floats, groups: Ints, draws: int, rng: np.random.Generator) -> Floats:
    out = np.empty((draws, len(labels)))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        order = rng.random((draws, len(members))).argsort(axis=1)
        out[:, members] = labels[members][order]
    return out


def _log_ways(groups: Ints, labels: Floats) -> float:
    """Return the logarithm of how many different dealings there are."""
    total = 0.0
    for group in np.unique(groups):
        n, k = int((groups == group).sum()), int(labels[groups == group].sum())
        total += math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return total


def _edge(p_of: Callable[[float], float], start: float, step: float, alpha: float) -> float | None:
    """Return where p falls below alpha going from start in steps; None when it does not within reach."""
    inside, outside = start, start + step
    for _ in range(20):
        if p_of(outside) < alpha:
            break
        inside, outside = outside, start + 2 * (outside - start)
    else:
        return None
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_of(middle) >= alpha else (inside, middle)
    return (inside + outside) / 2
