"""The meaning of a score: hear one turn after another, then finish.

Lives here: begin, hear, answers_so_far, finish, score_one. Not here: the fast path over many interactions (batch.py), which
must equal this one.

A state is frozen and bounded: it holds counts, a few quotes and the moments still open, never the transcript.
"""

from dataclasses import dataclass, replace

import numpy as np

from aftercall.contracts.records import Interaction, Turn, content_hash, to_line
from aftercall.scoring.form import Each, Form, Human, Question, Whole
from aftercall.scoring.form import Interruption as InterruptionRule
from aftercall.scoring.form import Wait as WaitRule
from aftercall.scoring.forms import Facts, Forms
from aftercall.scoring.heard import Heard, heard
from aftercall.scoring.moments import EachState, each_after, each_verdict
from aftercall.scoring.scope import Scope
from aftercall.scoring.score import Answer, Score, answer_of
from aftercall.scoring.sighting import Verdict, WholeState, whole_after, whole_verdict
from aftercall.scoring.totals import totals
from aftercall.scoring.waits import TimesState, interruption_after, interruption_verdict, wait_after, wait_verdict

RuleState = WholeState | EachState | TimesState
# Mean recogniser confidence below which words are guesses, in thousandths so that sums are exact.
LOW_CONFIDENCE_THOUSANDTHS = 500


@dataclass(frozen=True, slots=True)
class State:
    """An interaction half heard. `null_reason` is set when nothing that is said could make it scorable.

    `unread` names the sides of which the text model could not read a turn.
    """

    forms: Forms
    form: Form | None
    null_reason: str | None
    scope: Scope
    confidence_n: int = 0
    confidence_thousandths: int = 0
    rules: tuple[RuleState, ...] = ()
    unread: frozenset[str] = frozenset()


def begin(forms: Forms, facts: Facts) -> State:
    """Return the state before the first turn; the form is chosen by the facts, never by what is said."""
    form, null_reason = forms.gate(facts)
    rules = tuple(_fresh(question) for question in form.questions) if form and not null_reason else ()
    return State(forms, form, null_reason, Scope(facts.channel), rules=rules)


def _fresh(question: Question) -> RuleState:
    if isinstance(question.rule, Whole):
        return WholeState()
    return EachState() if isinstance(question.rule, Each) else TimesState()


def hear(state: State, turn: Turn) -> State:
    """Return the state after one more turn; turns come in the order of (start, turn). System turns say nothing."""
    if state.form is None or state.null_reason or turn.speaker == "system":
        return state
    now = heard(turn, state.forms.reader)
    scope = state.scope.with_turn(now)
    rules = tuple(
        _after(rule_state, question, now, scope) for rule_state, question in zip(state.rules, state.form.questions, strict=True)
    )
    known = turn.confidence is not None
    return replace(
        state,
        scope=scope,
        confidence_n=state.confidence_n + known,
        confidence_thousandths=state.confidence_thousandths
        + (round(turn.confidence * 1000) if turn.confidence is not None else 0),
        rules=rules,
        unread=state.unread | {turn.speaker} if now.is_unread else state.unread,
    )


def _after(state: RuleState, question: Question, turn: Heard, scope: Scope) -> RuleState:
    rule = question.rule
    if isinstance(rule, Human):
        return state
    if isinstance(rule, Whole) and isinstance(state, WholeState):
        return whole_after(state, rule, turn, scope)
    if isinstance(rule, Each) and isinstance(state, EachState):
        return each_after(state, rule, turn, scope)
    assert isinstance(state, TimesState)
    return wait_after(state, rule, turn, scope) if isinstance(rule, WaitRule) else interruption_after(state, turn, scope)


def _verdict(state: RuleState, question: Question, scope: Scope, unanswerable: str | None) -> Verdict:
    rule = question.rule
    if question.channels and scope.channel not in question.channels:
        return Verdict(null_reason="not_eligible")
    if unanswerable:
        return Verdict(null_reason=unanswerable)
    if isinstance(rule, Human):
        return Verdict(null_reason="pending_human")
    if isinstance(rule, Whole) and isinstance(state, WholeState):
        return whole_verdict(state, rule, scope)
    if isinstance(rule, Each) and isinstance(state, EachState):
        return each_verdict(state, rule, scope)
    assert isinstance(state, TimesState)
    if isinstance(rule, WaitRule):
        return wait_verdict(state, rule, scope)
    assert isinstance(rule, InterruptionRule)
    return interruption_verdict(state, rule)


def finish(state: State, interaction_id: str, transcript_version: str) -> Score:
    """Return the score of what was heard; `transcript_version` is the content hash of the stored record."""
    form, reason = state.form, state.null_reason or _unscorable(state)
    key = state.forms.score_key(transcript_version)
    blank = Score(
        interaction_id, form.form_id if form else None, form.version if form else None, state.forms.epoch, key, None, reason
    )
    if form is None or reason:
        return blank
    answers = answers_so_far(state)
    sums = totals(
        form,
        np.array([[answer.share for answer in answers]]),
        np.array([[answer.is_scored for answer in answers]]),
        np.array([[answer.is_unscored for answer in answers]]),
    )
    overall = _number(sums.overall[0])
    return replace(
        blank,
        overall=overall,
        band=form.band(overall) if overall is not None else None,
        null_reason=None if overall is not None else missing_reason(answers),
        sections=tuple(_number(value) for value in sums.sections[0]),
        is_autofail=bool(sums.is_autofail[0]),
        before_autofail=_number(sums.before_autofail[0]),
        applied_weight_share=_number(sums.applied_weight_share[0]),
        called_for_n=int(sums.called_for_n[0]),
        answers=answers,
    )


def answers_so_far(state: State) -> tuple[Answer, ...]:
    """Return every question's answer if the interaction ended here; a question not shown waits for no verdict."""
    answers: dict[str, Answer] = {}
    for question, rule in zip(state.form.questions if state.form else (), state.rules, strict=True):
        shown = question.shown_if
        if shown and answers[shown.question_id].answer not in shown.answers:
            verdict = Verdict(null_reason="not_shown")
        else:
            verdict = _verdict(rule, question, state.scope, _unanswerable(state, question))
        answers[question.question_id] = answer_of(question, verdict)
    return tuple(answers.values())


def _unanswerable(state: State, question: Question) -> str | None:
    """Return why a question that needs the text model has no answer; None when it can be judged."""
    if not question.reads:
        return None
    return state.forms.reader.state or ("model_error" if state.unread.intersection(question.reads) else None)


def _unscorable(state: State) -> str | None:
    """Return why what was heard cannot be scored; None when it can."""
    agent_n, customer_n = state.scope.agent.turn_n, state.scope.customer.turn_n
    if not agent_n + customer_n:
        return "no_transcript"
    low = state.confidence_thousandths < LOW_CONFIDENCE_THOUSANDTHS * state.confidence_n
    min_turns = state.form.eligibility.min_turns if state.form else 0
    if not agent_n or not customer_n or agent_n + customer_n < min_turns:
        return "too_short"
    return "low_asr_confidence" if low else None


def missing_reason(answers: tuple[Answer, ...]) -> str:
    """Return why there is no overall score: the first unscored question's reason, else that nothing was called for."""
    return next((str(a.null_reason) for a in answers if a.is_unscored and not a.question.is_advisory), "nothing_called_for")


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def score_one(interaction: Interaction, forms: Forms, *, transcript_version: str | None = None) -> Score:
    """Return the score of one interaction: the fold over its turns in order.

    `transcript_version` is the stored record's content hash; without it, that of the canonical line.
    """
    state = begin(forms, Facts.of(interaction))
    for turn in interaction.in_order():
        state = hear(state, turn)
    return finish(state, interaction.interaction_id, transcript_version or content_hash(to_line(interaction)))
