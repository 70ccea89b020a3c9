"""The standing study on the agent-week mart: what it answers, refuses, and how its answer travels."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import ContractError, DesignError
from analytics.effect import Effect
from analytics.mart_study import coaching_effect
from analytics.panel import read_panel
from analytics.planted_effect import planted_mean, treated_cells
from assets.results import from_plain, to_plain

MONDAY = date(2026, 1, 5)


def panel_of(
    means: dict[str, list[float]], starts: dict[str, int | None], *, n: int = 10, mechanism: str = "rollout"
) -> pl.DataFrame:
    """One agent per team and week with exactly these means; `starts` is the week number of the first coaching."""
    rows = [
        {
            "agent_id": f"agent of {team}",
            "team_id": team,
            "week_on": MONDAY + timedelta(weeks=week),
            "first_treated_on": None if (start := starts[team]) is None else MONDAY + timedelta(weeks=start),
            "mechanism": None if start is None else mechanism,
            "interaction_n": n,
            "handled_n": n,
            "handle_s_sum": mean * n,
            "queue_wait_s_sum": 20.0 * n,
            "scored_n": n,
            "overall_sum": 80.0 * n,
        }
        for team, series in means.items()
        for week, mean in enumerate(series)
    ]
    return pl.DataFrame(rows, schema_overrides={"first_treated_on": pl.Date, "mechanism": pl.String}, infer_schema_length=None)


def noisy(
    *, mechanism: str = "rollout", pre: int = 10, wait_s: float = 0.0, effect_s: float = -40.0, seed: int = 2
) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    teams = [f"t{i:02d}" for i in range(14)]
    treated = set(teams[:7])
    means = {
        team: list(400 + rng.normal(0, 3, pre + 6) + np.r_[np.zeros(pre), np.full(6, effect_s if team in treated else 0.0)])
        for team in teams
    }
    weeks = panel_of(means, {team: pre if team in treated else None for team in teams}, mechanism=mechanism)
    late = (pl.col("week_on") >= MONDAY + timedelta(weeks=pre)) & pl.col("team_id").is_in(treated)
    jitter = pl.Series("j", rng.normal(0, 2, weeks.height))
    return weeks.with_columns(queue_wait_s_sum=10 * (20 + jitter + pl.when(late).then(wait_s).otherwise(0.0)))


def effect_of_mart(weeks: pl.DataFrame) -> Effect:
    return coaching_effect(read_panel(weeks))[0]


def codes(weeks: pl.DataFrame) -> tuple[str, list[str]]:
    effect = effect_of_mart(weeks)
    return effect.verdict, [r.code for r in effect.reasons]


def test_a_clear_effect_of_a_rollout_is_supported_and_says_how_far_trends_may_fail() -> None:
    effect = effect_of_mart(noisy())
    assert effect.verdict == "supported"
    assert effect.ci_low is not None
    assert effect.ci_high is not None
    assert effect.ci_low < -40 < effect.ci_high
    assert effect.breakdown is not None
    assert effect.breakdown >= 0.5


def test_nothing_is_inconclusive_and_says_what_it_could_have_seen() -> None:
    effect = effect_of_mart(noisy(effect_s=0.0))
    assert effect.verdict == "inconclusive"
    assert effect.mde_80 is not None
    assert effect.se is not None
    assert effect.mde_80 > 2 * effect.se > 0
    assert any("More data" in said for said in effect.changes)


def test_agents_who_chose_themselves_are_not_identified() -> None:
    verdict, found = codes(noisy(mechanism="opt_in"))
    assert verdict == "not identified"
    assert "OPT_IN" in found


def test_agents_picked_by_results_are_never_supported() -> None:
    verdict, found = codes(noisy(mechanism="triggered"))
    assert verdict != "supported"
    assert {"TRIGGERED", "NO_HOLD_OUT"} & set(found)


def test_a_moved_negative_control_refuses() -> None:
    verdict, found = codes(noisy(wait_s=30.0))
    assert verdict == "not identified"
    assert "CONTROL_MOVED" in found


@pytest.mark.parametrize(("pre", "verdict"), [(3, "not identified"), (5, "inconclusive")])
def test_a_short_pre_period_limits_the_verdict(pre: int, verdict: str) -> None:
    found = codes(noisy(pre=pre))
    assert found[0] == verdict
    assert "SHORT_PRE" in found[1]


def test_without_control_the_change_is_shown_but_not_identified() -> None:
    effect = effect_of_mart(noisy().filter(pl.col("first_treated_on").is_not_null()))
    assert effect.verdict == "not identified"
    assert "NO_CONTROL" in [r.code for r in effect.reasons]
    assert effect.estimate == pytest.approx(-40, abs=5)


def test_the_average_interaction_weighs_busy_agents_more() -> None:
    weeks = noisy()
    busy = pl.when(pl.col("team_id") == "t00").then(50).otherwise(1)
    sums = pl.col("interaction_n", "handled_n") * busy, pl.col("handle_s_sum", "queue_wait_s_sum") * busy
    slower = pl.when((pl.col("team_id") == "t00") & (pl.col("week_on") >= MONDAY + timedelta(weeks=10))).then(10_000.0)
    heavy = weeks.with_columns(*sums).with_columns(handle_s_sum=pl.col("handle_s_sum") + slower.otherwise(0.0))
    assert effect_of_mart(heavy).estimate == pytest.approx(-40 + 20 * 50 / 56, abs=2)


def test_the_effect_of_each_part_adds_up_to_the_effect() -> None:
    weeks = noisy()
    talk, hold = pl.col("handle_s_sum") * 0.7, pl.col("handle_s_sum") * 0.1 + pl.col("queue_wait_s_sum")
    weeks = weeks.with_columns(talk_s_sum=talk, hold_s_sum=hold, acw_s_sum=pl.col("handle_s_sum") - talk - hold)
    effect = effect_of_mart(weeks)
    assert [part.part for part in effect.parts] == ["talk_s", "hold_s", "acw_s"]
    assert abs(effect.parts_residual_s or 1.0) < 1e-9 * abs(effect.estimate)
    assert effect.parts[0].estimate_s == pytest.approx(0.7 * effect.estimate)


def test_permuted_rows_give_the_same_answer() -> None:
    weeks = noisy()
    one, two = (effect_of_mart(rows) for rows in (weeks, weeks.sample(fraction=1.0, shuffle=True, seed=3)))
    assert one.as_record() == two.as_record()


def test_a_coached_agent_counts_for_the_team_of_the_assignment() -> None:
    weeks = noisy()
    late = (pl.col("team_id") == "t13") & (pl.col("week_on") >= MONDAY + timedelta(weeks=12))
    moved = weeks.with_columns(team_id=pl.when(late).then(pl.lit("t00")).otherwise(pl.col("team_id")))
    assert read_panel(moved).moved_agent_n == 1
    assert effect_of_mart(moved).estimate == pytest.approx(effect_of_mart(weeks).estimate)


def test_an_effect_survives_the_way_to_json_and_back() -> None:
    effect = effect_of_mart(noisy())
    again = from_plain(Effect, json.loads(json.dumps(to_plain(effect), allow_nan=False)))
    assert again.as_record() == effect.as_record()
    assert str(again) == str(effect)
    assert again.course.equals(effect.course)


def test_json_never_carries_nan_or_infinity() -> None:
    effect = replace(effect_of_mart(noisy()), ci_low=float("-inf"), effective_clusters=float("nan"))
    record = json.loads(json.dumps(effect.as_record(), allow_nan=False))
    assert record["ci_low"] is None
    assert record["effective_clusters"] is None
    assert effect.tidy().height == 1


def test_planted_truth_is_averaged_over_exactly_the_cells_used() -> None:
    weeks = noisy(pre=10)
    cells = treated_cells(coaching_effect(read_panel(weeks))[1].panel)
    assert cells.height == 7 * 6
    truth = weeks.select(unit="agent_id", period=pl.col("week_on").cast(pl.String), te=pl.lit(-7.0))
    assert planted_mean(cells, truth) == pytest.approx(-7.0)
    with pytest.raises(DesignError, match="no planted te"):
        planted_mean(cells, truth.head(5))


def test_every_broken_rule_of_a_panel_is_named_with_its_fix() -> None:
    weeks = noisy()
    broken = pl.concat([weeks, weeks.head(1)]).with_columns(
        week_on=pl.col("week_on") + timedelta(days=1), handle_s_sum=pl.lit(float("nan"))
    )
    with pytest.raises(ContractError) as caught:
        read_panel(broken)
    for part in ("not a Monday (truncate", "repeated agent-weeks (add up", "NaN or infinity in handle_s_sum (missing is null)"):
        assert part in str(caught.value)


def test_a_panel_without_teams_or_without_coaching_says_what_to_load() -> None:
    weeks = noisy()
    with pytest.raises(ContractError, match="load the roster"):
        read_panel(weeks.with_columns(team_id=pl.lit(None, dtype=pl.String)))
    nobody = weeks.with_columns(first_treated_on=pl.lit(None, dtype=pl.Date), mechanism=pl.lit(None, dtype=pl.String))
    with pytest.raises(DesignError, match="Load the coaching events"):
        coaching_effect(read_panel(nobody))


def test_the_mechanism_has_no_default() -> None:
    with pytest.raises(DesignError, match="there is no default"):
        read_panel(noisy().with_columns(mechanism=pl.lit(None, dtype=pl.String)))
