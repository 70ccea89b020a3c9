"""Fixtures every test may use: where the real data are, and what is only skipped outside CI."""

import fcntl
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


def real_data_root() -> Path:
    return Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real"))


def not_here(message: str) -> NoReturn:
    """Fail in CI, where everything a test needs is installed; skip elsewhere."""
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


def need_program(name: str, debian: str) -> str:
    """Return the program's path; without it, fail in CI and skip elsewhere, naming the Debian package."""
    found = shutil.which(name)
    if found:
        return found
    not_here(f"{name} is missing: apt-get install {debian}")


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    root = real_data_root()
    if not root.is_dir():
        not_here(f"the real data are not at {root}; set AFTERCALL_REAL_DATA")
    return root


@pytest.fixture(scope="session")
def torch_installed() -> None:
    """torch and transformers can be imported; without them, fail in CI and skip elsewhere."""
    lacking = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if lacking:
        not_here(f"{' and '.join(lacking)} missing: pip install -c constraints.txt -e '.[train]'")


@pytest.fixture(scope="session")
def chromium() -> str:
    return need_program("chromium", "chromium")


@pytest.fixture(scope="session")
def flite() -> str:
    return need_program("flite", "flite")


@pytest.fixture(scope="session")
def aftercall() -> Path:
    """The installed command."""
    return Path(sys.executable).parent / "aftercall"


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory: pytest.TempPathFactory, aftercall: Path) -> Path:
    """A small demo centre with its whole main job run; made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    state, done = shared / "demo", shared / "demo.done"
    with (shared / "demo.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not done.exists():
            command = [aftercall, "demo", "--agents", "30", "--weeks", "18", "--out", state]
            ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=shared)
            assert ended.returncode == 0, ended.stderr[-3000:]
            done.write_text(ended.stderr, encoding="utf-8")
    return state
