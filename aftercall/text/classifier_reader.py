"""Any classifier in the form of Hugging Face as the text model: a plain directory, mapped to our values.

Lives here: loading `config.json`, `model.safetensors` and the tokenizer with transformers (extra `train`), and `signals.toml`,
which says what its labels mean. Not here: the shipped model (onnx_reader.py), where directories are found (weights.py).

This is the one module of the wheel that may import torch, and only when such a directory was configured: nothing shipped and
nothing nightly needs it. `signals.toml` beside the weights:

    [sentiment]                      # a value of ours: the probabilities of plus less those of minus
    plus = ["positive"]
    minus = ["negative"]
    [frustration]
    plus = ["anger", "annoyance"]
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from aftercall.contracts.errors import ModelError
from aftercall.text.card import Card, Head, version_of
from aftercall.text.weights import Weights

MAPPING = "signals.toml"
_MAX_TOKENS = 128
_UNTRUSTED_LENGTH = 100_000  # tokenizers without a limit of their own say 10^30


class ClassifierReader:
    """Reads one text at a time with a torch classifier; exact but slow, for models that are tried out."""

    def __init__(self, model: Any, tokenizer: Any, card: Card) -> None:
        self._model, self._tokenizer, self.card = model, tokenizer, card

    @classmethod
    def load(cls, weights: Weights) -> "ClassifierReader":
        """Return the reader of a directory. Raises: ModelError, the extra lacks, or directory and mapping do not fit."""
        folder = weights.path
        try:
            import torch
            from transformers import AutoModelForSequenceClassification, AutoTokenizer
        except ModuleNotFoundError as error:
            raise ModelError(
                f"The classifier at {folder} needs {error.name}. Install the extra: pip install 'aftercall[train]'"
            ) from error
        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            model = AutoModelForSequenceClassification.from_pretrained(str(folder), local_files_only=True)
            limit = min(int(tokenizer.model_max_length), int(getattr(model.config, "max_position_embeddings", _MAX_TOKENS)))
        except Exception as error:  # transformers raises what its parts raise
            raise ModelError(f"The classifier at {folder} does not load: {' '.join(str(error).split())[:200]}") from error
        torch.set_num_threads(1)
        card = card_of(folder, weights.sha256, min(limit if limit < _UNTRUSTED_LENGTH else _MAX_TOKENS, _MAX_TOKENS))
        return cls(model.eval(), tokenizer, card)

    def read(self, text: str) -> tuple[np.ndarray, int]:
        """Return the logits of one text and its number of tokens. Raises ModelError."""
        out, ids = self._run(text)
        logits = out.logits[0].float().numpy()
        if not np.isfinite(logits).all():
            raise ModelError(f"The classifier gave no number for a text of {len(ids)} tokens.")
        return logits, len(ids)

    def embed(self, text: str) -> np.ndarray:
        """Return the mean of the last hidden states, length 1. Raises ModelError."""
        mean = self._run(text)[0].hidden_states[-1][0].float().mean(dim=0).numpy()
        return mean / max(float(np.linalg.norm(mean)), 1e-12)

    def _run(self, text: str) -> tuple[Any, list[int]]:
        import torch

        given = self._tokenizer(text, truncation=True, max_length=self.card.max_tokens, return_tensors="pt")
        try:
            with torch.inference_mode():
                out = self._model(**given, output_hidden_states=True)
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelError(f"The classifier could not read a text: {' '.join(str(error).split())[:200]}") from error
        return out, given["input_ids"][0].tolist()


def card_of(folder: Path, sha256: str, max_tokens: int) -> Card:
    """Return the card of a classifier directory from its config.json and signals.toml. Raises ModelError."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        mapping = tomllib.loads((folder / MAPPING).read_text("utf-8"))
        labels = tuple(str(config["id2label"][key]) for key in sorted(config["id2label"], key=int))
        wanted = {str(name): (tuple(rule.get("plus", ())), tuple(rule.get("minus", ()))) for name, rule in mapping.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder} has no config.json with id2label and {MAPPING} ({type(error).__name__}: {error})."
        ) from error
    named = {label for plus, minus in wanted.values() for label in (*plus, *minus)}
    unknown = sorted(named - set(labels))
    if not wanted or unknown:
        what = f"names labels the classifier has not: {', '.join(unknown)}" if unknown else "names no value"
        raise ModelError(f"{folder / MAPPING} {what}. The classifier has: {', '.join(labels)}.")
    is_multi = config.get("problem_type") == "multi_label_classification"
    heads = tuple(_head(name, plus, minus, labels, is_multi=is_multi) for name, (plus, minus) in wanted.items())
    tokenizer = (folder / "tokenizer.json").read_text("utf-8")
    return Card(heads, max_tokens, version_of([sha256, tokenizer, labels, mapping, is_multi, max_tokens]))


def _head(name: str, plus: tuple[str, ...], minus: tuple[str, ...], labels: tuple[str, ...], *, is_multi: bool) -> Head:
    if not plus:
        raise ModelError(f"{MAPPING} gives {name} no label in `plus`.")
    if is_multi:
        if len(plus) != 1 or minus:
            raise ModelError(f"A classifier of independent labels gives {name} one label in `plus` and none in `minus`.")
        return Head(name, "sigmoid", plus, labels.index(plus[0]), 1)
    weights = tuple(float(label in plus) - float(label in minus) for label in labels)
    return Head(name, "softmax", labels, 0, len(labels), weights=weights)
