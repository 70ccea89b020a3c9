"""The lake as dbt sees it: schema `lake` in a build's DuckDB file, one view per lake table over its active files.

Lives here: opening DuckDB without network, exposing tables, taking the scaffold away again. Not here: which files are
active (assets.lake), the SQL of the marts (dbt_like_sql).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from aftercall.contracts.columns import Column, Kind
from aftercall.contracts.errors import ContractError
from aftercall.contracts.table import Table
from aftercall.contracts.tables import LAKE, table_named

_TYPES = {
    Kind.KEY: "varchar",
    Kind.TEXT: "varchar",
    Kind.REAL: "double",
    Kind.COUNT: "bigint",
    Kind.FLAG: "boolean",
    Kind.INSTANT: "timestamptz",
    Kind.DATE: "date",
}
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file that never fetches an extension and reads every instant as UTC."""
    connection = duckdb.connect(str(path), read_only=read_only, config=_OFFLINE)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def expose_lake(duckdb_path: Path, files: Mapping[str, Sequence[str]]) -> None:
    """Create schema `lake`: one view per lake table over the given active parquet files.

    A table without files, or not named at all, becomes an empty view of the contract's types, so every model builds on
    the first night. Partition columns come from the path (`day_on=2026-01-05/...`) and are always text.

    Raises: UnknownTable, a name that is no table; ContractError, a name that is a mart.
    """
    wrong = [name for name in files if table_named(name) not in LAKE]
    if wrong:
        raise ContractError(f"{', '.join(wrong)} is no lake table; the lake has {', '.join(table.name for table in LAKE)}.")
    with connect(duckdb_path) as connection:
        connection.execute("create schema if not exists lake")
        for table in LAKE:
            connection.execute(f"create or replace view lake.{table.name} as {_query(table, files.get(table.name, ()))}")


def drop_scaffold(duckdb_path: Path) -> None:
    """Drop everything that points outside the file, so that a published file stands alone."""
    with connect(duckdb_path) as connection:
        for schema in ("staging", "lake"):
            connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute("checkpoint")


def _query(table: Table, uris: Sequence[str]) -> str:
    typed = ", ".join(f"cast(null as {_TYPES[column.kind]}) as {column.name}" for column in table.columns)
    nothing = f"select {typed} where false"
    if not uris:
        return nothing
    listed = ", ".join(_quoted(_local(uri)) for uri in uris)
    partition = ", ".join(f"{_quoted(name)}: 'varchar'" for name in table.partition)
    hive = f"hive_partitioning = true, hive_types = {{{partition}}}" if partition else "hive_partitioning = false"
    columns = ", ".join(_cast(column) for column in table.columns)
    # Files written before a column existed lack it; by name, it is null there, be it in some files or in all.
    rows = f"select * from read_parquet([{listed}], union_by_name = true, {hive})"  # noqa: S608 names of our own contracts
    return f"select {columns} from ({nothing} union all by name {rows})"  # noqa: S608


def _cast(column: Column) -> str:
    return f"cast({column.name} as {_TYPES[column.kind]}) as {column.name}"


def _local(uri: str) -> str:
    """Return the path of a file; Delta gives paths escaped as in an address, but without one."""
    if uri.startswith("file://"):
        return unquote(urlsplit(uri).path)
    return uri if Path(uri).exists() else unquote(uri)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
