"""Two public models that find personal data: Rampart, a token classifier over lower case, and spaCy's small English names.

Lives here: opening them from pinned weights, what each saw in one text. Not here: which texts are worth reading
(pii_screen.py), what is masked of what they saw (pii_spans.py).

Rampart (c) 2026 National Design Studio, CC BY 4.0; en_core_web_sm (c) Explosion, MIT. Each text is read alone, on one thread.
"""

import contextlib
import json
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aftercall.contracts.errors import ModelError, ModelMissing
from aftercall.text.pii_screen import english
from aftercall.text.weights import Places, find

Kind = Literal["person", "street", "building", "unit", "town", "postcode", "number", "org"]
RAMPART, SPACY = "rampart", "spacy-en"
_KINDS: dict[str, Kind] = {
    "GIVEN_NAME": "person",
    "SURNAME": "person",
    "STREET_NAME": "street",
    "BUILDING_NUMBER": "building",
    "SECONDARY_ADDRESS": "unit",
    "CITY": "town",
    "STATE": "town",
    "ZIP_CODE": "postcode",
    "PHONE": "number",
    "TAX_ID": "number",
    "BANK_ACCOUNT": "number",
    "ROUTING_NUMBER": "number",
    "GOVERNMENT_ID": "number",
    "PASSPORT": "number",
    "DRIVERS_LICENSE": "number",
}
_ENTITIES: dict[str, Kind] = {"PERSON": "person", "GPE": "town", "LOC": "town", "FAC": "street", "ORG": "org"}
_WINDOW, _OVERLAP = 400, 64
_KEPT_N = 50_000


@dataclass(frozen=True, slots=True)
class Piece:
    """What a model took a stretch of text for, and how sure it was (spaCy does not say: 1)."""

    kind: Kind
    start: int
    end: int
    p: float
    source: Literal["rampart", "spacy"]


class PersonalModels:
    """Both models, opened when the first text is read."""

    def __init__(self, rampart: Path, spacy_en: Path, version: str) -> None:
        self.version = version
        self.paths = {RAMPART: rampart, SPACY: spacy_en}
        self._rampart: _Rampart | None = None
        self._spacy: Any = None
        self._known: dict[str, tuple[Piece, ...]] = {}
        self.read_n = 0

    def open(self) -> "PersonalModels":
        """Load both now. Raises: ModelError, one of them does not load."""
        if self._spacy is None:
            self._rampart = _Rampart(self.paths[RAMPART])
            self._spacy = _spacy(self.paths[SPACY])
        return self

    @property
    def dictionary(self) -> frozenset[str]:
        """English words, from the dictionary that comes with spaCy's model."""
        return english(self.paths[SPACY] / "lemmatizer" / "lookups" / "lookups.bin")

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Return what the models saw in a text; the same text is read once. Raises: ModelError."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _KEPT_N:
                self._known.clear()
            known = self._known[text] = self._read(text)
            self.read_n += 1
        return known

    def _read(self, text: str) -> tuple[Piece, ...]:
        self.open()
        assert self._rampart is not None
        pieces = list(self._rampart.read(text))
        # Its names are told by their capitals; without one it only guesses.
        if any(character.isupper() for character in text):
            pieces += [
                Piece(_ENTITIES[entity.label_], entity.start_char, entity.end_char, 1.0, "spacy")
                for entity in self._spacy(text).ents
                if entity.label_ in _ENTITIES
            ]
        return tuple(pieces)


class _Rampart:
    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False
        try:
            labels = json.loads((folder / "config.json").read_text("utf-8"))["id2label"]
            self._session: Any = onnxruntime.InferenceSession(
                str(folder / "onnx" / "model_q4.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # onnxruntime and tokenizers raise bare Exceptions of many kinds
            raise ModelError(f"The model that finds personal data at {folder} does not load: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._labels = [labels[str(place)].split("-", 1)[-1] for place in range(len(labels))]
        kinds: list[Kind] = sorted(set(_KINDS.values()))
        self._of_kind: dict[Kind, np.ndarray] = {
            kind: np.array([place for place, label in enumerate(self._labels) if _KINDS.get(label) == kind]) for kind in kinds
        }

    def read(self, text: str) -> Iterator[Piece]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, offsets = encoding.ids, encoding.offsets
        first, last = self._tokenizer.token_to_id("[CLS]"), self._tokenizer.token_to_id("[SEP]")
        at = 0
        while at < len(ids):
            part = np.array([[first, *ids[at : at + _WINDOW], last]], dtype=np.int64)
            given = {"input_ids": part, "attention_mask": np.ones_like(part), "token_type_ids": np.zeros_like(part)}
            try:
                logits = self._session.run(None, given)[0][0][1:-1].astype(np.float64)
            except Exception as error:
                raise ModelError(f"The model that finds personal data could not read a text: {error}") from error
            p = np.exp(logits - logits.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            for kind, places in self._of_kind.items():
                mass = p[:, places].sum(axis=1)
                for row in np.flatnonzero(mass >= 0.1):
                    start, end = offsets[at + int(row)]
                    yield Piece(kind, start, end, float(mass[row]), "rampart")
            if at + _WINDOW >= len(ids):
                return
            at += _WINDOW - _OVERLAP


def _spacy(folder: Path) -> Any:
    with _without_torch():
        try:
            import spacy

            return spacy.load(folder, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
        except Exception as error:
            raise ModelError(f"spaCy's names at {folder} do not load: {error}") from error


@contextlib.contextmanager
def _without_torch() -> Generator[None]:
    """Keep spaCy's array library from importing torch, tensorflow and mxnet where they are installed: seconds saved."""
    kept = [name for name in ("torch", "tensorflow", "mxnet", "cupy") if name not in sys.modules]
    for name in kept:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in kept:
            del sys.modules[name]


def open_models(places: Places) -> PersonalModels:
    """Return both models, found and checked; they are loaded when the first text needs them.

    Raises: ModelMissing, weights or a library are not installed; ModelError, their bytes are not the pinned ones.
    """
    for library in ("onnxruntime", "tokenizers", "spacy"):
        if find_spec(library) is None:
            raise ModelMissing(
                RAMPART, [f"library {library} (not installed)"], "Run `make setup`, or: pip install 'aftercall[names]'"
            )
    rampart, spacy_en = find(RAMPART, places), find(SPACY, places)
    models = PersonalModels(rampart.path, spacy_en.path, f"rampart-{rampart.sha256[:8]}+spacy-en-{spacy_en.sha256[:8]}")
    # Pinned bytes are known to load; somebody's own are tried at once, so that a run begins with what it ends with.
    return models if rampart.is_pinned and spacy_en.is_pinned else models.open()
