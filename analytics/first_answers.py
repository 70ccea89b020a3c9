"""What the marts answer besides declared studies: why handle time moved, which behaviours trend; a refusal is an answer too.

Lives here: which question is asked of which mart, and why one could not be answered.
Not here: effects of coaching (mart_study.py), the computing (handle_time.py, trend.py), reading tables (assets).
"""

from dataclasses import dataclass

import polars as pl

from aftercall.contracts.errors import AftercallError, DesignError
from analytics.handle_time import Decomposition, split_change
from analytics.trend import Trends, find_trends


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """What could be answered; None has its reason in `refused`, by the name of the field."""

    centre_parts: Decomposition | None
    trends: Trends | None
    refused: dict[str, str]


def first_answers(handle_time: pl.DataFrame, behaviour_weeks: pl.DataFrame, *, epoch: str | None = None) -> FirstAnswers:
    """Ask the first questions of the marts; each that cannot be answered says why and what to load.

    Args: marts shaped as mart_handle_time and mart_behaviour_week; epoch, of the trends.
    """
    refused: dict[str, str] = {}
    centre_parts, trends = None, None
    try:
        centre_parts = _centre_parts(handle_time)
    except AftercallError as error:
        refused["centre_parts"] = error.message
    try:
        trends = find_trends(behaviour_weeks, epoch=epoch)
    except AftercallError as error:
        refused["trends"] = error.message
    return FirstAnswers(centre_parts, trends, refused)


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
