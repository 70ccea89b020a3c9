"""Which message an agent gets after a contact, if any: one moment, one behaviour, one thing to try.

Lives here: choose, a pure function for the sidecar and the nightly job alike. Not here: sentences (templates.yaml),
quotes (quotes.py), records of what was sent (history.py).

Nothing is sent in a doubtful case: advisory questions, answers that could not be given, questions whose agreement with
people is below the gate, moments that do not stand in the transcript. Where something critical or an auto-fail question
was lost, a person speaks with the agent, so the whole contact gets no message.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from aftercall.coaching.history import History, Shown, nth_today, situation_of
from aftercall.coaching.quotes import Moment, moment_of, names_of
from aftercall.coaching.templates import Catalogue, Kind, Template, catalogue
from aftercall.contracts.records import Interaction
from aftercall.scoring.score import Answer, Score
from aftercall.text.match import Matcher

Reason = Literal[
    "no_score", "left_to_a_person", "agent_unknown", "quota", "nothing_sure", "no_moment", "strength_due", "said_lately"
]
_SPOKEN_CHANNELS = ("voice", "video")
_DAY_S = 86_400
# A strength counts most where the behaviour used to be missed; without a history the weight alone decides.
_STRENGTH_AT_LEAST = 0.25
# What each repeat of today adds to the priority, and how many repeats count.
_PER_REPEAT, _MOST_REPEATS = 0.5, 4


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is sent: per agent and day, one strength in so many messages, no template twice in so many, words at most."""

    per_day: int = 1
    strength_in: int = 3
    fresh_in: int = 5
    words: int = 60


@dataclass(frozen=True, slots=True)
class Message:
    """What the agent reads; `quote` stands in the stored transcript at `turn`."""

    interaction_id: str
    agent_id: str
    behaviour: str
    question_id: str
    kind: Kind
    template_id: str
    turn: int
    start_s: float | None
    quote: str
    text: str
    action: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """No message, and why."""

    interaction_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Candidate:
    kind: Kind
    behaviour: str
    answer: Answer
    priority: float


@dataclass(frozen=True, slots=True)
class _Choice:
    """Everything that choosing reads, so that each step is a short function."""

    interaction: Interaction
    score: Score
    history: History
    matcher: Matcher
    today: date | None
    settings: Settings
    seed: int
    below_gate: frozenset[str]
    known: Catalogue

    def tie(self, name: str) -> str:
        """Return a fixed draw for a name: the same inputs give the same message everywhere."""
        return hashlib.sha256(f"{self.seed}|{self.score.interaction_id}|{name}".encode()).hexdigest()


def choose(
    interaction: Interaction,
    score: Score,
    history: History,
    *,
    matcher: Matcher,
    today: date | None,
    settings: Settings | None = None,
    seed: int = 0,
    below_gate: frozenset[str] = frozenset(),
    templates: Catalogue | None = None,
) -> Message | Withheld:
    """Return the message for one scored contact, or why there is none.

    Args: interaction, as it was scored (redacted); history, of its agent before it; today, the agent's day or None;
        below_gate, questions whose agreement with people is too low to speak about.
    Priority of a lost point: weight × share lost × (1 + repeats today / 2 + share lost in the last four weeks).
    """
    agent_id = interaction.agent_id
    if score.overall is None:
        return Withheld(score.interaction_id, "no_score")
    if _is_for_a_person(score):
        return Withheld(score.interaction_id, "left_to_a_person")
    if agent_id is None:
        return Withheld(score.interaction_id, "agent_unknown")
    settings = settings or Settings()
    if history.sent_n(today) >= settings.per_day:
        return Withheld(score.interaction_id, "quota")
    known = templates or catalogue()
    choice = _Choice(interaction, score, history, matcher, today, settings, seed, below_gate, known)
    candidates = sorted(_candidates(choice), key=lambda one: (-one.priority, choice.tie(one.answer.question.question_id)))
    strengths = [one for one in candidates if one.kind == "strength"]
    lost = [one for one in candidates if one.kind == "lost"]
    if not candidates:
        return Withheld(score.interaction_id, "nothing_sure")
    is_due = _is_strength_due(choice)
    if is_due and not strengths:
        return Withheld(score.interaction_id, "strength_due")
    reason: Reason = "no_moment"
    for candidate in strengths if is_due else [*lost, *strengths]:
        moment = _moment(choice, candidate)
        if moment is None:
            continue
        if message := _message(choice, candidate, moment, agent_id):
            return message
        reason = "said_lately"
    return Withheld(score.interaction_id, reason)


def shown_in(
    interaction: Interaction, score: Score, today: date | None, templates: Catalogue | None = None
) -> tuple[Shown, ...]:
    """Return what a scored contact adds to its agent's history."""
    known, situation = templates or catalogue(), situation_of(interaction)
    rows = [(known.group(answer.question), answer) for answer in score.answers if _is_sure(answer)]
    return tuple(
        Shown(today, behaviour, answer.called_for_n - answer.done_n, answer.done_n, situation)
        for behaviour, answer in rows
        if behaviour is not None
    )


def _is_for_a_person(score: Score) -> bool:
    lost = [answer.question for answer in score.answers if answer.answer in ("no", "partial")]
    return score.is_autofail or any(one.is_autofail or one.severity == "critical" for one in lost)


def _is_sure(answer: Answer) -> bool:
    return answer.is_scored and not answer.question.is_advisory


def _candidates(choice: _Choice) -> Iterator[_Candidate]:
    for answer in choice.score.answers:
        behaviour = choice.known.group(answer.question)
        if behaviour is None or not _is_sure(answer) or answer.question.question_id in choice.below_gate:
            continue
        kind: Kind = "strength" if answer.answer == "yes" else "lost"
        if choice.known.of(behaviour, kind) and answer.evidence:
            yield _Candidate(kind, behaviour, answer, _priority(choice, behaviour, kind, answer))


def _priority(choice: _Choice, behaviour: str, kind: Kind, answer: Answer) -> float:
    share = choice.history.lost_share(behaviour, choice.today) or 0.0
    if kind == "lost":
        repeats = min(choice.history.lost_today(behaviour, choice.today), _MOST_REPEATS)
        return answer.question.weight * (1 - answer.share) * (1 + _PER_REPEAT * repeats + share)
    lately = [
        one for one in choice.history.sent[-choice.settings.fresh_in :] if one.kind == kind and one.behaviour == behaviour
    ]
    return answer.question.weight * max(share, _STRENGTH_AT_LEAST) / (1 + len(lately))


def _is_strength_due(choice: _Choice) -> bool:
    """Return whether a message on a lost point now would leave less than one strength in so many messages."""
    last = choice.history.sent[-(choice.settings.strength_in - 1) :] if choice.settings.strength_in > 1 else ()
    return len(last) >= choice.settings.strength_in - 1 and all(one.kind == "lost" for one in last)


def _moment(choice: _Choice, candidate: _Candidate) -> Moment | None:
    is_strength = candidate.kind == "strength"
    names = names_of(candidate.answer.question.rule, is_strength=is_strength)
    for evidence in sorted(candidate.answer.evidence, key=lambda one: one.searched_turns is not None):
        moment = moment_of(evidence, choice.interaction.turns, names, choice.matcher)
        if moment is not None and moment.speaker in (("agent",) if is_strength else ("agent", "customer")):
            return moment
    return None


def _message(choice: _Choice, candidate: _Candidate, moment: Moment, agent_id: str) -> Message | None:
    slots = _slots(choice, candidate, moment)
    given = choice.settings.fresh_in - 1
    lately = {one.template_id for one in choice.history.sent[-given:]} if given > 0 else set[str]()
    fresh = [one for one in choice.known.of(candidate.behaviour, candidate.kind) if one.template_id not in lately]
    for template in sorted(fresh, key=lambda one: choice.tie(one.template_id)):
        say, action = template.filled(slots)
        text = f"{say} {action}"
        if len(text.split()) <= choice.settings.words:
            return _written(choice, candidate, moment, agent_id, template, text, action)
    return None


def _written(
    choice: _Choice, candidate: _Candidate, moment: Moment, agent_id: str, template: Template, text: str, action: str
) -> Message:
    return Message(
        choice.score.interaction_id,
        agent_id,
        candidate.behaviour,
        candidate.answer.question.question_id,
        candidate.kind,
        template.template_id,
        moment.turn,
        moment.start_s,
        moment.quote,
        text,
        action,
    )


def _slots(choice: _Choice, candidate: _Candidate, moment: Moment) -> dict[str, str]:
    slots = {
        "clock": clock(moment.start_s, moment.turn),
        "quote": moment.shown,
        "who": "you" if moment.speaker == "agent" else "the customer",
        "said": "said" if choice.interaction.channel in _SPOKEN_CHANNELS else "wrote",
    }
    before_n = choice.history.lost_today(candidate.behaviour, choice.today)
    if candidate.kind == "lost" and before_n and choice.today is not None:
        slots["nth"] = nth_today(before_n + 1)
    situation = situation_of(choice.interaction)
    if situation and choice.history.is_telling(candidate.behaviour, situation, choice.today):
        slots["situation"] = situation
    return slots


def clock(start_s: float | None, turn: int) -> str:
    """Return the moment's time from the start of the contact; without one, or after a day, the turn.

    >>> clock(190.4, 5), clock(3790, 5), clock(None, 5)
    ('03:10', '1:03:10', 'turn 5')
    """
    if start_s is None or start_s >= _DAY_S:
        return f"turn {turn}"
    minutes, seconds = divmod(int(start_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"
