"""Interactions that people and the machine answered: one unit each, with weight and cluster, and measures of their joint table.

Lives here: from rows to counts, resampling of units, measures by name. Not here: questions and gates (agreement_questions.py),
groups (agreement_groups.py), formulas (agreement.py, agreement_pairs.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from analytics.agreement import Moments, alpha, counts_of, gwet, raw_agreement
from analytics.agreement_intervals import Resampling, by_cluster, resample
from analytics.agreement_pairs import cohen
from analytics.inference import Reals


@dataclass(frozen=True, slots=True)
class QuestionUnits:
    """Interactions of one question: people's answers counted, the machine's answer, weight and cluster of each."""

    categories: list[str]
    people: Reals
    machine: Reals
    weight: Reals
    clusters: np.ndarray[Any, np.dtype[np.int64]] | None

    def joint(self) -> Reals:
        """Person by machine, one unit in all per interaction, shape (N, q²)."""
        share = self.people / self.people.sum(axis=1, keepdims=True)
        cells = share[:, :, None] * self.machine[:, None, :]
        return (self.weight[:, None, None] * cells).reshape(len(cells), -1)

    def among(self, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> "QuestionUnits":
        """Return the units of a mask."""
        clusters = None if self.clusters is None else np.unique(self.clusters[rows], return_inverse=True)[1].astype(np.int64)
        return QuestionUnits(self.categories, self.people[rows], self.machine[rows], self.weight[rows], clusters)


def paired_answers(people: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return people's answers with the machine's beside, as `machine`; where it gave none there is nothing to compare.

    >>> people = pl.DataFrame({"interaction_id": ["a", "b"], "question_id": "q", "answer": "yes"})
    >>> paired_answers(people, people.head(1)).select("interaction_id", "machine").rows()
    [('a', 'yes')]
    """
    machine = answers.filter(pl.col("answer").is_not_null()).select("interaction_id", "question_id", machine="answer")
    on = ["interaction_id", "question_id"]
    return people.join(machine.unique(on), on=on, how="inner", maintain_order="left")


def units_of(group: pl.DataFrame, *, is_weighted: bool) -> QuestionUnits:
    """Return the units of one question: rows with interaction_id, answer, machine, agent_id, inclusion_probability."""
    categories = sorted({*group["answer"], *group["machine"]})
    place = pl.Enum(categories)
    coded = group.with_columns(
        h=pl.col("answer").cast(place).to_physical().cast(pl.Int64),
        m=pl.col("machine").cast(place).to_physical().cast(pl.Int64),
    )
    listed = coded.group_by("interaction_id", maintain_order=True).agg(
        pl.col("h"), pl.col("m").first(), pl.col("agent_id").first(), pi=pl.col("inclusion_probability").min()
    )
    q, n = len(categories), listed.height
    people = np.zeros((n, q))
    np.add.at(people, (np.repeat(np.arange(n), listed["h"].list.len().to_numpy()), listed["h"].explode().to_numpy()), 1.0)
    weight = np.ones(n)
    if is_weighted:
        weight = 1 / listed["pi"].to_numpy()
        weight = weight / weight.mean()
    clusters = None
    if listed["agent_id"].null_count() == 0:
        clusters = np.unique(listed["agent_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    return QuestionUnits(categories, people, counts_of(listed["m"].to_numpy()[:, None], q), weight, clusters)


def machine_value(units: QuestionUnits, measure: str) -> float | None:
    """Return one measure of people against machine on these units, without an interval."""
    value = float(measure_of(measure, len(units.categories))(units.joint().sum(axis=0)))
    return value if np.isfinite(value) else None


def drawn_of(features: Reals, units: QuestionUnits, torn: Reals, seed: int, replicates: int) -> Resampling:
    """Resample units, whole agents where they are known."""
    summed = by_cluster(lambda rows: features[rows], len(features), units.clusters)
    return resample(summed, torn, unit_n=len(features), seed=seed, replicates=replicates)


def torn(units: QuestionUnits, q: int) -> Reals:
    """Return the joint cells of an interaction on which person and machine differ about the two commonest answers."""
    order = np.argsort(-(units.people.sum(axis=0) + units.machine.sum(axis=0)), kind="stable")
    cell = np.zeros((q, q))
    if q > 1:
        cell[order[0], order[1]] = cell[order[1], order[0]] = 0.5
    return cell.ravel()


def joint_of(q: int) -> Callable[[Reals], Reals]:
    """Return what makes flat sums joint tables again, person by machine."""
    return lambda s: s.reshape(*s.shape[:-1], q, q)


def measure_of(name: str, q: int) -> Callable[[Reals], Reals]:
    """Return a measure of a joint table; a pair of ratings is a unit with two raters."""

    def as_moments(joint: Reals) -> Moments:
        n = joint.sum(axis=(-2, -1))
        both = joint + np.swapaxes(joint, -2, -1)
        return Moments(n, n, both.sum(axis=-1) / 2, both / 2, both)

    table = joint_of(q)
    ways: dict[str, Callable[[Reals], Reals]] = {
        "raw": lambda s: raw_agreement(as_moments(table(s))),
        "kappa": lambda s: cohen(table(s)),
        "ac1": lambda s: gwet(as_moments(table(s))),
        "alpha": lambda s: alpha(as_moments(table(s)).coincidences, np.arange(float(q)), "nominal"),
    }
    return ways[name]
