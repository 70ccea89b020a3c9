"""Did the agents change or did the scorer? A frozen panel scored again, and drift of the answers question by question.

Lives here: choosing the panel, splitting a shift into scorer and agents, weekly answer mix against its first weeks. Not here:
trends within one epoch (trend.py, which refuses to cross one), storing the panel (assets.quality).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.inference import Interval, Reals, benjamini_hochberg, cluster_jackknife
from analytics.trend import one_epoch

STATES = ("yes", "partial", "no", "na", "null")
PANEL_N = 300
REFERENCE_WEEKS = 4
FEWEST_ANSWERS = 20
# Below this the normal approximation of a share does not hold.
FEWEST_EXPECTED = 10


def frozen_panel(interactions: pl.DataFrame, *, n: int = PANEL_N, by: tuple[str, ...] = (), seed: int = 0) -> pl.DataFrame:
    """Return interactions to be scored in every epoch, shared out over strata in proportion to their size, at least one each.

    Args: interactions, interaction_id and the columns `by`. Columns: interaction_id, stratum; in order of id.

    >>> hundred = pl.DataFrame({"interaction_id": [f"i{k:02d}" for k in range(100)], "queue": ["a"] * 80 + ["b"] * 20})
    >>> frozen_panel(hundred, n=10, by=("queue",), seed=7)["stratum"].value_counts(sort=True).rows()
    [('a', 8), ('b', 2)]
    """
    words = [pl.col(name).cast(pl.String).fill_null("not known") for name in by]
    stratum = pl.concat_str(words, separator=", ") if words else pl.lit("all")
    frame = interactions.select("interaction_id", stratum=stratum).unique("interaction_id").sort("interaction_id")
    order = np.random.default_rng(seed).random(frame.height)
    share = n / max(frame.height, 1)
    ranked = frame.with_columns(order=pl.Series(order)).with_columns(
        rank=pl.col("order").rank("ordinal").over("stratum"), size=pl.len().over("stratum")
    )
    kept = ranked.filter(pl.col("rank") <= (pl.col("size") * share).round().clip(lower_bound=1))
    return kept.select("interaction_id", "stratum")


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the mean moved between two periods scored in different epochs, and how much of it the scorer moved.

    `observed` = mean of the later period in the new epoch − mean of the earlier in the old one; `scorer` = mean change of the
    same panel interactions between the epochs; `agents` = observed − scorer. Intervals leave out one agent at a time.
    """

    observed: float
    scorer: float
    agents: float
    observed_interval: Interval
    scorer_interval: Interval
    agents_interval: Interval
    panel_n: int
    before_n: int
    after_n: int
    agent_n: int

    def __str__(self) -> str:
        parts = (("scorer", self.scorer, self.scorer_interval), ("agents", self.agents, self.agents_interval))
        words = "; ".join(f"{name} {value:+.2f} ({one.low:+.2f} to {one.high:+.2f})" for name, value, one in parts)
        return f"moved {self.observed:+.2f}: {words}, panel of {self.panel_n}".replace("-", "−")

    @property
    def who(self) -> str:
        """Say who clearly changed: the scorer, the agents, both, or neither for sure."""
        moved = [
            name
            for name, one in (("the scorer", self.scorer_interval), ("the agents", self.agents_interval))
            if one.low > 0 or one.high < 0
        ]
        return " and ".join(moved) + " changed" if moved else "no clear change of either"


def split_shift(before: pl.DataFrame, after: pl.DataFrame, panel: pl.DataFrame) -> Shift:
    """Split a shift of the mean across an epoch change into scorer and agents.

    Args: before, agent_id and score of the earlier period in the old epoch; after, the same of the later period in the new
        epoch; panel, agent_id, old and new: the same interactions scored in both epochs.
    Raises: DesignError, an empty part, or fewer than two agents.
    """
    before, after = before.drop_nulls("score"), after.drop_nulls("score")
    panel = panel.drop_nulls(["old", "new"])
    sizes = {"earlier period": before.height, "later period": after.height, "panel": panel.height}
    if missing := [name for name, size in sizes.items() if size == 0]:
        raise DesignError(f"No scores in the {' and the '.join(missing)}: score the panel and both periods before splitting.")
    names = pl.concat([frame["agent_id"].fill_null("(not known)") for frame in (before, after, panel)]).unique().sort()
    if names.len() < 2:
        raise DesignError("Intervals leave out one agent at a time; there is one agent.")
    b, a = _sums(before, "score", names), _sums(after, "score", names)
    p = _sums(panel.with_columns(change=pl.col("new") - pl.col("old")), "change", names)

    def parts(left_out: int | None) -> tuple[float, float, float]:
        means = [_mean(one, left_out) for one in (b, a, p)]
        observed = means[1] - means[0]
        return observed, means[2], observed - means[2]

    whole = parts(None)
    without = np.array([parts(g) for g in range(names.len())])
    if not np.isfinite(without).all():
        raise DesignError("One agent holds a whole period or the whole panel; intervals need a second one there.")
    o, s, g = (cluster_jackknife(value, without[:, k]) for k, value in enumerate(whole))
    return Shift(*whole, o, s, g, panel.height, before.height, after.height, names.len())


def _sums(frame: pl.DataFrame, column: str, names: pl.Series) -> tuple[Reals, Reals]:
    """Return sum and count per agent, in the order of names."""
    found = frame.group_by(pl.col("agent_id").fill_null("(not known)")).agg(s=pl.col(column).sum(), n=pl.len())
    lined = pl.DataFrame({"agent_id": names}).join(found, on="agent_id", how="left", maintain_order="left")
    return lined["s"].fill_null(0.0).to_numpy().astype(float), lined["n"].fill_null(0).to_numpy().astype(float)


def _mean(sums: tuple[Reals, Reals], left_out: int | None) -> float:
    total, n = float(sums[0].sum()), float(sums[1].sum())
    if left_out is not None:
        total, n = total - float(sums[0][left_out]), n - float(sums[1][left_out])
    return total / n if n else float("nan")


@dataclass(frozen=True, slots=True)
class AnswerDrift:
    """Weekly shares of each answer against the first weeks, tested as one family.

    `rows`: question_id, state (yes, partial, no, na, null), week_on, n, share, reference, change, low, high, p, q, is_flagged.
    """

    epoch: str
    family: str
    family_n: int
    rows: pl.DataFrame

    def __str__(self) -> str:
        n = self.rows.filter("is_flagged").height
        return f"{self.family}: {n} of {self.family_n} weekly shares moved"


def answer_drift(
    counts: pl.DataFrame, *, epoch: str | None = None, reference_weeks: int = REFERENCE_WEEKS, alpha: float = 0.05
) -> AnswerDrift:
    """Return, per question and answer, every week's share against the mean of the first weeks, with Benjamini–Hochberg.

    'na' is the share not called for, 'null' the share that could not be answered. Answers of which fewer than ten are
    expected in a week are not tested. Errors are clustered by agent.
    Args: counts, one row per question_id, week_on, agent_id, state and score_epoch with answer_n.
    Raises: DesignError, several epochs and none named (their answers are not comparable), or no week after the reference.
    """
    frame = one_epoch(counts, epoch).with_columns(agent_id=pl.col("agent_id").fill_null("(not known)"))
    weeks = frame["week_on"].unique().drop_nulls().sort()
    if weeks.len() <= reference_weeks:
        raise DesignError(f"{weeks.len()} weeks of answers; drift needs more than the {reference_weeks} reference weeks.")
    found = [
        row
        for key, part in frame.drop_nulls("week_on").sort("question_id").group_by("question_id", maintain_order=True)
        for row in _question_drift(str(key[0]), part, weeks, reference_weeks, alpha)
    ]
    rows = pl.DataFrame(found, schema=_DRIFT)
    q = benjamini_hochberg(rows["p"].to_numpy())
    rows = rows.with_columns(q=pl.Series(q), is_flagged=pl.Series(q < alpha, dtype=pl.Boolean))
    name = str(frame["score_epoch"][0])
    family = f"answer mix by question and week, {weeks[reference_weeks]} to {weeks[-1]} against {reference_weeks} weeks before"
    return AnswerDrift(name, f"{family}, epoch {name}", rows.height, rows)


_DRIFT: dict[str, Any] = {
    "question_id": pl.String,
    "state": pl.String,
    "week_on": pl.Date,
    "n": pl.Int64,
    "share": pl.Float64,
    "reference": pl.Float64,
    "change": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
}


def _question_drift(
    question: str, part: pl.DataFrame, weeks: pl.Series, reference_weeks: int, alpha: float
) -> list[dict[str, Any]]:
    agents = part["agent_id"].unique().sort()
    of_agent, of_week = ({value: k for k, value in enumerate(one)} for one in (agents, weeks))
    counts = np.zeros((agents.len(), weeks.len(), len(STATES)))
    for agent, week, state, n in part.select("agent_id", "week_on", "state", "answer_n").iter_rows():
        counts[of_agent[agent], of_week[week], STATES.index(state)] += n
    total = counts.sum(axis=2)
    reference, reference_n = counts[:, :reference_weeks].sum(axis=1), total[:, :reference_weeks].sum(axis=1)
    g, base = agents.len(), float(total[:, :reference_weeks].sum())
    if base < FEWEST_ANSWERS or g < 2:
        return []
    before = reference.sum(axis=0) / base
    reach = float(stats.t.ppf(1 - alpha / 2, g - 1))
    rows: list[dict[str, Any]] = []
    for w in range(reference_weeks, weeks.len()):
        n = float(total[:, w].sum())
        if n < FEWEST_ANSWERS:
            continue
        share = counts[:, w].sum(axis=0) / n
        own = (counts[:, w] - share * total[:, w, None]) / n - (reference - before * reference_n[:, None]) / base
        se = np.sqrt(g / (g - 1) * (own**2).sum(axis=0))
        for k, state in enumerate(STATES):
            expected = n * before[k]
            if se[k] <= 0 or min(expected, n - expected) < FEWEST_EXPECTED:
                continue
            change = float(share[k] - before[k])
            rows.append(
                {
                    "question_id": question,
                    "state": state,
                    "week_on": weeks[w],
                    "n": int(n),
                    "share": float(share[k]),
                    "reference": float(before[k]),
                    "change": change,
                    "low": change - reach * float(se[k]),
                    "high": change + reach * float(se[k]),
                    "p": float(2 * stats.t.sf(abs(change) / se[k], g - 1)),
                }
            )
    return rows
