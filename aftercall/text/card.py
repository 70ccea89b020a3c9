"""What a text model's outputs mean: its card, read and checked, and logits turned into values.

Lives here: Head, Card, `read_card`, `fold_turns` (sentences to turns). Not here: where a model is found (weights.py), running
it (onnx_reader.py, classifier_reader.py).

One text is worked out at a time in plain floats: vector arithmetic may round a row differently where it stands in a batch.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from aftercall.contracts.errors import ModelError
from aftercall.text.model_text import TEXT_FORM

Kind = Literal["softmax", "sigmoid", "real"]
Fold = Literal["max", "mean"]
_KINDS: tuple[Kind, ...] = ("softmax", "sigmoid", "real")
_SENTIMENT = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
VERSION_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Head:
    """One answer of the model: a slice of its logits, and what is made of it.

    softmax: probabilities of `labels` at a temperature; with `weights` (one a label) also one value, their weighted sum.
    sigmoid: sigmoid(a · logit + b), calibrated (Platt 1999). real: a · logit + b, held in 0..1.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    start: int
    size: int
    temperature: float = 1.0
    scale: tuple[float, float] = (1.0, 0.0)
    weights: tuple[float, ...] | None = None

    @property
    def has_value(self) -> bool:
        """Whether the head gives one number; a softmax over intents gives labels only."""
        return self.kind != "softmax" or self.weights is not None

    @property
    def fold(self) -> Fold:
        """How sentences make a turn: an act is done once it is done anywhere, a tone is spread over all words."""
        if self.kind == "softmax":
            return "mean" if self.weights is not None and min(self.weights) < 0 else "max"
        return "mean" if self.kind == "real" else "max"

    @property
    def of_nothing(self) -> float:
        """The value of a turn without words: no act, no feeling, neutral manners."""
        return 0.5 if self.kind == "real" else 0.0

    def probabilities(self, logits: Sequence[float]) -> list[float]:
        """Return the probability of each label (of the one label, for sigmoid and real) from all logits of one text."""
        z = logits[self.start : self.start + self.size]
        if self.kind == "softmax":
            top = max(z)
            e = [math.exp((x - top) / self.temperature) for x in z]
            total = sum(e)
            return [x / total for x in e]
        a, b = self.scale
        linear = a * z[0] + b
        return [min(max(linear, 0.0), 1.0) if self.kind == "real" else 0.5 * (1.0 + math.tanh(0.5 * linear))]

    def value(self, logits: Sequence[float]) -> float:
        """Return the head's one number.

        >>> round(Head("thanks", "sigmoid", ("thanks",), 0, 1, scale=(2.0, -1.0)).value([3.0]), 3)
        0.993
        """
        p = self.probabilities(logits)
        return p[0] if self.weights is None else sum(weight * x for weight, x in zip(self.weights, p, strict=True))


@dataclass(frozen=True, slots=True)
class Card:
    """All heads of a model, how much it reads at once, and the name of everything that decides its values."""

    heads: tuple[Head, ...]
    max_tokens: int
    version: str

    @property
    def valued(self) -> tuple[Head, ...]:
        """The heads that give one number, in order."""
        return tuple(head for head in self.heads if head.has_value)

    def values(self, logits: Sequence[float]) -> list[float]:
        """Return the values of one text, one for each valued head."""
        return [head.value(logits) for head in self.valued]

    @property
    def logit_n(self) -> int:
        """How many logits the model must give."""
        return max(head.start + head.size for head in self.heads)

    def head(self, name: str) -> Head:
        """Return a head by name. Raises: ModelError, there is none."""
        for head in self.heads:
            if head.name == name:
                return head
        raise ModelError(f"The text model has no head {name!r}. It has: {', '.join(head.name for head in self.heads)}.")


def fold_turns(card: Card, values: np.ndarray, token_n: np.ndarray, turn_of: np.ndarray, turn_n: int) -> np.ndarray:
    """Return the values of turns, float64 of shape (turn_n, valued heads), from those of their sentences.

    Args: values, shape (s, valued heads); token_n, shape (s,), length of each sentence; turn_of, shape (s,), ascending, the
        turn each belongs to.
    Acts: the largest of the sentences. Sentiment and politeness: the mean, each sentence by its tokens. No sentence: no act,
    sentiment 0, politeness 0.5. A sentence that could not be read (NaN) leaves its turn NaN throughout.

    >>> head = Head("thanks", "sigmoid", ("thanks",), 0, 1)
    >>> fold_turns(Card((head,), 128, ""), np.array([[0.2], [0.9]]), np.array([3, 4]), np.array([1, 1]), 2).tolist()
    [[0.0], [0.9]]
    """
    heads = card.valued
    out = np.tile(np.array([head.of_nothing for head in heads]), (turn_n, 1))
    if not len(turn_of):
        return out
    first = np.flatnonzero(np.append(True, turn_of[1:] != turn_of[:-1]))
    said = turn_of[first]
    largest = np.maximum.reduceat(values, first, axis=0)
    tokens = np.bincount(turn_of, weights=token_n, minlength=turn_n)[said]
    for place, head in enumerate(heads):
        if head.fold == "max":
            out[said, place] = largest[:, place]
        else:
            # bincount adds in order, so a turn's mean does not depend on the turns beside it.
            out[said, place] = np.bincount(turn_of, weights=values[:, place] * token_n, minlength=turn_n)[said] / tokens
    out[said[np.isnan(largest).any(axis=1)]] = np.nan
    return out


def read_card(path: Path) -> Card:
    """Return the card of a model directory. Raises: ModelError, the card does not fit, saying why."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        heads = tuple(_head(one) for one in [*raw["heads"], *raw.get("intents", [])])
        max_tokens, text_form = int(raw["max_tokens"]), str(raw["text_form"])
        files = {str(name): str(sha256) for name, sha256 in raw["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"The card {path} does not fit ({type(error).__name__}: {error}).") from error
    if text_form != TEXT_FORM:
        raise ModelError(f"The model at {path.parent} reads text form {text_form!r}; this version makes form {TEXT_FORM!r}.")
    _require_side_by_side(heads, path)
    decides = {"heads": raw["heads"], "intents": raw.get("intents", []), "max_tokens": max_tokens, "files": files}
    return Card(heads, max_tokens, version_of(decides))


def version_of(decides: Any) -> str:
    """Return 12 hex characters that name everything given (as JSON) and the text form.

    >>> version_of({"files": {"model.onnx": "ab"}}) == version_of({"files": {"model.onnx": "ac"}})
    False
    """
    text = json.dumps([decides, TEXT_FORM], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_CHARACTERS]


def _head(raw: dict[str, Any]) -> Head:
    kind = raw.get("kind", "softmax")
    if kind not in _KINDS:
        raise ValueError(f"head {raw['name']!r} has kind {kind!r}; there are: {', '.join(_KINDS)}")
    labels = tuple(str(label) for label in raw.get("labels", (raw["name"],)))
    size, scale = int(raw["size"]), cast("Sequence[float]", raw.get("scale", (1.0, 0.0)))
    if kind == "softmax" and (size != len(labels) or size < 2):
        raise ValueError(f"head {raw['name']!r} has {len(labels)} labels and size {size}")
    if kind != "softmax" and size != 1:
        raise ValueError(f"head {raw['name']!r} of kind {kind} has size {size}, not 1")
    temperature = float(raw.get("temperature", 1.0))
    if not temperature > 0 or int(raw["from"]) < 0:
        raise ValueError(f"head {raw['name']!r} has temperature {temperature} and starts at {raw['from']}")
    weights = tuple(_SENTIMENT[label] for label in labels) if kind == "softmax" and set(labels) == set(_SENTIMENT) else None
    a, b = (float(x) for x in scale)
    return Head(str(raw["name"]), kind, labels, int(raw["from"]), size, temperature, (a, b), weights)


def _require_side_by_side(heads: Sequence[Head], path: Path) -> None:
    places = sorted((head.start, head.size) for head in heads)
    ends = [0, *(start + size for start, size in places)]
    names = {head.name for head in heads}
    if not heads or len(names) < len(heads) or [start for start, _ in places] != ends[:-1]:
        raise ModelError(f"The card {path} does not fit: its heads must have different names and lie side by side from 0.")
