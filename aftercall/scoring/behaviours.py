"""The catalogue of behaviours: what each means, when it is called for, how it is judged, how well, and examples as tests.

Lives here: YAML -> Behaviour, tiny dialogues -> interactions. Not here: judging (fold.py), the grammar of rules (form_yaml.py).

A question of a scorecard that names a behaviour and has no rule of its own is judged by the behaviour's.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from aftercall.contracts.errors import ScorecardError
from aftercall.contracts.records import Interaction, Speaker, Turn
from aftercall.scoring.yaml_files import mapping_of, validated

FOLDER = Path(__file__).parent / "catalogue"
_LINE = re.compile(r"(?P<who>[ACS])(?: (?P<start>[\d.]+)-(?P<end>[\d.]+))?: (?P<text>.*)", re.DOTALL)
_WHO: dict[str, Speaker] = {"A": "agent", "C": "customer", "S": "system"}
RULE_KEYS = ("called_for", "excused_by", "cancelled_by", "expect", "never", "wait", "interruption", "human", "channels")

Dialogue = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """How often the behaviour was found in cases written without sight of its rule: paraphrases and near-misses."""

    paraphrase_n: int
    found_n: int
    near_miss_n: int
    false_n: int
    pending_n: int

    def __str__(self) -> str:
        found = f"found in {self.found_n} of {self.paraphrase_n} paraphrases"
        return f"{found}, wrongly in {self.false_n} of {self.near_miss_n} near-misses"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour. `direction` bad means that doing it costs the point; `rule` is in the grammar of a question."""

    behaviour_id: str
    title: str
    definition: str
    direction: Literal["good", "bad"]
    opportunity: str
    verdict: str
    evidence: str
    source: str
    rule: Mapping[str, Any]
    examples: tuple[Dialogue, ...]
    counter_examples: tuple[Dialogue, ...]
    measured: Measured | None = None


@cache
def catalogue() -> dict[str, Behaviour]:
    """Return every behaviour by id, with how well it was found when that was measured.

    >>> catalogue()["acknowledgement"].direction
    'good'
    """
    measured = json.loads((FOLDER / "measured.json").read_text(encoding="utf-8"))["behaviours"]
    found: dict[str, Behaviour] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for name, raw in validated(mapping_of(path), "behaviours.schema.json", path).items():
            if name in found:
                raise ScorecardError(f"{path.name}: the behaviour {name!r} exists twice.")
            found[name] = _behaviour(name, raw, measured.get(name))
    return found


def _behaviour(name: str, raw: Mapping[str, Any], measured: Mapping[str, int] | None) -> Behaviour:
    words = {key: str(raw[key]) for key in ("title", "definition", "opportunity", "verdict", "evidence", "source")}
    return Behaviour(
        name,
        direction=raw["direction"],
        rule=raw["rule"] | {"reasons": raw["reasons"], "remedy": raw["remedy"]},
        examples=tuple(tuple(one) for one in raw["examples"]),
        counter_examples=tuple(tuple(one) for one in raw["counter_examples"]),
        measured=Measured(**measured) if measured else None,
        **words,
    )


def with_behaviour_rules(questions: Sequence[Any], path: Path) -> list[Any]:
    """Return a scorecard's raw questions, those without a rule completed by their behaviour's."""
    return [_completed(cast("dict[str, Any]", one), path) if isinstance(one, dict) else one for one in questions]


def _completed(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    if any(key in raw for key in ("expect", "never", "wait", "interruption", "human")):
        return raw
    known = catalogue()
    behaviour = known.get(str(raw.get("behaviour")))
    if behaviour is None:
        raise ScorecardError(
            f"{path.name}: {raw.get('id')}: it has no rule, and no behaviour {raw.get('behaviour')!r} exists to take one from. "
            f"There are: {', '.join(sorted(known))}."
        )
    return {**behaviour.rule, **raw}


def dialogue(lines: Sequence[str], *, channel: str = "chat", name: str = "case") -> Interaction:
    """Return a tiny dialogue as an interaction: "C: my line is dead", or with times in seconds "A 3-5: let me look".

    Raises: ScorecardError for a line that is neither.

    >>> [turn.speaker for turn in dialogue(["C: My line is dead.", "A: I see."]).turns]
    ['customer', 'agent']
    """
    turns = list[Turn]()
    for place, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        if found is None:
            raise ScorecardError(f'{line!r} is no line of a dialogue; write "C: words" or "A 3-5: words".')
        times = (float(found["start"]), float(found["end"])) if found["start"] else (None, None)
        turns.append(Turn(place, _WHO[found["who"]], found["text"], *times))
    return Interaction(name, channel, tuple(turns))
