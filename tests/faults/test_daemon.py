"""The real daemon: a dropped file is in the report, through the same definitions a command-line run executes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.definitions import build_definitions
from pipelines.environments import CHECKOUT, Environment
from pipelines.main_job import run_job
from pipelines.sensors import REST_S, fingerprint

WAIT_S = 240.0
LINES = [
    {
        "interaction_id": f"drop-{n}",
        "channel": "chat",
        "agent_id": f"a{n % 3}",
        "customer_id": f"c{n}",
        "started_at": f"2026-03-0{1 + n % 5}T10:00:00Z",
        "turns": [
            {"speaker": "agent", "start_s": 0, "end_s": 0, "text": "Hello, how can I help you today?"},
            {"speaker": "customer", "start_s": 9, "end_s": 9, "text": "My parcel has been lost and I am upset about it."},
            {"speaker": "agent", "start_s": 20, "end_s": 20, "text": "I'm sorry about that. I will look for it now."},
            {"speaker": "customer", "start_s": 31, "end_s": 31, "text": "Thanks."},
        ],
    }
    for n in range(12)
]


def drop(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")


@pytest.mark.slow
def test_the_daemon_takes_a_dropped_file_to_the_report(tmp_path: Path) -> None:
    state, inbox, home = tmp_path / "state", tmp_path / "inbox", tmp_path / "home"
    home.mkdir()
    inbox.mkdir()
    settings = (CHECKOUT / "dagster.yaml").read_text().replace(".state/main/dagster", str(home))
    (home / "dagster.yaml").write_text(settings)
    surroundings = os.environ | {
        "DAGSTER_HOME": str(home),
        "AFTERCALL_STATE": str(state),
        "AFTERCALL_INPUT": str(inbox),
        "AFTERCALL_BASIS": "synthetic",
        "AFTERCALL_BASIS_NAME": "daemon test",
        "PYTHONWARNINGS": "ignore",
    }
    with (tmp_path / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(
            [Path(sys.executable).parent / "dagster-daemon", "run", "-m", "pipelines.definitions"],
            cwd=CHECKOUT,
            env=surroundings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            drop(inbox)
            page = state / "reports" / "csv" / "interactions.csv"
            until = time.monotonic() + WAIT_S
            while time.monotonic() < until and not page.is_file():
                assert daemon.poll() is None, (tmp_path / "daemon.log").read_text()[-2000:]
                time.sleep(1)
        finally:
            os.killpg(daemon.pid, signal.SIGTERM)
            daemon.wait(timeout=30)
    assert page.is_file(), (tmp_path / "daemon.log").read_text()[-3000:]
    found = {line.split(",")[0] for line in page.read_text(encoding="utf-8").splitlines()[1:]}
    assert found == {line["interaction_id"] for line in LINES}
    assert (state / "reports" / "qa.html").is_file()


@pytest.mark.slow
def test_a_command_line_run_makes_every_asset_of_the_nightly_job(tmp_path: Path) -> None:
    drop(tmp_path / "inbox")
    environment = Environment(state=tmp_path / "state", input=tmp_path / "inbox", basis="synthetic", basis_name="test")
    outcome = run_job(environment)
    assert outcome.broken == ()
    graph = build_definitions(environment).resolve_asset_graph()
    assert set(outcome.assets) == {key.to_user_string() for key in graph.executable_asset_keys}


def test_a_file_still_being_written_is_left_alone(tmp_path: Path) -> None:
    drop(tmp_path)
    now_s = (tmp_path / "chats.jsonl").stat().st_mtime
    assert fingerprint(tmp_path, now_s=now_s + REST_S / 2) == ("", 0)
    seen, file_n = fingerprint(tmp_path, now_s=now_s + REST_S + 1)
    assert file_n == 1
    assert fingerprint(tmp_path, now_s=now_s + 100) == (seen, 1)


def test_hidden_files_and_links_are_no_delivery(tmp_path: Path) -> None:
    (tmp_path / ".partial").write_text("x")
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert fingerprint(tmp_path, now_s=time.time() + 100) == ("", 0)
