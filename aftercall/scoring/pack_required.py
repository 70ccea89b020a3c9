"""Rules that something must be said in time: armed, said, judged at the end by when it was said.

Lives here: the fold of required_by rules and their deadlines. Not here: sequences (pack_steps.py), talk-eligible time
(pack_clock.py).

The outcome hangs on whether the words end before the due time, never on when that was looked at. Before the end an unsaid
notice is not missed yet; `due_ms` says when it will be.
"""

from dataclasses import dataclass, replace

from aftercall.scoring.heard import Evidence, Place, ms, searched
from aftercall.scoring.pack import Element, Rule, Trigger, holds, unknown
from aftercall.scoring.pack_clock import Control
from aftercall.scoring.pack_ear import Outcome, RuleOutcome, Said, Setting


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened: its instant, how many turns the rule's side had before (or with) it, its place, its proof."""

    at_ms: int | None
    turn_n: int
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class RequiredState:
    """What a required rule remembers: armed, each element's first time, all of them together, and what had to come after."""

    armed: Moment | None = None
    elements: tuple[Moment | None, ...] = ()
    together: Moment | None = None
    until: Moment | None = None


def fresh(rule: Rule) -> RequiredState:
    """Return the state before the first turn."""
    return RequiredState(elements=(None,) * len(rule.patterns.elements))


def required_after(state: RequiredState, rule: Rule, said: Said, setting: Setting) -> RequiredState:
    """Return the state after one turn; `setting` already holds the turn."""
    if state.armed is None and (armed := armed_by(rule, said, setting)):
        state = replace(state, armed=armed)
    if state.until is None and said.place_of(f"{rule.key}|until") is not None:
        proof = said.quoted((f"{rule.key}|until",))
        state = replace(state, until=Moment(said.start_ms, setting.turn_n, said.place, proof))
    return _elements_after(state, rule, said, setting) if said.speaker == rule.channel else state


def required_noted(state: RequiredState, rule: Rule, control: Control, setting: Setting) -> RequiredState:
    """Return the state after a fact was told; `setting` already holds it."""
    is_armed_by = any(one.facts and holds(one.facts, setting.known) for one in rule.trigger)
    if state.armed is None and setting.first is not None and is_armed_by:
        return replace(state, armed=Moment(ms(control.at_s), setting.side(rule.channel).turn_n))
    return state


def armed_by(rule: Rule, said: Said, setting: Setting) -> Moment | None:
    """Return the moment at which the turn arms a rule; None when it does not."""
    for k, trigger in enumerate(rule.trigger):
        before_n = setting.side(rule.channel).turn_n - (said.speaker == rule.channel)
        if _is_at_once(trigger, said, setting):
            return Moment(said.start_ms, before_n, said.place)
        name = f"{rule.key}!{k}"
        if trigger.phrases and trigger.speaker == said.speaker and said.place_of(name) is not None:
            return Moment(said.end_ms, before_n, said.place, said.quoted((name,)))
    return None


def _is_at_once(trigger: Trigger, said: Said, setting: Setting) -> bool:
    if trigger.at == "first_agent_words":
        return said.speaker == "agent"
    return trigger.at in ("start", "any") or bool(trigger.facts and holds(trigger.facts, setting.known))


def _elements_after(state: RequiredState, rule: Rule, said: Said, setting: Setting) -> RequiredState:
    elements, within = rule.patterns.elements, rule.patterns.within_words
    turn_n = setting.side(rule.channel).turn_n
    seen = list(state.elements)
    for k, element in enumerate(elements):
        name = f"{rule.key}#{element.name}"
        # The turn before counts too, although the other side may have spoken between.
        start = None if seen[k] else next((a - said.wide_cut for a, b in said.spans(name) if b > said.wide_cut + 1), None)
        if start is not None:
            seen[k] = Moment(said.end_ms, turn_n, said.place, said.quoted((name,), start))
    state = replace(state, elements=tuple(seen))
    if not within or state.together or not all(seen):
        return state
    names = tuple(f"{rule.key}#{element.name}" for element in elements)
    found = _window([said.spans(name) for name in names], said.wide, within)
    if found is None:
        return state
    proof = said.quoted(names, found - said.wide_cut)
    return replace(state, together=Moment(said.end_ms, turn_n, said.place, proof))


def _window(places: list[list[tuple[int, int]]], text: str, within_words: int) -> int | None:
    """Return where the first stretch begins that holds all elements in so few words; None when there is none."""
    for start in sorted(a for spans in places for a, _ in spans):
        ends = [min((b for a, b in spans if a >= start), default=None) for spans in places]
        known = [end for end in ends if end is not None]
        if len(known) == len(places) and text.count(" ", start, max(known)) - 1 <= within_words:
            return start
    return None


def required_outcome(state: RequiredState, rule: Rule, setting: Setting) -> RuleOutcome:
    """Return what became of a required rule that applies to the interaction."""
    if state.armed is None:
        return RuleOutcome(rule.id, rule.kind, "na", "not_triggered")
    demanded = [(e, m) for e, m in zip(rule.patterns.elements, state.elements, strict=True) if _is_demanded(e, setting)]
    missing = tuple(element.name for element, moment in demanded if not _is_told(element, moment, setting))
    unsure = tuple(
        name for element, moment in demanded if moment is None for name in unknown(element.facts, setting.known)
    )  # fmt: skip
    met = state.together if rule.patterns.within_words else _last(tuple(m for _, m in demanded if m), state.armed)
    if not missing and met:
        outcome, reason = _in_time(state, met, rule, setting)
        looked = () if outcome == "kept" else (_looked(state.armed, met, rule, setting),)
        return RuleOutcome(rule.id, rule.kind, outcome, reason, (*met.evidence, *looked))
    if unsure and len(unsure) == len(missing):
        return RuleOutcome(rule.id, rule.kind, None, "fact_unknown", missing=unsure)
    evidence = (*state.armed.evidence, _looked(state.armed, None, rule, setting))
    if state.until:
        evidence, outcome, reason = (*evidence, *state.until.evidence), "missed", None
    else:
        outcome, reason = _unsaid(state.armed, rule, setting)
    return RuleOutcome(rule.id, rule.kind, outcome, reason if missing or reason else "elements_apart", evidence, missing)


def _is_demanded(element: Element, setting: Setting) -> bool:
    return not element.when or holds(element.when, setting.known) is True


def _is_told(element: Element, moment: Moment | None, setting: Setting) -> bool:
    return moment is not None or bool(element.facts and holds(element.facts, setting.known))


def _last(moments: tuple[Moment, ...], armed: Moment) -> Moment:
    """Return the moment all elements were said; when facts alone told them, the moment the rule was armed."""
    if not moments:
        return armed
    last = max(moments, key=lambda one: one.turn_n)
    return replace(last, evidence=tuple(dict.fromkeys(proof for one in moments for proof in one.evidence)))


def _in_time(state: RequiredState, met: Moment, rule: Rule, setting: Setting) -> tuple[Outcome | None, str | None]:
    armed, until = state.armed, state.until
    assert armed is not None
    if until and until.place and met.place and until.place.turn < met.place.turn:
        return "late", None
    turns = rule.patterns.turns
    if rule.deadline_s is None:
        return ("kept" if turns is None or met.turn_n - armed.turn_n <= turns else "late"), None
    if armed.at_ms is None or met.at_ms is None or setting.is_untimed:
        if turns is None:
            return None, "no_times"
        return ("kept" if met.turn_n - armed.turn_n <= turns else "late"), None
    return _by_clock(armed.at_ms, met.at_ms, rule.deadline_s, setting)


def _by_clock(armed_ms: int, met_ms: int, deadline_s: float, setting: Setting) -> tuple[Outcome | None, str | None]:
    eligible_ms, deadline_ms = setting.clock.eligible_ms(armed_ms, met_ms), round(deadline_s * 1000)
    if eligible_ms <= deadline_ms:
        return "kept", None
    if setting.clock.is_full:
        return None, "too_many_holds"
    # A hold is known to have been, but not when: what it may have been is given, what it cannot is not.
    if not setting.clock.pauses and setting.hold_s and eligible_ms - round(setting.hold_s * 1000) <= deadline_ms:
        return None, "hold_times_unknown"
    return "late", None


def _unsaid(armed: Moment, rule: Rule, setting: Setting) -> tuple[Outcome | None, str | None]:
    """Return the outcome of what was never said: missed only when there was time to say it."""
    turns, had_n = rule.patterns.turns, setting.side(rule.channel).turn_n - armed.turn_n
    end_ms = ms(setting.last.end_s) if setting.last else None
    if rule.deadline_s is None and turns is None and rule.patterns.until:
        return "na", "not_due"
    if rule.deadline_s is None:
        return ("missed", None) if had_n >= (turns or 1) else (None, "ended_before_due")
    if armed.at_ms is None or end_ms is None or setting.is_untimed:
        if turns is None:
            return None, "no_times"
        return ("missed", None) if had_n >= turns else (None, "ended_before_due")
    outcome, reason = _by_clock(armed.at_ms, end_ms, rule.deadline_s, setting)
    return (None, "ended_before_due") if outcome == "kept" else ("missed" if outcome else None, reason)


def _looked(armed: Moment, met: Moment | None, rule: Rule, setting: Setting) -> Evidence:
    """Return the stretch that was searched: from where the rule was armed to where it was said, or to the end."""
    side = setting.side(rule.channel)
    first = armed.place or side.first or setting.first
    last = (met.place if met else None) or setting.last
    return searched(first, last) if first and last else Evidence(searched_turns=(0, 0))


def due_ms(state: RequiredState, rule: Rule, setting: Setting, share: float = 1.0) -> int | None:
    """Return when so large a share of the time is over for what is armed and unsaid; None when nothing is, or while on hold."""
    armed = state.armed
    is_open = armed is not None and (state.together is None if rule.patterns.within_words else not all(state.elements))
    if not is_open or armed is None or armed.at_ms is None or rule.deadline_s is None:
        return None
    return setting.clock.due_ms(armed.at_ms, round(rule.deadline_s * 1000 * share))
