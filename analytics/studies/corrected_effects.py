"""Automatic scores corrected by a random part that people scored: means, groups, effects (DSL, PPI++).

Lives here: pseudo-outcomes with stored sampling probabilities, the tuning weight λ from other folds, clustered intervals.
Not here: drawing the labels (analytics.sampling), the pages' corrected means of teams (analytics.corrected_means).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, DesignError
from analytics.results import CheckResult, Reason
from analytics.studies.answer import Answer, Term, term, verdict_of
from analytics.studies.series import Floats

FEWEST_LABELS, FEWEST_CLUSTERS, FOLDS = 20, 5, 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """n rows: automatic and human score (NaN where nobody scored), probability of a draw, codes of cluster and group."""

    auto: Floats
    human: Floats
    probability: Floats
    cluster: NDArray[np.int64]
    group: NDArray[np.int64]
    group_names: tuple[str, ...]
    outcome: str = "score"

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Per row: scored by a person and drawn with a known probability; labels of unknown probability are not used."""
        return np.isfinite(self.human) & (self.probability > 0)


def checked(rows: Labelled) -> Labelled:
    """Return the rows, or say why they cannot be corrected. Raises ContractError or DesignError."""
    if len(rows.auto) == 0:
        raise ContractError("No row has an automatic score. Give one row per scored interaction.")
    known = np.isfinite(rows.probability)
    if (known & ((rows.probability < 0) | (rows.probability > 1))).any():
        raise ContractError("Sampling probabilities must lie between 0 and 1. Give those stored when the labels were drawn.")
    if never := int((known & (rows.probability == 0)).sum()):
        raise DesignError(
            f"AUTO_ONLY: {never} rows had no chance of a human label (probability 0), so nothing corrects them. Leave them "
            "out, or draw labels among them (aftercall sample)."
        )
    if not rows.is_labelled.any():
        raise DesignError(
            "AUTO_ONLY: no row has a human score with a known sampling probability. Automatic score without a random human "
            "sample: coaching can change how the score errs. Draw labels with aftercall sample."
        )
    return rows


def pseudo_outcome(
    auto: Floats, human: Floats, probability: Floats, labelled: NDArray[np.bool_], lam: Floats | float = 1.0
) -> Floats:
    """Return ỹ = λŷ + (R/π)(y − λŷ): right on average for any λ that does not look at its own row; λ = 0 uses people only.

    Any estimator may follow, clustered. Source: Egami et al. (2023), DSL; Angelopoulos et al. (2023), PPI++; spec 4.14.

    >>> pseudo_outcome(np.array([1.0, 0.0]), np.array([0.0, np.nan]), np.array([0.5, 0.5]), np.array([True, False])).tolist()
    [-1.0, 0.0]
    """
    seen = np.where(labelled, human, 0.0)
    weight = np.where(labelled, 1 / np.where(labelled, probability, 1.0), 0.0)
    return lam * auto + weight * (seen - lam * auto)


def corrected_cells(n: Floats, sum_auto: Floats, ht_human: Floats, ht_auto: Floats, lam: float = 1.0) -> Floats:
    """Return the mean pseudo-outcome of agent-weeks from their sums: (λ Σŷ + Σy/π − λ Σŷ/π)/n; NaN where n is 0.

    >>> corrected_cells(np.array([4.0]), np.array([2.0]), np.array([2.0]), np.array([4.0])).tolist()
    [0.0]
    """
    return np.where(n > 0, (lam * sum_auto + ht_human - lam * ht_auto) / np.where(n > 0, n, 1.0), np.nan)


def tuned(rows: Labelled, *, seed: int = 0) -> Floats:
    """Return λ per row, from the labels of the other folds of clusters: cov(y, ŷ)/var(ŷ)/(1 + n/N), within 0..1.

    With fewer than ten labels outside a fold, or fewer than two clusters, λ is 1.
    """
    codes = np.unique(rows.cluster)
    fold_of = np.random.default_rng(seed).permutation(len(codes)) % min(FOLDS, max(len(codes), 1))
    fold = fold_of[np.searchsorted(codes, rows.cluster)]
    lam = np.ones(len(rows.auto))
    if len(codes) < 2:
        return lam
    for one in range(int(fold.max()) + 1):
        other = (fold != one) & rows.is_labelled
        if other.sum() < 10:
            continue
        w = 1 / rows.probability[other]
        y, a = rows.human[other], rows.auto[other]
        y, a = y - np.average(y, weights=w), a - np.average(a, weights=w)
        spread = float(np.sum(w * a**2))
        if spread > 0:
            ratio = float(other.sum()) / float((fold != one).sum())
            lam[fold == one] = float(np.clip(np.sum(w * a * y) / spread / (1 + ratio), 0, 1))
    return lam


def corrected(
    rows: Labelled, *, lam: float | None = None, treated: NDArray[np.bool_] | None = None, alpha: float = 0.05, seed: int = 0
) -> Answer:
    """Return the corrected mean (of every group), or with `treated` the corrected difference of a randomised offer.

    λ None is tuned on other folds for means and 1 for effects. Intervals are clustered with t(G−1). A group with under 20
    labels or 5 clusters has no interval, and a headline like that is inconclusive.
    Raises: ContractError, DesignError: what is missing and what would make it answerable.

    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random(4000) < 0.6).astype(float)
    >>> a, drawn, team = np.where(rng.random(4000) < 0.9, y, 1 - y), rng.random(4000) < 0.1, rng.integers(0, 40, 4000)
    >>> rows = Labelled(a, np.where(drawn, y, np.nan), np.full(4000, 0.1), team, np.zeros(4000, dtype=int), ("all",))
    >>> found = corrected(rows)
    >>> bool(found.headline.ci_low < y.mean() < found.headline.ci_high)
    True
    """
    checked(rows)
    if lam is not None and not 0 <= lam <= 1:
        raise DesignError(f"λ {lam:g}: 0 uses people only, 1 the automatic score in full. Give a number between.")
    if lam is not None:
        weights: Floats = np.full(len(rows.auto), lam)
    else:
        weights = tuned(rows, seed=seed) if treated is None else np.ones(len(rows.auto))
    pseudo = pseudo_outcome(rows.auto, rows.human, rows.probability, rows.is_labelled, weights)
    every = np.ones(len(pseudo), dtype=bool)
    if treated is not None:
        top = _difference("effect", pseudo, treated, rows, alpha)
        terms = [top, _mean("treated", pseudo, treated, rows, alpha), _mean("control", pseudo, ~treated, rows, alpha)]
        auto = _difference("automatic only", rows.auto, treated, rows, alpha)
    else:
        top = _mean("all", pseudo, every, rows, alpha)
        terms = [top]
        if len(rows.group_names) > 1:
            terms += [_mean(name, pseudo, rows.group == k, rows, alpha) for k, name in enumerate(rows.group_names)]
        auto = _mean("automatic only", rows.auto, every, rows, alpha)
    people = pseudo_outcome(rows.auto, rows.human, rows.probability, rows.is_labelled, 0.0)
    human = (
        _mean("people only", people, every, rows, alpha)
        if treated is None
        else _difference("people only", people, treated, rows, alpha)
    )
    arms = rows.group if treated is None else treated.astype(np.int64)
    names = rows.group_names if treated is None else ("control", "treated")
    checks = _checks(rows, top, auto, arms, names)
    reasons = (Reason("FEW_LABELS", str(top.note)),) if top.note else ()
    least, most = float(weights.min()), float(weights.max())
    facts: dict[str, Any] = {
        "n_labelled": int(rows.is_labelled.sum()),
        "n_clusters": len(np.unique(rows.cluster)),
        "lambda": least if least == most else {"least": least, "most": most},
        "automatic": auto.estimate,
        "people_only": {"estimate": human.estimate, "se": human.se},
        "least_probability": float(rows.probability[rows.is_labelled].min()),
        "effective_labels": _effective(1 / rows.probability[rows.is_labelled]),
    }
    facts["cross_checks"] = [{"method": one.name, "estimate": one.estimate, "se": one.se} for one in (auto, human)]
    lost = int((np.isfinite(rows.human) & ~rows.is_labelled).sum())
    warnings = (f"{lost} human scores have no known sampling probability and are not used.",) if lost else ()
    verdict = verdict_of(top, reasons, alpha=alpha) if treated is not None else ("inconclusive" if reasons else "supported")
    estimand = "mean as people would score" if treated is None else "difference of treated and control as people would score"
    method = f"{'PPI++' if treated is None else 'DSL'} (human labels weighed by 1/π, clustered)"
    return Answer(rows.outcome, method, estimand, tuple(terms), len(rows.auto), verdict, "", checks, reasons, warnings, facts)


def _mean(name: str, values: Floats, inside: NDArray[np.bool_], rows: Labelled, alpha: float) -> Term:
    value = float(values[inside].mean()) if inside.any() else float("nan")
    few = _few(inside, rows)
    sums, g = _sums(values[inside] - value, rows.cluster[inside])
    if few or g < 2:
        return Term(name, value, n=int(inside.sum()), note=few or "one cluster: no interval")
    se = float(np.sqrt(g / (g - 1) * np.sum(sums**2)) / inside.sum())
    return replace(term(name, value, se, float(g - 1), alpha=alpha, n=int(inside.sum())), p=None)


def _difference(name: str, values: Floats, treated: NDArray[np.bool_], rows: Labelled, alpha: float) -> Term:
    """Return the difference of arm means; its error from cluster sums of influence, so clusters may hold both arms."""
    if not treated.any() or treated.all():
        raise DesignError("Every row is in the same arm. Give rows of both, 1 for treated and 0 for control.")
    one, zero = float(values[treated].mean()), float(values[~treated].mean())
    influence = np.where(treated, (values - one) / treated.sum(), -(values - zero) / (~treated).sum())
    few = _few(treated, rows) or _few(~treated, rows)
    sums, g = _sums(influence, rows.cluster)
    if few or g < 2:
        return Term(name, one - zero, n=len(values), note=few or "one cluster: no interval")
    return term(name, one - zero, float(np.sqrt(g / (g - 1) * np.sum(sums**2))), float(g - 1), alpha=alpha, n=len(values))


def _sums(values: Floats, cluster: NDArray[np.int64]) -> tuple[Floats, int]:
    codes = np.unique(cluster, return_inverse=True)[1].reshape(-1)
    sums = np.bincount(codes, weights=values).astype(np.float64)
    return sums, len(sums)


def _few(inside: NDArray[np.bool_], rows: Labelled) -> str | None:
    labels, clusters = int((inside & rows.is_labelled).sum()), len(np.unique(rows.cluster[inside]))
    if labels >= FEWEST_LABELS and clusters >= FEWEST_CLUSTERS:
        return None
    return f"{labels} labels, {clusters} clusters: {FEWEST_LABELS} labels and {FEWEST_CLUSTERS} clusters needed for an interval"


def _effective(w: Floats) -> float:
    return float(w.sum() ** 2 / np.sum(w**2))


def _checks(rows: Labelled, top: Term, auto: Term, arms: NDArray[np.int64], names: tuple[str, ...]) -> tuple[CheckResult, ...]:
    """Return the least probability, how far the automatic score is off, and whether it errs alike in every group."""
    labelled = rows.is_labelled
    least = float(rows.probability[labelled].min())
    found = [
        CheckResult("Had every labelled row a fair chance?", least >= 0.005, f"least probability {least:.4f} (floor 0.005)"),
        CheckResult(
            "How far is the automatic score off?", None, f"automatic {auto.estimate:.4g}, corrected {top.estimate:.4g}"
        ),
    ]
    unknown = int((~np.isfinite(rows.probability)).sum())
    if unknown:
        found.append(
            CheckResult("Is every row's chance known?", None, f"{unknown} rows have none; they must not have been left out")
        )
    error = rows.human - rows.auto
    w = np.where(labelled, 1 / np.where(labelled, rows.probability, 1), 0)
    present = [k for k in range(len(names)) if w[arms == k].sum() > 0]
    if len(present) > 1:
        means = {names[k]: float(np.average(np.where(labelled, error, 0)[arms == k], weights=w[arms == k])) for k in present}
        spread = max(means.values()) - min(means.values())
        told = ", ".join(f"{name} {value:+.3f}" for name, value in list(means.items())[:6])
        found.append(CheckResult("Does the automatic score err alike in every group?", None, f"{told} (spread {spread:.3f})"))
    return tuple(found)
