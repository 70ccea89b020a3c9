"""Rules on an order of things: what must come before, what must follow, what must not follow.

Lives here: the fold of sequence and capture rules. Not here: deadlines from the start of the call (pack_required.py).

A sequence is judged at its first opening. A capture is opened by the customer's words and ends in a task about the customer;
it never judges the agent.
"""

from dataclasses import dataclass, replace

from aftercall.scoring.heard import QUOTES_MAX, Evidence, ms, searched
from aftercall.scoring.pack import Rule, Step, holds
from aftercall.scoring.pack_clock import Control
from aftercall.scoring.pack_ear import Outcome, RuleOutcome, Said, Setting

# A sequence opened by a fact is open before the first word of the turn.
_FROM_THE_START = -1_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one step: done and how often, when, since when it was due, its proof."""

    hit_n: int = 0
    at_ms: int | None = None
    since_ms: int | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class StepsState:
    """What a sequence remembers: its opening, one mark a step, what lacked when it opened, turns that could have followed."""

    marks: tuple[Mark, ...] = ()
    is_open: bool = False
    opening: tuple[Evidence, ...] = ()
    lacking: tuple[str, ...] = ()
    turn_n: int = 0


def fresh(rule: Rule) -> StepsState:
    """Return the state before the first turn."""
    return StepsState((Mark(),) * len(rule.patterns.steps))


def steps_after(state: StepsState, rule: Rule, said: Said, setting: Setting) -> StepsState:
    """Return the state after one turn; `setting` already holds the turn."""
    was_open, opened_at = state.is_open, _FROM_THE_START
    opening: tuple[Evidence, ...] = ()
    if not was_open and (found := _opened(rule, said, setting)):
        opened_at, opening = found
    is_opening = not was_open and bool(opening)
    marks = list(state.marks)
    for k, step in enumerate(rule.patterns.steps):
        place = _place(rule, step, said)
        if place is None:
            continue
        is_before = not was_open and (not is_opening or place < opened_at)
        if is_before if step.place == "before" else not is_before:
            marks[k] = _marked(marks[k], said.end_ms, said.quoted((f"{rule.key}#{step.name}",), place))
    state = replace(state, marks=tuple(marks), turn_n=state.turn_n + (was_open and said.speaker == rule.channel))
    return _open(state, rule, opening, setting) if is_opening else state


def _opened(rule: Rule, said: Said, setting: Setting) -> tuple[int, tuple[Evidence, ...]] | None:
    """Return where in the turn the sequence opens, and the proof; None when it does not."""
    found = list[tuple[int, tuple[Evidence, ...]]]()
    for k, trigger in enumerate(rule.trigger):
        name = f"{rule.key}!{k}"
        if trigger.at or (trigger.facts and holds(trigger.facts, setting.known)):
            found.append((_FROM_THE_START, said.quoted(())))
        elif trigger.phrases and trigger.speaker == said.speaker and (place := said.place_of(name)) is not None:
            found.append((place, said.quoted((name,), place)))
    return min(found, key=lambda one: one[0]) if found else None


def _place(rule: Rule, step: Step, said: Said) -> int | None:
    is_theirs = step.speaker in ("any", said.speaker)
    return said.place_of(f"{rule.key}#{step.name}") if step.phrases and is_theirs else None


def _marked(mark: Mark, at_ms: int | None, proof: tuple[Evidence, ...]) -> Mark:
    evidence = (*mark.evidence, *proof)[:QUOTES_MAX]
    return replace(mark, hit_n=mark.hit_n + 1, at_ms=mark.at_ms if mark.hit_n else at_ms, evidence=evidence)


def _open(state: StepsState, rule: Rule, opening: tuple[Evidence, ...], setting: Setting) -> StepsState:
    """Return the state once the sequence is open; what lacks now lacks for good, unless facts excuse it."""
    before = [(s, m) for s, m in zip(rule.patterns.steps, state.marks, strict=True) if s.place == "before"]
    demanded = [(step, mark) for step, mark in before if _is_demanded(step, setting)]
    lacking = tuple(step.name for step, mark in demanded if not mark.hit_n)
    enough = rule.patterns.before_n is not None and len(demanded) - len(lacking) >= rule.patterns.before_n
    is_excused = bool(rule.exceptions.facts) and holds(rule.exceptions.facts, setting.known) is True
    return replace(state, is_open=True, opening=opening, lacking=() if enough or is_excused else lacking)


def _is_demanded(step: Step, setting: Setting) -> bool:
    return not step.when or holds(step.when, setting.known) is True


def steps_noted(state: StepsState, rule: Rule, control: Control, setting: Setting) -> StepsState:
    """Return the state after something beside the words; `setting` already holds it."""
    at_ms, proof = ms(control.at_s), (Evidence(start_s=control.at_s),)
    is_opened_by = any(one.facts and holds(one.facts, setting.known) for one in rule.trigger)
    if not state.is_open and control.kind == "attribute" and is_opened_by:
        return _open(state, rule, proof, setting)
    marks = list(state.marks)
    for k, step in enumerate(rule.patterns.steps):
        if step.since and marks[k].since_ms is None and holds(step.since, setting.known):
            marks[k] = replace(marks[k], since_ms=at_ms)
        if step.control is None or state.is_open != (step.place != "before"):
            continue
        if control.kind == step.undone_by:
            marks[k] = Mark(since_ms=marks[k].since_ms)
        elif control.kind == step.control and (not step.since or marks[k].since_ms is not None):
            marks[k] = _marked(marks[k], at_ms, proof)
    return replace(state, marks=tuple(marks))


def steps_outcome(state: StepsState, rule: Rule, setting: Setting) -> RuleOutcome:
    """Return what became of a sequence or capture that applies to the interaction."""
    if not state.is_open:
        return RuleOutcome(rule.id, rule.kind, "na", "not_triggered")
    if rule.kind == "capture":
        return RuleOutcome(rule.id, rule.kind, "fired", None, state.opening, hit_n=1)
    marked = list(zip(rule.patterns.steps, state.marks, strict=True))
    entered = [(step, mark) for step, mark in marked if step.place == "never" and mark.hit_n]
    if entered:
        proof = tuple(one for _, mark in entered for one in mark.evidence)
        names = tuple(step.name for step, _ in entered)
        hit_n = sum(mark.hit_n for _, mark in entered)
        return RuleOutcome(rule.id, rule.kind, "fired", None, (*state.opening, *proof), names, hit_n=hit_n)
    looked = (searched(setting.first, setting.last),) if setting.first and setting.last else ()
    if state.lacking:
        return RuleOutcome(rule.id, rule.kind, "missed", None, (*state.opening, *looked), state.lacking)
    return _followed(state, rule, setting, looked)


def _followed(state: StepsState, rule: Rule, setting: Setting, looked: tuple[Evidence, ...]) -> RuleOutcome:
    """Return the outcome of the steps that had to follow."""
    outcome: Outcome | None = "kept"
    proof, missing = list[Evidence](), list[str]()
    for step, mark in zip(rule.patterns.steps, state.marks, strict=True):
        is_due = not step.since or mark.since_ms is not None
        if step.place != "then" or not _is_demanded(step, setting) or not is_due:
            proof.extend(mark.evidence if step.place == "before" else ())
        elif not mark.hit_n:
            missing.append(step.name)
        else:
            proof.extend(mark.evidence[:1])
            outcome = "late" if _is_late(step, mark) else outcome
    if not missing:
        return RuleOutcome(rule.id, rule.kind, outcome, None, (*state.opening, *proof[:QUOTES_MAX]))
    evidence, names = (*state.opening, *looked), tuple(missing)
    if _could_follow(state, rule, names, setting):
        return RuleOutcome(rule.id, rule.kind, "missed", None, evidence, names)
    return RuleOutcome(rule.id, rule.kind, None, "ended_before_due", evidence, names)


def _is_late(step: Step, mark: Mark) -> bool:
    if step.within_s is None or mark.since_ms is None or mark.at_ms is None:
        return False
    return mark.at_ms - mark.since_ms > round(step.within_s * 1000)


def _could_follow(state: StepsState, rule: Rule, missing: tuple[str, ...], setting: Setting) -> bool:
    """Return whether there was a turn, or for a step with a time the time, to do what is missing."""
    end_ms = ms(setting.last.end_s) if setting.last else None
    for step, mark in zip(rule.patterns.steps, state.marks, strict=True):
        if step.name in missing and step.within_s is not None and mark.since_ms is not None:
            return end_ms is not None and end_ms - mark.since_ms > round(step.within_s * 1000)
    return state.turn_n > 0
