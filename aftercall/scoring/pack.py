"""What a compliance pack is once it is read: rules as records, each with its source, its review and its test vectors.

Lives here: frozen shapes, the phrase sets they need, which rules are in force on a day. Not here: reading YAML (pack_yaml.py),
judging (pack_run.py), vectors (pack_vectors.py).

A pack is data beside the scorecards. A rule is not legal advice: it stays in shadow until somebody has compared its source and
signed for it. Source of the record: spec rules, "Rule record".
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from aftercall.text.match import EngineName, Matcher, PhraseSet, default_engine
from aftercall.text.normalise import NORMALISER_VERSION

Kind = Literal["required_by", "prohibited", "sequence", "capture", "reminder", "count_window"]
Status = Literal["verified", "secondary", "unchecked"]
Value = str | int | float | bool
Accepts = tuple[tuple[str, tuple[Value, ...]], ...]
"""Names of facts and the values of each that are meant."""

# From the surest to the least sure; a rule is as sure as the weakest of its citations.
STATUSES: tuple[Status, ...] = ("verified", "secondary", "unchecked")
BEFORE_CONTACT = ("reminder", "count_window")


@dataclass(frozen=True, slots=True)
class Citation:
    """One text a rule rests on, and how far its wording was compared."""

    cite: str
    status: Status


@dataclass(frozen=True, slots=True)
class Trigger:
    """What arms a rule or opens a sequence: a place, words of one side, or facts becoming true."""

    at: Literal["start", "first_agent_words", "before_contact", "any"] | None = None
    speaker: str = "agent"
    phrases: tuple[str, ...] = ()
    facts: Accepts = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that must (or must never) be said: any of the phrases; or told by a fact. `when` says when it is asked for."""

    name: str
    phrases: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    facts: Accepts = ()
    when: Accepts = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence: before it opens, afterwards, or never afterwards; made by words or by a control.

    A step by a control may be undone by another, and may have `within_s` seconds `since` a fact was told.
    """

    name: str
    place: Literal["before", "then", "never"]
    speaker: Literal["agent", "customer", "any"] = "agent"
    phrases: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    control: str | None = None
    undone_by: str | None = None
    since: Accepts = ()
    within_s: float | None = None
    when: Accepts = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """A fact that must be at least, or below, a number before a contact."""

    fact: str
    at_least: float | None = None
    below: float | None = None

    def is_kept(self, value: float) -> bool:
        """Return whether the value is allowed."""
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class Patterns:
    """What a rule looks for; which parts are used depends on its kind.

    Required: all `elements` within `within_words` words of one or two consecutive turns (None: anywhere before the deadline),
    within `turns` own turns where there are no times, and before anybody says one of `until` (without deadline and turns,
    nothing is due until then). Prohibited: any of `elements`.
    Sequence and capture: `steps`, of the steps before the opening at least `before_n` (None: all). Reminder and count window:
    `limits`, or the rows of `table` for the facts named in `keys`. `like` are example wordings of the whole notice: what is
    like them, but matches no phrase, goes to a person instead of being missed (pack_likeness.py).
    """

    elements: tuple[Element, ...] = ()
    within_words: int | None = None
    turns: int | None = None
    until: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    before_n: int | None = None
    limits: tuple[Limit, ...] = ()
    table: str | None = None
    keys: tuple[str, ...] = ()
    like: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What excuses: words that are cut out of the turn before it is searched, and facts that allow it."""

    phrases: tuple[str, ...] = ()
    facts: Accepts = ()


@dataclass(frozen=True, slots=True)
class Vector:
    """One test of a rule: a tiny dialogue, the facts, and the outcome that is right.

    `said` holds lines such as "A 0-4: Hello", "hold 10" or "set right_party=true 3" (pack_vectors.py).
    """

    said: tuple[str, ...]
    expect: str
    facts: tuple[tuple[str, Value | None], ...] = ()
    missing: tuple[str, ...] | None = None
    started_on: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: exactly the fields of the rule record. `mode` is shadow until the rule is reviewed and live."""

    id: str
    title: str
    jurisdiction: str
    applies_when: Accepts
    kind: Kind
    trigger: tuple[Trigger, ...]
    deadline_s: float | None
    deadline_basis: Literal["policy", "legal"] | None
    channel: Literal["agent", "customer"]
    patterns: Patterns
    exceptions: Exceptions
    severity: Literal["low", "medium", "high", "critical"]
    audience: Literal["agent", "supervisor", "post_contact"]
    mode: Literal["shadow", "opt_in", "dismissible", "must_ack"]
    headline: str
    required_response: str
    cool_down_s: float
    source: tuple[Citation, ...]
    source_status: Status
    owner: str
    effective_from: date | None
    effective_to: date | None
    reviewed_by: str | None
    reviewed_on: date | None
    tests: tuple[Vector, ...]

    @property
    def key(self) -> str:
        """Return what names the rule where one id has several rows with different dates."""
        return f"{self.id}@{self.effective_from}" if self.effective_from else self.id

    @property
    def is_before_contact(self) -> bool:
        """Return whether the rule is checked before anybody speaks, from facts alone."""
        return self.kind in BEFORE_CONTACT

    def is_in_force(self, on: date | None) -> bool:
        """Return whether the rule holds on a day; without a day, whether it has not ended. The last day still counts."""
        if on is None:
            return self.effective_to is None
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )

    def phrase_sets(self) -> Iterator[PhraseSet]:
        """Yield the phrase sets the rule is matched by, named so that no other rule has them."""
        for k, trigger in enumerate(self.trigger):
            if trigger.phrases:
                yield PhraseSet(f"{self.key}!{k}", trigger.phrases, trigger.unless)
        for element in self.patterns.elements:
            if element.phrases:
                yield PhraseSet(f"{self.key}#{element.name}", element.phrases, (*element.unless, *self.exceptions.phrases))
        for step in self.patterns.steps:
            if step.phrases:
                yield PhraseSet(f"{self.key}#{step.name}", step.phrases, step.unless)
        if self.patterns.until:
            yield PhraseSet(f"{self.key}|until", self.patterns.until)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of a pack, such as one state: what it says, its citation, and from when to when."""

    key: str
    text: str
    source: Citation
    effective_from: date | None = None
    effective_to: date | None = None

    def is_in_force(self, on: date | None) -> bool:
        """Return whether the row holds on a day; without a day, whether it has not ended."""
        if on is None:
            return self.effective_to is None
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.text} ({self.source.cite}, {self.source.status})"


@dataclass(frozen=True)
class Pack:
    """A versioned set of rules with the facts they ask about and their tables; `content` names it for a pack hash."""

    pack_id: str
    version: str
    title: str
    facts: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    tables: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    content: str = ""
    engine_name: EngineName = field(default_factory=default_engine, compare=False)

    @cached_property
    def matcher(self) -> Matcher:
        """One matcher over the phrase sets of all rules."""
        return Matcher(tuple(one for rule in self.rules for one in rule.phrase_sets()), self.engine_name)

    @property
    def pack_hash(self) -> str:
        """Return the 12 characters that name the rules and the normaliser they are matched with."""
        return hashlib.sha256(f"{self.content}|{NORMALISER_VERSION}".encode()).hexdigest()[:12]

    def in_force(self, on: date | None) -> tuple[Rule, ...]:
        """Return the rules that hold on the day an interaction starts."""
        return tuple(rule for rule in self.rules if rule.is_in_force(on))

    def rows(self, table: str, keys: Sequence[Value], on: date | None) -> tuple[Row, ...]:
        """Return the rows of a table for the keys, as they hold on a day."""
        rows = dict(self.tables)[table]
        return tuple(row for row in rows if row.key in keys and row.is_in_force(on))


def together(packs: Sequence[Pack]) -> Pack:
    """Return several packs as one, so that a turn is matched once."""
    facts: Mapping[str, str] = {name: meaning for pack in packs for name, meaning in pack.facts}
    return Pack(
        "+".join(pack.pack_id for pack in packs),
        "+".join(pack.version for pack in packs),
        "; ".join(pack.title for pack in packs),
        tuple(facts.items()),
        tuple(rule for pack in packs for rule in pack.rules),
        tuple(table for pack in packs for table in pack.tables),
        "\n".join(pack.content for pack in packs),
    )


def holds(accepts: Accepts, attributes: Mapping[str, Value]) -> bool | None:
    """Return whether the facts are as meant; None when it hangs on a fact that is not known.

    >>> holds((("contact", ("first",)),), {"contact": "later"}), holds((("contact", ("first",)),), {})
    (False, None)
    """
    known = [(attributes[name], values) for name, values in accepts if name in attributes]
    if any(value not in values for value, values in known):
        return False
    return True if len(known) == len(accepts) else None


def unknown(accepts: Accepts, attributes: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the names of the facts that are not known."""
    return tuple(name for name, _ in accepts if name not in attributes)
