"""The page on series, few teams, pilots and corrected scores: its commands run as written, its functions exist."""

import importlib
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from aftercall.cli import main
from analytics.studies.study_spec import StudySpec, read_spec

BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page_runs(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    text = (checkout / "docs" / "how-to" / "study_without_a_staggered_panel.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = 0
    for block in BLOCK.finditer(text):
        kind, _, name = block["kind"].partition(" ")
        if kind == "csv":
            Path(name).write_text(block["body"], encoding="utf-8")
        for line in block["body"].splitlines() if kind == "console" else []:
            assert main(shlex.split(line.removeprefix("$ "))[1:]) == 0, capfd.readouterr().err
            ran += 1
    assert ran == 11
    assert (tmp_path / "assignment.csv.log.json").is_file()
    for module, names in re.findall(r"\| `(analytics\.[a-z_.]+)\.([a-z_]+)`", text):
        assert hasattr(importlib.import_module(module), names)


def test_the_page_on_declared_studies_runs_and_names_real_columns(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (checkout / "docs" / "how-to" / "declare_a_study.md").read_text(encoding="utf-8")
    (code,) = (block["body"] for block in BLOCK.finditer(text) if block["kind"] == "python")
    names: dict[str, Any] = {}
    exec(compile(code, "declare_a_study.md", "exec"), names)
    declared, _, said = capsys.readouterr().out.rpartition("\n\n")
    assert read_spec(declared) == names["standing_spec"](names["panel"])
    assert "handle time" in said
    for entry in re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.+?) \|", text, re.MULTILINE))):
        assert entry in {one.name for one in fields(StudySpec)}, entry
