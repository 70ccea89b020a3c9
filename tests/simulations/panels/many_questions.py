"""Claim: of what Benjamini-Hochberg flags among 200 questions at most 5 % is false; raw flags are false far more often.

A fifth of the questions have an effect; half of every answer's luck may be shared with the others (positive dependence).
"""

import numpy as np
from scipy import stats

from analytics.studies.families import family
from tests.simulations.panels.rows import Claim, Row

QUESTIONS, TRUE_SHARE, TEAMS, SIZE = 200, 0.2, 20, 0.8


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    shared = 0.5 if design.startswith("shared") else 0.0
    is_true = np.arange(QUESTIONS) < TRUE_SHARE * QUESTIONS
    luck = np.sqrt(1 - shared) * rng.normal(size=(TEAMS, QUESTIONS)) + np.sqrt(shared) * rng.normal(size=(TEAMS, 1))
    values = luck + SIZE * is_true
    p = np.asarray(stats.ttest_1samp(values, 0.0).pvalue)
    flags = {"Benjamini-Hochberg": family(p).rejected, "raw p < .05": p < 0.05}
    return [
        Row(
            design,
            tau,
            name,
            seed,
            estimate=float((on & ~is_true).sum() / max(int(on.sum()), 1)),
            note=f"{int(on.sum())} flags",
        )
        for name, on in flags.items()
    ]


CLAIM = Claim("many_questions", (("own luck", 0.0), ("shared luck", 0.0)), 1000, 800_000, replicate)
