"""What a score is: answers with points and evidence, totals, and the line the world reads.

Lives here: Answer, Score, the JSON of interface section 5. Not here: how answers come about (fold.py, batch.py),
prose (explain.py).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aftercall.scoring.form import SECTIONS, Question
from aftercall.scoring.heard import Evidence
from aftercall.scoring.sighting import Verdict

# Null reasons of questions that were not asked of the interaction: they are missing nowhere.
NOT_ASKED = ("not_eligible", "not_shown")


@dataclass(frozen=True, slots=True)
class Answer:
    """One question answered; `answer` is None with a null reason when it could not be."""

    question: Question
    answer: str | None
    null_reason: str | None
    called_for_n: int
    done_n: int
    reason: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def share(self) -> float:
        """Points earned as a share of the points possible."""
        return self.done_n / self.called_for_n if self.called_for_n else 0.0

    @property
    def points(self) -> float | None:
        """Points earned; None when the question does not count here."""
        return self.question.points * self.share if self.is_scored else None

    @property
    def is_scored(self) -> bool:
        """Whether the answer is yes, no or partial."""
        return self.answer in ("yes", "no", "partial")

    @property
    def is_unscored(self) -> bool:
        """Whether the answer should have counted and could not be given; 'not asked here' is not that."""
        return self.answer is None and self.null_reason not in NOT_ASKED


@dataclass(frozen=True, slots=True)
class Score:
    """One interaction scored, or the reason why not. Scores are 0..100; None is 'no score'."""

    interaction_id: str
    scorecard_id: str | None
    scorecard_version: str | None
    epoch: str
    score_key: str
    overall: float | None
    null_reason: str | None
    sections: tuple[float | None, ...] = (None, None, None, None)
    is_autofail: bool = False
    before_autofail: float | None = None
    applied_weight_share: float | None = None
    called_for_n: int = 0
    answers: tuple[Answer, ...] = ()
    band: str | None = None


def answer_of(question: Question, verdict: Verdict) -> Answer:
    """Return the answer a verdict means."""
    name = answer_name(verdict.called_for_n, verdict.done_n, verdict.null_reason)
    reason = reason_of(question, name, verdict.null_reason, verdict.called_for_n, verdict.done_n)
    called, done = (0, 0) if verdict.null_reason else (verdict.called_for_n, verdict.done_n)
    return Answer(question, name, verdict.null_reason, called, done, reason, verdict.evidence)


def answer_name(called_for_n: int, done_n: int, null_reason: str | None) -> str | None:
    """Return yes, no, partial, na, or None.

    >>> answer_name(3, 2, None), answer_name(0, 0, None), answer_name(0, 0, "no_times")
    ('partial', 'na', None)
    """
    if null_reason:
        return None
    if not called_for_n:
        return "na"
    return "yes" if done_n == called_for_n else ("partial" if done_n else "no")


NULL_SENTENCES = {
    "no_times": "Could not be judged: the transcript has no times.",
    "not_eligible": "Not asked on this channel.",
    "not_shown": "Not asked: an earlier answer makes it pointless.",
    "pending_human": "Too close to call from the words alone: a person decides.",
    "model_missing": "Could not be judged: the text model is not installed.",
    "model_error": "Could not be judged: the text model failed on a turn.",
}


def reason_of(question: Question, answer: str | None, null_reason: str | None, called_for_n: int, done_n: int) -> str:
    """Return the verdict in one sentence."""
    if answer is None:
        return NULL_SENTENCES.get(null_reason or "", f"Could not be judged: {null_reason}.")
    sentence = question.reason("no" if answer == "partial" else answer)
    if answer in ("no", "partial") and called_for_n > 1:
        return f"{sentence} ({called_for_n - done_n} of {called_for_n} moments.)"
    return sentence


def score_line(score: Score) -> dict[str, Any]:
    """Return the JSON of one score (interface section 5)."""
    answers = [_answer_line(answer) for answer in score.answers]
    return {
        "interaction_id": score.interaction_id,
        "scorecard": {"id": score.scorecard_id, "version": score.scorecard_version},
        "epoch": score.epoch,
        "overall": rounded(score.overall),
        "null_reason": score.null_reason,
        "is_autofail": score.is_autofail,
        "score_before_autofail": rounded(score.before_autofail),
        "band": score.band,
        "sections": {name: rounded(value) for name, value in zip(SECTIONS, score.sections, strict=True)},
        "questions": answers,
        "behaviours": _behaviours(score.answers),
        "coverage": _coverage(score),
        "score_key": score.score_key,
    }


def _answer_line(answer: Answer) -> dict[str, Any]:
    question = answer.question
    line: dict[str, Any] = {
        "id": question.question_id,
        "version": question.version,
        "section": question.section,
        "behaviour": question.behaviour,
        "answer": answer.answer or "null",
        "null_reason": answer.null_reason,
        "points": rounded(answer.points),
        "of": question.points,
        "called_for": answer.called_for_n > 0,
        "called_for_n": answer.called_for_n,
        "done_n": answer.done_n,
        "source": question.answered_by,
        "advisory": question.is_advisory,
        "severity": question.severity,
        "reason": answer.reason,
        "evidence": [evidence_line(one) for one in answer.evidence],
    }
    if question.is_legal:
        line["legal_review"] = question.reviewed_by or "not reviewed by counsel"
    return line


def evidence_line(evidence: Evidence) -> dict[str, Any]:
    """Return a quote, or a searched interval in seconds; without times in turns, and it says so."""
    if evidence.searched_turns is None:
        return {"turn": evidence.turn, "start_s": evidence.start_s, "quote": evidence.quote}
    if evidence.searched_s is None:
        return {"searched": list(evidence.searched_turns), "unit": "turn"}
    return {"searched": list(evidence.searched_s), "turns": list(evidence.searched_turns)}


def _behaviours(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for answer in answers:
        if answer.answer is not None:
            count = counts.setdefault(answer.question.behaviour, {"called_for": 0, "done": 0})
            count["called_for"] += answer.called_for_n
            count["done"] += answer.done_n
    return counts


def _coverage(score: Score) -> dict[str, Any]:
    names = Counter(answer.answer or "null" for answer in score.answers)
    nulls = Counter(answer.null_reason for answer in score.answers if answer.null_reason)
    return {
        "questions": len(score.answers),
        "called_for": sum(1 for answer in score.answers if answer.is_scored),
        "na": names["na"],
        "null": names["null"],
        "null_by_reason": dict(sorted((str(reason), n) for reason, n in nulls.items())),
        "applied_weight_share": rounded(score.applied_weight_share),
    }


def rounded(value: float | None) -> float | None:
    """Return a number to four decimals for output; tables keep it whole."""
    return None if value is None else round(value, 4)
