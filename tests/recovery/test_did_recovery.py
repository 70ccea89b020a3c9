"""The estimate finds an effect we planted, its interval covers it, and it finds nothing where nothing is.

160 panels of 12 teams with team-week shocks. The estimate's standard deviation is about 6 s, so the mean over the runs has a
standard error of 6 / √160 ≈ 0.5 s: bias tolerance four of these. Coverage of 95 % over 160 runs has a standard error of
1.7 points: a band of three of these, 90 to 100 %; false positives 5 ± 5.2 %.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.did import estimate_did, planted_mean, treated_cells
from analytics.panel import read_panel
from analytics.results import Effect

RUNS = 160
BIAS_S, COVERAGE, FALSE_POSITIVES = 2.0, 0.90, 0.102


MONDAY = date(2026, 1, 5)


@dataclass(frozen=True, slots=True)
class Plan:
    """12 teams of 5; 8 coached from weeks 10, 12, 14 on; team-week shocks make clustering by agent wrong."""

    teams: int = 12
    agents: int = 5
    weeks: int = 24
    starts: tuple[int | None, ...] = (10, 10, 10, 12, 12, 12, 14, 14, None, None, None, None)
    effect_s: float = -40.0
    shock_s: float = 8.0
    wait_effect_s: float = 0.0
    mechanism: str = "rollout"


def planted(plan: Plan, rng: np.random.Generator) -> pl.DataFrame:
    """Return mart_agent_week with the planted effect per interaction of each row as `te`."""
    g, a, t = plan.teams, plan.agents, plan.weeks
    shock = np.zeros((g, t))
    shock[:, 0] = rng.normal(0, plan.shock_s, g)
    for week in range(1, t):
        shock[:, week] = 0.7 * shock[:, week - 1] + rng.normal(0, plan.shock_s * np.sqrt(1 - 0.49), g)
    level = 360 + rng.normal(0, 10, g)[:, None] + rng.normal(0, 30, (g, a))
    season = 10 * np.sin(2 * np.pi * np.arange(t) / 52) + 0.5 * np.arange(t)
    order = rng.permutation(g)
    rows = []
    for team in range(g):
        start = plan.starts[order[team]]
        for agent in range(a):
            for week in range(t):
                n = int(rng.poisson(14))
                if n == 0:
                    continue
                done = start is not None and week >= start
                te = plan.effect_s * (1 - np.exp(-(week - start + 1) / 4)) if done else 0.0
                handle = level[team, agent] + season[week] + shock[team, week] + te + rng.normal(0, 120) / np.sqrt(n)
                wait = 40 + rng.normal(0, 30) / np.sqrt(n) + (plan.wait_effect_s if done else 0.0)
                rows.append(
                    {
                        "agent_id": f"a{team:02d}-{agent}",
                        "team_id": f"t{team:02d}",
                        "week_on": MONDAY + timedelta(weeks=week),
                        "first_treated_on": None if start is None else MONDAY + timedelta(weeks=start),
                        "mechanism": None if start is None else plan.mechanism,
                        "interaction_n": n,
                        "handled_n": n,
                        "handle_s_sum": handle * n,
                        "queue_wait_s_sum": wait * n,
                        "scored_n": n,
                        "overall_sum": 80.0 * n,
                        "te": te,
                    }
                )
    return pl.DataFrame(rows, schema_overrides={"first_treated_on": pl.Date, "mechanism": pl.String}, infer_schema_length=None)


def runs(effect_s: float, inference: str) -> list[tuple[Effect, float]]:
    found = []
    for seed in range(RUNS):
        weeks = planted(Plan(effect_s=effect_s), np.random.default_rng([7, seed]))
        panel = read_panel(weeks)
        effect = estimate_did(panel, inference=inference, negative_control=None)  # type: ignore[arg-type]
        found.append((effect, planted_mean(treated_cells(panel), weeks)))
    return found


@pytest.mark.parametrize("inference", ["auto", "jackknife"])
def test_the_planted_effect_is_found_and_covered(inference: str) -> None:
    found = runs(-40.0, inference)
    misses = np.array([effect.estimate - truth for effect, truth in found])
    covered = np.mean([effect.ci_low <= truth <= effect.ci_high for effect, truth in found])  # type: ignore[operator]
    assert abs(misses.mean()) < BIAS_S
    assert covered >= COVERAGE
    assert np.mean([truth for _, truth in found]) < -30, "the planted effect must be there to be found"


@pytest.mark.parametrize("inference", ["auto", "jackknife"])
def test_nothing_is_found_where_nothing_was_planted(inference: str) -> None:
    found = runs(0.0, inference)
    assert np.mean([effect.p < 0.05 for effect, _ in found]) <= FALSE_POSITIVES  # type: ignore[operator]
    assert abs(np.mean([effect.estimate for effect, _ in found])) < BIAS_S


def test_standard_errors_that_ignore_teams_are_too_small_here() -> None:
    """The generator has teeth: agents of a team share shocks, so an agent-level jackknife claims too much."""
    by_team, by_agent = [], []
    for seed in range(20):
        weeks = planted(Plan(shock_s=20.0), np.random.default_rng([8, seed]))
        for level, store in (("team", by_team), ("agent", by_agent)):
            store.append(estimate_did(read_panel(weeks, level=level), inference="jackknife", negative_control=None).se)
    assert np.mean(by_agent) < 0.8 * np.mean(by_team)
