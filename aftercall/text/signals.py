"""The text model as everything else sees it: texts in, one row of values each.

Lives here: the protocol TextModel, `load_signals`, and Signals, which reads every distinct sentence once. Not here: where the
model is found (weights.py), what its outputs mean (card.py), running it (onnx_reader.py, classifier_reader.py), what becomes
of the values (aftercall.scoring).

Which side may be read for what is not decided here: sentiment and frustration are asked of customer turns only.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from aftercall.contracts.errors import ModelError
from aftercall.text.card import Card, fold_turns, read_card
from aftercall.text.model_text import model_text, sentences
from aftercall.text.reading_cache import ReadingCache, reading_key
from aftercall.text.weights import CARD, Places, find

LIMIT_S = 20.0
"""A reading that takes longer is ended and its turn stays unread; a sentence takes about a millisecond."""
_THREAD_N = 2
_REMEMBERED_N = 20_000
_AT_ONCE_N = 1_000
_TASK_N = 8
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class TextModel(Protocol):
    """Reads turns; a row depends on its text alone, whatever stands beside it."""

    @property
    def version(self) -> str:
        """12 hex characters: the artefact's bytes, what its outputs mean, and the text form."""
        ...

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the values, in order."""
        ...

    def values(self, texts: Sequence[str]) -> np.ndarray:
        """Return float64 of shape (n, heads). A row of NaN: the text could not be read (model error or time-out).

        A text without words was read: every act 0, sentiment 0, politeness 0.5.
        """
        ...

    def embeddings(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 of shape (n, 384), length 1, of the whole texts, each cut at the model's limit; NaN when unread."""
        ...


class SentenceReader(Protocol):
    """Runs a model on one text; safe for several threads. Raises ModelError."""

    def read(self, text: str) -> tuple[np.ndarray, int]:
        """Return (all logits, number of tokens)."""
        ...

    def embed(self, text: str) -> np.ndarray:
        """Return the embedding."""
        ...


class Signals:
    """A TextModel over one reader: distinct sentences are read once, by two threads, and remembered."""

    def __init__(self, reader: SentenceReader, card: Card, file: Path | None, *, thread_n: int = _THREAD_N) -> None:
        self._reader, self._card, self._file, self._thread_n = reader, card, file, thread_n
        self._cache: ReadingCache | None = None
        self._heads = tuple(head.name for head in card.valued)
        self._remembered: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()
        self._failed: list[ModelError] = []

    def keep_in(self, file: Path) -> None:
        """Keep readings in this file from now on, opened when something is read."""
        if self._file != file:
            self._file, self._cache = file, None

    @property
    def version(self) -> str:
        """12 hex characters that name everything that decides a value."""
        return self._card.version

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the values, in order."""
        return self._heads

    def values(self, texts: Sequence[str]) -> np.ndarray:
        """Return float64 of shape (n, heads): see TextModel."""
        of_text: dict[str, int] = {}
        place = np.fromiter((of_text.setdefault(text, len(of_text)) for text in texts), np.int64, len(texts))
        said = [sentences(text) for text in of_text]
        number = {form: i for i, form in enumerate(dict.fromkeys(form for forms in said for form in forms))}
        rows = self._rows(list(number))
        at = np.fromiter((number[form] for forms in said for form in forms), np.int64)
        turn_of = np.repeat(np.arange(len(said)), [len(forms) for forms in said])
        read = rows[at].astype(np.float64)
        return fold_turns(self._card, read[:, 1:], read[:, 0], turn_of, len(said))[place]

    def embeddings(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 of shape (n, width of the model): see TextModel. Nothing of them is kept."""
        forms = [model_text(text) for text in texts]
        known = dict(zip(dict.fromkeys(forms), self._map(self._embedding, list(dict.fromkeys(forms))), strict=True))
        width = next((len(one) for one in known.values() if one is not None), 384)
        missing = np.full(width, np.nan, dtype=np.float32)
        found = [known[form] for form in forms]
        return np.array([missing if one is None else one for one in found], dtype=np.float32).reshape(len(texts), width)

    def best_labels(self, head: str, texts: Sequence[str]) -> list[tuple[str, float] | None]:
        """Return, for each whole text, the likeliest label of a softmax head and its probability; None when unread.

        Raises: ModelError, the model has no such head. Nothing of it is kept.
        """
        asked = self._card.head(head)
        forms = [model_text(text) for text in texts]
        distinct = list(dict.fromkeys(forms))

        def best(form: str) -> tuple[str, float] | None:
            logits = self._logits(form)
            if logits is None:
                return None
            p = asked.probabilities(logits[0])
            top = max(range(len(p)), key=p.__getitem__)
            return asked.labels[top], p[top]

        known = dict(zip(distinct, self._map(best, distinct), strict=True))
        return [known[form] for form in forms]

    def _rows(self, forms: Sequence[str]) -> np.ndarray:
        """Return float32 rows (tokens, values...) of distinct sentences; NaN where one could not be read."""
        out = np.full((len(forms), 1 + len(self._heads)), np.nan, dtype=np.float32)
        for start in range(0, len(forms), _AT_ONCE_N):
            part = forms[start : start + _AT_ONCE_N]
            known = self._known(part)
            todo = [form for form in part if form not in known]
            read = {form: row for form, row in zip(todo, self._map(self._row, todo), strict=True) if row is not None}
            self._keep(read)
            for place, form in enumerate(part, start):
                row = known.get(form, read.get(form))
                if row is not None:
                    out[place] = row
        return out

    def _known(self, forms: Sequence[str]) -> dict[str, np.ndarray]:
        with self._lock:
            known = {form: self._remembered[form] for form in forms if form in self._remembered}
            for form in known:
                self._remembered.move_to_end(form)
        cache = self._opened_cache()
        if cache and len(known) < len(forms):
            keys = {form: reading_key(self.version, form) for form in forms if form not in known}
            stored = cache.get(list(keys.values()))
            found = {form: stored[key] for form, key in keys.items() if key in stored}
            self._remember(found)
            known |= found
        return known

    def _keep(self, read: dict[str, np.ndarray]) -> None:
        self._remember(read)
        cache = self._opened_cache()
        if cache and read:
            cache.put({reading_key(self.version, form): row for form, row in read.items()})

    def _opened_cache(self) -> ReadingCache | None:
        with self._lock:
            if self._file and self._cache is None:
                self._cache = ReadingCache(self._file, 1 + len(self._heads))
            return self._cache

    def _remember(self, rows: dict[str, np.ndarray]) -> None:
        with self._lock:
            self._remembered.update(rows)
            while len(self._remembered) > _REMEMBERED_N:
                self._remembered.popitem(last=False)

    def _row(self, form: str) -> np.ndarray | None:
        read = self._logits(form)
        return None if read is None else np.array([read[1], *self._card.values(read[0])], dtype=np.float32)

    def _logits(self, form: str) -> tuple[list[float], int] | None:
        try:
            logits, token_n = self._reader.read(form)
        except ModelError as error:
            self._failed.append(error)
            return None
        return logits.tolist(), token_n

    def _embedding(self, form: str) -> np.ndarray | None:
        try:
            return self._reader.embed(form)
        except ModelError as error:
            self._failed.append(error)
            return None

    def _map(self, work: Callable[[str], T], forms: Sequence[str]) -> list[T]:
        """Return the work done on each text, in order; ONNX lets other threads run while it reads."""
        parts = [forms[start : start + _TASK_N] for start in range(0, len(forms), _TASK_N)]
        if len(parts) < 2 or self._thread_n < 2:
            out = [work(form) for form in forms]
        else:
            with ThreadPoolExecutor(self._thread_n, "text model") as pool:
                out = [one for done in pool.map(lambda part: [work(form) for form in part], parts) for one in done]
        if self._failed:
            _LOG.warning(
                "%d of %d texts could not be read and have no values. The last: %s",
                len(self._failed),
                len(forms),
                self._failed[-1],
            )
            self._failed.clear()
        return out


def load_signals(places: Places, cache: Path | None = None, *, limit_s: float = LIMIT_S, thread_n: int = _THREAD_N) -> Signals:
    """Return the text model from the first place that has it.

    Args: cache, file that keeps readings between runs; limit_s, seconds one text may take before it stays unread.
    Raises: ModelMissing, naming the places; ModelError, weights, card or their fit are wrong.
    """
    weights = find("signals", places)
    if not (weights.path / CARD).is_file():
        from aftercall.text.classifier_reader import ClassifierReader

        reader: SentenceReader = ClassifierReader.load(weights)
        card = reader.card
    else:
        if not weights.is_pinned:
            raise ModelError(
                f"The files at {weights.path} are not those their card names (SHA-256 differs): they were changed or cut off. "
                f"Put the model there again, with its own {CARD}."
            )
        from aftercall.text.onnx_reader import OnnxReader

        card = read_card(weights.path / CARD)
        reader = OnnxReader.load(weights.path, card, limit_s=limit_s)
    return Signals(reader, card, cache, thread_n=thread_n)
