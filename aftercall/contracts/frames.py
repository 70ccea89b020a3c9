"""Contracts for Polars and Arrow: schemas, and the check that a frame keeps its table's promises.

Lives here: what Polars and Arrow make of a Table. Not here: the tables themselves (lake_tables.py, mart_tables.py).
The library is imported inside functions: floor 0 needs only the standard library.
"""

from typing import TYPE_CHECKING, Any

from aftercall.contracts.columns import Column, Kind
from aftercall.contracts.errors import ContractError
from aftercall.contracts.table import Table

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


def polars_schema(table: Table) -> "dict[str, pl.DataType]":
    """Return column name to Polars type, in the table's order."""
    import polars as pl

    types: dict[Kind, Any] = {
        Kind.KEY: pl.String(),
        Kind.TEXT: pl.String(),
        Kind.REAL: pl.Float64(),
        Kind.COUNT: pl.Int64(),
        Kind.FLAG: pl.Boolean(),
        Kind.INSTANT: pl.Datetime("us", "UTC"),
        Kind.DATE: pl.Date(),
    }
    return {column.name: types[column.kind] for column in table.columns}


def arrow_schema(table: Table) -> "pa.Schema":
    """Return the Arrow schema; a required column is not nullable."""
    import pyarrow as pa

    types = {
        Kind.KEY: pa.string(),
        Kind.TEXT: pa.string(),
        Kind.REAL: pa.float64(),
        Kind.COUNT: pa.int64(),
        Kind.FLAG: pa.bool_(),
        Kind.INSTANT: pa.timestamp("us", "UTC"),
        Kind.DATE: pa.date32(),
    }
    return pa.schema([pa.field(c.name, types[c.kind], nullable=not c.required) for c in table.columns])


def empty(table: Table) -> "pl.DataFrame":
    """Return the table without rows."""
    import polars as pl

    return pl.DataFrame(schema=polars_schema(table))


def shaped(df: "pl.DataFrame", table: Table) -> "pl.DataFrame":
    """Return the frame with exactly the table's columns, types and order; a missing optional column becomes null.

    Raises: ContractError, a required column is missing or a value does not fit its type.
    """
    import polars as pl

    missing = [c.name for c in table.columns if c.required and c.name not in df.columns]
    if missing:
        raise ContractError(f"{table.name} needs {', '.join(missing)}; the frame has {', '.join(df.columns)}.")
    schema = polars_schema(table)
    exprs = [
        pl.col(name).cast(dtype) if name in df.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]
    try:
        return df.select(exprs)
    except pl.exceptions.PolarsError as error:
        raise ContractError(f"{table.name}: {error}") from error


def broken_rules(df: "pl.DataFrame", table: Table) -> list[str]:
    """Return every broken promise of the table in words; an empty list means the frame keeps its contract."""
    import polars as pl

    schema = polars_schema(table)
    wrong = [f"missing {name}" for name in schema if name not in df.columns]
    wrong += [
        f"{name} is {df.schema[name]}, not {dtype}"
        for name, dtype in schema.items()
        if name in df.columns and df.schema[name] != dtype
    ]
    if wrong:
        return wrong
    tests = [test for column in table.columns for test in _tests(column)]
    counts = df.select([test.sum().alias(str(i)) for i, (_, test) in enumerate(tests)]).row(0) if tests else ()
    rules = [f"{what} in {n} rows" for (what, _), n in zip(tests, counts, strict=True) if n]
    twice = df.height - (df.select(pl.struct(table.key).n_unique()).item() if df.height else 0)
    return rules + ([f"{twice} repeated keys {table.key}"] if twice else [])


def _tests(column: Column) -> "list[tuple[str, pl.Expr]]":
    import polars as pl

    value = pl.col(column.name)
    tests = [(f"{column.name} is null", value.is_null())] if column.required else []
    if column.low is not None:
        tests.append((f"{column.name} below {column.low:g}", value < column.low))
    if column.high is not None:
        tests.append((f"{column.name} above {column.high:g}", value > column.high))
    if column.kind is Kind.REAL:
        tests.append((f"{column.name} is not a number", value.is_nan()))
    if column.values:
        tests.append((f"{column.name} not one of {', '.join(column.values)}", value.is_in(column.values).not_()))
    return tests


def keep(df: "pl.DataFrame", table: Table) -> "pl.DataFrame":
    """Return the frame unchanged if it keeps its contract.

    Raises: ContractError, naming every broken rule at once.
    """
    if rules := broken_rules(df, table):
        raise ContractError(f"{table.name} breaks its contract: " + "; ".join(rules))
    return df
