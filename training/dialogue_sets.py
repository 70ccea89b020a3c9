"""Dialogues as rows: what STAR and CaSiNo teach, split by agent and by dialogue.

Lives here: CaSiNo's marks of empathy, the halves of STAR's agents, sentences of STAR as presumed negatives.
Not here: single sentences (public_sets.py), measuring chats (measure_dialogues.py). `labels.*` other than the truth to be
measured, above all what the study told the customer, is read nowhere; MAIA-DQE is for measuring only and is never opened here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from training.rows import Part, Row, bucket

EMPATHY = "showing-empathy"
WEAK_NEGATIVE = -0.25

LICENCES = {
    "casino": ("CC BY 4.0", "CaSiNo, Chawla et al. 2021 (kushalchawla/CaSiNo@2f6ed4a6)"),
    "star": ("MIT", "STAR, Mosig et al. 2020 (RasaHQ/STAR@30589750)"),
}


def interactions(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the interactions of a JSON Lines file."""
    with path.open("rb") as handle:
        for line in handle:
            yield orjson.loads(line)


def casino_part(interaction_id: str) -> Part:
    """Return the part of a dialogue: a third is held out, a sixth calibrates, half teaches."""
    place = bucket(interaction_id, 6)
    return "test" if place < 2 else "calibrate" if place == 2 else "learn"


def casino(root: Path) -> Iterator[Row]:
    """Yield annotated utterances with whether they show empathy; the negotiator labels are a matter of whole utterances."""
    for one in interactions(root / "casino/transcripts/casino.jsonl"):
        if one["labels"].get("annotated"):
            part = casino_part(one["interaction_id"])
            for turn in one["turns"]:
                if "strategies" in turn:
                    shown = float(EMPATHY in turn["strategies"])
                    yield Row(turn["text"], "casino", part, {"empathy": shown}, turn["speaker"])


def star_teaches(agent_id: str | None) -> bool:
    """Whether an agent belongs to the half of STAR that may teach; the other half is for measuring."""
    return agent_id is not None and bucket(agent_id, 2) == 1


def star(root: Path) -> Iterator[Row]:
    """Yield customer turns of the teaching half with weak labels of frustration.

    There is no label of turns. In a chat whose agent found the customer aggressive, the turns VADER reads as negative are
    taken as frustrated; of the other chats, every tenth turn as not.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    for one in interactions(root / "star/transcripts/star.jsonl"):
        found = one["labels"].get("customer_aggressive")
        if found is None or not star_teaches(one["agent_id"]):
            continue
        for turn in one["turns"]:
            if turn["speaker"] != "customer":
                continue
            told = len(turn["text"].split()) >= 3
            negative = told and bool(found) and analyser.polarity_scores(turn["text"])["compound"] <= WEAK_NEGATIVE
            if negative or (not found and bucket(turn["text"], 10) == 3):
                yield Row(turn["text"], "star", "learn", {"frustration": float(negative)}, "customer")
