"""What int8 rounding moves: the shipped graph beside torch with the same weights, on held-out sentences.

Lives here: the differences of values. Not here: the weights as floats (dequantise.py), the test of both (tests/reference).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from aftercall.text.model_text import model_text
from training.dequantise import torch_model
from training.encoder import tokenizer
from training.export import MAX_TOKENS
from training.reading import Artefact
from training.rows import Row

EVERY = 4


def moved(folder: Path, rows: Sequence[Row]) -> list[tuple]:
    """Return (values, sentences, mean difference, share within 0.02, 99th percentile, largest) for acts and for sentiment."""
    texts = [row.text for row in rows if row.part == "test" and row.origin == "own"][::EVERY]
    texts += [row.text for row in rows if row.part == "test" and row.origin.startswith("rated_")][:: EVERY * 10]
    artefact, model, tokens = Artefact(folder), torch_model(folder / "model.onnx"), tokenizer(MAX_TOKENS)
    shipped = artefact.whole(texts)
    with torch.no_grad():
        ids = [torch.tensor([tokens.encode(model_text(text) or ".").ids]) for text in texts]
        exact = np.array([model(one, torch.ones_like(one))[0][0].numpy() for one in ids])
    a, b = (np.array([artefact.card.values(row) for row in logits.astype(float).tolist()]) for logits in (shipped, exact))
    names = [head.name for head in artefact.card.valued]
    tone = np.array([name in ("sentiment", "politeness") for name in names])
    out = []
    for what, columns in (("acts, 0..1", ~tone), ("sentiment and politeness", tone)):
        apart = np.abs(a - b)[:, columns]
        p99, most = float(np.quantile(apart, 0.99)), float(apart.max())
        out.append((what, len(texts), float(apart.mean()), float((apart <= 0.02).mean()), p99, most))
    return out
