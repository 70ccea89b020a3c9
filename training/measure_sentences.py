"""Single sentences: sentiment against people's ratings, acts against GoEmotions, politeness, our own held-out sentences.

Lives here: what is measured on which held-out rows, beside VADER and TF-IDF + logistic regression in the same run.
Not here: chats and live support (measure_dialogues.py), intents (measure_intents.py), intervals (measure.py).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score

from aftercall.text.model_text import model_text
from aftercall.text.signals import Signals
from training.heads import EMOTION_GROUPS, SENTIMENT
from training.measure import Figure, figure
from training.rows import Row, recogniser_like

TARGETS = {"caring": 0.88, "remorse": 0.965, "gratitude": 0.985, "annoyance": 0.85, "curiosity": 0.88}
SENTIMENT_TARGET, POLITENESS_TARGET = 0.76, 0.65
FEATURES = 60_000


def macro_f1(truth: np.ndarray, told: np.ndarray) -> float:
    """Return the mean F1 of the three classes."""
    counts = np.bincount(3 * truth.astype(int) + told.astype(int), minlength=9).reshape(3, 3)
    return float(np.mean(2 * np.diag(counts) / np.maximum(counts.sum(0) + counts.sum(1), 1)))


def rank_correlation(truth: np.ndarray, told: np.ndarray) -> float:
    """Return Spearman's rank correlation."""
    return float(spearmanr(truth, told).statistic)


def vader_compound(texts: Sequence[str]) -> np.ndarray:
    """Return VADER's compound score of each text, -1..1, punctuation and capitals as written: it uses them."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return np.array([analyser.polarity_scores(text)["compound"] for text in texts])


def vader_class(compound: np.ndarray) -> np.ndarray:
    """Return 0, 1, 2 at VADER's own limits of ±0.05."""
    return np.where(compound <= -0.05, 0, np.where(compound >= 0.05, 2, 1))


def values(model: Signals, texts: Sequence[str], head: str) -> np.ndarray:
    """Return one head's values of turns, as the product sees them."""
    return model.values(texts)[:, model.heads.index(head)]


def features() -> TfidfVectorizer:
    """Return the word and word-pair weights every baseline uses."""
    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=FEATURES, sublinear_tf=True)


def sentiment_classes(model: Signals, texts: Sequence[str]) -> np.ndarray:
    """Return the likeliest class of each whole text."""
    best = model.best_labels("sentiment", texts)
    return np.array([1 if one is None else SENTIMENT.index(one[0]) for one in best])


def sentiment_figures(model: Signals, rows: Sequence[Row]) -> list[Figure]:
    """Return macro F1 and accuracy on the held-out rated sentences, by source, with and without punctuation, beside VADER."""
    held = [row for row in rows if row.part == "test" and row.origin.startswith(("rated_", "unclear_"))]
    both = ("rated_amazon", "rated_tweets")
    sets = {
        "reviews + tweets": both,
        "reviews + tweets, unclear too": (*both, "unclear_amazon", "unclear_tweets"),
        **{name: (f"rated_{name}",) for name in ("amazon", "tweets", "movie", "nyt")},
    }
    out = []
    for name, sources in sets.items():
        here = [row for row in held if row.origin in sources]
        if not here:
            continue
        truth = np.array([row.targets["sentiment"] for row in here])
        texts = [row.text for row in here]
        told, other = sentiment_classes(model, texts), vader_class(vader_compound(texts))
        goal = SENTIMENT_TARGET if sources == both else None
        base = ("VADER", other)
        what = "sentiment of 20 raters"
        out.append(
            figure(f"rated: {name}", what, "macro F1", macro_f1, truth, told, positives=False, baseline=base, target=goal)
        )
        out.append(figure(f"rated: {name}", what, "accuracy", accuracy_score, truth, told, positives=False, baseline=base))
        if sources == both:
            spoken = [recogniser_like(text) or text for text in texts]
            base = ("VADER", vader_class(vader_compound(spoken)))
            what += ", no punctuation"
            told = sentiment_classes(model, spoken)
            out.append(figure(f"rated: {name}", what, "macro F1", macro_f1, truth, told, positives=False, baseline=base))
    return out


def emotion_figures(model: Signals, rows: Sequence[Row]) -> list[Figure]:
    """Return the AUC of five acts on GoEmotions' dev part, beside TF-IDF + logistic regression."""
    learn = [row for row in rows if row.origin == "goemotions" and row.part == "learn"]
    held = [row for row in rows if row.origin == "goemotions" and row.part == "test"]
    words = features()
    x = words.fit_transform([model_text(row.text) for row in learn])
    held_x = words.transform([model_text(row.text) for row in held])
    read = model.values([row.text for row in held])
    out = []
    for act in EMOTION_GROUPS:
        truth = np.array([row.targets[act] for row in held])
        taught = LogisticRegression(max_iter=300, C=2.0).fit(x, [row.targets[act] for row in learn])
        base = ("TF-IDF", taught.predict_proba(held_x)[:, 1])
        told = read[:, model.heads.index(act)]
        out.append(figure("GoEmotions dev", act, "AUC", roc_auc_score, truth, told, baseline=base, target=TARGETS[act]))
    return out


def politeness_figures(model: Signals, rows: Sequence[Row]) -> list[Figure]:
    """Return the rank correlation with TyDiP's politeness on its held-out fifth, beside TF-IDF + ridge."""
    learn = [row for row in rows if row.origin == "tydip" and row.part == "learn"]
    held = [row for row in rows if row.origin == "tydip" and row.part == "test"]
    words = features()
    x = words.fit_transform([model_text(row.text) for row in learn])
    taught = Ridge(alpha=3.0).fit(x, [row.targets["politeness"] for row in learn])
    base = ("TF-IDF", taught.predict(words.transform([model_text(row.text) for row in held])))
    truth = np.array([row.targets["politeness"] for row in held])
    told = values(model, [row.text for row in held], "politeness")
    return [
        figure(
            "TyDiP", "politeness", "rank corr.", rank_correlation, truth, told,
            positives=False, baseline=base, target=POLITENESS_TARGET,
        )
    ]  # fmt: skip


def own_figures(model: Signals, rows: Sequence[Row], card: dict[str, Any]) -> list[Figure]:
    """Return AUC and average precision of every act on our own held-out sentences."""
    held = [row for row in rows if row.origin == "own" and row.part == "test"]
    read = model.values([row.text for row in held])
    out = []
    for entry in card["heads"]:
        act = entry["name"]
        known = [i for i, row in enumerate(held) if act in row.targets and entry["kind"] == "sigmoid"]
        truth = np.array([held[i].targets[act] for i in known])
        if truth.sum() < 5:
            continue
        told = read[known, model.heads.index(act)]
        metrics: dict[str, Callable] = {"AUC": roc_auc_score, "AP": average_precision_score}
        out += [figure("own sentences", act, name, metric, truth, told) for name, metric in metrics.items()]
    return out
