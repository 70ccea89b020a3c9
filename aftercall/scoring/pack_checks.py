"""Rules that need no memory of order: what must never be said, and what is checked before the contact.

Lives here: prohibited words, reminders and counts before a contact. Not here: deadlines (pack_required.py), order
(pack_steps.py).
"""

from dataclasses import dataclass, replace

from aftercall.scoring.heard import QUOTES_MAX, Evidence
from aftercall.scoring.pack import Pack, Rule, holds, unknown
from aftercall.scoring.pack_clock import Control
from aftercall.scoring.pack_ear import RuleOutcome, Said, Setting
from aftercall.scoring.pack_required import armed_by


@dataclass(frozen=True, slots=True)
class ProhibitedState:
    """What a prohibition remembers: whether it holds yet, hits where it surely applied, and hits where a fact was not known."""

    is_armed: bool = False
    hit_n: int = 0
    hits: tuple[Evidence, ...] = ()
    maybe_n: int = 0
    maybes: tuple[Evidence, ...] = ()
    unclear: tuple[Evidence, ...] = ()

    def after_hit(self, proof: tuple[Evidence, ...], *, is_sure: bool) -> "ProhibitedState":
        """Return the state after one more hit."""
        if is_sure:
            return replace(self, hit_n=self.hit_n + 1, hits=(*self.hits, *proof)[:QUOTES_MAX])
        return replace(self, maybe_n=self.maybe_n + 1, maybes=(*self.maybes, *proof)[:QUOTES_MAX])


def prohibited_after(state: ProhibitedState, rule: Rule, said: Said, setting: Setting) -> ProhibitedState:
    """Return the state after one turn; a turn counts once. What was said before the rule was armed is never held against it."""
    if not state.is_armed and armed_by(rule, said, setting):
        state = replace(state, is_armed=True)
    if not state.is_armed or said.speaker != rule.channel:
        return state
    names = tuple(f"{rule.key}#{one.name}" for one in rule.patterns.elements)
    places = [place for name in names if (place := said.perhaps_at(name)) is not None]
    if not places:
        return state
    proof = said.quoted(names, min(places))
    if said.is_unclear:
        return replace(state, unclear=(*state.unclear, *proof)[:QUOTES_MAX])
    return _hit(state, rule, proof, setting)


def prohibited_noted(state: ProhibitedState, rule: Rule, control: Control, setting: Setting) -> ProhibitedState:
    """Return the state after a fact was told, which may arm the rule or be the hit itself."""
    if any(one.facts and holds(one.facts, setting.known) for one in rule.trigger):
        state = replace(state, is_armed=True)
    is_hit = any(
        control.name in dict(one.facts) and holds(one.facts, setting.known) is True for one in rule.patterns.elements
    )  # fmt: skip
    return _hit(state, rule, (Evidence(start_s=control.at_s),), setting) if is_hit else state


def _hit(state: ProhibitedState, rule: Rule, proof: tuple[Evidence, ...], setting: Setting) -> ProhibitedState:
    applies = holds(rule.applies_when, setting.known)
    is_allowed = bool(rule.exceptions.facts) and holds(rule.exceptions.facts, setting.known) is True
    return state if applies is False or is_allowed else state.after_hit(proof, is_sure=applies is True)


def prohibited_outcome(state: ProhibitedState, rule: Rule) -> RuleOutcome:
    """Return what became of a prohibition that applies to the interaction at its end."""
    hit_n, hits = state.hit_n + state.maybe_n, (*state.hits, *state.maybes)
    if hit_n:
        return RuleOutcome(rule.id, rule.kind, "fired", None, hits[:QUOTES_MAX], hit_n=hit_n)
    if state.unclear:
        return RuleOutcome(rule.id, rule.kind, None, "low_asr_confidence", state.unclear)
    return RuleOutcome(rule.id, rule.kind, "kept" if state.is_armed else "na", None if state.is_armed else "not_triggered")


def before_contact(rule: Rule, pack: Pack, setting: Setting) -> RuleOutcome:
    """Return what a rule before the contact says, from facts alone; not called for when they are not known.

    It fires when a limit is broken or a table has a row to show, and is kept when every limit is known and kept.
    """
    patterns, known = rule.patterns, setting.known
    applies = holds(rule.applies_when, known)
    asked = tuple(limit.fact for limit in patterns.limits) + patterns.keys
    lacking = tuple(name for name in asked if name not in known) + unknown(rule.applies_when, known)
    if applies is False:
        return RuleOutcome(rule.id, rule.kind, "na", "not_applicable")
    if applies and patterns.limits:
        broken = tuple(
            f"{limit.fact}: {known[limit.fact]:g}"
            for limit in patterns.limits
            if isinstance(value := known.get(limit.fact), int | float) and not limit.is_kept(value)
        )
        if broken:
            return RuleOutcome(rule.id, rule.kind, "fired", None, rows=broken, hit_n=len(broken))
    if applies and patterns.table:
        rows = rows_for(rule, pack, setting)
        if rows:
            return RuleOutcome(rule.id, rule.kind, "fired", None, rows=rows, hit_n=len(rows))
    if lacking:
        return RuleOutcome(rule.id, rule.kind, "na", "fact_unknown", missing=lacking)
    return RuleOutcome(rule.id, rule.kind, "na", "no_row") if patterns.table else RuleOutcome(rule.id, rule.kind, "kept")


def rows_for(rule: Rule, pack: Pack, setting: Setting) -> tuple[str, ...]:
    """Return the rows of the rule's table for the facts named as keys, as they stood when the interaction started."""
    if rule.patterns.table is None:
        return ()
    keys = [setting.known[name] for name in rule.patterns.keys if name in setting.known]
    return tuple(str(row) for row in pack.rows(rule.patterns.table, keys, setting.started_on))
