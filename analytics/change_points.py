"""When did it change? Charts that sound an alarm while weeks come in, and breaks found looking back.

Lives here: CUSUM, EWMA, removal of lag-one dependence, breaks by dynamic programming or PELT. Not here: trends (trend.py),
whether coaching did it (studies).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chart:
    """A control chart: `upper` and `lower` statistics per period, `limit` per period, first alarm (place, 0-based) or None."""

    upper: Floats
    lower: Floats
    limit: Floats
    alarm: int | None


def cusum(z: Floats, *, k: float = 0.5, h: float = 5.0) -> Chart:
    """Return C⁺ = max(0, C⁺ + z − k), C⁻ = max(0, C⁻ − z − k); an alarm above h. z is standardised and free of dependence.

    Source: Montgomery, Introduction to Statistical Quality Control; spec statistics 4.18 (two-sided ARL₀ near 470).

    >>> cusum(np.array([0.0, 3.0, 3.0, 3.0])).alarm
    3
    """
    _check(z)
    upper, lower, high, low = np.zeros(len(z)), np.zeros(len(z)), 0.0, 0.0
    for place, value in enumerate(z.tolist()):
        high, low = max(0.0, high + value - k), max(0.0, low - value - k)
        upper[place], lower[place] = high, low
    return _chart(upper, lower, np.full(len(z), h))


def ewma(z: Floats, *, weight: float = 0.1, reach: float = 2.7) -> Chart:
    """Return E = λz + (1 − λ)E with limits ±L√(λ/(2−λ)(1−(1−λ)^{2t})). `upper` is E, `lower` its negative.

    >>> ewma(np.array([0.0, 4.0, 4.0, 4.0])).alarm
    1
    """
    _check(z)
    value, path = 0.0, np.zeros(len(z))
    for place, new in enumerate(z.tolist()):
        value = weight * new + (1 - weight) * value
        path[place] = value
    t = np.arange(1, len(z) + 1)
    return _chart(path, -path, reach * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * t))))


def standardised(y: Floats, baseline_n: int) -> Floats:
    """Return y as residuals of a lag-one autoregression in units of its baseline: what the charts want.

    Args: baseline_n, how many first periods were in control. Raises: DesignError, fewer than 10 of them, or no movement.
    """
    _check(y)
    base = y[:baseline_n]
    if baseline_n < 10 or len(y) < baseline_n or base.std() == 0:
        raise DesignError(f"{min(baseline_n, len(y))} periods in control, and they must vary; at least 10 are needed.")
    centred = y - base.mean()
    rho = float(np.sum(centred[1:baseline_n] * centred[: baseline_n - 1]) / np.sum(centred[: baseline_n - 1] ** 2))
    innovations = centred - rho * np.concatenate([[0.0], centred[:-1]])
    innovations[0] = centred[0] * np.sqrt(max(1 - rho**2, 1e-9))
    return innovations / innovations[:baseline_n].std(ddof=2)


def breaks(y: Floats, *, n: int | None = None, penalty: float | None = None) -> list[int]:
    """Return the places (0-based) at which a new level begins: exactly n by dynamic programming, else PELT with a penalty.

    Without either, PELT with 3·log(T)·σ̂², σ̂ from first differences. Every place is tried (`jump=1`; the library's default of 5
    misplaces breaks). Raises: DesignError, too few periods. Source: Killick et al. (2012); Truong et al. (2020), ruptures.

    >>> breaks(np.array([1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9, 5.0]), n=1)
    [4]
    """
    import ruptures

    _check(y)
    if len(y) < 4 or (n is not None and not 0 < n < len(y) // 2):
        raise DesignError(
            f"{len(y)} periods cannot show {'breaks' if n is None else f'{n} breaks'}. Give more periods, or fewer breaks."
        )
    if n is not None:
        found = ruptures.Dynp(model="l2", jump=1, min_size=2).fit(y).predict(n_bkps=n)
    else:
        spread = float(np.median(np.abs(np.diff(y))) / 0.6745) ** 2 / 2
        cost = penalty if penalty is not None else 3 * float(np.log(len(y))) * max(spread, 1e-12)
        found = ruptures.Pelt(model="l2", jump=1, min_size=2).fit(y).predict(pen=cost)
    return [int(place) for place in found if place < len(y)]


def _chart(upper: Floats, lower: Floats, limit: Floats) -> Chart:
    over = np.flatnonzero((upper > limit) | (lower > limit))
    return Chart(upper, lower, limit, int(over[0]) if len(over) else None)


def _check(y: Floats) -> None:
    if len(y) == 0 or not np.isfinite(y).all():
        raise DesignError(
            "A chart needs known values in every period. Leave unknown periods out, or fill them by a stated rule."
        )
