"""Everything 4.20 asks of one table of ratings, side by side, each with its interval.

Lives here: from ratings to one result with all coefficients, and what limits them. Not here: the formulas (agreement.py,
agreement_pairs.py), questions of a scorecard (agreement_questions.py), reading files (pipelines.verbs.agree).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.agreement import (
    LEVELS,
    WEIGHTINGS,
    Counts,
    Level,
    alpha,
    fleiss,
    fleiss_se,
    gwet,
    gwet_se,
    moments,
    moments_of,
    pabak,
    pabak_se,
    raw_agreement,
    raw_se,
    unit_features,
    weight_matrix,
)
from analytics.agreement_intervals import (
    NOTHING,
    REPLICATES,
    Estimate,
    Measure,
    Resampling,
    analytic,
    by_cluster,
    estimate_of,
    resample,
)
from analytics.agreement_many import alpha_of_many, coincidences_of
from analytics.agreement_pairs import (
    MOST_RATERS,
    BlandAltman,
    bias_index,
    bland_altman,
    cohen,
    cohen_se,
    light,
    light_features,
    light_of,
    others_recall,
    prevalence,
    prevalence_index,
    recall_of,
)
from analytics.inference import Reals

MOST_CATEGORIES = 25
FEW_UNITS = 50
MOST_CELLS = 4000


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings of N units: counts per category (N, q); codes per rater (N, R) where raters are named, −1 missing.

    `values` are the categories' numbers (places where they are names), ascending where ordered; `is_ordered` says whether
    order means anything; `clusters`, codes per unit.
    """

    counts: Counts
    codes: NDArray[np.int64] | None
    categories: tuple[str, ...]
    values: Reals
    is_numeric: bool
    is_ordered: bool
    raters: tuple[str, ...] = ()
    clusters: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree; `measures` by name, each an estimate with interval. None in a measure is 'not computable'."""

    level: Level
    categories: tuple[str, ...]
    n_units: int
    n_pairable: int
    n_ratings: int
    n_raters: int | None
    n_clusters: int | None
    measures: dict[str, Estimate]
    bland_altman: BlandAltman | None
    method: str
    warnings: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """Return the result as JSON values; each measure with estimate, se, ci_low, ci_high."""
        names = ("estimate", "se", "ci_low", "ci_high")
        limits = None
        if self.bland_altman is not None:
            limits = {name: getattr(self.bland_altman, name) for name in self.bland_altman.__slots__}
        return {
            "level": self.level,
            "categories": list(self.categories),
            "n": self.n_units,
            "n_pairable": self.n_pairable,
            "n_ratings": self.n_ratings,
            "n_raters": self.n_raters,
            "n_clusters": self.n_clusters,
            **{key: {name: getattr(one, name) for name in names} for key, one in self.measures.items()},
            "bland_altman": limits,
            "method": self.method,
            "warnings": list(self.warnings),
        }


def agreement(
    ratings: Ratings, *, level: Level = "nominal", positive: str | None = None, seed: int = 0, replicates: int = REPLICATES
) -> Agreement:
    """Return every coefficient that these ratings allow.

    Args: level, the scale alpha is read on; positive, the category sensitivity is about (two raters; the first is the
        reference), by default the last of two categories.
    Raises: DesignError, no unit has two ratings, or a level the values do not have.

    >>> from analytics.agreement import counts_of
    >>> codes = np.array([[0, 0], [1, 1], [1, 0], [0, 0], [1, 1]])
    >>> two = Ratings(counts_of(codes, 2), codes, ("no", "yes"), np.arange(2.0), False, False, ("a", "b"))
    >>> found = agreement(two)
    >>> round(found.measures["kappa"].estimate, 3), found.n_pairable
    (0.615, 5)
    """
    counts, q = ratings.counts, ratings.counts.shape[1]
    per_unit = counts.sum(axis=1)
    if not (per_unit > 1).any():
        raise DesignError(
            "No unit was rated twice, so agreement cannot be seen. Give ratings of the same units by two or more."
        )
    if level in ("interval", "ratio") and not ratings.is_numeric:
        raise DesignError(f"The values are names, so level {level} has no distances. Ask for nominal or ordinal.")
    measures = _many(ratings, level) if q > MOST_CATEGORIES else _few(ratings, level, positive, seed, replicates)
    limits = None
    if ratings.codes is not None and ratings.codes.shape[1] == 2 and ratings.is_numeric and (per_unit > 1).sum() > 1:
        numbers = np.append(ratings.values, np.nan)[ratings.codes]
        limits = bland_altman(numbers[:, 0], numbers[:, 1])
    clusters = None if ratings.clusters is None else int(ratings.clusters.max()) + 1
    way = (
        "analytic standard errors; alpha by jackknife, shares by bootstrap over units"
        if clusters is None
        else "bootstrap over clusters"
    )
    return Agreement(
        level,
        ratings.categories,
        int((per_unit > 0).sum()),
        int((per_unit > 1).sum()),
        int(per_unit.sum()),
        len(ratings.raters) or None,
        clusters,
        measures,
        limits,
        f"{way}, seed {seed}, 95 % intervals",
        tuple(_warnings(ratings, level, per_unit)),
    )


def _few(ratings: Ratings, level: Level, positive: str | None, seed: int, replicates: int) -> dict[str, Estimate]:
    counts, q, values = ratings.counts, ratings.counts.shape[1], ratings.values
    width = 2 + q + 2 * q * q
    named = ratings.codes if ratings.codes is not None and ratings.codes.shape[1] <= MOST_RATERS else None
    coded = named if named is not None and math.comb(named.shape[1], 2) * q * q <= MOST_CELLS else None

    def build(rows: slice) -> Reals:
        parts = [unit_features(counts[rows])]
        return np.concatenate(parts if coded is None else [*parts, light_features(coded[rows], q)], axis=1)

    drawn = resample(
        by_cluster(build, len(counts), ratings.clusters), _torn(counts, coded), unit_n=int((counts.sum(axis=1) > 1).sum()),
        seed=seed, replicates=replicates,
    )  # fmt: skip
    free = ratings.clusters is None
    weights = {name: weight_matrix(values, name) for name in WEIGHTINGS[1:]} if ratings.is_ordered else {}
    found = _any_raters(drawn, counts, weights, free=free)
    if coded is not None:
        found |= _named_raters(drawn, coded, q, width, weights, free=free)
        if coded.shape[1] == 2:
            found |= _one_answer(drawn, ratings.categories, q, width, positive)
    elif named is not None:  # too many pairs of raters to resample: kappa without an interval
        found["kappa"] = Estimate(light_of(named, q), None, None, None)
    for name in LEVELS:
        if name == "nominal" or (name == "ordinal" and ratings.is_ordered) or (ratings.is_numeric and _fits(values, name)):
            if free:
                found[f"alpha_{name}"] = alpha_of_many(counts, values, name, None)
                continue
            measure = Measure(lambda s, name=name: alpha(moments_of(s[..., :width], q).coincidences, values, name))
            found[f"alpha_{name}"] = estimate_of(drawn, measure)
    return {"alpha": found.get(f"alpha_{level}", NOTHING), **found}


def _any_raters(drawn: Resampling, counts: Counts, weights: dict[Any, Reals], *, free: bool) -> dict[str, Estimate]:
    q = counts.shape[1]
    width, n = 2 + q + 2 * q * q, counts.shape[0]

    def both(value: Any, se: float, measure: Measure) -> Estimate:
        return analytic(float(value), se, lowest=measure.lowest, df=n - 1) if free else estimate_of(drawn, measure)

    def of(function: Any, w: Reals | None = None, lowest: float = -1.0) -> Measure:
        return Measure(lambda s: function(moments_of(s[..., :width], q), w), lowest)

    m = moments(counts)
    found = {
        "raw": both(raw_agreement(m), raw_se(counts), of(raw_agreement, None, 0.0)),
        "ac1": both(gwet(m), gwet_se(counts), of(gwet)),
        "fleiss": both(fleiss(m), fleiss_se(counts), of(fleiss)),
        "pabak": both(pabak(m), pabak_se(counts), of(pabak)),
    }
    for name, w in weights.items():
        found[f"ac2_{name}"] = both(gwet(m, w), gwet_se(counts, w), of(gwet, w))
    return found


def _named_raters(
    drawn: Resampling, codes: NDArray[np.int64], q: int, width: int, weights: dict[Any, Reals], *, free: bool
) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    joint = drawn.sums[width:].reshape(-1, q, q)
    for name, w in {"kappa": None, **{f"kappa_{name}": w for name, w in weights.items()}}.items():
        if free and codes.shape[1] == 2:
            found[name] = analytic(float(cohen(joint[0], w)), cohen_se(joint[0], w))
        else:
            found[name] = estimate_of(drawn, Measure(lambda s, w=w: light(s[..., width:], q, w)))
    return found


def _one_answer(
    drawn: Resampling, categories: Sequence[str], q: int, width: int, positive: str | None
) -> dict[str, Estimate]:  # fmt: skip
    """Sensitivity and the like for one category of two raters; only for two categories unless one is named."""
    if positive is None and q != 2:
        return {}
    if positive is not None and positive not in categories:
        raise DesignError(f"{positive!r} is no answer in these data. There are: {', '.join(categories)}.")
    k = categories.index(positive) if positive is not None else 1

    def joint(s: Reals) -> Reals:
        return s[..., width:].reshape(*s.shape[:-1], q, q)

    return {
        "sensitivity": estimate_of(drawn, Measure(lambda s: recall_of(joint(s), k), 0.0, lambda s: joint(s)[k].sum())),
        "specificity": estimate_of(
            drawn, Measure(lambda s: others_recall(joint(s), k), 0.0, lambda s: joint(s).sum() - joint(s)[k].sum())
        ),
        "prevalence": estimate_of(drawn, Measure(lambda s: prevalence(joint(s), k), 0.0)),
        "prevalence_index": estimate_of(drawn, Measure(lambda s: prevalence_index(joint(s), k))),
        "bias_index": estimate_of(drawn, Measure(lambda s: bias_index(joint(s), k))),
    }


def _torn(counts: Counts, codes: NDArray[np.int64] | None) -> Reals:
    """Return the features of a unit whose raters stand half and half behind the two commonest categories."""
    q = counts.shape[1]
    first, second = np.argsort(-counts.sum(axis=0), kind="stable")[:2] if q > 1 else (0, 0)
    split = np.zeros((1, q))
    split[0, first] += 1
    split[0, second] += 1
    torn = unit_features(split)[0]
    if codes is None:
        return torn
    cell = np.zeros((q, q))
    cell[first, second] = cell[second, first] = 0.5
    pairs = codes.shape[1] * (codes.shape[1] - 1) // 2
    return np.concatenate([torn, np.tile(cell.ravel(), pairs)])


def _many(ratings: Ratings, level: Level) -> dict[str, Estimate]:
    names: list[Level] = [name for name in LEVELS if name == "nominal" or (ratings.is_ordered and _fits(ratings.values, name))]
    whole = coincidences_of(ratings.counts)
    by_level = {
        f"alpha_{name}": alpha_of_many(ratings.counts, ratings.values, name, ratings.clusters)
        if name == level
        else Estimate(_finite(alpha(whole, ratings.values, name)), None, None, None)
        for name in names
    }
    return {"alpha": by_level.get(f"alpha_{level}", NOTHING), **by_level, "raw": NOTHING, "kappa": NOTHING, "ac1": NOTHING}


def _finite(value: Reals) -> float | None:
    return float(value) if np.isfinite(value) else None


def _fits(values: Reals, level: Level) -> bool:
    return level != "ratio" or bool((values >= 0).all())


def _warnings(ratings: Ratings, level: Level, per_unit: Reals) -> list[str]:
    said = list[str]()
    pairable, q = int((per_unit > 1).sum()), len(ratings.categories)
    if pairable < FEW_UNITS:
        said.append(f"Only {pairable} units were rated twice or more: read the intervals, not the numbers.")
    if (alone := int((per_unit == 1).sum())) > 0:
        said.append(f"{alone} units have one rating: they count for how common a category is in AC1, Fleiss and PABAK only.")
    if q > MOST_CATEGORIES:
        said.append(f"{q} different values: only alpha is given, with an interval on the level asked for.")
    top = float(ratings.counts.sum(axis=0).max() / ratings.counts.sum())
    if top > 0.85 and q <= MOST_CATEGORIES:
        said.append(f"One answer has {100 * top:.0f} % of the ratings: kappa and alpha are low by construction, read AC1 too.")
    if level == "ordinal" and not ratings.is_numeric:
        said.append(f"The order taken is {' < '.join(ratings.categories)}.")
    return said
