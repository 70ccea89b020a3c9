"""Reasons for contact on four sets, beside TF-IDF + logistic regression in the same run.

    python -m training.evaluate_intents --real-data DIR --out docs/measured/intents.json

Lives here: Banking77 and CLINC150 by the model's own heads with out-of-scope requests, DSTC11 and MultiDoGO by heads trained on
its embeddings as a tenant would. Not here: training of the encoder (train.py), of such heads (intent_head.py), the model card
(evaluate.py).

What is held out: of Banking77 and CLINC150 the rows that no training of the encoder saw; of DSTC11 five folds in which no text
stands on both sides; of MultiDoGO whole conversations.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

from aftercall.text.intent import ModelHead, shipped_heads
from aftercall.text.model_text import model_text
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import Places, places_from
from training.intent_head import at_temperature, held_out, taught, temperature_of, threshold_of
from training.measure_intents import dstc11
from training.measure_sentences import features
from training.public_sets import banking77, clinc150
from training.rows import Row

DRAWS, SEED, FEWEST = 400, 7, 5
MULTIDOGO_CONVERSATIONS, MULTIDOGO_HELD = 700, 0.3
Metric = Callable[[np.ndarray], float]


@dataclass(frozen=True, slots=True)
class Told:
    """Labels told on some rows: place of the best label, its probability, whether the truth is among the best three."""

    best: np.ndarray
    p: np.ndarray
    in_three: np.ndarray


def with_interval(metric: Metric, n: int, groups: Sequence[object] | None = None) -> dict[str, float]:
    """Return a metric of row places with its 95 % bootstrap interval over rows, or over whole groups."""
    rng = np.random.default_rng(SEED)
    place: dict[object, list[int]] = {}
    for row in range(n):
        place.setdefault(groups[row] if groups is not None else row, []).append(row)
    members = [np.array(rows) for rows in place.values()]
    found = [metric(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])) for _ in range(DRAWS)]
    low, high = np.nanquantile(found, (0.025, 0.975))
    return {"value": round(metric(np.arange(n)), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def in_scope(truth: np.ndarray, told: Told, groups: Sequence[object] | None = None) -> dict[str, Any]:
    """Return accuracy, macro F1 over the labels of the truth, and top-3, with intervals."""
    right = (told.best == truth).astype(float)
    labels = np.unique(truth)

    def macro(rows: np.ndarray) -> float:
        return float(f1_score(truth[rows], told.best[rows], labels=labels, average="macro", zero_division=0))

    return {
        "n": len(truth),
        "labels_n": len(labels),
        "accuracy": with_interval(lambda rows: float(right[rows].mean()), len(truth), groups),
        "macro_f1": with_interval(macro, len(truth), groups),
        "top_3": with_interval(lambda rows: float(told.in_three[rows].mean()), len(truth), groups),
    }


def told_by(p: np.ndarray, truth: np.ndarray) -> Told:
    """Return what probabilities of shape (n, labels) tell."""
    ranked = np.argsort(-p, axis=1)
    return Told(ranked[:, 0], p.max(axis=1), (ranked[:, :3] == truth[:, None]).any(axis=1).astype(float))


def tfidf(learn: Sequence[str], truth: np.ndarray, label_n: int, test: Sequence[str]) -> np.ndarray:
    """Return the baseline's probabilities of shape (n, label_n)."""
    words = features()
    x = words.fit_transform([model_text(text) for text in learn])
    head = LogisticRegression(max_iter=300, C=20.0).fit(x, truth)
    p = np.zeros((len(test), label_n))
    p[:, head.classes_] = head.predict_proba(words.transform([model_text(text) for text in test]))
    return p


def all_probabilities(head: ModelHead, texts: Sequence[str]) -> np.ndarray:
    """Return every probability of a shipped head; the head's own public answer gives only the best one."""
    asked = head.model._card.head(head.name)
    rows = []
    for text in texts:
        logits = head.model._logits(model_text(text))
        rows.append(asked.probabilities(logits[0]) if logits else [0.0] * len(head.labels))
    return np.array(rows)


def out_of_scope(inside: np.ndarray, outside: np.ndarray, right: np.ndarray, below: float) -> dict[str, Any]:
    """Return how the best probability tells requests in scope from others, and what a threshold does.

    Args: inside, outside, best probabilities; right, whether the label inside is right; below, no reason is named under it.
    """
    score, far = np.concatenate([inside, outside]), np.concatenate([np.zeros(len(inside)), np.ones(len(outside))])
    named = inside >= below
    ok = np.concatenate([right * named, (outside < below).astype(float)])

    def auc(rows: np.ndarray) -> float:
        return float(roc_auc_score(far[rows], -score[rows])) if 0 < far[rows].sum() < len(rows) else float("nan")

    return {
        "outside_n": len(outside),
        "auroc": with_interval(auc, len(score)),
        "threshold": round(float(below), 4),
        "outside_rejected": with_interval(lambda rows: float((outside[rows] < below).mean()), len(outside)),
        "inside_named": with_interval(lambda rows: float(named[rows].mean()), len(inside)),
        "right_of_named_inside": round(float(right[named].mean()), 4) if named.any() else None,
        "right_or_rejected_all": with_interval(lambda rows: float(ok[rows].mean()), len(ok)),
    }


def shipped_figures(name: str, rows: Sequence[Row], head: ModelHead) -> dict[str, Any]:
    """Return the figures of a shipped head on held-out rows, and of the baseline taught on what the encoder learned from."""
    learn = [row for row in rows if row.part == "learn" and not isinstance(row.targets[name], tuple)]
    test = [row for row in rows if row.part == "test"]
    inside = [row for row in test if not isinstance(row.targets[name], tuple)]
    outside = [row for row in test if isinstance(row.targets[name], tuple)]
    truth = np.array([int(row.targets[name]) for row in inside])  # type: ignore[arg-type]
    known = np.array([int(row.targets[name]) for row in learn])  # type: ignore[arg-type]
    every = [row.text for row in (*inside, *outside)]
    base = tfidf([row.text for row in learn], known, len(head.labels), every)
    model = all_probabilities(head, every)
    out: dict[str, Any] = {
        "model": in_scope(truth, told_by(model[: len(inside)], truth)),
        "tfidf": in_scope(truth, told_by(base[: len(inside)], truth)),
    }
    if outside:
        for way, p, below in (("model", model, head.abstain_below), ("tfidf", base, 0.0)):
            near, far = p[: len(inside)].max(axis=1), p[len(inside) :].max(axis=1)
            right = (p[: len(inside)].argmax(axis=1) == truth).astype(float)
            # The baseline names the same share in scope as the model does: its threshold is set on these very rows.
            share = float((model[: len(inside)].max(axis=1) >= head.abstain_below).mean())
            out[way]["out_of_scope"] = out_of_scope(near, far, right, below or float(np.quantile(near, 1 - share)))
    return out


def dstc11_report(model: Signals, root: Path) -> dict[str, Any]:
    """Return reasons the encoder never saw, by a head on its embeddings, in five folds grouped by text."""
    pairs = dstc11(root)
    forms = {}
    for text, reason in pairs:
        forms.setdefault(reason, set()).add(model_text(text))
    pairs = [pair for pair in pairs if len(forms[pair[1]]) >= FEWEST]
    texts, names = [text for text, _ in pairs], [name for _, name in pairs]
    held = held_out(model.embeddings(texts), texts, names)
    base = held_out_words(texts, held)
    p = at_temperature(held.p, temperature_of(held))
    below = threshold_of(p, held.truth)
    named, right = p.max(axis=1) >= below, p.argmax(axis=1) == held.truth
    return {
        "left_out": f"reasons with fewer than {FEWEST} different requests",
        "model": in_scope(held.truth, told_by(held.p, held.truth)),
        "tfidf": in_scope(held.truth, told_by(base, held.truth)),
        "tenant_threshold": {
            "threshold": below,
            "named_share": round(float(named.mean()), 4),
            "right_of_named": round(float(right[named].mean()), 4),
        },
    }


def held_out_words(texts: Sequence[str], held: Any) -> np.ndarray:
    """Return the baseline's probabilities in the same folds."""
    from sklearn.model_selection import StratifiedGroupKFold

    from training import intent_head

    groups = [model_text(text) for text in texts]
    p = np.zeros_like(held.p)
    folds = StratifiedGroupKFold(intent_head.FOLDS, shuffle=True, random_state=intent_head.SEED)
    for learn, test in folds.split(p, held.truth, groups):
        p[test] = tfidf([texts[i] for i in learn], held.truth[learn], p.shape[1], [texts[i] for i in test])
    return p


def multidogo_report(model: Signals, root: Path) -> dict[str, Any]:
    """Return intents of customer turns in six domains; a seeded sample of conversations, a third of them held out whole."""
    path = root / "multidogo" / "transcripts" / "multidogo_customer_turns.jsonl"
    chats = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chats = random.Random(SEED).sample(chats, MULTIDOGO_CONVERSATIONS)
    cut = int(len(chats) * (1 - MULTIDOGO_HELD))
    rows = [
        (turn["text"], turn["intents"][0], chat["interaction_id"], place < cut)
        for place, chat in enumerate(chats)
        for turn in chat["turns"]
        if len(turn["intents"]) == 1 and turn["text"].strip()
    ]
    common = {name for name, n in Counter(name for _, name, _, learns in rows if learns).items() if n >= FEWEST}
    rows = [row for row in rows if row[1] in common]
    labels = sorted(common)
    truth = np.array([labels.index(name) for _, name, _, _ in rows])
    learns = np.array([one for *_, one in rows])
    texts = [text for text, *_ in rows]
    embedded = model.embeddings(texts)
    head = taught(embedded[learns], truth[learns])
    p = np.zeros((int((~learns).sum()), len(labels)))
    p[:, head.classes_] = head.predict_proba(embedded[~learns])
    test = [text for text, one in zip(texts, learns, strict=True) if not one]
    base = tfidf([text for text, one in zip(texts, learns, strict=True) if one], truth[learns], len(labels), test)
    groups = [row[2] for row in rows if not row[3]]
    held = truth[~learns]
    return {
        "sample": f"{MULTIDOGO_CONVERSATIONS} of 7,081 conversations, seed {SEED}; turns with one intent; customer turns only",
        "model": in_scope(held, told_by(p, held), groups),
        "tfidf": in_scope(held, told_by(base, held), groups),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real-data", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, default=None, help="directory of the text model; default: the one of this machine"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/measured/intents.json"))
    args = parser.parse_args(argv)
    places: Places = places_from(os.environ | ({"AFTERCALL_TEXT_MODEL": str(args.model)} if args.model else {}))
    model = load_signals(places, thread_n=1)
    heads, root, begun = shipped_heads(places, model), args.real_data, time.monotonic()
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "banking77": lambda: shipped_figures("banking77", list(banking77(root)), heads["banking77"]),
        "clinc150": lambda: shipped_figures("clinc150", list(clinc150(root)), heads["clinc150"]),
        "dstc11": lambda: dstc11_report(model, root),
        "multidogo": lambda: multidogo_report(model, root),
    }
    report: dict[str, Any] = {
        "what": "Reasons for contact by the model's heads and by heads on its embeddings, beside TF-IDF + logistic regression.",
        "command": "python -m training.evaluate_intents --real-data DIR",
        "model_version": model.version,
        "notes": [
            "Intervals are 95 % bootstrap over rows; over conversations for multidogo.",
            "Of the development halves only what no training saw; the test parts of the sources are not here.",
        ],
    }
    for name, step in steps.items():
        report[name] = step()
        print(f"{time.monotonic() - begun:6.0f} s  {name} {json.dumps(report[name])}", file=sys.stderr, flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
