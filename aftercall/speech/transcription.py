"""One recording to one canonical interaction: read, find activity, recognise, cut into turns, check roles.

Lives here: the order of the steps and what becomes of each kind of failure. Not here: the steps themselves.
Nothing of the voice but times and words leaves this module (privacy P1, P2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from aftercall.contracts.errors import IntakeError, RequestError
from aftercall.contracts.records import Interaction, Turn, Word
from aftercall.speech.activity import Activity, VoiceActivity, activity_of
from aftercall.speech.audio import Recording, Samples, read_recording
from aftercall.speech.channels import ChannelMap, are_copies, channel_map, sameness, without_bleed
from aftercall.speech.coverage import loud_share_without_words, missed_spans
from aftercall.speech.recogniser import Heard, Recogniser
from aftercall.speech.turns import Stretch, joined, stretches, words_on_clock
from aftercall.speech.windows import Window, windows_of
from aftercall.text.roles import check_roles

_FOREIGN, _FOREIGN_S = 0.6, 3.0
_SURE_LOG_PROBABILITY = -0.9


class Advance(Protocol):
    """Told how many seconds of speech were just recognised, and how many there are."""

    def __call__(self, done_s: float, total_s: float, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Ear:
    recogniser: Recogniser
    vad: VoiceActivity
    language: str
    advance: Advance | None


def transcribe(
    path: Path,
    *,
    channels: str | Sequence[str] | None,
    recogniser: Recogniser,
    vad: VoiceActivity,
    interaction_id: str | None = None,
    agent_id: str | None = None,
    language: str = "en",
    advance: Advance | None = None,
) -> Interaction:
    """Return the transcript of one recording, times in seconds from its start, in order of speech.

    Args: channels, who speaks on which ("agent,customer", "agent=left;customer=right", "agent only"; None when
        nobody said); interaction_id, else the file's name without its ending; language, what is spoken here.
    State: ok; `empty` (no sample, or nobody speaks); `role_uncertain` (one channel undeclared, a mono copied to
        stereo, or labels that what is said contradicts); `unsupported_language` (no turn is kept).
    Raises: IntakeError, the file cannot be read, or `channels` is no form of declaration or fits another file.
    """
    try:
        roles = channel_map(channels)
    except RequestError as error:
        raise IntakeError(f"{path.name}: {error}") from None
    recording = read_recording(path)
    one = Interaction(interaction_id or path.stem, "voice", agent_id=agent_id)
    facts: dict[str, Any] = {"offset_base": "audio", "recogniser": recogniser.name, "recording": _facts(recording)}
    if recording.is_empty:
        return _ended(one, "empty", (), None, facts)
    return _heard(one, recording, roles, facts, _Ear(recogniser, vad, language, advance), path.name)


def _facts(recording: Recording) -> dict[str, Any]:
    return {
        "duration_s": recording.duration_s,
        "sample_rate_hz": recording.sample_rate_hz,
        "channel_n": len(recording.channels),
        "codec": recording.codec,
        "is_cut_off": recording.is_cut_off,
    }


def _heard(
    one: Interaction, recording: Recording, roles: ChannelMap | None, facts: dict[str, Any], ear: _Ear, name: str
) -> Interaction:
    channels = recording.channels
    is_copied = len(channels) == 2 and are_copies(*channels)
    if is_copied:
        channels, roles = channels[:1], roles if roles and len(roles) == 1 else None
    roles_given = roles or _assumed(len(channels), name)
    if len(roles_given) != len(channels):
        raise IntakeError(
            f"{name} has {len(channels)} channel(s), but roles were declared for {len(roles_given)} "
            f"({', '.join(roles_given)}). Declare one role for each channel, such as agent=left;customer=right."
        )
    activities = [activity_of(channel, ear.vad) for channel in channels]
    windows = [cut for no, found in enumerate(activities) for cut in windows_of(no, found, recording.duration_s)]
    heard = _recognised(windows, channels, ear, ear.advance)
    facts["speech_s"] = round(sum(found.speech_s for found in activities), 3)
    language = _language(windows, heard)
    facts["language"] = language or ear.language
    if language is not None and language != ear.language:
        return _ended(one, "unsupported_language", (), None, facts)
    said = _with_missed(_said(windows, heard, activities), channels, activities, recording.duration_s, ear)
    if len(said) == 2 and _same_words(said):
        is_copied, fuller = True, max((0, 1), key=lambda no: len(said[no]))
        said, activities, roles, roles_given = [said[fuller]], [activities[fuller]], None, _assumed(1, name)
    if len(said) == 2:
        said = _own_words(said, channels, facts)
    facts["is_copied_channels"] = is_copied
    facts["loud_share_without_words"] = loud_share_without_words(activities, [[s.span for s in own] for own in said])
    turns = _in_order([joined(own, said[:place] + said[place + 1 :]) for place, own in enumerate(said)], roles_given)
    return _judged(one, turns, facts, is_declared=roles is not None, roles=roles_given)


def _assumed(channel_n: int, name: str) -> ChannelMap:
    if channel_n == 1:
        return ("system",)
    if channel_n == 2:
        return ("agent", "customer")
    raise IntakeError(f"{name} has {channel_n} channels and no declared roles. Declare one role for each channel.")


def _recognised(windows: Sequence[Window], channels: Sequence[Samples], ear: _Ear, advance: Advance | None) -> list[Heard]:
    total_s = sum(window.length_s for window in windows)
    sounds = [one.samples(channels[one.channel_no]) for one in windows]
    out: list[Heard] = []
    for window, heard in zip(windows, ear.recogniser.hear(sounds, language=ear.language), strict=True):
        out.append(heard)
        if advance is not None:
            advance(window.length_s, total_s)
    return out


def _language(windows: Sequence[Window], heard: Sequence[Heard]) -> str | None:
    """Return the language most of the speech is in; None where too little was said to tell."""
    seconds: dict[str, float] = {}
    for window, one in zip(windows, heard, strict=True):
        seconds[one.language] = seconds.get(one.language, 0.0) + window.length_s * one.language_probability
    if not seconds:
        return None
    best = max(seconds, key=lambda name: seconds[name])
    total_s = sum(window.length_s for window in windows)
    return best if seconds[best] >= _FOREIGN_S and seconds[best] / total_s >= _FOREIGN else None


def _said(windows: Sequence[Window], heard: Sequence[Heard], activities: Sequence[Activity]) -> list[list[Stretch]]:
    words: list[list[Word]] = [[] for _ in activities]
    for window, one in zip(windows, heard, strict=True):
        words[window.channel_no] += words_on_clock(window, one)
    return [stretches(own, activity) for own, activity in zip(words, activities, strict=True)]


def _with_missed(
    said: list[list[Stretch]], channels: Sequence[Samples], activities: Sequence[Activity], duration_s: float, ear: _Ear
) -> list[list[Stretch]]:
    """Return the stretches with a second attempt where a voice is certain and the recogniser left it out.

    It tends to skip a laugh, a short answer or a clause inside a full window; alone, many of them are heard.
    """
    missed = [missed_spans(activity, [one.span for one in own]) for activity, own in zip(activities, said, strict=True)]
    windows = [window for no, spans in enumerate(missed) for window in windows_of(no, activities[no], duration_s, spans=spans)]
    added: list[list[Word]] = [[] for _ in said]
    for window, heard in zip(windows, _recognised(windows, channels, ear, None), strict=True):
        words = words_on_clock(window, heard) if heard.mean_log_probability > _SURE_LOG_PROBABILITY else []
        added[window.channel_no] += [
            word
            for word in words
            if any(span.start_s <= (word.start_s + word.end_s) / 2 <= span.end_s for span in missed[window.channel_no])
        ]
    return [
        stretches([word for one in own for word in one.words] + new, activity) if new else own
        for own, new, activity in zip(said, added, activities, strict=True)
    ]


def _same_words(said: Sequence[Sequence[Stretch]]) -> bool:
    left, right = ([word for one in own for word in one.words] for own in said)
    return sameness(left, right).are_copies


def _own_words(said: list[list[Stretch]], channels: Sequence[Samples], facts: dict[str, Any]) -> list[list[Stretch]]:
    """Return each of two channels without what leaked in from the other."""
    left, left_n = without_bleed(said[0], said[1], channels[0], channels[1])
    right, right_n = without_bleed(said[1], said[0], channels[1], channels[0])
    facts["bleed_turn_n"] = left_n + right_n
    return [left, right]


def _in_order(said: Sequence[Sequence[Stretch]], roles: ChannelMap) -> tuple[Turn, ...]:
    both = [(stretch, place) for place, own in enumerate(said) for stretch in own]
    both.sort(key=lambda pair: (pair[0].span.start_s, pair[0].span.end_s))
    return tuple(stretch.as_turn(turn, roles[place]) for turn, (stretch, place) in enumerate(both))


def _judged(
    one: Interaction, turns: tuple[Turn, ...], facts: dict[str, Any], *, is_declared: bool, roles: ChannelMap
) -> Interaction:
    if not turns:
        return _ended(one, "empty", (), None, facts)
    if len(roles) == 1:
        facts["is_one_sided"] = roles[0] != "system"
        return _ended(one, "ok" if is_declared else "role_uncertain", turns, None, facts)
    check = check_roles(turns, is_declared=is_declared)
    facts["roles"] = {
        "declared": is_declared,
        "is_swapped": check.is_swapped,
        "changes_inside": check.changes_inside,
        "supporting": check.supporting,
        "contradicting": check.contradicting,
    }
    state = "role_uncertain" if check.is_uncertain else "ok"
    return _ended(one, state, turns, check.confidence, facts)


def _ended(
    one: Interaction, state: str, turns: tuple[Turn, ...], confidence: float | None, facts: dict[str, Any]
) -> Interaction:
    return replace(one, transcript_state=state, turns=turns, role_confidence=confidence, attributes=facts)
