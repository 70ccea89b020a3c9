"""A score in words: what was lost, the proof with its minute, and what would have earned the point.

Lives here: Score -> lines for people. Not here: the score itself (fold.py), JSON (score.py).
"""

from collections.abc import Iterator

from aftercall.scoring.form import SECTIONS
from aftercall.scoring.heard import Evidence
from aftercall.scoring.score import Answer, Score

_NULL_WORDS = {
    "no_transcript": "there is no transcript",
    "late_transcript": "the transcript has not arrived yet",
    "empty_audio": "the recording is empty",
    "low_asr_confidence": "the recogniser was too unsure of the words",
    "unsupported_language": "no scorecard covers its language",
    "role_uncertain": "it is not sure who is the agent and who the customer",
    "too_short": "it is too short, or only one side speaks",
    "not_eligible": "no scorecard is meant for it",
    "excluded_by_policy": "it is excluded by policy",
    "no_notice": "the agent has not been given the notice",
    "model_error": "the recording could not be transcribed",
    "quota": "the quota was used up",
    "nothing_called_for": "nothing in it called for a question of the scorecard",
    "no_times": "too much of the scorecard needs times, and none were recorded",
    "model_missing": "the text model that most questions need is not installed",
    "pending_human": "too much of it is too close to call and waits for a person",
}


def clock(seconds: float | None) -> str:
    """Return a time in the interaction as mm:ss; without a time, dashes.

    >>> clock(190.4), clock(None)
    ('03:10', '--:--')
    """
    return "--:--" if seconds is None else f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def explained(score: Score) -> Iterator[str]:
    """Yield the lines that explain one score to people."""
    if score.overall is None:
        words = _NULL_WORDS.get(score.null_reason or "", str(score.null_reason))
        yield f"{score.interaction_id}: no score, because {words} ({score.null_reason})."
        if not score.answers:
            return
    else:
        band = f", {score.band}" if score.band else ""
        yield f"{score.interaction_id}: {score.overall:.0f} of 100{band} by {score.scorecard_id} {score.scorecard_version}"
    if score.is_autofail and score.before_autofail is not None:
        failing = ", ".join(a.question.question_id for a in score.answers if a.question.is_autofail and a.answer == "no")
        yield f"  failed by {failing}; without that it would be {score.before_autofail:.0f}"
    parts = [f"{name} {value:.0f}" for name, value in zip(SECTIONS, score.sections, strict=True) if value is not None]
    yield f"  {', '.join(parts) or 'no section could be scored'} · {score.called_for_n} questions were called for"
    lost = [answer for answer in score.answers if answer.answer in ("no", "partial")]
    for answer in sorted(lost, key=lambda one: (one.question.is_advisory, -one.question.weight)):
        yield from _lost(answer)
    kept = [answer.question.question_id for answer in score.answers if answer.answer == "yes"]
    if kept:
        yield f"  done well: {', '.join(kept)}"
    unknown = [f"{a.question.question_id} ({a.null_reason})" for a in score.answers if a.is_unscored]
    if unknown:
        yield f"  could not be judged: {', '.join(unknown)}"


def _lost(answer: Answer) -> Iterator[str]:
    question = answer.question
    marks = [f"{answer.points or 0:g} of {question.points:g} points"]
    if question.is_legal:
        marks.append(f"reviewed by {question.reviewed_by}" if question.reviewed_by else "not reviewed by counsel")
    if question.is_advisory:
        marks.append("advisory, outside the score")
    yield f"  ✗ {question.title} ({', '.join(marks)})"
    yield f"      {answer.reason}"
    for evidence in answer.evidence:
        yield f"      {evidence_words(evidence)}"
    yield f"      To earn it: {question.remedy}"


def evidence_words(evidence: Evidence) -> str:
    """Return one piece of evidence in words.

    >>> evidence_words(Evidence(3, 190.0, "called twice"))
    '03:10 “called twice”'
    >>> evidence_words(Evidence(searched_turns=(0, 4)))
    'searched turns 0 to 4'
    """
    if evidence.searched_turns is None:
        return f"{clock(evidence.start_s)} “{' '.join((evidence.quote or '').split())}”"
    if evidence.searched_s is None:
        return f"searched turns {evidence.searched_turns[0]} to {evidence.searched_turns[1]}"
    start_s, end_s = evidence.searched_s
    return f"searched {clock(start_s)} to {clock(end_s)} (turns {evidence.searched_turns[0]} to {evidence.searched_turns[1]})"
