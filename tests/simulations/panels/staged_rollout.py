"""Claim (a): teams drawn by lot start in weeks 14, 20, 26 or never; imputation with the team jackknife is right.

Clustering by agent and regression with two-way effects are run beside it, on some of the seeds: they must be wrong.
"""

from dataclasses import replace

import numpy as np

from aftercall.synth.effect_designs import by_team
from aftercall.synth.effect_history import EffectLaws, effect_history
from analytics.studies.estimate import Estimate
from analytics.studies.fixed_effects import twfe
from analytics.studies.imputation_errors import imputation
from tests.simulations.panels.arrays import panel_of, truth
from tests.simulations.panels.rows import Claim, Row


def row_of(found: Estimate, design: str, tau: float, name: str, seed: int, planted: float) -> Row:
    return Row(design, tau, name, seed, planted, found.estimate, found.ci_low, found.ci_high, found.p)


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    panel, te = panel_of(centre, by_team(centre), by_team=True, ramp=True)
    answers = {"imputation + ramp, team jackknife": imputation(panel, horizons=False, vcov="jackknife")}
    plain = replace(panel, x=np.empty((len(panel.y), 0)), x_names=())
    by_agent = replace(plain, cluster=np.arange(plain.unit_n), cluster_names=plain.unit_names)
    if seed % 2 == 0:
        answers["imputation, clustered by agent"] = imputation(by_agent, horizons=False, vcov="analytic")
    if seed % 4 == 0:
        answers["two-way regression, team"] = twfe(plain, vcov="CRV1")
    return [row_of(found, design, tau, name, seed, truth(panel, te)) for name, found in answers.items()]


CLAIM = Claim("staged_rollout", (("a: teams by lot", 0.0), ("a: teams by lot", 4.0)), 1000, 100_000, replicate)
