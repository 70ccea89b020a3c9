"""Loud seconds without words: how much of what can be heard no turn covers.

Lives here: the one measure of lost speech, from energy alone, so that it does not trust the activity it judges.
Not here: finding activity (activity.py), cutting turns (turns.py).
"""

from collections.abc import Sequence

import numpy as np

from aftercall.speech.activity import FRAME_S, Activity, Span

_LOUD_SHARE = 0.25
"""A second is loud when a quarter of its frames are: a click is not."""


def loud_seconds(activity: Activity) -> tuple[int, ...]:
    """Return the loud seconds of a channel, as whole seconds from the start of the recording."""
    n = len(activity.loud)
    seconds = (np.arange(n) * FRAME_S).astype(int)
    loud = np.bincount(seconds, weights=activity.loud, minlength=1)
    frames = np.bincount(seconds, minlength=1)
    return tuple(np.flatnonzero((frames > 0) & (loud >= np.maximum(frames, 1) * _LOUD_SHARE)).tolist())


def uncovered_seconds(activity: Activity, turns: Sequence[Span]) -> tuple[int, ...]:
    """Return the loud seconds of a channel of whose loud frames turns cover less than half."""
    covered = np.zeros(len(activity.loud), np.bool_)
    for turn in turns:
        covered[int(turn.start_s / FRAME_S) : int(np.ceil(turn.end_s / FRAME_S))] = True
    seconds = (np.arange(len(covered)) * FRAME_S).astype(int)
    loud = np.bincount(seconds, weights=activity.loud, minlength=1)
    reached = np.bincount(seconds, weights=activity.loud & covered, minlength=1)
    return tuple(second for second in loud_seconds(activity) if reached[second] < loud[second] / 2)


def missed_spans(activity: Activity, covered: Sequence[Span], *, shortest_s: float = 0.4) -> tuple[Span, ...]:
    """Return where a voice is certain and nothing covers it, for at least `shortest_s`."""
    out: list[Span] = []
    for voice in activity.voiced():
        at_s = voice.start_s
        for one in sorted(covered, key=lambda span: span.start_s):
            if one.end_s > at_s and one.start_s < voice.end_s:
                out.append(Span(at_s, min(one.start_s, voice.end_s)))
                at_s = max(at_s, one.end_s)
        out.append(Span(at_s, voice.end_s))
    return tuple(span for span in out if span.length_s >= shortest_s)


def loud_share_without_words(activities: Sequence[Activity], turns: Sequence[Sequence[Span]]) -> float:
    """Return uncovered loud seconds as a share of all loud seconds, over all channels, 0..1; 0 without any."""
    loud = sum(len(loud_seconds(activity)) for activity in activities)
    lost = sum(len(uncovered_seconds(activity, own)) for activity, own in zip(activities, turns, strict=True))
    return round(lost / loud, 4) if loud else 0.0
