"""What people said about contacts: evaluations by quality analysts and surveys of customers and agents.

Lives here: drawing with known probability, imperfect raters, canonical CSV of the kinds evaluation and survey.
Not here: the truth they try to see (scene.py), how it is stored (truth_files.py).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aftercall.synth.csv_out import stamp, write_csv
from aftercall.synth.scene import Mark
from aftercall.synth.staff import Agent

INCLUSION = {"service": 0.025, "billing": 0.03, "collections": 0.04}
TARGETED_SHARE, DOUBLE_SHARE = 0.002, 0.10
# How often a person sees what is there, does not see what is not, and recognises that nothing was called for.
SEES_DONE, SEES_MISSED, SEES_NOT_CALLED = 0.94, 0.92, 0.97
EVALUATORS = ("qa-01", "qa-02", "qa-03", "qa-04", "qa-05")
_EVALUATION = (
    *("evaluation_id", "question_id", "interaction_id", "agent_id", "answer", "points", "points_possible", "evaluator_id"),
    *("sampling", "inclusion_probability", "submitted_at"),
)
_SURVEY = (
    *("survey_id", "interaction_id", "agent_id", "respondent", "survey_item", "survey_value", "scale_max", "submitted_at"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished conversation left behind, for raters and customers; `start_s` from the first Monday."""

    interaction_id: str
    agent_id: str
    queue: str
    start_s: int
    is_resolved: bool
    is_troubled: bool
    marks: Sequence[Mark]


def true_answer(mark: Mark) -> str:
    """Return what a perfect rater would answer.

    >>> true_answer(Mark("recap", True, False, False, None, 3))
    'no'
    """
    if not mark.called_for:
        return "na"
    # For the one prohibition, 'yes' means that the rule was kept.
    done = not mark.done if mark.behaviour == "prohibited_threat" else mark.done
    return "yes" if done else "no"


def evaluations(rng: random.Random, outcomes: Sequence[Outcome], start_on: date) -> tuple[list[Sequence[object]], list[str]]:
    """Return the rows of the evaluation file and, beside them, the true answers."""
    rows, truth, number = list[Sequence[object]](), list[str](), 0
    for one in outcomes:
        probability = INCLUSION[one.queue]
        draw = rng.random()
        if draw < probability:
            sampling = ("random", f"{probability}")
        elif draw < probability + TARGETED_SHARE:
            sampling = ("targeted", "")
        else:
            continue
        raters = rng.sample(EVALUATORS, 2 if rng.random() < DOUBLE_SHARE else 1)
        for rater in raters:
            number += 1
            submitted = stamp(start_on, one.start_s + 86400 * (1 + 3 * rng.random()))
            for mark in one.marks:
                true = true_answer(mark)
                answer = _seen(rng, true)
                points = ("", "") if answer == "na" else ("1" if answer == "yes" else "0", "1")
                rows.append(
                    (
                        *(f"ev-{number:05d}", mark.behaviour, one.interaction_id, one.agent_id, answer, *points, rater),
                        *(*sampling, submitted),
                    )
                )
                truth.append(true)
    return rows, truth


def _seen(rng: random.Random, true: str) -> str:
    draw = rng.random()
    if true == "na":
        return "na" if draw < SEES_NOT_CALLED else "no"
    if true == "yes":
        return "yes" if draw < SEES_DONE else "no"
    return "no" if draw < SEES_MISSED else "yes"


def write_evaluations(path: Path, rows: Sequence[Sequence[object]]) -> int:
    """Write the evaluation file; return the number of rows."""
    return write_csv(path, _EVALUATION, rows)


def write_surveys(
    path: Path, rng: random.Random, outcomes: Sequence[Outcome], agents: Sequence[Agent], weeks: int, start_on: date
) -> int:
    """Write customer satisfaction (one in eight contacts, 1 to 5) and the agents' four-weekly survey; return the rows."""
    rows, number = list[Sequence[object]](), 0
    for one in outcomes:
        if rng.random() >= 0.12:
            continue
        done = {mark.behaviour for mark in one.marks if mark.done}
        liking = (
            3.1 + 0.9 * one.is_resolved - 0.6 * one.is_troubled + 0.5 * ("acknowledgement" in done) + 0.2 * ("recap" in done)
        )
        value = min(max(round(liking + rng.gauss(0.0, 0.9)), 1), 5)
        number += 1
        when = stamp(start_on, one.start_s + 600 + 7200 * rng.random())
        rows.append((f"sv-{number:06d}", one.interaction_id, one.agent_id, "customer", "csat", value, 5, when))
    for week in range(3, weeks, 4):
        for one in agents:
            if not one.first_week <= week <= one.last_week or rng.random() > 0.8:
                continue
            start = one.start_week()
            items = [
                ("workload_is_fine", 3.2),
                ("confident_in_role", 3.5 + (0.3 if start is not None and week >= start else 0.0)),
            ]
            if start is not None and week >= start:
                items.append(("coaching_is_useful", 3.9))
            for item, centre in items:
                number += 1
                value = min(max(round(centre + rng.gauss(0.0, 0.8)), 1), 5)
                when = stamp(start_on, (week * 7 + 4) * 86400 + 15 * 3600)
                rows.append((f"sv-{number:06d}", "", one.agent_id, "agent", item, value, 5, when))
    return write_csv(path, _SURVEY, rows)
