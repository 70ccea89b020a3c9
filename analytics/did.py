"""Difference-in-differences of group means on the agent-week panel: a first, honest slice.

Lives here: which weeks and arms are compared, the estimate, the cells it used. Not here: its diagnostics and verdict
(did_checks.py), the arithmetic (contrast.py). With several start dates the weeks between first and last start are left out.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.contrast import (
    Inference,
    Sums,
    estimate_of,
    jackknife_of,
    leverage_clusters,
    needs_randomisation,
    randomisation_of,
    sums_of,
)
from analytics.did_checks import checks_of, reasons_of, verdict_of
from analytics.inference import Interval
from analytics.panel import HANDLE_S, QUEUE_WAIT_S, Outcome, Panel
from analytics.results import CrossCheck, Effect, Window, reason

Weights = Literal["interaction", "agent"]
PRE_POST = np.array([-1.0, 1.0])
IN_POST = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows that enter: cluster, agent_id, week_on, is_treated, period (0 before, 1 after, null left out), y_sum, n."""

    rows: pl.DataFrame
    window: Window


def compare(panel: Panel, outcome: Outcome, *, weights: Weights) -> Comparison:
    """Return which rows are before and after, coached and control.

    Before: weeks ahead of the first start of all. After: weeks from the last start on.
    Raises: DesignError, nobody was coached, or there are no weeks before or after.
    """
    first_on, last_on = panel.first_on, panel.last_on
    if first_on is None or last_on is None:
        raise DesignError(
            "Nobody in this panel was ever coached, so there is no effect to estimate. "
            "Load the coaching events (agent_id, item_id, exposure_kind=delivered, exposed_at)."
        )
    rows = panel.outcome(outcome)
    if weights == "agent":
        rows = rows.with_columns(y_sum=pl.col("y_sum") / pl.col("n"), n=pl.lit(1.0))
    week = pl.col("week_on")
    rows = rows.select(
        "agent_id",
        "week_on",
        "y_sum",
        "n",
        cluster=pl.col("team_id" if panel.level == "team" else "agent_id"),
        is_treated=pl.col("starts_on").is_not_null(),
        period=pl.when(week < first_on).then(0).when(week >= last_on).then(1).otherwise(None),
    )
    return Comparison(rows, _window(rows, outcome, first_on, last_on))


def _window(rows: pl.DataFrame, outcome: Outcome, first_on: date, last_on: date) -> Window:
    pre, post = (sorted(rows.filter(pl.col("period") == p)["week_on"].unique()) for p in (0, 1))
    if not pre or not post:
        missing = f"before {first_on}" if not pre else f"from {last_on} on"
        raise DesignError(
            f"No week {missing} has {outcome.name}: the change cannot be computed. Load earlier or later weeks, "
            f"or map the columns behind {outcome.sum_column}."
        )
    left_out = rows.filter(pl.col("period").is_null())["week_on"].n_unique()
    return Window(pre[0], pre[-1], post[0], post[-1], len(pre), left_out, len(post))


def estimate_did(
    panel: Panel,
    outcome: Outcome = HANDLE_S,
    *,
    weights: Weights = "interaction",
    inference: Inference = "auto",
    negative_control: Outcome | None = QUEUE_WAIT_S,
    min_pre: int = 8,
    alpha: float = 0.05,
    seed: int = 7,
) -> Effect:
    """Return the change of coached agents minus the change of never-coached ones, with diagnostics and verdict.

    Args: weights, "interaction" is the effect on the average interaction, "agent" on the average agent-week; inference, "auto"
        takes the team jackknife with t(G − 1), and randomisation inference where few teams make it necessary; negative_control,
        an outcome coaching cannot move, None when the panel has none; min_pre, pre-weeks a better verdict than inconclusive
        needs; seed, for re-assignments when there are too many to list.
    Raises: DesignError, nobody was coached or a period is empty; UnknownColumn, the outcome is not in the panel.
    Source: spec statistics 4.4-4.6; Angrist & Pischke (2009), section 5.2.
    """
    compared = compare(panel, outcome, weights=weights)
    sums = sums_of(compared.rows.drop_nulls("period"), 2)
    rng = np.random.default_rng(seed)
    jackknife, failed = _jackknife(sums, alpha)
    by_chance = inference == "ri" or (inference == "auto" and needs_randomisation(sums))
    shown = randomisation_of(sums, PRE_POST, IN_POST, rng=rng, alpha=alpha) if by_chance and sums.has_control else jackknife
    point, baseline = estimate_of(sums, PRE_POST), float(sums.y[sums.treated, 0].sum() / sums.n[sums.treated, 0].sum())
    g_star, g, g1 = leverage_clusters(sums), len(sums.clusters), int(sums.treated.sum())
    checks = checks_of(panel, compared.rows, sums, negative_control, weights=weights, by_chance=by_chance, seed=seed)
    reasons = reasons_of(panel, outcome, compared.window, sums, checks, point=point, baseline=baseline, min_pre=min_pre)
    reasons += [reason("NO_INTERVAL", detail=failed)] if shown is None else []
    used = compared.rows.drop_nulls("period")
    in_used = panel.frame.select("agent_id", "week_on", n_all=outcome.count_column)
    spread = stats.t(g - 1) if g > 1 else stats.norm()
    se = jackknife.se if jackknife is not None else None
    low, high = (_finite(shown.low), _finite(shown.high)) if shown is not None else (None, None)
    p = shown.p if shown is not None else None
    return Effect(
        outcome=outcome.name,
        unit=outcome.unit,
        estimand=f"effect on the average {'interaction' if weights == 'interaction' else 'agent-week'} of coached teams, "
        "weeks from the last start on",
        estimate=point,
        se=se,
        ci_low=low,
        ci_high=high,
        p=p,
        method=_method(panel, by_chance=by_chance and sums.has_control, g=g, has_control=sums.has_control),
        n_obs=used.height,
        n_interactions=int(used.join(in_used, on=["agent_id", "week_on"], how="left")["n_all"].sum()),
        n_units=used["agent_id"].n_unique(),
        n_clusters=g,
        n_treated_clusters=g1,
        effective_clusters=g_star,
        baseline=baseline,
        mde_80=None if se is None else float(spread.ppf(0.975) + spread.ppf(0.8)) * se,
        equivalence_bound=None if se is None else abs(point) + float(spread.ppf(0.95)) * se,
        window=compared.window,
        diagnostics=tuple(check.shown for check in checks),
        cross_checks=_cross_checks(panel, outcome, weights),
        warnings=_warnings(panel),
        verdict=verdict_of(panel, reasons, p=p, low=low, high=high, pre_week_n=compared.window.pre_week_n, alpha=alpha),
        reasons=tuple(reasons),
    )


def _jackknife(sums: Sums, alpha: float) -> tuple[Interval | None, str]:
    try:
        return jackknife_of(sums, PRE_POST, alpha=alpha), ""
    except DesignError as error:
        return None, error.message


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _method(panel: Panel, *, by_chance: bool, g: int, has_control: bool) -> str:
    shape = "2×2 difference-in-differences" if has_control else "before/after without a control group"
    unit = "teams" if panel.level == "team" else "agents"
    how = f"p and interval from re-assigning {unit} (few {unit})" if by_chance else f"jackknife over {unit}, t({g - 1})"
    return f"{shape}, {how}; first version"


def _cross_checks(panel: Panel, outcome: Outcome, weights: Weights) -> tuple[CrossCheck, ...]:
    """The other estimand beside: an average over interactions and one over agents answer different questions."""
    other: Weights = "agent" if weights == "interaction" else "interaction"
    sums = sums_of(compare(panel, outcome, weights=other).rows.drop_nulls("period"), 2)
    found, _ = _jackknife(sums, 0.05)
    return (CrossCheck(f"same, weights={other}", estimate_of(sums, PRE_POST), None if found is None else found.se),)


def _warnings(panel: Panel) -> tuple[str, ...]:
    if panel.moved_agent_n == 0:
        return ()
    who = "1 agent" if panel.moved_agent_n == 1 else f"{panel.moved_agent_n} agents"
    return (f"{who} changed team and counts for the team of the time when coaching was decided.",)


def treated_cells(panel: Panel, outcome: Outcome = HANDLE_S) -> pl.DataFrame:
    """Return agent_id, week_on, n: the coached cells behind the estimate, to average a planted effect over exactly these.

    `n` is the interactions with the outcome. Weight by it for weights="interaction", by one for weights="agent".
    """
    rows = compare(panel, outcome, weights="interaction").rows
    used = rows.filter(pl.col("is_treated") & (pl.col("period") == 1))
    return used.select("agent_id", "week_on", n=pl.col("n").cast(pl.Int64)).sort("agent_id", "week_on")


def planted_mean(cells: pl.DataFrame, truth: pl.DataFrame, *, column: str = "te", weights: Weights = "interaction") -> float:
    """Return the mean planted effect over the cells an estimate used, in the unit of `column`.

    Args: cells, from treated_cells; truth, agent_id, week_on and the planted effect of that agent-week.
    Raises: DesignError, a cell has no planted value.
    """
    joined = cells.join(truth.select("agent_id", "week_on", te=column), on=["agent_id", "week_on"], how="left")
    if absent := joined["te"].null_count():
        raise DesignError(f"{absent} of {cells.height} treated cells have no planted {column}; the truth must cover every one.")
    weight = joined["n"].to_numpy() if weights == "interaction" else np.ones(joined.height)
    return float(np.average(joined["te"].to_numpy(), weights=weight))


def weekly_difference(panel: Panel, outcome: Outcome = HANDLE_S, *, alpha: float = 0.05) -> pl.DataFrame:
    """Return week by week how far coached and control agents are apart, compared with their mean distance before the start.

    Columns: week_on, treated, control, difference, ci_low, ci_high (unit of the outcome), n_treated, n_control, period.
    Intervals by team jackknife, null where it does not exist. Not an event study: calendar weeks, not weeks since the start.
    """
    rows = compare(panel, outcome, weights="interaction").rows
    both = rows.group_by("week_on").agg(pl.col("is_treated").n_unique().alias("arms")).filter(pl.col("arms") == 2)
    weeks = both["week_on"].sort()
    order = pl.DataFrame({"week_on": weeks, "place": np.arange(weeks.len())})
    placed = rows.join(order, on="week_on")
    sums = sums_of(placed.drop("period").rename({"place": "period"}), weeks.len())
    periods = placed.group_by("week_on").agg(pl.col("period").first()).sort("week_on")["period"]
    before = (periods == 0).fill_null(value=False).to_numpy()
    lines: list[dict[str, object]] = []
    for at in range(weeks.len()):
        coef = np.where(before, -1.0 / max(1, int(before.sum())), 0.0)
        coef[at] += 1.0
        found = _interval_or_none(sums, coef, alpha)
        arms = {
            name: (float(sums.y[arm, at].sum() / sums.n[arm, at].sum()), int(sums.n[arm, at].sum()))
            for name, arm in (("treated", sums.treated), ("control", ~sums.treated))
        }
        lines.append(
            {
                "week_on": weeks[at],
                "treated": arms["treated"][0],
                "control": arms["control"][0],
                "difference": estimate_of(sums, coef),
                "ci_low": None if found is None else found.low,
                "ci_high": None if found is None else found.high,
                "n_treated": arms["treated"][1],
                "n_control": arms["control"][1],
                "period": {0: "before", 1: "after"}.get(periods[at], "roll-out"),
            }
        )
    return pl.DataFrame(lines)


def _interval_or_none(sums: Sums, coef: np.ndarray, alpha: float) -> Interval | None:
    try:
        return jackknife_of(sums, coef, alpha=alpha)
    except DesignError:
        return None
