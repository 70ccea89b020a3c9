"""The first slice of each answer from one set of marts: effect, its parts, weeks, trends; a refusal is an answer too.

Lives here: which question is asked of which mart, and why one could not be answered.
Not here: the estimators, reading tables (assets).
"""

from dataclasses import dataclass

import polars as pl

from aftercall.contracts.errors import AftercallError, DesignError
from analytics.did import estimate_did, weekly_difference
from analytics.handle_time import Decomposition, split_change, split_effect
from analytics.panel import HANDLE_S, Mechanism, read_panel
from analytics.results import Effect
from analytics.trend import Trends, find_trends


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """What could be answered; None has its reason in `refused`, by the name of the field."""

    effect: Effect | None
    effect_weeks: pl.DataFrame | None
    effect_parts: Decomposition | None
    centre_parts: Decomposition | None
    trends: Trends | None
    refused: dict[str, str]


def first_answers(
    agent_weeks: pl.DataFrame,
    handle_time: pl.DataFrame,
    behaviour_weeks: pl.DataFrame,
    *,
    epoch: str | None = None,
    mechanism: Mechanism | None = None,
    seed: int = 7,
) -> FirstAnswers:
    """Ask the first questions of the marts; each that cannot be answered says why and what to load.

    Args: marts shaped as mart_agent_week, mart_handle_time and mart_behaviour_week; epoch, of the trends.
    """
    refused: dict[str, str] = {}
    effect, weeks, effect_parts, centre_parts, trends = None, None, None, None, None
    treated: list[str] = []
    try:
        panel = read_panel(agent_weeks, mechanism=mechanism)
        treated = panel.frame.filter(pl.col("starts_on").is_not_null())["team_id"].unique().sort().to_list()
        effect = estimate_did(panel, HANDLE_S, seed=seed)
        weeks = weekly_difference(panel, HANDLE_S)
    except AftercallError as error:
        refused["effect"] = refused["effect_weeks"] = error.message
    try:
        if effect is None:
            refused["effect_parts"] = refused["effect"]
        else:
            effect_parts = split_effect(handle_time, effect.window, treated)
    except AftercallError as error:
        refused["effect_parts"] = error.message
    try:
        centre_parts = _centre_parts(handle_time)
    except AftercallError as error:
        refused["centre_parts"] = error.message
    try:
        trends = find_trends(behaviour_weeks, epoch=epoch)
    except AftercallError as error:
        refused["trends"] = error.message
    return FirstAnswers(effect, weeks, effect_parts, centre_parts, trends, refused)


def _centre_parts(handle_time: pl.DataFrame) -> Decomposition:
    """Split the change from the first half of the weeks to the second, all teams together."""
    weeks = handle_time.filter(pl.col("handled_n") > 0)["week_on"].unique().sort()
    if weeks.len() < 2:
        raise DesignError(
            f"{weeks.len()} weeks have handle times and a change needs two: map talk_s, hold_s and acw_s in the source's "
            "column map, or load more weeks."
        )
    middle = weeks[weeks.len() // 2]
    first, second = handle_time.filter(pl.col("week_on") < middle), handle_time.filter(pl.col("week_on") >= middle)
    return split_change(first, second, what=f"all teams, weeks before {middle} against later")
