"""The generic dbt tests find what they look for: their SQL, rendered as dbt renders it, over rows in DuckDB."""

import math
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest


def found(project: Path, name: str, rows: str, **arguments: Any) -> list[tuple[Any, ...]]:
    """Return the rows the generic test returns for `rows`, the body of a VALUES clause named t(a, b)."""
    text = (project / "tests" / "generic" / f"{name}.sql").read_text(encoding="utf-8")
    as_macro = text.replace("{% test ", "{% macro ").replace("{% endtest %}", "{% endmacro %}")
    macro = getattr(jinja2.Environment(autoescape=False).from_string(as_macro).module, name)
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * from (values {rows}) as v(a, b)")
        return sorted(connection.sql(macro("t", **arguments)).fetchall(), key=repr)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("(1, 'x'), (1, 'y'), (2, 'x')", []),
        ("(1, 'x'), (1, 'x'), (1, 'x')", [(1, "x", 3)]),
        ("(null, 'x'), (1, 'y')", [(None, "x", 1)]),
    ],
)
def test_unique_key_finds_repeated_and_missing_keys(project: Path, rows: str, wrong: list[tuple[Any, ...]]) -> None:
    assert found(project, "unique_key", rows, columns=["a", "b"]) == wrong


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [("(0, 0.0), (5, 1.0), (null, null)", []), ("(-1, 0.5), (3, 1.5), (2, -0.5)", [("a", -1.0), ("b", -0.5), ("b", 1.5)])],
)
def test_in_range_names_the_column_and_lets_unknown_values_pass(project: Path, rows: str, wrong: list[tuple[Any, ...]]) -> None:
    assert found(project, "in_range", rows, ranges={"a": [0, None], "b": [0, 1]}) == wrong


def test_in_range_finds_what_is_not_a_number(project: Path) -> None:
    ((column, value),) = found(project, "in_range", "(1, 'nan'::double)", ranges={"b": [None, None]})
    assert column == "b"
    assert math.isnan(value)
