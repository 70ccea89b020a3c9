"""Our own sentences: written for this model by this project, one file a topic under training/sentences.

Lives here: what their label names mean for each head, their parts, the names that are dropped now and then.
Not here: the sentences (sentences/*.tsv: text, labels, speaker), public sets (public_sets.py).
"""

import csv
import random
import re
from collections.abc import Iterator
from pathlib import Path

from training.heads import ACTS
from training.rows import Row, part_of

PLACE = Path(__file__).parent / "sentences"
# A fifth is held out, a seventh calibrates and sets cut points: the sets are small, and thresholds need positives.
CALIBRATE = (1, 6, 11)
# Marked by the writers of the sentences, sentence by sentence; emotions of GoEmotions are not theirs to judge.
WRITTEN_ACTS = tuple(act for act in ACTS if act not in ("annoyance", "caring", "remorse", "curiosity"))
POLITENESS = {"polite": 1.2, "rude": -1.8}
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+\b")


def targets_of(labels: set[str], text: str, speaker: str) -> dict[str, float | int]:
    """Return the targets of one sentence: what is not marked is not done.

    A question is one with its sign or marked as such. A customer's frustration is negative sentiment, thanks alone positive.

    >>> targets_of({"apology"}, "I am sorry.", "agent")["apology"]
    1.0
    """
    out: dict[str, float | int] = {act: float(act in labels) for act in WRITTEN_ACTS}
    asked = bool(labels & {"open_question", "closed_question"}) or text.rstrip().endswith("?")
    out["question"] = float(asked)
    for name, value in POLITENESS.items():
        if name in labels:
            out["politeness"] = value
    if speaker == "customer":
        if "frustration" in labels:
            out["sentiment"] = 0
        elif "gratitude" in labels and not labels & {"trouble", "cannot_pay"}:
            out["sentiment"] = 2
    return out


def own_sentences(place: Path = PLACE) -> Iterator[Row]:
    """Yield the written sentences; raises ValueError naming the file and line that has not three columns."""
    for path in sorted(place.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for number, line in enumerate(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if number == 1 and line[:1] == ["text"]:
                    continue
                if len(line) != 3:
                    raise ValueError(f"{path.name}, line {number}: {len(line)} columns; needed are text, labels, speaker")
                text, names, speaker = line
                labels = {name.strip() for name in names.split(",")}
                yield Row(text, "own", part_of(text, CALIBRATE), targets_of(labels, text, speaker), speaker)


def without_names(text: str, rng: random.Random, share: float = 0.3) -> str:
    """Return the text with capitalised words inside it masked, in `share` of the calls: a head must not learn names."""
    return _NAME.sub("⟨masked⟩", text) if rng.random() < share else text
