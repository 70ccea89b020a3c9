"""The published marts: a folder per build, one link to the current one, readers that never see half a build.

Lives here: numbering run folders, swapping the link, reading, and what a build was made from. Not here: building (build.py).
"""

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import polars as pl

from aftercall.contracts.access import allow
from aftercall.contracts.errors import ContractError, RequestError
from aftercall.contracts.frames import keep, shaped
from aftercall.contracts.tables import MARTS, table_named
from assets.marts.lake_views import connect

FILE = "marts.duckdb"
_FACTS = "built_from.json"
_RUN = re.compile(r"run-(\d+)")
_KEPT = 3
_TRIES = 5


@dataclass(frozen=True, slots=True)
class BuiltFrom:
    """What a build was made from: equal values, equal marts.

    versions: lake table to its version; score_epoch: whose scores count; site_zone: IANA name of the zone dates are in;
    project: hash of the dbt project.
    """

    versions: Mapping[str, int]
    score_epoch: str
    site_zone: str
    project: str

    def write(self, run_dir: Path) -> None:
        """Record the facts in the run folder."""
        (run_dir / _FACTS).write_text(json.dumps(asdict(self), indent=2, sort_keys=True), encoding="utf-8")


def facts_of(current: Path) -> dict[str, object] | None:
    """Return what the published marts were made from, as written; None when nothing is published."""
    try:
        return json.loads((current / _FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def is_current(current: Path, wanted: BuiltFrom) -> bool:
    """Whether the published marts were made from exactly these lake versions, this epoch, this zone and this SQL."""
    return facts_of(current) == asdict(wanted) and (current / FILE).is_file()


def next_run(root: Path) -> Path:
    """Return the path of the next run folder, which does not exist yet.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as root:
    ...     next_run(Path(root)).name
    'run-1'
    """
    return root / f"run-{max(_runs(root), default=0) + 1}"


def publish(run_dir: Path, current: Path) -> None:
    """Point `current` at a finished run folder beside it, in one step, and keep the last three runs.

    A reader that has opened an older run reads it to the end: its file is open, and two older runs stay besides.

    Raises: ContractError, the folder holds no finished marts.
    """
    if not (run_dir / FILE).is_file():
        raise ContractError(f"{run_dir} holds no {FILE}; only a finished build is published.")
    if (run_dir / f"{FILE}.wal").exists():
        raise ContractError(f"{run_dir / FILE} has an unfinished write-ahead log; close the build before publishing it.")
    fresh = current.with_name(f".{current.name}-{uuid.uuid4().hex}")
    fresh.symlink_to(os.path.relpath(run_dir.absolute(), current.absolute().parent), target_is_directory=True)
    fresh.replace(current)
    runs = _runs(run_dir.parent)
    for number in sorted(runs)[:-_KEPT]:
        if runs[number].resolve() != run_dir.resolve():
            shutil.rmtree(runs[number], ignore_errors=True)


def read_mart(current: Path, name: str, *, role: str, purpose: str) -> pl.DataFrame:
    """Return one published mart, checked against its contract; raises as `read_marts`."""
    return read_marts(current, [name], role=role, purpose=purpose)[name]


def read_marts(current: Path, names: Iterable[str], *, role: str, purpose: str) -> dict[str, pl.DataFrame]:
    """Return marts of one and the same build, whatever is published meanwhile, each checked against its contract.

    Raises: AccessRefused, role or purpose may not; RequestError, nothing is published; UnknownTable; ContractError, a mart
        does not keep its contract.
    """
    tables = [table_named(name) for name in names]
    for table in tables:
        if table not in MARTS:
            raise ContractError(f"{table.name} is no mart; the marts are {', '.join(mart.name for mart in MARTS)}.")
        allow(table, role=role, purpose=purpose)
    with _opened(current) as connection:
        rows = {table: connection.table(table.name).select(*table.names).pl() for table in tables}
    return {table.name: keep(shaped(frame, table), table) for table, frame in rows.items()}


def _opened(current: Path) -> duckdb.DuckDBPyConnection:
    """Open the current file; a run that was cleared away between looking and opening means: look again.

    The link is resolved first, so that all reads of one connection, and DuckDB's own cache of open files, see one build.
    """
    for _ in range(_TRIES):
        if not current.is_symlink():
            break
        path = current.resolve() / FILE
        try:
            return connect(path, read_only=True)
        except duckdb.IOException:
            if path.exists():
                raise
    raise RequestError(f"No marts are published at {current}; `aftercall run` or `aftercall demo` builds them.")


def _runs(root: Path) -> dict[int, Path]:
    found = ((_RUN.fullmatch(path.name), path) for path in root.iterdir()) if root.is_dir() else ()
    return {int(match[1]): path for match, path in found if match}
