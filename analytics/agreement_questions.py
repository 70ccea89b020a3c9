"""Machine beside human, question by question: agreement, the ceiling two people reach, and whether the question may count.

Lives here: from labels and answers to one row per question, and the gate that decides live or advisory. Not here: the
coefficients (agreement.py, agreement_pairs.py), reading tables (assets.quality), disputes and edits (agreement_review.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.agreement import Moments, alpha, fleiss, gwet, moments_of, raw_agreement, unit_features
from analytics.agreement_intervals import REPLICATES, Estimate, Measure, estimate_of
from analytics.agreement_pairs import recall_of
from analytics.agreement_units import (
    QuestionUnits,
    drawn_of,
    joint_of,
    machine_value,
    measure_of,
    paired_answers,
    torn,
    units_of,
)
from analytics.inference import Reals

Status = Literal["live", "advisory", "too few labels"]
MEASURES = ("raw", "kappa", "ac1", "alpha")
UNDECIDED = ("open", "escalated")
NOT_BLIND = ("rule", "metric", "model", "edited")


@dataclass(frozen=True, slots=True)
class Gate:
    """When a question counts: its lower bound may lie `within` of what two people reach; below `fewest_labels` nothing is said.

    `flagged_below` labels a result is marked as weak; from `dominant_share` of one answer on, AC1 is read instead of kappa.
    """

    within: float = 0.05
    fewest_labels: int = 20
    flagged_below: int = 50
    dominant_share: float = 0.85


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """One row per question with labels, and what was left out.

    `rows`: question_id, n (interactions with a person's and the machine's answer), double_n (of these, rated by two people or
    more), agent_n, measure; raw, kappa, ac1, alpha, sensitivity (yes as yes), specificity (no as no), na_recall (not called for
    as such), each with _low and _high; human_raw, human_kappa, human_ac1, human_alpha with _low and _high; same_value (the
    measure on the doubly rated only); value, low, high, human (the measure the gate read); is_shown, is_flagged, status,
    reason.
    """

    rows: pl.DataFrame
    gate: Gate
    label_n: int
    left_out: dict[str, int]
    warnings: tuple[str, ...]


def blind_labels(labels: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return people's own answers that may be compared with the machine's, and how many were left out by reason.

    Left out: no answer, drawn on purpose (targeted), given with the machine's answer in view, a dispute not yet decided,
    an earlier answer of the same person. Args: labels, interaction_id, question_id, answer; the rest of
    core_evaluation where known.
    """
    frame = labels.with_columns(
        [
            pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in _OPTIONAL.items()
            if name not in labels.columns
        ]
    )  # fmt: skip
    left: dict[str, int] = {}
    for reason, wrong in (
        ("no answer", pl.col("answer").is_null()),
        ("drawn on purpose", pl.col("sampling") == "targeted"),
        ("not blind", pl.col("answer_source").is_in(NOT_BLIND)),
        ("dispute undecided", pl.col("dispute_state").is_in(UNDECIDED)),
    ):
        kept = frame.filter(~wrong.fill_null(value=False))
        if kept.height < frame.height:
            left[reason] = frame.height - kept.height
        frame = kept
    person = ["interaction_id", "question_id", "evaluator_id"]
    known = frame.filter(pl.col("evaluator_id").is_not_null()).sort("submitted_at", nulls_last=False, maintain_order=True)
    once = known.unique(person, keep="last", maintain_order=True)
    if once.height < known.height:
        left["answered again"] = known.height - once.height
    return pl.concat([once, frame.filter(pl.col("evaluator_id").is_null())]).sort("question_id", "interaction_id"), left


_OPTIONAL: dict[str, Any] = {
    "evaluator_id": pl.String,
    "agent_id": pl.String,
    "sampling": pl.String,
    "inclusion_probability": pl.Float64,
    "answer_source": pl.String,
    "dispute_state": pl.String,
    "submitted_at": pl.Datetime("us", "UTC"),
}


def question_agreement(
    labels: pl.DataFrame, answers: pl.DataFrame, *, gate: Gate | None = None, seed: int = 0, replicates: int = REPLICATES
) -> QuestionAgreement:
    """Return, per question, how far the machine agrees with people and how far people agree with each other.

    The unit is the interaction; several people's answers share its weight. Units weigh 1/π where every inclusion
    probability is known. Intervals: bootstrap over agents where they are known, else over interactions.
    Args: labels, people's answers (see `blind_labels`); answers, the machine's: interaction_id, question_id, answer.
    Raises: DesignError, labels and answers have no question of an interaction in common.
    """
    gate = gate or Gate()
    people, left = blind_labels(labels)
    both = paired_answers(people, answers)
    if both.height == 0:
        raise DesignError(
            f"No interaction has both a person's and the machine's answer to the same question: {people.height} labels, "
            f"{answers['answer'].count()} answers. Compare interaction_id and question_id of the two files."
        )
    if (alone := people.height - both.height) > 0:
        left["no machine answer"] = alone
    pi = both["inclusion_probability"]
    is_weighted = pi.null_count() == 0 and bool((pi > 0).all())
    said = [] if is_weighted else ["Inclusion probabilities are not known for all labels, so each label weighs the same."]
    if both["agent_id"].null_count():
        said.append("Agents are not known for all labels: intervals are over interactions and may be too narrow.")
    rows = [
        _question(str(key[0]), group, gate, is_weighted=is_weighted, seed=seed, replicates=replicates)
        for key, group in both.group_by("question_id", maintain_order=True)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_types(rows[0]))
    return QuestionAgreement(frame.sort("question_id"), gate, people.height, left, tuple(said))


def _types(row: dict[str, Any]) -> dict[str, Any]:
    kinds = {"question_id": pl.String, "measure": pl.String, "status": pl.String, "reason": pl.String}
    kinds |= {"n": pl.Int64, "double_n": pl.Int64, "agent_n": pl.Int64, "is_shown": pl.Boolean, "is_flagged": pl.Boolean}
    return {name: kinds.get(name, pl.Float64) for name in row}


def _question(
    question: str, group: pl.DataFrame, gate: Gate, *, is_weighted: bool, seed: int, replicates: int
) -> dict[str, Any]:
    units = units_of(group, is_weighted=is_weighted)
    double = units.people.sum(axis=1) > 1
    n, double_n = len(double), int(double.sum())
    agents = group["agent_id"].n_unique() if units.clusters is not None else 0
    common = (units.people.sum(axis=0) + units.machine.sum(axis=0)).max() / (units.people.sum() + n)
    measure = "ac1" if common >= gate.dominant_share else "kappa"
    machine, people = _nothing("machine"), _nothing("human")
    same: float | None = None
    if n >= gate.fewest_labels:
        machine = _against_machine(units, seed, replicates)
    if double_n >= gate.fewest_labels:
        people = _among_people(units.among(double), seed, replicates)
        same = machine_value(units.among(double), measure)
    row: dict[str, Any] = {"question_id": question, "n": n, "double_n": double_n, "agent_n": agents, "measure": measure}
    for name, one in machine.items():
        row |= {name: one.estimate, f"{name}_low": one.ci_low, f"{name}_high": one.ci_high}
    for name, one in people.items():
        row |= {f"human_{name}": one.estimate, f"human_{name}_low": one.ci_low, f"human_{name}_high": one.ci_high}
    row |= {"same_value": same, "value": row[measure], "low": row[f"{measure}_low"], "high": row[f"{measure}_high"]}
    row |= {"human": row[f"human_{measure}"], "is_shown": n >= gate.fewest_labels, "is_flagged": n < gate.flagged_below}
    status, reason = decide(n, double_n, row["low"], row["human"], measure, gate)
    return row | {"status": status, "reason": reason}


def _nothing(whose: str) -> dict[str, Estimate]:
    names = (*MEASURES, "sensitivity", "specificity", "na_recall") if whose == "machine" else MEASURES
    return {name: Estimate(None, None, None, None) for name in names}


def _against_machine(units: QuestionUnits, seed: int, replicates: int) -> dict[str, Estimate]:
    q = len(units.categories)
    drawn = drawn_of(units.joint(), units, torn(units, q), seed, replicates)
    found = {name: estimate_of(drawn, Measure(measure_of(name, q), 0.0 if name == "raw" else -1.0)) for name in MEASURES}
    table = joint_of(q)
    for name, answer in (("sensitivity", "yes"), ("specificity", "no"), ("na_recall", "na")):
        found[name] = Estimate(None, None, None, None)
        if answer in units.categories:
            k = units.categories.index(answer)
            found[name] = estimate_of(
                drawn, Measure(lambda s, k=k: recall_of(table(s), k), 0.0, lambda s, k=k: table(s)[k].sum())
            )
    return found


def _among_people(units: QuestionUnits, seed: int, replicates: int) -> dict[str, Estimate]:
    q = len(units.categories)
    features = units.weight[:, None] * unit_features(units.people)
    commonest = np.argsort(-units.people.sum(axis=0), kind="stable")[: min(2, q)]
    split = np.zeros((1, q))
    split[0, commonest] = 2 / commonest.size
    drawn = drawn_of(features, units, unit_features(split)[0], seed, replicates)
    ways: dict[str, Callable[[Moments], Reals]] = {
        "raw": raw_agreement,
        "kappa": fleiss,
        "ac1": gwet,
        "alpha": lambda m: alpha(m.coincidences, np.arange(float(q)), "nominal"),
    }
    return {
        name: estimate_of(drawn, Measure(lambda s, way=way: way(moments_of(s, q)), 0.0 if name == "raw" else -1.0))
        for name, way in ways.items()
    }


def decide(
    n: int, double_n: int, low: float | None, human: float | None, measure: str, gate: Gate
) -> tuple[Status, str]:  # fmt: skip
    """Return whether a question is live, advisory or cannot be judged, and why. Source: spec scoring, section 3.

    >>> decide(300, 60, 0.71, 0.74, "kappa", Gate())[0], decide(300, 60, 0.60, 0.74, "kappa", Gate())[0]
    ('live', 'advisory')
    """
    if n < gate.fewest_labels:
        return "too few labels", f"{n} interactions have a person's and the machine's answer; {gate.fewest_labels} are needed."
    if double_n < gate.fewest_labels:
        return "too few labels", f"{double_n} interactions were answered by two people; {gate.fewest_labels} are needed."
    if low is None or human is None:
        return "too few labels", f"{measure} cannot be computed: everybody gave one answer."
    floor = human - gate.within
    said = f"lower bound of {measure} {low:.2f}, floor {floor:.2f} (people among themselves {human:.2f}, less {gate.within:g})"
    return ("live", f"At or above its floor: {said}.") if low >= floor else ("advisory", f"Below its floor: {said}.")


def advisory_questions(rows: pl.DataFrame, *, unproven: bool = False) -> frozenset[str]:
    """Return the questions that are shown but must not count.

    Args: rows, question_id and status; unproven, also those that too few labels say anything about.

    >>> rows = pl.DataFrame({"question_id": ["a", "b", "c"], "status": ["live", "advisory", "too few labels"]})
    >>> sorted(advisory_questions(rows)), sorted(advisory_questions(rows, unproven=True))
    (['b'], ['b', 'c'])
    """
    wrong = ["advisory", "too few labels"] if unproven else ["advisory"]
    return frozenset(rows.filter(pl.col("status").is_in(wrong))["question_id"])
