"""Mean scores that people have corrected: the machine on everything, people on a random part, each label weighed by 1/π.

Lives here: corrected means of teams, queues and periods with intervals clustered by agent. Not here: drawing the labels
(sampling.py), effects of coaching on scores.
"""

from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from aftercall.contracts.errors import DesignError
from analytics.inference import Reals

FEWEST_LABELS, FEWEST_AGENTS = 20, 5


def corrected_means(scores: pl.DataFrame, *, by: str | None = None, fewest_labels: int = FEWEST_LABELS) -> pl.DataFrame:
    """Return, per group, the machine's mean and the mean as people would score: Σ machine/N + Σ (human − machine)/π / N.

    Args: scores, one row per interaction with a machine score: `machine`, `human` (null where nobody labelled it),
        `inclusion_probability` (null where unknown: such labels are not used), agent_id, and the column `by`.
    Columns: group, n, label_n, agent_n, machine, machine_low, machine_high, corrected, corrected_low, corrected_high, se,
        least_probability, note. Below 20 labels or 5 agents there is no corrected value, groups under 5 agents or 20
        interactions are not shown at all, and `note` says so.
    Raises: DesignError, grouped by agent: there are never labels enough for one person.
    Source: spec scoring section 9; Angelopoulos et al. (2023), prediction-powered inference, λ = 1.
    """
    if by == "agent_id":
        raise DesignError("A corrected mean of one agent would rest on a handful of labels. Group by team, queue or period.")
    frame = scores.filter(pl.col("machine").is_not_null()).with_columns(
        group=pl.lit("all") if by is None else pl.col(by).cast(pl.String), agent_id=pl.col("agent_id").fill_null("(not known)")
    )
    rows = [
        _group(str(key[0]), part, fewest_labels, by_group=by is not None)
        for key, part in frame.filter(pl.col("group").is_not_null()).sort("group").group_by("group", maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=_COLUMNS)


_COLUMNS: dict[str, Any] = {
    "group": pl.String,
    "n": pl.Int64,
    "label_n": pl.Int64,
    "agent_n": pl.Int64,
    "machine": pl.Float64,
    "machine_low": pl.Float64,
    "machine_high": pl.Float64,
    "corrected": pl.Float64,
    "corrected_low": pl.Float64,
    "corrected_high": pl.Float64,
    "se": pl.Float64,
    "least_probability": pl.Float64,
    "note": pl.String,
}


def _group(name: str, part: pl.DataFrame, fewest_labels: int, *, by_group: bool) -> dict[str, Any]:
    agents = np.unique(part["agent_id"].to_numpy(), return_inverse=True)[1]
    machine = part["machine"].to_numpy().astype(float)
    usable = part["human"].is_not_null() & part["inclusion_probability"].is_not_null() & (part["inclusion_probability"] > 0)
    labelled = usable.to_numpy()
    mean, _, low, high = clustered_mean(machine, agents)
    row: dict[str, Any] = dict.fromkeys(_COLUMNS) | {"group": name, "n": machine.size, "label_n": int(labelled.sum())}
    row |= {"agent_n": int(agents.max()) + 1}
    if by_group and (row["agent_n"] < FEWEST_AGENTS or machine.size < FEWEST_LABELS):
        return row | {"note": f"{row['agent_n']} agents, {machine.size} interactions: too small a group to be shown"}
    row |= {"machine": mean, "machine_low": low, "machine_high": high}
    if row["label_n"] < fewest_labels or row["agent_n"] < FEWEST_AGENTS:
        return row | {"note": f"{row['label_n']} labels, {row['agent_n']} agents: too few to correct"}
    pi = part["inclusion_probability"].fill_null(1.0).to_numpy().astype(float)
    human = part["human"].fill_null(0.0).to_numpy().astype(float)
    moved = machine + np.where(labelled, (human - machine) / pi, 0.0)
    value, se, low, high = clustered_mean(moved, agents)
    row |= {"corrected": value, "corrected_low": low, "corrected_high": high, "se": se}
    return row | {"least_probability": float(pi[labelled].min()), "note": None}


def clustered_mean(values: Reals, clusters: np.ndarray[Any, np.dtype[np.int64]]) -> tuple[float, float, float, float]:
    """Return mean, standard error and 95 % interval of a mean, clustered, with t(G − 1).

    >>> clustered_mean(np.array([1.0, 2.0, 3.0, 6.0]), np.array([0, 0, 1, 1]))[0]
    3.0
    """
    mean, g = float(values.mean()), int(clusters.max()) + 1
    if g < 2:
        return mean, float("nan"), float("nan"), float("nan")
    sums = np.bincount(clusters, weights=values - mean, minlength=g)
    se = float(np.sqrt(g / (g - 1) * np.sum(sums**2)) / values.size)
    reach = float(stats.t.ppf(0.975, g - 1)) * se
    return mean, se, mean - reach, mean + reach
