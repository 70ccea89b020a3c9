"""The lake: the only reader and writer of Delta tables. Every read names a role and a purpose.

Lives here: reading, appending, overwriting whole days, and one lock for writers of one state folder. Not here: what
the tables mean (contracts), what is written when (assets beside this file).
"""

import fcntl
import re
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from aftercall.contracts.access import allow
from aftercall.contracts.delta import constraints, properties
from aftercall.contracts.frames import arrow_schema, empty, keep, polars_schema, shaped
from aftercall.contracts.table import Table
from aftercall.contracts.tables import table_named

if TYPE_CHECKING:
    from deltalake import DeltaTable

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Lake:
    """Delta tables below `root`, one folder each."""

    root: Path

    def exists(self, name: str) -> bool:
        """Whether the table was made; a folder left behind by a run that was killed before the first commit is none."""
        log = self._path(name) / "_delta_log"
        return log.is_dir() and any(path.stem.isdigit() for path in log.glob("*.json"))

    def read(
        self,
        name: str,
        *,
        role: str,
        purpose: str,
        columns: Sequence[str] | None = None,
        days: Iterable[str] | None = None,
        epoch: str | None = None,
        among: tuple[str, pl.Series] | None = None,
    ) -> pl.DataFrame:
        """Return rows of a table, of the given days and epoch if given; a table never written is empty.

        `among` keeps the rows whose column holds one of the values.

        Raises: AccessRefused for a role or purpose that may not; UnknownTable.
        """
        table = table_named(name)
        allow(table, role=role, purpose=purpose)
        wanted = list(columns) if columns is not None else list(table.names)
        if not self.exists(name):
            return empty(table).select(wanted)
        rows = pl.scan_delta(str(self._path(name)))
        if days is not None:
            rows = rows.filter(pl.col("day_on").is_in(sorted(set(days))))
        if epoch is not None:
            rows = rows.filter(pl.col("score_epoch") == epoch)
        if among is not None:
            rows = rows.filter(pl.col(among[0]).is_in(among[1].implode()))
        schema, held = polars_schema(table), set(rows.collect_schema().names())
        # A table written before a column existed lacks it: the column is null there.
        rows = rows.with_columns([pl.lit(None).alias(name) for name in wanted if name not in held])
        return rows.select([pl.col(column).cast(schema[column]) for column in wanted]).collect()

    def append(self, name: str, rows: pl.DataFrame) -> None:
        """Add rows after checking them against the contract."""
        self._commit(name, rows, mode="append", predicate=None)

    def overwrite(
        self, name: str, rows: pl.DataFrame, *, days: Iterable[str] | None = None, epoch: str | None = None, note: str = ""
    ) -> None:
        """Replace the rows of the given days (and epoch), or the whole table, in one commit that readers see whole.

        `note` is kept with the commit: `note_of` gives it back.
        """
        clauses = []
        if days is not None:
            listed = ", ".join(f"'{day}'" for day in sorted(set(days)))
            clauses.append(f"day_on IN ({listed})")
        if epoch is not None:
            clauses.append(f"score_epoch = '{epoch}'")
        predicate = " AND ".join(clauses) or None
        self._commit(name, rows, mode="overwrite", predicate=predicate, note=note)

    def note_of(self, name: str) -> str:
        """Return the note of the table's last commit, or ''."""
        if not self.exists(name):
            return ""
        return str(self._table(name).history(1)[0].get("note", ""))

    def files(self, name: str) -> list[str]:
        """Return the parquet files that are the table now; none for a table never written."""
        return sorted(self._table(name).file_uris()) if self.exists(name) else []

    def versions(self, names: Iterable[str]) -> dict[str, int]:
        """Return the version of each table that exists: equal versions, equal content."""
        return {name: self._table(name).version() for name in names if self.exists(name)}

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the state's only writer's lock; a second writer waits, so nothing is written twice."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _path(self, name: str) -> Path:
        return self.root / name

    def _table(self, name: str) -> "DeltaTable":
        from deltalake import DeltaTable

        return DeltaTable(str(self._path(name)))

    def _commit(self, name: str, rows: pl.DataFrame, *, mode: str, predicate: str | None, note: str = "") -> None:
        from deltalake import CommitProperties, write_deltalake

        table = table_named(name)
        arrow = _arrow(keep(shaped(rows, table), table), table)
        self._create_once(table)
        commit = CommitProperties(custom_metadata={"note": note}) if note else None
        _until_done(
            lambda: write_deltalake(
                str(self._path(name)), arrow, mode=mode, predicate=predicate, commit_properties=commit, schema_mode="merge"
            )
        )

    def _create_once(self, table: Table) -> None:
        from deltalake import DeltaTable

        path = self._path(table.name)
        if not self.exists(table.name):
            path.mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                str(path),
                arrow_schema(table),
                mode="ignore",
                partition_by=list(table.partition) or None,
                configuration=properties(table),
            )
        # A table is made in two commits, its columns and its rules: a run may have been killed between them. And a table made
        # by an older version may allow fewer words than the contract does now.
        made = self._table(table.name)
        held, kept = {field.name for field in made.schema().fields}, made.metadata().configuration
        rules = {name: rule for name, rule in constraints(table).items() if name.rsplit("_", 1)[0] in held}
        old = {name: kept[f"delta.constraints.{name}"] for name in rules if f"delta.constraints.{name}" in kept}
        stale = [name for name, rule in old.items() if _words(rule) != _words(rules[name])]
        for name in stale:
            made.alter.drop_constraint(name)
        if missing := {name: rule for name, rule in rules.items() if name not in old or name in stale}:
            made.alter.add_constraint(missing)


def _words(rule: str) -> set[str]:
    """Return the values a rule allows; Delta keeps rules in its own spelling."""
    return set(re.findall(r"'([^']*)'", rule))


def _arrow(rows: pl.DataFrame, table: Table) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(arrow_schema(table))


def _until_done(write: Callable[[], None]) -> None:
    """Write, trying again when another writer of the same table came first."""
    from deltalake.exceptions import CommitFailedError

    for attempt in range(_TRIES):
        try:
            write()
        except CommitFailedError:
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.2 * 2**attempt)
        else:
            return
