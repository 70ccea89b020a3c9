"""The shipped text model: int8 ONNX on the CPU, one sentence at a time.

Lives here: the session and the tokenizer opened and checked, one text read, a watch that ends a reading that takes too long.
Not here: what the outputs mean (card.py), which texts are read (signals.py).

One sentence a call, without padding: the scales of dynamic int8 span everything in a call, so a neighbour would change the
value. A session may be run by several threads; each run keeps one core busy and lets the others work.
"""

import contextlib
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from aftercall.contracts.errors import ModelError
from aftercall.text.card import Card

EMBEDDING_N = 384
_IDS, _MASK = "input_ids", "attention_mask"
_OUTPUTS = ("logits", "embedding")
_FIRST_LIMIT_S = 60.0  # the first run also prepares the graph


class OnnxReader:
    """Reads one text at a time; safe for several threads."""

    def __init__(self, session: Any, tokenizer: Any, card: Card, limit_s: float) -> None:
        self._session, self._tokenizer, self._card = session, tokenizer, card
        self._inputs = {one.name for one in session.get_inputs()}
        self._watch = Watch(limit_s)

    @classmethod
    def load(cls, folder: Path, card: Card, *, limit_s: float) -> "OnnxReader":
        """Return the reader of a model directory. Raises: ModelError, weights or tokenizer do not load or do not fit."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # a failed run raises; what else the library prints is not for people
        # The arena keeps the largest block of every shape it ever saw; sentences have many shapes.
        options.enable_cpu_mem_arena = False
        try:
            session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # onnxruntime and tokenizers raise bare Exceptions of many kinds
            raise ModelError(f"The text model at {folder} does not load: {_short(error)}") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(card.max_tokens)
        cls(session, tokenizer, card, _FIRST_LIMIT_S)._require_fit(folder)
        return cls(session, tokenizer, card, limit_s)

    def read(self, text: str) -> tuple[np.ndarray, int]:
        """Return the logits of one text, float32 of shape (K,), and its number of tokens. Raises ModelError."""
        logits, _, token_n = self._run(text)
        return logits, token_n

    def embed(self, text: str) -> np.ndarray:
        """Return the embedding of one text, float32 of shape (384,), length 1. Raises ModelError."""
        return self._run(text)[1]

    def _run(self, text: str) -> tuple[np.ndarray, np.ndarray, int]:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        given = {_IDS: ids, _MASK: np.ones_like(ids)} if _MASK in self._inputs else {_IDS: ids}
        with self._watch.limited() as options:
            try:
                logits, embedding = self._session.run(_OUTPUTS, given, options)
            except Exception as error:  # a run that was ended raises the same as one that failed
                raise ModelError(f"The text model could not read a text of {ids.shape[1]} tokens: {_short(error)}") from error
        if not np.isfinite(logits).all():
            raise ModelError(f"The text model gave no number for a text of {ids.shape[1]} tokens.")
        return logits[0], embedding[0], ids.shape[1]

    def _require_fit(self, folder: Path) -> None:
        outputs = {one.name for one in self._session.get_outputs()}
        if self._inputs | {_MASK} != {_IDS, _MASK} or not set(_OUTPUTS) <= outputs:
            raise ModelError(
                f"The model at {folder} has inputs {sorted(self._inputs)} and outputs {sorted(outputs)}; wanted are {_IDS} "
                f"(and {_MASK}, if it must) and {' and '.join(_OUTPUTS)}."
            )
        logits, embedding, _ = self._run("is this the right shape?")
        if logits.shape != (self._card.logit_n,) or embedding.shape != (EMBEDDING_N,):
            raise ModelError(
                f"The model at {folder} gives {logits.shape[-1]} logits and an embedding of {embedding.shape[-1]}; "
                f"its card describes {self._card.logit_n} and {EMBEDDING_N}."
            )


class Watch:
    """Ends readings that take longer than a limit, by one thread that sleeps while nothing runs."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._running: dict[int, tuple[float, Any]] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def limited(self) -> Generator[Any]:
        """Yield run options that are told to stop once the limit is over."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.log_severity_level = 4
        key = threading.get_ident()
        with self._lock:
            self._running[key] = (time.monotonic() + self.limit_s, options)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="text model watch", daemon=True)
                self._thread.start()
        try:
            yield options
        finally:
            with self._lock:
                del self._running[key]

    def _look(self) -> None:
        pause_s = min(max(self.limit_s / 4, 0.001), 1.0)
        idle = 0
        while idle < 10:
            time.sleep(pause_s)
            with self._lock:
                idle = 0 if self._running else idle + 1
                for deadline, options in self._running.values():
                    if time.monotonic() > deadline:
                        options.terminate = True
                if idle >= 10:
                    self._thread = None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
