"""Uncleared agents: a row with a reason and not a word on disk, until their notice arrives."""

from pathlib import Path

import pytest

from aftercall.cli import main
from assets.raw.assets import raw_delivery
from pipelines.definitions import station_of
from tests.faults.deliveries import Lake, column, environment, line, notices, put_lines, put_table, run_steps
from tests.faults.state_scan import holding, texts

SECRET = "zebrafish marmalade"  # planted in what uncleared agents and their customers say
CLEAR = "copper lighthouse"


def planted(identity: str, agent: str, phrase: str, day: int = 2) -> dict[str, object]:
    one = line(identity, day, agent=agent, attributes={"note": f"about the {phrase}"})
    for turn in one["turns"]:
        turn["text"] += f" The {phrase}."
    return one


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    calls = [planted("cleared", "a1", CLEAR), planted("uncleared", "a2", SECRET), planted("unknown", "a9", SECRET)]
    early = planted("before-notice", "a3", SECRET, day=2)
    put_lines(inbox / "calls.jsonl", [*calls, early, planted("after-notice", "a3", CLEAR, day=9)], at=1)
    put_table(inbox / "notices.csv", [*notices("a1"), notices("a3")[0] | {"noticed_on": "2026-03-05"}], at=2)
    return inbox


def reasons(state: Path) -> dict[str, str | None]:
    return dict(column(state, "score_interaction", "interaction_id", "null_reason").iter_rows())


def test_uncleared_interactions_have_a_row_and_no_text_anywhere(tmp_path: Path, inbox: Path) -> None:
    state = tmp_path / "state"
    run_steps(state, inbox, basis="notices", basis_name="")
    refused = {"uncleared", "unknown", "before-notice"}
    assert {name for name, reason in reasons(state).items() if reason == "no_notice"} == refused
    assert {name for name, reason in reasons(state).items() if reason is None} == {"cleared", "after-notice"}
    assert {path.suffix for path, _ in texts(state)} >= {".parquet", ".json"}
    assert holding(state, CLEAR)
    assert holding(state, SECRET) == []
    turns = column(state, "core_turn", "interaction_id")["interaction_id"]
    assert set(turns) == {"cleared", "after-notice"}


def test_a_notice_that_arrives_later_clears_what_was_refused(tmp_path: Path, inbox: Path) -> None:
    state = tmp_path / "state"
    run_steps(state, inbox, basis="notices", basis_name="")
    put_table(inbox / "notices-more.csv", notices("a2"), at=9)
    run_steps(state, inbox, basis="notices", basis_name="")
    assert {name for name, reason in reasons(state).items() if reason == "no_notice"} == {"unknown", "before-notice"}
    assert reasons(state)["uncleared"] is None
    assert column(state, "core_interaction", "interaction_id").height == 5


def test_a_notice_counts_from_the_moment_it_is_stored(tmp_path: Path, inbox: Path) -> None:
    state = tmp_path / "state"
    around = environment(state, inbox, basis="notices", basis_name="")
    list(raw_delivery(lake=Lake(around.lake), station=station_of(around)))  # broken off before the core knows the notices
    (inbox / "notices.csv").unlink()
    put_lines(inbox / "next.jsonl", [planted("next", "a1", CLEAR, day=3)], at=9)
    run_steps(state, inbox, basis="notices", basis_name="")
    assert reasons(state)["next"] is None


@pytest.mark.parametrize("more", [(), ("--basis-name", "declared without a basis")])
def test_without_notices_and_without_a_basis_nothing_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    put_lines(tmp_path / "inbox" / "calls.jsonl", [line("i1")], at=1)
    assert main(["run", "--input", str(tmp_path / "inbox"), "--state", str(tmp_path / "state"), *more]) == 2
    said = capsys.readouterr().err
    assert "No notices" in said
    assert "--basis" in said
    assert "notices.csv" in said
    assert not (tmp_path / "state").exists()


def test_a_folder_that_does_not_exist_is_a_wrong_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--input", str(tmp_path / "nowhere"), "--basis", "public", "--state", str(tmp_path / "state")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
