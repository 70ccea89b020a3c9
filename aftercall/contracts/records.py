"""The records that travel between floors: turns, interactions, problems.

Lives here: frozen shapes and the canonical JSON line (read and written everywhere). Not here: tables (tables.py),
reading files (intake), answers and evidence (scoring).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast

from aftercall.contracts.columns import CHANNELS, SPEAKERS
from aftercall.contracts.errors import IntakeError

Speaker = Literal["agent", "customer", "system"]

_OWN_KEYS = (
    "interaction_id",
    "channel",
    "agent_id",
    "customer_id",
    "started_at",
    "queue",
    "intent",
    "direction",
    "attributes",
    "talk_s",
    "hold_s",
    "acw_s",
    "queue_wait_s",
    "turns",
    "labels",
)
_TURN_KEYS = ("speaker", "start_s", "end_s", "text", "words", "confidence")


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word with its times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of speech or one message; `turn` is its 0-based place in the interaction's line."""

    turn: int
    speaker: Speaker
    text: str
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """One customer conversation in canonical form. Times in seconds from its start; None is 'not recorded'."""

    interaction_id: str
    channel: str
    turns: tuple[Turn, ...] = ()
    agent_id: str | None = None
    customer_id: str | None = None
    started_at: datetime | None = None
    queue: str | None = None
    intent: str | None = None
    direction: str | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    acw_s: float | None = None
    queue_wait_s: float | None = None
    transcript_state: str = "ok"
    role_confidence: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def in_order(self) -> tuple[Turn, ...]:
        """Return the turns in the order every fold runs: by (start_s, turn); a turn without a time keeps its place."""
        last, keyed = 0.0, list[tuple[float, int, Turn]]()
        for turn in self.turns:
            last = turn.start_s if turn.start_s is not None else last
            keyed.append((last, turn.turn, turn))
        return tuple(turn for _, _, turn in sorted(keyed, key=lambda item: item[:2]))

    def with_turns(self, turns: Sequence[Turn]) -> "Interaction":
        """Return a copy with other turns."""
        return replace(self, turns=tuple(turns))


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that was refused: where it is, why, and what to do. Carries no text of the record."""

    file: str
    position: str
    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}, {self.position}: {self.field}: {self.reason} {self.remedy}"


def whole_ms(seconds: float | None) -> float | None:
    """Return seconds rounded to whole milliseconds; None stays None.

    >>> whole_ms(1.23456)
    1.235
    """
    return None if seconds is None else round(seconds, 3)


def _number(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise IntakeError(f"{name} must be a number of seconds or null, not {type(value).__name__}.")
    return whole_ms(float(value))


def _text_or_none(value: object, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int):
        return str(value)
    raise IntakeError(f"{name} must be text or null, not {type(value).__name__}.")


def instant(value: object, name: str = "started_at") -> datetime | None:
    """Return an ISO 8601 instant in UTC. Raises IntakeError for a stamp without a zone: it cannot be placed.

    >>> instant("2026-01-05T09:00:00+01:00").isoformat()
    '2026-01-05T08:00:00+00:00'
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise IntakeError(f"{name} must be an ISO 8601 instant in UTC, such as 2026-01-05T09:00:00Z.")
    try:
        stamp = datetime.fromisoformat(value)
        moment = None if stamp.tzinfo is None else stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        raise IntakeError(f"{name} is not an ISO 8601 instant: use a form such as 2026-01-05T09:00:00Z.") from None
    if moment is None:
        raise IntakeError(f"{name} has no zone: append Z or an offset, or declare the zone in a column map.")
    return moment


def _turn(place: int, raw: object) -> tuple[Turn, dict[str, Any]]:
    if not isinstance(raw, dict):
        raise IntakeError(f"turns[{place}] must be an object with speaker and text.")
    data = cast("dict[str, Any]", raw)
    speaker, text = data.get("speaker"), data.get("text")
    if speaker not in SPEAKERS:
        raise IntakeError(f"turns[{place}].speaker must be one of {', '.join(SPEAKERS)}.")  # it may be a name: not quoted
    if not isinstance(text, str):
        raise IntakeError(f"turns[{place}].text must be text.")
    start_s, end_s = (
        _number(data.get("start_s"), f"turns[{place}].start_s"),
        _number(data.get("end_s"), f"turns[{place}].end_s"),
    )
    if start_s is not None and start_s < 0:
        raise IntakeError(f"turns[{place}].start_s is negative ({start_s}).")
    if start_s is not None and end_s is not None and end_s < start_s:
        raise IntakeError(f"turns[{place}] ends ({end_s}) before it starts ({start_s}).")
    heard = data.get("words") or []
    if not isinstance(heard, list):
        raise IntakeError(f"turns[{place}].words must be a list.")
    words = tuple(_word(word, place) for word in cast("list[Any]", heard))
    confidence = _number(data.get("confidence"), f"turns[{place}].confidence")
    rest = {key: value for key, value in data.items() if key not in _TURN_KEYS}
    return Turn(place, speaker, text, start_s, end_s, confidence, words), rest


def _word(raw: object, place: int) -> Word:
    if not isinstance(raw, dict):
        raise IntakeError(f"turns[{place}].words must be objects with text, start_s and end_s.")
    data = cast("dict[str, Any]", raw)
    start_s, end_s = _number(data.get("start_s"), "words.start_s"), _number(data.get("end_s"), "words.end_s")
    if not isinstance(data.get("text"), str) or start_s is None or end_s is None:
        raise IntakeError(f"turns[{place}].words must be objects with text, start_s and end_s.")
    return Word(data["text"], start_s, end_s, _number(data.get("confidence"), "words.confidence"))


def from_line(data: object) -> Interaction:
    """Return the interaction of one canonical line (already parsed JSON).

    `labels` are dropped: no scorer may read them. Unknown keys are kept in `attributes`; a turn's unknown keys are
    dropped, because they may carry the truth (interface section 3, scoring section 15).
    Raises: IntakeError, naming the field and what it must be.

    >>> line = {"interaction_id": "a", "channel": "chat", "turns": [{"speaker": "agent", "text": "Hi", "start_s": 0}]}
    >>> from_line(line).turns[0].speaker
    'agent'
    """
    if not isinstance(data, dict):
        raise IntakeError("the line must be one JSON object.")
    line = cast("dict[str, Any]", data)
    identity = _text_or_none(line.get("interaction_id"), "interaction_id")
    if identity is None:
        raise IntakeError("interaction_id is missing.")
    channel = line.get("channel")
    if channel not in CHANNELS:
        raise IntakeError(f"channel is {channel!r}; it must be one of {', '.join(CHANNELS)}.")
    turns = line.get("turns")
    if turns is not None and not isinstance(turns, list):
        raise IntakeError("turns must be a list.")
    given = line.get("attributes") or {}
    if not isinstance(given, dict):
        raise IntakeError("attributes must be an object.")
    attributes = dict(cast("dict[str, Any]", given))
    state = attributes.pop("transcript_state", None)
    role_confidence = attributes.pop("role_confidence", None)
    attributes |= {key: value for key, value in line.items() if key not in _OWN_KEYS}
    spoken = tuple(_turn(place, raw)[0] for place, raw in enumerate(cast("list[object]", turns or [])))
    return Interaction(
        identity,
        str(channel),
        spoken,
        _text_or_none(line.get("agent_id"), "agent_id"),
        _text_or_none(line.get("customer_id"), "customer_id"),
        instant(line.get("started_at")),
        _text_or_none(line.get("queue"), "queue"),
        _text_or_none(line.get("intent"), "intent"),
        _text_or_none(line.get("direction"), "direction"),
        _number(line.get("talk_s"), "talk_s"),
        _number(line.get("hold_s"), "hold_s"),
        _number(line.get("acw_s"), "acw_s"),
        _number(line.get("queue_wait_s"), "queue_wait_s"),
        str(state) if state else ("ok" if spoken else "missing"),
        _number(role_confidence, "role_confidence"),
        attributes,
    )


def to_line(interaction: Interaction) -> dict[str, Any]:
    """Return the canonical line of an interaction; `from_line(to_line(x))` equals x.

    >>> one = Interaction("a", "chat", (Turn(0, "agent", "Hi"),))
    >>> from_line(to_line(one)) == one
    True
    """
    attributes = dict(interaction.attributes)
    if interaction.transcript_state not in ("ok", "missing"):
        attributes["transcript_state"] = interaction.transcript_state
    if interaction.role_confidence is not None:
        attributes["role_confidence"] = interaction.role_confidence
    started = interaction.started_at
    return {
        "interaction_id": interaction.interaction_id,
        "channel": interaction.channel,
        "agent_id": interaction.agent_id,
        "customer_id": interaction.customer_id,
        "started_at": started.isoformat().replace("+00:00", "Z") if started else None,
        "queue": interaction.queue,
        "intent": interaction.intent,
        "direction": interaction.direction,
        "attributes": attributes,
        "talk_s": interaction.talk_s,
        "hold_s": interaction.hold_s,
        "acw_s": interaction.acw_s,
        "queue_wait_s": interaction.queue_wait_s,
        "turns": [turn_line(turn) for turn in interaction.turns],
    }


def turn_line(turn: Turn) -> dict[str, Any]:
    """Return one turn as it stands in a canonical line."""
    line: dict[str, Any] = {"speaker": turn.speaker, "start_s": turn.start_s, "end_s": turn.end_s, "text": turn.text}
    if turn.confidence is not None:
        line["confidence"] = turn.confidence
    if turn.words:
        line["words"] = [
            {"text": w.text, "start_s": w.start_s, "end_s": w.end_s, "confidence": w.confidence} for w in turn.words
        ]
    return line


def content_hash(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record's canonical JSON (sorted keys), the same on every machine.

    >>> content_hash({"b": 1, "a": 2}) == content_hash({"a": 2, "b": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
