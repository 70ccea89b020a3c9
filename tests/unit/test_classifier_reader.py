"""Any classifier in the form of Hugging Face can take the text model's place: a tiny random one is made and read here."""

import json
from pathlib import Path

import numpy as np
import pytest

from aftercall.contracts.errors import ModelError
from aftercall.text.signals import load_signals
from aftercall.text.weights import Places, find, places_from

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("torch_installed")]
TEXTS = ["hello there. my order is late!", "thank you", "...", "my order is late!"]
MAPPING = '[sentiment]\nplus = ["glad"]\nminus = ["cross", "sad"]\n[frustration]\nplus = ["cross"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A random Bert of two layers with three labels: a stand-in that means nothing, in the layout of a real one."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "hello",
        "there",
        "my",
        "order",
        "is",
        "late",
        "thank",
        "you",
        ".",
        "!",
    ]
    path = tmp_path / "models" / "signals"
    path.mkdir(parents=True)
    (path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(vocab=str(path / "vocab.txt")).save_pretrained(path)
    torch.manual_seed(1)
    labels = dict(enumerate(("cross", "sad", "glad")))
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, id2label=labels
    )
    BertForSequenceClassification(config).save_pretrained(path)
    (path / "signals.toml").write_text(MAPPING, encoding="utf-8")
    return path


def test_a_directory_is_plugged_in_by_configuration_and_read(folder: Path, tmp_path: Path) -> None:
    model = load_signals(Places(tmp_path, models_dir=folder.parent))
    assert model.heads == ("sentiment", "frustration")
    rows = model.values(TEXTS)
    assert rows.shape == (4, 2)
    assert ((rows[:, 0] >= -1) & (rows[:, 0] <= 1) & (rows[:, 1] >= 0) & (rows[:, 1] <= 1)).all()
    assert rows[2].tolist() == [0.0, 0.0]
    assert all(model.values([text])[0].tobytes() == row.tobytes() for text, row in zip(TEXTS, rows, strict=True))
    np.testing.assert_allclose(np.linalg.norm(model.embeddings(TEXTS), axis=1), 1.0, atol=1e-5)
    named = load_signals(places_from({"AFTERCALL_TEXT_MODEL": str(folder)}, tmp_path))
    assert named.version == model.version
    assert named.values(TEXTS).tobytes() == rows.tobytes()
    assert find("signals", Places(tmp_path, text_model=folder)).is_pinned is False


def test_the_values_are_those_of_the_library_itself(folder: Path, tmp_path: Path) -> None:
    from transformers import pipeline

    scores = {one["label"]: one["score"] for one in pipeline("text-classification", str(folder), top_k=None)("thank you")[0]}
    sentiment, frustration = load_signals(Places(tmp_path, text_model=folder)).values(["Thank you"])[0]
    assert sentiment == pytest.approx(scores["glad"] - scores["cross"] - scores["sad"], abs=1e-5)
    assert frustration == pytest.approx(scores["cross"], abs=1e-5)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ('[sentiment]\nplus = ["happy"]\n', "names labels the classifier has not: happy"),
        ("", "names no value"),
        ('[sentiment]\nminus = ["sad"]\n', "no label in `plus`"),
        ("sentiment = 1\n", "AttributeError"),
    ],
)
def test_a_mapping_that_does_not_fit_says_why(folder: Path, tmp_path: Path, mapping: str, said: str) -> None:
    (folder / "signals.toml").write_text(mapping, encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        load_signals(Places(tmp_path, text_model=folder))


def test_another_mapping_or_other_weights_are_another_version(folder: Path, tmp_path: Path) -> None:
    places = Places(tmp_path, text_model=folder)
    first = load_signals(places).version
    (folder / "signals.toml").write_text(MAPPING.replace('["cross"]', '["sad"]'), encoding="utf-8")
    assert load_signals(places).version != first


def test_independent_labels_are_read_one_by_one(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8")) | {"problem_type": "multi_label_classification"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "signals.toml").write_text('[frustration]\nplus = ["cross"]\n[sadness]\nplus = ["sad"]\n', encoding="utf-8")
    rows = load_signals(Places(tmp_path, text_model=folder)).values(TEXTS)
    assert ((rows > 0) & (rows < 1))[[0, 1, 3]].all()
