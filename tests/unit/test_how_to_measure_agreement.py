"""The page on measuring agreement: its table, command and Python are run as written."""

import re
import shlex
from pathlib import Path

import pytest

from aftercall.cli import main

BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page_runs(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    text = (checkout / "docs" / "how-to" / "measure_agreement.md").read_text(encoding="utf-8")
    blocks = {match["kind"].split()[0]: match["body"] for match in BLOCK.finditer(text)}
    (tmp_path / "ratings.csv").write_text(blocks["csv"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (line,) = (line[2:] for line in blocks["console"].splitlines() if line.startswith("$ "))
    assert main(shlex.split(line)[1:]) == 0
    told = capfd.readouterr().out
    for name in re.findall(r"`(alpha_nominal|kappa_linear|ac2_quadratic|fleiss|pabak|raw)`", text):
        assert name in told
    exec(compile(blocks["python"], "measure_agreement.md", "exec"), {})
    said = capfd.readouterr().out
    alpha = re.search(r"alpha +(\d\.\d{3})", told)
    assert alpha is not None
    assert said.startswith(f"alpha {alpha[1]}"), "command and Python agree"
