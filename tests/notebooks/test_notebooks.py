"""Every notebook found runs on the demo centre and answers something."""

import runpy
from pathlib import Path

import pytest

BOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:marimo.*")
def test_a_notebook_runs_on_the_demo_centre(path: Path, demo_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCALL_STATE", str(demo_state))
    outputs, names = runpy.run_path(str(path))["app"].run()
    said = [str(output.text) for output in outputs if hasattr(output, "text")]
    assert any("handle_s" in text for text in said), said
    assert names["effect"].n_clusters > 0


def test_there_are_notebooks() -> None:
    assert BOOKS
