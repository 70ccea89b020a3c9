"""The second ear for notices: unknown wordings go to a person, nothing else changes, and no point hangs on likeness."""

from pathlib import Path

import numpy as np
import pytest

from aftercall.scoring.pack import Pack, together
from aftercall.scoring.pack_likeness import LIKE_ENOUGH, PERHAPS_SAID, NoticeEar, second_ear
from aftercall.scoring.pack_run import RuleFacts, run_rules
from aftercall.scoring.pack_vectors import turns_and_controls
from aftercall.scoring.pack_yaml import read_pack, shipped
from aftercall.text.signals import load_signals
from aftercall.text.weights import Places

RECORDED = RuleFacts((("recorded", True),))
DEBT = RuleFacts((("account_type", "third_party_collection"), ("contact", "first"), ("right_party", True)))
NOTICE, MIRANDA = "us.recording.notice", "us.fdcpa.mini_miranda"
UNKNOWN = "For your safety and mine, the sound of this conversation is stored by us."


@pytest.fixture(scope="module")
def pack() -> Pack:
    return together([read_pack(path) for path in shipped()])


@pytest.fixture(scope="module")
def ear(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> NoticeEar:
    model = load_signals(Places(cache_dir=Path(tmp_path_factory.mktemp("cache"))), thread_n=1)
    return NoticeEar.of(pack, model.embeddings)


def both(pack: Pack, ear: NoticeEar | None, rule_id: str, facts: RuleFacts, *said: str) -> tuple[str | None, str | None]:
    turns, controls = turns_and_controls(said)
    outcomes = second_ear(run_rules(pack, facts, turns, controls), turns, pack, ear)
    found = next(one for one in outcomes if one.rule_id == rule_id)
    return found.outcome, found.reason


def test_an_unknown_wording_goes_to_a_person_with_its_sentence(pack: Pack, ear: NoticeEar) -> None:
    said = ("A 0-3: Hello, Dana here.", f"A 4-9: {UNKNOWN}", "C 10-12: Fine.", "A 30-33: Now, your parcel.")
    assert both(pack, None, NOTICE, RECORDED, *said) == ("missed", None)
    assert both(pack, ear, NOTICE, RECORDED, *said) == (None, PERHAPS_SAID)
    turns, _ = turns_and_controls(said)
    outcomes = second_ear(run_rules(pack, RECORDED, turns), turns, pack, ear)
    first = next(one for one in outcomes if one.rule_id == NOTICE).evidence[0]
    assert (first.turn, first.quote) == (1, UNKNOWN)


def test_service_talk_and_the_customers_words_are_no_notice(pack: Pack, ear: NoticeEar) -> None:
    talk = ("A 0-3: Hello, Dana here.", "A 5-9: Your parcel left our depot this morning.", "A 30-33: Anything else for you?")
    assert both(pack, ear, NOTICE, RECORDED, *talk) == ("missed", None)
    assert both(pack, ear, NOTICE, RECORDED, *talk[:2], f"C 10-14: {UNKNOWN}", talk[2]) == ("missed", None)


def test_a_notice_said_by_half_stays_missed(pack: Pack, ear: NoticeEar) -> None:
    half = ("A 0-3: Is this Kim?", "C 3-5: This is she.", "A 5-9: I am calling to collect a debt.", "A 90-95: Right.")
    assert both(pack, ear, MIRANDA, DEBT, *half) == ("missed", None)


def test_only_misses_change_and_never_into_anything_but_a_question(pack: Pack, ear: NoticeEar) -> None:
    changed, missed_n = [], 0
    for rule in (one for one in pack.rules if one.patterns.like):
        for vector in rule.tests:
            turns, controls = turns_and_controls(vector.said)
            facts = {name: values[0] for name, values in rule.applies_when} | dict(vector.facts)
            known = tuple(sorted((name, value) for name, value in facts.items() if value is not None))
            before = run_rules(pack, RuleFacts(known, vector.started_on), turns, controls)
            after = second_ear(before, turns, pack, ear)
            missed_n += sum(one.outcome == "missed" for one in before)
            pairs = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
            assert all(
                one.outcome == "missed" and (other.outcome, other.reason) == (None, PERHAPS_SAID) for one, other in pairs
            )
            changed += pairs
    assert len(changed) <= missed_n / 4


def test_likeness_depends_on_the_sentence_alone(pack: Pack, ear: NoticeEar) -> None:
    rule = next(one for one in pack.rules if one.id == NOTICE)
    texts = [UNKNOWN, "Your parcel left our depot this morning.", "Somebody may listen in to help me learn."]
    together_, alone = ear.likeness(rule, texts), [ear.likeness(rule, [text])[0] for text in texts]
    assert np.allclose(together_, alone, rtol=0, atol=1e-12)
    assert together_[0] >= LIKE_ENOUGH > together_[1]


def test_what_the_model_cannot_read_stays_missed(pack: Pack, ear: NoticeEar) -> None:
    def unread(texts: object) -> np.ndarray:
        return np.full((len(list(texts)), ear.mean.size), np.nan, dtype=np.float32)  # type: ignore[call-overload]

    deaf = NoticeEar(unread, ear.mean, ear.whitening, ear.examples)
    said = ("A 0-3: Hello, Dana here.", f"A 4-9: {UNKNOWN}", "A 30-33: Now, your parcel.")
    assert both(pack, deaf, NOTICE, RECORDED, *said) == ("missed", None)
