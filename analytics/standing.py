"""Who is strong on an outcome, judged on the same kinds of contact and drawn towards all by what chance explains.

Lives here: outcome sums -> the top share of agents. Not here: what they do differently (best_practice.py). The list serves
comparisons and is shown to nobody: no rank leaves this floor.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError, UnknownColumn
from analytics.shrinkage import shrink

FEWEST_AGENTS, FEWEST_OUTCOMES = 5, 5
# Below this, more than two thirds of what makes an agent strong is chance.
RELIABLE = 0.33
CELL = ("intent", "tenure_band")
_NEEDED = ("agent_id", *CELL, "outcome_sum", "outcome_sq_sum", "outcome_n")


@dataclass(frozen=True, slots=True)
class Standing:
    """`agents`: agent_id, is_top; `reliability`: which part of the differences between agents is more than chance, 0 to 1."""

    agents: pl.DataFrame
    reliability: float


def strongest(before: pl.DataFrame, *, higher_is_better: bool = True, top_share: float = 0.25) -> Standing:
    """Return who of the agents with enough outcomes is strong: the top share by standing, at least five.

    Standing is the mean difference from the centre's mean of the same intent and tenure band, drawn towards all agents by its
    own uncertainty (empirical Bayes), so that few lucky contacts make nobody strong.
    Args: before, agent_id, intent, tenure_band, outcome_sum, outcome_sq_sum, outcome_n of the earlier period.
    Raises: DesignError, fewer than ten agents with five outcomes; UnknownColumn.
    """
    need_columns(before, _NEEDED, "before")
    cells = before.group_by(*CELL).agg(cell_mean=pl.col("outcome_sum").sum() / pl.col("outcome_n").sum())
    joined = before.filter(pl.col("outcome_n") > 0).join(cells, on=CELL, nulls_equal=True)
    m = pl.col("cell_mean")
    squares = pl.col("outcome_sq_sum") - 2 * m * pl.col("outcome_sum") + pl.col("outcome_n") * m**2
    agents = (
        joined.with_columns(gap_sum=pl.col("outcome_sum") - pl.col("outcome_n") * m, gap_sq_sum=squares)
        .group_by("agent_id")
        .agg(pl.col("gap_sum", "gap_sq_sum", "outcome_n").sum())
        .filter(pl.col("outcome_n") >= FEWEST_OUTCOMES)
        .sort("agent_id")
    )
    if agents.height < 2 * FEWEST_AGENTS:
        raise DesignError(
            f"{agents.height} agents have {FEWEST_OUTCOMES} outcomes or more in the earlier period and {2 * FEWEST_AGENTS} are "
            "needed, five on either side: load more weeks of outcomes (surveys with interaction_id)."
        )
    n, total, sq = (agents[name].to_numpy().astype(float) for name in ("outcome_n", "gap_sum", "gap_sq_sum"))
    spread = float((sq.sum() - np.sum(total**2 / n)) / max(n.sum() - n.size, 1))
    shrunk = shrink(total / n, np.maximum(spread, 1e-12) / n)
    standing = shrunk.mean * (1 if higher_is_better else -1)
    k = max(FEWEST_AGENTS, round(top_share * agents.height))
    order = np.argsort(-standing, kind="stable")
    is_top = np.zeros(agents.height, dtype=bool)
    is_top[order[:k]] = True
    noise = float(np.mean(np.maximum(spread, 1e-12) / n))
    chosen = agents.select("agent_id").with_columns(is_top=pl.Series(is_top))
    return Standing(chosen, shrunk.prior_variance / (shrunk.prior_variance + noise))


def need_columns(frame: pl.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Raise UnknownColumn for the first column that a frame lacks."""
    for column in columns:
        if column not in frame.columns:
            raise UnknownColumn(column, name, frame.columns)
