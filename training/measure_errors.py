"""Misses and false alarms by channel and by who speaks, and whether probabilities mean what they say.

Lives here: our own held-out sentences told as a recogniser, a chat and a mail would carry them; reliability tables.
Not here: ranking figures (measure_sentences.py). Tenure and recogniser confidence are not in these sentences; said in the card.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aftercall.text.signals import Signals
from training.calibrate import error_of_calibration, reliability
from training.measure_sentences import values
from training.rows import Row, recogniser_like

SEED = 11
_SHORT = {"you": "u", "your": "ur", "please": "pls", "thanks": "thx", "because": "cos", "going to": "gonna", "are": "r"}


def as_voice(text: str, _rng: random.Random) -> str:
    """Return the sentence as a recogniser without punctuation writes it."""
    return recogniser_like(text) or text


def as_chat(text: str, rng: random.Random) -> str:
    """Return the sentence as typed in a hurry: short forms, one letter swapped in half of the sentences, no final stop."""
    words = [_SHORT.get(word.lower(), word) for word in text.split()]
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if long and rng.random() < 0.5:
        i, at = rng.choice(long), rng.randrange(1, 3)
        word = words[i]
        words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words).removesuffix(".")


def as_mail(text: str, _rng: random.Random) -> str:
    """Return the sentence inside a mail: greeting before, regards after."""
    return f"Dear customer,\n{text}\nKind regards\nCustomer service"


CHANNELS: dict[str, Callable[[str, random.Random], str]] = {
    "as written": lambda text, _rng: text,
    "voice-like": as_voice,
    "chat-like": as_chat,
    "mail-like": as_mail,
}


def error_rows(model: Signals, rows: Sequence[Row], card: dict[str, Any]) -> list[tuple]:
    """Return (channel, act, positives, missed at sure, missed at maybe, negatives, false alarms at sure, at maybe)."""
    held = [row for row in rows if row.origin == "own" and row.part == "test"]
    out = []
    acts = [entry for entry in card["heads"] if "sure" in entry]
    for channel, change in CHANNELS.items():
        rng = random.Random(SEED)
        read = model.values([change(row.text, rng) for row in held])
        for entry in acts:
            act = entry["name"]
            # A mail's own greeting and farewell are such acts: they are not counted against the model there.
            if channel == "mail-like" and act in ("greeting", "farewell", "polite"):
                continue
            known = [i for i, row in enumerate(held) if act in row.targets]
            truth = np.array([held[i].targets[act] == 1 for i in known])
            if truth.sum() < 5:
                continue
            p = read[known, model.heads.index(act)]
            up, down = p[truth], p[~truth]
            cuts = (entry["sure"], entry["maybe"])
            miss, alarm = [float((up < cut).mean()) for cut in cuts], [float((down >= cut).mean()) for cut in cuts]
            out.append((channel, act, len(up), *miss, len(down), *alarm))
    return out


def pooled(rows: Sequence[tuple]) -> list[tuple]:
    """Return one line per channel: every act's sentences together."""
    out = []
    for channel in CHANNELS:
        here = [row for row in rows if row[0] == channel]
        up, down = np.array([row[2] for row in here]), np.array([row[5] for row in here])
        miss = [float((np.array([row[i] for row in here]) * up).sum() / up.sum()) for i in (3, 4)]
        alarm = [float((np.array([row[i] for row in here]) * down).sum() / down.sum()) for i in (6, 7)]
        out.append((channel, "all acts", int(up.sum()), *miss, int(down.sum()), *alarm))
    return out


def reliability_rows(model: Signals, rows: Sequence[Row], card: dict[str, Any]) -> tuple[list[tuple], list[tuple]]:
    """Return (set, act, n, mean told, share true, error) and (act, band, n, told, true), on held-out rows."""
    short, long = [], []
    for origin in ("own", "casino", "goemotions"):
        held = [row for row in rows if row.origin == origin and row.part == "test"]
        for entry in card["heads"]:
            act = entry["name"]
            known = [row for row in held if act in row.targets and entry["kind"] == "sigmoid"]
            truth = np.array([float(row.targets[act]) for row in known])
            if truth.sum() < 5:
                continue
            p = values(model, [row.text for row in known], act)
            short.append((origin, act, len(p), float(p.mean()), float(truth.mean()), error_of_calibration(p, truth)))
            if origin == "own" or act in ("annoyance", "caring", "remorse", "curiosity"):
                long += [(act, *band) for band in reliability(p, truth)]
    return short, long
