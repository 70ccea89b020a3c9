"""The effect of a declared study as it is kept and shown: numbers, sentences and the course over time, without the panel.

Lives here: Study -> Effect, which travels as JSON between assets and pages. Not here: the study
(analytics.studies), how the mart becomes one (mart_study.py), pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, CrossCheck, Reason, Verdict, finite, told
from analytics.studies.study import Study
from analytics.studies.study_words import basis_of, what_would_change

_OF_ESTIMATE = (
    *("estimand", "estimate", "se", "ci_low", "ci_high", "p"),
    *("n_obs", "n_units", "n_clusters", "n_treated_clusters", "effective_clusters"),
)
_OF_STUDY = ("baseline", "mde_80", "equivalence_bound", "breakdown", "window", "verdict", "reasons", "cross_checks", "warnings")
COURSE = {"horizon": pl.Int64, "estimate": pl.Float64, "ci_low": pl.Float64, "ci_high": pl.Float64, "n_units": pl.Int64}


@dataclass(frozen=True, slots=True)
class PartEffect:
    """The effect on one part of handle time, in seconds per interaction."""

    part: str
    estimate_s: float
    low_s: float | None
    high_s: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """The answer of a declared study without its panel: numbers in `unit`, sentences, and the course by weeks since the start.

    `baseline` is the treated arm's mean before the start, `breakdown` the multiple of the largest step before by which trends
    may fail until the interval holds 0, `n_interactions` the sum of weights. None: not known, or not to be computed.
    `course`: horizon, estimate, ci_low, ci_high, n_units.
    """

    outcome: str
    unit: str
    estimand: str
    estimate: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    method: str
    n_obs: int
    n_interactions: int | None
    n_units: int
    n_clusters: int
    n_treated_clusters: int
    effective_clusters: float | None
    baseline: float | None
    mde_80: float | None
    equivalence_bound: float | None
    breakdown: float | None
    window: str
    mechanism: str
    spec_hash: str
    verdict: Verdict
    sentence: str
    basis: str
    reasons: tuple[Reason, ...]
    diagnostics: tuple[CheckResult, ...]
    cross_checks: tuple[CrossCheck, ...]
    warnings: tuple[str, ...]
    changes: tuple[str, ...]
    parts: tuple[PartEffect, ...]
    course: pl.DataFrame

    @property
    def is_identified(self) -> bool:
        """Whether screens may show p and interval."""
        return self.verdict != "not identified"

    @property
    def parts_residual_s(self) -> float | None:
        """What the parts miss of the whole; None without parts."""
        return sum(part.estimate_s for part in self.parts) - self.estimate if self.parts else None

    def __str__(self) -> str:
        return self.sentence

    def as_record(self) -> dict[str, Any]:
        """Return the numbers and codes, fit for JSON; what is not finite becomes null."""
        record: dict[str, Any] = self.tidy().row(0, named=True)
        record |= {"reasons": [one.code for one in self.reasons], "sentence": self.sentence, "course": self.course.to_dicts()}
        record["diagnostics"] = told(self.diagnostics)
        record["parts"] = [{"part": part.part, "estimate_s": part.estimate_s} for part in self.parts]
        cleaned = finite(record)
        assert isinstance(cleaned, dict)
        return cleaned

    def tidy(self) -> pl.DataFrame:
        """Return one row: the numbers and the verdict, without the nested parts."""
        nested = {"reasons", "diagnostics", "cross_checks", "warnings", "changes", "parts", "course", "sentence", "basis"}
        row: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name not in nested}
        return pl.DataFrame([row | {"reasons": " ".join(one.code for one in self.reasons)}])


def effect_of(found: Study, *, parts: Sequence[PartEffect] = ()) -> Effect:
    """Return a study's answer without its panel; its sentence says that it is about coaching.

    Raises: DesignError, there is not even a change to show; its sentence says why.
    """
    one = found.found
    if one is None:
        raise DesignError(str(found))
    same: dict[str, Any] = {name: getattr(one, name) for name in _OF_ESTIMATE}
    same |= {name: getattr(found, name) for name in _OF_STUDY}
    return Effect(
        **same,
        outcome=found.spec.outcome,
        unit=found.panel.unit_of_outcome,
        method=f"{one.method}; {one.vcov}",
        n_interactions=None if found.spec.weights == "agent" else round(float(found.panel.w.sum())),
        mechanism=found.spec.mechanism,
        spec_hash=found.spec.hash,
        sentence=found.sentence("Coaching"),
        basis=basis_of(found),
        diagnostics=found.checks,
        changes=tuple(what_would_change(found)),
        parts=tuple(parts),
        course=course_of(found),
    )


def course_of(found: Study) -> pl.DataFrame:
    """Return the event study as rows: horizon, estimate, ci_low, ci_high, n_units; horizons before the start are negative."""
    rows = [{name: getattr(one, name) for name in COURSE} for one in found.course]
    return pl.DataFrame(rows, schema=COURSE)
