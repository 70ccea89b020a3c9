"""Scorecards and phrase sets from YAML, refused with the place and the remedy when they are wrong.

Lives here: file -> Form. Not here: the shapes (form.py), reading YAML (yaml_files.py), the schemas (scorecards/*.schema.json).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring.behaviours import with_behaviour_rules
from aftercall.scoring.form import (
    Condition,
    Each,
    Eligibility,
    Form,
    Human,
    Interruption,
    Party,
    Question,
    Reading,
    Rule,
    ShownIf,
    Wait,
    Whole,
    Window,
    asked_of,
)
from aftercall.scoring.yaml_files import mapping_of, validated
from aftercall.text.match import PhraseSet
from aftercall.text.phrase import expression

# YAML reads a bare yes or no as a truth value, so the files say met and missed.
_ANSWER = {"met": "yes", "missed": "no", "na": "na"}


@dataclass(frozen=True, slots=True)
class PhraseEntry:
    """A set as written: its phrases, the head of the text model beside them, and sentences it must and must not be found in."""

    phrases: PhraseSet
    reading: Reading | None = None
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


def read_phrase_sets(paths: Sequence[Path]) -> dict[str, PhraseEntry]:
    """Return the phrase sets of the files by name."""
    entries: dict[str, PhraseEntry] = {}
    for path in paths:
        raw = validated(mapping_of(path), "phrases.schema.json", path)
        for name, entry in _phrase_entries(raw, path).items():
            if name in entries:
                raise ScorecardError(f"{path.name}: the phrase set {name!r} exists twice.")
            entries[name] = entry
    return entries


def read_form(path: Path, shared: Mapping[str, PhraseEntry], advisory: frozenset[str] = frozenset()) -> Form:
    """Return the form of a YAML file; `shared` are phrase sets it may use beside its own, `advisory` ids outside the score.

    Raises: ScorecardError, naming the place in the file and what it must be.
    """
    return form_of(mapping_of(path), shared, path, advisory)


def form_of(
    mapping: dict[str, Any], shared: Mapping[str, PhraseEntry], path: Path, advisory: frozenset[str] = frozenset()
) -> Form:
    """Return the form a mapping describes; `path` names it in errors."""
    raw: dict[str, Any] = dict(validated(mapping, "scorecard.schema.json", path))
    raw["questions"] = with_behaviour_rules(raw["questions"], path)
    own = _phrase_entries(raw.get("phrases", {}), path)
    known = {**shared, **own}
    sections = tuple((str(one["id"]), float(one["weight"])) for one in raw["sections"])
    questions = tuple(_question(one, path, advisory) for one in raw["questions"])
    _check(path, questions, [name for name, _ in sections], known)
    used = [known[name] for name in sorted({name for question in questions for name in _names(question.rule)})]
    sets = tuple(one.phrases for one in used if one.phrases.phrases)
    readings = tuple(one.reading for one in used if one.reading)
    parts = [[[s.name, s.phrases, s.unless] for s in sets], [[r.name, r.head, r.sure, r.maybe] for r in readings]]
    content = json.dumps([raw, *parts, sorted(advisory)], sort_keys=True, default=str)
    return Form(
        raw["id"],
        raw["version"],
        raw["title"],
        _eligibility(raw.get("eligibility", {})),
        sections,
        tuple(replace(question, reads=_read_by(question.rule, readings)) for question in questions),
        raw.get("weight_mode", "question"),
        sets,
        content,
        readings,
        tuple((str(one["name"]), float(one["from"])) for one in raw.get("bands", ())),
        raw.get("valid_from", ""),
    )


def _read_by(rule: Rule, readings: Sequence[Reading]) -> tuple[Party, ...]:
    """Return the sides whose turns the text model must have read for a rule."""
    names = {one.name for one in readings}
    return tuple(party for party, asked in asked_of(rule).items() if not names.isdisjoint(asked))


def _phrase_entries(raw: Mapping[str, Any], path: Path) -> dict[str, PhraseEntry]:
    entries: dict[str, PhraseEntry] = {}
    for name, one in raw.items():
        phrases, unless = tuple(one.get("phrases", ())), tuple(one.get("unless", ()))
        for phrase in (*phrases, *unless):
            try:
                expression(phrase)
            except ScorecardError as error:
                raise ScorecardError(f"{path.name}: phrase set {name!r}: {error}") from None
        examples = tuple(one.get("examples", ())), tuple(one.get("counter_examples", ()))
        entries[name] = PhraseEntry(PhraseSet(name, phrases, unless), _reading(name, one.get("model"), path), *examples)
    return entries


def _reading(name: str, raw: Mapping[str, Any] | None, path: Path) -> Reading | None:
    if raw is None:
        return None
    sure, maybe = float(raw["sure"]), float(raw.get("maybe", raw["sure"]))
    if maybe > sure:
        raise ScorecardError(f"{path.name}: {name}: maybe ({maybe:g}) must not be above sure ({sure:g}).")
    return Reading(name, raw["head"], sure, maybe)


def _condition(raw: Mapping[str, Any]) -> Condition:
    window = next((Window(kind, raw[kind]) for kind in ("first_turns", "last_turns", "first_s") if kind in raw), Window())
    if "said" not in raw:
        raise ScorecardError("`lacks` stands only in the `expect` of a question asked at each moment; write `said`.")
    return Condition(raw["speaker"], tuple(raw["said"]), window)


def _maybe(raw: Mapping[str, Any] | None) -> Condition | None:
    return _condition(raw) if raw else None


def _rule(raw: Mapping[str, Any]) -> Rule:
    if raw.get("human"):
        return Human()
    called: Mapping[str, Any] = raw["called_for"] if isinstance(raw.get("called_for"), dict) else {}
    excused = _maybe(raw.get("excused_by"))
    if "wait" in raw:
        wait = raw["wait"]
        limits = tuple((channel, float(limit)) for channel, limit in wait["limit_s"].items())
        return Wait(limits, wait.get("after", "customer"), wait.get("allowed_share", 0.0), tuple(wait.get("announced_by", ())))
    if "interruption" in raw:
        return Interruption(raw["interruption"].get("allowed_n", 0))
    if "never" in raw:
        return Whole(_condition(raw["never"]), True, raw["never"].get("allowed_n", 0), _maybe(called.get("when")), excused)
    expect = raw["expect"]
    if "each" in called:
        within, before, lacks = expect.get("within_turns", 2), bool(expect.get("before", False)), "lacks" in expect
        said, cancelled = tuple(expect["lacks"] if lacks else expect["said"]), tuple(raw.get("cancelled_by", ()))
        whole = bool(expect.get("whole", False))
        return Each(_condition(called["each"]), expect["speaker"], said, within, before, excused, cancelled, lacks, whole)
    return Whole(_condition(expect), when=_maybe(called.get("when")), excused_by=excused)


def _question(raw: Mapping[str, Any], path: Path, advisory: frozenset[str]) -> Question:
    if absent := [key for key in ("reasons", "remedy") if key not in raw]:
        raise ScorecardError(f"{path.name}: {raw['id']}: {' and '.join(absent)} missing; people are told both.")
    legal, reviewed = bool(raw.get("legal", False)), raw.get("reviewed_by")
    rule, reasons = _rule(raw), {_ANSWER[key]: str(value) for key, value in raw["reasons"].items()}
    is_always_asked = isinstance(rule, Human) or (isinstance(rule, Whole) and rule.when is None and rule.excused_by is None)
    if not is_always_asked and "na" not in reasons:
        raise ScorecardError(f"{path.name}: {raw['id']}: reasons/na is missing; this question is not always called for.")
    return Question(
        raw["id"],
        raw["version"],
        raw["section"],
        raw["title"],
        raw["behaviour"],
        float(raw["weight"]),
        float(raw.get("points", raw["weight"])),
        rule,
        tuple(sorted(reasons.items())),
        raw["remedy"],
        raw.get("severity", "low"),
        tuple(raw.get("channels", ())),
        bool(raw.get("autofail", False)),
        "section" if raw.get("autofail") == "section" else "form",
        # A legal question stays beside the score until counsel has looked at it, one for people until a person has answered.
        bool(raw.get("advisory", False)) or (legal and not reviewed) or isinstance(rule, Human) or raw["id"] in advisory,
        legal,
        reviewed,
        raw.get("source", ""),
        _shown_if(raw.get("shown_if")),
    )


def _shown_if(raw: Mapping[str, Any] | None) -> ShownIf | None:
    return ShownIf(raw["question"], tuple(_ANSWER.get(str(answer), str(answer)) for answer in raw["answers"])) if raw else None


def _eligibility(raw: Mapping[str, Any]) -> Eligibility:
    lists = {key: tuple(raw[key]) for key in ("queues", "intents", "states", "channels", "languages") if key in raw}
    return Eligibility(**lists, min_turns=raw.get("min_turns", 3))


def _names(rule: Rule) -> frozenset[str]:
    """Return the phrase sets a rule asks for."""
    return frozenset().union(*asked_of(rule).values())


def _check(path: Path, questions: Sequence[Question], sections: Sequence[str], known: Mapping[str, PhraseEntry]) -> None:
    seen = set[str]()
    for question in questions:
        where = f"{path.name}: {question.question_id}"
        if question.question_id in seen:
            raise ScorecardError(f"{where}: this id stands twice; every question has its own.")
        shown = question.shown_if
        if shown and shown.question_id not in seen:
            raise ScorecardError(f"{where}: shown_if names {shown.question_id!r}, which must be a question above it.")
        seen.add(question.question_id)
        if question.section not in sections:
            raise ScorecardError(f"{where}: there is no section {question.section!r}. There are: {', '.join(sections)}.")
        if unknown := sorted(_names(question.rule) - set(known)):
            raise ScorecardError(f"{where}: unknown phrase sets {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
        rule = question.rule
        if isinstance(rule, Each) and rule.lacks and rule.before:
            raise ScorecardError(f"{where}: lacks and before do not go together; say what must have been said.")
        if isinstance(rule, Each) and rule.cancelled_by and (rule.by != rule.trigger.speaker or rule.before):
            raise ScorecardError(f"{where}: cancelled_by needs moments of the side that must answer, and no `before`.")
        if isinstance(question.rule, Each) and question.rule.trigger.window.kind != "anywhere":
            raise ScorecardError(f"{where}: `each` has no window; a moment counts wherever it stands.")
