"""The reviewed sentences a coaching message is made of, and how their slots are filled.

Lives here: templates.yaml -> Catalogue, filling. Not here: which one is sent (choose.py), the quote (quotes.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from aftercall.contracts.errors import ScorecardError
from aftercall.scoring.form import Question

Kind = Literal["lost", "strength"]
KINDS: tuple[Kind, ...] = ("lost", "strength")
SLOTS = frozenset({"clock", "quote", "who", "said", "nth", "situation"})
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_SHIPPED = Path(__file__).with_name("templates.yaml")


@dataclass(frozen=True, slots=True)
class Template:
    """One wording: `say` holds the moment and what the behaviour is good for, `action` the one thing to try."""

    template_id: str
    behaviour: str
    kind: Kind
    say: str
    action: str

    def filled(self, slots: Mapping[str, str]) -> tuple[str, str]:
        """Return (say, action) with every slot filled; a bracketed part without its evidence is left out.

        >>> one = Template("x.lost.a", "x", "lost", "{clock}[ ({nth})]: “{quote}”.", "Say it[ {situation}].")
        >>> one.filled({"clock": "03:10", "quote": "twice now", "situation": "on billing contacts"})
        ('03:10: “twice now”.', 'Say it on billing contacts.')
        """
        return _filled(self.say, slots), _filled(self.action, slots)


def _filled(sentence: str, slots: Mapping[str, str]) -> str:
    kept = _OPTIONAL.sub(lambda part: part[1] if set(_SLOT.findall(part[1])) <= slots.keys() else "", sentence)
    text = _SLOT.sub(lambda slot: slots[slot[1]], kept)
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Catalogue:
    """All templates; which group a question's message comes from; what is left to a person or said by nobody."""

    templates: tuple[Template, ...]
    group_of_question: Mapping[str, str]
    left_to_a_person: frozenset[str]
    no_message_for: frozenset[str]

    def group(self, question: Question) -> str | None:
        """Return the behaviour whose sentences speak about a question; None when there are none, or a person speaks."""
        if question.question_id in self.no_message_for:
            return None
        named = self.group_of_question.get(question.question_id)
        if named is None and not self.left_to_a_person.isdisjoint((question.question_id, question.behaviour)):
            return None
        known = {one.behaviour for one in self.templates}
        return named or next((name for name in (question.question_id, question.behaviour) if name in known), None)

    def of(self, behaviour: str, kind: Kind) -> tuple[Template, ...]:
        """Return the templates of a behaviour, in the order of the file."""
        return tuple(one for one in self.templates if one.behaviour == behaviour and one.kind == kind)


@cache
def catalogue(path: Path = _SHIPPED) -> Catalogue:
    """Return the templates of a file; without one, those that are shipped.

    Raises: ScorecardError, naming the group and what is wrong with it.
    """
    raw = cast("dict[str, Any]", yaml.safe_load(path.read_text(encoding="utf-8")))
    templates, group_of_question = list[Template](), dict[str, str]()
    for behaviour, group in cast("dict[str, dict[str, Any]]", raw["groups"]).items():
        for question_id in group["questions"]:
            if group_of_question.setdefault(question_id, behaviour) != behaviour:
                raise ScorecardError(f"{path.name}: {question_id} stands in two groups; leave it in one.")
        templates += [_template(behaviour, kind, letter, one, path) for kind in KINDS for letter, one in group[kind].items()]
    left, silent = frozenset[str](raw["left_to_a_person"]), frozenset[str](raw["no_message_for"])
    return Catalogue(tuple(templates), group_of_question, left, silent)


def _template(behaviour: str, kind: Kind, letter: str, raw: Mapping[str, str], path: Path) -> Template:
    template_id = f"{behaviour}.{kind}.{letter}"
    unknown = sorted(set(_SLOT.findall(raw["say"] + raw["try"])) - SLOTS)
    if unknown:
        raise ScorecardError(f"{path.name}, {template_id}: no slot is called {', '.join(unknown)}. There are: {sorted(SLOTS)}.")
    if "{quote}" not in raw["say"] or "{clock}" not in raw["say"]:
        raise ScorecardError(f"{path.name}, {template_id}: the message must name its moment: use {{clock}} and {{quote}}.")
    return Template(template_id, behaviour, kind, raw["say"], raw["try"])
