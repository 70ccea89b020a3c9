"""The agent-week mart as a declared study: its columns as outcomes, and the question every centre has.

Lives here: mart -> the table a study reads, the standing study with its parts. Not here: the study itself (analytics.studies),
checking the mart (panel.py), how an effect is kept (effect.py), Dagster and pages (assets).
"""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.effect import Effect, PartEffect, effect_of
from analytics.handle_time import PARTS
from analytics.panel import ACW_S, CSAT, HANDLE_S, HOLD_S, OVERALL, QUEUE_WAIT_S, TALK_S, Outcome, Panel
from analytics.studies import methods
from analytics.studies.prepare import prepared
from analytics.studies.study import Study, study
from analytics.studies.study_spec import StudySpec, standard_spec

OUTCOMES: tuple[Outcome, ...] = (HANDLE_S, TALK_S, HOLD_S, ACW_S, QUEUE_WAIT_S, CSAT, OVERALL)


def study_frame(panel: Panel) -> pl.DataFrame:
    """Return the panel with every outcome as a mean per interaction beside its sums, one row per agent and week.

    The columns to declare a study with: agent_id, week_on, starts_on, team_id (at assignment), the outcomes, handled_n and
    interaction_n as weights. A mean over no interactions is null.
    """
    known = [one for one in OUTCOMES if {one.sum_column, one.count_column} <= set(panel.frame.columns)]
    n = {one.name: pl.col(one.count_column) for one in known}
    means = [
        pl.when(n[one.name] > 0).then(pl.col(one.sum_column).cast(pl.Float64) / n[one.name]).alias(one.name) for one in known
    ]
    return panel.frame.with_columns(means)


def quiet_past(panel: Panel, outcome: str) -> NDArray[np.float64]:
    """Return team × week means of an outcome before anybody was coached, weighted by interactions; NaN where there is none.

    What a pilot is planned on (power.simulate_power). All weeks when nobody was ever coached.
    """
    frame = study_frame(panel)
    before = frame if panel.first_on is None else frame.filter(pl.col("week_on") < panel.first_on)
    n = next(one.count_column for one in OUTCOMES if one.name == outcome)
    known = before.filter(pl.col(outcome).is_not_null())
    means = known.group_by("team_id", "week_on").agg(mean=(pl.col(outcome) * pl.col(n)).sum() / pl.col(n).sum())
    wide = means.sort("week_on", "team_id").pivot("week_on", index="team_id", values="mean").sort("team_id")
    return wide.drop("team_id").cast(pl.Float64).to_numpy()


def standing_spec(panel: Panel, *, seed: int = 7) -> StudySpec:
    """Return the study every centre has: what did coaching change in handle time, on the average interaction?"""
    waits = QUEUE_WAIT_S.sum_column in panel.frame.columns
    return standard_spec(
        outcome=HANDLE_S.name,
        unit="agent_id",
        time="week_on",
        first_treated="starts_on",
        cluster="team_id" if panel.level == "team" else None,
        weights=HANDLE_S.count_column,
        mechanism=panel.mechanism,
        negative_controls=(QUEUE_WAIT_S.name,) if waits else (),
        unit_of_outcome=HANDLE_S.unit,
        sensitivity="wait",
        seed=seed,
    )


def standing(panel: Panel, *, seed: int = 7) -> tuple[pl.DataFrame, StudySpec]:
    """Return the standing study: its rows and its declaration.

    Raises: DesignError, nobody was coached or no row has a handle time.
    """
    if panel.first_on is None:
        raise DesignError(
            "Nobody in this panel was ever coached, so there is no effect to estimate. "
            "Load the coaching events (agent_id, item_id, exposure_kind=delivered, exposed_at)."
        )
    frame = study_frame(panel).filter(pl.col(HANDLE_S.name).is_not_null())
    if frame.is_empty():
        raise DesignError("No agent-week has a handle time: map talk_s, hold_s and acw_s in the source's column map.")
    return frame, standing_spec(panel, seed=seed)


def coaching_effect(panel: Panel, *, seed: int = 7) -> tuple[Effect, Study]:
    """Return the standing study's effect with its parts, and the study itself.

    Raises: DesignError, nobody was coached or nothing can be compared; ContractError, the mart cannot be used.
    """
    frame, spec = standing(panel, seed=seed)
    found = study(frame, spec)
    return effect_of(found, parts=parts_of(frame, spec)), found


def parts_of(frame: pl.DataFrame, spec: StudySpec) -> tuple[PartEffect, ...]:
    """Return the effect on talk, hold and after-call work by the estimator and weights of the whole, so that they add up to it.

    Imputation is linear in the outcome: estimates of parts that sum to the whole in every row sum to its estimate exactly.
    Empty when the mart lacks a part. Source: spec statistics, question 12.
    """
    if not set(PARTS) <= set(frame.columns):
        return ()
    plain, parts = replace(spec, negative_controls=()), list[PartEffect]()
    for name in PARTS:
        one = replace(plain, outcome=name)
        panel = prepared(frame, one).panel
        try:
            found = methods.with_inference(methods.estimated(panel, one, methods.chosen_method(panel, one)), panel, one)
        except methods.UNANSWERED:
            return ()
        parts.append(PartEffect(name, found.estimate, found.ci_low, found.ci_high))
    return tuple(parts)
