"""Which interactions lack a score of the present epoch: found by comparing state, never remembered.

Lives here: arithmetic on ids and score keys. Not here: scoring (aftercall.scoring), reading (assets.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Unscored:
    """Days to score again, and how many interactions they hold."""

    days: tuple[str, ...]
    interaction_n: int


def unscored(core: pl.DataFrame, scored: pl.DataFrame, key_of: Callable[[str], str]) -> Unscored:
    """Return the days in which the scores do not agree with the core.

    Args: core, interaction_id, day_on, content_hash; scored, interaction_id, day_on, score_key of the present epoch;
        key_of, score key of a content hash.
    """
    want = core.with_columns(score_key=pl.Series([key_of(text) for text in core["content_hash"]], dtype=pl.String))
    on = ["interaction_id", "day_on", "score_key"]
    missing = want.join(scored, on=on, how="anti")
    stale = scored.join(want, on=on, how="anti")
    days = tuple(sorted({*missing["day_on"].to_list(), *stale["day_on"].to_list()}))
    return Unscored(days, core.filter(pl.col("day_on").is_in(days)).height)


def portions(core: pl.DataFrame, days: tuple[str, ...], limit_n: int) -> list[tuple[list[str], pl.DataFrame]]:
    """Return (days, their core_interaction rows) with about `limit_n` turns each; a larger day is one portion.

    Args: core, frame with day_on and turn_n.
    """
    sizes = dict.fromkeys(days, 0) | dict(
        core.filter(pl.col("day_on").is_in(days)).group_by("day_on").agg(pl.col("turn_n").sum()).iter_rows()
    )
    groups, taken, size = list[list[str]](), list[str](), 0
    for day in days:
        if taken and size + sizes[day] > limit_n:
            groups, taken, size = [*groups, taken], [], 0
        taken, size = [*taken, day], size + sizes[day]
    if taken:
        groups.append(taken)
    return [(group, core.filter(pl.col("day_on").is_in(group))) for group in groups]


def pieces(rows: pl.DataFrame, limit_n: int) -> list[pl.DataFrame]:
    """Return interactions in pieces of about `limit_n` turns each, at least one piece.

    Args: rows, frame with turn_n.
    """
    numbered = rows.with_columns(_piece=pl.col("turn_n").fill_null(0).cum_sum() // limit_n)
    parts = numbered.partition_by("_piece", maintain_order=True, include_key=False)
    return parts or [rows]
