"""What is said is executed: README code and commands, help texts, generated files, the map of floors."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from aftercall.cli import SUMMARIES, verbs
from aftercall.contracts.write import generated

BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(checkout: Path, kind: str) -> list[str]:
    text = (checkout / "README.md").read_text(encoding="utf-8")
    return [match["body"] for match in BLOCK.finditer(text) if match["kind"].strip() == kind]


def run_python(code: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    return out.getvalue()


def test_the_scoring_example_runs_and_shows_evidence(checkout: Path) -> None:
    (code,) = blocks(checkout, "python")
    said = run_python(code)
    assert re.match(r"\d+\.\d of 100\n", said)
    assert "heard: My order never came" in said
    assert "better: " in said


@pytest.mark.slow
def test_the_effect_example_runs_on_a_demo(
    checkout: Path, demo_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "demo").symlink_to(demo_state)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(checkout, "python demo")
    first = run_python(code).splitlines()[0]
    assert re.match(r"(Coaching changed handle time by|Inconclusive: the estimated effect on handle time is) ", first), first


@pytest.mark.slow
def test_the_commands_run_on_a_demo(checkout: Path, demo_state: Path, tmp_path: Path, aftercall: Path) -> None:
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "demo").symlink_to(demo_state)
    lines = [line[2:] for block in blocks(checkout, "console") for line in block.splitlines() if line.startswith("$ ")]
    assert lines
    for line in lines:
        command = [str(aftercall), *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr[-1500:]}"


def test_every_verb_is_in_the_readme_or_its_help_and_has_a_summary() -> None:
    assert set(SUMMARIES) == set(verbs())


@pytest.mark.parametrize("verb", sorted(SUMMARIES))
def test_help_opens_with_an_example_of_the_verb(verb: str, aftercall: Path) -> None:
    done = subprocess.run([aftercall, verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"example:\s+(\S+ )*.*aftercall {verb}", done.stdout), done.stdout


@pytest.mark.parametrize("verb", sorted(SUMMARIES))
def test_a_wrong_request_exits_2_and_says_what_to_do(verb: str, aftercall: Path) -> None:
    done = subprocess.run(
        [aftercall, verb, "--no-such-option"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_light_verb_does_not_load_the_heavy_libraries(aftercall: Path) -> None:
    code = (
        "import sys; from aftercall.cli import main; main(['--version']); main(['doctor', '--help']) if False else None;"
        "bad = {'dagster', 'great_expectations', 'statsmodels', 'polars', 'faster_whisper', 'plotly'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([aftercall.parent / "python", "-c", code], check=True, env=os.environ | {"PYTHONWARNINGS": "ignore"})


def test_generated_files_are_what_the_contracts_say(checkout: Path) -> None:
    for name, content in generated().items():
        assert (checkout / name).read_text(encoding="utf-8") == content, f"{name} is stale: make contracts"


def test_constraints_hold_no_addresses_and_no_local_suffix(checkout: Path) -> None:
    lines = [line for line in (checkout / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^+\s]+", line) for line in lines)


def test_the_demo_environment_holds_no_torch(checkout: Path) -> None:
    extras = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = " ".join([*extras["platform"], *extras["speech"], *extras["names"]]).lower()
    assert not [name for name in ("torch", "transformers", "whisperx") if name in wanted]


def test_make_alone_lists_the_targets(checkout: Path) -> None:
    listed = subprocess.run(["make", "-s"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "run", "dev", "notebooks", "bench"):
        assert f"make {target}" in listed
