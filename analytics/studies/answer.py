"""What every study outside the staggered panel answers with: terms with intervals, checks, a verdict, in one shape.

Lives here: frozen answers that print as sentences and become the JSON of the verbs. Not here: computing, panel estimates
(estimate.py).
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from analytics.results import REFUSALS, CheckResult, Reason, Verdict, finite, signed, told
from analytics.studies.estimate import interval


@dataclass(frozen=True, slots=True)
class Term:
    """One named figure with its interval; `df` None means the normal distribution; None is 'not computed'."""

    name: str
    estimate: float
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    df: float | None = None
    n: int | None = None
    note: str | None = None

    def __str__(self) -> str:
        if self.ci_low is None or self.ci_high is None:
            return f"{signed(self.estimate, 4)} (no interval)"
        p = "" if self.p is None else f", p {self.p:.3g}"
        return f"{signed(self.estimate, 4)} ({signed(self.ci_low, 4)} to {signed(self.ci_high, 4)}{p})"


def term(name: str, estimate: float, se: float | None, df: float | None, *, alpha: float = 0.05, n: int | None = None) -> Term:
    """Return a figure with the t (df) or normal (None) interval of its standard error.

    >>> print(term("level", 2.0, 1.0, None))
    +2.0000 (+0.0400 to +3.9600, p 0.0455)
    """
    reach = interval(estimate, se, df, alpha=alpha)
    if reach is None:
        return Term(name, estimate, df=df, n=n)
    return Term(name, estimate, se, reach[0], reach[1], reach[2], df, n)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one question: the headline (first of `terms`), its doubts, and what to conclude.

    `facts` are further figures by name (a rate ratio, donor weights); they become keys of the JSON.
    """

    outcome: str
    method: str
    estimand: str
    terms: tuple[Term, ...]
    n_obs: int
    verdict: Verdict
    unit_of_outcome: str = ""
    diagnostics: tuple[CheckResult, ...] = ()
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def headline(self) -> Term:
        """The figure the question was about."""
        return self.terms[0]

    def __str__(self) -> str:
        unit = f" {self.unit_of_outcome}" if self.unit_of_outcome else ""
        if self.verdict == "not identified":
            value = signed(self.headline.estimate, 4)
            return f"{self.outcome}: {self.headline.name} {value}{unit}, not identified · {self.method}"
        return f"{self.outcome}: {self.headline.name} {self.headline}{unit}, {self.verdict} · {self.method}"

    def tidy(self) -> pl.DataFrame:
        """Return one row a term."""
        names = ("name", "estimate", "se", "ci_low", "ci_high", "p", "df", "n", "note")
        schema: dict[str, Any] = (
            {"name": pl.String} | dict.fromkeys(names[1:7], pl.Float64) | {"n": pl.Int64, "note": pl.String}
        )
        return pl.DataFrame([[getattr(one, name) for name in names] for one in self.terms], schema=schema, orient="row")

    def as_record(self) -> dict[str, Any]:
        """Return the names of `study --json`, the headline's figures on top; what is not finite becomes null."""
        top = self.headline
        record: dict[str, Any] = {"outcome": self.outcome, "unit_of_outcome": self.unit_of_outcome, "estimand": self.estimand}
        record |= {name: getattr(top, name) for name in ("estimate", "se", "ci_low", "ci_high", "p", "df")}
        record |= {"method": self.method, "n_obs": self.n_obs, "terms": self.tidy().to_dicts(), **self.facts}
        record["diagnostics"] = told(self.diagnostics)
        record |= {"verdict": self.verdict, "reasons": [r.code for r in self.reasons]}
        record["warnings"] = [*(r.message for r in self.reasons), *self.warnings]
        cleaned = finite(record)
        assert isinstance(cleaned, dict)
        return cleaned


def verdict_of(
    headline: Term, reasons: tuple[Reason, ...], *, also_refuses: tuple[str, ...] = (), alpha: float = 0.05
) -> Verdict:
    """Return the verdict of one figure: refused, inconclusive for any reason or an interval over nothing, else supported.

    >>> verdict_of(term("level", 2.0, 0.5, None), ())
    'supported'
    >>> verdict_of(Term("level", 2.0), ())
    'inconclusive'
    """
    if any(one.code in REFUSALS or one.code in also_refuses for one in reasons):
        return "not identified"
    is_clear = headline.p is not None and headline.p < alpha and not reasons
    return "supported" if is_clear else "inconclusive"
