"""Who moved, the agents or the scorer: planted shifts of both are told apart; quiet answers stay quiet, planted drift is found.

40 agents, 300 panel interactions, scores with an agent's own level (sd 6) and noise (sd 12). 200 runs: coverage of 95 % has a
Monte-Carlo error of 1.5 points, so 90.4 to 99.6 % is asked.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from analytics.drift import STATES, answer_drift, frozen_panel, split_shift

AGENTS, RUNS = 40, 200
SCORER, BETTER = -5.0, 3.0
MONDAY = date(2026, 1, 5)


def centre(rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    level = 70 + rng.normal(0, 6, AGENTS)
    change = BETTER + rng.normal(0, 2, AGENTS)

    def period(n: int, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        g = rng.integers(0, AGENTS, n)
        return g, level[g] + shift[g] + rng.normal(0, 12, n)

    g0, old = period(2000, np.zeros(AGENTS))
    g1, new = period(1500, change)
    where = rng.choice(2000, 300, replace=False)
    names = np.array([f"a{k:02d}" for k in range(AGENTS)])
    panel = pl.DataFrame({"agent_id": names[g0[where]], "old": old[where], "new": old[where] + SCORER + rng.normal(0, 4, 300)})
    before, after = (
        pl.DataFrame({"agent_id": names[g0], "score": old}),
        pl.DataFrame({"agent_id": names[g1], "score": new + SCORER}),
    )
    return before, after, panel


def test_planted_changes_of_scorer_and_agents_are_told_apart() -> None:
    rng = np.random.default_rng(7)
    held, parts = np.zeros(2), []
    for _ in range(RUNS):
        found = split_shift(*centre(rng))
        assert abs(found.observed - found.scorer - found.agents) < 1e-9
        parts.append((found.scorer, found.agents))
        held += [
            found.scorer_interval.low <= SCORER <= found.scorer_interval.high,
            found.agents_interval.low <= BETTER <= found.agents_interval.high,
        ]
    assert np.all((held / RUNS >= 0.904) & (held / RUNS <= 0.996)), held / RUNS
    assert np.allclose(np.mean(parts, axis=0), [SCORER, BETTER], atol=0.25)
    assert found.who == "the scorer and the agents changed"
    assert "scorer −5" in str(found)


def test_an_empty_part_is_refused() -> None:
    before, after, panel = centre(np.random.default_rng(1))
    with pytest.raises(DesignError, match="panel"):
        split_shift(before, after, panel.clear())


def counts(rng: np.random.Generator, *, questions: int, moved: int = 0, weeks: int = 16) -> pl.DataFrame:
    """Return weekly answers of agents; from week 10 on `moved` questions lose 12 points of yes to na."""
    rows = []
    for q in range(questions):
        usual = np.array([0.5, 0.05, 0.25, 0.18, 0.02])
        for week in range(weeks):
            shares = usual + (np.array([-0.12, 0, 0, 0.12, 0]) if q < moved and week >= 10 else 0)
            for agent in range(AGENTS):
                own = rng.dirichlet(60 * shares)
                told = rng.multinomial(8, own)
                rows += [
                    (f"q{q:02d}", MONDAY + timedelta(weeks=week), f"a{agent}", state, int(n), "e1")
                    for state, n in zip(STATES, told, strict=True)
                    if n
                ]
    names = ["question_id", "week_on", "agent_id", "state", "answer_n", "score_epoch"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_quiet_answers_raise_few_flags_and_planted_drift_is_found() -> None:
    quiet = answer_drift(counts(np.random.default_rng(1), questions=20))
    assert quiet.rows.filter("is_flagged").height <= 0.02 * quiet.family_n, "false discoveries of a whole family without truth"
    inside = ((quiet.rows["low"] <= 0) & (quiet.rows["high"] >= 0)).mean()
    assert inside is not None
    assert 0.91 < inside < 0.985, "weeks share their reference, so their errors are correlated"
    loud = answer_drift(counts(np.random.default_rng(2), questions=20, moved=5))
    flagged = loud.rows.filter("is_flagged")
    late = pl.col("week_on") >= MONDAY + timedelta(weeks=10)
    planted = flagged.filter(late & pl.col("question_id").is_in([f"q{k:02d}" for k in range(5)]))
    assert planted.filter(pl.col("state").is_in(["yes", "na"])).height >= 40, "5 questions × 6 weeks × 2 answers moved"
    assert (flagged.height - planted.height) / flagged.height < 0.15


def test_two_epochs_are_never_compared_silently() -> None:
    rows = counts(np.random.default_rng(3), questions=1)
    mixed = rows.with_columns(
        score_epoch=pl.when(pl.col("week_on") > MONDAY + timedelta(weeks=8)).then(pl.lit("e2")).otherwise("score_epoch")
    )
    with pytest.raises(DesignError, match="2 epochs"):
        answer_drift(mixed)
    assert answer_drift(mixed, epoch="e1").epoch == "e1"


def test_the_panel_is_shared_out_and_stays_the_same() -> None:
    frame = pl.DataFrame(
        {
            "interaction_id": [f"i{k:05d}" for k in range(5000)],
            "queue": ["service"] * 4000 + ["billing"] * 990 + ["vip"] * 10,
            "channel": ["voice", "chat"] * 2500,
        }
    )
    one = frozen_panel(frame, by=("queue", "channel"), seed=7)
    assert one.equals(frozen_panel(frame.sample(fraction=1.0, shuffle=True, seed=1), by=("queue", "channel"), seed=7))
    share = one["stratum"].value_counts().sort("count")
    assert share["count"].to_list() == [1, 1, 30, 30, 120, 120], "in proportion, and nobody left out"
