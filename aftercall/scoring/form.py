"""What a scorecard is once it is read: forms, questions, and the kinds of rule.

Lives here: frozen shapes. Not here: reading YAML (form_yaml.py), choosing a form and the epoch (forms.py), judging
(fold.py, batch.py).
"""

from dataclasses import dataclass, field
from typing import Literal

from aftercall.text.match import PhraseSet

Party = Literal["agent", "customer"]
WindowKind = Literal["anywhere", "first_turns", "last_turns", "first_s"]
WeightMode = Literal["question", "section", "points"]
SEVERITIES = ("low", "medium", "high", "critical")
SECTIONS = ("compliance", "accuracy", "tone", "completeness")


@dataclass(frozen=True, slots=True)
class Window:
    """Which turns of a speaker count: all, the first or last n of that speaker, or those that start in the first n seconds."""

    kind: WindowKind = "anywhere"
    n: float = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A head of the text model beside (or in the place of) phrases, under one set name.

    At `sure` and above the turn says it; from `maybe` up to `sure` nobody knows, and the verdict goes to a person; below, not.
    """

    name: str
    head: str
    sure: float
    maybe: float


@dataclass(frozen=True, slots=True)
class Condition:
    """Somebody said something somewhere: any of the named sets, by the speaker, inside the window."""

    speaker: Party
    said: tuple[str, ...]
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True)
class Whole:
    """Asked once an interaction. Called for when `when` was said (or always).

    Done when `expect` was said, or, if `never`, when it was said at most `allowed_n` times. A miss was not called for after all
    when `excused_by` was said.
    """

    expect: Condition
    never: bool = False
    allowed_n: int = 0
    when: Condition | None = None
    excused_by: Condition | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """Asked at every moment. A moment is a turn in which `trigger` is said; turns of one speaker in a row are one moment.

    Done when `by` says one of `said` (or, with `lacks`, a turn that holds none of them) within `within_turns` of its own turns
    after the moment (in the same turn, too, when the moment is its own); or, with `before`, at or before the first moment. Not
    called for when `by` has no turn left, and a miss
    was not called for after all when `excused_by` was said. A moment still open is dropped when the other side says one of
    `cancelled_by` (only where the moment is `by`'s own): the customer who proposes another way needs no offer any more.
    With `whole` a moment whose turns ran out, because the interaction ended, was not called for.
    """

    trigger: Condition
    by: Party
    said: tuple[str, ...]
    within_turns: int = 2
    before: bool = False
    excused_by: Condition | None = None
    cancelled_by: tuple[str, ...] = ()
    lacks: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """How long people wait for the agent's turns: kept when at most `allowed_share` of the waits exceed the channel's limit.

    A wait runs from the last word of anybody to the start of an agent's turn; `after` says whose turn must stand before it. Not
    counted when the agent's turn before it announced it.
    """

    limit_s: tuple[tuple[str, float], ...]
    after: Literal["customer", "any"] = "customer"
    allowed_share: float = 0.0
    announced_by: tuple[str, ...] = ()

    def limit(self, channel: str) -> float | None:
        """Return the channel's limit in seconds; None when the form sets none for it."""
        return next((limit for name, limit in self.limit_s if name == channel), None)


@dataclass(frozen=True, slots=True)
class Interruption:
    """The agent starts while the customer holds the turn and the customer stops: kept when at most `allowed_n` times.

    Source: spec formats section 7 (t 2 s, agent ≥ 1 s, customer ≥ 0.5 s), overlap ≥ 0.3 s against the delay of the line.
    """

    allowed_n: int = 0


@dataclass(frozen=True, slots=True)
class Human:
    """Only a person can answer: what text and times do not show. Pending until somebody has."""


Rule = Whole | Each | Wait | Interruption | Human


def asked_of(rule: Rule) -> dict[Party, frozenset[str]]:
    """Return the phrase sets a rule looks for in each side's turns.

    >>> asked_of(Whole(Condition("agent", ("sorry",)), when=Condition("customer", ("trouble",))))["customer"]
    frozenset({'trouble'})
    """
    asked = list[Condition]()
    if isinstance(rule, Wait):
        asked.append(Condition("agent", rule.announced_by))
    elif isinstance(rule, Each):
        other: Party = "customer" if rule.by == "agent" else "agent"
        asked += [rule.trigger, Condition(rule.by, rule.said), Condition(other, rule.cancelled_by)]
        asked += [rule.excused_by] if rule.excused_by else []
    elif isinstance(rule, Whole):
        asked += [one for one in (rule.expect, rule.when, rule.excused_by) if one]
    parties: tuple[Party, ...] = ("agent", "customer")
    return {party: frozenset(name for one in asked if one.speaker == party for name in one.said) for party in parties}


@dataclass(frozen=True, slots=True)
class ShownIf:
    """A question asked only when an earlier one got one of these answers (yes, no, partial, na)."""

    question_id: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form: what it asks, what it weighs, how it is judged, and what people are told.

    `reads` names the sides whose turns the text model must have read before the question can be answered.
    """

    question_id: str
    version: int
    section: str
    title: str
    behaviour: str
    weight: float
    points: float
    rule: Rule
    reasons: tuple[tuple[str, str], ...]
    remedy: str
    severity: str = "low"
    channels: tuple[str, ...] = ()
    is_autofail: bool = False
    fails: Literal["form", "section"] = "form"
    is_advisory: bool = False
    is_legal: bool = False
    reviewed_by: str | None = None
    source: str = ""
    shown_if: "ShownIf | None" = None
    reads: tuple[Party, ...] = ()

    @property
    def answered_by(self) -> str:
        """Return where the answer comes from: rule, metric, model or human."""
        if isinstance(self.rule, Human):
            return "human"
        if isinstance(self.rule, Wait | Interruption):
            return "metric"
        return "model" if self.reads else "rule"

    def reason(self, answer: str) -> str:
        """Return the sentence for an answer."""
        return dict(self.reasons)[answer]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Which interactions a form is for; an empty tuple means any. Queues and intents are glob patterns on lower-case names.

    `states` are states of residence, as they stand in the interaction's attributes.
    """

    queues: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    min_turns: int = 3


@dataclass(frozen=True, slots=True)
class Form:
    """One published version of a scorecard; it scores interactions from `valid_from` on, until a later version does."""

    form_id: str
    version: str
    title: str
    eligibility: Eligibility
    section_weights: tuple[tuple[str, float], ...]
    questions: tuple[Question, ...]
    weight_mode: WeightMode = "question"
    phrase_sets: tuple[PhraseSet, ...] = ()
    content: str = ""
    readings: tuple[Reading, ...] = ()
    bands: tuple[tuple[str, float], ...] = ()
    valid_from: str = ""

    def band(self, overall: float) -> str | None:
        """Return the band of an unrounded score: the highest whose lower end it reaches; bands are half-open."""
        reached = [(start, name) for name, start in self.bands if overall >= start]
        return max(reached)[1] if reached else None

    def asked_of(self, speaker: Party) -> frozenset[str]:
        """Return the phrase sets the form looks for in one side's turns."""
        return frozenset(name for question in self.questions for name in asked_of(question.rule)[speaker])

    def question(self, question_id: str) -> Question:
        """Return one question; raises KeyError for an id the form has not."""
        return {question.question_id: question for question in self.questions}[question_id]
