"""A stand-in for a recogniser behind the same protocol: it says given words, spread over what is loud in each sound.

For cutting, roles and states, where the words must be known. The real recogniser runs in test_speech_recogniser.py.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from aftercall.contracts.records import Word
from aftercall.speech.audio import RATE_HZ, Samples
from aftercall.speech.recogniser import Heard


class ScriptedRecogniser:
    """Says the next script for each sound it is given; nothing when the scripts are used up."""

    name = "scripted stand-in"

    def __init__(self, scripts: Sequence[str], language: str = "en", **verdict: float) -> None:
        self._scripts, self._language, self._verdict = list(scripts), language, verdict
        self.asked: list[int] = []

    def hear(self, sounds: Sequence[Samples], *, language: str) -> Iterator[Heard]:
        self.asked.append(len(sounds))
        for sound in sounds:
            script = self._scripts.pop(0) if self._scripts else ""
            yield Heard(spread(script, sound), language=self._language, **self._verdict)


def spread(script: str, sound: Samples) -> tuple[Word, ...]:
    """Return the script's words in order, each with an equal part of the sound's loud frames of 10 ms."""
    frame = RATE_HZ // 100
    n = len(sound) // frame
    level = np.abs(sound[: n * frame].reshape(n, frame)).max(axis=1)
    loud = np.flatnonzero(level > 0.1 * level.max()) if n else np.zeros(0, int)
    parts = np.array_split(loud, len(script.split())) if script else []
    return tuple(
        Word(word, float(part[0]) / 100, float(part[-1] + 1) / 100, 0.9)
        for word, part in zip(script.split(), parts, strict=True)
        if len(part)
    )
