"""Agreement coefficients against published figures and against scikit-learn and statsmodels.

Known answers: spec statistics section 6, rows 13 (Krippendorff's and Gwet's example table), 14 (Fleiss' table; a 2 × 2
table) and 15 (Bland and Altman's peak-flow meters), at the digits given there.
"""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, recall_score
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

from aftercall.contracts.errors import DesignError
from analytics.agreement import Weighting, alpha, counts_of, fleiss, gwet, gwet_se, moments, pabak, raw_agreement, weight_matrix
from analytics.agreement_many import alpha_of_many, coincidences_of
from analytics.agreement_pairs import (
    bias_index,
    bland_altman,
    cohen,
    cohen_se,
    joint_features,
    light,
    light_features,
    others_recall,
    prevalence_index,
    recall_of,
)
from analytics.agreement_summary import Ratings, agreement

_K = """1 2 3 3 2 1 4 1 2 . . .|1 2 3 3 2 2 4 1 2 5 . 3|. 3 3 3 2 3 4 2 2 5 1 .|1 2 3 3 2 4 4 1 2 5 1 ."""
_F = "0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7"
_P = (
    "494 395 516 434 476 557 413 442 650 433 417 656 267 478 178 423 427",
    "512 430 520 428 500 600 364 380 658 445 432 626 260 477 259 350 451",
)
K = np.array([[-1 if x == "." else int(x) - 1 for x in row.split()] for row in _K.split("|")]).T
F = np.array([[float(x) for x in row.split()] for row in _F.split("|")])
ONE_TO_FIVE = np.arange(1.0, 6.0)


@pytest.mark.parametrize(
    ("level", "known"), [("nominal", 0.7434), ("ordinal", 0.8154), ("interval", 0.8491), ("ratio", 0.7974)]
)
def test_alpha_of_table_k(level: str, known: float) -> None:
    found = alpha(moments(counts_of(K, 5)).coincidences, ONE_TO_FIVE, level)  # type: ignore[arg-type]
    assert round(float(found), 4) == known


def test_ac1_fleiss_and_pabak_of_table_k() -> None:
    m = moments(counts_of(K, 5))
    found = [round(float(one), 5) for one in (gwet(m), gwet_se(counts_of(K, 5)), fleiss(m), pabak(m))]
    assert found == [0.77544, 0.14295, 0.76117, 0.77273]


def test_fleiss_table_and_cohen_table() -> None:
    assert round(float(fleiss(moments(F))), 5) == 0.20993
    table = np.array([[20.0, 5.0], [10.0, 15.0]])
    assert round(float(cohen(table)), 5) == 0.4
    assert round(cohen_se(table), 4) == 0.1270
    assert np.isclose(float(prevalence_index(table, 0)), 0.1)
    assert np.isclose(float(bias_index(table, 0)), 0.1)


def test_peak_flow_meters() -> None:
    first, second = (np.array([float(x) for x in row.split()]) for row in _P)
    found = bland_altman(first, second, multiple=2)
    assert [round(x, 3) for x in (found.mean, found.sd)] == [-2.118, 38.765]
    assert [round(x, 2) for x in (found.low, found.high, found.mean_se, found.limit_se)] == [-79.65, 75.41, 9.40, 16.28]
    missing = bland_altman(np.append(first, np.nan), np.append(second, 400.0), multiple=2)
    assert missing == found, "an incomplete pair adds nothing"


@pytest.mark.parametrize("weighting", ["identity", "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(3))
def test_two_raters_equal_scikit_learn_and_statsmodels(weighting: Weighting, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, 150)
    b = np.where(rng.random(150) < 0.6, a, rng.integers(0, 4, 150))
    table = joint_features(a, b, 4).sum(axis=0).reshape(4, 4)
    weights = weight_matrix(np.arange(4.0), weighting)
    named = None if weighting == "identity" else weighting
    assert np.isclose(float(cohen(table, weights)), cohen_kappa_score(a, b, weights=named))
    theirs = cohens_kappa(table, wt=named)
    assert np.isclose(cohen_se(table, weights), theirs.std_kappa)
    assert np.isclose(float(recall_of(table, 2)), recall_score(a == 2, b == 2))
    assert np.isclose(float(others_recall(table, 2)), recall_score(a != 2, b != 2))


def test_many_raters_equal_statsmodels() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, (80, 1))
    codes = np.where(rng.random((80, 5)) < 0.7, truth, rng.integers(0, 3, (80, 5)))
    table, _ = aggregate_raters(codes)
    counts = counts_of(codes, 3)
    assert np.array_equal(counts, table)
    assert np.isclose(float(fleiss(moments(counts))), fleiss_kappa(table))
    assert np.isclose(float(pabak(moments(counts))), fleiss_kappa(table, method="uniform"))
    pairs = [cohen_kappa_score(codes[:, i], codes[:, j]) for i in range(5) for j in range(i + 1, 5)]
    assert np.isclose(float(light(light_features(codes, 3).sum(axis=0), 3)), np.mean(pairs))


def test_identities_between_coefficients() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    m = moments(counts_of(np.stack([a, b], axis=1), 2))
    raw = float(raw_agreement(m))
    assert np.isclose(float(pabak(m)), 2 * raw - 1), "with two categories PABAK is 2·raw − 1"
    nominal = float(alpha(m.coincidences, np.arange(2.0), "nominal"))
    assert np.isclose(nominal, 1 - (1 - float(fleiss(m))) * (1 - 1 / 120)), "alpha is Scott's pi with a small-sample factor"
    for level in ("ordinal", "interval", "ratio"):
        assert np.isclose(float(alpha(m.coincidences, np.arange(2.0), level)), nominal), "two categories have one distance"


def test_alpha_of_many_values_is_the_same_alpha() -> None:
    counts, values = counts_of(K, 5), ONE_TO_FIVE
    assert np.allclose(coincidences_of(counts), moments(counts).coincidences)
    assert round(alpha_of_many(counts, values, "ordinal", None).estimate or 0, 4) == 0.8154


def test_a_category_nobody_used_matters_only_where_it_must() -> None:
    two, three = moments(counts_of(K[:4] % 2, 2)), moments(counts_of(K[:4] % 2, 3))
    assert np.isclose(float(fleiss(two)), float(fleiss(three)))
    assert float(gwet(three)) != float(gwet(two)), "AC1 counts declared categories"


def test_everybody_gives_one_answer() -> None:
    codes = np.zeros((30, 2), dtype=np.int64)
    same = Ratings(counts_of(codes, 2), codes, ("no", "yes"), np.arange(2.0), False, False, ("a", "b"))
    found = agreement(same).measures
    assert found["raw"].estimate == 1
    assert found["kappa"].estimate is None, "nothing but chance is left: no kappa, not zero"
    assert found["alpha"].estimate is None


def test_nothing_rated_twice_is_refused() -> None:
    codes = np.array([[0, -1], [-1, 1]])
    with pytest.raises(DesignError, match="rated twice"):
        agreement(Ratings(counts_of(codes, 2), codes, ("no", "yes"), np.arange(2.0), False, False, ("a", "b")))
