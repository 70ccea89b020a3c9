"""The artefact read for training's own purposes: logits of sentences, before the card gives them meaning.

Lives here: `Artefact`, the int8 graph through the runtime's own reader, each text read once.
Not here: values as the product sees them (aftercall/text/signals.py), which the measurements use.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aftercall.text.card import Card, Head, read_card
from aftercall.text.model_text import model_text, sentences
from aftercall.text.onnx_reader import OnnxReader


class Artefact:
    """The int8 graph of a directory and what its card says of the columns."""

    def __init__(self, folder: Path) -> None:
        self.card: Card = read_card(folder / "card.json")
        self._reader = OnnxReader.load(folder, self.card, limit_s=60.0)
        self._known: dict[str, np.ndarray] = {}

    def head(self, name: str) -> Head:
        """Return a head by name."""
        return self.card.head(name)

    def whole(self, texts: Sequence[str]) -> np.ndarray:
        """Return the logits float32 [n, K] of whole texts."""
        return np.array([self._read(model_text(text) or ".") for text in texts])

    def largest(self, texts: Sequence[str]) -> np.ndarray:
        """Return, for each text, each logit's largest value over the sentences, as acts are folded."""
        return np.array([np.max([self._read(form) for form in sentences(text) or (".",)], axis=0) for text in texts])

    def columns(self, logits: np.ndarray, name: str) -> np.ndarray:
        """Return float64 [n, size], the columns of one head."""
        head = self.head(name)
        return logits[:, head.start : head.start + head.size].astype(np.float64)

    def _read(self, form: str) -> np.ndarray:
        if form not in self._known:
            self._known[form] = self._reader.read(form)[0]
        return self._known[form]
