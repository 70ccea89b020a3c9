"""Fixtures every test may use: where the real data are, and what is only skipped outside CI."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


def real_data_root() -> Path:
    return Path(os.environ.get("AFTERCALL_REAL_DATA", ROOT.parent / "shared" / "data" / "real"))


def need_program(name: str, debian: str) -> str:
    """Return the program's path; without it, fail in CI and skip elsewhere, naming the Debian package."""
    found = shutil.which(name)
    if found:
        return found
    message = f"{name} is missing: apt-get install {debian}"
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    root = real_data_root()
    if not root.is_dir():
        message = f"the real data are not at {root}; set AFTERCALL_REAL_DATA"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return root


@pytest.fixture(scope="session")
def chromium() -> str:
    return need_program("chromium", "chromium")


@pytest.fixture(scope="session")
def flite() -> str:
    return need_program("flite", "flite")
