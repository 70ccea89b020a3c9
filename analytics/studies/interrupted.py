"""Interrupted time series: did one series change level or slope at a date, beyond its trend and season?

Lives here: segmented regression for means (HAC) and counts (quasi-Poisson with exposure), and the checks that go with it.
Not here: reading tables (series.py), comparisons with other units (synthetic.py).
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import stats

from aftercall.contracts.errors import DesignError, RequestError
from analytics.results import CheckResult, Reason, reason
from analytics.studies.answer import Answer, Term, term, verdict_of
from analytics.studies.series import Floats, Series

Family = Literal["gaussian", "poisson"]
SeriesVcov = Literal["auto", "iid", "HC1", "HAC"]
MIN_PRE = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """Which terms the model has. `phase_in` periods from the start are left out; `lags` None is max(4, ⌊4(n/100)^(2/9)⌋)."""

    trend: bool = True
    slope: bool = False
    period: float | None = None
    harmonics: int = 2
    season: bool = False
    family: Family = "gaussian"
    vcov: SeriesVcov = "auto"
    lags: int | None = None
    small_sample: bool = True
    phase_in: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients with a covariance; `dispersion` is σ² (gaussian) or Pearson χ²/df (counts)."""

    names: tuple[str, ...]
    beta: Floats
    cov: Floats
    df: float
    fitted: Floats
    residual: Floats
    dispersion: float
    kind: str

    def place(self, name: str) -> int:
        """Return the position of a term."""
        return self.names.index(name)


def interrupted(series: Series, shape: Shape | None = None, *, min_pre: int = MIN_PRE, alpha: float = 0.05) -> Answer:
    """Return the change of level at the start (and of slope), with a verdict.

    y = b₀ + b₁t + b₂P + b₃(t−T₀)P + Σ[sin, cos](2πkt/period) + x'c; t counts periods, P is 1 from the start T₀ on. Counts have
    a log link and offset log(exposure): b₂ is then a log rate ratio. Below `min_pre` periods before the start: not identified.
    Raises: DesignError, fewer rows than terms, or a term that the others already say. Source: spec statistics 4.10.

    >>> rng = np.random.default_rng(1)
    >>> t = np.arange(60.0)
    >>> y = 50 + 0.1 * t + 5 * (t >= 40) + rng.normal(0, 1, 60)
    >>> one = Series(t, y, None, np.empty((60, 0)), (), 40.0, tuple(map(str, range(60))), "qa", "week")
    >>> print(interrupted(one).verdict)
    supported
    """
    shape = shape or Shape()
    checked(series, shape)
    kept = _without_phase_in(series, shape.phase_in)
    fit = fit_series(kept, shape)
    terms = list(_terms(kept, fit, shape, alpha))
    pre_n = int((kept.time < kept.start).sum())
    reasons, checks = list[Reason](), list[CheckResult]()
    if pre_n < min_pre:
        reasons.append(reason("SHORT_PRE", k=pre_n, needed=min_pre))
    checks.append(
        CheckResult("Are there periods enough before the start?", pre_n >= min_pre, f"{pre_n} of {min_pre} (26 better)")
    )
    checks += _residual_checks(fit, shape, kept)
    phantom = _phantom(kept, shape, alpha)
    checks.append(phantom)
    if phantom.passed is False:
        reasons.append(reason("CONTROL_MOVED", detail=phantom.detail))
    if terms[0].ci_low is None:
        reasons.append(reason("NO_INTERVAL", detail="the model fits every period exactly, or its errors are not positive"))
    facts: dict[str, Any] = {
        "family": shape.family,
        "vcov": fit.kind,
        "lags": _lags(shape, len(kept.y)) if "HAC" in fit.kind else None,
    }
    facts |= {"start": kept.labels[int(np.argmax(kept.time >= kept.start))], "n_pre": pre_n, "n_post": len(kept.y) - pre_n}
    facts |= {"dispersion": fit.dispersion}
    if shape.family == "poisson":
        top = terms[0]
        facts["rate_ratio"] = float(np.exp(top.estimate))
        facts["rate_ratio_low"] = None if top.ci_low is None else float(np.exp(top.ci_low))
        facts["rate_ratio_high"] = None if top.ci_high is None else float(np.exp(top.ci_high))
    words = "change of level at the start" + (", log rate ratio" if shape.family == "poisson" else "")
    method = f"interrupted time series ({'quasi-Poisson' if shape.family == 'poisson' else 'linear'}, {fit.kind} errors)"
    verdict = verdict_of(terms[0], tuple(reasons), also_refuses=("SHORT_PRE",), alpha=alpha)
    warnings = (
        *series.warnings,
        "One series without a comparison: anything else that changed at the same time is in this figure.",
    )
    return Answer(
        series.outcome, method, words, tuple(terms), len(kept.y), verdict, "", tuple(checks), tuple(reasons), warnings, facts
    )


def checked(series: Series, shape: Shape) -> None:
    """Raise RequestError for a shape that contradicts itself or the series."""
    if shape.lags is not None and not 0 <= shape.lags < len(series.y):
        raise RequestError(f"{shape.lags} lags are asked of {len(series.y)} periods. Give 0 to {len(series.y) - 1}.")
    if (shape.season or shape.harmonics > 0) and shape.period is not None and shape.period < 2:
        raise RequestError(f"A season of {shape.period:g} periods has no shape. Give 2 or more (12 for months, 52 for weeks).")
    if shape.family == "poisson" and ((series.y < 0).any() or not (series.y > 0).any()):
        raise RequestError(f"{series.outcome} has negative values, or only zeros: no counts. Use --family gaussian.")
    if shape.family == "gaussian" and series.exposure is not None:
        raise RequestError("An exposure belongs to counts. Use --family poisson, or divide the outcome by the exposure.")
    if shape.phase_in < 0:
        raise RequestError(f"A phase-in of {shape.phase_in} periods is negative. Give 0 or more.")


def design(series: Series, shape: Shape) -> tuple[Floats, tuple[str, ...]]:
    """Return the matrix of the model and the names of its terms."""
    t, after = series.time, (series.time >= series.start).astype(np.float64)
    columns: dict[str, Floats] = {"intercept": np.ones(len(t)), "level": after}
    if shape.trend:
        columns["trend"] = t
    if shape.slope:
        columns["slope"] = (t - series.start) * after
    if shape.period is not None and shape.season:
        place = np.mod(t, shape.period)
        columns |= {f"season {int(one)}": (place == one).astype(np.float64) for one in np.unique(place)[1:]}
    elif shape.period is not None:
        for k in range(1, shape.harmonics + 1):
            angle = 2 * np.pi * k * t / shape.period
            if 2 * k < shape.period:  # at half the period the sine is zero everywhere
                columns[f"sin {k}"] = np.sin(angle)
            columns[f"cos {k}"] = np.cos(angle)
    columns |= {name: series.x[:, k] for k, name in enumerate(series.x_names)}
    return np.column_stack(list(columns.values())), tuple(columns)


def fit_series(series: Series, shape: Shape) -> Fit:
    """Return the fitted model. Raises DesignError when it has too few rows or terms that say the same."""
    x, names = design(series, shape)
    n, k = x.shape
    if n <= k:
        raise DesignError(f"{n} periods cannot carry {k} terms ({_shown(names)}). Give more periods, or leave terms out.")
    scaled = x / np.maximum(np.linalg.norm(x, axis=0), 1e-300)
    if np.linalg.matrix_rank(scaled, tol=1e-9) < k:
        raise DesignError(f"The terms {_shown(names)} repeat each other. Leave one out, or give more periods.")
    if shape.family == "poisson":
        beta, fitted = _poisson(x, series.y, series.exposure)
        weights, residual = fitted, series.y - fitted
        dispersion = float(np.sum(residual**2 / fitted) / (n - k))
    else:
        beta = np.linalg.lstsq(x, series.y, rcond=None)[0]
        fitted = x @ beta
        weights, residual = np.ones(n), series.y - fitted
        dispersion = float(np.sum(residual**2) / (n - k))
    if np.sum((series.y - fitted) ** 2) < 1e-20 * np.sum(series.y**2):
        residual, dispersion = np.zeros(n), 0.0  # rounding is no noise: an exact fit has no interval
    kind = shape.vcov if shape.vcov != "auto" else ("iid" if shape.family == "poisson" else "HAC")
    bread = np.linalg.inv(x.T @ (x * weights[:, None]))
    if kind == "iid":
        cov = bread * dispersion
    else:
        cov = bread @ meat(x * residual[:, None], 0 if kind == "HC1" else _lags(shape, n), series.time) @ bread
        cov *= n / (n - k) if shape.small_sample else 1.0
    return Fit(
        names,
        beta,
        cov,
        float(n - k),
        fitted,
        residual,
        dispersion,
        "quasi-likelihood" if (kind, shape.family) == ("iid", "poisson") else kind,
    )


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def meat(scores: Floats, lags: int, time: Floats) -> Floats:
    """Return Σ of score products with Bartlett weights 1 − l/(lags+1); rows further apart than their number are not neighbours.

    Source: Newey & West (1987); lags count periods, so a missing period does not bring its neighbours together.
    """
    total = scores.T @ scores
    for lag in range(1, lags + 1):
        later = np.searchsorted(time, time + lag)
        is_there = later < len(time)
        first = np.flatnonzero(is_there)[time[later[is_there]] == time[is_there] + lag]
        product = scores[first].T @ scores[later[first]]
        total = total + (1 - lag / (lags + 1)) * (product + product.T)
    return total


def _lags(shape: Shape, n: int) -> int:
    return shape.lags if shape.lags is not None else min(max(4, int(4 * (n / 100) ** (2 / 9))), n - 1)


def _poisson(x: Floats, y: Floats, exposure: Floats | None) -> tuple[Floats, Floats]:
    """Return coefficients and fitted counts by iteratively reweighted least squares. Raises DesignError without a solution."""
    offset = np.log(exposure) if exposure is not None else np.zeros(len(y))
    mu = y + 0.5
    eta = np.log(mu)
    beta = np.zeros(x.shape[1])
    for _ in range(100):
        root = np.sqrt(mu)
        new = np.linalg.lstsq(x * root[:, None], (eta - offset + (y - mu) / mu) * root, rcond=None)[0]
        eta = np.clip(x @ new + offset, -700, 700)
        mu = np.exp(eta)
        if np.max(np.abs(new - beta)) < 1e-10 * (1 + np.max(np.abs(new))):
            return new, mu
        beta = new
    raise DesignError(
        "The counts have no best fit (a part of the series holds only zeros). Leave terms out, or use --family gaussian."
    )


def _terms(series: Series, fit: Fit, shape: Shape, alpha: float) -> list[Term]:
    """Return the level first, then slope, then the mean change over the periods after, then every other term."""
    found = {
        name: term(name, float(fit.beta[k]), float(np.sqrt(max(fit.cov[k, k], 0))), fit.df, alpha=alpha)
        for k, name in enumerate(fit.names)
    }
    head = [found.pop("level")]
    if shape.slope:
        head.append(found.pop("slope"))
        direction = np.zeros(len(fit.beta))
        direction[fit.place("level")] = 1
        direction[fit.place("slope")] = float(np.mean(series.time[series.time >= series.start] - series.start))
        se = float(np.sqrt(direction @ fit.cov @ direction))
        head.append(term("average after the start", float(direction @ fit.beta), se, fit.df, alpha=alpha))
    return [*head, *found.values()]


def _without_phase_in(series: Series, periods: int) -> Series:
    if periods == 0:
        return series
    keep = (series.time < series.start) | (series.time >= series.start + periods)
    if not (series.time[keep] >= series.start).any():
        raise DesignError(f"A phase-in of {periods} periods leaves nothing after the start. Give fewer.")
    exposure = series.exposure[keep] if series.exposure is not None else None
    labels = tuple(np.asarray(series.labels)[keep].tolist())
    return replace(series, time=series.time[keep], y=series.y[keep], x=series.x[keep], exposure=exposure, labels=labels)


def _residual_checks(fit: Fit, shape: Shape, series: Series) -> list[CheckResult]:
    """Return Durbin-Watson, the residuals' autocorrelation with a joint test, and for counts their dispersion."""
    e = fit.residual / np.sqrt(fit.fitted) if shape.family == "poisson" else fit.residual
    e = e - e.mean()
    n = len(e)
    watson = float(np.sum(np.diff(e) ** 2) / np.sum(e**2)) if np.sum(e**2) > 0 else 2.0
    lags = min(_lags(shape, n), n // 3)
    acf = np.array([float(np.sum(e[lag:] * e[:-lag]) / max(np.sum(e**2), 1e-300)) for lag in range(1, lags + 1)])
    box = float(n * (n + 2) * np.sum(acf**2 / (n - np.arange(1, lags + 1)))) if lags else 0.0
    p = float(stats.chi2.sf(box, lags)) if lags else 1.0
    holds = " (allowed for by the HAC errors)" if fit.kind == "HAC" else " (not allowed for: use --vcov HAC)"
    listed = ", ".join(f"{value:.2f}" for value in acf[:6])
    found = [
        CheckResult("Are neighbouring residuals alike?", 1.5 <= watson <= 2.5, f"Durbin-Watson {watson:.2f} (near 2 is none)"),
        CheckResult(
            "Is there autocorrelation left?",
            None if fit.kind == "HAC" else p >= 0.05,
            f"Ljung-Box p {p:.3g} over {lags} lags; autocorrelations {listed}" + (holds if p < 0.05 else ""),
        ),
    ]
    if shape.family == "poisson":
        found.append(
            CheckResult("Do the counts vary more than Poisson?", None, f"dispersion {fit.dispersion:.2f}; the errors carry it")
        )
    if shape.period is None and series.period in ("month", "week", "quarter"):
        found.append(
            CheckResult("Is the season in the model?", None, "no: give --period 12 (months), 52 (weeks) or 4 (quarters)")
        )
    return found


def _phantom(series: Series, shape: Shape, alpha: float) -> CheckResult:
    """Test a start that never was, in the middle of the time before the real one.

    The larger of the HAC and the plain p-value is used: HAC errors are too small in series this short.
    """
    question = "Does a start that never was, in the middle of the time before, show nothing?"
    before = series.time < series.start
    cut = series.time[before]
    middle = float(cut[len(cut) // 2]) if len(cut) else 0.0
    part = replace(
        series,
        time=cut,
        y=series.y[before],
        x=series.x[before],
        exposure=series.exposure[before] if series.exposure is not None else None,
        start=middle,
    )
    shapes = [replace(shape, vcov=vcov, slope=False, phase_in=0, lags=None) for vcov in ("HAC", "iid")]
    try:
        fits = [fit_series(part, one) for one in shapes]
    except DesignError:
        return CheckResult(question, None, "not computed: too few periods before the start")
    if fits[0].df < 6:
        return CheckResult(question, None, "not computed: too few periods before the start")
    k = fits[0].place("level")
    found = [term("level", float(fit.beta[k]), float(np.sqrt(max(fit.cov[k, k], 0))), fit.df).p for fit in fits]
    p = max(one for one in found if one is not None) if any(one is not None for one in found) else 1.0
    where = series.labels[len(cut) // 2]
    return CheckResult(question, p >= alpha, f"phantom start {where}: level {fits[0].beta[k]:+.4g}, p {p:.3g}")
