"""What redaction finds and what it masks wrongly, on 733 marked sentences and real chats; what the screen costs; how fast.

Lives here: the figures of the README, each with its interval. Needs the real data (AFTERCALL_REAL_DATA or the shared
folder). Run: python benchmarks/redaction.py [--chats 300]. Writes benchmarks/out/redaction.json.

Halves: thresholds and cleaning rules were chosen on one half of the sentences and are reported on the other. A half holds whole
templates (the sentences are made from 203), by the SHA-256 of the template's number, so no pattern stands in both.
"""

import argparse
import hashlib
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from aftercall.contracts.records import from_line
from aftercall.text import pii_spans
from aftercall.text.pii_finder import RULES_ONLY, Finder, own_finder
from aftercall.text.redact import START, find_spans
from aftercall.text.redact_patterns import luhn
from aftercall.text.redact_records import redact_interaction

ROOT = Path(__file__).parents[1]
CORE = ("PERSON", "STREET_ADDRESS", "PHONE_NUMBER", "EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "IBAN_CODE")
SPOKEN = ("CREDIT_CARD", "PHONE_NUMBER", "US_SSN")
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
BOOTSTRAP_N = 2000


@dataclass(frozen=True, slots=True)
class Marked:
    """One sentence and its marked spans (type, start, end)."""

    text: str
    spans: tuple[tuple[str, int, int], ...]
    is_tuned_on: bool


def read_sentences(real_data: Path) -> list[Marked]:
    """Return the marked sentences of pii_presidio."""
    lines = (real_data / "pii_presidio" / "synth_dataset_v2.jsonl").read_text("utf-8").splitlines()
    return [_marked(json.loads(line)) for line in lines]


def _marked(row: dict[str, Any]) -> Marked:
    spans = tuple((span["type"], span["start"], span["end"]) for span in row["spans"])
    digest = hashlib.sha256(f"template {row['template_id']}".encode()).hexdigest()
    return Marked(row["text"], spans, int(digest, 16) % 2 == 0)


def lower_copy(rows: Iterable[Marked]) -> list[Marked]:
    """Return the sentences as recognisers write them: lower case (where no character changes its length)."""
    return [Marked(row.text.lower(), row.spans, row.is_tuned_on) for row in rows if len(row.text.lower()) == len(row.text)]


def spoken_copies(rows: Iterable[Marked], rng: random.Random) -> list[Marked]:
    """Return sentences with the digits of cards, phones and social security numbers said in words, in five manners each."""
    out = list[Marked]()
    for row in rows:
        for kind, start, end in row.spans:
            digits = "".join(filter(str.isdigit, row.text[start:end]))
            if kind in SPOKEN and len(digits) >= 7:
                for say in (_plain, _doubled, _oh, _grouped, _hesitant):
                    said = say(digits, rng)
                    text = row.text[:start] + said + row.text[end:]
                    out.append(Marked(text, ((kind, start, start + len(said)),), row.is_tuned_on))
    return out


def _plain(digits: str, _: random.Random) -> str:
    return " ".join(UNITS[int(digit)] for digit in digits)


def _doubled(digits: str, _: random.Random) -> str:
    words, at = list[str](), 0
    while at < len(digits):
        twice = digits[at : at + 2] == digits[at] * 2
        words.append(f"double {UNITS[int(digits[at])]}" if twice else UNITS[int(digits[at])])
        at += 2 if twice else 1
    return " ".join(words)


def _oh(digits: str, rng: random.Random) -> str:
    return _plain(digits, rng).replace("zero", "oh")


def _grouped(digits: str, rng: random.Random) -> str:
    return ", ".join(_plain(digits[at : at + 4], rng) for at in range(0, len(digits), 4))


def _hesitant(digits: str, rng: random.Random) -> str:
    fillers = (" ", " ", " um ", " uh, ", " and then ")
    return "".join(
        UNITS[int(digit)] + (rng.choice(fillers) if place < len(digits) - 1 else "") for place, digit in enumerate(digits)
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Per sentence: marked letters and digits of the core types and how many are masked; the same outside every mark."""

    core: np.ndarray
    outside: np.ndarray
    outside_all: np.ndarray
    spans: dict[str, tuple[int, int]]


def counted(rows: Sequence[Marked], finder: Finder) -> Counts:
    """Return what is masked. A span counts as found when each of its letters and digits is masked."""
    core, outside, outside_all = (np.zeros((len(rows), 2), dtype=np.int64) for _ in range(3))
    found, all_of = Counter[str](), Counter[str]()
    for place, row in enumerate(rows):
        mask = np.zeros(len(row.text), dtype=bool)
        for span in find_spans(START, "customer", row.text, finder)[1]:
            mask[span.start : span.end] = True
        counts = np.array([character.isalnum() for character in row.text], dtype=bool)
        marked = np.zeros(len(row.text), dtype=bool)
        is_core = marked.copy()
        for kind, start, end in row.spans:
            marked[start:end] = True
            is_core[start:end] |= kind in CORE
            all_of[kind] += 1
            found[kind] += bool(mask[start:end][counts[start:end]].all())
        core[place] = (is_core & counts).sum(), (is_core & counts & mask).sum()
        outside[place] = (~marked & counts).sum(), (~marked & counts & mask).sum()
        outside_all[place] = (~marked).sum(), (~marked & mask).sum()
    return Counts(core, outside, outside_all, {kind: (found[kind], n) for kind, n in sorted(all_of.items())})


def share(pairs: np.ndarray, seed: int = 7) -> tuple[float, float, float]:
    """Return hits / all with its 95 % bootstrap interval over sentences (Efron 1979, percentile)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(pairs), (BOOTSTRAP_N, len(pairs)))
    totals = pairs[drawn].sum(axis=1)
    low, high = np.quantile(totals[:, 1] / np.maximum(totals[:, 0], 1), (0.025, 0.975))
    return float(pairs[:, 1].sum() / max(pairs[:, 0].sum(), 1)), float(low), float(high)


def wilson(hits: int, n: int) -> tuple[float, float, float]:
    """Return hits / n with its 95 % interval (Wilson 1927).

    >>> [round(x, 3) for x in wilson(9, 9)]
    [1.0, 0.701, 1.0]
    """
    if not n:
        return float("nan"), 0.0, 1.0
    z, p = 1.96, hits / n
    middle, half = (p + z * z / (2 * n)), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return p, max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def cards_left(rows: Iterable[Marked], finder: Finder) -> int:
    """Return how many written cards that keep the check sum are not masked whole."""
    left = 0
    for row in rows:
        spans = find_spans(START, "customer", row.text, finder)[1]
        for kind, start, end in row.spans:
            digits = "".join(filter(str.isdigit, row.text[start:end]))
            if kind == "CREDIT_CARD" and 13 <= len(digits) <= 19 and luhn(digits):
                left += not any(span.start <= start and end <= span.end for span in spans)
    return left


def _interval(of: tuple[float, float, float]) -> str:
    return f"{of[0]:.4f} [{of[1]:.4f}, {of[2]:.4f}]"


def figures(rows: Sequence[Marked], finder: Finder) -> dict[str, Any]:
    """Return every figure of one set of sentences: each is (value, low, high)."""
    counts = counted(rows, finder)
    return {
        "sentences": len(rows),
        "core_characters": share(counts.core),
        "false_letters": share(counts.outside),
        "false_characters": share(counts.outside_all),
        "luhn_cards_left": cards_left(rows, finder),
        "spans": {kind: (*wilson(*pair), pair[1]) for kind, pair in counts.spans.items() if kind in CORE},
    }


def tell(name: str, of: dict[str, Any]) -> None:
    print(f"\n{name}: {of['sentences']} sentences, Luhn-valid written cards left unmasked: {of['luhn_cards_left']}")
    print(f"  core characters masked     {_interval(of['core_characters'])}")
    print(f"  masked outside every mark  {_interval(of['false_letters'])} of letters and digits,")
    print(f"                             {_interval(of['false_characters'])} of all characters")
    for kind, (p, low, high, n) in of["spans"].items():
        print(f"  {kind:15} {p:.3f} [{low:.3f}, {high:.3f}] of {n} spans masked whole")


def conversations(real_data: Path, name: str, most: int) -> Iterator[Any]:
    lines = [line for path in sorted((real_data / name / "transcripts").glob("*.jsonl")) for line in path.open()]
    for line in random.Random(5).sample(lines, min(most, len(lines))):
        yield from_line(json.loads(line))


def chats(real_data: Path, name: str, most: int, finder: Finder) -> dict[str, Any]:
    """Return the share of characters masked in real chats, by kind, and processor seconds for them."""
    characters, turns, masked = 0, 0, Counter[str]()
    began, read_before = time.process_time(), finder.models.read_n if finder.models else 0
    for one in conversations(real_data, name, most):
        redacted = redact_interaction(one, finder)
        for turn, spans in zip(one.turns, redacted.spans, strict=True):
            turns += 1
            characters += len(turn.text)
            for span in spans:
                masked["number" if span.type not in ("name", "address") else span.type] += span.end - span.start
    read_n = (finder.models.read_n if finder.models else 0) - read_before
    shares = {kind: n / characters for kind, n in sorted(masked.items())}
    return {"turns": turns, "masked": shares, "read_by_models": read_n, "cpu_s": time.process_time() - began}


def screen_cost(rows: Sequence[Marked], figure: Callable[[Sequence[Marked]], float]) -> float:
    """Return how much a figure would rise if every sentence were read by the models."""
    before = figure(rows)
    with patch.object(pii_spans, "may_hold", lambda *_: True):
        return figure(rows) - before


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--chats", type=int, default=300)
    asked = ask.parse_args()
    real_data = Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real"))
    finder = own_finder()
    rows = read_sentences(real_data)
    halves = {"tuned on": [row for row in rows if row.is_tuned_on], "reported": [row for row in rows if not row.is_tuned_on]}
    out: dict[str, Any] = {"version": finder.version}
    print(f"redaction {finder.version}" + (f"\n{finder.missing}" if finder.missing else ""))
    for name, half in halves.items():
        sets = {name: half, f"{name}, lower case": lower_copy(half)}
        for title, some in sets.items():
            out[title] = figures(some, finder)
            tell(title, out[title])
        said = counted(spoken_copies(half, random.Random(3)), finder).spans
        out[f"{name}, spoken numbers"] = {kind: (*wilson(*pair), pair[1]) for kind, pair in said.items()}
        print(f"\n{name}, numbers said in words: " + ", ".join(f"{kind} {hits} of {n}" for kind, (hits, n) in said.items()))
    out["cues and patterns alone, reported"] = figures(halves["reported"], RULES_ONLY)
    tell("reported, without the models", out["cues and patterns alone, reported"])
    for title, some in (("as written", rows), ("lower case", lower_copy(rows))):
        # A finder of its own: the memory of the other would answer for it.
        cost = screen_cost(some, lambda these: share(counted(these, Finder(finder.models)).core)[0])
        out[f"screen cost, {title}"] = cost
        print(f"\nThe screen costs {cost:.4f} of the core characters ({title}).")
    for name in ("star", "casino"):
        out[name] = chats(real_data, name, asked.chats, finder)
        print(f"\n{name}: {json.dumps(out[name])}")
    target = ROOT / "benchmarks" / "out"
    target.mkdir(exist_ok=True)
    (target / "redaction.json").write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
