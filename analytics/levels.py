"""How good are scores and behaviours now: shares and means with intervals, team by question with shrinkage.

Lives here: levels of questions, sections and teams, and the rule that hides small groups.
Not here: trends over time (trend.py).
"""

import math
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from analytics.inference import cluster_jackknife, cluster_ratio
from analytics.shrinkage import shrink
from analytics.trend import one_epoch

FEWEST_AGENTS, FEWEST_INTERACTIONS = 5, 20
KNOWN_SHARE = 0.95
UNKNOWN_AGENT = "(agent not known)"


def question_levels(weeks: pl.DataFrame, *, epoch: str | None = None, agents_known: bool = True) -> pl.DataFrame:
    """Return one row per question: how often what was called for was done, with a 95 % interval clustered by agent.

    Args: weeks, mart_behaviour_week, or the same counts per agent; agents_known, False when `agent_id` stands for single
        interactions because the source names no agents: then only the number of interactions hides a group.
    Columns: question_id, section_id, is_advisory, share, low, high, called_for_n, done_n, answered_n, na_n, null_n, agent_n,
    is_hidden; share and interval are null for groups under 5 agents or 20 interactions.
    """
    return _levels(
        one_epoch(weeks, epoch),
        ["section_id", "question_id", "is_advisory"],
        "done_n",
        "called_for_n",
        agents_known=agents_known,
    )


def section_levels(weeks: pl.DataFrame, *, epoch: str | None = None, agents_known: bool = True) -> pl.DataFrame:
    """Return one row per section: points earned of points possible outside advisory questions, interval clustered by agent.

    Columns as of `question_levels`, without question_id and is_advisory; `share` is of points.
    """
    counted = one_epoch(weeks, epoch).filter(~pl.col("is_advisory").fill_null(value=False))
    return _levels(counted, ["section_id"], "points_sum", "points_possible_sum", agents_known=agents_known)


def _levels(weeks: pl.DataFrame, by: list[str], top: str, bottom: str, *, agents_known: bool) -> pl.DataFrame:
    counts = [name for name in ("called_for_n", "done_n", "na_n", "null_n") if name in weeks.columns]
    rows: list[dict[str, Any]] = []
    keyed = weeks.sort(by, nulls_last=True).group_by(by, maintain_order=True)
    for key, group in keyed:
        agents = group.group_by("agent_id").agg(pl.col(top, bottom).sum()).filter(pl.col(bottom) > 0).sort("agent_id")
        row: dict[str, Any] = dict(zip(by, key, strict=True)) | {name: int(group[name].sum()) for name in counts}
        row["answered_n"] = int((group["interaction_n"] - group["na_n"] - group["null_n"]).sum())
        row["agent_n"] = agents.height
        row |= {"share": None, "low": None, "high": None}
        row["is_hidden"] = is_small(agents.height if agents_known else FEWEST_AGENTS, row["answered_n"])
        if agents.height and not row["is_hidden"]:
            found = cluster_ratio(agents[top].to_numpy().astype(float), agents[bottom].to_numpy().astype(float))
            low, high = found.low, found.high
            row |= {"share": found.value, "low": None if low is None else max(0.0, low)}
            row["high"] = None if high is None else min(1.0, high)
        rows.append(row)
    schema = {"share": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)


def is_small(agent_n: int, interaction_n: int) -> bool:
    """Return whether a group is too small to be shown.

    >>> is_small(4, 900), is_small(9, 19), is_small(5, 20)
    (True, True, False)
    """
    return agent_n < FEWEST_AGENTS or interaction_n < FEWEST_INTERACTIONS


def names_agents(interactions: pl.DataFrame) -> bool:
    """Return whether at least 95 % of interactions name their agent, so that agents can be clusters.

    >>> names_agents(pl.DataFrame({"agent_id": ["a", "b", None]}))
    False
    """
    return interactions.height > 0 and interactions["agent_id"].null_count() <= (1 - KNOWN_SHARE) * interactions.height


def team_behaviours(weeks: pl.DataFrame, *, epoch: str | None = None) -> pl.DataFrame:
    """Return one row per team and question: the share done, drawn towards all teams, with the question's overall share beside.

    Columns: team_id, question_id, share, shrunk, standard, called_for_n, interaction_n, agent_n, is_hidden. Small groups keep
    null shares. When exactly one team of a question would be hidden, the next smallest is hidden too, so that it cannot be
    found by subtraction.
    """
    frame = one_epoch(weeks, epoch).filter(pl.col("team_id").is_not_null() & (pl.col("called_for_n") > 0))
    cells = (
        frame.group_by("question_id", "team_id")
        .agg(
            pl.col("done_n", "called_for_n").sum(),
            interaction_n=(pl.col("interaction_n") - pl.col("na_n") - pl.col("null_n")).sum(),
            agent_n=pl.col("agent_id").n_unique(),
        )
        .sort("question_id", "team_id")
    )
    parts = [_question_cells(group) for _, group in cells.group_by("question_id", maintain_order=True)]
    columns = ("team_id", "question_id", "share", "shrunk", "standard", "called_for_n", "interaction_n", "agent_n", "is_hidden")
    empty = {name: pl.String if name.endswith("_id") else pl.Float64 for name in columns} | {"is_hidden": pl.Boolean}
    return pl.concat(parts).select(columns) if parts else pl.DataFrame(schema=empty)


def _question_cells(cells: pl.DataFrame) -> pl.DataFrame:
    small = (cells["agent_n"] < FEWEST_AGENTS) | (cells["interaction_n"] < FEWEST_INTERACTIONS)
    hidden = small.to_numpy().copy()
    if hidden.sum() == 1 and cells.height > 1:
        visible = np.flatnonzero(~hidden)
        hidden[visible[np.argmin(cells["interaction_n"].to_numpy()[visible])]] = True
    n, done = (cells[name].to_numpy().astype(float) for name in ("called_for_n", "done_n"))
    standard = float(done.sum() / n.sum())
    smoothed = (done + 0.5) / (n + 1)
    shrunk = np.clip(shrink(done / n, smoothed * (1 - smoothed) / n).mean, 0.0, 1.0)
    shown = ~pl.Series(hidden)
    return cells.with_columns(
        share=pl.when(shown).then(pl.Series(done / n)),
        shrunk=pl.when(shown).then(pl.Series(shrunk)),
        standard=pl.lit(standard),
        is_hidden=pl.Series(hidden),
    )


def mean_score(interactions: pl.DataFrame) -> dict[str, float | int | None]:
    """Return the mean of `overall` with a 95 % interval clustered by agent; without agents, each interaction counts for itself.

    Args: interactions with overall and agent_id. Keys: mean, low, high (points), scored_n, agent_n (0 = not known).
    """
    scored = interactions.filter(pl.col("overall").is_not_null())
    facts: dict[str, float | int | None] = {"scored_n": scored.height, "agent_n": scored["agent_id"].drop_nulls().n_unique()}
    if scored.height == 0:
        return facts | {"mean": None, "low": None, "high": None}
    if names_agents(scored):
        sums = (
            scored.with_columns(pl.col("agent_id").fill_null(UNKNOWN_AGENT))
            .group_by("agent_id")
            .agg(y=pl.col("overall").sum(), n=pl.len())
            .sort("agent_id")
        )
        found = cluster_ratio(sums["y"].to_numpy(), sums["n"].to_numpy().astype(float))
        return facts | {"mean": found.value, "low": found.low, "high": found.high}
    values = scored["overall"].to_numpy()
    mean = float(values.mean())
    if values.size < 2:
        return facts | {"mean": mean, "low": None, "high": None}
    reach = float(stats.t.ppf(0.975, values.size - 1)) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return facts | {"mean": mean, "low": mean - reach, "high": mean + reach}


def weekly_scores(interactions: pl.DataFrame) -> pl.DataFrame:
    """Return one row per ISO week: mean, low, high (points, clustered by agent where known) and scored_n.

    Args: interactions with overall, agent_id and started_at; those without a start are left out.
    """
    dated = interactions.filter(pl.col("started_at").is_not_null()).with_columns(
        week_on=pl.col("started_at").dt.truncate("1w").dt.date()
    )
    rows: list[dict[str, Any]] = [
        {"week_on": key[0], **mean_score(group)}
        for key, group in dated.sort("week_on").group_by("week_on", maintain_order=True)
    ]
    floats = {"mean": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    if not rows:
        return pl.DataFrame(schema={"week_on": pl.Date, "scored_n": pl.Int64, "agent_n": pl.Int64, **floats})
    return pl.DataFrame(rows, schema_overrides=floats, infer_schema_length=None)


def score_change(interactions: pl.DataFrame, *, weeks: int = 4) -> dict[str, float | int] | None:
    """Return how the mean score moved from the first to the last weeks, with a 95 % interval by jackknife over agents.

    Args: interactions with overall, agent_id, started_at; weeks, length of both ends. Keys: change, low, high (points), n.
        None when the ends would touch, or fewer than five agents are known. A description, never an effect of coaching.
    """
    scored = interactions.filter(pl.col("overall").is_not_null() & pl.col("started_at").is_not_null())
    scored = scored.filter(pl.col("agent_id").is_not_null()).with_columns(
        week_on=pl.col("started_at").dt.truncate("1w").dt.date()
    )
    every = scored["week_on"].unique().sort()
    if every.len() < 2 * weeks or scored["agent_id"].n_unique() < FEWEST_AGENTS:
        return None
    ends = scored.with_columns(
        end=pl.when(pl.col("week_on") < every[weeks]).then(0).when(pl.col("week_on") >= every[-weeks]).then(1)
    ).drop_nulls("end")
    late = pl.col("end") == 1
    sums = ends.group_by("agent_id").agg(
        early_sum=pl.col("overall").filter(~late).sum(),
        late_sum=pl.col("overall").filter(late).sum(),
        early_n=(~late).sum(),
        late_n=late.sum(),
    )
    y = sums.sort("agent_id").select("early_sum", "late_sum").to_numpy()
    n = sums.sort("agent_id").select("early_n", "late_n").to_numpy()
    early, late_mean = y.sum(axis=0) / n.sum(axis=0)
    without = (y.sum(axis=0) - y) / (n.sum(axis=0) - n)
    found = cluster_jackknife(float(late_mean - early), without[:, 1] - without[:, 0])
    return {"change": float(late_mean - early), "low": found.low, "high": found.high, "n": ends.height}
