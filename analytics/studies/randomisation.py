"""Randomisation inference: what the answer would have been under other assignments of the same start dates.

Lives here: cluster-by-period means, the two-way difference-in-differences of them, its distribution under re-assignment, the
interval of effects not rejected. Not here: estimators from all rows, when this is required (methods.py).

With P the projection off cluster and period effects, T = <PD, Y> / <PD, D>. PY is fixed, and D is made of G rows that only
change places, so a draw is a sum of G table entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import two_way

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_ASSIGNMENTS = 5_000


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """The difference-in-differences of cluster means, its p-value under re-assignment and the interval of effects not rejected.

    `is_exact`: all assignments were listed. `smallest_p` is what this design can reach at best. An open end is infinite.
    """

    estimate: float
    p: float
    ci_low: float
    ci_high: float
    assignment_n: int
    is_exact: bool
    smallest_p: float


@dataclass(frozen=True, slots=True)
class Table:
    """Cluster means made ready: `numerator` (G, K) is <PD, Y> when cluster g carries pattern k; others serve the denominators.

    `pattern` (G) is the pattern each cluster really has; `cross` (G, K) the same for the actual treatment in the place of Y;
    `square` (G, K) and `through_period` (G, K, T) add up to <PD, D>, with `inverse` (T, T).
    """

    numerator: Floats
    cross: Floats
    square: Floats
    through_period: Floats
    inverse: Floats
    pattern: Ints


def table_of(panel: LongPanel) -> Table:
    """Return the table of a panel collapsed to cluster-by-period means, clusters weighing alike.

    Raises: DesignError, fewer than two clusters or nothing treated.
    """
    g, t = panel.cluster_n, panel.period_n
    at = panel.cluster[panel.unit] * t + panel.time
    weight = np.bincount(at, weights=panel.w, minlength=g * t)
    seen = weight > 0
    safe = np.where(seen, weight, 1.0)
    y = np.bincount(at, weights=panel.w * panel.y, minlength=g * t) / safe
    d = np.bincount(at, weights=panel.w * panel.is_treated, minlength=g * t) / safe
    if g < 2 or not d.any():
        raise DesignError("Randomisation inference needs at least two clusters and one that is treated.")
    rows = np.flatnonzero(seen)
    effects = two_way(rows // t, rows % t, np.ones(len(rows)), g, t)
    plain = np.zeros((g * t, 2))
    plain[rows] = effects.residual(np.stack([y[rows], d[rows]], axis=1))
    patterns, pattern = _patterns(panel, d.reshape(g, t), seen.reshape(g, t))
    known = seen.reshape(g, t).astype(np.float64)
    own_y, own_d = plain[:, 0].reshape(g, t), plain[:, 1].reshape(g, t)
    count = known.sum(axis=1, keepdims=True)
    total = known @ patterns.T
    square = known @ (patterns**2).T - total**2 / np.maximum(count, 1)
    through = known[:, None, :] * patterns[None] - known[:, None, :] * (total / np.maximum(count, 1))[:, :, None]
    return Table(own_y @ patterns.T, own_d @ patterns.T, square, through, effects.inverse, pattern)


def _patterns(panel: LongPanel, d: Floats, seen: NDArray[np.bool_]) -> tuple[Floats, Ints]:
    """Return the distinct treatment paths (K, T) of clusters and which each has; a whole cluster's start date fills gaps."""
    g, t = d.shape
    first = np.full(g, np.nan)
    for c in range(g):
        starts = np.unique(panel.first[panel.cluster == c])
        if len(starts) == 1:
            first[c] = starts[0]
    whole = np.isfinite(first) | np.isinf(first)
    path = np.where(whole[:, None], np.arange(t)[None] >= np.where(whole, first, 0.0)[:, None], np.where(seen, d, 0.0))
    patterns, pattern = np.unique(path, axis=0, return_inverse=True)
    return patterns.astype(np.float64), pattern.reshape(-1).astype(np.int64)


def statistics_of(table: Table, assigned: Ints) -> tuple[Floats, Floats]:
    """Return T and its slope in a true effect, for assignments (B, G) of patterns to clusters; NaN without contrast."""
    places = np.arange(assigned.shape[1])
    top, slope, square = (one[places, assigned].sum(axis=1) for one in (table.numerator, table.cross, table.square))
    r = np.zeros((len(assigned), table.through_period.shape[2]))
    for k in range(table.through_period.shape[1]):
        r += (assigned == k) @ table.through_period[:, k]
    bottom = square - ((r @ table.inverse) * r).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = bottom > 1e-10 * max(1e-300, float(np.abs(bottom).max()))
        return np.where(usable, top / bottom, np.nan), np.where(usable, slope / bottom, np.nan)


def randomisation_test(
    panel: LongPanel, *, draws: int = 999, strata: Sequence[object] | None = None, seed: int = 7, alpha: float = 0.05
) -> RandomisationTest:
    """Return the test of no effect on any cluster, by permuting start dates across clusters within strata.

    All assignments when there are at most 5,000 (p is the share at least as far from zero, the actual one counted), else
    `draws` random ones (p = (1 + #) / (1 + draws)). The interval holds the constant effects not rejected.
    Args: strata, one label per cluster, in the order of `cluster_names`.
    Raises: DesignError, nothing is treated, or no other assignment exists.
    Source: Fisher (1935); MacKinnon and Webb (Journal of Econometrics 2020); assumes clusters are exchangeable.
    """
    table = table_of(panel)
    groups = _groups(panel, strata)
    total = prod(_arrangements(table.pattern[one]) for one in groups)
    if total < 2:
        raise DesignError("No other assignment exists: clusters differ in start date only across strata, or not at all.")
    is_exact = total <= MOST_ASSIGNMENTS
    others = _every(table.pattern, groups) if is_exact else _drawn(table.pattern, groups, draws, np.random.default_rng(seed))
    (actual,), _ = statistics_of(table, table.pattern[None])
    if not np.isfinite(actual):
        raise DesignError("There is no effect to estimate: treatment is the same as cluster and period effects.")
    found, slope = statistics_of(table, others)
    usable = np.isfinite(found)
    found, slope = found[usable], slope[usable]
    own = 0 if is_exact else 1
    p = (own + int((np.abs(found) >= abs(actual) * (1 - 1e-9)).sum())) / (own + len(found))
    low, high = _not_rejected(float(actual), found, slope, own, alpha)
    smallest = _unbeatable(slope) if is_exact else 1 / (1 + len(found))
    return RandomisationTest(float(actual), p, low, high, len(found) + own, is_exact, smallest)


def _unbeatable(slope: Floats) -> float:
    """Return the share of assignments whose statistic moves one for one with the effect: none of them can ever be beaten."""
    return float((np.abs(slope) >= 1 - 1e-9).mean())


def _not_rejected(actual: float, found: Floats, slope: Floats, own: int, alpha: float) -> tuple[float, float]:
    """Return the ends of the effects e with p(e) > alpha, where a draw counts when |found - e slope| >= |actual - e|.

    For |slope| < 1 those e are an interval around `actual`; its ends are the roots. Others count everywhere.
    """
    needed = int(np.floor(alpha * (own + len(found)) - own + 1e-9)) + 1
    inside = np.abs(slope) < 1 - 1e-9
    f, c = found[inside], slope[inside]
    # The two roots of (f - e c)² = (actual - e)².
    roots = np.sort(np.stack([(actual - f) / (1 - c), (actual + f) / (1 + c)]), axis=0)
    everywhere = int((~inside).sum())
    if everywhere >= needed or len(f) + everywhere < needed:
        return -np.inf, np.inf
    place = needed - everywhere - 1
    return float(np.sort(roots[0])[place]), float(-np.sort(-roots[1])[place])


def _groups(panel: LongPanel, strata: Sequence[object] | None) -> list[Ints]:
    if strata is None:
        return [np.arange(panel.cluster_n)]
    if len(strata) != panel.cluster_n:
        raise DesignError(f"{len(strata)} strata were given for {panel.cluster_n} clusters; give one label per cluster.")
    labels = np.array([str(one) for one in strata])
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _arrangements(pattern: Ints) -> int:
    return factorial(len(pattern)) // prod(factorial(int(n)) for n in np.bincount(pattern))


def _drawn(pattern: Ints, groups: list[Ints], draws: int, rng: np.random.Generator) -> Ints:
    out = np.empty((draws, len(pattern)), dtype=np.int64)
    for places in groups:
        out[:, places] = rng.permuted(np.broadcast_to(pattern[places], (draws, len(places))), axis=1)
    return out


def _every(pattern: Ints, groups: list[Ints]) -> Ints:
    """Return every distinct assignment within groups (A, G), the actual one among them."""
    whole = pattern[None].copy()
    for places in groups:
        ways = _distinct(pattern[places])
        repeated = np.repeat(whole, len(ways), axis=0)
        repeated[:, places] = np.tile(ways, (len(whole), 1))
        whole = repeated
    return whole


def _distinct(values: Ints) -> Ints:
    """Return every distinct order of n values with repeats (A, n).

    The rarest value takes each set of places in turn; the others are ordered once and go to the places left.

    >>> _distinct(np.array([1, 0, 0])).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    names, counts = np.unique(values, return_counts=True)
    if len(names) < 2:
        return values[None]
    rarest, n = names[counts.argmin()], len(values)
    rest = _distinct(values[values != rarest])
    places = np.array(list(combinations(range(n), int(counts.min()))), dtype=np.int64)
    is_left = np.ones((len(places), n), dtype=bool)
    np.put_along_axis(is_left, places, values=False, axis=1)
    out = np.full((len(places), len(rest), n), rarest)
    chosen, left = np.nonzero(is_left)
    out[chosen.reshape(len(places), -1)[:, :, None], np.arange(len(rest)), left.reshape(len(places), -1)[:, :, None]] = rest.T
    return out.reshape(-1, n)
