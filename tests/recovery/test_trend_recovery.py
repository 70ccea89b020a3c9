"""Behaviour trends: planted slopes are found, flags are mostly right, small numbers and mixed epochs are refused.

400 agents, 20 weeks, 12 moments a week. A slope's standard error is about √(0.24 / (240 · 33)) ≈ 0.0055 a week; a tenth of the
agents change by ±0.02 a week, near four of these. False discoveries at q < 0.05 over about 40 flags:
at most 5 % + 3 · 3.4 points.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from analytics.trend import find_trends, fit_line, sentence_of

MONDAY = date(2026, 1, 5)
AGENTS, WEEKS, MOMENTS, SLOPE = 400, 20, 12, 0.02
WRONG_FLAGS = 0.153


def planted(rng: np.random.Generator, *, epoch: str = "e1", moments: int = MOMENTS) -> tuple[pl.DataFrame, np.ndarray]:
    slopes = np.where(np.arange(AGENTS) < AGENTS // 10, SLOPE * rng.choice([-1, 1], AGENTS), 0.0)
    level = np.clip(rng.normal(0.5, 0.06, AGENTS), 0.35, 0.65)
    t = np.arange(WEEKS) - (WEEKS - 1) / 2
    share = np.clip(level[:, None] + slopes[:, None] * t, 0.01, 0.99)
    done = rng.binomial(moments, share)
    agent, week = np.meshgrid(np.arange(AGENTS), np.arange(WEEKS), indexing="ij")
    frame = pl.DataFrame(
        {
            "agent_id": [f"a{i:03d}" for i in agent.ravel()],
            "week_on": [MONDAY + timedelta(weeks=int(w)) for w in week.ravel()],
            "question_id": "greets",
            "score_epoch": epoch,
            "interaction_n": moments,
            "called_for_n": moments,
            "done_n": done.ravel(),
            "na_n": 0,
            "null_n": 0,
        }
    )
    return frame, slopes


def test_planted_slopes_are_found_and_flags_are_mostly_right() -> None:
    frame, slopes = planted(np.random.default_rng(7))
    found = find_trends(frame)
    rows = found.rows.sort("agent_id")
    raw = rows["slope"].to_numpy()
    covered = np.mean((rows["slope_low"].to_numpy() <= slopes) & (slopes <= rows["slope_high"].to_numpy()))
    assert 0.92 <= covered <= 0.99, "95 % ± three standard errors of 1.1 points, and quasi-binomial is never narrower"
    assert np.mean((raw - slopes) ** 2) > np.mean((rows["shrunk_slope"].to_numpy() - slopes) ** 2), "shrinkage must pay"
    flagged = rows.with_columns(truth=pl.Series(slopes)).filter(pl.col("state").is_in(["improving", "declining"]))
    assert flagged.height > AGENTS // 20, "at least half of what was planted"
    sign = pl.when(pl.col("state") == "improving").then(1).otherwise(-1)
    wrong = flagged.filter(sign * pl.col("truth") <= 0).height
    assert wrong / flagged.height <= WRONG_FLAGS
    assert found.family_n == AGENTS


def test_no_trend_is_flagged_where_none_is() -> None:
    rng = np.random.default_rng(8)
    frame, _ = planted(rng)
    still = frame.with_columns(done_n=pl.Series(rng.binomial(MOMENTS, 0.5, frame.height)))
    assert find_trends(still).rows["state"].is_in(["improving", "declining"]).sum() <= 1


def test_permuted_rows_give_the_same_trends() -> None:
    frame, _ = planted(np.random.default_rng(9))
    few = frame.filter(pl.col("agent_id") < "a020")
    assert find_trends(few).rows.equals(find_trends(few.sample(fraction=1, shuffle=True, seed=2)).rows)


def test_under_thirty_effective_interactions_no_trend_is_shown() -> None:
    frame, _ = planted(np.random.default_rng(7), moments=1)
    found = find_trends(frame)
    assert set(found.rows["state"]) == {"too few"}
    assert found.rows["shrunk_slope"].null_count() == found.rows.height
    assert [r.code for r in found.reasons] == ["SMALL_N"]
    assert "too few scored interactions" in sentence_of(found.rows.row(0, named=True))


def test_two_epochs_never_meet_on_one_line() -> None:
    one, two = (planted(np.random.default_rng(s), epoch=e)[0] for s, e in ((1, "e1"), (2, "e2")))
    both = pl.concat([one, two.with_columns(week_on=pl.col("week_on") + timedelta(weeks=WEEKS))])
    with pytest.raises(DesignError, match="not comparable"):
        find_trends(both)
    assert find_trends(both, epoch="e2").epoch == "e2"
    with pytest.raises(DesignError, match="no epoch 'e3'"):
        find_trends(both, epoch="e3")


def test_weeks_that_vary_more_than_chance_count_for_less() -> None:
    weeks, called = np.arange(10.0), np.full(10, 20.0)
    smooth = fit_line(weeks, np.full(10, 10.0), called)
    wild = fit_line(weeks, np.tile([2.0, 18.0], 5), called)
    assert smooth is not None
    assert wild is not None
    assert smooth.n_eff == pytest.approx(200)
    assert wild.n_eff < 60
    assert wild.slope_variance > 3 * smooth.slope_variance
