"""Claim (b): the worst agents of the last four weeks are coached; every estimator errs, and what refuses them always fires.

The naive change and group-time effects must fail. The engine's verdicts on the same panels: worst_verdicts.py.
"""

import numpy as np

from aftercall.synth.effect_designs import worst_first
from aftercall.synth.effect_history import EffectLaws, History, effect_history
from analytics.studies.before_after import before_after
from analytics.studies.diagnostics import trends_before, without_periods_before
from analytics.studies.group_time import callaway_santanna
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel
from analytics.studies.mechanism import REFUSED_AT, balance_test
from tests.simulations.panels.arrays import panel_of, truth
from tests.simulations.panels.rows import Claim, Row
from tests.simulations.panels.staged_rollout import row_of

BEFORE, AFTER = 4, 8


def naive(centre: History, starts: np.ndarray, design: str, tau: float, seed: int) -> Row:
    """Eight weeks after minus four before, of those coached, against the truth of its own eight weeks."""
    te = centre.effect_with(starts)
    y = np.where(centre.is_there_with(starts), centre.y0 + te, np.nan)
    since = np.arange(centre.laws.weeks) - starts[:, None]
    early, late = (since >= -BEFORE) & (since < 0) & np.isfinite(y), (since >= 0) & (since < AFTER) & np.isfinite(y)

    def mean(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
        n = inside.sum(axis=1)
        return np.where(n > 0, np.where(inside, values, 0).sum(axis=1) / np.maximum(n, 1), np.nan)

    before, after = mean(y, early), mean(y, late)
    selected = np.isfinite(starts) & np.isfinite(before) & np.isfinite(after)
    # Reliability only fills the figure of expected regression beside the answer; the answer does not hang on it.
    found = before_after(before, after, selected, reliability=0.5).headline
    planted = float(mean(te, late)[selected].mean())
    return Row(
        design, tau, "naive: 8 weeks after minus 4 before", seed, planted, found.estimate, found.ci_low, found.ci_high, found.p
    )


def group_time_truth(panel: LongPanel, te: np.ndarray) -> float:
    """Mean effect over the cells the simple average uses: by cohort and week, weighted by the cohort's size."""
    on = panel.is_treated
    first = panel.first[panel.unit[on]].astype(np.int64)
    cell = first * panel.period_n + panel.time[on]
    n, total = np.bincount(cell), np.bincount(cell, weights=te[on])
    used = np.flatnonzero(n)
    size = np.bincount(panel.first[np.isfinite(panel.first)].astype(np.int64), minlength=panel.period_n)
    return float(np.average(total[used] / n[used], weights=size[used // panel.period_n]))


def refusals(panel: LongPanel, design: str, tau: float, seed: int) -> list[Row]:
    """What the engine refuses by: donuts that differ or a dip before (triggered), starters unlike the rest (randomised)."""
    donuts, chance = without_periods_before(panel, (0, 4, 8)).differ, balance_test(panel, seed=seed)
    dip = None if donuts else trends_before(panel).p
    fired = {
        "donuts 0/4/8 differ": (None, donuts),
        "balance refused at .001": (chance.p, (chance.p or 1.0) < REFUSED_AT),
        "donuts differ, or a dip before": (dip, donuts or (dip is not None and dip < 0.05)),
    }
    return [
        Row(design, tau, name, seed, p=p, verdict="not identified" if refused else "not refused")
        for name, (p, refused) in fired.items()
    ]


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    starts = worst_first(centre)
    panel, te = panel_of(centre, starts)
    planted = truth(panel, te)
    return [
        naive(centre, starts, design, tau, seed),
        row_of(callaway_santanna(panel), design, tau, "Callaway-Sant'Anna, agent", seed, group_time_truth(panel, te)),
        row_of(imputation(panel, horizons=False), design, tau, "imputation, agent", seed, planted),
        *refusals(panel, design, tau, seed),
    ]


CLAIM = Claim("worst_agents", (("b: worst agents", 0.0), ("b: worst agents", 4.0)), 500, 300_000, replicate)
