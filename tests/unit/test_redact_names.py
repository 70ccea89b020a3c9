"""Names and addresses: cues alone, models beside them, live as batch, what must stay, and what happens without models."""

import importlib.util
import random
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from aftercall.contracts.records import Interaction, Turn
from aftercall.text.pii_finder import RULES_ONLY, RULES_VERSION, Finder, finder_at, own_finder
from aftercall.text.pii_models import open_models
from aftercall.text.redact import MASK, START, redact_turn
from aftercall.text.redact_records import redact_interaction
from aftercall.text.weights import Places

CUED = [
    ("My name is Ana Torres and I live in town", "Ana Torres"),
    ("my name is kim lee", "kim lee"),
    ("hi this is dana at claims", "dana"),
    ("Hello, this is Priya from Fernhill Recovery.", "Priya"),
    ("May I speak with Duncan Gallagher, please?", "Duncan Gallagher"),
    ("Thanks, Harold.", "Harold"),
    ("Mr. Brown is here", "Brown"),
    ("that is B-O-S-W-E-L-L", "B-O-S-W-E-L-L"),
    ("i live at 12 oak lane", "12 oak lane"),
    ("Send it to 293 Sycamore Avenue, Apt 4, please", "293 Sycamore Avenue, Apt 4"),
]
STAYS = [
    "this is great news",
    "I'm Sorry to hear that, Monday at 10 am is fine",
    "my name is not on the account",
    "can I speak to a manager",
    "Will the Unlimited plan be $25 a month?",
    "Thank you for calling Fernhill, how can I help you today?",
    "The flight to London on June 14 is about 300 dollars",
    "turn left on the second street",
    "your order F-77130 ships in 2 days",
]


@pytest.fixture(scope="module")
def models() -> Finder:
    finder = own_finder()
    if finder.models is None:
        pytest.fail(f"the models that find names are not here: {finder.missing}")
    return finder


@pytest.mark.parametrize(("text", "value"), CUED)
def test_cues_show_names_and_addresses_without_models(text: str, value: str) -> None:
    assert redact_turn(START, "customer", text)[1].text == text.replace(value, MASK)


@pytest.mark.parametrize("text", STAYS)
def test_plain_words_days_places_amounts_and_products_stay(text: str, models: Finder) -> None:
    assert redact_turn(START, "agent", text, models)[1].text == text


def test_an_answer_to_a_question_for_the_name_is_a_name() -> None:
    state, _ = redact_turn(START, "agent", "May I have your full name, please?")
    assert redact_turn(state, "customer", "sure, kim boswell")[1].text == f"sure, {MASK}"
    assert redact_turn(state, "customer", "one moment please")[1].text == "one moment please"


def test_models_find_what_no_cue_shows(models: Finder) -> None:
    text = "We told Torres and Ewa Kowalczyk that the parcel is lost."
    assert redact_turn(START, "customer", text)[1].text == text
    assert redact_turn(START, "customer", text, models)[1].text == f"We told {MASK} and {MASK} that the parcel is lost."


def test_live_equals_batch_and_a_second_pass_changes_nothing(models: Finder) -> None:
    said = [one for one, _ in CUED] + STAYS + ["Who am I speaking with?", "ewa kowalczyk", "We told Torres."]
    random.Random(1).shuffle(said)
    turns = tuple(Turn(n, "agent" if n % 2 else "customer", text, float(n), float(n)) for n, text in enumerate(said))
    batch = redact_interaction(Interaction("a", "chat", turns), models).interaction
    state, live = START, list[str]()
    for turn in turns:
        state, out = redact_turn(state, turn.speaker, turn.text, Finder(models.models))
        live.append(out.text)
    assert live == [turn.text for turn in batch.turns]
    again = redact_interaction(batch, models)
    assert [turn.text for turn in again.interaction.turns] == live


def test_missing_models_leave_the_rules_and_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftercall.text.pii_models.find_spec", lambda name: None if name == "spacy" else object())
    finder = finder_at(Places(tmp_path / "cache"))
    assert finder.version == RULES_VERSION
    assert finder.warning
    assert "spacy" in finder.missing
    assert finder.find("My name is Ana").spans == RULES_ONLY.find("My name is Ana").spans


def test_models_that_do_not_load_say_which(tmp_path: Path, models: Finder) -> None:
    assert models.models is not None
    for name in ("rampart", "spacy-en"):
        shutil.copytree(models.models.paths[name], tmp_path / name)
    (tmp_path / "rampart" / "onnx" / "model_q4.onnx").write_bytes(b"cut off")
    finder = finder_at(Places(tmp_path / "cache", models_dir=tmp_path))
    assert finder.models is None
    assert "rampart" in finder.missing
    assert finder.version == RULES_VERSION


def test_torch_is_not_loaded() -> None:
    code = (
        "import sys; from aftercall.text.pii_finder import own_finder;"
        "assert 'spacy' not in sys.modules; own_finder().find('We told Torres.');"
        "assert 'torch' not in sys.modules, 'torch'"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def _benchmark(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_redaction", checkout / "benchmarks" / "redaction.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmark_redaction"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.real_data
@pytest.mark.slow
def test_recall_and_false_masks_on_marked_sentences(real_data: Path, checkout: Path, models: Finder) -> None:
    bench = _benchmark(checkout)
    rows = bench.read_sentences(real_data)
    got = bench.figures([row for row in rows if not row.is_tuned_on], models)
    assert bench.cards_left(rows, models) == 0
    assert got["core_characters"][0] >= 0.96
    assert got["core_characters"][1] >= 0.95
    assert got["false_characters"][0] <= 0.015
    found = {kind: one[0] for kind, one in got["spans"].items()}
    assert found["PERSON"] >= 0.935
    for kind in ("US_SSN", "PHONE_NUMBER", "EMAIL_ADDRESS"):
        assert found[kind] >= 0.97, kind
    for kind, (hits, n) in bench.counted(bench.spoken_copies(rows, random.Random(3)), models).spans.items():
        assert hits / n >= 0.95, kind


def test_opening_checks_the_bytes(models: Finder) -> None:
    assert models.models is not None
    assert open_models(Places(Path("/nonexistent"))).version == models.models.version
