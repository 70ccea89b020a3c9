"""Redaction of whole interactions: turns in the order they were heard, their words, and free-form attributes.

Lives here: what intake, the verb and replays call on an interaction. Not here: the rules for one turn (redact.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from aftercall.contracts.records import Interaction, Turn, Word
from aftercall.text.pii_finder import RULES_ONLY, Finder
from aftercall.text.redact import MASK, START, RedactionState, Span, find_spans, masked
from aftercall.text.redact_patterns import card_in


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSONAL_KEYS = _keys(
    "ssn social social_security social_security_number tax_id itin card card_no card_number cardnumber pan cvv cvc cvv2 "
    "security_code pin password passcode ani dnis caller_id callerid caller_number called_number phone phone_number mobile "
    "cell telephone customer_phone email email_address e_mail customer_email dob date_of_birth birth_date birthdate iban "
    "account_no account_number bank_account routing_number passport passport_number driver_license drivers_license "
    "license_number street street_address address customer_name caller_name first_name last_name full_name"
)
"""Keys of free-form attributes that are dropped at the door (see `is_dropped` for how they are compared)."""

TRUTH_KEYS = _keys(
    "labels label annotations ground_truth customer_instructions agent_instructions customer_brief agent_brief "
    "customer_questionnaire agent_questionnaire"
)
"""Keys that tell an evaluator's answers; no scorer may read them, so they are never stored."""

_DEEPEST = 32
_CODE = re.compile(r"[A-Za-z_][\w.:/-]*")


@dataclass(frozen=True, slots=True)
class RedactedInteraction:
    """An interaction without personal data; `spans` holds what was masked, per turn of the line (offsets in the input)."""

    interaction: Interaction
    spans: tuple[tuple[Span, ...], ...]
    pan_seen: bool
    cvv_seen: bool


def redact_interaction(interaction: Interaction, finder: Finder = RULES_ONLY) -> RedactedInteraction:
    """Mask the personal data of every turn, in the order the turns were heard, as the live path does.

    >>> turns = (Turn(0, "customer", "card 4111 1111", 0.0, 1.0), Turn(1, "customer", "1111 1111", 2.0, 3.0))
    >>> out = redact_interaction(Interaction("a", "voice", turns))
    >>> [turn.text for turn in out.interaction.turns], out.pan_seen
    (['card ⟨masked⟩', '⟨masked⟩'], True)
    """
    state, spans = START, dict[int, tuple[Span, ...]]()
    changed = dict[int, Turn]()
    for turn in interaction.in_order():
        before = state
        state, found = find_spans(state, turn.speaker, turn.text, finder)
        words = _redacted_words(before, turn, found, finder) if turn.words else turn.words
        if found or words is not turn.words:
            spans[turn.turn] = found
            changed[turn.turn] = replace(turn, text=masked(turn.text, found), words=words)
    if changed:
        turns = tuple(changed.get(turn.turn, turn) for turn in interaction.turns)
        interaction = interaction.with_turns(turns)
    every = tuple(spans.get(turn.turn, ()) for turn in interaction.turns)
    return RedactedInteraction(interaction, every, state.pan_seen, state.cvv_seen)


def _redacted_words(before: RedactionState, turn: Turn, spans: Sequence[Span], finder: Finder) -> tuple[Word, ...]:
    """Return the words with those that touch a masked span replaced, each stretch by one mask."""
    places = _places(turn.text, turn.words)
    if places is None:  # the words are not those of the text: read them by themselves, from the same past
        joined, places = "", list[tuple[int, int]]()
        for word in turn.words:
            start = len(joined) + 1 if joined else 0
            joined = f"{joined} {word.text}" if joined else word.text
            places.append((start, start + len(word.text)))
        _, spans = find_spans(before, turn.speaker, joined, finder)
    if not spans:
        return turn.words
    out, inside = list[Word](), -1
    for word, (start, end) in zip(turn.words, places, strict=True):
        hit = next((place for place, span in enumerate(spans) if start < span.end and span.start < end), -1)
        if hit < 0:
            out.append(word)
        elif hit == inside:
            out[-1] = replace(out[-1], end_s=max(out[-1].end_s, word.end_s))
        else:
            out.append(Word(MASK, word.start_s, word.end_s))
        inside = hit
    return tuple(out)


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int]] | None:
    """Return where each word stands in the text, None when text and words are not the same."""
    places, cursor = list[tuple[int, int]](), 0
    for word in words:
        bare = word.text.strip()
        start = text.find(bare, cursor)
        if start < 0 or text[cursor:start].strip():
            return None
        places.append((start, start + len(bare)))
        cursor = start + len(bare)
    return None if text[cursor:].strip() else places


def redact_text(text: str, finder: Finder = RULES_ONLY) -> str:
    """Return a text that stands alone (an attribute, a code) with personal data masked.

    A single name-like word ("woz_1589355382", "billing-2") is a code and stays, unless it hides a card number.

    >>> redact_text("INC1589355382"), redact_text("call 555-867-5309")
    ('INC1589355382', 'call ⟨masked⟩')
    """
    if _CODE.fullmatch(text) and not card_in("".join(filter(str.isdigit, text))):
        return text
    return masked(text, find_spans(START, "", text, finder)[1])


def redact_value(value: Any, finder: Finder = RULES_ONLY) -> tuple[Any, tuple[str, ...]]:
    """Return a free-form JSON value without personal data, and the keys dropped from it.

    Texts are redacted, numbers that keep the card check sum are masked, personal and truth keys are dropped, and so is
    vendors' sentiment (privacy P1). Raises RecursionError when the value nests deeper than 32 levels.

    >>> redact_value({"note": "mail kim@example.org", "SSN": "123-45-6789", "n": 3})
    ({'note': 'mail ⟨masked⟩', 'n': 3}, ('SSN',))
    """
    dropped = list[str]()
    return _value(value, dropped, 0, finder), tuple(dropped)


def mask_value(value: Any, finder: Finder = RULES_ONLY) -> Any:
    """Return a JSON value of the same shape with personal data masked; nothing is dropped, personal keys hold a mask.

    >>> mask_value({"labels": {"slots": ["kim@example.org"]}, "phone": 5551234567})
    {'labels': {'slots': ['⟨masked⟩']}, 'phone': '⟨masked⟩'}
    """
    return _value(value, None, 0, finder)


def _value(value: Any, dropped: list[str] | None, depth: int, finder: Finder) -> Any:
    if depth > _DEEPEST:
        raise RecursionError("nested deeper than 32 levels")
    if isinstance(value, str):
        return redact_text(value, finder)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return MASK if _is_card_number(value) else value
    if isinstance(value, Mapping):
        kept = dict[str, Any]()
        for key, item in cast("Mapping[str, Any]", value).items():
            if dropped is not None and is_dropped(key):
                dropped.append(key)
            elif dropped is None and _plain(key) in PERSONAL_KEYS:
                kept[key] = None if item is None else MASK
            else:
                kept[redact_text(key)] = _value(item, dropped, depth + 1, finder)
        return kept
    if isinstance(value, list | tuple):
        return [_value(item, dropped, depth + 1, finder) for item in cast("Sequence[Any]", value)]
    return value


def is_dropped(key: str) -> bool:
    """Whether a free-form key is personal, tells the truth of an evaluation, or carries a vendor's reading of emotion.

    >>> is_dropped("Caller ID"), is_dropped("OverallSentiment"), is_dropped("site")
    (True, True, False)
    """
    plain = _plain(key)
    return plain in PERSONAL_KEYS or plain in TRUTH_KEYS or "sentiment" in plain or "emotion" in plain


def _plain(key: str) -> str:
    """Return a key in lower case with `_` between its words: "Caller ID", "callerId" and "caller-id" are one."""
    return re.sub(r"[\s\-.]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.strip())).lower()


def _is_card_number(value: int) -> bool:
    digits = str(abs(value))
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and card_in(digits)
