"""The scorecards in force: which form scores an interaction, and the epoch that names everything fixed.

Lives here: Facts, Forms, load. Not here: what a YAML file may say (form_yaml.py), judging (fold.py, batch.py).
"""

import fnmatch
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from aftercall.contracts.errors import ModelError, ModelMissing, ScorecardError
from aftercall.contracts.records import Interaction
from aftercall.contracts.signal_columns import CUSTOMER_ONLY
from aftercall.scoring.form import Eligibility, Form, Party
from aftercall.scoring.form_yaml import PhraseEntry, read_form, read_phrase_sets
from aftercall.scoring.reader import ModelState, Reader
from aftercall.text.match import EngineName, Matcher, default_engine
from aftercall.text.normalise import NORMALISER_VERSION
from aftercall.text.pii_finder import own_finder
from aftercall.text.redact import REDACTION_VERSION
from aftercall.text.signals import Signals, TextModel, load_signals
from aftercall.text.weights import places_from

_HERE = Path(__file__).parent
# In this order: the first form an interaction is eligible for scores it.
SHIPPED = (_HERE / "scorecards" / "collections.yaml", _HERE / "scorecards" / "service.yaml")
ROLE_CONFIDENCE_MIN = 0.8
_STATE_REASONS = {
    "late": "late_transcript",
    "missing": "no_transcript",
    "empty": "empty_audio",
    "failed": "model_error",
    "model_missing": "model_missing",
    "quota": "quota",
    "unsupported_language": "unsupported_language",
    "excluded": "excluded_by_policy",
    "role_uncertain": "role_uncertain",
    "no_notice": "no_notice",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an interaction before its first turn, and decides which form scores it.

    `day_on` is the date of its start, ISO; None is 'not recorded' and takes the newest version of a form.
    """

    channel: str
    queue: str | None = None
    intent: str | None = None
    language: str | None = None
    transcript_state: str = "ok"
    is_role_uncertain: bool = False
    day_on: str | None = None
    state: str | None = None

    @classmethod
    def of(cls, interaction: Interaction) -> "Facts":
        """Return the facts of an interaction."""
        language, state = interaction.attributes.get("language"), interaction.attributes.get("state")
        return cls(
            interaction.channel,
            interaction.queue,
            interaction.intent,
            language if isinstance(language, str) else None,
            interaction.transcript_state,
            interaction.role_confidence is not None and interaction.role_confidence < ROLE_CONFIDENCE_MIN,
            interaction.started_at.date().isoformat() if interaction.started_at else None,
            state if isinstance(state, str) else None,
        )


@dataclass(frozen=True)
class Forms:
    """The forms in force, in the order they are tried; several versions of one form may stand side by side.

    `model` reads turns for questions that ask for it; without one `model_state` says why.
    """

    forms: tuple[Form, ...]
    engine_name: EngineName = field(default_factory=default_engine, compare=False)
    model: TextModel | None = field(default=None, compare=False)
    model_state: ModelState = ""

    @cached_property
    def matcher(self) -> Matcher:
        """One matcher over the phrase sets of all forms."""
        sets = {one.name: one for form in self.forms for one in form.phrase_sets}
        return Matcher(tuple(sets.values()), self.engine_name)

    @cached_property
    def reader(self) -> Reader:
        """One reader over the phrase sets and the model readings of all forms."""
        readings = {one.name: one for form in self.forms for one in form.readings}
        parties: tuple[Party, ...] = ("agent", "customer")
        asked: list[tuple[Party, frozenset[str]]] = [
            (who, frozenset[str]().union(*(form.asked_of(who) for form in self.forms))) for who in parties
        ]
        return Reader(self.matcher, tuple(readings.values()), tuple(asked), self.model, self.model_state)

    @cached_property
    def epoch(self) -> str:
        """Return the 12 characters that name forms, phrases, text model, normaliser, redaction and the code that scores."""
        parts = [form.content for form in self.forms] + [
            NORMALISER_VERSION,
            REDACTION_VERSION,
            own_finder().version,
            _source_hash(),
        ]
        if any(form.readings for form in self.forms):
            parts.append(self.model.version if self.model else self.model_state)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]

    def score_key(self, transcript_version: str) -> str:
        """Return the key of one score: same key, same bytes."""
        return hashlib.sha256(f"{self.epoch}|{transcript_version}".encode()).hexdigest()[:32]

    def gate(self, facts: Facts) -> tuple[Form | None, str | None]:
        """Return the form for an interaction, and why it cannot be scored although a form may exist (None: it can)."""
        form = next((self._in_force(form, facts) for form in self.forms if _is_eligible(form.eligibility, facts)), None)
        if facts.transcript_state in _STATE_REASONS:
            return form, _STATE_REASONS[facts.transcript_state]
        if form is None:
            others = any(_is_eligible(one.eligibility, facts, any_language=True) for one in self.forms)
            return None, "unsupported_language" if others else "not_eligible"
        return form, "role_uncertain" if facts.is_role_uncertain else None

    @property
    def has_versions(self) -> bool:
        """Whether some form stands here in several versions."""
        return len({form.form_id for form in self.forms}) < len(self.forms)

    def _in_force(self, form: Form, facts: Facts) -> Form:
        """Return the version of a form that scores a day: the last one published by then, else the first."""
        versions = self._versions(form.form_id)
        if len(versions) == 1 or facts.day_on is None:
            return versions[-1]
        return next((one for one in reversed(versions) if one.valid_from <= facts.day_on), versions[0])

    def _versions(self, form_id: str) -> list[Form]:
        return sorted((form for form in self.forms if form.form_id == form_id), key=lambda form: form.valid_from)

    def form(self, form_id: str) -> Form:
        """Return the newest version of one form."""
        if versions := self._versions(form_id):
            return versions[-1]
        raise ScorecardError(f"There is no scorecard {form_id!r}. There are: {', '.join(form.form_id for form in self.forms)}.")


def _is_eligible(rule: Eligibility, facts: Facts, *, any_language: bool = False) -> bool:
    if rule.channels and facts.channel not in rule.channels:
        return False
    language = (facts.language or "").lower().split("-")[0].split("_")[0]
    if rule.languages and language and language not in rule.languages and not any_language:
        return False
    if rule.states and (facts.state or "").upper() not in rule.states:
        return False
    if not rule.queues and not rule.intents:
        return True
    return _any(rule.queues, facts.queue) or _any(rule.intents, facts.intent)


def _any(globs: tuple[str, ...], name: str | None) -> bool:
    return name is not None and any(fnmatch.fnmatchcase(name.lower(), glob) for glob in globs)


def _source_hash() -> str:
    """Return the hash of the code that decides scores: the source of aftercall.text and aftercall.scoring, never the commit."""
    root = _HERE.parent
    digest = hashlib.sha256()
    for folder in ("text", "scoring"):
        for path in sorted(path for kind in ("*.py", "*.txt") for path in (root / folder).rglob(kind)):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def load(
    paths: Sequence[Path] | None = None,
    *,
    engine_name: EngineName | None = None,
    model: TextModel | ModelState | None = None,
    advisory: frozenset[str] = frozenset(),
) -> Forms:
    """Return the forms of the given files, in that order; without files, the shipped ones (collections, then service).

    Args: model, the text model, or why there is none; left out, the one this machine has. advisory, ids of questions whose
        agreement with people is below its floor: they are shown, outside the score.
    Raises: ScorecardError, naming file, place and what it must be.

    >>> [form.form_id for form in load().forms]
    ['collections', 'service']
    """
    forms = tuple(read_form(path, shared_sets(), advisory) for path in (SHIPPED if paths is None else paths))
    return in_force(forms, engine_name=engine_name, model=model)


@cache
def shared_sets() -> dict[str, PhraseEntry]:
    """Return the sets any scorecard may use, by name."""
    return read_phrase_sets(sorted((_HERE / "phrases").glob("*.yaml")))


def in_force(
    forms: tuple[Form, ...], *, engine_name: EngineName | None = None, model: TextModel | ModelState | None = None
) -> Forms:
    """Return forms together with what reads for them; `model` as in `load`."""
    _refuse_twins(forms)
    _refuse_moods(forms)
    if model is None:
        model = own_model() if any(form.readings for form in forms) else ""
    found, state = (None, model) if isinstance(model, str) else (model, "")
    return Forms(forms, engine_name or default_engine(), found, state)


def _refuse_twins(forms: Sequence[Form]) -> None:
    if len({(form.form_id, form.valid_from) for form in forms}) < len(forms):
        raise ScorecardError("Two of the scorecards have the same id and valid_from; give each version its own date.")
    taken: dict[str, object] = {}
    for one in (one for form in forms for one in (*form.phrase_sets, *form.readings)):
        if taken.setdefault(f"{type(one).__name__} {one.name}", one) != one:
            raise ScorecardError(f"The phrase set {one.name!r} means two things in two scorecards; rename one.")


def _refuse_moods(forms: Sequence[Form]) -> None:
    """There is no measure of an agent's mood: a customer's feeling is never asked of the agent."""
    for form in forms:
        for one in form.readings:
            if one.head in CUSTOMER_ONLY and one.name in form.asked_of("agent"):
                raise ScorecardError(
                    f"The phrase set {one.name!r} reads {one.head!r}, which is of customers only, yet a question asks it of "
                    "agents. Ask what they do, such as blame or rude; `aftercall behaviours` lists it."
                )


@cache
def own_model() -> Signals | ModelState:
    """Return the text model of this machine, loaded once a process; without one, why what needs it is null."""
    try:
        return load_signals(places_from(os.environ))
    except ModelMissing:
        return "model_missing"
    except ModelError:
        return "model_error"
