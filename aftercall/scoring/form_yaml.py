"""Scorecards and phrase sets from YAML, refused with the place and the remedy when they are wrong.

Lives here: file -> Form. Not here: the shapes (form.py), the schema of the files (scorecards/scorecard.schema.json).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring.form import (
    Condition,
    Each,
    Eligibility,
    Form,
    Interruption,
    Question,
    Rule,
    Wait,
    Whole,
    Window,
    asked_of,
)
from aftercall.text.match import PhraseSet
from aftercall.text.phrase import expression

# YAML reads a bare yes or no as a truth value, so the files say met and missed.
_ANSWER = {"met": "yes", "missed": "no", "na": "na"}
_SCHEMAS = Path(__file__).parent / "scorecards"


@dataclass(frozen=True, slots=True)
class PhraseEntry:
    """A phrase set as written: the set, and sentences it must and must not be found in."""

    phrases: PhraseSet
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


def read_phrase_sets(paths: Sequence[Path]) -> dict[str, PhraseEntry]:
    """Return the phrase sets of the files by name."""
    entries: dict[str, PhraseEntry] = {}
    for path in paths:
        raw = _yaml(path)
        _validate(raw, "phrases.schema.json", path)
        for name, entry in _phrase_entries(raw, path).items():
            if name in entries:
                raise ScorecardError(f"{path.name}: the phrase set {name!r} exists twice.")
            entries[name] = entry
    return entries


def read_form(path: Path, shared: Mapping[str, PhraseEntry]) -> Form:
    """Return the form of a YAML file; `shared` are phrase sets it may use beside its own.

    Raises: ScorecardError, naming the place in the file and what it must be.
    """
    raw = _yaml(path)
    _validate(raw, "scorecard.schema.json", path)
    own = _phrase_entries(raw.get("phrases", {}), path)
    known = {**shared, **own}
    sections = tuple((str(one["id"]), float(one["weight"])) for one in raw["sections"])
    questions = tuple(_question(one, path) for one in raw["questions"])
    _check(path, questions, [name for name, _ in sections], known)
    used = sorted({name for question in questions for name in _names(question.rule)})
    sets = tuple(known[name].phrases for name in used)
    content = json.dumps([raw, [[s.name, s.phrases, s.unless] for s in sets]], sort_keys=True, default=str)
    return Form(
        raw["id"], raw["version"], raw["title"], _eligibility(raw.get("eligibility", {})), sections, questions,
        raw.get("weight_mode", "question"), sets, content,
    )  # fmt: skip


def _yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ScorecardError(f"{path} not found. Give a scorecard in YAML, such as the shipped service.yaml.")
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScorecardError(f"{path.name} is not YAML in UTF-8: {error}") from error
    if not isinstance(raw, dict):
        raise ScorecardError(f"{path.name} must be a mapping with id, version, sections and questions.")
    return cast("dict[str, Any]", raw)


@cache
def _validator(schema_name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads((_SCHEMAS / schema_name).read_text(encoding="utf-8")))


def _validate(raw: Any, schema_name: str, path: Path) -> None:
    from jsonschema.exceptions import best_match

    error = best_match(_validator(schema_name).iter_errors(raw))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "the file"
        raise ScorecardError(f"{path.name}: {where}: {error.message}. The form of the file is in {schema_name}.")


def _phrase_entries(raw: Mapping[str, Any], path: Path) -> dict[str, PhraseEntry]:
    entries: dict[str, PhraseEntry] = {}
    for name, one in raw.items():
        phrases, unless = tuple(one["phrases"]), tuple(one.get("unless", ()))
        for phrase in (*phrases, *unless):
            try:
                expression(phrase)
            except ScorecardError as error:
                raise ScorecardError(f"{path.name}: phrase set {name!r}: {error}") from None
        examples = tuple(one.get("examples", ())), tuple(one.get("counter_examples", ()))
        entries[name] = PhraseEntry(PhraseSet(name, phrases, unless), *examples)
    return entries


def _condition(raw: Mapping[str, Any]) -> Condition:
    window = next((Window(kind, raw[kind]) for kind in ("first_turns", "last_turns", "first_s") if kind in raw), Window())
    if "said" not in raw:
        raise ScorecardError("`lacks` stands only in the `expect` of a question asked at each moment; write `said`.")
    return Condition(raw["speaker"], tuple(raw["said"]), window)


def _maybe(raw: Mapping[str, Any] | None) -> Condition | None:
    return _condition(raw) if raw else None


def _rule(raw: Mapping[str, Any]) -> Rule:
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
        return Each(_condition(called["each"]), expect["speaker"], said, within, before, excused, cancelled, lacks)
    return Whole(_condition(expect), when=_maybe(called.get("when")), excused_by=excused)


def _question(raw: Mapping[str, Any], path: Path) -> Question:
    legal, reviewed = bool(raw.get("legal", False)), raw.get("reviewed_by")
    rule, reasons = _rule(raw), {_ANSWER[key]: str(value) for key, value in raw["reasons"].items()}
    is_always_asked = isinstance(rule, Whole) and rule.when is None and rule.excused_by is None
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
        # A legal question stays beside the score until counsel has looked at it.
        bool(raw.get("advisory", False)) or (legal and not reviewed),
        legal,
        reviewed,
        raw.get("source", ""),
    )


def _eligibility(raw: Mapping[str, Any]) -> Eligibility:
    lists = {key: tuple(raw[key]) for key in ("queues", "intents", "channels", "languages") if key in raw}
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
