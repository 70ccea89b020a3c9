"""The numbers of the WFM lead's page, computed once for page, workbook and CSV.

Lives here: handle time overall, by queue, by hour, as a curve. Not here: sentences (wfm.py), effect and split (analytics).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.inference import cluster_ratio
from analytics.levels import FEWEST_AGENTS, FEWEST_INTERACTIONS, UNKNOWN_AGENT, names_agents
from assets.report.inputs import Facts


@dataclass(frozen=True, slots=True)
class WfmNumbers:
    """What the page shows, computed once: handle time overall, by queue, by hour of day and as a curve."""

    aht_s: float | None
    low_s: float | None
    high_s: float | None
    handled_n: int
    queues: pl.DataFrame
    hours: pl.DataFrame
    curve: pl.DataFrame
    marks: dict[str, float]


def wfm_numbers(facts: Facts) -> WfmNumbers:
    """Return the numbers behind the page."""
    handled = facts.interactions.filter(pl.col("handle_s").is_not_null())
    if handled.height == 0:
        return WfmNumbers(None, None, None, 0, pl.DataFrame(), _hours(facts), pl.DataFrame(), {})
    mean, low, high, _ = _clustered(handled)
    seconds = np.sort(handled["handle_s"].to_numpy())
    at = np.unique(np.linspace(0, seconds.size - 1, min(200, seconds.size)).astype(int))
    curve = pl.DataFrame({"handle_s": seconds[at], "share": (at + 1) / seconds.size})
    marks = {"median": float(np.median(seconds)), "mean": mean, "P90": float(np.quantile(seconds, 0.9))}
    return WfmNumbers(mean, low, high, handled.height, _queues(facts, handled), _hours(facts), curve, marks)


def _clustered(handled: pl.DataFrame) -> tuple[float, float | None, float | None, int]:
    nobody = pl.lit(UNKNOWN_AGENT) if names_agents(handled) else pl.col("interaction_id")
    named = handled.with_columns(who=pl.coalesce(pl.col("agent_id"), nobody))
    sums = named.group_by("who").agg(y=pl.col("handle_s").sum(), n=pl.len()).sort("who")
    found = cluster_ratio(sums["y"].to_numpy(), sums["n"].to_numpy().astype(float))
    return found.value, found.low, found.high, handled["agent_id"].drop_nulls().n_unique()


def _queues(facts: Facts, handled: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for (queue,), group in handled.sort("queue", nulls_last=True).group_by("queue", maintain_order=True):
        mean, low, high, agents = _clustered(group)
        hidden = group.height < FEWEST_INTERACTIONS or (facts.agents_known and agents < FEWEST_AGENTS)
        parts = {f"{p}_mean": None if hidden else group[p].mean() for p in ("talk_s", "hold_s", "acw_s", "queue_wait_s")}
        numbers = {"handle_s_mean": mean, "handle_s_low": low, "handle_s_high": high}
        rows.append(
            {"queue": queue or "no queue", "handled_n": group.height, "agent_n": agents, "is_hidden": hidden}
            | (dict.fromkeys(numbers) if hidden else numbers)
            | parts
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _hours(facts: Facts) -> pl.DataFrame:
    """Return offered, handled, abandoned and mean handle time by hour of the day (UTC) over all queues."""
    intervals = facts.given.queue_intervals
    if intervals.height == 0:
        return pl.DataFrame()
    sums = [pl.col(name).sum() for name in ("offered_n", "handled_n", "handle_s_sum")]
    told = pl.col("abandoned_n")
    sums.append(pl.when(told.is_not_null().any()).then(told.sum()).alias("abandoned_n"))
    hours = intervals.group_by(hour=pl.col("interval_start_at").dt.hour()).agg(
        sums, days_n=pl.col("interval_start_at").dt.date().n_unique()
    )
    small = pl.col("handled_n") < FEWEST_INTERACTIONS
    mean = pl.when(~small).then(pl.col("handle_s_sum") / pl.col("handled_n"))
    return hours.with_columns(handle_s_mean=mean, hour=pl.col("hour").cast(pl.Int64)).sort("hour").drop("handle_s_sum")
