"""Speak the recordings shipped in aftercall/synth/recordings with Debian's flite: `python scripts/make_recordings.py`.

Lives here: the scripts, mixing to two channels (agent left, customer right), writing mu-law WAV and FLAC, and the truth
beside them. Not here: copying them into a synthetic centre (aftercall/synth/recorded_calls.py). Needs flite and soundfile.
"""

import json
import shutil
import struct
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
ROOT = Path(__file__).resolve().parents[1] / "aftercall" / "synth" / "recordings"
Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """One spoken turn: seconds of pause before it (negative: it overlaps the turn before), who, what."""

    pause_s: float
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """One call: file, facts, voices and parts."""

    file: str
    queue: str
    intent: str
    direction: str
    voices: dict[str, str]
    parts: tuple[Part, ...]


SCRIPTS = (
    Script(
        "call-service.wav",
        "service",
        "order_late",
        "inbound",
        {"agent": "slt", "customer": "rms"},
        (
            Part(0.5, "agent", "Thank you for calling Fernhill, this is Petra. This call is recorded. How can I help?"),
            Part(0.5, "customer", "My tablet was supposed to be here on Tuesday and it still has not come."),
            Part(0.4, "agent", "I understand how frustrating that wait is. One moment please while I check."),
            Part(-0.7, "customer", "Yes, it really is."),
            Part(4.5, "agent", "It ships today. I will call you back on Friday. Anything else I can help with?"),
            Part(0.5, "customer", "No, that is all."),
            Part(0.3, "agent", "Thank you for calling. Goodbye."),
        ),
    ),
    Script(
        "call-collections.flac",
        "collections",
        "payment_arrangement",
        "outbound",
        {"agent": "rms", "customer": "slt"},
        (
            Part(0.5, "agent", "Hello, my name is Gideon, calling from Fernhill Recovery on a recorded line. Is this Lena?"),
            Part(0.4, "customer", "Yes, this is Lena."),
            Part(0.4, "agent", "Can you verify your date of birth for me?"),
            Part(0.5, "customer", "March fourth, nineteen eighty two."),
            Part(
                0.4,
                "agent",
                "Thank you. This is an attempt to collect a debt, and any information will be used for that purpose.",
            ),
            Part(0.4, "customer", "I lost my job and I cannot pay it all."),
            Part(-0.5, "agent", "I am sorry to hear that."),
            Part(3.2, "agent", "I can offer you a payment plan of forty dollars a month."),
            Part(0.4, "customer", "Okay, that I can do."),
            Part(0.3, "agent", "To recap, forty dollars a month. Goodbye."),
        ),
    ),
)


def speak(voice: str, text: str, folder: Path) -> Wave:
    """Return the text spoken by a flite voice at 8 kHz, in -1..1, without leading and trailing silence."""
    path = folder / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)  # noqa: S603, S607
    with wave.open(str(path), "rb") as file:
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    sound = np.frombuffer(data, dtype="<i2").astype(np.float64) / 32768.0
    sound = halved(sound) if rate == 2 * RATE_HZ else sound
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[max(loud[0] - 160, 0) : loud[-1] + 400]


def halved(sound: Wave) -> Wave:
    """Return the sound at half its rate, low-passed by a windowed sinc first."""
    at = np.arange(-32, 33)
    taps = 0.46 * np.sinc(0.46 * at) * np.hamming(len(at))
    return np.convolve(sound, taps / taps.sum(), mode="same")[::2]


def mix(script: Script, folder: Path) -> tuple[Wave, list[dict[str, object]]]:
    """Return the call, shape (samples, 2), agent left, and the turns with their times in seconds."""
    clock, placed, turns = 0.0, list[tuple[int, int, Wave]](), list[dict[str, object]]()
    for part in script.parts:
        sound = speak(script.voices[part.speaker], part.text, folder)
        start_s = clock + part.pause_s
        clock = start_s + len(sound) / RATE_HZ
        placed.append((round(start_s * RATE_HZ), ("agent", "customer").index(part.speaker), sound))
        turns.append({"speaker": part.speaker, "start_s": round(start_s, 3), "end_s": round(clock, 3), "text": part.text})
    both = np.zeros((round((clock + 0.6) * RATE_HZ), 2))
    for start, channel, sound in placed:
        both[start : start + len(sound), channel] += sound
    noise = np.random.default_rng(7).normal(0.0, 0.0001, both.shape)
    return np.clip(0.9 * both / np.abs(both).max() + noise, -1.0, 1.0), turns


def mu_law(sound: Wave) -> bytes:
    """Return samples as 8-bit mu-law (ITU-T G.711): sign, three bits of exponent, four of mantissa, all inverted."""
    value = np.minimum(np.abs(sound) * 32768.0, 32635.0).astype(np.int64) + 132
    exponent = np.floor(np.log2(value)).astype(np.int64) - 7
    mantissa = (value >> (exponent + 3)) & 0x0F
    sign = np.where(sound < 0, 0x80, 0)
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8).tobytes()


def write_mu_law(path: Path, both: Wave) -> None:
    """Write a two-channel mu-law WAV file (format code 7), which the standard library reads no more."""
    data = mu_law(both.reshape(-1))
    form = struct.pack("<HHIIHHH", 7, 2, RATE_HZ, RATE_HZ * 2, 2, 8, 0)
    fact = struct.pack("<I", len(both))
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<I", 4) + fact
    body += b"data" + struct.pack("<I", len(data)) + data + (b"\0" if len(data) % 2 else b"")
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def main() -> int:
    """Write every recording and spoken.json; say what was written."""
    if shutil.which("flite") is None:
        print("flite is missing: apt-get install flite", file=sys.stderr)
        return 2
    import soundfile

    ROOT.mkdir(parents=True, exist_ok=True)
    calls = list[dict[str, object]]()
    with tempfile.TemporaryDirectory() as folder:
        for script in SCRIPTS:
            both, turns = mix(script, Path(folder))
            path = ROOT / script.file
            is_flac = path.suffix == ".flac"
            if is_flac:
                soundfile.write(path, both, RATE_HZ, subtype="PCM_16")
            else:
                write_mu_law(path, both)
            facts = {"file": script.file, "queue": script.queue, "intent": script.intent, "direction": script.direction}
            form = {"codec": "flac" if is_flac else "mulaw", "sample_rate_hz": RATE_HZ, "channels": ["agent", "customer"]}
            calls.append({**facts, **form, "duration_s": round(len(both) / RATE_HZ, 3), "turns": turns})
            print(f"{path.name}: {len(both) / RATE_HZ:.1f} s, {path.stat().st_size:,} bytes")
    (ROOT / "spoken.json").write_text(json.dumps({"calls": calls}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
