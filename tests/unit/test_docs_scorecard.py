"""The how-to on scorecards is executed: its files load, its commands run, its worked case comes out as the page says."""

import contextlib
import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from aftercall.scoring.forms import load

BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def blocks(checkout: Path) -> dict[str, str]:
    page = (checkout / "docs" / "how-to" / "write_a_scorecard.md").read_text(encoding="utf-8")
    return {match["kind"]: match["body"] for match in BLOCK.finditer(page)}


@pytest.fixture
def here(blocks: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "harbour.yaml").write_text(blocks["yaml harbour.yaml"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_worked_case_gives_its_three_totals(blocks: dict[str, str], here: Path) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(blocks["python"], "write_a_scorecard.md", "exec"), {})
    answers = "['yes', 'na', 'partial', 'yes', 'no']"
    assert out.getvalue().splitlines() == [f"question 57.1 {answers}", f"section 70.0 {answers}", f"points 73.3 {answers}"]


def test_the_commands_run(blocks: dict[str, str], here: Path, aftercall: Path) -> None:
    lines = [line[2:] for line in blocks["console"].splitlines()]
    for line in lines:
        done = subprocess.run([str(aftercall), *shlex.split(line)[1:]], cwd=here, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr[-1500:]}"
    assert len(lines) == 3


def test_the_further_questions_and_sets_load(blocks: dict[str, str], here: Path) -> None:
    written = blocks["yaml harbour.yaml"].replace("questions:\n", blocks["yaml phrases"] + "questions:\n")
    (here / "more.yaml").write_text(written.replace("said: [courteous_closing]", "said: [says_it_was_wrong]"), encoding="utf-8")
    with (here / "more.yaml").open("a", encoding="utf-8") as file:
        file.write(blocks["yaml questions"])
    form = load([here / "more.yaml"], model="model_missing").form("harbour")
    assert [question.question_id for question in form.questions if question.is_advisory] == ["notice", "sorry_then", "right"]
    assert {question.question_id: question.fails for question in form.questions if question.is_autofail} == {
        "notice": "form",
        "insult": "section",
    }
    shown_if = form.question("sorry_then").shown_if
    assert shown_if is not None
    assert (shown_if.question_id, shown_if.answers) == ("heard", ("yes", "partial"))
    assert [(one.name, one.sure, one.maybe) for one in form.readings if one.head == "apology"][-1] == (
        "says_it_was_wrong",
        0.6,
        0.3,
    )
    assert form.question("heard").answered_by == "model"
    assert form.question("right").answered_by == "human"
