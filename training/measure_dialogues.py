"""Whole conversations: STAR chats, CaSiNo negotiations, live support of MAIA-DQE. Nothing of them taught what is measured.

Lives here: how turns become a chat's value, which labels are the truth, simple baselines in the same run.
Not here: single sentences (measure_sentences.py). The labels are compared with and never read by a model.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from aftercall.text.signals import Signals
from training.dialogue_sets import interactions, star_teaches
from training.measure import Figure, figure
from training.measure_sentences import vader_compound, values
from training.rows import Row

EMPATHY_WORDS = re.compile(
    r"\b(?:sorry|apologi\w+|understand|hear that|hope|worr\w+|frustrat\w+|sad|tough|hard|feel)\b", re.IGNORECASE
)
# Index into MAIA-DQE's emotions: empathy, happiness, neutral, disappointment, confusion, frustration, anger, anxiety.
MAIA_QUESTIONS = (("agent", {0}, "agent shows empathy"), ("customer", {3, 5, 6}, "customer negative"))
STAR_QUESTIONS = (
    ("customer_aggressive", True, "customer aggressive"),
    ("agent_calm_helpful", False, "agent not calm and helpful"),
)
CASINO_TARGET, STAR_TARGET = 0.30, 0.80


def chat_value(frustration: np.ndarray, sentiment: np.ndarray) -> float:
    """Return how annoyed a customer is over a chat: the mean of the turns' frustration, the worst turn, and low sentiment.

    Fixed beforehand, nothing in it is fitted.
    """
    top = np.sort(frustration)[-2:].mean()
    return float(0.5 * frustration.mean() + 0.25 * top - 0.25 * sentiment.mean())


def star_figures(model: Signals, root: Path) -> list[Figure]:
    """Return AUC and AP of chats of the agents that taught nothing, drawn by agent, beside VADER's mean over customer turns."""
    chats = [one for one in interactions(root / "star/transcripts/star.jsonl") if not star_teaches(one["agent_id"])]
    said = [[t["text"] for t in one["turns"] if t["speaker"] == "customer"] for one in chats]
    distinct = list(dict.fromkeys(text for texts in said for text in texts))
    at = {text: i for i, text in enumerate(distinct)}
    read, compound = model.values(distinct), vader_compound(distinct)
    frustration, sentiment = (read[:, model.heads.index(name)] for name in ("frustration", "sentiment"))
    questions = (
        ("customer_aggressive", True, "customer aggressive"),
        ("agent_calm_helpful", False, "agent not calm and helpful"),
    )
    out = []
    for label, wanted, what in questions:
        chosen = [i for i, one in enumerate(chats) if one["labels"].get(label) is not None and said[i]]
        truth = np.array([float(chats[i]["labels"][label] is wanted) for i in chosen])
        turns = [np.array([at[text] for text in said[i]]) for i in chosen]
        told = np.array([chat_value(frustration[rows], sentiment[rows]) for rows in turns])
        base = ("VADER", np.array([-compound[rows].mean() for rows in turns]))
        agents = [chats[i]["agent_id"] for i in chosen]
        goal = STAR_TARGET if label == "customer_aggressive" else None
        out.append(figure("STAR chats", what, "AUC", roc_auc_score, truth, told, groups=agents, baseline=base, target=goal))
        out.append(figure("STAR chats", what, "AP", average_precision_score, truth, told, groups=agents, baseline=base))
    return out


def casino_figures(model: Signals, root: Path, rows: Sequence[Row]) -> list[Figure]:
    """Return AUC and AP of empathy on dialogues not trained on, drawn by dialogue, beside a word list."""
    held = [row for row in rows if row.origin == "casino" and row.part == "test"]
    place = {
        turn["text"]: one["interaction_id"]
        for one in interactions(root / "casino/transcripts/casino.jsonl")
        if one["labels"].get("annotated")
        for turn in one["turns"]
    }
    texts = [row.text for row in held]
    truth, groups = np.array([row.targets["empathy"] for row in held]), [place[text] for text in texts]
    told, base = values(model, texts, "empathy"), ("word list", word_share(texts))
    metrics = (("AUC", roc_auc_score, None), ("AP", average_precision_score, CASINO_TARGET))
    return [
        figure("CaSiNo", "showing-empathy", name, metric, truth, told, groups=groups, baseline=base, target=goal)
        for name, metric, goal in metrics
    ]


def word_share(texts: Sequence[str]) -> np.ndarray:
    """Return how many words of the list each text has, per root of its length."""
    return np.array([len(EMPATHY_WORDS.findall(text)) / np.sqrt(len(text.split()) + 1) for text in texts])


def maia_sentences(root: Path) -> Iterator[tuple[str, str, str, int]]:
    """Yield (dialogue, speaker, English sentence, emotion) of every sentence that was annotated; files as published."""
    for path in sorted((root / "maia_dqe/data").glob("*.json")):
        for dialogue in json.loads(path.read_bytes()):
            for turn in dialogue["turns"]:
                yield from maia_turn(dialogue["id"], turn)


def maia_turn(dialogue: str, turn: dict[str, Any]) -> Iterator[tuple[str, str, str, int]]:
    """Yield the annotated sentences of one turn; a list of labels can be one shorter than the sentences."""
    customer = turn["floor"] == "inbound"
    texts, labels = turn["text_mt" if customer else "text_src"], turn["Emotion"]
    for text, label in zip(texts, labels or (), strict=False):
        if label is not None and text.strip():
            yield dialogue, "customer" if customer else "agent", text, int(label)


def maia_figures(model: Signals, root: Path) -> list[Figure]:
    """Return AUC and AP of the agent's empathy and the customer's negative emotion in live support, drawn by dialogue."""
    every = list(maia_sentences(root))
    out = []
    for side, labels, what in MAIA_QUESTIONS:
        chosen = [one for one in every if one[1] == side]
        texts, groups = [one[2] for one in chosen], [one[0] for one in chosen]
        truth = np.array([float(one[3] in labels) for one in chosen])
        read = {
            name: values(model, texts, name) for name in ("empathy", "acknowledgement", "frustration", "sentiment", "trouble")
        }
        if side == "agent":
            base, told = ("word list", word_share(texts)), np.maximum(read["empathy"], read["acknowledgement"])
        else:
            base, told = ("VADER", -vader_compound(texts)), read["frustration"] - 0.5 * read["sentiment"]
        goal = 0.11 if side == "agent" else 0.22
        out.append(figure("MAIA-DQE", what, "AUC", roc_auc_score, truth, told, groups=groups, baseline=base))
        out.append(
            figure("MAIA-DQE", what, "AP", average_precision_score, truth, told, groups=groups, baseline=base, target=goal)
        )
    return out
