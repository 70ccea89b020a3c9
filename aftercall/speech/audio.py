"""Recordings as samples: one float array per channel at 16 kHz, whatever the file held.

Lives here: decoding (WAV PCM, mu-law, A-law; FLAC), resampling, refusals that say what to do. Not here: who speaks
on which channel (channels.py), when somebody speaks (activity.py).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import IntakeError

RATE_HZ = 16_000
"""Samples a second after reading: what both the voice-activity model and the recogniser take."""

Samples = NDArray[np.float32]

_SEND_AGAIN = "Export the recording again as WAV (PCM, mu-law, A-law) or FLAC; the rest of the folder goes on."
_HEADER_BYTES = 44
_LOWEST_HZ, _HIGHEST_HZ = 4_000, 192_000


@dataclass(frozen=True, slots=True)
class Recording:
    """One decoded file: `channels` are float32 arrays of equal length at 16 kHz, full scale 1.0."""

    channels: tuple[Samples, ...]
    duration_s: float
    sample_rate_hz: int
    codec: str
    is_cut_off: bool = False
    """Whether the file ends before its header says: what is there was read."""

    @property
    def is_empty(self) -> bool:
        """Whether no sample was recorded: a header alone, or a call of 0 s."""
        return self.duration_s <= 0


def read_recording(path: Path) -> Recording:
    """Decode one recording.

    A file that holds a header and no samples (44 bytes, 0 s) is a Recording with `is_empty`, because the call took
    place; a file whose samples end before its header says is read as far as it goes.
    Raises: IntakeError, the file is missing, no audio, of a form that is not read, or its header is cut off.
    """
    import soundfile

    if not path.is_file():
        raise IntakeError(f"{path.name} not found: give the path of a recording.")
    head = _head(path)
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz, codec, channel_n = int(file.samplerate), str(file.subtype).lower(), int(file.channels)
            if not _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ:
                raise IntakeError(f"{path.name} claims {rate_hz} samples a second, which is no recording. {_SEND_AGAIN}")
            frames = np.asarray(file.read(dtype="float32", always_2d=True), np.float32)
            promised_n = int(file.frames)
    except soundfile.LibsndfileError as error:
        raise IntakeError(_refusal(path.name, head, error.error_string)) from None
    if not np.isfinite(frames).all():
        raise IntakeError(f"{path.name} holds samples that are not numbers. {_SEND_AGAIN}")
    channels = tuple(_at_16_khz(frames[:, place], rate_hz) for place in range(channel_n))
    is_cut_off = len(frames) < promised_n or _promises_more(head, path.stat().st_size)
    return Recording(channels, round(len(frames) / rate_hz, 3), rate_hz, codec, is_cut_off)


def _promises_more(head: bytes, size_bytes: int) -> bool:
    """Return whether a WAV's own length exceeds the file; streams write 0 or the largest number for "not known yet"."""
    if head[:4] != b"RIFF" or len(head) < 8:
        return False
    promised = int.from_bytes(head[4:8], "little")
    return promised not in (0, 0xFFFFFFFF) and promised + 8 > size_bytes


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES)


def _refusal(name: str, head: bytes, why: str) -> str:
    if not head:
        return f"{name} is an empty file (0 bytes): nothing was delivered. {_SEND_AGAIN}"
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"fLaC"):
        return f"{name} starts as audio but its header is damaged or cut off ({why.strip('. ')}). {_SEND_AGAIN}"
    return f"{name} is not audio that can be read here ({why.strip('. ')}). {_SEND_AGAIN}"


def _at_16_khz(samples: Samples, rate_hz: int) -> Samples:
    if rate_hz == RATE_HZ or not len(samples):
        return np.ascontiguousarray(samples)
    import soxr

    return np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), dtype=np.float32)
