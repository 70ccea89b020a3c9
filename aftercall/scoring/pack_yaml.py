"""Compliance packs from YAML, refused with the rule and the remedy when they are wrong.

Lives here: file -> Pack, and the review gate. Not here: the shapes (pack.py), the schema of the files
(packs/pack.schema.json), the vectors (pack_vectors.py).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring.pack import (
    BEFORE_CONTACT,
    STATUSES,
    Accepts,
    Citation,
    Element,
    Exceptions,
    Limit,
    Pack,
    Patterns,
    Row,
    Rule,
    Step,
    Trigger,
    Vector,
)
from aftercall.scoring.yaml_files import mapping_of
from aftercall.text.phrase import expression

_FOLDER = Path(__file__).parent / "packs"
_SCHEMA = _FOLDER / "pack.schema.json"
# What a rule may leave out: everything here is refused or filled the same way in every pack.
_DEFAULTS: dict[str, Any] = {
    "applies_when": {},
    "deadline_s": None,
    "deadline_basis": None,
    "channel": "agent",
    "exceptions": {},
    "audience": "agent",
    "mode": "shadow",
    "cool_down_s": 60,
    "effective_from": None,
    "effective_to": None,
    "reviewed_by": None,
    "reviewed_on": None,
}


def shipped() -> tuple[Path, ...]:
    """Return the packs that come with the product, in the order of their names."""
    return tuple(sorted(_FOLDER.glob("*.yaml")))


def is_pack(path: Path) -> bool:
    """Return whether a file is meant as a pack: it has rules and no questions. A file that is no YAML is none."""
    try:
        raw = _mapping(path)
    except ScorecardError:
        return False
    return "rules" in raw and "questions" not in raw


def read_pack(path: Path) -> Pack:
    """Return the pack of a YAML file.

    Raises: ScorecardError, naming the rule, what is wrong and what to do; also when a rule leaves shadow without the review
    its source needs.
    """
    raw = _mapping(path)
    _validate(raw, path)
    shared = {name: tuple(one) for name, one in raw.get("phrases", {}).items()}
    rules = tuple(_rule(_filled(one, raw, path), shared, path) for one in raw["rules"])
    tables = tuple((name, tuple(_row(row) for row in rows)) for name, rows in raw.get("tables", {}).items())
    pack = Pack(
        raw["id"],
        raw["version"],
        raw["title"],
        tuple(raw.get("facts", {}).items()),
        rules,
        tables,
        json.dumps(raw, sort_keys=True, default=str),
    )
    _check(pack, path)
    return pack


def _mapping(path: Path) -> dict[str, Any]:
    return mapping_of(path, "a pack in YAML, such as the shipped us_collections.yaml", "id, version, title and rules")


@cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


def _validate(raw: dict[str, Any], path: Path) -> None:
    from jsonschema.exceptions import best_match

    # JSON has no dates; YAML reads them by itself.
    plain = json.loads(json.dumps(raw, default=str))
    if isinstance(plain.get("defaults"), dict) and isinstance(plain.get("rules"), list):
        # What a default says is held against the rules it fills.
        plain["rules"] = [{**plain["defaults"], **one} if isinstance(one, dict) else one for one in plain["rules"]]
    error = best_match(_validator().iter_errors(plain))
    if error is None:
        return
    place = [str(part) for part in error.absolute_path]
    rule: Any = plain["rules"][int(place[1])] if place[:1] == ["rules"] and len(place) > 1 else None
    where = f"{rule.get('id', place[1])}: {'/'.join(place[2:])}" if isinstance(rule, dict) else "/".join(place) or "the file"
    raise ScorecardError(f"{path.name}: {where}: {error.message}. The form of the file is in {_SCHEMA.name}.")


def _accepts(raw: Mapping[str, Any]) -> Accepts:
    return tuple((name, tuple(value) if isinstance(value, list) else (value,)) for name, value in raw.items())


def _phrases(raw: Sequence[str], shared: Mapping[str, tuple[str, ...]], where: str) -> tuple[str, ...]:
    """Return the phrases, those of a shared set in place of its @name; a phrase that does not compile is refused here."""
    phrases = list[str]()
    for one in raw:
        if one.startswith("@") and one[1:] not in shared:
            raise ScorecardError(f"{where}: there are no shared phrases {one!r}. There are: {', '.join(sorted(shared))}.")
        phrases.extend(shared[one[1:]] if one.startswith("@") else (one,))
    for phrase in phrases:
        try:
            expression(phrase)
        except ScorecardError as error:
            raise ScorecardError(f"{where}: {error}") from None
    return tuple(phrases)


def _filled(one: Mapping[str, Any], raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return a rule with the fields it leaves out: from the pack's defaults, then from those of every pack."""
    rule = {**_DEFAULTS, **raw.get("defaults", {}), **one}
    if lacking := [name for name in ("jurisdiction", "owner") if name not in rule]:
        raise ScorecardError(f"{path.name}: {one['id']}: {' and '.join(lacking)} missing; set it here or under `defaults`.")
    is_critical = rule["kind"] == "prohibited" or rule["deadline_basis"] == "legal"
    return {"severity": "critical" if is_critical else "low" if rule["kind"] == "reminder" else "high", **rule}


def _rule(raw: Mapping[str, Any], shared: Mapping[str, tuple[str, ...]], path: Path) -> Rule:
    where = f"{path.name}: {raw['id']}"
    exceptions = raw["exceptions"]
    rule = Rule(
        id=raw["id"],
        title=raw["title"],
        jurisdiction=raw["jurisdiction"],
        applies_when=_accepts(raw["applies_when"]),
        kind=raw["kind"],
        trigger=tuple(_trigger(one, shared, where) for one in raw["trigger"]),
        deadline_s=raw["deadline_s"],
        deadline_basis=raw["deadline_basis"],
        channel=raw["channel"],
        patterns=_patterns(raw["patterns"], shared, where),
        exceptions=Exceptions(
            _phrases(exceptions.get("phrases", ()), shared, where), _accepts(exceptions.get("facts", {}))
        ),
        severity=raw["severity"],
        audience=raw["audience"],
        mode=raw["mode"],
        headline=raw["headline"],
        required_response=raw["required_response"],
        cool_down_s=float(raw["cool_down_s"]),
        source=tuple(Citation(one["cite"], one["status"]) for one in raw["source"]),
        source_status=raw["source_status"],
        owner=raw["owner"],
        effective_from=_day(raw["effective_from"]),
        effective_to=_day(raw["effective_to"]),
        reviewed_by=raw["reviewed_by"],
        reviewed_on=_day(raw["reviewed_on"]),
        tests=tuple(_vector(one) for one in raw["tests"]),
    )  # fmt: skip
    _check_rule(rule, where)
    return rule


def _trigger(raw: Mapping[str, Any], shared: Mapping[str, tuple[str, ...]], where: str) -> Trigger:
    if "at" in raw:
        return Trigger(raw["at"])
    if "facts" in raw:
        return Trigger(facts=_accepts(raw["facts"]))
    speaker = "agent" if "agent" in raw else "customer"
    unless = _phrases(raw.get("unless", ()), shared, where)
    return Trigger(speaker=speaker, phrases=_phrases(raw[speaker], shared, where), unless=unless)


def _patterns(raw: Mapping[str, Any], shared: Mapping[str, tuple[str, ...]], where: str) -> Patterns:
    elements = tuple(_element(name, one, shared, where) for name, one in _items(raw, "elements"))
    steps = tuple(
        Step(
            name,
            one["place"],
            one.get("speaker", "agent"),
            _phrases(one.get("phrases", ()), shared, where),
            _phrases(one.get("unless", ()), shared, where),
            one.get("control"),
            one.get("undone_by"),
            _accepts(one.get("since", {})),
            one.get("within_s"),
            _accepts(one.get("when", {})),
        )
        for name, one in _items(raw, "steps")
    )
    return Patterns(
        elements,
        raw.get("within_words"),
        raw.get("turns"),
        _phrases(raw.get("until", ()), shared, where),
        steps,
        raw.get("before_n"),
        tuple(Limit(one["fact"], one.get("at_least"), one.get("below")) for one in raw.get("limits", ())),
        raw.get("table"),
        tuple(raw.get("keys", ())),
        tuple(raw.get("like", ())),
    )


def _element(name: str, raw: Any, shared: Mapping[str, tuple[str, ...]], where: str) -> Element:
    one: dict[str, Any] = {"phrases": raw} if isinstance(raw, list) else raw
    phrases, unless = (_phrases(one.get(part, ()), shared, where) for part in ("phrases", "unless"))
    return Element(name, phrases, unless, _accepts(one.get("facts", {})), _accepts(one.get("when", {})))


def _items(raw: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    return list(raw.get(name, {}).items())


def _day(raw: date | str | None) -> date | None:
    return date.fromisoformat(raw) if isinstance(raw, str) else raw


def _vector(raw: Mapping[str, Any]) -> Vector:
    missing = raw.get("missing")
    return Vector(
        tuple(raw.get("said", ())),
        raw["expect"],
        tuple(raw.get("facts", {}).items()),
        tuple(missing) if missing is not None else None,
        _day(raw.get("started_on")),
    )


def _row(raw: Mapping[str, Any]) -> Row:
    cite = Citation(raw["cite"], raw["status"])
    return Row(raw["key"], raw["text"], cite, _day(raw.get("effective_from")), _day(raw.get("effective_to")))


def _check_rule(rule: Rule, where: str) -> None:
    weakest = max((one.status for one in rule.source), key=STATUSES.index)
    if rule.source_status != weakest:
        raise ScorecardError(
            f"{where}: source_status is {rule.source_status!r} but its weakest citation is {weakest!r}; write {weakest!r}."
        )
    is_reviewed = rule.reviewed_by is not None and rule.reviewed_on is not None
    if rule.mode != "shadow" and not is_reviewed and (rule.source_status != "verified" or rule.mode == "must_ack"):
        raise ScorecardError(
            f"{where}: the mode {rule.mode!r} is refused: its source is {rule.source_status} and nobody has signed for it. "
            "Compare the citation with the primary text, then set reviewed_by and reviewed_on; until then set mode: shadow."
        )
    if (rule.deadline_s is None) != (rule.deadline_basis is None):
        raise ScorecardError(
            f"{where}: deadline_s and deadline_basis go together: say whether the deadline is policy or legal."
        )
    patterns, needed = rule.patterns, {"required_by": "elements", "prohibited": "elements", "sequence": "steps"}
    part = needed.get(rule.kind)
    if part and not getattr(patterns, part):
        raise ScorecardError(f"{where}: a rule of kind {rule.kind} needs patterns/{part}.")
    if rule.kind in BEFORE_CONTACT and not (patterns.limits or (patterns.table and patterns.keys)):
        raise ScorecardError(f"{where}: a rule before the contact needs patterns/limits, or a table and its keys.")
    if patterns.within_words and any(element.when or element.facts for element in patterns.elements):
        raise ScorecardError(f"{where}: `when` and `facts` of an element need a rule without within_words.")


def _check(pack: Pack, path: Path) -> None:
    declared, tables = dict(pack.facts), dict(pack.tables)
    for k, rule in enumerate(pack.rules):
        where = f"{path.name}: {rule.id}"
        if stray := sorted(set(_fact_names(rule)) - set(declared)):
            raise ScorecardError(
                f"{where}: facts {', '.join(stray)} are not explained under `facts` of the pack. Add them there."
            )
        if rule.patterns.table and rule.patterns.table not in tables:
            raise ScorecardError(
                f"{where}: there is no table {rule.patterns.table!r}. There are: {', '.join(tables) or 'none'}."
            )
        for other in pack.rules[:k]:
            if other.id == rule.id and _overlap(other, rule):
                raise ScorecardError(
                    f"{where}: stands twice for the same days; end the older row the day before (effective_to)."
                )


def _fact_names(rule: Rule) -> list[str]:
    patterns = rule.patterns
    groups = [rule.applies_when, rule.exceptions.facts, *(one.facts for one in rule.trigger)]
    groups += [one for element in patterns.elements for one in (element.facts, element.when)]
    groups += [one for step in patterns.steps for one in (step.since, step.when)]
    names = [name for group in groups for name, _ in group] + [limit.fact for limit in patterns.limits]
    return names + list(patterns.keys) + [name for vector in rule.tests for name, _ in vector.facts]


def _overlap(one: Rule, other: Rule) -> bool:
    first, last = date.min, date.max
    return (one.effective_from or first) <= (other.effective_to or last) and (other.effective_from or first) <= (
        one.effective_to or last
    )
