"""Planted truth: a behaviour and a phrase that go with strength are found; chance alone is not; intervals cover."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from aftercall.contracts.errors import DesignError
from analytics.best_practice import BestPractice, find_best_practice
from analytics.matched_shares import compare
from analytics.standing import strongest

AGENTS, INTENTS, QUESTIONS = 60, 4, 12
RUNS = 60
ALPHA = 0.05


def frames(seed: int, *, planted: float, phrase_n: int = 30) -> tuple[pl.DataFrame, ...]:
    """A centre in which skill moves the outcome, and question 0 and phrase 0 when `planted` is above zero.

    Intents differ in outcome and behaviour, and agents in their mix of intents: a comparison that ignores the mix is wrong.
    """
    rng = np.random.default_rng(seed)
    skill = rng.normal(size=AGENTS)
    mix = rng.dirichlet(np.full(INTENTS, 1.5), size=AGENTS)
    easy = np.linspace(-0.8, 0.8, INTENTS)
    before, after, said, moments = [], [], [], []
    base = rng.uniform(0.3, 0.7, size=QUESTIONS)
    for a in range(AGENTS):
        own = rng.normal(0, 0.08, size=QUESTIONS)
        for i in range(INTENTS):
            key = {"agent_id": f"a{a:02d}", "intent": f"i{i}", "tenure_band": "over 12 months"}
            n = int(rng.poisson(30 * mix[a, i]))
            y = 3 + easy[i] + 0.5 * skill[a] + rng.normal(size=n)
            before.append(key | {"outcome_sum": float(y.sum()), "outcome_sq_sum": float((y**2).sum()), "outcome_n": n})
            for q in range(QUESTIONS):
                called = int(rng.poisson(40 * mix[a, i]))
                p = np.clip(base[q] + own[q] + 0.25 * easy[i] + planted * skill[a] * (q == 0), 0.02, 0.98)
                done = int(rng.binomial(called, p))
                after.append(key | {"question_id": f"q{q}", "called_for_n": called, "done_n": done})
            looked = int(rng.poisson(40 * mix[a, i]))
            moments.append(key | {"question_id": "q0", "moment_n": looked})
            for k in range(phrase_n):
                p = np.clip(0.15 + 0.05 * easy[i] + planted * skill[a] * (k == 0), 0.01, 0.9)
                said.append(key | {"question_id": "q0", "phrase": f"words number {k}", "used_n": int(rng.binomial(looked, p))})
    return tuple(pl.DataFrame(rows) for rows in (before, after, said, moments))


def ask(parts: tuple[pl.DataFrame, ...]) -> BestPractice:
    return find_best_practice(*parts, outcome="csat", before_to_on=date(2026, 5, 31), after_from_on=date(2026, 6, 1))


def separating(found: BestPractice) -> set[str]:
    rows = found.tidy().filter(pl.col("state") == "separates")
    return {phrase or question for question, phrase in rows.select("question_id", "phrase").iter_rows()}


def test_a_planted_behaviour_and_a_planted_phrase_are_found() -> None:
    found = [ask(frames(seed, planted=0.16)) for seed in range(10)]
    assert sum("q0" in separating(one) for one in found) >= 9
    assert sum("words number 0" in separating(one) for one in found) >= 9
    others = [len(separating(one) - {"q0", "words number 0"}) for one in found]
    assert np.mean(others) <= 0.5, "false discoveries beside the planted ones"
    row = found[0].behaviours.filter(pl.col("question_id") == "q0").row(0, named=True)
    assert row["low"] < row["difference"] < row["high"]
    assert row["difference"] > 0


def test_permuted_agents_flag_about_nothing() -> None:
    parts = frames(99, planted=0.12)
    names = [f"a{a:02d}" for a in range(AGENTS)]
    flagged = 0
    for run in range(RUNS):
        shuffled = dict(zip(names, np.random.default_rng(run).permutation(names), strict=True))
        before = parts[0].with_columns(pl.col("agent_id").replace_strict(shuffled))
        flagged += bool(separating(ask((before, *parts[1:]))))
    # Two families at 5 %: at most about one run in ten; the bound is three standard errors of 60 runs above it.
    assert flagged / RUNS <= 0.10 + 3 * np.sqrt(0.1 * 0.9 / RUNS)


@pytest.mark.parametrize("top_n", [6, 15])
def test_intervals_cover_the_true_difference(top_n: int) -> None:
    runs, truth, covered = 400, 0.1, 0
    rng = np.random.default_rng(top_n)
    is_top = np.arange(AGENTS) < top_n
    for _ in range(runs):
        n = rng.poisson(12, size=(AGENTS, 3, 1)).astype(float)
        p = 0.4 + np.array([-0.1, 0, 0.1])[None, :, None] + truth * is_top[:, None, None] + rng.normal(0, 0.08, (AGENTS, 1, 1))
        found = compare(rng.binomial(n.astype(int), np.clip(p, 0, 1)).astype(float), n, is_top)
        covered += bool(found.low[0] <= truth <= found.high[0])
    # Nominal 95 %; the band is four binomial standard errors of 400 runs.
    assert abs(covered / runs - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / runs)


def test_strength_is_judged_on_the_same_kinds_of_contact() -> None:
    # Agents 0..9 have easy contacts only, 10..19 hard ones with lower outcomes; within each kind the odd ones do better.
    rows, n = [], 30
    for a in range(20):
        mean = (2.0 if a >= 10 else 4.0) + (0.5 if a % 2 else -0.5)
        key = {"agent_id": f"a{a:02d}", "intent": "hard" if a >= 10 else "easy", "tenure_band": "x"}
        rows.append(key | {"outcome_sum": n * mean, "outcome_sq_sum": n * (mean**2 + 1), "outcome_n": n})
    found = strongest(pl.DataFrame(rows))
    top = set(found.agents.filter(pl.col("is_top"))["agent_id"])
    assert len(top) == 5
    assert all(int(name[1:]) % 2 for name in top)


def test_few_agents_few_moments_and_overlapping_periods_are_refused_or_hidden() -> None:
    before, after, said, moments = frames(5, planted=0.0)
    with pytest.raises(DesignError, match="earlier period"):
        find_best_practice(before.filter(pl.col("agent_id") < "a09"), after, said, moments, outcome="csat")
    with pytest.raises(DesignError, match="earlier period"):
        find_best_practice(
            before, after, said, moments, outcome="csat", before_to_on=date(2026, 6, 1), after_from_on=date(2026, 6, 1)
        )
    top = strongest(before).agents.filter(pl.col("is_top"))["agent_id"].to_list()
    few = after.filter((pl.col("question_id") != "q1") | ~pl.col("agent_id").is_in(top[4:]))
    found = find_best_practice(before, few, said, moments, outcome="csat")
    row = found.behaviours.filter(pl.col("question_id") == "q1").row(0, named=True)
    assert (row["state"], row["difference"], row["top_share"]) == ("too few", None, None)


def test_the_answer_says_when_luck_chose_the_strongest() -> None:
    parts = frames(11, planted=0.0)
    real = strongest(parts[0]).reliability
    rng = np.random.default_rng(0)
    noise = parts[0].with_columns(
        outcome_sum=pl.col("outcome_n") * 3 + pl.Series(rng.normal(size=parts[0].height)) * pl.col("outcome_n").sqrt()
    )
    noise = noise.with_columns(outcome_sq_sum=pl.col("outcome_n") * 10.0)
    assert real > 0.6
    assert strongest(noise).reliability < 0.33
    doubt = next(one for one in ask((noise, *parts[1:])).diagnostics if "more than chance" in one.question)
    assert doubt.passed is False


def test_no_agent_and_no_rank_leaves_the_result() -> None:
    found = ask(frames(3, planted=0.12))
    text = str(found.tidy().to_dicts()) + str(found) + str(found.diagnostics)
    assert "a0" not in text
    assert not {"agent_id", "rank", "team_id"} & set(found.tidy().columns)
    shown = found.phrases
    assert shown["user_n"].min() is None or shown["user_n"].min() >= 5  # type: ignore[operator]
    assert all(len(phrase.split()) <= 6 for phrase in shown["phrase"])
