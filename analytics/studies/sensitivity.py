"""How far parallel trends may fail before the answer changes: bounds on relative magnitudes and the breakdown value.

Lives here: intervals of Rambachan and Roth (Review of Economic Studies 2023) for a given event study, by the conditional test
of Andrews, Roth and Pakes (2023) with a least-favourable first stage (C-LF). Not here: the event study (base_event_study.py).

The violation of trends d is bounded by |d(t+1) - d(t)| <= M max_s |d(s+1) - d(s)| over the periods before. For each s and sign
these are linear inequalities, and the set of multipliers the test maximises over has few corners that can be written down:
with c(t) the weight of all effects from t on, one corner of weights c, one of -c, and one pair of rows for each period.
That replaces every linear programme by a matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from aftercall.contracts.errors import DesignError

Floats = NDArray[np.float64]
M_BARS = tuple(0.25 * k for k in range(9))
_DRAWS, _GRID = 20_000, 401


@dataclass(frozen=True, slots=True)
class Bound:
    """The interval when trends after the start differ by at most `m_bar` times the largest step before; None: open."""

    m_bar: float
    ci_low: float | None
    ci_high: float | None

    @property
    def excludes_zero(self) -> bool:
        """Whether an effect of nothing is outside."""
        return (self.ci_low is not None and self.ci_low > 0) or (self.ci_high is not None and self.ci_high < 0)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Bounds for one average of the effects; `breakdown` is the largest m_bar that excludes zero, None when 0 does not."""

    target: str
    estimate: float
    se: float
    bounds: tuple[Bound, ...]

    @property
    def breakdown(self) -> float | None:
        """Return the largest m_bar up to which every interval excludes zero."""
        held = None
        for bound in self.bounds:
            if not bound.excludes_zero:
                break
            held = bound.m_bar
        return held


@dataclass(frozen=True, slots=True)
class _Corners:
    """Multipliers' corners of one (period, sign): values at theta are `at_zero` - `slope` theta, with their covariance."""

    at_zero: Floats
    slope: Floats
    covariance: Floats


def relative_magnitudes(
    beta: Floats,
    sigma: Floats,
    pre_n: int,
    *,
    weights: Floats | None = None,
    m_bars: Sequence[float] = M_BARS,
    alpha: float = 0.05,
    target: str = "first period",
    seed: int = 0,
) -> Sensitivity:
    """Return the bounds of the weighted effect at each m_bar.

    Args: beta (pre_n + post_n), an event study against the period before the start, which is left out; sigma, its covariance;
        weights (post_n), not negative, of the effects (the first one alone when left out).
    Raises: DesignError, no period before the reference, or a covariance that is not one.
    Source: Rambachan and Roth (2023), sections 2.4.1 and 3; Andrews, Roth and Pakes (2023), section 6 (first stage alpha / 10).

    >>> found = relative_magnitudes(np.array([0.1, 2.0]), np.eye(2) * 0.01, 1, m_bars=[0.0, 1.0])
    >>> [round(found.bounds[k].ci_low, 1) for k in (0, 1)], found.breakdown
    ([1.8, 1.7], 1.0)
    """
    post_n = len(beta) - pre_n
    if pre_n < 1 or post_n < 1:
        raise DesignError(
            f"A sensitivity analysis needs a period before the reference and one after; there are {pre_n} and {post_n}."
        )
    if sigma.shape != (len(beta), len(beta)) or not np.isfinite(sigma).all() or (np.diag(sigma) <= 0).any():
        raise DesignError("The event study has no usable covariance: give more clusters, or fewer periods.")
    wanted = np.eye(post_n)[0] if weights is None else np.asarray(weights, dtype=np.float64)
    theta, se = float(wanted @ beta[pre_n:]), float(np.sqrt(wanted @ sigma[pre_n:, pre_n:] @ wanted))
    worst = float(np.abs(np.diff(np.append(beta[:pre_n], 0.0))).max()) + 4 * float(np.sqrt(np.diag(sigma).max()))
    steps = float(np.cumsum(wanted[::-1]).sum())
    bounds = list[Bound]()
    for m_bar in m_bars:
        parts = [_corners(beta, sigma, pre_n, wanted, m_bar, s, sign) for s in range(pre_n) for sign in (1.0, -1.0)]
        reach = 20 * se + m_bar * worst * steps
        bounds.append(
            _interval(m_bar, [(part, _least_favourable(part, alpha / 10, seed)) for part in parts], theta, reach, alpha)
        )
    return Sensitivity(target, theta, se, tuple(bounds))


def _steps(pre_n: int, post_n: int) -> Floats:
    """Return the matrix of first differences of (pre, reference 0, post), without the reference's own column."""
    total = pre_n + post_n
    full = np.zeros((total, total + 1))
    full[np.arange(total), np.arange(total)] = -1.0
    full[np.arange(total), np.arange(total) + 1] = 1.0
    return np.delete(full, pre_n, axis=1)


def _corners(beta: Floats, sigma: Floats, pre_n: int, weights: Floats, m_bar: float, s: int, sign: float) -> _Corners:
    post_n = len(weights)
    steps = _steps(pre_n, post_n)
    largest = sign * steps[s]
    after = steps[pre_n:]
    up, down = after - m_bar * largest, -after - m_bar * largest
    if post_n == 1:
        before = np.concatenate([steps[:pre_n] - largest, -steps[:pre_n] - largest])
        rows = np.concatenate([before[np.abs(before).max(axis=1) > 1e-12], up, down])
        gamma = np.eye(len(rows))
        slope = rows[:, -1] / weights[0]
    else:
        from_on = np.cumsum(weights[::-1])[::-1]
        rows = np.concatenate([up, down])
        none = np.zeros(post_n)
        pairs = np.concatenate([np.eye(post_n), np.eye(post_n)], axis=1)
        gamma = np.concatenate([[np.append(from_on, none)], [np.append(none, from_on)], pairs])
        slope = np.concatenate([[1.0, -1.0], none])
    moments = rows @ sigma @ rows.T
    size = gamma @ np.sqrt(np.diag(moments))
    gamma, slope = gamma / size[:, None], slope / size
    return _Corners(gamma @ rows @ beta, slope, gamma @ moments @ gamma.T)


def _least_favourable(part: _Corners, kappa: float, seed: int) -> float:
    """Return the 1 - kappa quantile of the largest corner when all inequalities just hold."""
    value, vector = np.linalg.eigh(part.covariance)
    root = vector * np.sqrt(np.maximum(value, 0.0))
    draws = np.random.default_rng(seed).standard_normal((_DRAWS, len(root))) @ root.T
    return float(np.quantile(draws.max(axis=1), 1 - kappa))


def _interval(m_bar: float, parts: list[tuple[_Corners, float]], theta: float, reach: float, alpha: float) -> Bound:
    """Return the outermost values that some period and sign do not reject; a first grid, then a finer one at each end."""

    def kept(values: Floats) -> NDArray[np.bool_]:
        return np.any([_accepts(part, critical, values, alpha) for part, critical in parts], axis=0)

    grid = theta + np.linspace(-reach, reach, _GRID)
    inside = np.flatnonzero(kept(grid))
    if not len(inside):
        return Bound(m_bar, theta, theta)
    low, high = int(inside[0]), int(inside[-1])
    fine = np.linspace(0.0, 1.0, 101)
    ends = list[float | None]()
    for at, outside in ((low, low - 1), (high, high + 1)):
        if outside in (-1, _GRID):
            ends.append(None)
            continue
        between = grid[at] + fine * (grid[outside] - grid[at])
        ends.append(float(between[np.flatnonzero(kept(between))[-1]]))
    return Bound(m_bar, ends[0], ends[1])


def _accepts(part: _Corners, critical: float, theta: Floats, alpha: float) -> NDArray[np.bool_]:
    """Return for every value whether the conditional test, given the first stage, keeps it."""
    level = (alpha - alpha / 10) / (1 - alpha / 10)
    values = part.at_zero[:, None] - part.slope[:, None] * theta
    best = values.argmax(axis=0)
    top = values[best, np.arange(len(theta))]
    variance = np.diag(part.covariance)[best]
    is_sure = variance < 1e-14 * max(1e-300, float(np.diag(part.covariance).max()))
    deviation = np.sqrt(np.where(is_sure, 1.0, variance))
    share = part.covariance[:, best] / np.where(is_sure, 1.0, variance)
    rest, room = values - share * top, 1.0 - share
    with np.errstate(divide="ignore", invalid="ignore"):
        edge = rest / room
    low = np.where(room > 1e-9, edge, -np.inf).max(axis=0)
    high = np.minimum(np.where(room < -1e-9, edge, np.inf).min(axis=0), critical)
    quantile = _truncated_quantile(1 - level, low / deviation, high / deviation)
    tested = top > np.maximum(0.0, quantile) * deviation
    return ~((top > critical) | np.where(is_sure, top > 1e-12, tested))


def _truncated_quantile(p: float, low: Floats, high: Floats) -> Floats:
    """Return the p-quantile of a standard normal inside [low, high], far out in either tail too."""
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    q = np.where(flip, 1 - p, p)
    log_a, log_b = special.log_ndtr(a), special.log_ndtr(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_mix = np.logaddexp(log_a + np.log1p(-q), log_b + np.log(q))
    found = np.clip(special.ndtri_exp(np.minimum(log_mix, -1e-300)), a, b)
    return np.where(flip, -found, found)
