"""Empirical Bayes: what many noisy measurements of alike things say about each of them.

Lives here: the normal model with known sampling variances. Not here: where the measurements come from (trend.py, levels.py).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from analytics.inference import Reals


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Posterior means and variances, shape (K,), the prior's mean and variance, and the weight B of the prior, shape (K,)."""

    mean: Reals
    variance: Reals
    prior_mean: float
    prior_variance: float
    weight: Reals


def shrink(x: Reals, s2: Reals) -> Shrunk:
    """Return each measurement drawn towards what all of them share.

    Args: x, the measurements, shape (K,); s2, their sampling variances, shape (K,), positive. Below four measurements nothing
        can be learnt from the others and they are returned as they are.
    Source: Morris (1983); spec statistics 4.16.

    >>> found = shrink(np.array([1.0, 2.0, 3.0, 6.0, 8.0]), np.full(5, 1.0))
    >>> found.mean.round(3).tolist(), round(float(1 - found.weight[0]), 4)
    ([1.176, 2.118, 3.059, 5.882, 7.765], 0.9412)
    """
    k = x.size
    if k < 4:
        return Shrunk(x.copy(), s2.copy(), float(x.mean()) if k else 0.0, float("inf"), np.zeros(k))

    def centre(a: float) -> float:
        return float(np.average(x, weights=1 / (s2 + a)))

    def excess(a: float) -> float:
        return float(np.sum((x - centre(a)) ** 2 / (s2 + a))) - (k - 1)

    a = 0.0
    if excess(0.0) > 0:
        top = float(np.sum((x - x.mean()) ** 2)) + float(s2.max())
        a = float(np.asarray(optimize.brentq(excess, 0.0, top, xtol=1e-14 * max(1.0, top))))
    mu = centre(a)
    weight = (k - 3) / (k - 1) * s2 / (s2 + a)
    return Shrunk(mu + (1 - weight) * (x - mu), (1 - weight) * s2, mu, a, weight)
