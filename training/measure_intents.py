"""Reasons for contact: Banking77, CLINC150 with out-of-scope requests, DSTC11's spoken-style requests.

Lives here: accuracy, macro F1, abstaining, and new reasons learned from embeddings, beside TF-IDF + logistic regression.
Not here: training of the intent heads (train.py).
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from aftercall.text.model_text import model_text
from aftercall.text.signals import Signals
from training.measure import Figure, figure
from training.measure_sentences import features
from training.rows import Row

FOLDS = 5
SEED = 7
FEWEST = 5  # requests of one reason, so that every fold has one


def macro(truth: np.ndarray, told: np.ndarray) -> float:
    """Return the mean F1 over the reasons that occur in the truth."""
    return float(f1_score(truth, told, labels=np.unique(truth), average="macro", zero_division=0))


def intent_figures(model: Signals, rows: Sequence[Row], card: dict[str, Any]) -> list[Figure]:
    """Return the figures of both intent heads on held-out requests, with and without what is out of scope."""
    out = []
    for entry in card["intents"]:
        name, labels = entry["name"], entry["labels"]
        held = [row for row in rows if row.origin == name and row.part == "test"]
        learn = [row for row in rows if row.origin == name and row.part == "learn" and not isinstance(row.targets[name], tuple)]
        words = features()
        x = words.fit_transform([model_text(row.text) for row in learn])
        taught = LogisticRegression(max_iter=200, C=20.0).fit(x, [row.targets[name] for row in learn])
        p = taught.predict_proba(words.transform([model_text(row.text) for row in held]))
        best = model.best_labels(name, [row.text for row in held])
        told = np.array([labels.index(one[0]) if one else -1 for one in best])
        sure = np.array([one[1] if one else 0.0 for one in best])
        outside = np.array([isinstance(row.targets[name], tuple) for row in held])
        truth = np.array([-1 if far else row.targets[name] for row, far in zip(held, outside, strict=True)])
        base = ("TF-IDF", taught.classes_[p.argmax(1)][~outside])
        for metric, formula in (("accuracy", accuracy_score), ("macro F1", macro)):
            out.append(
                figure(
                    name, "reason, in scope", metric, formula, truth[~outside], told[~outside], positives=False, baseline=base
                )
            )
        if outside.any():
            far = outside.astype(float)
            out.append(figure(name, "out of scope", "AUC", roc_auc_score, far, -sure, baseline=("TF-IDF", -p.max(1))))
            named = sure >= entry["abstain_below"]
            right = np.where(outside, ~named, named & (told == truth)).astype(float)
            out.append(whole(name, "reason or abstained, all", right))
            out.append(whole(name, "abstained, out of scope", (~named[outside]).astype(float)))
            out.append(whole(name, "named, in scope", named[~outside].astype(float)))
    return out


def whole(where: str, what: str, right: np.ndarray) -> Figure:
    """Return a plain share with its interval (Wilson)."""
    n, share, z = len(right), float(right.mean()), 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Figure(where, what, "share", n, int(right.sum()), share, float(middle - half), float(middle + half))


def dstc11(root: Path) -> list[tuple[str, str]]:
    """Return text and reason (domain and intent) of every request."""
    with (root / "dstc11_utterances/utterances.csv").open(encoding="utf-8", newline="") as handle:
        return [(line["text"], f"{line['domain']}/{line['intent']}") for line in csv.DictReader(handle)]


def dstc11_figures(model: Signals, root: Path) -> list[Figure]:
    """Return macro F1 and top-3 of reasons the model never saw, learned from its embeddings in five folds."""
    pairs = dstc11(root)
    reasons = [reason for _, reason in pairs]
    pairs = [pair for pair in pairs if reasons.count(pair[1]) >= FEWEST]
    texts, truth = [text for text, _ in pairs], np.unique([reason for _, reason in pairs], return_inverse=True)[1]
    embedded = model.embeddings(texts)
    told, base = np.zeros_like(truth), np.zeros_like(truth)
    in_three, base_three = np.zeros(len(truth)), np.zeros(len(truth))
    for learn, held in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(embedded, truth):
        words = features()
        x, held_x = (
            words.fit_transform([model_text(texts[i]) for i in learn]),
            words.transform([model_text(texts[i]) for i in held]),
        )
        taught = LogisticRegression(max_iter=500, C=30.0).fit(embedded[learn], truth[learn])
        plain = LogisticRegression(max_iter=500, C=20.0).fit(x, truth[learn])
        for p, classes, one, three in (
            (taught.predict_proba(embedded[held]), taught.classes_, told, in_three),
            (plain.predict_proba(held_x), plain.classes_, base, base_three),
        ):
            ranked = classes[np.argsort(-p, axis=1)]
            one[held] = ranked[:, 0]
            three[held] = (ranked[:, :3] == truth[held][:, None]).any(1)
    what = f"{len(np.unique(truth))} reasons, from embeddings"
    share = whole("DSTC11", what, in_three)
    top3 = Figure(
        "DSTC11", what, "top-3", share.n, None, share.value, share.low, share.high, "TF-IDF", float(base_three.mean())
    )
    f1 = figure("DSTC11", what, "macro F1", macro, truth, told, positives=False, baseline=("TF-IDF", base))
    return [f1, top3]
