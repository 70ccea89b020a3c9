"""Why the customer got in touch: the reason said in the opening turns, or none when no reason is sure.

Lives here: heads that name reasons (the text model's own, or one a tenant trained on its embeddings), the threshold below which
nothing is named, a tenant's own names for reasons. Not here: training such a head (training/intent_head.py), the model itself
(signals.py), what becomes of a reason (aftercall.scoring).
"""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from aftercall.contracts.errors import ModelError, RequestError
from aftercall.contracts.records import Turn
from aftercall.text.model_text import model_text
from aftercall.text.signals import Signals, TextModel, load_signals
from aftercall.text.weights import CARD, Places, find

# A customer's turn of fewer words is a greeting or an answer; the reason is looked for in so many longer ones.
FEWEST_WORDS, OPENING_TURNS = 3, 3
HEAD_FILE = "head.npz"
QUOTE_CHARACTERS = 200
Named = tuple[str, float] | None


class IntentHead(Protocol):
    """Names the reason of a text; a name depends on its text alone."""

    @property
    def name(self) -> str:
        """What the head is called."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Every reason it can name."""
        ...

    @property
    def abstain_below(self) -> float:
        """The probability under which no reason is named."""
        ...

    def best(self, texts: Sequence[str]) -> list[Named]:
        """Return (label, probability) of the likeliest reason of each text; None where the text could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class Intent:
    """The reason of an interaction. `label` is the likeliest reason even when it `is_abstained`: then it is not to be used.

    `reason` is the label in the tenant's words, None when abstained or unmapped. `null_reason` says why there is no label:
    no_opening (the customer said nothing long enough) or model_error.
    """

    label: str | None
    p: float | None
    is_abstained: bool
    reason: str | None = None
    turn: int | None = None
    start_s: float | None = None
    quote: str | None = None
    null_reason: str | None = None


@dataclass(frozen=True)
class ModelHead:
    """A softmax head of the text model."""

    name: str
    labels: tuple[str, ...]
    abstain_below: float
    model: Signals

    def best(self, texts: Sequence[str]) -> list[Named]:
        """Return the likeliest reason of each text."""
        return list(self.model.best_labels(self.name, texts))


@dataclass(frozen=True)
class LinearHead:
    """A linear head over the model's embeddings: softmax((embedding · weights + bias) / temperature)."""

    name: str
    labels: tuple[str, ...]
    abstain_below: float
    temperature: float
    weights: np.ndarray
    bias: np.ndarray
    model: TextModel

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Return float64 of shape (n, labels); NaN rows where an embedding is missing."""
        z = (embeddings.astype(np.float64) @ self.weights + self.bias) / self.temperature
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def best(self, texts: Sequence[str]) -> list[Named]:
        """Return the likeliest reason of each text, one text at a time, so that a value depends on its text alone."""
        return [self._one(one) for one in self.model.embeddings(texts)]

    def _one(self, embedding: np.ndarray) -> Named:
        if np.isnan(embedding).any():
            return None
        p = self.probabilities(embedding[None, :])[0]
        top = int(p.argmax())
        return self.labels[top], float(p[top])


@dataclass(frozen=True, slots=True)
class Reasons:
    """A tenant's names for the labels of one head."""

    head: str
    of_label: Mapping[str, str]


def shipped_heads(places: Places, model: Signals | None = None) -> dict[str, ModelHead]:
    """Return the intent heads of the text model by name, with the thresholds of its card.

    Raises: ModelMissing, ModelError; also when the model has no intent heads.
    """
    known = model or load_signals(places)
    path = find("signals", places).path / CARD
    if not path.is_file():
        raise ModelError(f"The text model at {path.parent} has no {CARD} and names no reasons. Use the shipped model.")
    heads = cast("list[dict[str, Any]]", json.loads(path.read_text("utf-8")).get("intents", []))
    if not heads:
        raise ModelError(f"The text model at {path.parent} has no intent heads. Use the shipped model, or train your own head.")
    return {
        str(one["name"]): ModelHead(str(one["name"]), tuple(map(str, one["labels"])), float(one["abstain_below"]), known)
        for one in heads
    }


def load_head(folder: Path, model: TextModel) -> LinearHead:
    """Return the tenant's head of a directory made by training/intent_head.py.

    Raises: ModelError, a file is missing or changed, or the head was trained on embeddings of another model.
    """
    try:
        card = cast("dict[str, Any]", json.loads((folder / CARD).read_text("utf-8")))
        data = (folder / HEAD_FILE).read_bytes()
        with np.load(folder / HEAD_FILE, allow_pickle=False) as arrays:
            weights, bias = arrays["weights"].astype(np.float64), arrays["bias"].astype(np.float64)
        labels, encoder = tuple(map(str, card["labels"])), str(card["encoder_version"])
        temperature, abstain_below, sha256 = float(card["temperature"]), float(card["abstain_below"]), str(card["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} holds no intent head ({type(error).__name__}: {error}). Train it again.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{folder / HEAD_FILE} is not the file its card names (SHA-256 differs). Train it again.")
    if encoder != model.version:
        raise ModelError(
            f"The intent head in {folder} is for embeddings of model {encoder}; this is {model.version}. Train it again."
        )
    if (
        weights.shape[1:] != (len(labels),)
        or bias.shape != (len(labels),)
        or not temperature > 0
        or not math.isfinite(temperature)
    ):
        raise ModelError(
            f"The intent head in {folder} does not fit its card: {weights.shape} weights for {len(labels)} labels."
        )
    return LinearHead(str(card["name"]), labels, abstain_below, temperature, weights, bias, model)


def read_reasons(path: Path, head: IntentHead) -> Reasons:
    """Return a tenant's names of reasons from a TOML file: reason = [labels of the head].

    Raises: RequestError, a label is unknown or stands under two reasons.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{path.name} is not TOML: {error}. Write lines such as: lost = ['lost_card'].") from None
    of_label = dict[str, str]()
    for reason, labels in table.items():
        every = cast("list[object]", labels) if isinstance(labels, list) else [labels]
        for label in map(str, every):
            if label not in head.labels:
                raise RequestError(f"{path.name}: {head.name} has no label {label!r}. It has: {', '.join(head.labels)}.")
            if label in of_label:
                raise RequestError(f"{path.name}: {label!r} stands under {of_label[label]!r} and {reason!r}; keep one.")
            of_label[label] = reason
    return Reasons(head.name, of_label)


def opening_turns(turns: Sequence[Turn]) -> list[Turn]:
    """Return the customer's first turns that are long enough to say a reason, at most three.

    >>> said = [Turn(0, "agent", "Hello"), Turn(1, "customer", "Hi"), Turn(2, "customer", "I lost my bank card")]
    >>> [turn.turn for turn in opening_turns(said)]
    [2]
    """
    spoken = [turn for turn in turns if turn.speaker == "customer" and model_text(turn.text)]
    return [turn for turn in spoken if len(turn.text.split()) >= FEWEST_WORDS][:OPENING_TURNS]


def intent_of(turns: Sequence[Turn], head: IntentHead, reasons: Reasons | None = None) -> Intent:
    """Return why the customer got in touch: the first opening turn in which a reason is sure, else none (abstained).

    Args: turns, in order; reasons, the tenant's names, for this head.
    Raises: RequestError, the names belong to another head.
    """
    if reasons is not None and reasons.head != head.name:
        raise RequestError(f"These reasons name labels of {reasons.head!r}, not of {head.name!r}. Give the file of that head.")
    opening = opening_turns(turns)
    if not opening:
        return Intent(None, None, is_abstained=True, null_reason="no_opening")
    read = [(turn, one) for turn, one in zip(opening, head.best([turn.text for turn in opening]), strict=True) if one]
    if not read:
        return Intent(None, None, is_abstained=True, null_reason="model_error")
    sure = next(((turn, one) for turn, one in read if one[1] >= head.abstain_below), None)
    turn, (label, p) = sure or max(read, key=lambda pair: pair[1][1])
    reason = (reasons.of_label.get(label) if reasons else label) if sure else None
    return Intent(label, p, sure is None, reason, turn.turn, turn.start_s, turn.text[:QUOTE_CHARACTERS])
