"""When each turn begins and ends, so that a transcript fills exactly the time the switch recorded.

Lives here: pace of speech, pauses, overlaps, waits, holds; typing times of chats. Not here: what is said (scenes), how long a
contact takes (contacts.py). Seconds from the start of the conversation.
"""

import math
from collections.abc import Callable, Sequence

LOOKUP_MIN_S, LOOKUP_MEAN_S = 8.0, 7.0
SLOWEST, FASTEST = 1.05, 0.55
MOST_SLACK_PER_WAIT_S = 25.0


def speech_s(words: int) -> float:
    """Return the usual length of a spoken turn with its reply gap, in seconds.

    >>> speech_s(27)
    10.9
    """
    return round(words / 2.7 + 0.9, 1)


def call_times(
    rng: Callable[[], float], turns: Sequence[tuple[str, int, str]], talk_s: float, hold_s: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return (start, end) of every turn of a call, and the hold intervals.

    Args: rng, uniform numbers; turns, (speaker, words, wait after it: '', 'lookup' or 'hold'); talk_s and hold_s, what the
        switch recorded: the last turn ends within a second of their sum.
    """
    pace = {"agent": 2.4 + 0.7 * rng(), "customer": 2.3 + 0.8 * rng(), "system": 2.5}
    length = [0.25 + words / pace[speaker] for speaker, words, _ in turns]
    gap = list[float]()
    for place, (speaker, _, _) in enumerate(turns):
        if place == 0:
            gap.append(0.3 + rng())
        elif turns[place - 1][2] == "" and turns[place - 1][0] != speaker and rng() < 0.14:
            gap.append(-min(0.3 + 0.9 * rng(), 0.5 * length[place - 1], 0.5 * length[place]))
        else:
            gap.append(0.15 - 0.5 * math.log(1.0 - rng()))
    lookup = [LOOKUP_MIN_S - LOOKUP_MEAN_S * math.log(1.0 - rng()) if wait == "lookup" else 0.0 for _, _, wait in turns]
    waits = sum(lookup)
    spoken = sum(length) + sum(gap)
    factor = (talk_s - waits - 0.5) / spoken
    factor = max(factor, FASTEST)
    slack = 0.0
    if factor > SLOWEST:
        slack = (factor - SLOWEST) * spoken
        factor = SLOWEST
    return _laid_out(turns, length, gap, lookup, factor, _spread(rng, slack, turns, lookup), hold_s)


def _spread(
    rng: Callable[[], float], slack: float, turns: Sequence[tuple[str, int, str]], lookup: Sequence[float]
) -> list[float]:
    """Return extra silence after each turn: some makes the waits longer, the rest is pauses, mostly while the agent types."""
    waiting = [min(MOST_SLACK_PER_WAIT_S * rng(), 0.5 * slack) if wait > 0 else 0.0 for wait in lookup]
    weight = [(rng() ** 2 + 0.05) * (1.0 if after == "agent" else 0.15) for after, _, _ in turns[1:]] + [0.0]
    small = (slack - sum(waiting)) / sum(weight)
    return [wait + small * one for wait, one in zip(waiting, weight, strict=True)]


def _laid_out(
    turns: Sequence[tuple[str, int, str]],
    length: Sequence[float],
    gap: Sequence[float],
    lookup: Sequence[float],
    factor: float,
    extra: Sequence[float],
    hold_s: float,
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    clock, times, holds = 0.0, list[tuple[float, float]](), list[tuple[float, float]]()
    for place, (_, _, wait) in enumerate(turns):
        start = max(clock + gap[place] * factor, 0.0)
        end = start + length[place] * factor
        times.append((start, end))
        clock = end + lookup[place] + extra[place]
        if wait == "hold":
            holds.append((clock, clock + hold_s))
            clock += hold_s
    return times, holds


def chat_times(rng: Callable[[], float], turns: Sequence[tuple[str, int, str]], talk_s: float) -> list[tuple[float, float]]:
    """Return (start, end) of every message of a chat; a message has no length, its typing shows in the gap before it."""
    gap = [(2.0 + 0.9 * words) * (0.5 + rng()) if place else 0.5 for place, (_, words, _) in enumerate(turns)]
    for place, (_, _, wait) in enumerate(turns[:-1]):
        gap[place + 1] += 28.0 * (0.6 + rng()) if wait else 0.0
    scale = talk_s / (sum(gap) + 3.0)
    clock, times = 0.0, list[tuple[float, float]]()
    for one in gap:
        clock += one * scale
        times.append((clock, clock))
    return times
