"""A stand-in for the text model: values drawn from a hash of the text, so that parity is tried on every kind of value.

It means nothing and is used for nothing but parity. Not here: the real model (aftercall.text.signals), which other tests run.
"""

import hashlib
from collections.abc import Sequence

import numpy as np


class StandInModel:
    """Heads with values 0..1 that depend on the text alone; one text in eleven cannot be read."""

    version = "stand-in-000"
    heads = ("calm", "keen", "trouble")

    def __init__(self, *, can_fail: bool = True) -> None:
        self.can_fail = can_fail

    def values(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._row(text) for text in texts]).reshape(-1, 3)

    def embeddings(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), 384), dtype=np.float32)

    def _row(self, text: str) -> tuple[float, float, float]:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if self.can_fail and digest[2] % 11 == 0:
            return (float("nan"),) * 3
        return (digest[0] / 255, digest[1] / 255, digest[3] / 255)
