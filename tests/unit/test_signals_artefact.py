"""The shipped text model's directory: complete, small, the bytes its card names, and about right on plain sentences."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import aftercall.text
from aftercall.text.card import read_card
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import Places

SHIPPED = Path(aftercall.text.__file__).parent / "models" / "signals"
MOST_BYTES = 25_000_000


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((SHIPPED / "card.json").read_bytes())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Signals:
    return load_signals(Places(tmp_path_factory.mktemp("cache")))


def test_three_files_at_most_25_mb_with_the_bytes_the_card_names(card):
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SHIPPED.iterdir()}
    assert set(found) == {"model.onnx", "tokenizer.json", "card.json"}
    assert {name: found[name] for name in card["files"]} == card["files"]
    assert set(card["files"]) == set(found) - {"card.json"}
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= MOST_BYTES


def test_every_head_is_calibrated_and_its_cut_points_are_in_order(card):
    read_card(SHIPPED / "card.json")
    for head in card["heads"]:
        if "sure" in head:
            assert 0 < head["maybe"] <= head["sure"] < 1, head["name"]
            assert head["scale"][0] > 0, head["name"]
            assert head["cut_positives"] > 0, head["name"]
    assert {"empathy", "apology", "ownership", "frustration"} <= {head["name"] for head in card["heads"] if "sure" in head}


def test_every_set_names_its_licence_and_owner(card):
    assert {"goemotions", "tydip", "banking77", "clinc150", "casino", "own"} <= {one["name"] for one in card["data"]}
    assert all(one["licence"] and one["attribution"] for one in card["data"])
    # Live support that may not be changed, and what the model is measured on, taught nothing.
    assert not {"maia_dqe", "multidogo", "dstc11"} & {one["name"] for one in card["data"]}


@pytest.mark.parametrize(
    ("head", "does", "does_not"),
    [
        ("apology", "I'm really sorry that we sent the wrong bill.", "The bill was sent on the first of the month."),
        ("gratitude", "Thank you so much for your patience.", "Your contract runs until March."),
        ("frustration", "This is ridiculous, I am so angry with you people.", "I would like to change my address please."),
        ("question", "what is your date of birth", "I have changed the address."),
        ("sentiment", "The technician was wonderful, I am very happy.", "The technician was rude and it is still broken."),
        ("ownership", "I will file the claim now and write to you by Thursday.", "You have to call the bank yourself."),
        ("politeness", "Could you please tell me your number, thank you?", "Shut up and give me the number."),
    ],
)
def test_plain_sentences_rank_as_a_person_would(model: Signals, head: str, does: str, does_not: str) -> None:
    yes, no = model.values([does, does_not])[:, model.heads.index(head)]
    assert yes > no + 0.2


def test_a_row_alone_is_the_row_in_any_company(model: Signals) -> None:
    texts = ["I am sorry.", "what happened then", "Thanks, bye!", "my card was stolen and I cannot pay the rent"]
    alone = np.concatenate([model.values([text]) for text in texts])
    assert np.array_equal(alone, load_signals(Places(Path("unused"))).values(texts[::-1])[::-1])
