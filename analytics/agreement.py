"""How far do raters agree beyond chance: coefficients for any number of raters, missing ratings and ordered values.

Lives here: ratings as counts per unit, the sums every coefficient is a function of, and the coefficients themselves
(raw, Gwet AC1/AC2, Fleiss, PABAK, Krippendorff alpha). Not here: two named raters (agreement_pairs.py), intervals
(agreement_intervals.py), what agreement means for a question of a scorecard (agreement_questions.py).

Notation of spec statistics 4.20: r_ik raters of unit i chose category k of the q declared ones, r_i = Σ_k r_ik.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.inference import Reals

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
Weighting = Literal["identity", "linear", "quadratic"]
WEIGHTINGS: tuple[Weighting, ...] = ("identity", "linear", "quadratic")
Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over units; every coefficient is a function of them. Leading axes are free: one set of sums per replicate.

    `rated_n`, units with a rating; `pairable_n`, units with two or more; `shares` (…, q), Σ r_ik/r_i over rated units;
    `pairs` (…, q, q), Σ r_ik(r_il − 1{k=l})/(r_i(r_i−1)) over pairable units; `coincidences`, the same with (r_i−1) below.
    """

    rated_n: Reals
    pairable_n: Reals
    shares: Reals
    pairs: Reals
    coincidences: Reals


def counts_of(codes: NDArray[np.int64], category_n: int) -> Counts:
    """Return r_ik, shape (N, q), from codes of shape (N, raters); −1 is a missing rating.

    >>> counts_of(np.array([[0, 1, -1], [1, 1, 1]]), 2).tolist()
    [[1.0, 1.0], [0.0, 3.0]]
    """
    return np.stack([(codes == k).sum(axis=1) for k in range(category_n)], axis=1).astype(float)


def codes_of(values: Sequence[Hashable | None], categories: Sequence[Hashable]) -> NDArray[np.int64]:
    """Return the place of each value among the categories, −1 for a missing one.

    Raises: DesignError, a value is not among the categories.

    >>> codes_of(["yes", None, "no"], ["no", "yes"]).tolist()
    [1, -1, 0]
    """
    place = {category: k for k, category in enumerate(categories)}
    strange = sorted({str(value) for value in values if value is not None and value not in place})
    if strange:
        raise DesignError(
            f"Ratings hold {', '.join(strange[:5])}, which is not among the declared categories: "
            f"{', '.join(map(str, categories))}. Declare every category, or none."
        )
    return np.array([-1 if value is None else place[value] for value in values], dtype=np.int64)


def unit_features(counts: Counts) -> Reals:
    """Return what each unit adds to the moments, shape (N, 2 + q + 2q²): sums of rows are moments (`moments_of`)."""
    n, q = counts.shape
    r = counts.sum(axis=1)
    rated, pairable = r > 0, r > 1
    both = counts[:, :, None] * (counts[:, None, :] - np.eye(q))
    apart = np.where(pairable, r - 1, 1.0)[:, None, None]
    coincidences = np.where(pairable[:, None, None], both / apart, 0.0)
    pairs = coincidences / np.where(rated, r, 1.0)[:, None, None]
    shares = counts / np.where(rated, r, 1.0)[:, None]
    return np.concatenate(
        [rated[:, None], pairable[:, None], shares, pairs.reshape(n, -1), coincidences.reshape(n, -1)], axis=1
    )


def moments_of(sums: Reals, category_n: int) -> Moments:
    """Return moments from summed (or weighted) unit features, shape (…, 2 + q + 2q²)."""
    q, lead = category_n, sums.shape[:-1]
    shares, rest = sums[..., 2 : 2 + q], sums[..., 2 + q :]
    half = q * q
    return Moments(
        sums[..., 0], sums[..., 1], shares, rest[..., :half].reshape(*lead, q, q), rest[..., half:].reshape(*lead, q, q)
    )


def moments(counts: Counts) -> Moments:
    """Return the moments of ratings given as counts, shape (N, q)."""
    return moments_of(unit_features(counts).sum(axis=0), counts.shape[1])


def weight_matrix(values: Reals, weighting: Weighting) -> Reals:
    """Return how much two categories count as agreeing, shape (q, q): 1 on the diagonal, 0 for the farthest two.

    Args: values, the categories' numbers; for ordered names their places.
    Source: Cicchetti & Allison (1971), linear; Fleiss & Cohen (1973), quadratic.

    >>> weight_matrix(np.array([1.0, 2.0, 3.0]), "linear")[0].tolist()
    [1.0, 0.5, 0.0]
    """
    if weighting == "identity" or values.size < 2:
        return np.eye(values.size)
    apart = np.abs(values[:, None] - values[None, :]) / np.ptp(values)
    return 1 - (apart if weighting == "linear" else apart**2)


def _weighted(matrix: Reals, weights: Reals) -> Reals:
    return np.asarray((matrix * weights).sum(axis=(-2, -1)))


def beyond_chance(agreed: Reals, by_chance: Reals) -> Reals:
    """Return (p_a − p_e)/(1 − p_e); NaN where chance alone explains everything."""
    with np.errstate(invalid="ignore", divide="ignore"):
        room = 1 - by_chance
        return np.where(room > 1e-12, (agreed - by_chance) / room, np.nan)


def raw_agreement(m: Moments, weights: Reals | None = None) -> Reals:
    """Return p_a, the share of agreeing pairs of ratings within a unit, averaged over units with two or more."""
    w = np.eye(m.shares.shape[-1]) if weights is None else weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(_weighted(m.pairs, w) / m.pairable_n)


def prevalences(m: Moments) -> Reals:
    """Return π_k, the mean over rated units of the share of ratings in category k, shape (…, q)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(m.shares / np.asarray(m.rated_n)[..., None])


def gwet(m: Moments, weights: Reals | None = None) -> Reals:
    """Return Gwet's AC1, or AC2 with weights. Source: Gwet (2008); spec statistics 4.20.

    >>> table = np.array([[2.0, 0.0], [2.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    >>> round(float(gwet(moments(table))), 4)
    0.5294
    """
    return beyond_chance(raw_agreement(m, weights), gwet_chance(m, weights))


def gwet_chance(m: Moments, weights: Reals | None = None) -> Reals:
    """Return the chance term of AC1/AC2: Σw/(q(q−1)) · Σ π_k(1−π_k)."""
    q, pi = m.shares.shape[-1], prevalences(m)
    total = float(q if weights is None else weights.sum())
    return np.asarray(total / (q * max(q - 1, 1)) * (pi * (1 - pi)).sum(axis=-1))


def fleiss(m: Moments, weights: Reals | None = None) -> Reals:
    """Return Fleiss' kappa (two raters: Scott's pi); units may have different numbers of raters. Source: Fleiss (1971)."""
    return beyond_chance(raw_agreement(m, weights), fleiss_chance(m, weights))


def fleiss_chance(m: Moments, weights: Reals | None = None) -> Reals:
    """Return the chance term of Fleiss' kappa: Σ w_kl π_k π_l."""
    pi = prevalences(m)
    w = np.eye(pi.shape[-1]) if weights is None else weights
    return np.asarray(((pi @ w) * pi).sum(axis=-1))


def pabak(m: Moments, weights: Reals | None = None) -> Reals:
    """Return the prevalence- and bias-adjusted kappa (Brennan–Prediger): chance is 1/q. Source: Byrt et al. (1993)."""
    q = m.shares.shape[-1]
    chance = (q if weights is None else float(weights.sum())) / (q * q)
    return beyond_chance(raw_agreement(m, weights), np.asarray(chance))


def alpha(coincidences: Reals, values: Reals, level: Level) -> Reals:
    """Return Krippendorff's alpha from coincidences, shape (…, q, q), by the level the values are measured on.

    Args: values, the categories' numbers (any for nominal; order only for ordinal), shape (q,), ascending where ordered.
    Raises: DesignError, a ratio scale with negative values.
    Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability; spec statistics 4.20.

    >>> two = moments(np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]])).coincidences
    >>> round(float(alpha(two, np.array([0.0, 1.0]), "nominal")), 4)
    0.4444
    """
    n_c = coincidences.sum(axis=-1)
    n = n_c.sum(axis=-1)
    apart = _distances(n_c, values, level)
    observed = _weighted(coincidences, apart)
    expected = (n_c[..., :, None] * n_c[..., None, :] * apart).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)


def _distances(n_c: Reals, values: Reals, level: Level) -> Reals:
    """Return δ² between categories; for ordinal values it depends on how often each was used."""
    if level == "nominal":
        return 1 - np.eye(values.size)
    if level == "ordinal":
        # Σ_{g=c..k} n_g − (n_c+n_k)/2 is the distance between mid-ranks.
        middle = np.cumsum(n_c, axis=-1) - n_c / 2
        return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)
    if level == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    if values.min(initial=0.0) < 0:
        raise DesignError("A ratio scale has no negative values. Ask for --level interval.")
    both = values[:, None] + values[None, :]
    return np.asarray(((values[:, None] - values[None, :]) / np.where(both == 0, 1.0, both)) ** 2)


def gwet_se(counts: Counts, weights: Reals | None = None) -> float:
    """Return the standard error of AC1/AC2 for independent units. Source: Gwet (2014), Handbook, 4th ed., ch. 5."""
    m = moments(counts)
    q, pi, r = counts.shape[1], prevalences(m), counts.sum(axis=1)
    total = float(q if weights is None else weights.sum())
    chance = total / (q * max(q - 1, 1)) * (counts @ (1 - pi)) / np.where(r > 0, r, 1.0)
    return _unit_se(counts, weights, float(gwet(m, weights)), float(gwet_chance(m, weights)), chance)


def fleiss_se(counts: Counts, weights: Reals | None = None) -> float:
    """Return the standard error of Fleiss' kappa for independent units. Source: Gwet (2014), ch. 5."""
    m = moments(counts)
    w = np.eye(counts.shape[1]) if weights is None else weights
    r = counts.sum(axis=1)
    chance = counts @ ((w + w.T) / 2 @ prevalences(m)) / np.where(r > 0, r, 1.0)
    return _unit_se(counts, weights, float(fleiss(m, weights)), float(fleiss_chance(m, weights)), chance)


def raw_se(counts: Counts, weights: Reals | None = None) -> float:
    """Return the standard error of raw agreement for independent units."""
    return _unit_se(counts, weights, float(raw_agreement(moments(counts), weights)), 0.0, None)


def pabak_se(counts: Counts, weights: Reals | None = None) -> float:
    """Return the standard error of PABAK for independent units: that of raw agreement, stretched."""
    q = counts.shape[1]
    return raw_se(counts, weights) / (1 - (q if weights is None else float(weights.sum())) / (q * q))


def _unit_se(counts: Counts, weights: Reals | None, estimate: float, by_chance: float, chance: Reals | None) -> float:
    """Return the linearised standard error; `chance` is each unit's own chance term, None when chance is fixed."""
    rated = counts.sum(axis=1) > 0
    counts = counts[rated]
    w = np.eye(counts.shape[1]) if weights is None else weights
    r = counts.sum(axis=1)
    pairable, n = r > 1, r.size
    if n < 2 or pairable.sum() == 0 or not np.isfinite(estimate):
        return float("nan")
    agreed = (counts * (counts @ w.T - 1)).sum(axis=1) / np.where(pairable, r * (r - 1), 1.0)
    own = n / pairable.sum() * np.where(pairable, agreed - by_chance, 0.0) / (1 - by_chance)
    if chance is not None:
        own = own - 2 * (1 - estimate) * (chance[rated] - by_chance) / (1 - by_chance)
    return float(np.sqrt(np.sum((own - estimate) ** 2) / (n * (n - 1))))
