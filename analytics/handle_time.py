"""Why average handle time moved: an exact split into talk, hold and after-call work, each into mix and rate.

Lives here: Kitagawa's identity on cell sums, for a change between two groups of rows. Not here: the effect of coaching on each
part (mart_study.py), reading tables (assets), drawing (plots.py). A part never claims cause: it is arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from aftercall.contracts.errors import ContractError, DesignError, UnknownColumn
from analytics.inference import Reals
from analytics.results import finite, signed

PARTS = ("talk_s", "hold_s", "acw_s")
CELLS = ("channel", "intent", "queue", "tenure_band")
PART_NAMES = {"talk_s": "talk", "hold_s": "hold", "acw_s": "after-call work"}
TOLERANCE_SHARE = 1e-9
EMPTY_POLICY = "a cell empty in one group takes the other group's mean there: its difference counts as mix, not as rate"


@dataclass(frozen=True, slots=True)
class PartSplit:
    """One part's share of the change, in seconds per interaction."""

    part: str
    mix_s: float
    rate_s: float

    @property
    def total_s(self) -> float:
        """Mix plus rate."""
        return self.mix_s + self.rate_s


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A change in average handle time from `a` to `b`, and the parts that add up to it exactly.

    Seconds per interaction. `cells` are mix contributions by cell, centred so that a cell of average length counts zero.
    """

    what: str
    aht_a: float
    aht_b: float
    change_s: float
    n_a: int
    n_b: int
    parts: tuple[PartSplit, ...]
    residual_s: float
    empty_cells: tuple[str, ...]
    cells: pl.DataFrame

    @property
    def mix_s(self) -> float:
        """The mix of all parts: other contacts, not other work on the same contacts."""
        return sum(part.mix_s for part in self.parts)

    @property
    def rate_s(self) -> float:
        """The rate of all parts: the same kind of contact took longer or shorter."""
        return sum(part.rate_s for part in self.parts)

    def __str__(self) -> str:
        parts = ", ".join(f"{PART_NAMES.get(p.part, p.part)} {signed(p.total_s)}" for p in self.parts)
        return (
            f"{self.what}: {signed(self.change_s)} s = {parts}; of this {signed(self.rate_s)} s from handling the same "
            f"contacts and {signed(self.mix_s)} s from other contacts; residual {abs(self.residual_s):.0e} s"
        )

    def tidy(self) -> pl.DataFrame:
        """Return one row per part: mix_s, rate_s, total_s."""
        return pl.DataFrame([{"part": p.part, "mix_s": p.mix_s, "rate_s": p.rate_s, "total_s": p.total_s} for p in self.parts])

    def as_record(self) -> dict[str, Any]:
        """Return the result under the names of the `decompose` promise, fit for JSON."""
        record = {
            "total": {"a": self.aht_a, "b": self.aht_b, "change": self.change_s},
            "parts": [{"part": p.part, "rate": p.rate_s, "mix": p.mix_s} for p in self.parts],
            "mix_by": self.cells.to_dicts(),
            "residual": self.residual_s,
            "empty_cells": list(self.empty_cells),
        }
        cleaned = finite(record)
        assert isinstance(cleaned, dict)
        return cleaned


def product_change(a0: float, b0: float, a1: float, b1: float) -> tuple[float, float]:
    """Return how much of a₁·b₁ − a₀·b₀ comes from a and how much from b. Source: Das Gupta (1993).

    >>> [round(x, 4) for x in product_change(10_930, 0.717892, 16_591, 0.825974)]
    [4369.9127, 1487.2624]
    """
    return (a1 - a0) * (b0 + b1) / 2, (b1 - b0) * (a0 + a1) / 2


@dataclass(frozen=True, slots=True)
class CellSums:
    """Volumes, shape (2, K), part sums, (2, P, K), and recorded totals, (2,), of two groups over the same K cells."""

    n: Reals
    sums: Reals
    whole: Reals
    names: tuple[str, ...]


def kitagawa(cells: CellSums) -> tuple[Reals, Reals, tuple[int, ...]]:
    """Return mix and rate per part and cell, each of shape (P, K), and the cells empty in one group.

    mix_k = (s₁ − s₀)(m₁ + m₀)/2 and rate_k = (s₁ + s₀)/2·(m₁ − m₀), s the share of the volume, m the mean in a cell.
    Raises: DesignError, a group has no volume. Source: Kitagawa (1955); spec statistics 4.13.
    """
    totals = cells.n.sum(axis=1)
    if (totals <= 0).any():
        raise DesignError(
            "One of the two groups has no interaction with a handle time; widen the period or map talk_s, hold_s, acw_s."
        )
    share = cells.n / totals[:, None]
    empty = cells.n == 0
    mean = cells.sums / np.where(empty, 1.0, cells.n)[:, None, :]
    for here, there in ((0, 1), (1, 0)):
        mean[here][:, empty[here]] = mean[there][:, empty[here]]
    mix = (share[1] - share[0]) * (mean[1] + mean[0]) / 2
    rate = (share[1] + share[0]) / 2 * (mean[1] - mean[0])
    return mix, rate, tuple(int(k) for k in np.flatnonzero(empty[0] ^ empty[1]))


def _cell_sums(a: pl.DataFrame, b: pl.DataFrame, cells: Sequence[str], parts: Sequence[str], volume: str) -> CellSums:
    columns = [f"{part}_sum" for part in parts]
    whole = ["handle_s_sum"] if tuple(parts) == PARTS and all("handle_s_sum" in frame.columns for frame in (a, b)) else []
    for frame in (a, b):
        for name in (*cells, volume, *columns):
            if name not in frame.columns:
                raise UnknownColumn(name, "mart_handle_time", frame.columns)
    both = pl.concat(
        [
            frame.select(*cells, pl.col(volume, *columns, *whole).cast(pl.Float64), pl.lit(i).alias("group"))
            for i, frame in enumerate((a, b))
        ]
    )
    both = both.filter(pl.col(volume) > 0).with_columns(pl.col(list(cells)).cast(pl.String).fill_null("unknown"))
    if nulls := both.select(pl.any_horizontal(pl.col(columns + whole).is_null()).sum()).item():
        raise ContractError(
            f"{nulls} cells have a volume but lack one of {', '.join(columns)}; count only complete handle times."
        )
    grouped = both.group_by(*cells, "group").agg(pl.col(volume, *columns, *whole).sum())
    keys = grouped.select(cells).unique().sort(cells)
    at = keys.with_row_index("k")
    placed = grouped.join(at, on=list(cells)).sort("group", "k")
    n, sums = np.zeros((2, keys.height)), np.zeros((2, len(columns), keys.height))
    group, k = placed["group"].to_numpy(), placed["k"].to_numpy()
    n[group, k] = placed[volume].to_numpy()
    for p, column in enumerate(columns):
        sums[group, p, k] = placed[column].to_numpy()
    totals = (
        np.array([placed.filter(pl.col("group") == g)["handle_s_sum"].sum() for g in (0, 1)])
        if whole
        else sums.sum(axis=(1, 2))
    )
    return CellSums(n, sums, totals.astype(float), tuple(" · ".join(row) for row in keys.iter_rows()))


def split_change(
    a: pl.DataFrame,
    b: pl.DataFrame,
    *,
    what: str,
    parts: Sequence[str] = PARTS,
    cells: Sequence[str] = CELLS,
    volume: str = "handled_n",
) -> Decomposition:
    """Split the change in average handle time from rows `a` to rows `b`, shaped as mart_handle_time.

    The whole comes from handle_s_sum where the rows carry it, so parts that do not add up to it are found.
    Raises: UnknownColumn; ContractError, sums are missing or the parts miss the total by 1e-9 of it; DesignError, no volume.

    >>> row = {"channel": "voice", "hold_s_sum": 0.0, "acw_s_sum": 0.0}
    >>> a = pl.DataFrame([{**row, "intent": "bill", "handled_n": 50, "talk_s_sum": 5000.0},
    ...                   {**row, "intent": "move", "handled_n": 50, "talk_s_sum": 10000.0}])
    >>> b = pl.DataFrame([{**row, "intent": "bill", "handled_n": 25, "talk_s_sum": 2000.0},
    ...                   {**row, "intent": "move", "handled_n": 75, "talk_s_sum": 15000.0}])
    >>> found = split_change(a, b, what="example", cells=("channel", "intent"))
    >>> found.change_s, found.mix_s, found.rate_s
    (20.0, 27.5, -7.5)
    """
    found = _cell_sums(a, b, cells, parts, volume)
    mix, rate, empty = kitagawa(found)
    n = found.n.sum(axis=1)
    aht = found.whole / n
    splits = tuple(PartSplit(part, float(mix[p].sum()), float(rate[p].sum())) for p, part in enumerate(parts))
    share = found.n / n[:, None]
    centred = mix.sum(axis=0) - (share[1] - share[0]) * float(aht.mean())
    by_cell = pl.DataFrame(
        {"cell": found.names, "mix_s": centred, "rate_s": rate.sum(axis=0), "n_a": found.n[0], "n_b": found.n[1]}
    )
    return _checked(
        Decomposition(
            what,
            float(aht[0]),
            float(aht[1]),
            float(aht[1] - aht[0]),
            int(n[0]),
            int(n[1]),
            splits,
            float(aht[1] - aht[0]) - float((mix + rate).sum()),
            tuple(found.names[k] for k in empty),
            by_cell,
        )
    )


def _checked(found: Decomposition) -> Decomposition:
    scale = max(abs(found.aht_a), abs(found.aht_b), 1.0)
    if not abs(found.residual_s) <= TOLERANCE_SHARE * scale:
        raise ContractError(
            f"{found.what}: the parts miss the change in handle time by {found.residual_s:.3e} s; talk_s, hold_s and acw_s "
            "must be complete and add up to handle_s."
        )
    return found
