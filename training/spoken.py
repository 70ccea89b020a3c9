"""Our held-out sentences spoken by a synthesiser and heard by the product's own recogniser: `python -m training.spoken`.

Lives here: which voice, speed, noise and band a sentence gets, speaking (Debian's espeak-ng), and what was heard, kept in
docs/measured/spoken.json under a hash of all that decides it. Not here: what the heads make of it (measure_spoken.py).
The sound goes the way of every recording: voice activity, windows, Whisper, turns (aftercall/speech). No real voice is in it.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.own_sentences import own_sentences
from training.rows import Row

KEPT = Path(__file__).resolve().parents[1] / "docs" / "measured" / "spoken.json"
RATE_HZ = 16_000
PHONE_HZ = 8_000
# Longer than the pause that ends a turn, so that every sentence is a turn of its own.
PAUSE_S = 2.2
TOGETHER_N = 6
SEED = 23
VOICES = ("en-us", "en-gb", "en-us+f3", "en-gb-scotland", "en-gb+f2", "en-us+m3", "en-gb-x-gbcwmd", "en-us+f4")
WORDS_A_MINUTE = (150, 175, 200)
# Signal over noise in dB, and the band; None is no noise. The last are worse than a line anybody would stay on.
LINES = ((None, "wide"), (20, "phone"), (10, "phone"), (5, "wide"), (5, "phone"), (0, "phone"))


@dataclass(frozen=True, slots=True)
class Take:
    """A few sentences said in one recording: voice, speed in words a minute, noise in dB below the voice, band."""

    texts: tuple[str, ...]
    voice: str
    speed: int
    snr_db: int | None
    band: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one sentence: the words heard (empty: nothing was) and the mean word probability, 0..1."""

    text: str
    heard: str
    confidence: float | None
    snr_db: int | None
    band: str
    voice: str


def held_out() -> list[Row]:
    """Return our own sentences nothing was learned from, in the order of the files."""
    return [row for row in own_sentences() if row.part == "test"]


def takes(texts: Sequence[str]) -> list[Take]:
    """Return the plan: sentences shuffled once, then voices, speeds and lines in turn.

    >>> [one.voice for one in takes(["a", "b", "c", "d", "e", "f", "g"])]
    ['en-us', 'en-gb']
    """
    order = np.random.default_rng(SEED).permutation(len(texts)).tolist()
    groups = [tuple(texts[i] for i in order[at : at + TOGETHER_N]) for at in range(0, len(order), TOGETHER_N)]
    return [
        Take(group, VOICES[k % len(VOICES)], WORDS_A_MINUTE[k // 2 % len(WORDS_A_MINUTE)], *LINES[k % len(LINES)])
        for k, group in enumerate(groups)
    ]


def plan_hash(plan: Sequence[Take]) -> str:
    """Return 12 characters that name the sentences and how they are to be spoken."""
    return hashlib.sha256(json.dumps([asdict(one) for one in plan]).encode()).hexdigest()[:12]


def speak(text: str, take: Take, folder: Path) -> np.ndarray:
    """Return the sentence as float32 at 16 kHz, in -1..1. Raises CalledProcessError when espeak-ng fails."""
    import soundfile
    import soxr

    path = folder / "said.wav"
    order = ["espeak-ng", "-v", take.voice, "-s", str(take.speed), "-w", str(path), text]
    subprocess.run(order, check=True, capture_output=True)  # noqa: S603
    sound, rate = soundfile.read(path, dtype="float32")
    return np.asarray(soxr.resample(sound, rate, RATE_HZ), dtype=np.float32)


def on_the_line(sound: np.ndarray, take: Take, level: float, rng: np.random.Generator) -> np.ndarray:
    """Return the sound with noise that falls by 3 dB an octave, `snr_db` under the voice's `level`, in the band of the line."""
    import soxr

    if take.snr_db is not None:
        spectrum = np.fft.rfft(rng.normal(size=len(sound)))
        noise = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), len(sound))
        sound = sound + noise * (level * 10 ** (-take.snr_db / 20) / noise.std())
    if take.band == "phone":
        sound = soxr.resample(soxr.resample(sound, RATE_HZ, PHONE_HZ), PHONE_HZ, RATE_HZ)
    return np.asarray(0.9 * sound / max(np.abs(sound).max(), 1e-9), dtype=np.float32)


def recorded(take: Take, folder: Path, rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return one recording and where each sentence lies in it, in seconds."""
    parts, places, at = [np.zeros(RATE_HZ // 2, np.float32)], list[tuple[float, float]](), RATE_HZ // 2
    said = [speak(text, take, folder) for text in take.texts]
    for sound in said:
        places.append((at / RATE_HZ, (at + len(sound)) / RATE_HZ))
        parts += [sound, np.zeros(round(PAUSE_S * RATE_HZ), np.float32)]
        at += len(sound) + round(PAUSE_S * RATE_HZ)
    level = float(np.sqrt(np.mean(np.concatenate(said) ** 2)))
    return on_the_line(np.concatenate(parts), take, level, rng), places


def hear(plan: Sequence[Take]) -> Iterator[Heard | str]:
    """Yield the recogniser's name, then every sentence as it was heard, take by take."""
    import soundfile

    from aftercall.speech import open_recogniser, open_vad, places_from, transcribe

    places = places_from(os.environ)
    recogniser, vad = open_recogniser(places=places, thread_n=1), open_vad(places)
    yield recogniser.name
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for take in plan:
            sound, spans = recorded(take, folder, rng)
            path = folder / "take.wav"
            soundfile.write(path, sound, RATE_HZ, subtype="PCM_16")
            turns = transcribe(path, channels="agent only", recogniser=recogniser, vad=vad).turns
            for text, (start_s, end_s) in zip(take.texts, spans, strict=True):
                words = [
                    word
                    for turn in turns
                    for word in turn.words
                    if start_s - PAUSE_S / 2 <= (word.start_s + word.end_s) / 2 <= end_s + PAUSE_S / 2
                ]
                known = [word.confidence for word in words if word.confidence is not None]
                sure = round(sum(known) / len(known), 3) if known else None
                yield Heard(text, " ".join(word.text for word in words), sure, take.snr_db, take.band, take.voice)


def spoken_sentences(kept: Path = KEPT) -> tuple[str, list[Heard]]:
    """Return the recogniser's name and the sentences as heard; read from `kept` when it was made by this very plan.

    Raises: SystemExit when it must be made anew and espeak-ng is missing.
    """
    plan = takes([row.text for row in held_out()])
    if kept.is_file():
        data: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if data["plan"] == plan_hash(plan):
            return data["recogniser"], [Heard(**one) for one in data["heard"]]
    if shutil.which("espeak-ng") is None:
        raise SystemExit("The sentences changed since they were spoken, and espeak-ng is missing: apt-get install espeak-ng")
    name, *found = hear(plan)
    heard = [one for one in found if isinstance(one, Heard)]
    rows = ",\n".join(json.dumps(asdict(one)) for one in heard)
    head = json.dumps({"plan": plan_hash(plan), "recogniser": name})
    kept.write_text(f'{head[:-1]}, "heard": [\n{rows}\n]}}\n', encoding="utf-8")
    return str(name), heard


def main() -> None:
    """Speak and hear what is not kept yet."""
    parser = argparse.ArgumentParser(description="Speak the held-out sentences and keep what the recogniser hears.")
    parser.add_argument("--kept", type=Path, default=KEPT)
    begun = time.monotonic()
    name, heard = spoken_sentences(parser.parse_args().kept)
    print(f"{len(heard)} sentences, {name}, {time.monotonic() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
