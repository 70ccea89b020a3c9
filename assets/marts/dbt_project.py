"""dbt as a program: the prepared manifest and one build, each in a process of its own.

Lives here: how dbt is called and what its results say. Not here: Dagster (assets.py), what is built (dbt_like_sql).

A child process, because dbt keeps global state (flags, adapters, loggers, an open DuckDB file); calling it directly, because
DbtCliResource also starts an adapter in the parent only to fetch columns we already know from the contracts.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from aftercall.contracts.errors import AftercallError

_SOURCES = ("*.sql", "*.yml", "*.md")
_BUILT = ("models", "tests", "macros")
_RESULTS = "run_results.json"
_SAVED_PARSE = "partial_parse.msgpack"


class DbtError(AftercallError, RuntimeError):
    """A dbt model or test failed; says which and where the log is."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What dbt says of one model or test."""

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    message: str

    @property
    def passed(self) -> bool:
        """Whether the model was built or the test found nothing."""
        return self.status in ("success", "pass")

    @property
    def blocks(self) -> bool:
        """Whether it stops publication: an error or a failed test; a warning does not, nor a test skipped behind an error."""
        return self.status in ("error", "fail", "runtime error")


def project_hash(project_dir: Path) -> str:
    """Return 16 characters that change with any model, test, macro or setting of the project, or with dbt itself."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    folders = [path for name in _BUILT for pattern in _SOURCES for path in (project_dir / name).rglob(pattern)]
    for path in sorted([*folders, *project_dir.glob("*.yml")]):
        digest.update(str(path.relative_to(project_dir)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def manifest(project_dir: Path, cache_dir: Path) -> Path:
    """Return the path of the project's manifest.json below `cache_dir`, parsing only when the project has changed.

    Raises: DbtError, the project does not parse.
    """
    kept = cache_dir / f"dbt-{project_hash(project_dir)}"
    if not (kept / "manifest.json").is_file():
        cache_dir.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="dbt-parse-", dir=cache_dir))
        done = _dbt(
            ["parse", "--vars", '{"score_epoch": ""}'], project_dir, duckdb_path=fresh / "unused.duckdb", target_dir=fresh
        )
        if done.returncode:
            raise DbtError(f"dbt parse failed in {project_dir}:\n{_tail(done.stdout)}")
        try:
            fresh.rename(kept)
        except OSError:  # another process prepared the same manifest meanwhile
            shutil.rmtree(fresh, ignore_errors=True)
    return kept / "manifest.json"


def build(
    project_dir: Path, *, duckdb_path: Path, target_dir: Path, variables: Mapping[str, object], prepared: Path
) -> list[NodeResult]:
    """Run every model and test into `duckdb_path`; logs and artefacts go to `target_dir`.

    `prepared` is a manifest from `manifest`: its saved parse is reused. Results come in dbt's order, failed ones included.

    Raises: DbtError, dbt ended before it ran anything.
    """
    target_dir.mkdir(parents=True, exist_ok=True)
    saved, used = prepared.with_name(_SAVED_PARSE), target_dir / _SAVED_PARSE
    if saved.is_file():
        shutil.copyfile(saved, used)
    arguments = ["build", "--vars", json.dumps(dict(variables), sort_keys=True)]
    done = _dbt(arguments, project_dir, duckdb_path=duckdb_path, target_dir=target_dir)
    if not (target_dir / _RESULTS).is_file():
        raise DbtError(f"dbt build failed before it ran anything; log in {target_dir / 'dbt.log'}:\n{_tail(done.stdout)}")
    if used.is_file():  # parsed for this path and these variables: the next build need not parse at all
        shutil.copyfile(used, saved)
    return results(target_dir)


def results(target_dir: Path) -> list[NodeResult]:
    """Return what the last build in `target_dir` said of each model and test, in dbt's order."""
    document = json.loads((target_dir / _RESULTS).read_text(encoding="utf-8"))
    return [_result(row) for row in document["results"]]


def _result(row: Mapping[str, object]) -> NodeResult:
    failures = row.get("failures")
    return NodeResult(
        unique_id=str(row["unique_id"]),
        status=str(row["status"]),
        seconds=float(str(row["execution_time"])),
        failures=int(str(failures)) if failures is not None else None,
        message=str(row.get("message") or ""),
    )


def _dbt(
    arguments: Sequence[str], project_dir: Path, *, duckdb_path: Path, target_dir: Path
) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "AFTERCALL_MARTS_DUCKDB": str(duckdb_path.absolute()),
        "DBT_PROFILES_DIR": str(project_dir.absolute()),
        "DBT_TARGET_PATH": str(target_dir.absolute()),
        "DBT_LOG_PATH": str(target_dir.absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
    }
    command = [sys.executable, "-m", "dbt.cli.main", "--no-version-check", *arguments]
    return subprocess.run(  # noqa: S603 our own interpreter and arguments
        command, cwd=project_dir, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _tail(text: str, lines: int = 25) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
