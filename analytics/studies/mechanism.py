"""Was it chance? A declared mechanism is tested: against the assignment file where there is one, else against the past.

Lives here: matching assignments with the panel, a balance test by re-drawing starts. Not here: drawing assignments, verdicts.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, UnknownColumn
from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]
REFUSED_AT = 0.001
_RECENT, _DRAWS = 4, 2_999
_CONTROL_WORDS = frozenset({"control", "c", "0", "never", "no", "false", "hold-out", "holdout", "later", "wait"})


@dataclass(frozen=True, slots=True)
class Assigned:
    """How a panel agrees with its assignment file; `problems` empty: every start is the one that was drawn."""

    problems: tuple[str, ...]
    level: str
    n: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether those who start could have been drawn by lot among those not started; p None: too few to say."""

    p: float | None
    detail: str


def match_assignment(panel: LongPanel, table: pl.DataFrame) -> Assigned:
    """Compare an assignment file (unit, arm or start, probability) with the starts of a panel.

    `unit` holds units or clusters. Arms named control, 0, never and the like are not treated. Probabilities lie inside 0 and 1.
    Raises: UnknownColumn, ContractError, the file is no assignment.
    """
    for name in ("unit", "probability"):
        if name not in table.columns:
            raise UnknownColumn(name, "The assignment file", table.columns)
    if "arm" not in table.columns and "start" not in table.columns:
        raise UnknownColumn("arm", "The assignment file", table.columns)
    names = [_text(value) for value in table["unit"].to_list()]
    if len(set(names)) < len(names):
        raise ContractError(f"The assignment file names {len(names) - len(set(names))} units twice. Give each one row.")
    lacking = [len({_text(n) for n in level} - set(names)) / len(level) for level in (panel.unit_names, panel.cluster_names)]
    by_unit = lacking[0] <= lacking[1]
    known = [_text(n) for n in (panel.unit_names if by_unit else [panel.cluster_names[c] for c in panel.cluster.tolist()])]
    level = "unit" if by_unit else "cluster"
    started = panel.first < panel.period_n
    drawn = dict(zip(names, _treated(table), strict=True))
    problems = list[str]()
    absent = sum(name not in drawn for name in known)
    if absent:
        problems.append(f"{absent} of {panel.unit_n} units of the panel are not in the assignment file")
    differ = sum(drawn[name] != bool(on) for name, on in zip(known, started.tolist(), strict=True) if name in drawn)
    if differ:
        problems.append(f"{differ} units were not treated as drawn")
    if "start" in table.columns and not differ:
        starts = {name: _text(value) for name, value in zip(names, table["start"].to_list(), strict=True)}
        labels = [
            panel.time_labels[int(f)] if f < panel.period_n else "" for f in panel.first.clip(max=panel.period_n).tolist()
        ]
        moved = sum(starts[n] != label for n, label in zip(known, labels, strict=True) if label and n in starts)
        if moved:
            problems.append(f"{moved} units started in another period than drawn")
    chance = table["probability"].cast(pl.Float64, strict=False)
    if not bool(((chance > 0) & (chance < 1)).fill_null(value=False).all()):
        problems.append("some probabilities are not between 0 and 1, so it was not chance")
    return Assigned(tuple(problems), level, len(names))


def _text(value: object) -> str:
    text = str(value).strip()
    return text.removesuffix(".0")


def _treated(table: pl.DataFrame) -> list[bool]:
    column = table["arm" if "arm" in table.columns else "start"].to_list()
    return [
        value is not None and _text(value).lower() not in {*_CONTROL_WORDS, "", "none", "null", "nan", "inf"}
        for value in column
    ]


def balance_test(panel: LongPanel, *, seed: int, draws: int = _DRAWS) -> Balance:
    """Test whether, at each start, those who start differ from those not started yet in what was seen before.

    Compared are the mean of the last four periods, its change from before them, and every covariate; the largest of the
    standardised differences is set against re-drawn starts among the clusters not started by then.
    """
    rng, free = np.random.default_rng(seed), panel.rows(panel.time < panel.first[panel.unit])
    first = np.full(panel.cluster_n, np.inf)
    np.minimum.at(first, panel.cluster, panel.first)
    starts = np.unique(first[(first >= 1) & (first < panel.period_n)]).astype(np.int64)
    actual, drawn, words = list[Floats](), list[Floats](), ("recent level", "recent change", *panel.x_names)
    for g in starts.tolist():
        at_risk = np.flatnonzero(first >= g)
        values = _before(free, g)[at_risk]
        known = np.isfinite(values[:, 0])
        values, on = values[known], first[at_risk][known] == g
        if not on.any() or on.all():
            continue
        centred = np.where(np.isfinite(values), values, 0.0)
        centred = centred - centred.mean(axis=0)
        spread = np.sqrt((centred**2).mean(axis=0))
        scores = centred / np.where(spread > 1e-12, spread, 1.0)
        n, n1 = len(on), int(on.sum())
        as_score = np.sqrt((n - 1) / (n1 * (n - n1)))  # of a sum of n1 values drawn without putting back
        order = np.stack([rng.permutation(n)[:n1] for _ in range(draws)])
        actual.append(scores[on].sum(axis=0) * as_score)
        drawn.append(scores[order].sum(axis=1) * as_score)
    if not actual:
        return Balance(None, "nothing was seen before a start in both groups")
    total, re_drawn = np.abs(np.sum(actual, axis=0)), np.abs(np.sum(drawn, axis=0))
    largest = float(total.max())
    p = float((1 + (re_drawn.max(axis=1) >= largest - 1e-9).sum()) / (1 + draws))
    where = words[int(total.argmax())]
    score = largest / np.sqrt(len(actual))
    detail = f"largest difference in {where}, {score:.1f} standard errors, p = {p:.4f}"
    return Balance(p, f"starters against those not started yet, before the start: {detail}")


def _before(panel: LongPanel, g: int) -> Floats:
    """Return (G, 2 + k): the mean outcome of the last periods before g, its change from before them, covariates' means."""
    cluster = panel.cluster[panel.unit]

    def mean(of: Floats, rows: NDArray[np.bool_]) -> Floats:
        weight = np.bincount(cluster[rows], weights=panel.w[rows], minlength=panel.cluster_n)
        total = np.bincount(cluster[rows], weights=(panel.w * of)[rows], minlength=panel.cluster_n)
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)

    recent, earlier = (panel.time >= g - _RECENT) & (panel.time < g), panel.time < g - _RECENT
    level = mean(panel.y, recent)
    change = level - mean(panel.y, earlier)
    return np.column_stack([level, change, *(mean(x, recent) for x in panel.x.T)])
