"""What every estimator answers with: one vocabulary for effects, checks, windows and reasons.

Lives here: frozen result objects that print as a sentence and tidy to a row, and the texts behind each reason code.
Not here: computing anything (did.py, handle_time.py, trend.py), drawing (plots.py).
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

Verdict = Literal["supported", "inconclusive", "not identified"]
MINUS = "−"

REASON_TEXTS: dict[str, str] = {
    "NO_CONTROL": "No comparison group. The change contains trend, season, mix and regression to the mean.",
    "TRIGGERED": "Agents were coached because of recent results. Not identified without a hold-out.",
    "OPT_IN": "Agents chose coaching themselves. Give the offer dates to estimate the effect of the offer.",
    "AUTO_ONLY": "Automatic score without a random human sample: coaching can change how the score errs.",
    "CONTROL_MOVED": "Something coaching cannot move, moved: {detail}.",
    "SHORT_PRE": "Only {k} periods before the start; {needed} needed.",
    "UNTESTED_PT": "Parallel trends cannot be tested here: there is one period before the start.",
    "FEW_TEAMS": "{g1} of {g} teams treated: smallest possible p is {pmin}; nothing can be supported.",
    "ATTRITION": "Leaving differs between coached and control agents by {pp} points; bounds are not computed in this version.",
    "TOO_GOOD": "The change is over 20 % of the level before. Check selection, regression to the mean, mix.",
    "SENSITIVITY_PENDING": (
        "How far parallel trends may fail is not computed in this first version, so a rollout can be at most inconclusive."
    ),
    "NO_INTERVAL": "No interval can be computed: {detail}.",
}
OUTCOME_WORDS = {
    "handle_s": "handle time",
    "talk_s": "talk time",
    "hold_s": "hold time",
    "acw_s": "after-call work",
    "queue_wait_s": "queue wait",
    "overall": "score",
}
REFUSALS = frozenset({"NO_CONTROL", "TRIGGERED", "OPT_IN", "AUTO_ONLY", "CONTROL_MOVED"})


def signed(value: float, digits: int = 1) -> str:
    """Return a change with its sign; minus is a real minus.

    >>> signed(-12.34), signed(0.5), signed(-0.01)
    ('−12.3', '+0.5', '0.0')
    """
    if round(value, digits) == 0:
        return f"{0:.{digits}f}"
    return f"{value:+.{digits}f}".replace("-", MINUS)


def words_of(outcome: str) -> str:
    """Return an outcome's name as people say it.

    >>> words_of("handle_s"), words_of("csat")
    ('handle time', 'csat')
    """
    return OUTCOME_WORDS.get(outcome, outcome)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One question asked of an answer; `passed` None is informative, without a verdict."""

    question: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not better: a code of the specification and its sentence."""

    code: str
    message: str


def reason(code: str, **facts: object) -> Reason:
    """Return the reason with its sentence filled in.

    >>> reason("SHORT_PRE", k=5, needed=8).message
    'Only 5 periods before the start; 8 needed.'
    """
    return Reason(code, REASON_TEXTS[code].format(**facts))


@dataclass(frozen=True, slots=True)
class Window:
    """Which weeks were compared; the weeks between are left out and counted."""

    pre_from_on: date
    pre_to_on: date
    post_from_on: date
    post_to_on: date
    pre_week_n: int
    left_out_week_n: int
    post_week_n: int

    def __str__(self) -> str:
        return (
            f"{self.pre_week_n} weeks from {self.pre_from_on} against {self.post_week_n} weeks from {self.post_from_on}, "
            f"{self.left_out_week_n} weeks of roll-out between left out"
        )


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The same question answered another way."""

    method: str
    estimate: float
    se: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimated change in one outcome, with a 95 % interval in the outcome's unit, its doubts and a verdict.

    `estimate`, `se`, `ci_low`, `ci_high`, `mde_80` and `equivalence_bound` are in `unit`; `baseline` is the treated
    arm's mean before the start. None means it could not be computed, and `reasons` says why.
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
    n_interactions: int
    n_units: int
    n_clusters: int
    n_treated_clusters: int
    effective_clusters: float
    baseline: float
    mde_80: float | None
    equivalence_bound: float | None
    window: Window
    diagnostics: tuple[CheckResult, ...]
    cross_checks: tuple[CrossCheck, ...]
    warnings: tuple[str, ...]
    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def is_identified(self) -> bool:
        """Whether screens may show p and interval."""
        return self.verdict != "not identified"

    def __str__(self) -> str:
        if not self.is_identified:
            why = "; ".join(r.message for r in self.reasons)
            return f"{self.outcome}: effect not identified. {why}"
        if self.ci_low is None or self.ci_high is None:
            interval = "no interval"
        else:
            interval = f"95 % interval {signed(self.ci_low)} to {signed(self.ci_high)}"
        return f"{self.outcome} {signed(self.estimate)} {self.unit} ({interval}), {self.verdict} · {self.method}"

    def as_record(self) -> dict[str, Any]:
        """Return the result under the names of the `study --json` promise; numbers that are not finite become null."""
        record: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        record["unit_of_outcome"] = record.pop("unit")
        record["reasons"] = [r.code for r in self.reasons]
        record["warnings"] = [*(r.message for r in self.reasons), *self.warnings]
        record["diagnostics"] = [{"question": c.question, "passed": c.passed, "detail": c.detail} for c in self.diagnostics]
        record["cross_checks"] = [{"method": c.method, "estimate": c.estimate, "se": c.se} for c in self.cross_checks]
        record["window"] = {name: getattr(self.window, name) for name in self.window.__slots__}
        cleaned = finite(record)
        assert isinstance(cleaned, dict)
        return cleaned

    def tidy(self) -> pl.DataFrame:
        """Return one row: the numbers and the verdict, without the nested parts."""
        nested = {"window", "diagnostics", "cross_checks", "warnings", "reasons"}
        row: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name not in nested}
        row["reasons"] = " ".join(r.code for r in self.reasons)
        row |= {name: getattr(self.window, name) for name in self.window.__slots__}
        return pl.DataFrame([row])


def finite(value: object) -> object:
    """Return the value with every NaN and infinity as None and every date as ISO text, at any depth: fit for JSON.

    >>> finite({"a": float("nan"), "b": [1.5, float("inf")], "c": date(2026, 1, 5)})
    {'a': None, 'b': [1.5, None], 'c': '2026-01-05'}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value
