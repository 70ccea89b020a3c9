"""Everything a state holds, as text: parquet and databases opened, spreadsheets unzipped, every other file as bytes."""

import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl


def texts(state: Path) -> Iterator[tuple[Path, str]]:
    """Yield (file, what it holds): its raw bytes, and its content where it is packed."""
    for path in sorted(state.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        yield path, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            # str() of whole columns would be shortened: every value is written out.
            yield (
                path,
                pl.read_parquet(path, hive_partitioning=False).select(pl.all().cast(pl.String, strict=False)).write_csv(),
            )
        elif path.suffix == ".duckdb":
            yield path, _duckdb(path)
        elif path.suffix in (".xlsx", ".zip", ".gz"):
            with zipfile.ZipFile(path) as packed:
                for name in packed.namelist():
                    yield path, packed.read(name).decode("utf-8", "replace")
        elif path.suffix == ".db":
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as history:
                yield path, "\n".join(history.iterdump())


def holding(state: Path, *phrases: str) -> list[str]:
    """Return 'file: phrase' for every phrase that stands in a file, upper or lower case alike."""
    wanted = [phrase.lower() for phrase in phrases]
    found = []
    for path, text in texts(state):
        low = text.lower()
        found += [f"{path.relative_to(state)}: {phrase}" for phrase in wanted if phrase in low]
    return found


def _duckdb(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.sql("select schema_name, table_name from duckdb_tables()").fetchall()
        rows = [connection.sql(f'select * from "{schema}"."{table}"').fetchall() for schema, table in names]
    return "\n".join(str(row) for table in rows for row in table)
