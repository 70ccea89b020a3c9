"""Is an agent doing a behaviour more or less often? Level and slope with intervals, shrunken, flagged in a declared family.

Lives here: trends of one question within one score epoch (first version: straight line over weeks). Not here: team levels
(levels.py), change points, effects of coaching (did.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from aftercall.contracts.errors import DesignError, UnknownColumn
from analytics.inference import Reals, benjamini_hochberg
from analytics.results import CheckResult, Reason, signed
from analytics.shrinkage import Shrunk, shrink

ENOUGH_N = 30
SURE_OF_SIGN = 0.9
NEEDED = ("agent_id", "week_on", "question_id", "score_epoch", "interaction_n", "called_for_n", "done_n", "na_n", "null_n")


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of one family: agents × questions within one epoch.

    `rows`, one per agent and question: agent_id, question_id, week_n, called_for_n, n_eff, level, level_low, level_high
    (shares), slope, slope_low, slope_high (share per week, raw), shrunk_level, shrunk_slope, shrunk_slope_low,
    shrunk_slope_high, sign_probability, p, q, state. `state` is "improving", "declining", "no clear trend", or "too few".
    """

    epoch: str
    family: str
    family_n: int
    rows: pl.DataFrame
    diagnostics: tuple[CheckResult, ...]
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        count = dict(self.rows["state"].value_counts().iter_rows())
        return (
            f"{self.family}: {count.get('improving', 0)} improving, {count.get('declining', 0)} declining, "
            f"{count.get('no clear trend', 0)} without a clear trend, {count.get('too few', 0)} with too few interactions"
        )

    def tidy(self) -> pl.DataFrame:
        """Return one row per agent and question."""
        return self.rows


@dataclass(frozen=True, slots=True)
class Line:
    """A weighted straight line through weekly shares: level at the mean week, slope per week, their variances."""

    level: float
    level_variance: float
    slope: float
    slope_variance: float
    n_eff: float


def fit_line(week: Reals, done: Reals, called: Reals) -> Line | None:
    """Return the line through done/called over weeks, or None with fewer than three weeks.

    Args: week numbers, moments done and moments called for, shape (T,), called > 0. Variances are binomial at
        (done + ½)/(n + 1), times the spread between weeks when that is larger (quasi-binomial); n_eff is n over that factor.

    >>> found = fit_line(np.arange(4.0), np.array([4.0, 5.0, 6.0, 7.0]), np.full(4, 10.0))
    >>> round(found.level, 3), round(found.slope, 3), found.n_eff
    (0.55, 0.1, 40.0)
    """
    if week.size < 3 or np.ptp(week) == 0:
        return None
    n = float(called.sum())
    share, t = done / called, week - np.average(week, weights=called)
    level = float(done.sum() / n)
    sxx = float(np.sum(called * t**2))
    slope = float(np.sum(called * t * share) / sxx)
    smoothed = (float(done.sum()) + 0.5) / (n + 1)
    unit = smoothed * (1 - smoothed)
    spread = float(np.sum(called * (share - level - slope * t) ** 2) / unit / (week.size - 2))
    factor = max(1.0, spread)
    return Line(level, unit * factor / n, slope, unit * factor / sxx, n / factor)


def find_trends(weeks: pl.DataFrame, *, epoch: str | None = None, family: str = "", alpha: float = 0.05) -> Trends:
    """Return the trend of every agent and question in one epoch, shrunken over agents, flagged by false discovery rate.

    Args: weeks, mart_behaviour_week; epoch, which one: scores of two epochs are never put on one line; family, its name for the
        record, by default the epoch and the period.
    Raises: DesignError, several epochs and none named, or none of that name; UnknownColumn.
    """
    for name in NEEDED:
        if name not in weeks.columns:
            raise UnknownColumn(name, "mart_behaviour_week", weeks.columns)
    frame = one_epoch(weeks, epoch).filter(pl.col("called_for_n") > 0).sort("question_id", "agent_id", "week_on")
    if frame.height == 0:
        raise DesignError("No behaviour was ever called for in this epoch: score transcripts first, or name another epoch.")
    first, last = frame.select(pl.col("week_on").min().alias("a"), pl.col("week_on").max().alias("b")).row(0)
    number = (pl.col("week_on") - first).dt.total_days() / 7
    lines: list[dict[str, Any]] = []
    for (question, agent), group in frame.with_columns(t=number).group_by("question_id", "agent_id", maintain_order=True):
        called, done = (group[name].to_numpy().astype(float) for name in ("called_for_n", "done_n"))
        answered = float((group["interaction_n"] - group["na_n"] - group["null_n"]).sum())
        found = fit_line(group["t"].to_numpy(), done, called)
        n_eff = answered if found is None else min(answered, found.n_eff)
        lines.append(
            {
                "agent_id": agent,
                "question_id": question,
                "week_n": group.height,
                "called_for_n": int(called.sum()),
                "n_eff": n_eff,
            }
            | _raw(found if n_eff >= ENOUGH_N else None, float(done.sum() / called.sum()), alpha)
        )
    rows = pl.DataFrame(lines, infer_schema_length=None)
    rows = pl.concat([_shrunken(group, alpha) for _, group in rows.group_by("question_id", maintain_order=True)])
    rows = _flagged(rows, alpha)
    tested = rows.filter(pl.col("p").is_not_null()).height
    few = rows.height - tested
    name = family or f"behaviour trends {first} to {last}, epoch {frame['score_epoch'][0]}"
    checks = (
        CheckResult("Are all weeks scored alike?", passed=True, detail=f"one epoch, {frame['score_epoch'][0]}"),
        CheckResult(
            "Is there enough to say?", None, f"{tested} of {rows.height} trends have {ENOUGH_N} effective interactions or more"
        ),
    )
    reasons = (Reason("SMALL_N", f"Too few scored interactions for {few} of {rows.height} trends."),) if few else ()
    return Trends(str(frame["score_epoch"][0]), name, tested, rows.sort("question_id", "agent_id"), checks, reasons)


def one_epoch(weeks: pl.DataFrame, epoch: str | None) -> pl.DataFrame:
    """Return the rows of one score epoch.

    Raises: DesignError, several epochs and none named, or none of that name.
    """
    known = weeks["score_epoch"].unique().sort().to_list()
    if epoch is None and len(known) > 1:
        raise DesignError(
            f"The weeks were scored in {len(known)} epochs ({', '.join(map(str, known))}): their scores are not comparable. "
            "Pass epoch=... or score all weeks again in one epoch."
        )
    if epoch is not None and epoch not in known:
        raise DesignError(f"There is no epoch {epoch!r}; the weeks have {', '.join(map(str, known)) or 'none'}.")
    return weeks if epoch is None else weeks.filter(pl.col("score_epoch") == epoch)


def _raw(found: Line | None, level: float, alpha: float) -> dict[str, float | None]:
    names = ("slope", "level_low", "level_high", "slope_low", "slope_high", "level_variance", "slope_variance", "p")
    if found is None:
        return {"level": level, **dict.fromkeys(names)}
    z = float(stats.norm.ppf(1 - alpha / 2))
    level_reach, slope_reach = z * found.level_variance**0.5, z * found.slope_variance**0.5
    return {
        "level": found.level,
        "slope": found.slope,
        "level_low": max(0.0, found.level - level_reach),
        "level_high": min(1.0, found.level + level_reach),
        "slope_low": found.slope - slope_reach,
        "slope_high": found.slope + slope_reach,
        "level_variance": found.level_variance,
        "slope_variance": found.slope_variance,
        "p": float(2 * stats.norm.sf(abs(found.slope) / found.slope_variance**0.5)),
    }


def _shrunken(rows: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """Draw the agents of one question towards each other: exchangeable within the question."""
    enough = rows["p"].is_not_null().to_numpy()
    numbers = {name: rows[name].cast(pl.Float64).to_numpy() for name in ("level", "slope", "level_variance", "slope_variance")}
    level = shrink(numbers["level"][enough], numbers["level_variance"][enough])
    slope = shrink(numbers["slope"][enough], numbers["slope_variance"][enough])
    reach = float(stats.norm.ppf(1 - alpha / 2)) * np.sqrt(slope.variance)
    return rows.with_columns(
        _spread("shrunk_level", level.mean, enough),
        _spread("shrunk_slope", slope.mean, enough),
        _spread("shrunk_slope_low", slope.mean - reach, enough),
        _spread("shrunk_slope_high", slope.mean + reach, enough),
        _spread("sign_probability", _sign_probability(slope), enough),
    ).with_columns(pl.col("p", "slope", "slope_low", "slope_high", "level_low", "level_high").cast(pl.Float64))


def _sign_probability(slope: Shrunk) -> Reals:
    return stats.norm.cdf(np.abs(slope.mean) / np.sqrt(slope.variance))


def _spread(name: str, values: Reals, where: np.ndarray) -> pl.Series:
    full = np.full(where.size, np.nan)
    full[where] = values
    return pl.Series(name, full).fill_nan(None)


def _flagged(rows: pl.DataFrame, alpha: float) -> pl.DataFrame:
    tested = rows["p"].is_not_null().to_numpy()
    q = benjamini_hochberg(rows["p"].drop_nulls().to_numpy())
    rows = rows.with_columns(_spread("q", q, tested)).drop("level_variance", "slope_variance")
    clear = (pl.col("q") < alpha) & (pl.col("sign_probability") >= SURE_OF_SIGN)
    state = (
        pl.when(pl.col("p").is_null())
        .then(pl.lit("too few"))
        .when(clear & (pl.col("shrunk_slope") > 0))
        .then(pl.lit("improving"))
        .when(clear)
        .then(pl.lit("declining"))
        .otherwise(pl.lit("no clear trend"))
    )
    return rows.with_columns(state=state)


def sentence_of(row: dict[str, Any]) -> str:
    """Return one trend as a sentence with interval and unit.

    >>> sentence_of({"state": "too few", "n_eff": 12.0, "question_id": "greets", "level": 0.5})
    'greets: too few scored interactions for a trend (12 of 30)'
    """
    if row["state"] == "too few":
        return f"{row['question_id']}: too few scored interactions for a trend ({row['n_eff']:.0f} of {ENOUGH_N})"
    low, high = (signed(100 * row[name], 2) for name in ("shrunk_slope_low", "shrunk_slope_high"))
    return (
        f"{row['question_id']}: done in {100 * row['shrunk_level']:.0f} % of the moments that called for it, "
        f"{signed(100 * row['shrunk_slope'], 2)} points a week (95 % interval {low} to {high}), {row['state']}"
    )
