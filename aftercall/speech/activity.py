"""When somebody speaks, per channel: Silero probabilities and energy over the channel's own noise floor.

Lives here: frames of 32 ms, the level and floor of a channel, spans of activity. Not here: recognised words
(recogniser.py), windows handed to the recogniser (windows.py). Nothing but times is derived from a voice (privacy P1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aftercall.speech.audio import RATE_HZ, Samples

FRAME = 512
"""Samples in a frame: 32 ms, the step of the Silero model."""
FRAME_S = FRAME / RATE_HZ

_CONTEXT = 64
_BLOCK = 4096
_SILENT_DB = -90.0
_OVER_FLOOR_DB, _UNDER_LEVEL_DB = 10.0, 26.0
_TARGET_DB, _GAIN_LIMIT_DB = -22.0, 40.0

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one channel, in seconds from the start of the recording."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Activity:
    """What one channel does, frame by frame: speech probability 0..1 and whether it is loud; and the spans of it."""

    speech: Floats
    loud: Flags
    spans: tuple[Span, ...]

    @property
    def speech_s(self) -> float:
        """Seconds of activity."""
        return sum(span.length_s for span in self.spans)

    def voiced(self, *, threshold: float = 0.5, shortest_s: float = 0.4) -> tuple[Span, ...]:
        """Return the stretches where the model is sure of a voice, pauses under 0.1 s closed."""
        runs = _joined(_runs(_held(self.speech, threshold, threshold)), 0.1)
        return tuple(run for run in runs if run.length_s >= shortest_s)

    def certainty(self, span: Span) -> float:
        """Return the highest speech probability inside a span, 0..1."""
        inside = self.speech[int(span.start_s / FRAME_S) : int(np.ceil(span.end_s / FRAME_S)) + 1]
        return float(inside.max()) if len(inside) else 0.0


class VoiceActivity(Protocol):
    """Gives a speech probability 0..1 for each frame of 512 samples at 16 kHz."""

    def probabilities(self, samples: Samples) -> Floats:
        """Return one probability per frame; the last frame is filled with silence."""
        ...


class Silero:
    """The Silero model through ONNX Runtime; weights are the copy inside faster-whisper."""

    def __init__(self, model: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"], sess_options=options)

    def probabilities(self, samples: Samples) -> Floats:
        """Return one probability per frame of 512 samples."""
        frames = _frames(samples)
        before = np.zeros(_CONTEXT, np.float32)
        h, c = np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)
        found: list[Floats] = []
        for start in range(0, len(frames), _BLOCK):  # two minutes at a time: a long call needs no second copy
            block = frames[start : start + _BLOCK]
            ends = np.concatenate([before[None], block[:-1, -_CONTEXT:]])
            steps = np.concatenate([ends, block], axis=1)
            out, h, c = self._session.run(None, {"input": steps, "h": h, "c": c})
            found.append(np.asarray(out, np.float32).reshape(-1))
            before = block[-1, -_CONTEXT:]
        return np.concatenate(found) if found else np.zeros(0, np.float32)


def _frames(samples: Samples) -> Floats:
    n = -(-len(samples) // FRAME)
    filled = np.zeros(n * FRAME, np.float32)
    filled[: len(samples)] = samples
    return filled.reshape(n, FRAME)


def energy_db(samples: Samples) -> Floats:
    """Return the level of each frame in dB of full scale.

    >>> energy_db(np.full(512, 0.1, np.float32)).round(1).tolist()
    [-20.0]
    """
    frames = _frames(samples)
    return np.asarray(10 * np.log10(np.einsum("ij,ij->i", frames, frames) / FRAME + 1e-12), np.float32)


def loudness_limit_db(db: Floats) -> tuple[float, float]:
    """Return (limit, level): frames over the limit are loud; level is the median of what is clear of the floor, in dB.

    The floor is the 10th percentile of frames that carry any sound at all: digital silence says nothing about noise.
    A channel without any sound gets a limit that no frame reaches.
    """
    sounding = db[db > _SILENT_DB]
    if not len(sounding):
        return 0.0, _TARGET_DB
    over = float(np.percentile(sounding, 10)) + _OVER_FLOOR_DB
    clear = sounding[sounding > over]
    level = float(np.median(clear if len(clear) else sounding))
    return max(min(over, level - _OVER_FLOOR_DB), level - _UNDER_LEVEL_DB), level


def activity_of(samples: Samples, vad: VoiceActivity, *, threshold: float = 0.35, gap_s: float = 0.3) -> Activity:
    """Return the activity of one channel.

    Speech is what the voice-activity model hears on the channel brought to one loudness (onset at `threshold`, held
    down to half of it), and every loud stretch beside it: a quiet or distorted voice the model misses is still
    handed to the recogniser. Spans closer than `gap_s` are one.
    """
    db = energy_db(samples)
    limit, level = loudness_limit_db(db)
    loud = db > limit
    gain = float(10 ** (np.clip(_TARGET_DB - level, -_GAIN_LIMIT_DB, _GAIN_LIMIT_DB) / 20))
    if not loud.any():
        return Activity(np.zeros(len(db), np.float32), loud, ())
    levelled = samples * np.float32(gain)
    np.clip(levelled, -1, 1, out=levelled)
    speech = vad.probabilities(levelled)[: len(db)]
    heard = _held(speech, threshold, threshold / 2)
    spans = _joined(_runs(heard | _long_runs(loud, 4)), gap_s)
    return Activity(speech, loud, tuple(span for span in spans if span.length_s >= 0.1))


def _held(speech: Floats, onset: float, release: float) -> Flags:
    """Return frames from an onset on, as long as the probability stays over the release."""
    held = np.zeros(len(speech), np.bool_)
    for start, end in _edges(speech >= release):
        inside = np.flatnonzero(speech[start:end] >= onset)
        if len(inside):
            held[start + int(inside[0]) : end] = True
    return held


def _edges(flags: Flags) -> list[tuple[int, int]]:
    steps = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def _long_runs(flags: Flags, shortest: int) -> Flags:
    kept = np.zeros(len(flags), np.bool_)
    for start, end in _edges(flags):
        kept[start:end] = end - start >= shortest
    return kept


def _runs(flags: Flags) -> list[Span]:
    return [Span(start * FRAME_S, end * FRAME_S) for start, end in _edges(flags)]


def _joined(spans: Sequence[Span], gap_s: float) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        if out and span.start_s - out[-1].end_s < gap_s:
            out[-1] = Span(out[-1].start_s, span.end_s)
        else:
            out.append(span)
    return out
