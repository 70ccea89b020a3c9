"""Shares of two groups of agents on the same kinds of contact: differences with intervals, many things at once.

Lives here: arrays of counts -> differences. Not here: who is in which group, families of tests (best_practice.py).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analytics.inference import Reals

_FLAT = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of many things among top performers and peers, standardised alike; each shape (K,). NaN: cannot be compared."""

    top_share: Reals
    peer_share: Reals
    estimate: Reals
    low: Reals
    high: Reals
    p: Reals


def compare(done: Reals, called: Reals, is_top: NDArray[np.bool_], *, alpha: float = 0.05) -> Difference:
    """Return Mantel-Haenszel differences of shares between top performers and peers over cells, one for each of K things.

    Args: done, shape (A, C, K), and called, shape (A, C, K) or (A, C, 1), per agent and cell of intent and tenure band; a cell
        weighs n1·n0 / (n1 + n0), so one that only one side has does not count. Intervals: jackknife over agents within each
        side, t with Satterthwaite's degrees of freedom.
    Source: Greenland & Robins (1985), risk difference; Efron & Tibshirani (1993), section 11.

    >>> done, called = np.zeros((10, 1, 1)), np.full((10, 1, 1), 10.0)
    >>> done[:, 0, 0] = [9, 8, 9, 7, 9, 4, 5, 3, 5, 5]
    >>> found = compare(done, called, np.arange(10) < 5)
    >>> round(float(found.estimate[0]), 2), bool(found.p[0] < 0.001)
    (0.4, True)
    """
    called = np.broadcast_to(called, done.shape)
    x1, n1, x0, n0 = done[is_top].sum(0), called[is_top].sum(0), done[~is_top].sum(0), called[~is_top].sum(0)
    top_share, peer_share = _shares(x1, n1, x0, n0)
    estimate = top_share - peer_share
    v1, v0 = np.zeros_like(estimate), np.zeros_like(estimate)
    for side, variance in ((True, v1), (False, v0)):
        members = np.flatnonzero(is_top == side)
        left_out = np.empty((members.size, estimate.size))
        for row, a in enumerate(members):
            less = (x1 - done[a], n1 - called[a], x0, n0) if side else (x1, n1, x0 - done[a], n0 - called[a])
            high, low = _shares(*less)
            left_out[row] = high - low
        variance += (members.size - 1) / members.size * np.sum((left_out - left_out.mean(0)) ** 2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        g1, g0 = int(is_top.sum()), int((~is_top).sum())
        df = (v1 + v0) ** 2 / (v1**2 / (g1 - 1) + v0**2 / (g0 - 1))
        se = np.sqrt(v1 + v0)
        p = 2 * stats.t.sf(np.abs(estimate) / se, df)
        reach = stats.t.ppf(1 - alpha / 2, df) * se
    # Nobody differs within either side: no spread to judge by, so the chance that a random choice parts them like this.
    flat = se < _FLAT
    p = np.where(flat, np.where(np.abs(estimate) < _FLAT, 1.0, 1 / math.comb(g1 + g0, g1)), p)
    reach = np.where(flat, 0.0, reach)
    return Difference(top_share, peer_share, estimate, estimate - reach, estimate + reach, p)


def _shares(x1: Reals, n1: Reals, x0: Reals, n0: Reals) -> tuple[Reals, Reals]:
    """Return the weighted shares of both sides, shape (K,), from sums per cell, shape (C, K)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(n1 + n0 > 0, n1 * n0 / (n1 + n0), 0.0)
        total = weight.sum(0)
        top = np.where(weight > 0, weight * x1 / n1, 0.0).sum(0) / total
        peer = np.where(weight > 0, weight * x0 / n0, 0.0).sum(0) / total
    return top, peer
