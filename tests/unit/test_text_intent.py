"""Reasons for contact: the shipped heads, a tenant's own head, thresholds and names; with the shipped text model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from aftercall.contracts.errors import ModelError, RequestError
from aftercall.contracts.records import Turn
from aftercall.text.intent import (
    HEAD_FILE,
    LinearHead,
    ModelHead,
    intent_of,
    load_head,
    opening_turns,
    read_reasons,
    shipped_heads,
)
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import Places

sklearn = pytest.importorskip("sklearn")
from training.intent_head import at_temperature, main, save_head, threshold_of, train_head  # noqa: E402

REQUESTS = {
    "move house": [
        "we are moving to a new flat next month", "please take the line with us to the new house", "I move out on Friday",
        "can you transfer the contract to my new address", "new home, same contract please", "our address changes in May",
    ],
    "faulty box": [
        "the box keeps rebooting", "my router shows a red light", "no picture on the set-top box", "the modem is dead again",
        "the device gets hot and switches off", "the screen of the box stays black",
    ],
    "wrong bill": [
        "you charged me twice", "this bill is too high", "there is a fee I never agreed to", "the invoice has the wrong amount",
        "why do I pay more than last month", "I was billed for a film I did not order",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def model(places: Places) -> Signals:
    return load_signals(places, thread_n=1)


@pytest.fixture(scope="module")
def shipped(places: Places, model: Signals) -> dict[str, ModelHead]:
    return shipped_heads(places, model)


@pytest.fixture(scope="module")
def own(model: Signals) -> LinearHead:
    pairs = [(text, name) for name, texts in REQUESTS.items() for text in texts]
    head, figures = train_head("own", [text for text, _ in pairs], [name for _, name in pairs], model)
    assert figures["rows_n"] == len(pairs)
    return head


def said(*texts: str) -> list[Turn]:
    return [
        Turn(0, "agent", "Hello, how can I help?"),
        *(Turn(i, "customer", text, 10.0 * i) for i, text in enumerate(texts, 1)),
    ]


def test_the_first_turn_that_says_a_reason_is_the_evidence(shipped: dict[str, ModelHead]) -> None:
    told = intent_of(said("Hi there", "I lost my card and I need a new one", "It was yesterday"), shipped["banking77"])
    assert not told.is_abstained
    assert told.label is not None
    assert "card" in told.label
    assert told.reason == told.label
    assert (told.turn, told.start_s, told.quote) == (2, 20.0, "I lost my card and I need a new one")


def test_what_no_reason_fits_is_not_named(shipped: dict[str, ModelHead]) -> None:
    for text in ("the cat sat on the old piano all afternoon", "purple ideas sleep under seven mountains"):
        told = intent_of(said(text), shipped["clinc150"])
        assert told.is_abstained
        assert told.reason is None
        assert told.p is not None
        assert told.p < shipped["clinc150"].abstain_below


def test_only_the_opening_of_the_customer_is_read(shipped: dict[str, ModelHead]) -> None:
    turns = [*said("hi", "ok", "a b"), Turn(9, "agent", "I lost my card and need a new one")]
    assert opening_turns(turns) == []
    assert intent_of(turns, shipped["banking77"]).null_reason == "no_opening"
    late = said("good day to you", "well you see", "it is so", "I lost my card and I need a new one")
    assert len(opening_turns(late)) == 3
    assert intent_of(late, shipped["banking77"]).turn != 4


def test_a_text_alone_decides(shipped: dict[str, ModelHead], own: LinearHead) -> None:
    texts = [text for texts in REQUESTS.values() for text in texts]
    for head in (shipped["banking77"], own):
        together = head.best(texts)
        assert together == [head.best([text])[0] for text in texts]


def test_a_tenants_head_is_saved_read_and_right(own: LinearHead, model: Signals, tmp_path: Path) -> None:
    save_head(own, {}, tmp_path / "own", "2026-11-24")
    head = load_head(tmp_path / "own", model)
    assert head.labels == tuple(sorted(REQUESTS))
    texts = [text for texts in REQUESTS.values() for text in texts]
    assert head.best(texts) == own.best(texts)
    p = head.probabilities(model.embeddings(texts))
    assert np.allclose(p.sum(axis=1), 1.0)
    named = [
        head.best([text])[0]
        for text in ("we move to another house in June", "the modem shows a red light", "this fee is wrong")
    ]
    assert [one[0] for one in named if one] == ["move house", "faulty box", "wrong bill"]


def test_a_head_of_another_encoder_or_with_other_bytes_is_refused(own: LinearHead, model: Signals, tmp_path: Path) -> None:
    save_head(own, {}, tmp_path, "2026-11-24")
    card = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps(card | {"encoder_version": "000000000000"}))
    with pytest.raises(ModelError, match="embeddings of model 000000000000"):
        load_head(tmp_path, model)
    (tmp_path / "card.json").write_text(json.dumps(card | {"sha256": "0" * 64}))
    with pytest.raises(ModelError, match="SHA-256"):
        load_head(tmp_path, model)
    (tmp_path / HEAD_FILE).unlink()
    with pytest.raises(ModelError, match="no intent head"):
        load_head(tmp_path, model)


def test_tenants_name_reasons_their_own_way(own: LinearHead, tmp_path: Path) -> None:
    path = tmp_path / "reasons.toml"
    path.write_text('"Relocation" = ["move house"]\n"Technical" = "faulty box"\n')
    reasons = read_reasons(path, own)
    assert intent_of(said("we are moving to a new flat next month"), own, reasons).reason in ("Relocation", None)
    assert reasons.of_label == {"move house": "Relocation", "faulty box": "Technical"}
    path.write_text('a = ["move house"]\nb = ["move house"]\n')
    with pytest.raises(RequestError, match="keep one"):
        read_reasons(path, own)
    path.write_text('a = ["move"]\n')
    with pytest.raises(RequestError, match="no label 'move'"):
        read_reasons(path, own)


def test_the_command_writes_a_head(tmp_path: Path, model: Signals, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "requests.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["said", "why"])
        writer.writerows((text, name) for name, texts in REQUESTS.items() for text in texts)
    main([str(tmp_path / "requests.csv"), "--text", "said", "--label", "why", "--out", str(tmp_path / "head")])
    assert json.loads(capsys.readouterr().out)["rows_n"] == 18
    assert load_head(tmp_path / "head", model).labels == tuple(sorted(REQUESTS))
    with pytest.raises(RequestError, match="no column text"):
        main([str(tmp_path / "requests.csv"), "--label", "why", "--out", str(tmp_path / "head")])


def test_too_few_requests_are_refused(model: Signals) -> None:
    with pytest.raises(RequestError, match="at least 5 different"):
        train_head("own", ["a bill", "a box"], ["x", "y"], model)


def test_threshold_and_temperature_known_answers() -> None:
    p = np.array([[0.95, 0.05], [0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    assert threshold_of(p, np.array([0, 0, 1, 0]), 0.9) == 0.9
    assert threshold_of(p, np.array([1, 1, 1, 1]), 0.9) > 1
    logits = np.array([[2.0, -1.0, 0.5]])
    softmax = np.exp(logits) / np.exp(logits).sum()
    cooler = np.exp(logits / 3) / np.exp(logits / 3).sum()
    assert np.allclose(at_temperature(softmax, 3.0), cooler)
