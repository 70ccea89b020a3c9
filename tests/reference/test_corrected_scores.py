"""Automatic scores corrected by people: the known figures, coverage of a planted truth, and what cannot be corrected."""

import numpy as np
import pytest

from aftercall.contracts.errors import ContractError, DesignError
from analytics.studies.corrected_effects import Labelled, corrected, corrected_cells, pseudo_outcome


def snippet() -> Labelled:
    r = np.random.default_rng(0)
    y = r.random(5000) < 0.6
    a = np.where(y, r.random(5000) < 0.88, r.random(5000) < 0.15)
    drawn = r.choice(5000, 400, replace=False)
    human = np.full(5000, np.nan)
    human[drawn] = y[drawn]
    zero = np.zeros(5000, dtype=np.int64)
    return Labelled(a.astype(float), human, np.full(5000, 0.08), np.arange(5000), zero, ("all",))


@pytest.mark.parametrize(("lam", "known"), [(0.0, 0.605), (0.5, 0.6132), (1.0, 0.6214)])
def test_the_known_figures_exactly_linear_in_lambda(lam: float, known: float) -> None:
    rows = snippet()
    assert corrected(rows, lam=lam).headline.estimate == pytest.approx(known, abs=1e-12)
    labelled = rows.is_labelled
    prediction_powered = lam * rows.auto.mean() + (rows.human[labelled] - lam * rows.auto[labelled]).mean()
    assert corrected(rows, lam=lam).headline.estimate == pytest.approx(prediction_powered, abs=1e-12)


def draw(seed: int, n: int = 4000) -> tuple[Labelled, float]:
    rng = np.random.default_rng(seed)
    agent = np.arange(n) % 80
    rate = np.clip(0.6 + rng.normal(0, 0.1, 80), 0, 1)[agent]
    y = rng.random(n) < rate
    a = np.where(y, rng.random(n) < 0.88, rng.random(n) < 0.3).astype(float)
    pi = np.where(a == 1, 0.05, 0.15)  # drawn more where the machine says no
    human = np.where(rng.random(n) < pi, y, np.nan)
    return Labelled(a, human, pi, agent, np.zeros(n, dtype=np.int64), ("all",)), 0.6


def test_means_are_covered_and_tuning_never_loses_to_people_alone() -> None:
    inside, narrower, off = [], [], []
    for seed in range(250):
        rows, truth = draw(seed)
        found = corrected(rows)
        top = found.headline
        inside.append(top.ci_low < truth < top.ci_high)  # pyright: ignore[reportOptionalOperand]
        narrower.append(top.se / found.facts["people_only"]["se"])
        off.append(found.facts["automatic"] - truth)
    assert 0.915 <= np.mean(inside) <= 0.985
    assert np.mean(narrower) < 0.85
    assert np.mean(off) > 0.03, "the automatic mean alone is wrong"


def effect(seed: int, planted: float) -> tuple[Labelled, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = 12_000
    agent = np.arange(n) % 120
    treated = agent % 2 == 0
    y = rng.random(n) < 0.5 + planted * treated + rng.normal(0, 0.08, 120)[agent]
    a = np.where(y, rng.random(n) < 0.88, rng.random(n) < np.where(treated, 0.28, 0.15)).astype(float)
    pi = np.full(n, 0.08)
    human = np.where(rng.random(n) < pi, y, np.nan)
    return Labelled(a, human, pi, agent, np.zeros(n, dtype=np.int64), ("all",)), treated


def test_coaching_to_the_score_fools_the_score_but_not_the_correction() -> None:
    found = [corrected(rows, treated=arm) for rows, arm in (effect(seed, 0.0) for seed in range(100))]
    assert np.mean([one.facts["automatic"] for one in found]) > 0.05
    assert abs(np.mean([one.headline.estimate for one in found])) < 0.01
    assert np.mean([one.verdict == "supported" for one in found]) < 0.1
    planted = [corrected(rows, treated=arm).headline for rows, arm in (effect(seed, 0.1) for seed in range(100))]
    assert np.mean([one.ci_low < 0.1 < one.ci_high for one in planted]) > 0.9  # pyright: ignore[reportOptionalOperand]


def test_cells_are_the_means_of_their_rows() -> None:
    rows, _ = draw(1)
    labelled = rows.is_labelled
    weight = np.where(labelled, 1 / rows.probability, 0)
    human = np.where(labelled, rows.human, 0)
    sums = [np.bincount(rows.cluster, weights=v) for v in (np.ones(len(weight)), rows.auto, weight * human, weight * rows.auto)]
    pseudo = pseudo_outcome(rows.auto, rows.human, rows.probability, labelled, 0.7)
    np.testing.assert_allclose(corrected_cells(*sums, 0.7), np.bincount(rows.cluster, weights=pseudo) / sums[0], rtol=1e-12)


@pytest.mark.parametrize(("change", "error", "says"), [
    ({"probability": np.full(5000, np.nan)}, DesignError, "AUTO_ONLY: no row has a human score with a known sampling"),
    ({"probability": np.where(np.arange(5000) < 9, 0.0, 0.08)}, DesignError, "9 rows had no chance"),
    ({"probability": np.full(5000, 8.0)}, ContractError, "between 0 and 1"),
    ({"human": np.full(5000, np.nan)}, DesignError, "aftercall sample"),
])  # fmt: skip
def test_what_cannot_be_corrected_says_why(change: dict, error: type[Exception], says: str) -> None:
    from dataclasses import replace

    with pytest.raises(error, match=says):
        corrected(replace(snippet(), **change))
