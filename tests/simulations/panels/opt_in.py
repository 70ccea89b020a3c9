"""Claim (d): lots decide who is offered, skill who accepts; acceptors mislead, the effect of the offer does not."""

import numpy as np

from aftercall.synth.effect_designs import POOL_AT, opt_in
from aftercall.synth.effect_history import EffectLaws, effect_history
from analytics.studies.ancova import adjusted
from tests.simulations.panels.rows import Claim, Row
from tests.simulations.panels.worst_agents import AFTER, naive


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    offers, starts = opt_in(centre)
    there = centre.is_there_with(starts)
    te = centre.effect_with(starts)
    y = np.where(there, centre.y0 + te, np.nan)
    weeks = slice(POOL_AT, POOL_AT + AFTER)
    seen = there[:, POOL_AT]
    n = np.maximum(there[:, weeks].sum(axis=1), 1)
    after = np.where(seen, np.nansum(y[:, weeks], axis=1) / n, np.nan)
    own = np.where(there, te, 0.0)[:, weeks].sum(axis=1) / n
    before = np.nansum(y[:, :POOL_AT], axis=1) / np.maximum(there[:, :POOL_AT].sum(axis=1), 1)
    offered, took = np.isfinite(offers), np.isfinite(starts)
    out = [naive(centre, starts, design, tau, seed)]
    for name, arm, x, how in (
        ("acceptors against the others", took, before[:, None][:, :0], "raw"),
        ("offer (intention to treat), Lin ANCOVA", offered, before[:, None], "lin"),
    ):
        found, _ = adjusted(after[seen], arm[seen], x[seen], how, None)
        truth = float(own[arm & seen].mean())
        out.append(Row(design, tau, name, seed, truth, found.estimate, found.ci_low, found.ci_high, found.p))
    return out


CLAIM = Claim("opt_in", (("d: opt-in", 0.0), ("d: opt-in", 4.0)), 500, 400_000, replicate)
