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


def chat_values(means: np.ndarray, teaches: np.ndarray) -> np.ndarray:
    """Return how aggressive the customer's words are over each chat: low sentiment and politeness, rudeness, annoyance.

    `means` [chats, 4]: sentiment, politeness, rude, annoyance over the customer's turns. Each is put on one scale by the
    teaching half's mean and spread, then they are added. This sum was chosen on the teaching half among sums of four.
    """
    level, spread = means[teaches].mean(axis=0), means[teaches].std(axis=0)
    return ((means - level) / spread) @ np.array([-1.0, -1.0, 1.0, 1.0])


def star_figures(model: Signals, root: Path) -> list[Figure]:
    """Return AUC and AP of chats of the agents that taught nothing, and of all; drawn by agent, beside VADER's mean."""
    chats = list(interactions(root / "star/transcripts/star.jsonl"))
    said = [[t["text"] for t in one["turns"] if t["speaker"] == "customer"] for one in chats]
    chats, said = zip(*[(one, texts) for one, texts in zip(chats, said, strict=True) if texts], strict=True)
    distinct = list(dict.fromkeys(text for texts in said for text in texts))
    at = {text: i for i, text in enumerate(distinct)}
    columns = [model.heads.index(name) for name in ("sentiment", "politeness", "rude", "annoyance")]
    read, compound = model.values(distinct)[:, columns], vader_compound(distinct)
    turns = [[at[text] for text in texts] for texts in said]
    teaches = np.array([star_teaches(one["agent_id"]) for one in chats])
    told = chat_values(np.array([read[rows].mean(axis=0) for rows in turns]), teaches)
    base = np.array([-compound[rows].mean() for rows in turns])
    out = []
    for label, wanted, what in STAR_QUESTIONS:
        asked = np.array([one["labels"].get(label) is not None for one in chats])
        for which, chosen in (("STAR chats", asked & ~teaches), ("STAR, teaching half too", asked)):
            rows = np.flatnonzero(chosen)
            truth = np.array([float(chats[i]["labels"][label] is wanted) for i in rows])
            agents = [chats[i]["agent_id"] for i in rows]
            for name, metric in (("AUC", roc_auc_score), ("AP", average_precision_score)):
                goal = STAR_TARGET if (label, which, name) == ("customer_aggressive", "STAR chats", "AUC") else None
                here = ("VADER", base[rows])
                out.append(figure(which, what, name, metric, truth, told[rows], groups=agents, baseline=here, target=goal))
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
