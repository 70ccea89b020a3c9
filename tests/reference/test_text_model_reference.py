"""Two backends, one answer: the shipped int8 graph beside torch and transformers with the same weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from aftercall.text.card import read_card
from aftercall.text.model_text import model_text

pytestmark = pytest.mark.train
SHIPPED = Path(__file__).parents[2] / "aftercall" / "text" / "models" / "signals"
WITHIN = 0.99
TEXTS = [
    "I am so sorry that your parcel got lost, that must have spoiled the birthday.",
    "my internet has been down for two weeks and nobody calls back",
    "What happened just before the screen went black?",
    "Thank you for waiting, I will send the form today and ring you on Thursday.",
    "this is the worst service i have ever had",
    "ok",
    "I guess so, I'm not really sure how that works.",
    "So you moved in March, the old address is still on the bill, and you want it changed.",
    "how do i transfer 200 from savings to checking",
    "Great, that solved it, you are a star!",
]


@pytest.fixture(autouse=True)
def _one_thread(torch_installed: None) -> None:
    import torch

    torch.set_num_threads(1)


def values(card, logits: np.ndarray) -> np.ndarray:
    return np.array([card.values(row) for row in logits.astype(float).tolist()])


def run_onnx(graph: Path, tokens, texts) -> tuple[np.ndarray, np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    out = []
    for text in texts:
        ids = np.array([tokens.encode(model_text(text)).ids])
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        out.append(session.run(["logits", "embedding"], {one.name: given[one.name] for one in session.get_inputs()}))
    return np.concatenate([a for a, _ in out]), np.concatenate([b for _, b in out])


def run_torch(model, tokens, texts) -> tuple[np.ndarray, np.ndarray]:
    import torch

    out = []
    with torch.no_grad():
        for text in texts:
            ids = torch.tensor([tokens.encode(model_text(text)).ids])
            out.append([part.numpy() for part in model.eval()(ids, torch.ones_like(ids))])
    return np.concatenate([a for a, _ in out]), np.concatenate([b for _, b in out])


def shipped_tokens():
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))


def test_export_says_what_torch_says(tmp_path):
    import torch

    from training.encoder import tiny
    from training.export import export_fp32
    from training.one_sentence import OneSentence, norms, spans

    model, graph, tokens = tiny(9, seed=3), tmp_path / "tiny.onnx", shipped_tokens()
    with torch.no_grad():  # norms as training leaves them: a few values large, none centred
        for norm in norms(model):
            norm.weight.mul_(torch.rand(len(norm.weight)) * 3)
            norm.bias.add_(torch.randn(len(norm.bias)))
    one = OneSentence(model, 7, 128, spans(model, [tokens.encode(model_text(text)).ids for text in TEXTS[:5]]))
    with torch.no_grad():  # int8 words are all that is not exact
        model.bert.embeddings.word_embeddings.weight.copy_(one.words.float() * one.word_scale)
    export_fp32(one, graph)
    logits, embedding = run_onnx(graph, tokens, TEXTS)
    expected, expected_embedding = run_torch(model, tokens, TEXTS)
    assert logits.shape == (len(TEXTS), 7)  # what does not ship is cut off, what ships keeps its place
    assert np.allclose(logits, expected[:, :7], atol=1e-4)
    assert np.allclose(embedding, expected_embedding, atol=1e-4)


def test_shipped_int8_says_what_torch_says_with_its_weights():
    """The graph rounds activations to int8, torch does not: one value of a thousand is over 0.02 apart (model card)."""
    from training.dequantise import torch_model

    card = read_card(SHIPPED / "card.json")
    logits, embedding = run_onnx(SHIPPED / "model.onnx", shipped_tokens(), TEXTS)
    expected, expected_embedding = run_torch(torch_model(SHIPPED / "model.onnx"), shipped_tokens(), TEXTS)
    apart = np.abs(values(card, logits) - values(card, expected))
    assert apart.mean() < 0.0012
    assert (apart <= 0.02).mean() > WITHIN
    assert apart.max() < 0.05
    assert (embedding * expected_embedding).sum(axis=1).min() > 0.998


def test_one_disturbed_layer_fails_the_comparison():
    import torch

    from training.dequantise import torch_model

    model, card = torch_model(SHIPPED / "model.onnx"), read_card(SHIPPED / "card.json")
    right = values(card, run_torch(model, shipped_tokens(), TEXTS)[0])
    with torch.no_grad():
        model.bert.encoder.layer[3].output.dense.weight.mul_(0.5)
    wrong = values(card, run_torch(model, shipped_tokens(), TEXTS)[0])
    assert (np.abs(right - wrong) <= 0.02).mean() < WITHIN


def test_every_logit_of_the_card_is_in_the_graph():
    card = json.loads((SHIPPED / "card.json").read_bytes())
    width = sum(head["size"] for head in [*card["heads"], *card["intents"]])
    assert run_onnx(SHIPPED / "model.onnx", shipped_tokens(), TEXTS[:1])[0].shape == (1, width)
