"""What can be doubted about a difference-in-differences, and what verdict the doubts leave.

Lives here: pre-trend, placebo date, negative control, leaving by arm, reason codes and the verdict rule (spec statistics 2.2).
Not here: the estimate itself (did.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError, UnknownColumn
from analytics.contrast import Sums, estimate_of, jackknife_of, leverage_clusters, randomisation_of, sums_of
from analytics.inference import Interval, Reals, benjamini_hochberg
from analytics.panel import Outcome, Panel
from analytics.results import REFUSALS, CheckResult, Reason, Verdict, Window, reason, signed, words_of

LEAVING_LIMIT = 0.05
TOO_GOOD_SHARE = 0.20


@dataclass(frozen=True, slots=True)
class Check:
    """A check as shown, with what the verdict rule needs of it: `p`, and whether coaching could not have moved it."""

    shown: CheckResult
    name: str
    p: float | None = None
    is_control: bool = False
    value: float | None = None


def checks_of(
    panel: Panel, rows: pl.DataFrame, sums: Sums, control: Outcome | None, *, weights: str, by_chance: bool, seed: int
) -> list[Check]:
    """Return every diagnostic of one comparison, in the order they are read."""
    pre = rows.filter(pl.col("period") == 0)
    k, g_star, g1 = pre["week_on"].n_unique(), leverage_clusters(sums), int(sums.treated.sum())
    unit = "teams" if panel.level == "team" else "agents"
    plan = _Plan(by_chance, seed)
    return [
        Check(
            CheckResult("How many weeks before the first start?", k >= 4, f"{k} weeks; 4 are the least, 8 are wanted"), "pre"
        ),
        _pre_trend(pre, plan),
        _placebo(pre, plan),
        _negative_control(panel, rows, control, weights, plan),
        Check(
            CheckResult(
                f"Are there enough {unit}?",
                g_star >= 5,
                f"{g1} coached, {len(sums.clusters) - g1} control; worth {g_star:.1f} equal {unit} of {len(sums.clusters)}",
            ),
            "clusters",
        ),
        _leaving(rows),
        Check(
            CheckResult(
                "Could regression to the mean explain it?",
                None if panel.mechanism in ("triggered", "opt_in") else True,
                "start dates were not chosen by recent results"
                if panel.mechanism in ("randomised", "rollout")
                else f"mechanism is {panel.mechanism}: agents were picked, or picked themselves, by how they were doing",
            ),
            "rtm",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Plan:
    by_chance: bool
    seed: int

    def infer(self, sums: Sums, coef: Reals, unit: Reals) -> Interval:
        if self.by_chance and sums.has_control:
            return randomisation_of(sums, coef, unit, rng=np.random.default_rng(self.seed))
        return jackknife_of(sums, coef)


def _pre_trend(pre: pl.DataFrame, plan: _Plan) -> Check:
    question = "Were the groups moving together before?"
    weeks = pre["week_on"].unique().sort()
    if weeks.len() < 3:
        return Check(CheckResult(question, None, f"{weeks.len()} weeks before the start: a trend needs 3"), "trend")
    order = pl.DataFrame({"week_on": weeks, "place": np.arange(weeks.len())})
    sums = sums_of(pre.drop("period").join(order, on="week_on").rename({"place": "period"}), weeks.len())
    t = np.arange(weeks.len(), dtype=float)
    coef = (t - t.mean()) / np.sum((t - t.mean()) ** 2)
    return _tested(question, "trend", "difference in slope {v} a week before the start", sums, coef, t, plan)


def _placebo(pre: pl.DataFrame, plan: _Plan) -> Check:
    question = "Does a false start in the middle of the weeks before find nothing?"
    weeks = pre["week_on"].unique().sort()
    if weeks.len() < 4:
        return Check(CheckResult(question, None, f"{weeks.len()} weeks before the start: halves need 4"), "placebo")
    middle = weeks[weeks.len() // 2]
    halves = pre.with_columns(period=pl.when(pl.col("week_on") < middle).then(0).otherwise(1))
    sums = sums_of(halves, 2)
    detail = f"false start on {middle}: change {{v}}"
    return _tested(question, "placebo", detail, sums, np.array([-1.0, 1.0]), np.array([0.0, 1.0]), plan, is_control=True)


def _negative_control(panel: Panel, rows: pl.DataFrame, control: Outcome | None, weights: str, plan: _Plan) -> Check:
    question = "Does something coaching cannot move stay put?"
    if control is None:
        return Check(CheckResult(question, None, "no negative control outcome was given"), "negative")
    try:
        other = panel.outcome(control)
    except UnknownColumn as error:
        return Check(CheckResult(question, None, error.message), "negative")
    if weights == "agent":
        other = other.with_columns(y_sum=pl.col("y_sum") / pl.col("n"), n=pl.lit(1.0))
    placed = rows.select("agent_id", "week_on", "cluster", "is_treated", "period").drop_nulls("period")
    sums = sums_of(placed.join(other.select("agent_id", "week_on", "y_sum", "n"), on=["agent_id", "week_on"]), 2)
    if sums.n.size == 0:
        return Check(CheckResult(question, None, f"{control.name} was never recorded"), "negative")
    detail = f"{words_of(control.name)}: change {{v}} {control.unit}"
    return _tested(question, "negative", detail, sums, np.array([-1.0, 1.0]), np.array([0.0, 1.0]), plan, is_control=True)


def _tested(
    question: str, name: str, detail: str, sums: Sums, coef: Reals, unit: Reals, plan: _Plan, *, is_control: bool = False
) -> Check:
    value = estimate_of(sums, coef)
    try:
        found = plan.infer(sums, coef, unit)
    except DesignError as error:
        return Check(CheckResult(question, None, error.message), name)
    if not math.isfinite(value):
        return Check(CheckResult(question, None, "a group has no rows in a period"), name)
    said = f"{detail.format(v=signed(value, 2))}, p = {found.p:.2f}; a pass is weak evidence when teams are few"
    return Check(CheckResult(question, found.p >= 0.05, said), name, found.p, is_control, value)


def _leaving(rows: pl.DataFrame) -> Check:
    """Share of agents seen before the start and never after it, by arm."""
    question = "Do coached and control agents leave equally often?"
    seen = rows.drop_nulls("period").group_by("agent_id", "is_treated").agg(pl.col("period").unique())
    seen = seen.filter(pl.col("period").list.contains(0)).with_columns(left=~pl.col("period").list.contains(1))
    by_arm = {bool(key[0]): (int(arm["left"].to_numpy().sum()), arm.height) for key, arm in seen.group_by("is_treated")}
    if set(by_arm) != {True, False}:
        return Check(CheckResult(question, None, "only one group was there before the start"), "leaving")
    shares = {arm: gone / total for arm, (gone, total) in by_arm.items()}
    gap = shares[True] - shares[False]
    detail = (
        f"{by_arm[True][0]} of {by_arm[True][1]} coached and {by_arm[False][0]} of {by_arm[False][1]} control agents seen "
        f"before are gone after: {signed(100 * gap)} points; the limit is {100 * LEAVING_LIMIT:.0f}"
    )
    return Check(CheckResult(question, abs(gap) <= LEAVING_LIMIT, detail), "leaving", value=gap)


def reasons_of(
    panel: Panel,
    outcome: Outcome,
    window: Window,
    sums: Sums,
    checks: Sequence[Check],
    *,
    point: float,
    baseline: float,
    min_pre: int,
) -> list[Reason]:
    """Return every reason that limits the verdict, in the order of spec statistics 2.2."""
    found: list[Reason] = []
    g, g1, is_random = len(sums.clusters), int(sums.treated.sum()), panel.mechanism == "randomised"
    if not sums.has_control:
        found.append(reason("NO_CONTROL"))
    if panel.mechanism == "triggered":
        found.append(reason("TRIGGERED"))
    if panel.mechanism == "opt_in":
        found.append(reason("OPT_IN"))
    if outcome.is_auto_score:
        found.append(reason("AUTO_ONLY"))
    tested = [check for check in checks if check.is_control and check.p is not None]
    q = benjamini_hochberg(np.array([check.p for check in tested], dtype=float))
    if moved := [check.shown.detail.split(",")[0] for check, value in zip(tested, q, strict=True) if value < 0.05]:
        found.append(reason("CONTROL_MOVED", detail="; ".join(moved)))
    if not is_random and window.pre_week_n < min_pre:
        found.append(reason("SHORT_PRE", k=window.pre_week_n, needed=min_pre))
    if not is_random and window.pre_week_n == 1:
        found.append(reason("UNTESTED_PT"))
    smallest = 1 / math.comb(g, g1)
    if sums.has_control and smallest >= 0.05:
        found.append(reason("FEW_TEAMS", g1=g1, g=g, pmin=f"{smallest:.2f}"))
    leaving = next(check for check in checks if check.name == "leaving")
    if leaving.shown.passed is False and leaving.value is not None:
        found.append(reason("ATTRITION", pp=signed(100 * leaving.value)))
    if baseline > 0 and abs(point) > TOO_GOOD_SHARE * baseline:
        found.append(reason("TOO_GOOD"))
    if not is_random:
        found.append(reason("SENSITIVITY_PENDING"))
    return found


def verdict_of(
    panel: Panel,
    reasons: Sequence[Reason],
    *,
    p: float | None,
    low: float | None,
    high: float | None,
    pre_week_n: int,
    alpha: float,
) -> Verdict:
    """Return the verdict: refusals first, then everything a supported answer needs, else inconclusive."""
    codes = {r.code for r in reasons}
    too_short = panel.mechanism != "randomised" and pre_week_n < 4
    if codes & REFUSALS or too_short:
        return "not identified"
    if codes & {"FEW_TEAMS", "ATTRITION", "SENSITIVITY_PENDING", "SHORT_PRE", "NO_INTERVAL"}:
        return "inconclusive"
    excludes_zero = low is not None and high is not None and (low > 0 or high < 0)
    return "supported" if excludes_zero and p is not None and p < alpha else "inconclusive"
