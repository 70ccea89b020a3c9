"""Claim: with 1 to 5 of 20 teams coached, re-assigning starts holds its size; clustered errors do not.

Statistics 7: 20 teams, 30 weeks, shocks AR .7, no effect; coaching starts in week 15.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from aftercall.synth.effect_history import EffectLaws, effect_history
from analytics.studies.fixed_effects import twfe
from analytics.studies.longpanel import read_long
from analytics.studies.randomisation import randomisation_test
from tests.simulations.panels.rows import Claim, Row

LAWS = EffectLaws(weeks=30, effect=0.0)
START, MOST = 15, 5


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(LAWS, seed=seed)
    there = centre.is_there
    team = np.repeat(np.arange(LAWS.teams), LAWS.weeks)
    week = np.tile(np.arange(LAWS.weeks), LAWS.teams)
    total, n = np.zeros((LAWS.teams, LAWS.weeks)), np.zeros((LAWS.teams, LAWS.weeks))
    np.add.at(total, centre.team, np.where(there, centre.y0, 0.0))
    np.add.at(n, centre.team, there)
    # The test works on team means anyway: handing it the means saves a pass over agents.
    frame = pl.DataFrame(
        {"team": team, "week": week, "qa": (total / np.maximum(n, 1)).ravel(), "first": np.zeros(len(team), dtype=int)}
    )
    panel = read_long(frame, outcome="qa", unit="team", time="week", first_treated="first")
    order = np.random.default_rng([seed, 1]).permutation(LAWS.teams)
    out = list[Row]()
    for k in range(1, MOST + 1):
        first = np.full(LAWS.teams, np.inf)
        first[order[:k]] = START
        drawn = replace(panel, first=first)
        found = randomisation_test(drawn, seed=seed)
        out.append(Row(f"{k} of {LAWS.teams} teams", tau, "re-assigned starts", seed, 0.0, found.estimate, p=found.p))
        if k > 1 and seed % 4 == 0:
            plain = twfe(drawn, vcov="CRV1")
            out.append(Row(f"{k} of {LAWS.teams} teams", tau, "clustered errors (CRV1)", seed, 0.0, plain.estimate, p=plain.p))
    return out


CLAIM = Claim("few_teams", (("", 0.0),), 2_000, 500_000, replicate)
