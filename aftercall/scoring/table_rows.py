"""One score as rows of the three score tables.

Lives here: Score -> plain rows, what the fold would store. Not here:
the batch path's arrays (batch_rows.py), which must equal them.
"""

from typing import Any

from aftercall.scoring.form import SECTIONS
from aftercall.scoring.heard import Evidence
from aftercall.scoring.score import Answer, Score

Row = dict[str, Any]


def rows_of(score: Score, day_on: str) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the rows of score_interaction, score_question and score_evidence, with the columns in the contract's order."""
    questions = [_question_row(score, day_on, answer) for answer in score.answers]
    evidence = [
        _evidence_row(score, day_on, answer, place, one)
        for answer in score.answers
        for place, one in enumerate(answer.evidence)
    ]
    return [_interaction_row(score, day_on)], questions, evidence


def _interaction_row(score: Score, day_on: str) -> Row:
    return {
        "interaction_id": score.interaction_id,
        "score_epoch": score.epoch,
        "day_on": day_on,
        "scorecard_id": score.scorecard_id,
        "scorecard_version": score.scorecard_version,
        "overall": score.overall,
        "null_reason": score.null_reason,
        **dict(zip(SECTIONS, score.sections, strict=True)),
        "is_autofail": score.is_autofail,
        "score_before_autofail": score.before_autofail,
        "applied_weight_share": score.applied_weight_share,
        "called_for_n": score.called_for_n,
        "score_key": score.score_key,
    }


def _question_row(score: Score, day_on: str, answer: Answer) -> Row:
    question = answer.question
    return {
        "interaction_id": score.interaction_id,
        "question_id": question.question_id,
        "score_epoch": score.epoch,
        "day_on": day_on,
        "section_id": question.section,
        "behaviour_id": question.behaviour,
        "answer": answer.answer,
        "null_reason": answer.null_reason,
        "points": answer.points,
        "points_possible": question.points,
        "called_for_n": answer.called_for_n,
        "done_n": answer.done_n,
        "is_advisory": question.is_advisory,
        "reason": answer.reason,
    }


def _evidence_row(score: Score, day_on: str, answer: Answer, place: int, evidence: Evidence) -> Row:
    searched_s, searched_turns = evidence.searched_s or (None, None), evidence.searched_turns or (None, None)
    return {
        "interaction_id": score.interaction_id,
        "question_id": answer.question.question_id,
        "evidence_no": place,
        "score_epoch": score.epoch,
        "day_on": day_on,
        "turn": evidence.turn,
        "start_s": evidence.start_s,
        "quote": evidence.quote,
        "searched_start_s": searched_s[0],
        "searched_end_s": searched_s[1],
        "searched_first_turn": searched_turns[0],
        "searched_last_turn": searched_turns[1],
    }
