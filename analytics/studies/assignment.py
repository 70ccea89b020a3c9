"""Who gets coached now, who later: a blocked random draw with a seed, written down before anything starts.

Lives here: the draw and its table. Not here: how many (power.py), what came of it (ancova.py).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from aftercall.contracts.errors import ContractError, DesignError, RequestError
from analytics.studies.drawn import is_untreated
from analytics.studies.series import need

PilotDesign = Literal["holdout", "staged"]
Training = Literal["coaching", "legal", "safety", "remedial"]
COLUMNS = ("unit", "arm", "block", "start", "probability", "seed")
NEVER_WITHHELD = ("legal", "safety", "remedial")


def assign(
    units: pl.DataFrame,
    *,
    unit: str,
    starts: Sequence[str],
    design: PilotDesign = "holdout",
    training: Training = "coaching",
    block: str | None = None,
    treated_share: float = 0.5,
    arms: Sequence[str] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """Return unit, arm, block, start, probability, seed: one row a unit, drawn within blocks.

    holdout: the treated share starts at starts[0], the others at starts[1] when given, else never (start empty); staged: units
    are dealt over all starts. arms are ways of giving it, such as immediate and next_day, dealt evenly among those of a start;
    with them a treated share of 1 deals ways alone. probability is that of the row's arm and start. A block's odd unit is
    decided by chance.
    Raises: RequestError, training that must not be withheld; UnknownColumn, ContractError, DesignError, a broken list.

    >>> table = assign(pl.DataFrame({"agent": ["a", "b", "c", "d"]}), unit="agent", starts=["2026-01-05", "2026-03-02"], seed=1)
    >>> table["arm"].value_counts().sort("arm")["count"].to_list(), table["probability"].to_list()
    ([2, 2], [0.5, 0.5, 0.5, 0.5])
    """
    if training in NEVER_WITHHELD:
        raise RequestError(
            f"{training} training must reach everybody at once; it is not withheld or delayed for a comparison. Randomise "
            "coaching beyond it, or compare ways of giving it."
        )
    _check(units, unit, starts, design, block, treated_share, arms)
    names = units[unit].cast(pl.String)
    blocks = units[block].cast(pl.String).fill_null("(none)") if block else pl.repeat("all", units.height, eager=True)
    order = np.argsort(names.to_numpy().astype(str))  # the draw does not hang on the order of the list
    labels, shares = _arms(starts, design, treated_share, arms)
    rng, arm = np.random.default_rng(seed), np.empty(units.height, dtype=np.int64)
    codes = blocks.to_numpy().astype(str)
    for one in np.unique(codes):
        members = order[codes[order] == one]
        arm[members] = rng.permutation(_places(len(members), shares, rng))
    table = pl.DataFrame({"unit": names, "block": blocks, "_arm": arm})
    chosen = pl.DataFrame(
        {"_arm": range(len(labels)), "arm": [a for a, _ in labels], "start": [s for _, s in labels], "probability": shares},
        schema_overrides={"start": pl.String, "_arm": pl.Int64},
    )
    return table.join(chosen, on="_arm").with_columns(seed=pl.lit(seed)).select(COLUMNS).sort("block", "unit")


def _arms(
    starts: Sequence[str], design: PilotDesign, treated_share: float, ways: Sequence[str]
) -> tuple[list[tuple[str, str | None]], list[float]]:
    if design == "staged":
        labels: list[tuple[str, str | None]] = [(f"start {k + 1}", start) for k, start in enumerate(starts)]
        if ways:
            labels = [(way, start) for start in starts for way in ways]
        return labels, [1 / len(labels)] * len(labels)
    treated: list[tuple[str, str | None]] = [(way, starts[0]) for way in ways or ("treated",)]
    shares = [treated_share / len(treated)] * len(treated)
    if treated_share == 1:
        return treated, shares
    return [*treated, ("held back", starts[1] if len(starts) > 1 else None)], [*shares, 1 - treated_share]


def notice_of(starts: Sequence[str], design: PilotDesign, arms: Sequence[str] = (), treated_share: float = 0.5) -> str:
    """Return the sentence that tells agents that coaching may be randomised, who waits until when, what is never withheld.

    >>> notice_of(["2026-01-05", "2026-03-02"], "holdout").split(". ")[0]
    'In this pilot chance decides who is coached first, from 2026-01-05 on; those who wait are coached from 2026-03-02 on'
    """
    what = "who is coached first" if treated_share < 1 or design == "staged" else "how coaching is given"
    if arms and (treated_share < 1 or design == "staged"):
        what += " and in which way"
    waiting = ""
    if design == "staged" or (treated_share < 1 and len(starts) > 1):
        waiting = f"; those who wait are coached from {starts[-1]} on"
        waiting = waiting if design == "holdout" else f"; those who wait longest are coached from {starts[-1]} on"
    elif treated_share < 1:
        waiting = "; no date is set for those who wait"
    return (
        f"In this pilot chance decides {what}, from {starts[0]} on{waiting}. Legal, safety and remedial training is "
        "given to everybody at once."
    )


def _places(n: int, shares: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Return how n units fall to arms: whole numbers as near the shares as can be, the rest by chance with equal odds.

    Systematic sampling on the shares keeps every unit's probability exactly its arm's share.
    """
    cuts = np.concatenate([[0.0], np.cumsum(shares)]) * n
    points = np.arange(n) + rng.random()
    return np.clip(np.searchsorted(cuts, points, side="right") - 1, 0, len(shares) - 1)


def _check(
    units: pl.DataFrame,
    unit: str,
    starts: Sequence[str],
    design: PilotDesign,
    block: str | None,
    treated_share: float,
    arms: Sequence[str],
) -> None:
    need(units, [unit, *([block] if block else [])], "The list of units")
    if missing := units[unit].null_count():
        raise ContractError(f"{missing} rows have no {unit}. Fill it in, or leave them out.")
    if twice := units.height - units[unit].n_unique():
        raise ContractError(f"{twice} rows repeat a {unit}. List each unit once.")
    if arms and (len(set(arms)) < max(2, len(arms)) or any(is_untreated(one) for one in arms)):
        raise RequestError(
            f"Arms {', '.join(arms)} cannot be dealt. Give two or more ways of coaching, all different, such as "
            "immediate,next_day; who waits is dealt by the design."
        )
    if not 0 < treated_share < 1 and not (treated_share == 1 and arms and design == "holdout"):
        raise RequestError(f"A treated share of {treated_share:g} leaves an arm empty. Give a share between 0 and 1.")
    if (
        len(set(starts)) < len(starts)
        or len(starts) < (2 if design == "staged" else 1)
        or (design == "holdout" and len(starts) > (1 if treated_share == 1 else 2))
    ):
        raise RequestError("holdout takes one start, or two (now and later); staged takes two or more, all different.")
    n = max(2, len(_arms(starts, design, treated_share, arms)[0]))
    if units.height < 2 * n:
        raise DesignError(f"{units.height} units for {n} arms; at least two in each are needed.")
