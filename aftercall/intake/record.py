"""What intake hands on: redacted records with key, day and content hash.

Lives here: Record, the context of a read, an interaction's way to a record (gate, redaction, keyed hash). Not here: files
(recognise.py, jsonl.py, csv_table.py), the lake.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftercall.contracts.columns import CHANNELS, TRANSCRIPT_STATES
from aftercall.contracts.errors import IntakeError, RequestError
from aftercall.contracts.records import Interaction, content_hash, to_line
from aftercall.intake.notices import NoticeGate
from aftercall.text.pii_finder import RULES_ONLY, RULES_VERSION, Finder
from aftercall.text.redact_records import redact_interaction, redact_text, redact_value
from aftercall.text.roles import with_roles_checked

UNDATED = "undated"
_HEX_N = 32
_DIRECTIONS = ("inbound", "outbound")


@dataclass(frozen=True, slots=True)
class Record:
    """One received record, ready to be stored: redacted, keyed, hashed. `data` is JSON-able.

    For an interaction `data` is its canonical line; for every other kind a dict of canonical column to JSON value
    (instants and dates as ISO text). `dropped` names personal fields that were dropped at the door;
    `redaction_version` says what masked the rest.
    """

    kind: str
    key: str
    day_on: str
    content_hash: str
    source_system: str
    source_ref: str
    data: Mapping[str, Any]
    dropped: tuple[str, ...] = ()
    redaction_version: str = RULES_VERSION


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """What a read needs besides bytes: the key of the customer hash, the notice gate, the site's zone, what finds names."""

    customer_key: bytes
    gate: NoticeGate = field(default_factory=lambda: NoticeGate("public"))
    zone: str = "UTC"
    finder: Finder = RULES_ONLY

    def __post_init__(self) -> None:
        if len(self.customer_key) < 16:
            raise RequestError("The key of the customer hash has under 16 bytes: a short key can be guessed. Give at least 16.")


def hashed_customer(customer_id: str | None, key: bytes) -> str | None:
    """Return the keyed hash of a customer id (HMAC-SHA256, 32 hexadecimal digits); None stays None.

    >>> hashed_customer("c1", b"0" * 16) == hashed_customer("c1", b"0" * 16) != hashed_customer("c1", b"1" * 16)
    True
    """
    if customer_id is None:
        return None
    return hmac.new(key, customer_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_HEX_N]


def day_of(instant: datetime | None, zone: str) -> str:
    """Return the date of an instant in a zone, or `undated`.

    >>> day_of(datetime.fromisoformat("2026-01-05T03:00:00+00:00"), "America/New_York")
    '2026-01-04'
    """
    if instant is None:
        return UNDATED
    return (instant if zone == "UTC" else instant.astimezone(ZoneInfo(zone))).date().isoformat()


def record_of(interaction: Interaction, source_system: str, source_ref: str, context: IntakeContext) -> Record:
    """Return the record of one interaction: gated, roles checked, redacted, customer hashed.

    Under notices, an interaction of an agent without one keeps no text at all: turns and attributes are dropped and its
    transcript_state is `no_notice`. Raises: IntakeError, a value lies outside what the tables take.

    >>> one = Interaction("a", "chat", customer_id="c")
    >>> kept = record_of(one, "demo", "x:1", IntakeContext(b"0" * 16))
    >>> kept.kind, kept.key, kept.day_on, kept.data["customer_id"] == "c"
    ('interaction', 'a', 'undated', False)
    """
    interaction, moved = _admitted(interaction)
    day_on = day_of(interaction.started_at, context.zone)
    on = None if day_on == UNDATED else date.fromisoformat(day_on)
    dropped: tuple[str, ...] = ()
    if context.gate.cleared(interaction.agent_id, on):
        redacted = redact_interaction(with_roles_checked(interaction), context.finder)
        attributes, dropped = redact_value({**interaction.attributes, **moved}, context.finder)
        if redacted.pan_seen:
            attributes["pan_seen"] = True
        if redacted.cvv_seen:
            attributes["cvv_seen"] = True
        interaction = redacted.interaction
    else:
        attributes = dict[str, Any]()
        interaction = replace(interaction, turns=(), transcript_state="no_notice", role_confidence=None)
    stored = replace(
        interaction,
        customer_id=hashed_customer(interaction.customer_id, context.customer_key),
        queue=redact_text(interaction.queue) if interaction.queue else None,
        intent=redact_text(interaction.intent) if interaction.intent else None,
        attributes=attributes,
    )
    data = to_line(stored)
    return Record(
        "interaction",
        stored.interaction_id,
        day_on,
        content_hash(data),
        source_system,
        source_ref,
        data,
        dropped,
        context.finder.version,
    )


def _admitted(interaction: Interaction) -> tuple[Interaction, dict[str, Any]]:
    """Return the interaction with what the tables cannot take moved to attributes; refuse what cannot be placed."""
    if interaction.channel not in CHANNELS:
        raise IntakeError(f"channel is {interaction.channel!r}; it must be one of {', '.join(CHANNELS)}.")
    if interaction.transcript_state not in TRANSCRIPT_STATES:
        raise IntakeError(f"transcript_state is not known; it must be one of {', '.join(TRANSCRIPT_STATES)}.")
    for name in ("talk_s", "hold_s", "acw_s", "queue_wait_s"):
        value = getattr(interaction, name)
        if value is not None and value < 0:
            raise IntakeError(f"{name} is negative ({value}).")
    if interaction.role_confidence is not None and not 0 <= interaction.role_confidence <= 1:
        raise IntakeError("role_confidence must lie between 0 and 1.")
    for turn in interaction.turns:
        if turn.confidence is not None and not 0 <= turn.confidence <= 1:
            raise IntakeError(f"turns[{turn.turn}].confidence must lie between 0 and 1.")
    if not isinstance(interaction.attributes.get("language", ""), str | None):
        raise IntakeError("attributes.language must be text, such as en or en-US.")
    if interaction.direction is None or interaction.direction in _DIRECTIONS:
        return interaction, {}
    return replace(interaction, direction=None), {"direction": interaction.direction}
