"""Planted agreement is found with honest intervals, and the gate lets a question through only when it may.

Labels of 60 agents with an own rate of yes and an own error of the machine (clusters matter); the truth is the coefficient of
two million labels of the same law. Coverage of 95 % over 300 samples has a Monte-Carlo error of 1.3 points: at least 92 %
(three errors less, rounded up) is asked; the scale errs on the safe side, so the upper bound is 99.5 %.
"""

import numpy as np
import polars as pl
import pytest

from analytics.agreement import gwet, moments_of, unit_features
from analytics.agreement_groups import agreement_by
from analytics.agreement_intervals import Estimate, Measure, estimate_of, resample
from analytics.agreement_pairs import cohen, joint_features
from analytics.agreement_questions import Gate, advisory_questions, question_agreement

AGENTS, CALLS, RUNS, REPLICATES = 60, 10, 300, 300
LEAST, MOST = 0.92, 0.995


def labels(rng: np.random.Generator, agents: int, calls: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return agent, person's and machine's answer per interaction."""
    g = np.repeat(np.arange(agents), calls)
    rate = 1 / (1 + np.exp(-(1.0 + 0.8 * rng.normal(size=agents))))
    error = np.clip(0.08 + 0.06 * rng.normal(size=agents), 0.01, 0.4)
    person = (rng.random(g.size) < rate[g]).astype(np.int64)
    return g, person, np.where(rng.random(g.size) < error[g], 1 - person, person)


def features(person: np.ndarray, machine: np.ndarray) -> np.ndarray:
    counts = np.stack([(person == k) * 1.0 + (machine == k) for k in (0, 1)], axis=1)
    return np.concatenate([unit_features(counts), joint_features(person, machine, 2)], axis=1)


MEASURES = {
    "kappa": Measure(lambda s: cohen(s[..., 12:].reshape(*s.shape[:-1], 2, 2))),
    "ac1": Measure(lambda s: gwet(moments_of(s[..., :12], 2))),
}


def test_the_cluster_bootstrap_holds_the_planted_agreement() -> None:
    _, person, machine = labels(np.random.default_rng(5), 40_000, 50)
    truth = {name: float(one.statistic(features(person, machine).sum(axis=0))) for name, one in MEASURES.items()}
    held, too_high = dict.fromkeys(MEASURES, 0), dict.fromkeys(MEASURES, 0)
    torn = features(np.array([0, 1]), np.array([1, 0])).sum(axis=0) / 2
    rng = np.random.default_rng(11)
    for run in range(RUNS):
        g, person, machine = labels(rng, AGENTS, CALLS)
        summed = np.zeros((AGENTS, 16))
        np.add.at(summed, g, features(person, machine))
        drawn = resample(summed, torn, unit_n=g.size, seed=run, replicates=REPLICATES)
        for name, measure in MEASURES.items():
            found = estimate_of(drawn, measure)
            assert found.ci_low is not None
            assert found.ci_high is not None
            held[name] += found.ci_low <= truth[name] <= found.ci_high
            too_high[name] += found.ci_low > truth[name]
    for name in MEASURES:
        assert LEAST <= held[name] / RUNS <= MOST, (name, held[name] / RUNS)
        assert too_high[name] / RUNS < 0.05, "the lower end is what gates read"


def test_perfect_agreement_keeps_an_interval() -> None:
    person = np.array([0, 1] * 15)
    drawn = resample(features(person, person), features(np.array([0]), np.array([1]))[0], unit_n=30, seed=1)
    found = estimate_of(drawn, MEASURES["kappa"])
    assert found == Estimate(1.0, 0.0, found.ci_low, 1.0)
    assert found.ci_low is not None
    assert 0.6 < found.ci_low < 0.95, "30 of 30 is compatible with up to 12 % disagreement"


def centre(
    rng: np.random.Generator, *, machine_right: float, people_right: float = 0.93, n: int = 600, double: float = 0.3
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return labels and answers of one question; answers are right with these chances, else another one."""
    names = np.array(["yes", "no", "na"])
    truth = rng.choice(3, n, p=[0.5, 0.25, 0.25])

    def told(right: float) -> np.ndarray:
        return names[np.where(rng.random(n) < right, truth, (truth + rng.integers(1, 3, n)) % 3)]

    ids, agents = np.array([f"i{k:04d}" for k in range(n)]), np.array([f"a{k % 40}" for k in range(n)])
    rows = [(*row, "qa-1") for row in zip(ids, agents, told(people_right), strict=True)]
    twice = rng.random(n) < double
    rows += [(*row, "qa-2") for row in zip(ids[twice], agents[twice], told(people_right)[twice], strict=True)]
    frame = pl.DataFrame(
        rows, schema=["interaction_id", "agent_id", "answer", "evaluator_id"], orient="row", infer_schema_length=None
    ).with_columns(question_id=pl.lit("recap"), sampling=pl.lit("random"), inclusion_probability=pl.lit(0.03))
    answers = pl.DataFrame({"interaction_id": ids, "question_id": "recap", "answer": told(machine_right)})
    return frame, answers


def status(machine_right: float, seed: int) -> str:
    found = question_agreement(*centre(np.random.default_rng(seed), machine_right=machine_right), replicates=REPLICATES)
    return found.rows["status"][0]


def test_the_gate_passes_a_machine_as_good_as_people_and_stops_a_worse_one() -> None:
    good = [status(0.97, seed) for seed in range(12)]
    poor = [status(0.80, seed) for seed in range(12)]
    assert good.count("live") >= 10, good
    assert set(poor) == {"advisory"}


def test_sensitivity_and_specificity_are_the_planted_ones() -> None:
    labelled, answers = centre(np.random.default_rng(2), machine_right=0.9, people_right=1.0, n=4000, double=0.05)
    row = question_agreement(labelled, answers, replicates=REPLICATES).rows.row(0, named=True)
    for name in ("sensitivity", "specificity", "na_recall", "raw"):
        assert row[f"{name}_low"] <= 0.9 <= row[f"{name}_high"]
    assert row["human_kappa"] == 1


def test_unequal_sampling_is_weighed_out() -> None:
    """Hard interactions are drawn ten times as often: the unweighted share of agreement would be far too low."""
    rng = np.random.default_rng(4)
    n = 40_000
    hard = rng.random(n) < 0.2
    right = np.where(rng.random(n) < np.where(hard, 0.5, 0.95), True, False)
    pi = np.where(hard, 0.2, 0.02)
    drawn = rng.random(n) < pi
    ids = np.array([f"i{k}" for k in range(n)])
    person = rng.choice(["yes", "no"], n)
    machine = np.where(right, person, np.where(person == "yes", "no", "yes"))
    frame = pl.DataFrame(
        {"interaction_id": ids, "agent_id": [f"a{k % 80}" for k in range(n)], "answer": person, "inclusion_probability": pi}
    ).with_columns(question_id=pl.lit("q"), evaluator_id=pl.lit("qa-1"), sampling=pl.lit("random"))
    answers = pl.DataFrame({"interaction_id": ids, "question_id": "q", "answer": machine})
    row = question_agreement(frame.filter(pl.Series(drawn)), answers, replicates=REPLICATES).rows.row(0, named=True)
    assert row["raw_low"] <= right.mean() <= row["raw_high"]
    assert right[drawn].mean() < row["raw_low"], "the raw share of labels is not the share of the centre"


def test_a_month_in_which_the_machine_went_wrong_is_named() -> None:
    good, answers = centre(np.random.default_rng(6), machine_right=0.96, n=900)
    place = pl.col("interaction_id").str.slice(1).cast(pl.Int64)
    groups = answers.select("interaction_id", month=pl.format("2026-0{}", 1 + place % 3), channel=pl.lit("voice"))
    swapped = pl.col("answer").replace_strict({"yes": "no", "no": "yes", "na": "na"})
    bad = (place % 3 == 1) & (place % 2 == 0)
    answers = answers.with_columns(answer=pl.when(bad).then(swapped).otherwise("answer"))
    overall = question_agreement(good, answers, replicates=REPLICATES).rows
    rows = agreement_by(good, answers, groups, overall)
    assert rows["group"].to_list() == ["2026-01", "2026-02", "2026-03", "voice"]
    assert rows.filter("is_alarm")["group"].to_list() == ["2026-02"]
    assert rows["n"].to_list() == [300, 300, 300, 900]


@pytest.mark.parametrize(("n", "said"), [(19, False), (20, True), (49, True)])
def test_few_labels_are_hidden_or_flagged(n: int, said: bool) -> None:
    row = question_agreement(*centre(np.random.default_rng(1), machine_right=0.95, n=n)).rows.row(0, named=True)
    assert row["is_shown"] == said
    assert (row["raw"] is not None) == said
    assert row["is_flagged"]
    assert row["status"] == "too few labels"


def test_only_blind_decided_random_labels_count_and_the_last_of_a_person() -> None:
    labelled, answers = centre(np.random.default_rng(3), machine_right=0.95, n=100, double=0.0)
    more = labelled.head(5)
    frame = pl.concat(
        [
            labelled.with_columns(answer_source=pl.lit(None, dtype=pl.String), dispute_state=pl.lit(None, dtype=pl.String)),
            more.with_columns(sampling=pl.lit("targeted"), answer_source=pl.lit(None), dispute_state=pl.lit(None)),
            more.with_columns(answer_source=pl.lit("edited"), dispute_state=pl.lit(None)),
            more.with_columns(answer_source=pl.lit("human"), dispute_state=pl.lit("open")),
            more.with_columns(answer_source=pl.lit("human"), dispute_state=pl.lit(None)),
        ],
        how="vertical_relaxed",
    )
    found = question_agreement(frame, answers, gate=Gate())
    assert found.rows["n"][0] == 100
    assert found.left_out == {"drawn on purpose": 5, "not blind": 5, "dispute undecided": 5, "answered again": 5}
    assert advisory_questions(found.rows) == frozenset()
    assert advisory_questions(found.rows, unproven=True) == frozenset({"recap"})
