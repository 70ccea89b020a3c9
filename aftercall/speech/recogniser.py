"""What a recogniser is: sounds in, words with times out; and how one is opened by name.

Lives here: the protocol every backend keeps (faster-whisper now; WhisperX and hosted ones behind the same door), the
verdict on a heard window. Not here: a backend's own code (whisper.py), turns (turns.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from aftercall.contracts.errors import RequestError
from aftercall.contracts.records import Word
from aftercall.speech.audio import Samples
from aftercall.text.weights import Places

BACKENDS = ("faster-whisper",)

LOOP_COMPRESSION = 2.4
"""Text that compresses better than this repeats itself: a recogniser caught in a loop."""
_NO_SPEECH, _UNSURE_LOG_PROBABILITY = 0.6, -1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser makes of one sound: words with seconds from the sound's start, and how it judged itself."""

    words: tuple[Word, ...] = ()
    mean_log_probability: float = 0.0
    no_speech: float = 0.0
    compression: float = 1.0
    language: str = "en"
    language_probability: float = 1.0

    @property
    def is_loop(self) -> bool:
        """Whether the text repeats itself as speech does not."""
        return self.compression > LOOP_COMPRESSION

    @property
    def is_nothing(self) -> bool:
        """Whether the recogniser itself doubts that anybody spoke, and its words with it."""
        return self.no_speech > _NO_SPEECH and self.mean_log_probability < _UNSURE_LOG_PROBABILITY


class Recogniser(Protocol):
    """Hears sounds of at most 30 s, each a float32 array at 16 kHz."""

    @property
    def name(self) -> str:
        """Backend, model and version: stored with every transcript."""
        ...

    def hear(self, sounds: Sequence[Samples], *, language: str) -> Iterator[Heard]:
        """Yield what is heard, one for each sound, in order; the same sound gives the same words in any batch."""
        ...


def open_recogniser(backend: str = "faster-whisper", *, places: Places, thread_n: int = 2) -> Recogniser:
    """Return a recogniser with its weights loaded.

    Raises: RequestError, a backend that does not exist here; ModelMissing, no weights; ModelError, wrong weights.
    """
    if backend not in BACKENDS:
        also = (
            " WhisperX needs an environment of its own (torch) and is not part of this version."
            if backend == "whisperx"
            else ""
        )
        raise RequestError(f"There is no recogniser {backend!r}. There are: {', '.join(BACKENDS)}.{also}")
    from aftercall.speech.whisper import FasterWhisper

    return FasterWhisper.load(places, thread_n=thread_n)
