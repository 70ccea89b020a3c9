"""Claim: automatic scores mislead about effects once coaching changes how they err; corrected by few human labels they do not.

Statistics 7: 200 agents, 20 weeks, 40 calls a week, effect .05, 2 % labels; half of the agents, by lot, from week 10 on.
"""

from dataclasses import replace

import numpy as np

from aftercall.synth.effect_history import EffectLaws, effect_history
from aftercall.synth.effect_labels import scored
from analytics.studies.corrected_effects import corrected_cells
from analytics.studies.imputation_errors import imputation
from tests.simulations.panels.arrays import panel_of
from tests.simulations.panels.rows import Claim, Row
from tests.simulations.panels.staged_rollout import row_of

# One channel, nobody leaves, the whole effect at once and alike for everybody: the effect on the share is .05 in every row.
LAWS = EffectLaws(
    agents=200, teams=20, weeks=20, level=65.0, calls_by_channel=(40.0,), home_channel_share=(1.0,), at_home_share=1.0,
    channel_handle=(1.0,), leaving_share=0.0, effect=5.0, skill_slope=0.0, effect_weeks=1e-6,
)  # fmt: skip
START = 10


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(LAWS, seed=seed)
    starts = np.full(LAWS.agents, np.inf)
    starts[np.random.default_rng([seed, 1]).permutation(LAWS.agents)[: LAWS.agents // 2]] = START
    panel, te = panel_of(centre, starts)
    found = scored(centre, starts, panel.unit, panel.time, panel.y)
    n, auto = centre.calls[panel.unit, panel.time].astype(np.float64), found.auto_n.astype(np.float64)
    people, auto_of_people = found.human_shown_n / found.probability, found.human_auto_n / found.probability
    outcomes = {
        "corrected by people (DSL)": corrected_cells(n, auto, people, auto_of_people),
        "people only": corrected_cells(n, auto, people, auto_of_people, lam=0.0),
        "automatic only": auto / n,
    }
    planted = float(np.average(te[panel.is_treated], weights=n[panel.is_treated])) / 100
    weighed = replace(panel, w=n)
    return [
        row_of(imputation(weighed.with_outcome(values), horizons=False), design, tau, name, seed, planted)
        for name, values in outcomes.items()
    ]


CLAIM = Claim("human_corrected", (("2 % labels", 0.05),), 500, 900_000, replicate)
