"""Test vectors of packs: tiny dialogues beside each rule, run through the real normaliser, matcher and fold.

Lives here: reading a vector's lines, running it, what a rule's vectors must cover. Not here: what outcomes mean (pack_run.py).

    A 0-4: This is Dana.      a turn of the agent, 0 to 4 s (C customer, S system); without times, "A: ..."
    hold 10, unhold 30        also transfer, pause and resume (of the recording)
    set right_party=true 3    a fact told at 3 s

A vector starts from the facts that make its rule apply; its own `facts` change them, and null takes one away.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Speaker, Turn
from aftercall.scoring.pack import Kind, Pack, Rule, Value, Vector
from aftercall.scoring.pack_clock import Control, ControlKind
from aftercall.scoring.pack_ear import RuleOutcome
from aftercall.scoring.pack_run import RuleFacts, run_rules

MIN_EACH = 5
_TURN = re.compile(r"([ACS])(?: ([0-9.]+)(?:-([0-9.]+))?)?: (.+)")
_CONTROL = re.compile(r"(hold|unhold|transfer|pause|resume) ([0-9.]+)")
_SET = re.compile(r"set ([a-z0-9_]+)=(\S+) ([0-9.]+)")
_SPEAKERS: Mapping[str, Speaker] = {"A": "agent", "C": "customer", "S": "system"}
_CONTROLS: Mapping[str, ControlKind] = {one: one for one in ("hold", "unhold", "transfer", "pause", "resume")}  # type: ignore[misc]
# What a rule looks for was found; everything else is a negative vector.
_POSITIVE: Mapping[Kind, tuple[str, ...]] = {
    "required_by": ("kept",),
    "prohibited": ("fired",),
    "sequence": ("fired", "missed", "late"),
    "capture": ("fired",),
    "reminder": ("fired",),
    "count_window": ("fired",),
}


@dataclass(frozen=True, slots=True)
class VectorResult:
    """One vector run: what was expected and what came out."""

    rule_key: str
    number: int
    expected: str
    got: str
    outcome: RuleOutcome
    is_passed: bool

    def __str__(self) -> str:
        return f"{self.rule_key}, vector {self.number}: expected {self.expected}, got {self.got}"


def turns_and_controls(said: tuple[str, ...]) -> tuple[tuple[Turn, ...], tuple[Control, ...]]:
    """Return the turns and controls of a vector's lines.

    >>> turns_and_controls(("A 0-4: Hello", "hold 5"))[1]
    (Control(at_s=5.0, kind='hold', name=None, value=None),)
    """
    turns, controls = list[Turn](), list[Control]()
    for line in said:
        if turn := _TURN.fullmatch(line):
            who, start, end, text = turn.groups()
            start_s = float(start) if start else None
            turns.append(Turn(len(turns), _SPEAKERS[who], text, start_s, float(end) if end else start_s))
        elif control := _CONTROL.fullmatch(line):
            controls.append(Control(float(control[2]), _CONTROLS[control[1]]))
        elif told := _SET.fullmatch(line):
            controls.append(Control(float(told[3]), "attribute", told[1], _value(told[2])))
        else:
            raise ScorecardError(f"The line {line!r} of a vector is none of: A 0-4: words; hold 10; set name=value 3.")
    return tuple(turns), tuple(controls)


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else text


def run_vector(pack: Pack, rule: Rule, vector: Vector) -> RuleOutcome:
    """Return the outcome of a rule in a vector's dialogue; the whole pack listens, as it will in use."""
    facts = {name: values[0] for name, values in rule.applies_when} | dict(vector.facts)
    known = tuple(sorted((name, value) for name, value in facts.items() if value is not None))
    started_on = vector.started_on or rule.effective_to or rule.effective_from
    turns, controls = turns_and_controls(vector.said)
    outcomes = run_rules(pack, RuleFacts(known, started_on), turns, controls)
    return next(one for one in outcomes if one.rule_id == rule.id)


def run_vectors(pack: Pack) -> list[VectorResult]:
    """Return every vector of a pack, run."""
    results = list[VectorResult]()
    for rule in pack.rules:
        for number, vector in enumerate(rule.tests, 1):
            outcome = run_vector(pack, rule, vector)
            got = " ".join(part for part in (outcome.outcome or "null", outcome.reason) if part)
            # A reason is compared only where the vector names one.
            is_same = vector.expect in (got, outcome.outcome or "null")
            wanted, missing = vector.missing, " ".join(sorted(outcome.missing))
            is_passed = is_same and (wanted is None or sorted(wanted) == sorted(outcome.missing))
            expected = vector.expect + ("" if wanted is None else f" [{' '.join(sorted(wanted))}]")
            results.append(VectorResult(rule.key, number, expected, f"{got} [{missing}]", outcome, is_passed))
    return results


def too_few(rule: Rule) -> str | None:
    """Return what a rule's vectors lack; None when there are at least five positive and five negative ones."""
    positive = sum(1 for vector in rule.tests if vector.expect.split()[0] in _POSITIVE[rule.kind])
    negative = len(rule.tests) - positive
    if positive >= MIN_EACH and negative >= MIN_EACH:
        return None
    return f"{positive} positive and {negative} negative vectors; a rule needs {MIN_EACH} of each"
