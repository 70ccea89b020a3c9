"""The real recogniser and the real weights: known words, quiet customers, noise, and the one real call."""

import re
from pathlib import Path

import numpy as np
import pytest

from aftercall.contracts.records import Interaction
from aftercall.speech import Places, Recogniser, open_recogniser, open_vad, transcribe
from aftercall.speech.activity import Silero
from benchmarks.speech import plain_words, word_errors
from benchmarks.speech_calls import RATE_HZ, spoken, write_call

pytestmark = pytest.mark.speech

AGENT = "Thank you for calling Maple Garden Supply, how can I help you today?"
CUSTOMER = "I am calling because my bill is twenty dollars higher than last month."
# flite through a telephone line: one word in ten, for these sentences none was missed when this was written.
WORD_ERROR_LIMIT = 0.1
LOST_LIMIT = 0.04  # issue 2: loud seconds without words on a real two-channel call
# int8 arithmetic differs between processors: 0.022 was measured on one, 0.053 on another, where four grunts of the quiet
# customer stay below the confidence words need. Words nobody said would be the worse loss.
LOST_LIMIT_QUIET = 0.07


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def recogniser(places: Places) -> Recogniser:
    return open_recogniser(places=places)


@pytest.fixture(scope="module")
def vad(places: Places) -> Silero:
    return open_vad(places)


def errors_of(one: Interaction, speaker: str, said: str) -> float:
    heard = " ".join(turn.text for turn in one.turns if turn.speaker == speaker)
    return word_errors(plain_words(said), plain_words(heard)) / len(plain_words(said))


@pytest.mark.flite
def test_a_loud_agent_and_a_quiet_customer_are_both_heard(
    flite: str, recogniser: Recogniser, vad: Silero, tmp_path: Path
) -> None:
    agent, customer = spoken(flite, "slt", AGENT, tmp_path), spoken(flite, "awb", CUSTOMER, tmp_path)
    call = np.random.default_rng(7).normal(0, 1e-3, (len(agent) + len(customer) + 20 * RATE_HZ, 2)).astype(np.float32)
    call[RATE_HZ : RATE_HZ + len(agent), 0] += agent
    at = len(agent) + 18 * RATE_HZ
    call[at : at + len(customer), 1] += 0.1 * customer
    write_call(tmp_path / "call.wav", call, subtype="ULAW")

    one = transcribe(tmp_path / "call.wav", channels="agent,customer", recogniser=recogniser, vad=vad)
    again = transcribe(tmp_path / "call.wav", channels="agent,customer", recogniser=recogniser, vad=vad)

    assert again == one  # the same recording gives the same transcript
    assert errors_of(one, "agent", AGENT) <= WORD_ERROR_LIMIT
    assert errors_of(one, "customer", CUSTOMER) <= WORD_ERROR_LIMIT
    assert (one.transcript_state, one.attributes["language"]) == ("ok", "en")
    last = one.turns[-1]
    assert last.start_s == pytest.approx(at / RATE_HZ, abs=0.35)
    assert last.end_s == pytest.approx((at + len(customer)) / RATE_HZ, abs=0.35)
    for turn in one.turns:
        assert turn.confidence is not None
        assert 0.5 < turn.confidence <= 1
        assert all(a.end_s <= b.start_s + 0.05 for a, b in zip(turn.words, turn.words[1:], strict=False))
        assert "".join(word.text for word in turn.words) == turn.text.replace(" ", "")


def test_noise_and_tones_say_nothing(recogniser: Recogniser, vad: Silero, tmp_path: Path) -> None:
    at_s = np.arange(12 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(7)
    bursts = rng.normal(0, 0.2, len(at_s)) * (np.sin(2 * np.pi * at_s / 3) > 0.3)
    ring = 0.3 * np.sin(2 * np.pi * 440 * at_s) * (at_s % 4 < 2)
    write_call(tmp_path / "hold.wav", np.stack([bursts, ring], axis=1).astype(np.float32))
    one = transcribe(tmp_path / "hold.wav", channels="agent,customer", recogniser=recogniser, vad=vad)
    assert (one.transcript_state, one.turns) == ("empty", ())


@pytest.mark.flite
def test_a_sound_is_heard_the_same_alone_and_in_a_batch(flite: str, recogniser: Recogniser, tmp_path: Path) -> None:
    import soxr

    sounds = [
        np.asarray(soxr.resample(spoken(flite, "slt", text, tmp_path), RATE_HZ, 16_000), np.float32)
        for text in ("Please hold the line.", "Your order was sent on Monday.")
    ]
    together = list(recogniser.hear(sounds, language="en"))
    alone = [next(iter(recogniser.hear([sound], language="en"))) for sound in sounds]
    assert [[w.text for w in one.words] for one in together] == [[w.text for w in one.words] for one in alone]
    assert [re.sub(r"\W", "", "".join(w.text for w in one.words)).lower() for one in together] == [
        "pleaseholdtheline",
        "yourorderwassentonmonday",
    ]


@pytest.mark.slow
@pytest.mark.real_data
def test_the_real_call_keeps_its_quiet_customer(real_data: Path, recogniser: Recogniser, vad: Silero) -> None:
    path = real_data / "recordings" / "lca-40.wav"
    one = transcribe(path, channels="agent=left;customer=right", recogniser=recogniser, vad=vad)
    words = {side: sum(len(turn.words) for turn in one.turns if turn.speaker == side) for side in ("agent", "customer")}
    assert words["agent"] > 350  # plain faster-whisper finds 404 to 410 and 272 to 273
    assert words["customer"] > 260
    assert one.attributes["loud_share_without_words"] < LOST_LIMIT_QUIET
    assert (one.transcript_state, one.attributes["roles"]["is_swapped"]) == ("ok", False)
    assert one.role_confidence is not None
    assert one.role_confidence > 0.95
    # No turn bridges a silence: the longest pause inside one is shorter than what ends a turn.
    for turn in one.turns:
        assert all(b.start_s - a.end_s < 2.0 for a, b in zip(turn.words, turn.words[1:], strict=False))


@pytest.mark.real_data
def test_a_real_mu_law_call_nobody_declared(real_data: Path, recogniser: Recogniser, vad: Silero) -> None:
    one = transcribe(real_data / "recordings" / "audiohook-test.wav", channels=None, recogniser=recogniser, vad=vad)
    assert one.attributes["recording"]["codec"] == "ulaw"
    assert {turn.speaker for turn in one.turns} == {"agent", "customer"}
    assert one.attributes["loud_share_without_words"] < LOST_LIMIT
    assert (one.transcript_state, one.attributes["roles"]["declared"]) == ("ok", False)
