"""The 2×2 estimate: known answers, refusals, verdict rules and the promise of its JSON."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import ContractError, DesignError
from analytics.did import estimate_did, planted_mean, treated_cells, weekly_difference
from analytics.panel import HANDLE_S, OVERALL, read_panel

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


def steady(teams: dict[str, tuple[float, float]], *, pre: int = 8, post: int = 4) -> dict[str, list[float]]:
    return {team: [before] * pre + [after] * post for team, (before, after) in teams.items()}


FOUR = {"a": (10.0, 12.0), "b": (10.0, 12.0), "c": (10.0, 11.0), "d": (10.0, 11.0)}
FOUR_STARTS = {"a": 8, "b": 8, "c": None, "d": None}


def test_the_textbook_table_gives_one() -> None:
    effect = estimate_did(read_panel(panel_of(steady(FOUR), FOUR_STARTS)))
    assert effect.estimate == pytest.approx(1.0)
    assert effect.baseline == pytest.approx(10.0)
    assert effect.window.pre_week_n, effect.window.post_week_n == (8, 4)


def test_transition_weeks_between_two_starts_are_left_out_and_counted() -> None:
    means = steady({"a": (10.0, 13.0), "b": (10.0, 13.0), "c": (10.0, 11.0), "d": (10.0, 11.0)}, pre=8, post=6)
    for team in "ab":
        means[team][8:10] = [99.0, 99.0]
    effect = estimate_did(read_panel(panel_of(means, {"a": 8, "b": 10, "c": None, "d": None})))
    assert effect.window.left_out_week_n == 2
    assert effect.window.post_from_on == MONDAY + timedelta(weeks=10)
    assert effect.estimate == pytest.approx(2.0)


def test_interaction_and_agent_weights_are_two_estimands() -> None:
    weeks = panel_of(steady({"a": (100.0, 90.0), "b": (100.0, 60.0), "c": (100.0, 100.0), "d": (100.0, 100.0)}), FOUR_STARTS)
    busy = pl.when(pl.col("team_id") == "a").then(3).otherwise(1)
    weeks = weeks.with_columns(
        pl.col("interaction_n", "handled_n", "scored_n") * busy, pl.col("handle_s_sum", "queue_wait_s_sum") * busy
    )
    panel = read_panel(weeks)
    by_interaction, by_agent = (estimate_did(panel, weights=w) for w in ("interaction", "agent"))
    assert by_interaction.estimate == pytest.approx(-(3 * 10 + 40) / 4)
    assert by_agent.estimate == pytest.approx(-25.0)
    assert by_interaction.cross_checks[0].estimate == pytest.approx(by_agent.estimate)


def test_permuted_rows_give_the_same_answer() -> None:
    rng = np.random.default_rng(5)
    means = {team: list(rng.normal(300, 30, 14)) for team in "abcdefgh"}
    weeks = panel_of(means, dict.fromkeys("abcde", 9) | dict.fromkeys("fgh"))
    shuffled = weeks.sample(fraction=1.0, shuffle=True, seed=3)
    assert estimate_did(read_panel(weeks)) == estimate_did(read_panel(shuffled))
    assert weekly_difference(read_panel(weeks)).equals(weekly_difference(read_panel(shuffled)))


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


def codes(weeks: pl.DataFrame, **options: object) -> tuple[str, list[str]]:
    effect = estimate_did(read_panel(weeks), **options)  # type: ignore[arg-type]
    return effect.verdict, [r.code for r in effect.reasons]


def test_a_rollout_is_at_most_inconclusive_while_sensitivity_is_pending() -> None:
    assert codes(noisy()) == ("inconclusive", ["SENSITIVITY_PENDING"])


def test_a_randomised_study_can_be_supported() -> None:
    assert codes(noisy(mechanism="randomised")) == ("supported", [])


def test_a_randomised_study_of_nothing_is_inconclusive_and_says_what_it_could_have_seen() -> None:
    effect = estimate_did(read_panel(noisy(mechanism="randomised", effect_s=0.0)))
    assert effect.verdict == "inconclusive"
    assert effect.mde_80 is not None
    assert effect.equivalence_bound is not None
    assert effect.mde_80 > 2 * effect.se > 0  # type: ignore[operator]


@pytest.mark.parametrize(("mechanism", "code"), [("triggered", "TRIGGERED"), ("opt_in", "OPT_IN")])
def test_agents_picked_by_results_or_by_themselves_are_not_identified(mechanism: str, code: str) -> None:
    verdict, found = codes(noisy(mechanism=mechanism))
    assert verdict == "not identified"
    assert code in found


def test_a_moved_negative_control_refuses() -> None:
    verdict, found = codes(noisy(wait_s=30.0))
    assert verdict == "not identified"
    assert "CONTROL_MOVED" in found


@pytest.mark.parametrize(("pre", "verdict"), [(3, "not identified"), (5, "inconclusive")])
def test_a_short_pre_period_limits_the_verdict(pre: int, verdict: str) -> None:
    found = codes(noisy(pre=pre))
    assert found[0] == verdict
    assert "SHORT_PRE" in found[1]


def test_an_automatic_score_alone_is_refused() -> None:
    effect = estimate_did(read_panel(noisy()), OVERALL)
    assert effect.verdict == "not identified"
    assert "AUTO_ONLY" in [r.code for r in effect.reasons]
    assert "interval" not in str(effect)


def test_without_control_the_change_is_shown_but_not_identified() -> None:
    weeks = noisy().filter(pl.col("first_treated_on").is_not_null())
    effect = estimate_did(read_panel(weeks))
    assert effect.verdict == "not identified"
    assert "NO_CONTROL" in [r.code for r in effect.reasons]
    assert effect.estimate == pytest.approx(-40, abs=5)


def test_too_few_teams_for_any_p_below_five_per_cent() -> None:
    verdict, found = codes(panel_of(steady(FOUR), FOUR_STARTS, mechanism="randomised"))
    assert verdict == "inconclusive"
    assert "FEW_TEAMS" in found


def test_unequal_leaving_is_named() -> None:
    weeks = noisy(mechanism="randomised")
    gone = (pl.col("team_id") == "t00") & (pl.col("week_on") >= MONDAY + timedelta(weeks=10))
    effect = estimate_did(read_panel(weeks.filter(~gone)))
    assert effect.verdict == "inconclusive"
    assert "ATTRITION" in [r.code for r in effect.reasons]


def test_a_coached_agent_counts_for_the_team_of_the_assignment() -> None:
    weeks = noisy()
    late = (pl.col("team_id") == "t13") & (pl.col("week_on") >= MONDAY + timedelta(weeks=12))
    moved = weeks.with_columns(team_id=pl.when(late).then(pl.lit("t00")).otherwise(pl.col("team_id")))
    panel = read_panel(moved)
    assert panel.moved_agent_n == 1
    assert estimate_did(panel).estimate == pytest.approx(estimate_did(read_panel(weeks)).estimate)


def test_json_never_carries_nan_or_infinity() -> None:
    effect = replace(estimate_did(read_panel(noisy())), ci_low=float("-inf"), effective_clusters=float("nan"))
    record = json.loads(json.dumps(effect.as_record(), allow_nan=False))
    assert record["ci_low"] is None
    assert record["effective_clusters"] is None
    promised = {
        "outcome",
        "unit_of_outcome",
        "estimand",
        "estimate",
        "se",
        "ci_low",
        "ci_high",
        "p",
        "method",
        "n_obs",
        "n_units",
    }
    assert promised | {"n_clusters", "n_treated_clusters", "effective_clusters", "verdict", "reasons", "warnings"} <= set(
        record
    )


def test_an_effect_prints_as_a_sentence_and_tidies_to_one_row() -> None:
    effect = estimate_did(read_panel(noisy()))
    assert str(effect).startswith("handle_s −")
    assert "95 % interval" in str(effect)
    assert effect.tidy().height == 1


def test_planted_truth_is_averaged_over_exactly_the_cells_used() -> None:
    weeks = noisy(pre=10)
    panel = read_panel(weeks)
    cells = treated_cells(panel)
    assert cells.height == 7 * 6
    truth = weeks.select("agent_id", "week_on", te=pl.lit(-7.0))
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
        estimate_did(read_panel(nobody), HANDLE_S)


def test_the_mechanism_has_no_default() -> None:
    with pytest.raises(DesignError, match="there is no default"):
        read_panel(noisy().with_columns(mechanism=pl.lit(None, dtype=pl.String)))
