"""`aftercall run`, for real, on a folder with every bad input between good ones; then the same command once more."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from aftercall.contracts.records import Problem
from assets.raw.receive import quarantined
from pipelines.environments import CHECKOUT
from tests.faults.deliveries import column
from tests.faults.mixed_folder import card_lines, forms_of_cards, good_lines, write_mixed
from tests.faults.state_scan import holding, texts

pytestmark = [pytest.mark.slow, pytest.mark.speech]
RECORDING = CHECKOUT / "aftercall" / "synth" / "recordings" / "call-service.wav"
BASIS = ("--basis", "synthetic", "--basis-name", "every bad input")


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    code: int
    said: str
    state: Path
    files: dict[str, tuple[int, int]]
    took_s: float


def run(inbox: Path, state: Path) -> Ran:
    """Run the verb as a person does, in a process of its own."""
    began = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "aftercall", "run", "--input", inbox, "--state", state, *BASIS],
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        cwd=inbox.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout, state, published(state), time.monotonic() - began)


def published(state: Path) -> dict[str, tuple[int, int]]:
    """Return (time of change in ns, bytes) of every file of lake, marts, live snapshot, answers, quarantine and reports."""
    kept = ("lake", "marts", "live", "analysis", "quarantine", "reports")
    files = [path for name in kept for path in (state / name).rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(state)): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("mixed")
    write_mixed(folder / "inbox", RECORDING)
    return run(folder / "inbox", folder / "state")


@pytest.fixture(scope="module")
def second(first: Ran) -> Ran:
    return run(first.state.parent / "inbox", first.state)


@pytest.fixture(scope="module")
def problems(first: Ran) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for one in quarantined(first.state / "quarantine"):
        found.setdefault(one.file, []).append(one)
    return found


@pytest.fixture(scope="module")
def scores(first: Ran) -> dict[str, dict[str, object]]:
    rows = column(first.state, "score_interaction", "interaction_id", "overall", "null_reason", "day_on")
    return {row["interaction_id"]: row for row in rows.iter_rows(named=True)}


def test_it_ends_with_one_and_says_how_many_and_where(first: Ran, problems: dict[str, list[Problem]]) -> None:
    refused_n = sum(len(found) for found in problems.values())
    assert first.code == 1
    assert not [word for word in ("Traceback", "leaked", "Exception") if word in first.said]
    assert f"{refused_n} records in quarantine" in first.said
    assert "state/quarantine" in first.said  # as a person types it: relative to the working folder
    assert "Needs you" not in first.said


@pytest.mark.parametrize(
    ("file", "position", "reason"),
    [
        ("bad/empty.jsonl", "file", "empty file"),
        ("bad/empty-too.csv", "file", "empty file"),
        ("bad/cut.jsonl", "line 2", "cut off"),
        ("bad/latin.jsonl", "line 2, byte", "not UTF-8"),
        ("bad/mystery.bin", "file", "no known format"),
        ("bad/unknown.csv", "file", "no column map fits"),
        ("bad/times.jsonl", "line 1", "is negative"),
        ("bad/times.jsonl", "line 3", "before it starts"),
        ("bad/legs-bad.csv", "line 2", "is negative"),
        ("bad/legs-bad.csv", "line 3", "not a number"),
    ],
)
def test_what_is_wrong_is_named_with_place_reason_and_remedy(
    problems: dict[str, list[Problem]], file: str, position: str, reason: str
) -> None:
    found = [one for one in problems[file] if one.position.startswith(position)]
    assert len(found) == 1
    assert reason in found[0].reason
    assert len(found[0].remedy) > 10
    assert found[0].field


def test_nothing_else_is_in_quarantine(problems: dict[str, list[Problem]]) -> None:
    assert sum(len(found) for found in problems.values()) == 10


def test_everything_good_is_scored(scores: dict[str, dict[str, object]]) -> None:
    good = [one["interaction_id"] for one in good_lines()] + [one["interaction_id"] for one in card_lines()]
    good += ["overlapping", "between", "before-cut", "before-latin", "twin", "mu-law"]
    assert {name for name in good if scores[name]["overall"] is None} == set()


def test_every_interaction_has_exactly_one_row(first: Ran, scores: dict[str, dict[str, object]]) -> None:
    core = column(first.state, "core_interaction", "interaction_id")["interaction_id"]
    assert core.n_unique() == core.len() == 29
    assert set(core) == set(scores)


@pytest.mark.parametrize("name", ["negative", "backwards", "cut-off", "latin"])
def test_what_was_refused_is_not_half_stored(scores: dict[str, dict[str, object]], name: str) -> None:
    assert name not in scores


def test_of_two_files_with_one_id_the_later_counts_and_both_are_kept(first: Ran) -> None:
    core = column(first.state, "core_interaction", "interaction_id", "queue").filter(pl.col("interaction_id") == "twin")
    raw = column(first.state, "raw_record", "record_key", "received_n").filter(pl.col("record_key") == "twin")
    assert core["queue"].to_list() == ["new"]
    assert raw.height == 2


def test_a_day_delivered_twice_is_stored_once(first: Ran) -> None:
    raw = column(first.state, "raw_record", "record_kind", "record_key").filter(pl.col("record_key") == "good-3")
    assert raw.height == 1


def test_swapped_speakers_are_never_scored(scores: dict[str, dict[str, object]]) -> None:
    assert (scores["swapped"]["overall"], scores["swapped"]["null_reason"]) == (None, "role_uncertain")


def test_calls_of_no_length_have_a_row_and_a_reason(first: Ran, scores: dict[str, dict[str, object]]) -> None:
    assert scores["zero"]["null_reason"] == scores["zero-seconds"]["null_reason"] == "no_transcript"
    core = column(first.state, "core_interaction", "interaction_id", "handle_s", "source_ref")
    handle = dict(core.select("interaction_id", "handle_s").iter_rows())
    assert handle["zero"] == handle["zero-seconds"] == 0
    silent = core.filter(pl.col("source_ref").str.starts_with("bad/header-only.wav"))["interaction_id"].to_list()
    assert [scores[name]["null_reason"] for name in silent] == ["empty_audio"]


def test_a_mu_law_recording_was_really_heard(first: Ran) -> None:
    turns = column(first.state, "core_turn", "interaction_id", "turn", "speaker", "text")
    heard = turns.filter(pl.col("interaction_id") == "mu-law")
    assert set(heard["speaker"]) == {"agent", "customer"}
    assert len(" ".join(heard["text"]).split()) > 15


def test_an_agent_outside_the_roster_is_scored_and_shown(first: Ran, scores: dict[str, dict[str, object]]) -> None:
    assert scores["stranger"]["overall"] is not None
    agents = column(first.state, "core_interaction", "interaction_id", "agent_id").filter(pl.col("agent_id") == "nobody-knows")
    assert agents["interaction_id"].to_list() == ["stranger"]
    rows = (first.state / "reports" / "csv" / "interactions.csv").read_text(encoding="utf-8")
    assert "nobody-knows" in rows


def test_no_card_number_is_on_disk(first: Ran, second: Ran) -> None:
    assert second.state == first.state
    kinds = {path.suffix for path, _ in texts(first.state)}
    assert {".parquet", ".duckdb", ".html", ".xlsx", ".csv", ".json", ".jsonl", ".db"} <= kinds
    assert holding(first.state, "How can I help you today?")  # the scan does see what is there
    assert holding(first.state, *forms_of_cards()) == []


def test_the_parts_of_a_card_said_over_several_turns_are_masked_too(first: Ran) -> None:
    turns = column(first.state, "core_turn", "interaction_id", "turn", "text")
    for name, parts in {"card-split": ("4111", "1111"), "card-split-spoken": ("four one one one", "one one one one")}.items():
        said = " | ".join(turns.filter(pl.col("interaction_id") == name)["text"])
        assert not [part for part in parts if part in said.lower()], said
        assert "⟨masked⟩" in said


def test_a_second_run_with_nothing_new_changes_no_file(first: Ran, second: Ran) -> None:
    assert second.code == first.code
    changed = {name for name in first.files.keys() | second.files.keys() if first.files.get(name) != second.files.get(name)}
    assert changed == set()
    assert len(first.files) > 80


def test_a_second_run_says_the_same_and_is_much_shorter(first: Ran, second: Ran) -> None:
    last = [line for line in first.said.splitlines() if line.startswith(("29 interactions", "No score", "Answers"))]
    assert len(last) == 3
    assert all(line in second.said for line in last)
    assert second.took_s < 0.7 * first.took_s
