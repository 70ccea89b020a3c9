"""Which channel is whose: the declared map, mono copied to stereo, one side leaking into the other.

Lives here: what channels alone say about roles. Not here: what the words say about roles (aftercall.text.roles).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from aftercall.contracts.errors import RequestError
from aftercall.contracts.records import Speaker, Word
from aftercall.speech.activity import Span
from aftercall.speech.audio import RATE_HZ, Samples
from aftercall.speech.turns import Stretch

ChannelMap = tuple[Speaker, ...]

COPIED = 0.9
"""Correlation, or share of equal words, from which two channels are one sound."""
_SIDES = {"left": 0, "right": 1, "0": 0, "1": 1}
_NEAR_S = 0.5
_BLEED_DB = 8.0


def channel_map(declared: str | Sequence[str] | None) -> ChannelMap | None:
    """Return who speaks on each channel, in channel order; None when nobody said.

    Forms: "agent,customer", "agent=left;customer=right", "agent only", or a sequence of roles. Words that name no
    role ("2 channels, mu-law") declare nothing. Raises: RequestError, a form that cannot be meant.

    >>> channel_map("customer=left;agent=right")
    ('customer', 'agent')
    >>> channel_map("agent only")
    ('agent',)
    """
    if declared is None:
        return None
    if not isinstance(declared, str):
        return tuple(_role(one) for one in declared) or None
    text = declared.strip().lower()
    if text.endswith(" only"):
        return (_role(text.removesuffix(" only")),)
    if "=" in text:
        return _by_side(text)
    roles = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    return tuple(_role(one) for one in roles) if any(one in get_args(Speaker) for one in roles) else None


def _role(text: str) -> Speaker:
    for speaker in get_args(Speaker):
        if text.strip().lower() == speaker:
            return speaker
    raise RequestError(f"A channel's role is {text!r}; it must be one of {', '.join(get_args(Speaker))}.")


def _by_side(text: str) -> ChannelMap:
    placed: dict[int, Speaker] = {}
    for part in text.replace(",", ";").split(";"):
        role, _, side = part.partition("=")
        if side.strip() not in _SIDES:
            raise RequestError(f"The side of {role.strip()!r} is {side.strip()!r}; it must be left or right (or 0, 1).")
        placed[_SIDES[side.strip()]] = _role(role)
    if sorted(placed) != list(range(len(placed))):
        raise RequestError(f"{text!r} does not place one role on each channel. Write agent=left;customer=right.")
    return tuple(placed[place] for place in sorted(placed))


def are_copies(left: Samples, right: Samples) -> bool:
    """Return whether two channels carry one sound: mono copied to stereo, at any volume.

    >>> import numpy as np
    >>> tone = np.sin(np.arange(4000) / 9).astype(np.float32)
    >>> are_copies(tone, tone * 0.5), are_copies(tone, np.cos(np.arange(4000) / 7).astype(np.float32))
    (True, False)
    """
    power = float(np.sqrt(np.dot(left, left) * np.dot(right, right)))
    return power > 0 and abs(float(np.dot(left, right))) / power >= COPIED


@dataclass(frozen=True, slots=True)
class Sameness:
    """How many words of the channel with fewer words are also said on the other at the same moment."""

    same_n: int
    word_n: int

    @property
    def are_copies(self) -> bool:
        """Whether both channels carry the same words. Under 10 words it cannot be told."""
        return self.word_n >= 10 and self.same_n / self.word_n >= COPIED


def sameness(left: Sequence[Word], right: Sequence[Word]) -> Sameness:
    """Return the overlap of the words of two channels, by word and time (within 0.5 s)."""
    few, many = sorted((left, right), key=len)
    return Sameness(sum(_echoes(few, many)), len(few))


def _echoes(words: Sequence[Word], others: Sequence[Word]) -> list[bool]:
    said: dict[str, list[float]] = {}
    for word in others:
        said.setdefault(_plain(word), []).append(word.start_s)
    return [any(abs(at_s - word.start_s) <= _NEAR_S for at_s in said.get(_plain(word), ())) for word in words]


def _plain(word: Word) -> str:
    return "".join(one for one in word.text.lower() if one.isalnum())


def without_bleed(
    own: Sequence[Stretch], other: Sequence[Stretch], channel: Samples, other_channel: Samples
) -> tuple[list[Stretch], int]:
    """Return the stretches that are this channel's own, and how many were the other side leaking in.

    A stretch is a leak when four of five of its words are said at the same moment on the other channel, which is
    at least 8 dB louder there.
    """
    others = [word for stretch in other for word in stretch.words]
    kept = [
        stretch
        for stretch in own
        if np.mean(_echoes(stretch.words, others)) < 0.8
        or _level_db(other_channel, stretch.span) - _level_db(channel, stretch.span) < _BLEED_DB
    ]
    return kept, len(own) - len(kept)


def _level_db(channel: Samples, span: Span) -> float:
    inside = channel[int(span.start_s * RATE_HZ) : int(span.end_s * RATE_HZ)]
    return float(10 * np.log10(np.mean(inside.astype(np.float64) ** 2) + 1e-12)) if len(inside) else -120.0
