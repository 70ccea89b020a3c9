"""What every estimator answers with: one vocabulary for checks, reasons and verdicts.

Lives here: frozen result objects that print as a sentence and tidy to a row, and the texts behind each reason code.
Not here: computing anything (analytics.studies, handle_time.py, trend.py), drawing (plots.py).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

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
    "ATTRITION": "Leaving differs by {pp} points between treated and untreated units.",
    "TOO_GOOD": "The change is over 20 % of the level before. Check selection, regression to the mean, mix.",
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


def interval_told(low: float | None, high: float | None, digits: int = 1, alpha: float = 0.05) -> str:
    """Return an interval in words, or that there is none.

    >>> interval_told(-2.0, 0.5), interval_told(None, 0.5)
    ('95 % interval −2.0 to +0.5', 'no interval')
    """
    if low is None or high is None:
        return "no interval"
    return f"{100 * (1 - alpha):g} % interval {signed(low, digits)} to {signed(high, digits)}"


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


def told(checks: Iterable[CheckResult]) -> list[dict[str, Any]]:
    """Return checks under the names of the JSON promise: question, passed, detail."""
    return [{"question": one.question, "passed": one.passed, "detail": one.detail} for one in checks]


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
class CrossCheck:
    """The same question answered another way."""

    method: str
    estimate: float
    se: float | None


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
