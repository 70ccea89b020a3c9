"""Claim (c): half of the worst 30 % drawn by the randomiser, the rest eight weeks later; Lin's ANCOVA is right and narrower."""

from datetime import timedelta

import numpy as np
import polars as pl

from aftercall.synth.effect_designs import POOL_AT, POOL_WAIT, eligible_pool
from aftercall.synth.effect_history import EffectLaws, effect_history
from aftercall.synth.effect_panel import FIRST_MONDAY
from analytics.studies.ancova import adjusted
from analytics.studies.assignment import assign
from analytics.studies.unit_means_ancova import ancova
from tests.simulations.panels.arrays import panel_of
from tests.simulations.panels.rows import Claim, Row
from tests.simulations.panels.staged_rollout import row_of

NOW, LATER = (str(FIRST_MONDAY + timedelta(weeks=week)) for week in (POOL_AT, POOL_AT + POOL_WAIT))


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    pool = eligible_pool(centre)
    names = pl.DataFrame({"agent_id": [f"a{k:03d}" for k in pool.tolist()]})
    file = assign(names, unit="agent_id", starts=[NOW, LATER], seed=seed)
    starts = np.full(centre.laws.agents, np.inf)
    week_of = {NOW: float(POOL_AT), LATER: float(POOL_AT + POOL_WAIT)}
    for unit, start in file.select("unit", "start").iter_rows():
        starts[int(unit[1:])] = week_of[start]
    panel, te = panel_of(centre, starts, agents=pool)
    inside = (panel.time >= POOL_AT) & (panel.time < POOL_AT + POOL_WAIT)
    n = np.bincount(panel.unit[inside], minlength=panel.unit_n)
    y, own = (
        np.bincount(panel.unit[inside], weights=of[inside], minlength=panel.unit_n)[n > 0] / n[n > 0] for of in (panel.y, te)
    )
    treated = panel.first[n > 0] == POOL_AT
    planted = float(own[treated].mean())
    raw, _ = adjusted(y, treated, np.empty((len(y), 0)), "raw", None)
    return [
        row_of(ancova(panel), design, tau, "Lin ANCOVA", seed, planted),
        Row(design, tau, "raw difference", seed, planted, raw.estimate, raw.ci_low, raw.ci_high, raw.p),
    ]


CLAIM = Claim("hold_out", (("c: hold-out", 0.0), ("c: hold-out", 4.0)), 1000, 200_000, replicate)
