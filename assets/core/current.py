"""Which versions are current, and which days must be rebuilt: found by comparing state, never remembered.

Lives here: arithmetic on record heads (key, hash, order of arrival, day). Not here: reading them (assets.core.assets),
what a record means (conversations.py, reference.py).
"""

from dataclasses import dataclass

import polars as pl

HEADS = ("record_kind", "record_key", "content_hash", "day_on", "received_n")
UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What a rebuild of the core must do: which days, and the current heads of every interaction in them."""

    days: tuple[str, ...]
    expected: pl.DataFrame
    heads: pl.DataFrame

    @property
    def raw_days(self) -> list[str]:
        """Return the partitions of raw_record that hold these heads: a leg may be dated where its transcript is not."""
        return sorted(self.heads["day_on"].unique().to_list())


def current(heads: pl.DataFrame) -> pl.DataFrame:
    """Return the head of each record's latest version: the last received wins."""
    return heads.sort("received_n").unique(["record_kind", "record_key"], keep="last", maintain_order=True)


def with_interaction_id(heads: pl.DataFrame) -> pl.DataFrame:
    """Return the heads of interactions and legs with the id of their interaction; a leg's key is `id|leg_no`.

    >>> rows = {"record_kind": ["leg"], "record_key": ["a|1|0"], "content_hash": ["x"], "day_on": ["d"], "received_n": [1]}
    >>> with_interaction_id(pl.DataFrame(rows))["interaction_id"].to_list()
    ['a|1']
    """
    ours = heads.filter(pl.col("record_kind").is_in(["interaction", "leg"]))
    stem = pl.col("record_key").str.replace(r"\|[^|]*$", "")
    return ours.with_columns(interaction_id=pl.when(pl.col("record_kind") == "leg").then(stem).otherwise(pl.col("record_key")))


def expected(heads: pl.DataFrame) -> pl.DataFrame:
    """Return, per interaction, the day it belongs to and the hash its core row must carry.

    The day is the transcript's, else its earliest leg's, else 'undated'. The hash joins the hashes of the current
    transcript and legs, so that a change of either changes it.
    """
    ours = with_interaction_id(current(heads)).sort("interaction_id", "record_kind", "record_key")
    dated = pl.col("day_on").filter(pl.col("day_on") != UNDATED)
    transcript_day = pl.col("day_on").filter((pl.col("record_kind") == "interaction") & (pl.col("day_on") != UNDATED)).first()
    return ours.group_by("interaction_id", maintain_order=True).agg(
        day_on=pl.coalesce(transcript_day, dated.min(), pl.lit(UNDATED)),
        content_hash=pl.col("content_hash").str.slice(0, 32).str.join("+"),
    )


def rebuild(heads: pl.DataFrame, built: pl.DataFrame) -> Rebuild:
    """Return what must be rebuilt so that the core agrees with the heads.

    Args: heads, frame of HEADS; built, frame of interaction_id, day_on, content_hash as the core has them.
    """
    want = expected(heads)
    row = ["interaction_id", "day_on", "content_hash"]
    new = want.join(built, on=row, how="anti")
    # By row, not by id: killed between two days, a moved interaction stands on both, and the old day must still go.
    gone = built.join(want, on=row, how="anti")
    days = tuple(sorted({*new["day_on"].to_list(), *gone["day_on"].to_list()}))
    inside = want.filter(pl.col("day_on").is_in(days))
    ours = with_interaction_id(current(heads)).join(inside.select("interaction_id"), on="interaction_id", how="semi")
    return Rebuild(days, inside, ours)


def in_portions(plan: Rebuild, limit_n: int) -> list[Rebuild]:
    """Return the rebuild in portions of whole days with at most about `limit_n` interactions each."""
    counts = plan.expected.group_by("day_on").len().sort("day_on")
    sizes = dict.fromkeys(plan.days, 0) | dict(counts.iter_rows())
    portions, taken, size = list[list[str]](), list[str](), 0
    for day in plan.days:
        if taken and size + sizes[day] > limit_n:
            portions, taken, size = [*portions, taken], [], 0
        taken, size = [*taken, day], size + sizes[day]
    if taken:
        portions.append(taken)
    return [_only(plan, days) for days in portions]


def _only(plan: Rebuild, days: list[str]) -> Rebuild:
    inside = plan.expected.filter(pl.col("day_on").is_in(days))
    return Rebuild(tuple(days), inside, plan.heads.join(inside.select("interaction_id"), on="interaction_id", how="semi"))


def pieces(portion: Rebuild, limit_n: int) -> list[Rebuild]:
    """Return a portion in pieces of at most `limit_n` interactions; a portion without any is one empty piece."""
    if portion.expected.height <= limit_n:
        return [portion]
    parts = [portion.expected.slice(at, limit_n) for at in range(0, portion.expected.height, limit_n)]
    ours = "interaction_id"
    return [Rebuild(portion.days, part, portion.heads.join(part.select(ours), on=ours, how="semi")) for part in parts]
