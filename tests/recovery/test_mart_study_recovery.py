"""The estimate finds an effect we planted, its interval covers it, and it finds nothing where nothing is.

160 panels of 12 teams with team-week shocks. The estimate's standard deviation is about 6 s, so the mean over the runs has a
standard error of 6 / √160 ≈ 0.5 s: bias tolerance four of these. Coverage of 95 % over 160 runs has a standard error of
1.7 points: a band of three of these, 90 to 100 %; false positives 5 ± 5.2 %.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from analytics.mart_study import standing_spec, study_frame
from analytics.panel import AssignmentLevel, read_panel
from analytics.planted_effect import planted_mean, treated_cells
from analytics.studies.estimate import Estimate
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel
from analytics.studies.prepare import prepared

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


def runs(effect_s: float) -> list[tuple[Estimate, float]]:
    found = []
    for seed in range(RUNS):
        weeks = planted(Plan(effect_s=effect_s), np.random.default_rng([7, seed]))
        panel = panel_of(weeks)
        truth = weeks.select("te", unit="agent_id", period=pl.col("week_on").cast(pl.String))
        found.append((imputation(panel, horizons=False), planted_mean(treated_cells(panel), truth)))
    return found


def panel_of(weeks: pl.DataFrame, level: AssignmentLevel = "team") -> LongPanel:
    panel = read_panel(weeks, level=level)
    return prepared(study_frame(panel), replace(standing_spec(panel), negative_controls=())).panel


def test_the_planted_effect_is_found_and_covered() -> None:
    found = runs(-40.0)
    misses = np.array([one.estimate - truth for one, truth in found])
    covered = np.mean([one.ci_low <= truth <= one.ci_high for one, truth in found])  # type: ignore[operator]
    assert abs(misses.mean()) < BIAS_S
    assert covered >= COVERAGE
    assert np.mean([truth for _, truth in found]) < -20, "the planted effect must be there to be found"


def test_nothing_is_found_where_nothing_was_planted() -> None:
    found = runs(0.0)
    assert np.mean([one.p < 0.05 for one, _ in found]) <= FALSE_POSITIVES  # type: ignore[operator]
    assert abs(np.mean([one.estimate for one, _ in found])) < BIAS_S


def test_standard_errors_that_ignore_teams_are_too_small_here() -> None:
    """The generator has teeth: agents of a team share shocks, so clustering by agent claims too much."""
    by_team, by_agent = [], []
    for seed in range(20):
        weeks = planted(Plan(shock_s=20.0), np.random.default_rng([8, seed]))
        by_team.append(imputation(panel_of(weeks), horizons=False).se)
        alone = replace(panel_of(weeks), cluster=np.arange(60), cluster_names=tuple(map(str, range(60))))
        by_agent.append(imputation(alone, horizons=False).se)
    assert np.mean(by_agent) < 0.8 * np.mean(by_team)
