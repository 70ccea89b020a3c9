"""What an agent is asked about a contact before anyone sees its score, and how far agent and machine stand apart.

Lives here: the draw with its probability, the wording, recording answers, the gap per question. Not here: holding the
score back until the answers are in (the sidecar), where answers are kept.

A random share of the contacts is drawn, never the striking ones: then the answers of a question are a sample with a known
probability, and their mean stands for all contacts of the period.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from aftercall.contracts.errors import RequestError
from aftercall.scoring.form import Question
from aftercall.scoring.score import Answer, Score

SelfAnswer = Literal["yes", "partial", "no", "not_called_for", "unknown"]
VALUES: Mapping[SelfAnswer, float | None] = {"yes": 1.0, "partial": 0.5, "no": 0.0, "not_called_for": None, "unknown": None}
FEWEST_QUESTIONS, MOST_QUESTIONS = 3, 5
# Spec scoring section 9: nothing is shown under 20 labels.
FEWEST_ANSWERS = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the agent reads it, with the probability that it was asked in this contact."""

    question_id: str
    question_version: int
    wording: str
    inclusion_probability: float


@dataclass(frozen=True, slots=True)
class Draw:
    """Whether a contact's agent is asked, with the probability of that; without questions it is not asked."""

    interaction_id: str
    probability: float
    asked: tuple[Asked, ...] = ()

    @property
    def is_drawn(self) -> bool:
        """Whether the agent is asked."""
        return bool(self.asked)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer of an agent about their own contact."""

    interaction_id: str
    question_id: str
    question_version: int
    answer: SelfAnswer
    inclusion_probability: float
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """How the agents' answers differ from the machine's on one question; None below the fewest answers that are shown.

    `mean_gap` is self minus machine, −1 to 1, weighted by 1 / inclusion probability: above zero, agents see it done more often.
    `agreement` is the share with the same answer (yes, partly, no), weighted alike.
    """

    question_id: str
    n: int
    mean_gap: float | None
    agreement: float | None


def draw(score: Score, *, share: float = 0.2, seed: int = 0) -> Draw:
    """Return whether and what the agent of a scored contact is asked: three to five questions that were called for.

    The draw depends on the contact and the seed, never on what was answered. A contact with fewer than three questions
    called for cannot be drawn: its probability is zero.
    Raises: RequestError, a share outside 0..1.
    """
    if not 0 <= share <= 1:
        raise RequestError(f"share is {share}; it must lie between 0 (nobody is asked) and 1 (every contact).")
    called = [answer.question for answer in score.answers if answer.is_scored and not answer.question.is_advisory]
    if len(called) < FEWEST_QUESTIONS:
        return Draw(score.interaction_id, 0.0)
    if _uniform(seed, score.interaction_id) >= share:
        return Draw(score.interaction_id, share)
    n = min(MOST_QUESTIONS, len(called))
    chosen = set(sorted((one.question_id for one in called), key=lambda name: _uniform(seed, score.interaction_id, name))[:n])
    each = share * n / len(called)
    asked = [Asked(one.question_id, one.version, wording_of(one), each) for one in called if one.question_id in chosen]
    return Draw(score.interaction_id, share, tuple(asked))


def _uniform(seed: int, *names: str) -> float:
    """Return a number in [0, 1) that is fixed by seed and names."""
    digest = hashlib.sha256("|".join((str(seed), "self-assessment", *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def wording_of(question: Question) -> str:
    """Return the question as it is put to the agent: written for the shipped scorecards, turned from the title for others.

    >>> from aftercall.scoring.form import Condition, Whole
    >>> own = Question("x", 1, "tone", "Did the agent thank the customer for the agent's call?", "x", 1, 1,
    ...     Whole(Condition("agent", ("x",))), (), "")
    >>> wording_of(own)
    'Did I thank the customer for my call?'
    """
    written = _wordings().get(question.question_id)
    if written:
        return written
    text = re.sub(r"\bthe agent's\b", "my", question.title)
    text = re.sub(r"\bthe agent\b", "I", text)
    text = re.sub(r"\b(was|is) I\b", lambda verb: {"was": "was I", "is": "am I"}[verb[1]], text)
    return text if re.search(r"\bI\b", text) else f"Did I see to this: {text[:1].lower()}{text[1:]}"


@cache
def _wordings() -> dict[str, str]:
    raw = yaml.safe_load(Path(__file__).with_name("self_questions.yaml").read_text(encoding="utf-8"))
    return {str(name): str(text) for name, text in raw.items()}


def recorded(drawn: Draw, answers: Mapping[str, SelfAnswer], *, at: datetime) -> tuple[Recorded, ...]:
    """Return an agent's answers as records, in the order of the questions; unanswered questions are left out.

    Raises: RequestError, an answer to a question that was not asked, or one that is none of the possible answers.
    """
    known = {one.question_id: one for one in drawn.asked}
    for name, answer in answers.items():
        if name not in known:
            raise RequestError(f"{drawn.interaction_id}: {name} was not asked. Asked were: {', '.join(known) or 'none'}.")
        if answer not in VALUES:
            raise RequestError(f"{drawn.interaction_id}, {name}: {answer!r} is no answer. Use: {', '.join(VALUES)}.")
    return tuple(
        Recorded(drawn.interaction_id, name, one.question_version, answers[name], one.inclusion_probability, at)
        for name, one in known.items()
        if name in answers
    )


def gaps(answered: Iterable[Recorded], scores: Iterable[Score], *, fewest: int = FEWEST_ANSWERS) -> tuple[Gap, ...]:
    """Return the gap between agents and machine on each question, by id, over the contacts where both gave an answer.

    Weighted by 1 / inclusion probability (Hájek 1971), because contacts with many questions ask each of them more seldom.
    """
    machine = {(one.interaction_id, a.question.question_id): a for one in scores for a in one.answers if a.is_scored}
    rows = defaultdict[str, list[tuple[float, float, float]]](list)
    for one in answered:
        answer, value = machine.get((one.interaction_id, one.question_id)), VALUES[one.answer]
        if answer is not None and value is not None:
            rows[one.question_id].append(
                (value - _value(answer), float(one.answer == answer.answer), 1 / one.inclusion_probability)
            )
    return tuple(_gap(name, rows[name], fewest) for name in sorted(rows))


def _value(answer: Answer) -> float:
    """Return the machine's answer on the agent's scale: what is neither all nor nothing is partly."""
    return 0.5 if answer.answer == "partial" else float(answer.answer == "yes")


def _gap(name: str, rows: list[tuple[float, float, float]], fewest: int) -> Gap:
    if len(rows) < fewest:
        return Gap(name, len(rows), None, None)
    total = sum(weight for _, _, weight in rows)
    mean_gap = sum(gap * weight for gap, _, weight in rows) / total
    return Gap(name, len(rows), mean_gap, sum(same * weight for _, same, weight in rows) / total)
