"""What may lie in a drop folder under the name of a recording, and what is said about it."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aftercall.contracts.errors import IntakeError
from aftercall.speech.audio import RATE_HZ, read_recording


def wav(data: bytes, *, claimed: int | None = None, channels: int = 2) -> bytes:
    n = len(data) if claimed is None else claimed
    head = struct.pack("<IHHIIHH", 16, 1, channels, 8000, 16000 * channels, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", 36 + n) + b"WAVEfmt " + head + b"data" + struct.pack("<I", n) + data


@pytest.mark.parametrize("claimed", [0, 100_000])
def test_a_header_without_samples_is_an_empty_call(tmp_path: Path, claimed: int) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav(b"", claimed=claimed))
    assert path.stat().st_size == 44
    recording = read_recording(path)
    assert recording.is_empty
    assert recording.is_cut_off == (claimed > 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file (0 bytes)"),
        (wav(b"")[:20], "damaged or cut off"),
        (b"fLaC\x00\x00", "damaged or cut off"),
        (b"Dear customer, your call is attached.\n" * 9, "not audio"),
        (b'{"interaction_id": "a", "channel": "voice"}\n', "not audio"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    with pytest.raises(IntakeError, match="Export the recording again") as refused:
        read_recording(path)
    assert said in str(refused.value)
    assert "call.wav" in str(refused.value)


def test_a_file_cut_off_in_its_samples_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav(np.ones(8000, "<i2").tobytes(), claimed=64_000, channels=1))
    recording = read_recording(path)
    assert recording.is_cut_off
    assert recording.duration_s == 1.0


@pytest.mark.parametrize(
    ("name", "subtype", "rate_hz", "tolerance"),
    # Companding of 14 bits to 8 leaves an error of about 2 % of full scale at this level; PCM a thousandth.
    [
        ("a.wav", "PCM_16", 8000, 2e-3),
        ("a.wav", "ULAW", 8000, 0.02),
        ("a.wav", "ALAW", 8000, 0.02),
        ("a.flac", "PCM_16", 48000, 2e-3),
    ],
)
def test_every_form_gives_the_same_sound_at_16_khz(
    tmp_path: Path, name: str, subtype: str, rate_hz: int, tolerance: float
) -> None:
    at_s = np.arange(rate_hz) / rate_hz
    left, right = 0.5 * np.sin(2 * np.pi * 440 * at_s), 0.25 * np.sin(2 * np.pi * 300 * at_s)
    soundfile.write(tmp_path / name, np.stack([left, right], axis=1), rate_hz, subtype=subtype)
    recording = read_recording(tmp_path / name)
    assert (len(recording.channels), recording.duration_s, recording.sample_rate_hz) == (2, 1.0, rate_hz)
    inside = slice(1000, 15000)  # the resampler rings at the edges
    there_s = np.arange(RATE_HZ)[inside] / RATE_HZ
    assert np.abs(recording.channels[0][inside] - 0.5 * np.sin(2 * np.pi * 440 * there_s)).max() < tolerance
    assert np.abs(recording.channels[1][inside] - 0.25 * np.sin(2 * np.pi * 300 * there_s)).max() < tolerance
