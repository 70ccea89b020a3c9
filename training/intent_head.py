"""Train a tenant's own intent head on the text model's embeddings.

    python -m training.intent_head requests.csv --text text --label reason --out my_head

Lives here: logistic regression over embeddings, its temperature and threshold from held-out folds, the directory that
aftercall/text/intent.py reads. Not here: reading the head (aftercall.text.intent), the encoder's own training (train.py).
"""

import argparse
import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from aftercall.contracts.errors import RequestError
from aftercall.text.intent import HEAD_FILE, LinearHead
from aftercall.text.model_text import model_text
from aftercall.text.signals import TextModel, load_signals
from aftercall.text.weights import CARD, places_from

FOLDS, SEED, C = 5, 7, 30.0
# The threshold names as many requests as it can while this share of the named ones is right.
RIGHT_OF_NAMED = 0.9
TEMPERATURES = tuple(np.round(np.geomspace(0.2, 5.0, 33), 4).tolist())


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out probabilities of every row, by folds in which no text stands on both sides."""

    p: np.ndarray
    truth: np.ndarray
    labels: tuple[str, ...]


def taught(embeddings: np.ndarray, truth: np.ndarray) -> LogisticRegression:
    """Return the regression every head is."""
    return LogisticRegression(max_iter=400, C=C).fit(embeddings, truth)


def held_out(embeddings: np.ndarray, texts: Sequence[str], names: Sequence[str]) -> Held:
    """Return the probabilities of each row by a head that never saw its text.

    Raises: RequestError, a reason has fewer than FOLDS different texts.
    """
    labels = tuple(sorted(set(names)))
    groups = [model_text(text) for text in texts]
    few = [name for name in labels if len({g for g, n in zip(groups, names, strict=True) if n == name}) < FOLDS]
    if few or len(labels) < 2:
        raise RequestError(
            f"Every reason needs at least {FOLDS} different requests, and there must be two reasons. Too few: {few}."
        )
    truth = np.array([labels.index(name) for name in names])
    p = np.zeros((len(texts), len(labels)))
    for learn, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED).split(embeddings, truth, groups):
        head = taught(embeddings[learn], truth[learn])
        p[np.ix_(test, head.classes_)] = head.predict_proba(embeddings[test])
    return Held(p, truth, labels)


def at_temperature(p: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities as a softmax of the same logits at another temperature."""
    powered = np.power(np.clip(p, 1e-12, None), 1.0 / temperature)
    return powered / powered.sum(axis=1, keepdims=True)


def temperature_of(held: Held) -> float:
    """Return the temperature with the least log loss on held-out rows (Guo et al. 2017)."""
    rows = np.arange(len(held.truth))
    losses = [-np.log(np.clip(at_temperature(held.p, t)[rows, held.truth], 1e-12, None)).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def threshold_of(p: np.ndarray, truth: np.ndarray, right_of_named: float = RIGHT_OF_NAMED) -> float:
    """Return the lowest threshold at which that share of the named rows is right; above 1 when none is.

    >>> threshold_of(np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]]), np.array([0, 0, 0]))
    0.8
    """
    top, right = p.max(axis=1), p.argmax(axis=1) == truth
    order = np.argsort(-top, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(shares >= right_of_named)
    return round(float(top[order][good[-1]]), 4) if len(good) else 1.01


def train_head(name: str, texts: Sequence[str], names: Sequence[str], model: TextModel) -> tuple[LinearHead, dict[str, Any]]:
    """Return the head over all rows, and what held-out folds say of it."""
    embeddings = model.embeddings(texts)
    known = ~np.isnan(embeddings).any(axis=1)
    embeddings, texts, names = embeddings[known], [t for t, k in zip(texts, known, strict=True) if k], [
        n for n, k in zip(names, known, strict=True) if k
    ]  # fmt: skip
    held = held_out(embeddings, texts, names)
    temperature = temperature_of(held)
    p = at_temperature(held.p, temperature)
    below = threshold_of(p, held.truth)
    named, right = p.max(axis=1) >= below, p.argmax(axis=1) == held.truth
    head = taught(embeddings, held.truth)
    weights, bias = head.coef_, head.intercept_
    if len(held.labels) == 2:
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    figures = {
        "rows_n": len(texts),
        "rows_of_label_n": dict(sorted(Counter(names).items())),
        "accuracy": round(float(right.mean()), 4),
        "named_share": round(float(named.mean()), 4),
        "right_of_named": round(float(right[named].mean()), 4) if named.any() else None,
        "folds_n": FOLDS,
    }
    return LinearHead(
        name, held.labels, below, temperature, weights.T.astype(np.float32), bias.astype(np.float32), model
    ), figures


def save_head(head: LinearHead, figures: dict[str, Any], out: Path, made_on: str) -> None:
    """Write head.npz and card.json."""
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / HEAD_FILE, weights=head.weights, bias=head.bias)
    card = {
        "name": head.name,
        "made_on": made_on,
        "encoder_version": head.model.version,
        "labels": list(head.labels),
        "temperature": head.temperature,
        "abstain_below": head.abstain_below,
        "held_out": figures,
        "sha256": hashlib.sha256((out / HEAD_FILE).read_bytes()).hexdigest(),
    }
    (out / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """Read the CSV, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--text", default="text", help="column of requests")
    parser.add_argument("--label", default="label", help="column of reasons")
    parser.add_argument("--name", default="tenant")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(argv)
    with args.csv.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    missing = [column for column in (args.text, args.label) if not rows or column not in rows[0]]
    if missing:
        raise RequestError(f"{args.csv.name} has no column {', '.join(missing)}. It has: {', '.join(rows[0] if rows else ())}.")
    pairs = [(row[args.text], row[args.label]) for row in rows if row[args.text].strip() and row[args.label].strip()]
    head, figures = train_head(args.name, [t for t, _ in pairs], [n for _, n in pairs], load_signals(places_from(os.environ)))
    save_head(head, figures, args.out, datetime.now(UTC).date().isoformat())
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
