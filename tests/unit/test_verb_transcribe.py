"""The verb: lines on stdout, refusals on stderr, the rest goes on."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aftercall.cli import main
from aftercall.contracts.records import from_line
from benchmarks.speech_calls import RATE_HZ, spoken, write_call


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCALL_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "weights"))
    monkeypatch.delenv("AFTERCALL_MODELS_DIR", raising=False)


@pytest.mark.speech
@pytest.mark.flite
def test_good_and_bad_recordings_in_one_go(flite: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    agent = spoken(flite, "slt", "Good morning, how can I help you today?", tmp_path)
    write_call(tmp_path / "good.wav", np.stack([agent, np.zeros_like(agent)], axis=1))
    soundfile.write(tmp_path / "silent.wav", np.zeros((0, 2)), RATE_HZ)
    (tmp_path / "text.wav").write_text("not a recording at all, but named like one")
    names = [str(tmp_path / name) for name in ("text.wav", "good.wav", "missing.wav", "silent.wav")]

    code = main(["transcribe", *names, "--channels", "agent,customer"])

    out, err = capfd.readouterr()
    good, silent = (from_line(json.loads(line)) for line in out.splitlines())
    assert code == 1
    assert (good.interaction_id, silent.interaction_id) == ("good", "silent")
    assert "help you today" in " ".join(turn.text for turn in good.turns)
    assert good.turns[0].words[0].end_s > good.turns[0].words[0].start_s
    assert (silent.transcript_state, silent.turns) == ("empty", ())
    assert "text.wav is not audio" in err
    assert "missing.wav not found" in err
    assert "2 of 4 recordings were refused" in err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["a.wav", "--backend", "whisperx"], "There are: faster-whisper"),
        (["a.wav", "--channels", "agent,caller"], "'caller'; it must be one of agent, customer, system"),
        ([], "Try: aftercall transcribe --help"),
    ],
)
def test_a_wrong_request_exits_2_and_says_what_exists(asked: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", *asked]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err


def test_without_weights_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from aftercall.text import weights

    monkeypatch.setattr(weights, "_installed_file", lambda *_: None)
    monkeypatch.setenv("AFTERCALL_MODELS_DIR", str(tmp_path))
    assert main(["transcribe", "a.wav"]) == 2
    err = capfd.readouterr().err
    assert "No weights for whisper-base" in err
    assert str(tmp_path / "whisper-base") in err
    assert "make setup" in err
