"""The public sets of single sentences, as rows.

Lives here: GoEmotions, TyDiP, Banking77, CLINC150 (from the real-data folder), the rated sentences of the vaderSentiment
2.5 source package, how each is split, licence and owner of each.
Not here: dialogues (dialogue_sets.py), our own sentences (own_sentences.py).
"""

import csv
import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path

from training.heads import EMOTION_GROUPS
from training.rows import Part, Row, Target, bucket, part_of

# Neutral is what 20 raters together place within 0.5 of zero on -4..4. Measured twice: on every held-out sentence, and without
# those that the raters place between 0.4 and 0.6, where the class is chance; so VADER comes nearest to the figures of
# scoring.md 13 (accuracy 0.730, macro F1 0.665, n = 1,512; see docs/model_card.md).
NEUTRAL_BAND = 0.5
UNCLEAR = (0.4, 0.6)
# Standard error of a mean of 20 ratings with a spread of about 1.1: a rating near the band is a soft label.
RATING_ERROR = 0.25

RATED_FILES = {
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
}
RATED_SHA256 = {
    "amazon": "11a9807a0974a2506a2d3b4851eaf69b3d6d20688ce4923adda2312a4f6dd6c2",
    "tweets": "dfbe7102e2f92579ed8b19df9a3822491880697c67adf712fb66e520cc05102f",
    "movie": "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
    "nyt": "7d8fbcce7dde5d716da53e78f4ef4be6b706e9ef1e1d51887e6d0ad4b69cc27e",
}
LEXICON_FILE = "vader_lexicon.txt"
LEXICON_SHA256 = "9bc66eea151e5eeb0ec428ab0ff17aa1d2e8ac15c7ce73178bea3c3b1d346e2f"
# Raters use -4..4; halved, the squared error of a rating weighs about as much as the loss of an act.
VALENCE_SCALE = 0.5

POSITIVE = {
    "admiration",
    "amusement",
    "approval",
    "caring",
    "excitement",
    "gratitude",
    "joy",
    "love",
    "optimism",
    "pride",
    "relief",
}
NEGATIVE = {
    "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
    "remorse", "sadness",
}  # fmt: skip
OUT_OF_SCOPE = "oos"

LICENCES = {
    "goemotions": (
        "CC BY 4.0",
        "GoEmotions, Demszky et al. 2020, Google; copy monologg/GoEmotions-pytorch@b75f9d3a (Apache-2.0)",
    ),
    "tydip": ("CC BY 4.0", "TyDiP, Srinivasan and Choi 2022 (Genius1237/TyDiP@dfc63068), from the Stanford Politeness Corpus"),
    "banking77": ("CC BY 4.0", "Banking77, Casanueva et al. 2020, PolyAI (task-specific-datasets@57ec275d)"),
    "clinc150": ("CC BY 3.0", "CLINC150, Larson et al. 2019 (clinc/oos-eval@828f8093)"),
    "lexicon": ("MIT", "vaderSentiment 2.5 source package, Hutto and Gilbert 2014: single words rated by 10 people"),
    "unclear": ("MIT", "as rated: held-out sentences rated near the border of neutral"),
    "rated": ("MIT", "vaderSentiment 2.5 source package, Hutto and Gilbert 2014: mean ratings by 20 people"),
}


def emotion_names(root: Path) -> tuple[str, ...]:
    """Return the 28 names of GoEmotions in the order of their ids."""
    return tuple((root / "training/goemotions/labels.txt").read_text(encoding="utf-8").split())


def sentiment_of(names: set[str]) -> int | None:
    """Return the sentiment class that a comment's emotions agree on; None when they are mixed or ambiguous.

    >>> sentiment_of({"joy", "love"}), sentiment_of({"neutral"}), sentiment_of({"joy", "anger"}), sentiment_of({"surprise"})
    (2, 1, None, None)
    """
    good, bad = bool(names & POSITIVE), bool(names & NEGATIVE)
    if good != bad:
        return 2 if good else 0
    return 1 if names == {"neutral"} else None


def goemotions(root: Path, name: str) -> Iterator[Row]:
    """Yield the comments of train.tsv (learn, calibrate) or dev.tsv (test)."""
    names = emotion_names(root)
    for line in (root / f"training/goemotions/{name}.tsv").read_text(encoding="utf-8").splitlines():
        text, ids, _comment = line.split("\t")
        said = {names[int(i)] for i in ids.split(",")}
        targets: dict[str, float | int] = {f"emotion_{emotion}": float(emotion in said) for emotion in names}
        targets |= {act: float(bool(said & set(group))) for act, group in EMOTION_GROUPS.items()}
        mapped = sentiment_of(said)
        if mapped is not None:
            targets["sentiment"] = mapped
        part: Part = "test" if name == "dev" else "calibrate" if bucket(text) == 1 else "learn"
        yield Row(text, "goemotions", part, targets)


def tydip(root: Path) -> Iterator[Row]:
    """Yield the requests with their politeness, a real number around 0."""
    with (root / "training/tydip_politeness/en_train.csv").open(encoding="utf-8", newline="") as handle:
        for line in csv.DictReader(handle):
            yield Row(line["sentence"], "tydip", part_of(line["sentence"]), {"politeness": float(line["score"])})


def banking_rows(root: Path) -> list[tuple[str, str]]:
    """Return text and contact reason of every row of Banking77's training part."""
    with (root / "training/banking77/train.csv").open(encoding="utf-8", newline="") as handle:
        return [(line["text"], line["category"]) for line in csv.DictReader(handle)]


def banking77(root: Path) -> Iterator[Row]:
    """Yield banking requests with the index of their reason among the sorted names."""
    pairs = banking_rows(root)
    index = {name: i for i, name in enumerate(sorted({name for _, name in pairs}))}
    for text, name in pairs:
        yield Row(text, "banking77", part_of(text), {"banking77": index[name]})


def clinc_rows(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Return text and intent by the source's own parts: train, val, oos_train, oos_val."""
    return {
        k: [tuple(pair) for pair in v] for k, v in json.loads((root / "training/clinc150/train_val.json").read_bytes()).items()
    }


def clinc150(root: Path) -> Iterator[Row]:
    """Yield requests with their intent; out of scope is the even distribution, so that the head learns to be unsure there.

    Learn: the source's train; its val is halved into calibrate and test.
    """
    parts = clinc_rows(root)
    names = sorted({name for _, name in parts["train"]})
    index = {name: i for i, name in enumerate(names)}
    even = (1 / len(names),) * len(names)
    for source, pairs in parts.items():
        for text, name in pairs:
            half: Part = "calibrate" if bucket(text) % 2 else "test"
            part: Part = "learn" if source.endswith("train") else half
            yield Row(text, "clinc150", part, {"clinc150": even if name == OUT_OF_SCOPE else index[name]})


def soft_sentiment(mean: float) -> tuple[float, float, float]:
    """Return how likely the true mean rating lies below, within and above the neutral band.

    >>> [round(p, 2) for p in soft_sentiment(0.5)]
    [0.0, 0.5, 0.5]
    """
    below = 0.5 * math.erfc((mean + NEUTRAL_BAND) / (RATING_ERROR * math.sqrt(2)))
    above = 0.5 * math.erfc((NEUTRAL_BAND - mean) / (RATING_ERROR * math.sqrt(2)))
    return below, 1 - below - above, above


def sentiment_class(mean: float) -> int:
    """Return 0, 1 or 2 for a mean rating below, within or above the neutral band."""
    return 0 if mean < -NEUTRAL_BAND else 2 if mean > NEUTRAL_BAND else 1


def rated_lines(folder: Path, source: str) -> list[tuple[str, float]]:
    """Return sentence and mean rating (-4..4) of one source; raises ValueError when the file is not the one measured with."""
    data = (folder / RATED_FILES[source]).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != RATED_SHA256[source]:
        raise ValueError(f"{folder / RATED_FILES[source]}: SHA-256 {found} is not the pinned {RATED_SHA256[source]}")
    lines = [line.split("\t", 2) for line in data.decode("utf-8", errors="replace").split("\n")]
    return [(line[2].strip(), float(line[1])) for line in lines if len(line) == 3]


def rated(folder: Path) -> Iterator[Row]:
    """Yield the rated sentences: soft sentiment and the mean rating to learn from, plain classes to calibrate and test.

    Those to test whose rating is near the border are of the origin `unclear_<source>`.
    """
    for source in RATED_FILES:
        for text, mean in rated_lines(folder, source):
            part = part_of(text)
            learned: dict[str, Target] = {"sentiment": soft_sentiment(mean), "valence": VALENCE_SCALE * mean}
            targets = learned if part == "learn" else {"sentiment": sentiment_class(mean)}
            near = part == "test" and UNCLEAR[0] < abs(mean) < UNCLEAR[1]
            yield Row(text, f"{'unclear' if near else 'rated'}_{source}", part, targets)


def lexicon(folder: Path) -> Iterator[Row]:
    """Yield the rated words of letters alone, as texts of one word that teach the mean rating.

    They teach no sentiment: every word was chosen because it is not neutral. Raises ValueError when the file is another.
    """
    data = (folder / LEXICON_FILE).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != LEXICON_SHA256:
        raise ValueError(f"{folder / LEXICON_FILE}: SHA-256 {found} is not the pinned {LEXICON_SHA256}")
    for line in data.decode("utf-8").splitlines():
        word, mean, _spread, _ratings = line.split("\t")
        if word.isalpha():
            yield Row(word, "lexicon", "learn", {"valence": VALENCE_SCALE * float(mean)})
