"""Speech: our per-channel windows against a plain faster-whisper run on each channel, time and word error.

Lives here: the claim "no slower, word error no worse by more than 0.5 points, under 4 % of loud seconds without words".
Run: python benchmarks/speech.py [--runs N]. Writes benchmarks/out/speech.json. Needs flite; lca-40.wav when there.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.speech_calls import CALLS, compose, write_call  # noqa: E402

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6"}


def plain_words(text: str) -> list[str]:
    """Return words for counting errors: lower case, digits one by one, spoken numbers as digits, signs as words."""
    text = text.lower().replace("’", "'")
    for one, other in (("%", " percent "), ("okay", "ok"), ("all right", "alright"), ("doctor", "dr")):
        text = text.replace(one, other)
    text = re.sub(r"\$\s?(\d+)", r"\1 dollars", text)
    text = re.sub(r"(\d+)(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"\ba\.?\s?m\.?(?!\w)", "am", re.sub(r"\bp\.?\s?m\.?(?!\w)", "pm", text))
    out: list[str] = []
    for word in re.findall(r"\d|[a-z']+", text):
        word = word.strip("'")
        if word in _TENS:
            out += list(str(_TENS[word]))
        elif word in _ONES:
            digits = str(_ONES.index(word))
            tens = out[-2:] and out[-1] == "0" and len(digits) == 1 and len(out) > 1 and out[-2] in "23456789"
            out[-1:] = list(digits) if tens else [out[-1], *digits] if out else list(digits)
        elif word:
            out.append(_ORDINALS.get(word, word) if word != "second" else word)
    return out


def word_errors(said: list[str], heard: list[str]) -> int:
    """Return substitutions, deletions and insertions between two word lists (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, true in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (true != found))
    return row[-1]


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--detail", action="store_true")
    asked = ask.parse_args()
    flite = shutil.which("flite")
    if flite is None:
        print("flite is missing: apt-get install flite", file=sys.stderr)
        return 2

    from aftercall.speech import find, open_recogniser, open_vad, places_from, transcribe

    places = places_from(os.environ)
    recogniser, vad = open_recogniser(places=places), open_vad(places)
    plain = _plain_model(find("whisper-base", places).path)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for call in CALLS:
            sound, placed = compose(call, flite, folder)
            write_call(folder / f"{call}.wav", sound)
            files.append((folder / f"{call}.wav", placed))
        ours_s, plain_s = [], []
        errors = {"ours": 0, "plain": 0}
        for run in range(asked.runs):
            ours_total = plain_total = 0.0
            for path, placed in files:
                began = time.perf_counter()
                ours = transcribe(path, channels="agent,customer", recogniser=recogniser, vad=vad)
                ours_total += time.perf_counter() - began
                began = time.perf_counter()
                theirs = _plain_run(plain, path)
                plain_total += time.perf_counter() - began
                if run == 0:
                    for side, speaker in enumerate(("agent", "customer")):
                        said = plain_words(" ".join(one.said.text for one in placed if one.said.speaker == speaker))
                        mine = plain_words(" ".join(turn.text for turn in ours.turns if turn.speaker == speaker))
                        other = plain_words(theirs[side])
                        counts = word_errors(said, mine), word_errors(said, other)
                        errors["ours"] += counts[0]
                        errors["plain"] += counts[1]
                        if asked.detail:
                            print(path.stem, speaker, len(said), "ours", counts[0], "plain", counts[1])
                            print("   said ", " ".join(said), "\n   ours ", " ".join(mine), "\n   plain", " ".join(other))
            ours_s.append(ours_total)
            plain_s.append(plain_total)
    word_n = sum(len(plain_words(one.text)) for call in CALLS.values() for one in call)
    result = {
        "name": "speech",
        "what": "two-channel calls of known words, both channels, word times on; seconds for all of them",
        "ours_s": round(statistics.median(ours_s), 2),
        "reference": "faster-whisper transcribe(channel, language='en', vad_filter=True, word_timestamps=True) per channel",
        "reference_s": round(statistics.median(plain_s), 2),
        "ratio": round(statistics.median(a / b for a, b in zip(ours_s, plain_s, strict=True)), 3),
        "spread": [
            round(min(a / b for a, b in zip(ours_s, plain_s, strict=True)), 3),
            round(max(a / b for a, b in zip(ours_s, plain_s, strict=True)), 3),
        ],
        "n": asked.runs,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "word_error_share": {side: round(count / word_n, 4) for side, count in errors.items()},
        "word_n": word_n,
    }
    real = Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real")) / "recordings" / "lca-40.wav"
    if real.is_file():
        result["real_call"] = _real_call(real, recogniser, vad, plain)
    out = ROOT / "benchmarks" / "out" / "speech.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    worse = result["word_error_share"]["ours"] - result["word_error_share"]["plain"]
    return 0 if result["ratio"] <= 1 and worse <= 0.005 else 1


def _plain_model(path: Path):
    from faster_whisper import WhisperModel

    return WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)


def _plain_run(model, path: Path) -> list[str]:
    from faster_whisper.audio import decode_audio

    texts = []
    for channel in decode_audio(str(path), split_stereo=True):
        segments, _ = model.transcribe(channel, language="en", vad_filter=True, word_timestamps=True)
        texts.append(" ".join(segment.text.strip() for segment in segments))
    return texts


def _real_call(path: Path, recogniser, vad, plain) -> dict:
    from aftercall.speech import transcribe

    began = time.perf_counter()
    one = transcribe(path, channels="agent,customer", recogniser=recogniser, vad=vad)
    ours_s = time.perf_counter() - began
    began = time.perf_counter()
    texts = _plain_run(plain, path)
    return {
        "ours_s": round(ours_s, 2),
        "reference_s": round(time.perf_counter() - began, 2),
        "words_ours": sum(len(turn.text.split()) for turn in one.turns),
        "words_reference": sum(len(text.split()) for text in texts),
        "loud_share_without_words": one.attributes["loud_share_without_words"],
        "role_confidence": one.role_confidence,
    }


if __name__ == "__main__":
    sys.exit(main())
