"""The text model's runtime: a row depends on its text alone; what fails is NaN or a clear error, never a wrong number."""

import hashlib
import json
import logging
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aftercall.contracts.errors import ModelError, ModelMissing
from aftercall.text import weights
from aftercall.text.card import Card, Head, fold_turns, read_card
from aftercall.text.onnx_reader import OnnxReader
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import Places, find, places_from

TEXTS = [
    "I'm so sorry to hear that. Let me look into it for you right now!",
    "Where is my order 4471? It should have come on Monday.",
    "This is the third time I call and nobody helps me.",
    "ok",
    "Thank you so much, you have been great.",
    "",
    "... !",
    "Could you tell me a little more about what happened?",
    "\u27e8masked\u27e9, my card was charged twice and I want my money back. " * 9,
    "So, to sum up: we send a new card, and the old one is blocked.",
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return places_from(os.environ, tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def model(places: Places) -> Signals:
    return load_signals(places)


@pytest.fixture
def own(places: Places, tmp_path: Path) -> Path:
    """A copy of the model that a test may damage, found as a configured directory."""
    return Path(shutil.copytree(find("signals", places).path, tmp_path / "models" / "signals"))


def rewrite_card(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    card = json.loads((folder / "card.json").read_text("utf-8"))
    change(card)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")


def with_true_checksums(folder: Path) -> None:
    rewrite_card(
        folder,
        lambda card: card["files"].update(
            {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in card["files"]}
        ),
    )


def at(folder: Path) -> Places:
    return Places(folder.parent / "cache", models_dir=folder.parent)


@pytest.mark.parametrize("thread_n", [1, 2])
def test_a_row_alone_in_any_order_and_beside_any_neighbours_has_the_same_bytes(places: Places, thread_n: int) -> None:
    alone = {text: load_signals(places, thread_n=1).values([text])[0].tobytes() for text in TEXTS}
    rng = random.Random(5)
    for _ in range(3):
        others = [" ".join(rng.sample(" ".join(TEXTS).split(), 7)) for _ in range(30)]
        batch = TEXTS + others + TEXTS[:3]
        rng.shuffle(batch)
        rows = load_signals(places, thread_n=thread_n).values(batch)
        assert all(row.tobytes() == alone[text] for text, row in zip(batch, rows, strict=True) if text in alone)


def test_an_embedding_has_length_1_and_does_not_depend_on_its_neighbours(model: Signals) -> None:
    many = model.embeddings(TEXTS)
    assert many.shape == (len(TEXTS), 384)
    assert many.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1.0, atol=1e-5)
    assert all(row.tobytes() == model.embeddings([text])[0].tobytes() for text, row in zip(TEXTS, many, strict=True))


class Counting:
    """The real reader, counting what it reads; a text with a poisoned word fails as a model does."""

    def __init__(self, inner: OnnxReader, poison: str = "\0") -> None:
        self.inner, self.poison, self.read_texts = inner, poison, list[str]()

    def read(self, text: str) -> tuple[np.ndarray, int]:
        self.read_texts.append(text)
        if self.poison in text:
            raise ModelError("The text model could not read a text.")
        return self.inner.read(text)

    def embed(self, text: str) -> np.ndarray:
        return self.inner.embed(text)


def counting(places: Places, poison: str = "\0") -> tuple[Counting, Card]:
    folder = find("signals", places).path
    card = read_card(folder / "card.json")
    return Counting(OnnxReader.load(folder, card, limit_s=30), poison), card


def test_every_distinct_sentence_is_read_once(places: Places) -> None:
    reader, card = counting(places)
    model = Signals(reader, card, None)
    model.values(["Order 12 is late. Please help me.", "order 99 is late.", "Please help me. Order 7 is late."])
    model.values(["please HELP me."])
    assert sorted(reader.read_texts) == ["order 0 is late.", "please help me."]


def test_a_sentence_that_fails_leaves_its_turn_without_values_and_nothing_else(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    reader, card = counting(places, poison="cursed")
    model = Signals(reader, card, None)
    with caplog.at_level(logging.WARNING):
        rows = model.values(["All is well today. This is cursed.", "All is well today."])
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()
    assert "1 of 2 texts could not be read" in caplog.text
    assert "cursed" not in caplog.text
    reader.poison = "\0"
    assert np.isfinite(model.values(["This is cursed."])).all()  # a failure is not remembered


def test_a_reading_that_takes_too_long_is_ended_and_the_next_one_works(places: Places) -> None:
    model = load_signals(places, limit_s=0.002)
    long = "this sentence goes on and on with many words " * 12
    assert np.isnan(model.values([long])).all()
    patient = load_signals(places)
    assert np.isfinite(patient.values([long])).all()
    model._reader._watch.limit_s = 30.0  # type: ignore[attr-defined]
    assert model.values([long]).tobytes() == patient.values([long]).tobytes()


def test_a_turn_without_words_was_read_and_does_nothing(model: Signals) -> None:
    row = dict(zip(model.heads, model.values(["... !"])[0].tolist(), strict=True))
    assert row["sentiment"] == 0.0
    assert row["politeness"] == 0.5
    assert not [name for name in ("apology", "question", "frustration") if row[name]]


def test_a_turn_is_the_largest_act_and_the_mean_tone_of_its_sentences_by_tokens() -> None:
    act = Head("apology", "sigmoid", ("apology",), 0, 1)
    tone = Head("sentiment", "softmax", ("negative", "neutral", "positive"), 1, 3, weights=(-1.0, 0.0, 1.0))
    card = Card((act, tone), 128, "")
    values, tokens = np.array([[0.1, -0.5], [0.9, 0.5], [0.3, np.nan]]), np.array([30.0, 10.0, 5.0])
    got = fold_turns(card, values, tokens, np.array([0, 0, 2]), 4)
    np.testing.assert_allclose(got, [[0.9, -0.25], [0.0, 0.0], [np.nan, np.nan], [0.0, 0.0]])


def test_a_missing_model_names_every_place(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "shipped_folder", lambda: tmp_path / "nothing shipped")
    with pytest.raises(ModelMissing) as missing:
        load_signals(Places(tmp_path, models_dir=tmp_path / "empty"))
    for place in (f"configured directory {tmp_path / 'empty' / 'signals'}", "installed package", "hub"):
        assert place in str(missing.value)
    with pytest.raises(ModelMissing, match="AFTERCALL_TEXT_MODEL names this one"):
        load_signals(Places(tmp_path, text_model=tmp_path / "named"))


def cut_off(folder: Path) -> None:
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])


def test_changed_weights_are_never_loaded(own: Path) -> None:
    cut_off(own)
    with pytest.raises(ModelError, match="SHA-256 differs"):
        load_signals(at(own))


def test_weights_that_do_not_load_are_an_error_even_with_a_true_checksum(own: Path) -> None:
    cut_off(own)
    with_true_checksums(own)
    with pytest.raises(ModelError, match="does not load"):
        load_signals(at(own))


def test_a_tokenizer_that_is_none_is_an_error(own: Path) -> None:
    (own / "tokenizer.json").write_text("{}", encoding="utf-8")
    with_true_checksums(own)
    with pytest.raises(ModelError, match="does not load"):
        load_signals(at(own))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda card: card.pop("intents"), "logits and an embedding of 384"),
        (lambda card: card.update(text_form="0"), "reads text form '0'"),
        (lambda card: card["heads"][1].update({"from": 5}), "side by side"),
        (lambda card: card["heads"][1].update(kind="guess"), "has kind 'guess'"),
        (lambda card: card["heads"][0].update(labels=["a", "b"]), "has 2 labels and size 3"),
        (lambda card: card.pop("max_tokens"), "max_tokens"),
        (lambda card: card.update(heads=None), "does not fit"),
    ],
)
def test_a_card_that_does_not_fit_says_why(own: Path, change: Callable[[dict[str, Any]], None], said: str) -> None:
    rewrite_card(own, change)
    with pytest.raises(ModelError, match=said):
        load_signals(at(own))


def test_the_version_names_what_decides_values_and_nothing_else(own: Path, model: Signals) -> None:
    rewrite_card(own, lambda card: card.update(metrics={"auc": 1}, made_on="2030-01-01"))
    assert load_signals(at(own)).version == model.version
    rewrite_card(own, lambda card: card["heads"][2].update(scale=[2.0, -1.0]))
    assert load_signals(at(own)).version != model.version
    assert len(model.version) == 12


def test_intents_are_labels_with_a_probability(model: Signals) -> None:
    (one,) = model.best_labels("banking77", ["I lost my card"])
    assert one is not None
    assert 0 < one[1] <= 1
    with pytest.raises(ModelError, match="has no head 'mood'"):
        model.best_labels("mood", ["I lost my card"])
