"""The faster-whisper backend: Whisper base, int8 on the CPU, several windows at once.

Lives here: loading, batching, language per window, a second attempt at windows that loop. Not here: where windows
come from (windows.py), what becomes of the words (turns.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aftercall.contracts.errors import ModelError
from aftercall.contracts.records import Word
from aftercall.speech.audio import RATE_HZ, Samples
from aftercall.speech.recogniser import Heard
from aftercall.text.weights import Places, find

_BATCH_N = 4
_BEAM_N = 5
_SEEKS_A_SECOND = 100


class FasterWhisper:
    """Whisper through CTranslate2. Decoding is greedy in temperature (0), so the same sound gives the same words."""

    def __init__(self, model: Any, name: str) -> None:
        self._model, self._name = model, name

    @classmethod
    def load(cls, places: Places, *, thread_n: int) -> "FasterWhisper":
        """Return the recogniser with weights from the first place that has them. Raises ModelMissing, ModelError."""
        weights = find("whisper-base", places)
        from importlib.metadata import version

        from faster_whisper import WhisperModel

        try:
            model = WhisperModel(
                str(weights.path), device="cpu", compute_type="int8", cpu_threads=thread_n, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"The weights at {weights.path} ({weights.origin}) do not load: {error}") from error
        return cls(model, f"faster-whisper {version('faster-whisper')}, whisper-base {weights.sha256[:12]}, int8")

    @property
    def name(self) -> str:
        """Backend, model and version."""
        return self._name

    def hear(self, sounds: Sequence[Samples], *, language: str) -> Iterator[Heard]:
        """Yield what is heard in each sound, in order."""
        for start in range(0, len(sounds), _BATCH_N):
            batch = sounds[start : start + _BATCH_N]
            for place, heard in enumerate(self._batch(batch, language, {})):
                yield self._again(batch[place], language, heard) if heard.is_loop else heard

    def _again(self, sound: Samples, language: str, heard: Heard) -> Heard:
        """Hear a window that looped once more, with repeats of five tokens forbidden; keep the better text."""
        second = self._batch([sound], language, {"no_repeat_ngram_size": 5, "repetition_penalty": 1.1})[0]
        return second if second.compression < heard.compression else heard

    def _batch(self, sounds: Sequence[Samples], language: str, options: dict[str, Any]) -> list[Heard]:
        clips, joined = _laid_out(sounds)
        pipeline = _pipeline(self._model)
        segments, _ = pipeline.transcribe(
            joined,
            language=language,
            clip_timestamps=clips,
            word_timestamps=True,
            without_timestamps=True,
            beam_size=_BEAM_N,
            batch_size=_BATCH_N,
            **options,
        )
        # A segment's start is moved to its first word, which may lie before the window; `seek` stays where it was.
        starts = np.array([clip["start"] for clip in clips])
        said = {int(np.abs(starts - one.seek / _SEEKS_A_SECOND).argmin()): one for one in segments}
        return [_heard(said.get(place), language_of(ranked)) for place, ranked in enumerate(pipeline.languages)]


def _pipeline(model: Any) -> Any:
    """Return a batching pipeline that also keeps the language of each window, from the encoding it makes anyway.

    A fresh one for each batch: it remembers the last word's time from one call to the next.
    """
    from faster_whisper import BatchedInferencePipeline

    class Pipeline(BatchedInferencePipeline):
        def __init__(self) -> None:
            super().__init__(model)
            self.languages: list[list[tuple[str, float]]] = []

        def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
            encoded, output = super().generate_segment_batched(features, tokenizer, options)
            self.languages += self.model.model.detect_language(encoded)
            return encoded, output

    return Pipeline()


def language_of(ranked: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """Return the likeliest language and its probability from the recogniser's ranked tokens.

    >>> language_of([("<|en|>", 0.9), ("<|cy|>", 0.1)])
    ('en', 0.9)
    """
    token, probability = max(ranked, key=lambda one: one[1])
    return token.strip("<|>"), float(probability)


def _laid_out(sounds: Sequence[Samples]) -> tuple[list[dict[str, float]], Samples]:
    clips: list[dict[str, float]] = []
    at = 0
    for sound in sounds:
        # Half a sample keeps the pipeline's own rounding on the sample meant.
        clips.append({"start": (at + 0.5) / RATE_HZ, "end": (at + len(sound) + 0.5) / RATE_HZ})
        at += len(sound)
    return clips, np.concatenate(sounds)


def _heard(segment: Any, language: tuple[str, float]) -> Heard:
    if segment is None:
        return Heard(language=language[0], language_probability=language[1])
    start_s = segment.seek / _SEEKS_A_SECOND
    words = tuple(
        Word(part.word.strip(), float(part.start) - start_s, float(part.end) - start_s, round(float(part.probability), 3))
        for part in segment.words or ()
        if part.word.strip()
    )
    return Heard(words, float(segment.avg_logprob), float(segment.no_speech_prob), float(segment.compression_ratio), *language)
