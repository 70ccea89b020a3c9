"""The house rules that a reader can check with a ruler: length, leases, names, addresses."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

LIMIT = 400  # lines; split by idea, not by size, when this fires
PACKAGES = ("aftercall", "analytics", "assets", "pipelines", "benchmarks", "tests", "notebooks", "scripts")
BANNED_NAMES = {"utils", "helpers", "common", "misc"}


def tracked(checkout: Path, *patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    return [checkout / name for name in listed.splitlines() if (checkout / name).is_file()]


def modules(checkout: Path) -> list[Path]:
    return [path for path in tracked(checkout, "*.py") if path.relative_to(checkout).parts[0] in PACKAGES]


def test_no_file_is_too_long_to_read_in_one_sitting(checkout: Path) -> None:
    files = [*modules(checkout), *tracked(checkout, "*.sql", "*.js")]
    long = {str(path.relative_to(checkout)): n for path in files if (n := len(path.read_text().splitlines())) > LIMIT}
    assert not long


def test_every_module_opens_with_what_lives_there(checkout: Path) -> None:
    silent = [
        str(path.relative_to(checkout))
        for path in modules(checkout)
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_modules_of_the_product_say_what_does_not_live_there(checkout: Path) -> None:
    product = [
        p for p in modules(checkout) if p.relative_to(checkout).parts[0] in ("aftercall", "analytics", "assets", "pipelines")
    ]
    grown = [p for p in product if len(p.read_text().splitlines()) > 60]
    silent = [
        str(p.relative_to(checkout)) for p in grown if "Not here" not in (ast.get_docstring(ast.parse(p.read_text())) or "")
    ]
    assert not silent


def test_no_module_is_a_drawer(checkout: Path) -> None:
    assert not [path for path in modules(checkout) if BANNED_NAMES & set(re.split(r"[_/.]", path.stem.lower()))]


def test_assets_do_not_postpone_annotations(checkout: Path) -> None:
    # Dagster reads annotations when an asset is defined; postponed ones break it at import.
    files = [p for p in modules(checkout) if p.relative_to(checkout).parts[0] in ("assets", "pipelines")]
    assert not [p for p in files if "from __future__ import annotations" in p.read_text()]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(^|[^A-Za-z0-9_.])/(work|farm|root)/",  # a path of some machine
        r"https?://[a-z0-9.-]*(py" + r"pi|pyth" + r"onhosted|npm" + r"js|deb\.deb)",  # a registry's host
    ],
)
def test_no_address_of_a_machine_or_registry(checkout: Path, pattern: str) -> None:
    texts = [
        p
        for p in tracked(checkout)
        if p.suffix in (".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".sql", ".json", "") and p.stat().st_size < 2_000_000
    ]
    rule = re.compile(pattern, re.MULTILINE)
    found = [str(p.relative_to(checkout)) for p in texts if rule.search(p.read_text(encoding="utf-8", errors="ignore"))]
    assert not found


def test_plotly_is_drawn_in_one_module_only(checkout: Path) -> None:
    rule = re.compile(r"^\s*(import|from) plotly", re.MULTILINE)
    users = [str(p.relative_to(checkout)) for p in modules(checkout) if rule.search(p.read_text())]
    assert [user for user in users if not user.startswith("tests/")] == ["analytics/plots.py"]


def test_no_voice_emotion_and_no_voiceprint_package(checkout: Path) -> None:
    # EU AI Act Art. 5(1)(f); spec privacy P1 and P2.
    banned = {"resemblyzer", "speechbrain", "pyannote-audio", "opensmile", "librosa", "parselmouth", "praat-parselmouth"}
    declared = (checkout / "pyproject.toml").read_text().lower() + (checkout / "weights.txt").read_text().lower()
    assert not [name for name in banned if name in declared]
