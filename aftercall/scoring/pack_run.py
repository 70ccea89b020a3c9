"""The meaning of a pack: hear one turn after another, note what happens beside the words, then finish.

Lives here: begin_rules, hear_rule, note_rule, finish_rules, run_rules. Not here: the kinds of rule (pack_required.py,
pack_steps.py, pack_checks.py), when a prompt is shown (that is alerting's).

Batch and live run this one fold. A state is frozen and bounded; time is event time only, and nothing hangs on when a function
is called. Rules that are in force on the day an interaction starts are judged, and no others.

    state = begin_rules(pack, RuleFacts((("account_type", "third_party_collection"),)))
    for event in events: state = hear_rule(state, event) or note_rule(state, event)
    outcomes = finish_rules(state)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.pack import Pack, Rule, Value, holds, unknown
from aftercall.scoring.pack_checks import (
    ProhibitedState,
    before_contact,
    prohibited_after,
    prohibited_noted,
    prohibited_outcome,
    rows_for,
)
from aftercall.scoring.pack_clock import Control
from aftercall.scoring.pack_ear import RuleOutcome, Said, Setting, listen
from aftercall.scoring.pack_required import RequiredState, due_ms, required_after, required_noted, required_outcome
from aftercall.scoring.pack_required import fresh as fresh_required
from aftercall.scoring.pack_steps import StepsState, steps_after, steps_noted, steps_outcome
from aftercall.scoring.pack_steps import fresh as fresh_steps

# A choice of the project, not evidence (spec realtime, section 6): warn when this share of the talk-eligible time is over.
WARN_SHARE = 0.7
RuleState = RequiredState | ProhibitedState | StepsState | None


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known before the first word: facts by name, the day the interaction starts, hold known only in sum."""

    attributes: tuple[tuple[str, Value], ...] = ()
    started_on: date | None = None
    hold_s: float | None = None

    @classmethod
    def of(cls, interaction: Interaction) -> "RuleFacts":
        """Return the facts of a stored interaction: its channel, direction and the plain values among its attributes."""
        own: Mapping[str, Any] = {"channel": interaction.channel, "direction": interaction.direction}
        told = {**interaction.attributes, **{name: value for name, value in own.items() if value is not None}}
        plain = sorted((name, value) for name, value in told.items() if isinstance(value, str | int | float | bool))
        started_on = interaction.started_at.date() if interaction.started_at else None
        return cls(tuple(plain), started_on, interaction.hold_s)


@dataclass(frozen=True, slots=True)
class RulesState:
    """An interaction half heard: the rules in force and what each remembers."""

    pack: Pack
    rules: tuple[Rule, ...]
    setting: Setting
    states: tuple[RuleState, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the words of a required rule are due, and when to warn, in seconds from the start of the interaction."""

    rule_id: str
    warn_s: float
    due_s: float


def begin_rules(pack: Pack, facts: RuleFacts) -> RulesState:
    """Return the state before the first turn."""
    rules = pack.in_force(facts.started_on)
    setting = Setting(facts.attributes, facts.started_on, facts.hold_s)
    return RulesState(pack, rules, setting, tuple(_fresh(rule) for rule in rules))


def _fresh(rule: Rule) -> RuleState:
    if rule.is_before_contact:
        return None
    if rule.kind == "required_by":
        return fresh_required(rule)
    return ProhibitedState() if rule.kind == "prohibited" else fresh_steps(rule)


def hear_rule(state: RulesState, turn: Turn) -> RulesState:
    """Return the state after one more turn; turns come in the order of (start, turn). System turns say nothing."""
    if turn.speaker == "system":
        return state
    said = listen(turn, state.setting, state.pack.matcher)
    setting = state.setting.after_turn(said)
    states = tuple(_after(one, rule, said, setting) for one, rule in zip(state.states, state.rules, strict=True))
    return replace(state, setting=setting, states=states)


def _after(state: RuleState, rule: Rule, said: Said, setting: Setting) -> RuleState:
    if isinstance(state, RequiredState):
        return required_after(state, rule, said, setting)
    if isinstance(state, ProhibitedState):
        return prohibited_after(state, rule, said, setting)
    return steps_after(state, rule, said, setting) if state else None


def note_rule(state: RulesState, control: Control) -> RulesState:
    """Return the state after something beside the words: a hold, a transfer, the recording paused, a fact told."""
    setting = state.setting
    if control.kind == "attribute" and control.name is not None and control.value is not None:
        told = {**setting.known, control.name: control.value}
        setting = replace(setting, attributes=tuple(sorted(told.items())))
    else:
        setting = replace(setting, clock=setting.clock.after_control(control))
    states = tuple(_noted(one, rule, control, setting) for one, rule in zip(state.states, state.rules, strict=True))
    return replace(state, setting=setting, states=states)


def _noted(state: RuleState, rule: Rule, control: Control, setting: Setting) -> RuleState:
    if isinstance(state, StepsState):
        return steps_noted(state, rule, control, setting)
    if control.kind != "attribute" or state is None:
        return state
    if isinstance(state, RequiredState):
        return required_noted(state, rule, control, setting)
    return prohibited_noted(state, rule, control, setting)


def finish_rules(state: RulesState) -> tuple[RuleOutcome, ...]:
    """Return what became of every rule in force, in the order of the pack."""
    return tuple(
        _outcome(one, rule, state.pack, state.setting) for one, rule in zip(state.states, state.rules, strict=True)
    )  # fmt: skip


def _outcome(state: RuleState, rule: Rule, pack: Pack, setting: Setting) -> RuleOutcome:
    if state is None:
        return before_contact(rule, pack, setting)
    applies = holds(rule.applies_when, setting.known)
    was_hit = isinstance(state, ProhibitedState) and state.hit_n > 0
    if applies is False and not was_hit:
        return RuleOutcome(rule.id, rule.kind, "na", "not_applicable")
    if applies is None:
        return RuleOutcome(rule.id, rule.kind, None, "fact_unknown", missing=unknown(rule.applies_when, setting.known))
    if not setting.turn_n:
        return RuleOutcome(rule.id, rule.kind, None, "no_transcript")
    if isinstance(state, ProhibitedState):
        return prohibited_outcome(state, rule)
    if isinstance(state, RequiredState) and rule.exceptions.facts and holds(rule.exceptions.facts, setting.known):
        return RuleOutcome(rule.id, rule.kind, "na", "excused")
    judge = required_outcome(state, rule, setting) if isinstance(state, RequiredState) else steps_outcome(state, rule, setting)
    if judge.outcome == "missed" and (setting.agent.unclear_n or setting.customer.unclear_n):
        # What was missed may have been said in a turn nobody could read.
        judge = replace(judge, outcome=None, reason="low_asr_confidence")
    return replace(judge, rows=rows_for(rule, pack, setting))


def open_deadlines(state: RulesState) -> tuple[Deadline, ...]:
    """Return what is due and unsaid now, soonest first; rules that do not apply, or may not, are left out."""
    found = list[Deadline]()
    for one, rule in zip(state.states, state.rules, strict=True):
        if isinstance(one, RequiredState) and holds(rule.applies_when, state.setting.known):
            due, warn = due_ms(one, rule, state.setting), due_ms(one, rule, state.setting, WARN_SHARE)
            found += [Deadline(rule.id, warn / 1000, due / 1000)] if due is not None and warn is not None else []
    return tuple(sorted(found, key=lambda deadline: (deadline.due_s, deadline.rule_id)))


def run_rules(pack: Pack, facts: RuleFacts, turns: Iterable[Turn], controls: Iterable[Control] = ()) -> tuple[RuleOutcome, ...]:
    """Return the outcomes of one interaction: the fold over its turns (in order) and controls by time.

    A control comes before a turn that begins at the same time, and before turns without times.
    """
    state, waiting = begin_rules(pack, facts), sorted(controls, key=lambda control: control.at_s)
    for turn in turns:
        while waiting and (turn.start_s is None or waiting[0].at_s <= turn.start_s):
            state = note_rule(state, waiting.pop(0))
        state = hear_rule(state, turn)
    for control in waiting:
        state = note_rule(state, control)
    return finish_rules(state)
