"""Does agreement hold everywhere and all the time: by month, channel, language, with an alarm when it leaves the accepted band.

Lives here: the measure of each question within groups of interactions. Not here: the measure over all interactions and its
floor (agreement_questions.py).
"""

from typing import Any

import polars as pl

from analytics.agreement_intervals import Measure, estimate_of
from analytics.agreement_questions import Gate, blind_labels
from analytics.agreement_units import drawn_of, measure_of, paired_answers, torn, units_of

_COLUMNS: dict[str, Any] = {
    "question_id": pl.String,
    "grouped_by": pl.String,
    "group": pl.String,
    "n": pl.Int64,
    "measure": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "floor": pl.Float64,
    "is_alarm": pl.Boolean,
}


def agreement_by(
    labels: pl.DataFrame,
    answers: pl.DataFrame,
    groups: pl.DataFrame,
    overall: pl.DataFrame,
    *,
    gate: Gate | None = None,
    seed: int = 0,
    replicates: int = 200,
) -> pl.DataFrame:
    """Return, per question and group, the measure the gate reads, where the group has enough labels.

    An alarm is raised where the whole interval lies below the floor: the question's human ceiling less what the gate allows,
    or, while two people never answered the same, the question's own value less that. Groups are looked at one by one and
    many at once, so one alarm in forty is chance.
    Args: groups, interaction_id and one column per grouping (month, channel, language ...); overall, the rows of
        `question_agreement` of the same labels.
    Columns: question_id, grouped_by, group, n, measure, value, low, high, floor, is_alarm.
    """
    gate = gate or Gate()
    both = paired_answers(blind_labels(labels)[0], answers).join(groups, on="interaction_id", how="inner")
    is_weighted = both.height > 0 and both["inclusion_probability"].null_count() == 0
    of_question = {row["question_id"]: row for row in overall.filter(pl.col("value").is_not_null()).to_dicts()}
    rows: list[dict[str, Any]] = []
    for by in (name for name in groups.columns if name != "interaction_id"):
        keyed = both.filter(pl.col(by).is_not_null() & pl.col("question_id").is_in(list(of_question)))
        for key, part in keyed.sort("question_id", by, maintain_order=True).group_by("question_id", by, maintain_order=True):
            n = part["interaction_id"].n_unique()
            if n < gate.fewest_labels:
                continue
            whole, units = of_question[key[0]], units_of(part, is_weighted=is_weighted)
            q = len(units.categories)
            drawn = drawn_of(units.joint(), units, torn(units, q), seed, replicates)
            found = estimate_of(drawn, Measure(measure_of(whole["measure"], q)))
            floor = (whole["value"] if whole["human"] is None else whole["human"]) - gate.within
            row = {"question_id": str(key[0]), "grouped_by": by, "group": str(key[1]), "n": n, "measure": whole["measure"]}
            row |= {"value": found.estimate, "low": found.ci_low, "high": found.ci_high, "floor": floor}
            rows.append(row | {"is_alarm": found.ci_high is not None and found.ci_high < floor})
    return pl.DataFrame(rows, schema=_COLUMNS)
