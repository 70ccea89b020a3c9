"""Claim: a confidence sequence holds at every look at once; a fixed interval looked at again and again does not.

Values are differences of paired teams, one after the other. Stored is what all looks leave: the highest low end and the lowest
high end, so that the truth lies between them exactly when every look covered it.
"""

import numpy as np

from analytics.studies.sequential import confidence_sequence
from tests.simulations.panels.rows import Claim, Row

PAIRS, FIRST = 120, 10


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=PAIRS) if design.startswith("normal") else rng.laplace(size=PAIRS)
    values = tau + 3 * noise
    looks = confidence_sequence(values, n_opt=PAIRS // 2)
    n = np.arange(1, PAIRS + 1)
    mean = np.cumsum(values) / n
    sd = np.sqrt(np.maximum(np.cumsum(values**2) / n - mean**2, 0) * n / np.maximum(n - 1, 1))
    fixed = 1.96 * sd / np.sqrt(n)
    every = slice(FIRST - 1, None)
    last = float(mean[-1])
    kept = float(np.nanmax(looks.low)), float(np.nanmin(looks.high))
    plain = float((mean - fixed)[every].max()), float((mean + fixed)[every].min())
    return [Row(design, tau, "confidence sequence, all looks", seed, tau, last, *kept),
            Row(design, tau, "fixed interval, all looks", seed, tau, last, *plain)]  # fmt: skip


CLAIM = Claim("any_time", (("normal pairs", 0.0), ("normal pairs", 1.0), ("heavy-tailed pairs", 0.0)), 2000, 700_000, replicate)
