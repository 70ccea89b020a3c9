"""`aftercall signals`: one line a turn, who may be read for what, labels, masking, a missing model; and what doctor says."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from aftercall.cli import main
from aftercall.text.weights import find, places_from

TURNS = [
    ("customer", 0.0, 4.0, "Hello, my parcel is lost and I am really angry!"),
    ("system", 4.0, 5.0, "The agent joined."),
    ("agent", 6.5, 9.5, "I'm so sorry about that. What is your order number?"),
    ("customer", 8.5, 10.5, "It is 4111 1111 1111 1111"),
    ("agent", 11.0, 11.0, "..."),
    ("agent", 12.0, 14.0, "Thank you, have a lovely day!"),
]
MUST = ("politeness", "question", "apology", "gratitude", "greeting", "closing")
TIMES = ("response_s", "overlap_s", "silence_before_s", "words_per_min")


def line(turns: list[tuple[str, float, float, str]] = TURNS, **more: Any) -> str:
    told = [{"speaker": who, "start_s": start, "end_s": end, "text": text} for who, start, end, text in turns]
    return json.dumps({"interaction_id": "a", "channel": "voice", "started_at": None, "turns": told} | more) + "\n"


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    def run(text: str, *, code: int = 0) -> list[dict[str, Any]]:
        path = tmp_path / "in.jsonl"
        path.write_text(text, encoding="utf-8")
        assert main(["signals", str(path)]) == code
        out, run.err = capfd.readouterr()
        run.out = out
        return [json.loads(one) for one in out.splitlines()]

    return run


def test_one_line_a_turn_with_what_may_be_read_of_each_side(run) -> None:
    rows = run(line())
    assert [(row["interaction_id"], row["turn"], row["speaker"]) for row in rows] == [
        ("a", k, who) for k, (who, *_) in enumerate(TURNS)
    ]
    assert len({row["epoch"] for row in rows}) == 1
    for row in rows:
        signals = row["signals"]
        if row["speaker"] == "system":
            assert tuple(signals) == TIMES
            continue
        assert set(MUST) | set(TIMES) <= set(signals)
        feelings = {"sentiment", "frustration", "annoyance"}
        assert feelings & set(signals) == (feelings if row["speaker"] == "customer" else set())
        assert all((name in signals) == (row["speaker"] == "agent") for name in ("empathy", "acknowledgement", "ownership"))
        assert row["speaker"] == "system" or (signals["politeness"] is None) == (row["null_reason"] == "too_short")
    assert rows[4]["null_reason"] == "too_short"
    assert (rows[0]["signals"]["greeting"], rows[2]["signals"]["greeting"]) == (1, 0)
    assert (rows[5]["signals"]["closing"], rows[0]["signals"]["closing"]) == (1, 0)


def test_times_are_measured_where_they_were_recorded(run) -> None:
    voice = [row["signals"] for row in run(line())]
    assert [one["response_s"] for one in voice] == [None, None, 2.5, None, 0.5, None]
    assert [one["overlap_s"] for one in voice] == [0.0, None, 0.0, 1.0, None, 0.0]
    assert [one["silence_before_s"] for one in voice] == [None, 0.0, 1.5, 0.0, 0.5, 1.0]
    assert voice[0]["words_per_min"] == 150.0
    written = [row["signals"] for row in run(line([(who, start, start, text) for who, start, _, text in TURNS]))]
    assert all(one["overlap_s"] is None and one["words_per_min"] is None for one in written)
    assert [one["response_s"] for one in written] == [None, None, 6.5, None, 2.5, None]


def test_labels_and_the_truth_in_turns_change_nothing_and_no_number_of_a_card_leaves(run) -> None:
    run(line())
    blind = run.out
    told = json.loads(line(labels={"calm": False, "customer_brief": "be rude"}))
    for turn in told["turns"]:
        turn |= {"action": "ask_name", "options": ["x"], "source": "script"}
    run(json.dumps(told) + "\n")
    assert run.out == blind
    assert "4111" not in blind


def test_alone_or_beside_others_the_same_lines(run) -> None:
    other = line([("customer", 0.0, 1.0, "Thanks"), ("agent", 2.0, 3.0, "Hello there. I'm so sorry about that.")]).replace(
        '"a"', '"b"'
    )
    run(line())
    alone = run.out
    run(other + line() + other.replace('"b"', '"c"'))
    assert alone in run.out


def test_unsure_who_speaks_nothing_is_read(run) -> None:
    rows = run(line(attributes={"role_confidence": 0.4}))
    assert {row["null_reason"] for row in rows} == {"role_uncertain"}
    assert not [value for row in rows for value in row["signals"].values() if value is not None]


def test_without_a_model_what_it_would_give_is_null_and_the_rest_stays(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("AFTERCALL_TEXT_MODEL", str(tmp_path / "nowhere"))
    rows = run(line(), code=1)
    assert [row["null_reason"] for row in rows] == [
        "model_missing",
        None,
        "model_missing",
        "model_missing",
        "too_short",
        "model_missing",
    ]
    assert rows[0]["signals"]["greeting"] == 1
    assert rows[2]["signals"]["response_s"] == 2.5
    assert rows[2]["signals"]["apology"] is None
    assert "sentiment" not in rows[2]["signals"]
    assert "No weights for signals" in run.err


def test_doctor_says_which_text_model_there_is_and_refuses_changed_bytes(
    tmp_path: Path, monkeypatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def found() -> dict[str, str]:
        main(["doctor", "--json"])
        return {one["name"]: one for one in json.loads(capfd.readouterr().out)["findings"]}["signals"]

    folder = Path(shutil.copytree(find("signals", places_from(os.environ)).path, tmp_path / "models" / "signals"))
    monkeypatch.setenv("AFTERCALL_MODELS_DIR", str(tmp_path / "models"))
    assert found()["state"] == "ok"
    assert str(folder) in found()["detail"]
    assert "SHA-256 as its card names" in found()["detail"]
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"more")
    assert (found()["state"], "not loaded" in found()["detail"]) == ("absent", True)
    (folder / "card.json").write_text("{}", encoding="utf-8")
    assert (found()["state"], "is no model card" in found()["detail"]) == ("absent", True)
