"""The disk is full while writing: one sentence says so, and with space again the same command ends in the right tables."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.raw.receive import quarantined
from pipelines.environments import CHECKOUT
from pipelines.full_disk import is_full_disk, says_full
from tests.faults.deliveries import KEY, first_delivery, run_steps, tables

QUIET = os.environ | KEY | {"PYTHONWARNINGS": "ignore"}


class TinyDisk:
    """A file system of its own with a size that can be changed."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def size(self, kilobytes: int, *, again: bool = False) -> None:
        options = f"{'remount,' if again else ''}size={kilobytes}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.place], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[TinyDisk]:
    place = tmp_path / "disk"
    place.mkdir()
    disk = TinyDisk(place)
    try:
        disk.size(1024)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("mounting a tmpfs is not permitted here; the limit on file sizes is tried instead")
    yield disk
    subprocess.run(["umount", "-l", place], check=True, capture_output=True)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inbox = tmp_path_factory.mktemp("full") / "inbox"
    first_delivery(inbox)
    return inbox


@pytest.fixture(scope="module")
def undisturbed(inbox: Path) -> dict[str, list[str]]:
    run_steps(inbox.parent / "undisturbed", inbox)
    return tables(inbox.parent / "undisturbed")


def failure_of(state: Path, inbox: Path) -> Exception | None:
    try:
        run_steps(state, inbox)
    except Exception as error:  # noqa: BLE001 whatever is raised, it must be known as a full disk
        return error
    return None


def test_wherever_the_disk_fills_a_repeat_with_space_ends_right(
    disk: TinyDisk, inbox: Path, undisturbed: dict[str, list[str]]
) -> None:
    """More and more room, each time from nothing: the failure moves from the first write to the last."""
    failed_at = []
    for kilobytes in range(24, 1500, 60):
        disk.size(kilobytes, again=True)
        state = disk.place / "state"
        failure = failure_of(state, inbox)
        if failure is None:
            break
        assert is_full_disk(failure, state), repr(failure)
        failed_at.append(kilobytes)
        disk.size(16_000, again=True)
        run_steps(state, inbox)
        assert tables(state) == undisturbed, kilobytes
        shutil.rmtree(state)
    assert len(failed_at) >= 3
    assert tables(disk.place / "state") == undisturbed


@pytest.mark.parametrize("limit_bytes", [600, 6_000])
def test_a_limit_on_files_is_met_like_a_full_disk(
    tmp_path: Path, inbox: Path, undisturbed: dict[str, list[str]], limit_bytes: int
) -> None:
    state = tmp_path / "state"
    command = [sys.executable, "-m", "tests.faults.limited_run", state, inbox, str(limit_bytes)]
    done = subprocess.run(command, cwd=CHECKOUT, env=QUIET, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr[-2000:]
    run_steps(state, inbox)
    assert tables(state) == undisturbed


@pytest.mark.slow
def test_the_command_says_what_happened_and_what_to_do(disk: TinyDisk, inbox: Path, undisturbed: dict[str, list[str]]) -> None:
    disk.size(1_100, again=True)
    state = disk.place / "state"
    command = [Path(sys.executable).parent / "aftercall", "run", "--input", inbox, "--state", state, "--basis", "synthetic"]
    done = subprocess.run(command, env=QUIET, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"the disk that holds {state} is full. Free some space and run the same command again" in done.stderr
    assert "index.html" not in done.stderr
    disk.size(64_000, again=True)
    run_steps(state, inbox)
    after = tables(state)
    assert after == undisturbed
    assert not list(quarantined(state / "quarantine"))


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("OSError: Generic LocalFileSystem error: No space left on device (os error 28)", True),
        ("(sqlite3.OperationalError) database or disk is full", True),
        ("OSError: [Errno 122] Disk quota exceeded", True),
        ("duckdb.IOException: IO Error: Could not read file", False),
        ("KeyError: 'day_on'", False),
    ],
)
def test_only_a_full_disk_is_called_one(tmp_path: Path, text: str, full: bool) -> None:
    assert says_full(text, tmp_path) is full
