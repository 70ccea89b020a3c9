"""A recording's way to an interaction: real decoding and real Silero, words from a scripted stand-in."""

from pathlib import Path

import numpy as np
import pytest

from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import from_line, to_line
from aftercall.speech import Places, open_recogniser, open_vad, transcribe
from aftercall.speech.activity import Silero, activity_of
from aftercall.speech.audio import read_recording
from benchmarks.speech_calls import RATE_HZ, Placed, compose, spoken, write_call
from tests.unit.scripted_recogniser import ScriptedRecogniser

AGENT = "Thank you for calling Maple Garden Supply how can I help you"
CUSTOMER = "I am calling because my order has not arrived"


@pytest.fixture(scope="module")
def vad(tmp_path_factory: pytest.TempPathFactory) -> Silero:
    return open_vad(Places(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def call(flite: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A call with the agent left, six seconds of silence, the customer right; and its agent's side alone."""
    folder = tmp_path_factory.mktemp("call")
    agent, customer = (spoken(flite, voice, text, folder) for voice, text in (("slt", AGENT), ("rms", CUSTOMER)))
    both = np.random.default_rng(7).normal(0, 1e-3, (len(agent) + len(customer) + 8 * RATE_HZ, 2)).astype(np.float32)
    both[RATE_HZ : RATE_HZ + len(agent), 0] += agent
    both[7 * RATE_HZ + len(agent) : 7 * RATE_HZ + len(agent) + len(customer), 1] += 0.1 * customer
    write_call(folder / "both.wav", both, subtype="ULAW")
    write_call(folder / "agent.wav", both[:, 0])
    return folder / "both.wav", folder / "agent.wav"


@pytest.mark.flite
def test_both_sides_in_order_with_times_and_roles(call: tuple[Path, Path], vad: Silero) -> None:
    told: list[tuple[float, float]] = []
    one = transcribe(
        call[0],
        channels="agent=left;customer=right",
        recogniser=ScriptedRecogniser([AGENT, CUSTOMER]),
        vad=vad,
        advance=lambda done_s, total_s: told.append((done_s, total_s)),
    )
    assert [(turn.speaker, turn.text) for turn in one.turns] == [("agent", AGENT), ("customer", CUSTOMER)]
    assert (one.transcript_state, one.interaction_id) == ("ok", "both")
    assert one.role_confidence is not None
    assert one.role_confidence > 0.95
    agent, customer = one.turns
    assert agent.start_s == pytest.approx(1.0, abs=0.15)
    assert customer.start_s is not None
    assert agent.end_s is not None
    assert customer.start_s - agent.end_s == pytest.approx(6.0, abs=0.4)  # the silence is kept
    assert agent.confidence == 0.9
    assert len(agent.words) == len(AGENT.split())
    assert one.attributes["loud_share_without_words"] == 0.0
    assert sum(done_s for done_s, _ in told) == pytest.approx(told[0][1])
    assert from_line(to_line(one)) == one


@pytest.mark.flite
def test_swapped_channels_do_not_pass_as_sure(call: tuple[Path, Path], vad: Silero) -> None:
    one = transcribe(call[0], channels="customer,agent", recogniser=ScriptedRecogniser([AGENT, CUSTOMER]), vad=vad)
    assert one.transcript_state == "role_uncertain"
    assert one.attributes["roles"]["is_swapped"] is True
    assert one.role_confidence is not None
    assert one.role_confidence < 0.2


@pytest.mark.flite
def test_nobody_declared_anything_and_the_words_decide(call: tuple[Path, Path], vad: Silero) -> None:
    sure = transcribe(call[0], channels=None, recogniser=ScriptedRecogniser([AGENT, CUSTOMER]), vad=vad)
    assert (sure.transcript_state, sure.attributes["roles"]["declared"]) == ("ok", False)
    unsure = transcribe(call[0], channels=None, recogniser=ScriptedRecogniser(["blue green red", "one two"]), vad=vad)
    assert (unsure.transcript_state, unsure.role_confidence) == ("role_uncertain", 0.5)


@pytest.mark.flite
def test_mono_copied_to_stereo_is_one_speaker_nobody_can_name(call: tuple[Path, Path], vad: Silero, tmp_path: Path) -> None:
    import soundfile

    mono, _ = soundfile.read(call[1], dtype="float32")
    write_call(tmp_path / "copied.wav", np.stack([mono, 0.5 * mono], axis=1))
    recogniser = ScriptedRecogniser([AGENT])
    one = transcribe(tmp_path / "copied.wav", channels="agent,customer", recogniser=recogniser, vad=vad)
    assert (one.transcript_state, one.role_confidence) == ("role_uncertain", None)
    assert one.attributes["is_copied_channels"] is True
    assert [turn.speaker for turn in one.turns] == ["system"]
    assert recogniser.asked[0] == 1  # the copy is not recognised twice
    alone = transcribe(tmp_path / "copied.wav", channels="agent only", recogniser=ScriptedRecogniser([AGENT]), vad=vad)
    assert (alone.transcript_state, [turn.speaker for turn in alone.turns]) == ("ok", ["agent"])


@pytest.mark.flite
def test_the_same_words_on_both_channels_are_a_copy_too(call: tuple[Path, Path], vad: Silero, tmp_path: Path) -> None:
    import soundfile

    mono, _ = soundfile.read(call[1], dtype="float32")
    late = np.concatenate([np.zeros(400, np.float32), mono[:-400]])  # 50 ms later: no sample agrees, every word does
    write_call(tmp_path / "late.wav", np.stack([mono, late], axis=1))
    one = transcribe(tmp_path / "late.wav", channels="agent,customer", recogniser=ScriptedRecogniser([AGENT, AGENT]), vad=vad)
    assert one.transcript_state == "role_uncertain"
    assert one.attributes["is_copied_channels"] is True
    assert len(one.turns) == 1


@pytest.mark.flite
@pytest.mark.parametrize(
    ("channels", "state", "speaker", "one_sided"),
    [("agent only", "ok", "agent", True), (None, "role_uncertain", "system", False)],
)
def test_one_channel(
    call: tuple[Path, Path], vad: Silero, channels: str | None, state: str, speaker: str, one_sided: bool
) -> None:
    one = transcribe(call[1], channels=channels, recogniser=ScriptedRecogniser([AGENT]), vad=vad)
    assert (one.transcript_state, one.role_confidence) == (state, None)
    assert {turn.speaker for turn in one.turns} == {speaker}
    assert one.attributes["is_one_sided"] is one_sided


@pytest.mark.flite
def test_roles_for_other_channels_than_there_are_name_both(call: tuple[Path, Path], vad: Silero) -> None:
    with pytest.raises(IntakeError, match=r"has 1 channel\(s\), but roles were declared for 2 \(agent, customer\)"):
        transcribe(call[1], channels="agent,customer", recogniser=ScriptedRecogniser([]), vad=vad)


@pytest.mark.flite
def test_a_declaration_nobody_can_read_refuses_the_recording_not_the_run(call: tuple[Path, Path], vad: Silero) -> None:
    with pytest.raises(IntakeError, match=r"both.wav: A channel's role is 'caller'"):
        transcribe(call[0], channels="agent,caller", recogniser=ScriptedRecogniser([]), vad=vad)


@pytest.mark.flite
def test_nothing_of_the_voice_but_times_and_words_leaves(call: tuple[Path, Path], vad: Silero) -> None:
    # Privacy P1 and P2: no vector and no measure of how somebody sounds; P3 in spirit: no file is written.
    before = sorted(call[0].parent.iterdir())
    line = to_line(transcribe(call[0], channels="agent,customer", recogniser=ScriptedRecogniser([AGENT, CUSTOMER]), vad=vad))
    assert sorted(call[0].parent.iterdir()) == before
    assert set(line["attributes"]) == {
        *("offset_base", "recogniser", "recording", "speech_s", "language", "bleed_turn_n", "is_copied_channels"),
        *("loud_share_without_words", "roles", "role_confidence"),
    }
    for turn in line["turns"]:
        assert set(turn) == {"speaker", "start_s", "end_s", "text", "confidence", "words"}
        assert all(set(word) == {"text", "start_s", "end_s", "confidence"} for word in turn["words"])


@pytest.mark.flite
def test_another_language_keeps_no_invented_turns(call: tuple[Path, Path], vad: Silero) -> None:
    recogniser = ScriptedRecogniser([AGENT, CUSTOMER], language="de", language_probability=0.95)
    one = transcribe(call[0], channels="agent,customer", recogniser=recogniser, vad=vad)
    assert (one.transcript_state, one.turns, one.attributes["language"]) == ("unsupported_language", (), "de")


@pytest.mark.parametrize("second_n", [0, 30])
def test_a_call_in_which_nobody_speaks_is_empty(vad: Silero, tmp_path: Path, second_n: int) -> None:
    noise = np.random.default_rng(7).normal(0, 0.01, (second_n * RATE_HZ, 2)).astype(np.float32)
    write_call(tmp_path / "quiet.wav", noise)
    recogniser = ScriptedRecogniser(["thank you for watching", "bye"])  # what a recogniser invents on noise
    one = transcribe(tmp_path / "quiet.wav", channels="agent,customer", recogniser=recogniser, vad=vad)
    assert (one.transcript_state, one.turns, one.role_confidence) == ("empty", (), None)


@pytest.mark.flite
def test_what_the_recogniser_leaves_out_is_asked_for_again(call: tuple[Path, Path], vad: Silero) -> None:
    recogniser = ScriptedRecogniser([AGENT, "", CUSTOMER])  # deaf to the customer at first
    one = transcribe(call[0], channels="agent,customer", recogniser=recogniser, vad=vad)
    assert [turn.text for turn in one.turns if turn.speaker == "customer"] == [CUSTOMER]
    assert recogniser.asked == [2, 1]


@pytest.mark.flite
def test_silero_hears_a_quiet_customer_under_a_noisy_line(flite: str, vad: Silero, tmp_path: Path) -> None:
    sound, placed = compose("clinic_visit", flite, tmp_path, quiet_db=-24.0, noise_db=-56.0)
    write_call(tmp_path / "call.wav", sound)
    for side, speaker in enumerate(("agent", "customer")):
        found = activity_of(read_recording(tmp_path / "call.wav").channels[side], vad)
        own = [one for one in placed if one.said.speaker == speaker]
        assert heard_share(own, found.spans) > 0.95
        assert found.speech_s < 1.25 * sum(one.end_s - one.start_s for one in own)


def heard_share(placed: list[Placed], spans: tuple) -> float:  # type: ignore[type-arg]
    total_s = sum(one.end_s - one.start_s for one in placed)
    inside_s = sum(max(0.0, min(one.end_s, s.end_s) - max(one.start_s, s.start_s)) for one in placed for s in spans)
    return inside_s / total_s


def test_a_backend_that_does_not_exist_is_refused_before_anything_loads(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no recogniser 'whisperx'. There are: faster-whisper. WhisperX needs"):
        open_recogniser("whisperx", places=Places(tmp_path))


def test_silero_gives_the_same_in_blocks_as_in_one_piece(vad: Silero, monkeypatch: pytest.MonkeyPatch) -> None:
    from aftercall.speech import activity

    sound = np.random.default_rng(7).normal(0, 0.1, 100 * activity.FRAME + 17).astype(np.float32)
    whole = vad.probabilities(sound)
    monkeypatch.setattr(activity, "_BLOCK", 9)
    assert whole.shape == (101,)
    np.testing.assert_allclose(vad.probabilities(sound), whole, atol=1e-6)
