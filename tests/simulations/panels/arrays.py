"""From a history and starts straight to the estimators' panel: a simulation needs neither a table nor its checks.

A test compares what comes out with `read_long` of the table, column by column. Not here: the table (aftercall/synth).
"""

from datetime import timedelta

import numpy as np

from aftercall.synth.effect_history import History
from aftercall.synth.effect_panel import FIRST_MONDAY
from analytics.studies.longpanel import LongPanel

RAMP_WEEKS = 12


def panel_of(
    centre: History, starts: np.ndarray, *, by_team: bool = False, ramp: bool = False, agents: np.ndarray | None = None
) -> tuple[LongPanel, np.ndarray]:
    """Return the panel of QA means and its rows' planted effect; with `ramp` exp(-tenure/12), with `agents` only those."""
    agents = np.arange(centre.laws.agents) if agents is None else agents
    there = centre.is_there_with(starts)[agents]
    unit, week = np.nonzero(there)
    te = centre.effect_with(starts)[agents][unit, week]
    y = centre.y0[agents][unit, week] + te
    ramps = np.exp(-(centre.tenure[agents][unit] + week) / RAMP_WEEKS)[:, None]
    width = len(str(centre.laws.agents - 1))
    unit_names = tuple(f"a{k:0{width}d}" for k in agents.tolist())
    cluster = centre.team[agents] if by_team else np.arange(len(agents))
    cluster_names = tuple(f"t{k:03d}" for k in range(centre.laws.teams)) if by_team else tuple(map(str, range(len(agents))))
    panel = LongPanel(
        unit=unit,
        time=week,
        y=y,
        w=np.ones(len(y)),
        first=starts[agents],
        cluster=cluster,
        x=ramps if ramp else np.empty((len(y), 0)),
        unit_names=unit_names,
        time_labels=tuple((FIRST_MONDAY + timedelta(weeks=k)).isoformat() for k in range(centre.laws.weeks)),
        cluster_names=cluster_names,
        x_names=("ramp",) if ramp else (),
        outcome="qa_mean",
        unit_of_outcome="",
        period="week",
    )
    return panel, te


def truth(panel: LongPanel, te: np.ndarray) -> float:
    """Return the mean planted effect over coached rows."""
    return float(te[panel.is_treated].mean())
