"""Misses and false alarms by recogniser confidence, on our held-out sentences spoken by a synthesiser.

Lives here: heads read on what the recogniser heard, by band of its confidence; what the product would leave out as unclear.
Not here: speaking and hearing (spoken.py), the channels of written text (measure_errors.py).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aftercall.scoring.heard import UNCLEAR_BELOW_THOUSANDTHS
from aftercall.text.normalise import normalise
from aftercall.text.signals import Signals
from training.measure import DRAWS
from training.rows import Row
from training.spoken import Heard, spoken_sentences

SEED = 13
FLOOR = UNCLEAR_BELOW_THOUSANDTHS / 1000
BANDS = (FLOOR, 0.6, 0.7, 0.8, 0.9, 1.01)
HEADING = (
    "confidence",
    "sentences",
    "words wrong",
    "acts",
    "missed at sure",
    "missed at maybe",
    "others",
    "false alarms",
    "at maybe",
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The section of the card: one line a band, one a line condition, and how many sentences the product leaves out."""

    recogniser: str
    bands: list[tuple]
    lines: list[tuple]
    sentence_n: int
    unheard_n: int
    unclear_n: int
    unclear_act_n: int


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Return (words wrong, words said): the fewest words to insert, drop or replace, signs and capitals aside.

    >>> word_errors("I missed the ad.", "i missed the rad again")
    (2, 4)
    """
    want, got = normalise(said).split(), normalise(heard).split()
    row = list(range(len(got) + 1))
    for i, word in enumerate(want, start=1):
        before, row = row, [i, *row[1:]]
        for j, other in enumerate(got, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other))
    return row[-1], len(want)


def judged(model: Signals, texts: Sequence[str], rows: Sequence[Row], card: dict[str, Any]) -> np.ndarray:
    """Return counts of shape (sentences, 6): acts, missed at sure, at maybe; others, false alarms at sure, at maybe.

    Counted over the acts with five positives or more among all the sentences, as in the table by channel.
    """
    read, counts = model.values(texts), np.zeros((len(rows), 6))
    for entry in card["heads"]:
        act = entry["name"]
        known = np.array([act in row.targets for row in rows])
        truth = np.array([row.targets.get(act) == 1 for row in rows])
        if "sure" not in entry or truth.sum() < 5:
            continue
        p = read[:, model.heads.index(act)]
        for at, cut in ((1, entry["sure"]), (2, entry["maybe"])):
            counts[:, at] += truth & (p < cut)
            counts[:, at + 3] += known & ~truth & (p >= cut)
        counts[:, 0] += truth
        counts[:, 3] += known & ~truth
    return counts


def shares(counts: np.ndarray) -> list[object]:
    """Return acts, the two miss shares, others, the two false-alarm shares, each share with its interval by sentence."""
    rng, out = np.random.default_rng(SEED), list[object]()
    draws = counts[rng.integers(0, len(counts), (DRAWS, len(counts)))].sum(axis=1)
    for first in (0, 3):
        n = counts[:, first].sum()
        out.append(int(n))
        for at in (first + 1, first + 2):
            if not n:
                out.append("–")
                continue
            with np.errstate(invalid="ignore"):
                low, high = np.nanpercentile(draws[:, at] / draws[:, first], [2.5, 97.5])
            out.append(f"{counts[:, at].sum() / n:.3f} [{low:.3f}, {high:.3f}]")
    return out


def spoken_rows(model: Signals, rows: Sequence[Row], card: dict[str, Any]) -> Spoken:
    """Return the section, from what the recogniser heard of the held-out sentences (spoken anew where they changed).

    The first line reads the same sentences as written. A sentence below the product's floor of confidence proves nothing
    there and costs no point; its heads are read here all the same, to show why.
    """
    name, heard = spoken_sentences()
    of_text = {row.text: row for row in rows if row.origin == "own" and row.part == "test"}
    heard = [one for one in heard if one.text in of_text]
    labelled = [of_text[one.text] for one in heard]
    written = judged(model, [one.text for one in heard], labelled, card)
    said = judged(model, [one.heard for one in heard], labelled, card)
    sure = np.array([np.nan if one.confidence is None else one.confidence for one in heard])
    wrong = np.array([word_errors(one.text, one.heard) for one in heard])

    def line(what: str, chosen: np.ndarray, counts: np.ndarray, errors: object = None) -> tuple:
        if errors is None:
            errors = float(wrong[chosen, 0].sum() / max(wrong[chosen, 1].sum(), 1))
        return (what, int(chosen.sum()), errors, *shares(counts[chosen]))

    every = np.ones(len(heard), dtype=bool)
    bands = [line("as written, not spoken", every, written, "–"), line("all, as heard", every, said)]
    below = sure < FLOOR
    bands.append(line(f"below {FLOOR:g}: NULL in the product", below, said))
    for low, high in itertools.pairwise(BANDS):
        chosen = (sure >= low) & (sure < high)
        if chosen.any():
            bands.append(line(f"{low:g} to {min(high, 1):g}", chosen, said))
    lines = [line(condition, chosen, said) for condition, chosen in _conditions(heard)]
    unheard = np.isnan(sure)
    lost = below | unheard
    return Spoken(
        name, bands, lines, len(heard), int(unheard.sum()), int(below.sum()), int(written[lost, 0].sum())
    )  # fmt: skip


def _conditions(heard: Sequence[Heard]) -> list[tuple[str, np.ndarray]]:
    named = [("no noise" if h.snr_db is None else f"noise {h.snr_db} dB below the voice") + f", {h.band} band" for h in heard]
    return [(name, np.array([one == name for one in named])) for name in dict.fromkeys(sorted(named, key=_order))]


def _order(name: str) -> tuple[int, str]:
    return (-99 if name.startswith("no noise") else -int(name.split()[1]), name)
