"""How the study verbs read any table and tell an answer: CSV or Parquet in, sentences or one JSON object out.

Lives here: reading a file of any column names, printing an Answer. Not here: what the columns mean (analytics.studies).
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from aftercall.cli.terminal import tell, write_line
from aftercall.contracts.errors import RequestError

if TYPE_CHECKING:
    import polars as pl

    from analytics.studies.answer import Answer


_DECIMAL_COMMA = r"^([-+]?\d*(,\d+)?([eE][-+]?\d+)?|NA|NaN|nan|\.|null|NULL|None|-?inf)$"
_MISSING = ["", "NA", "NaN", "nan", ".", "null", "NULL", "None"]


def read_any(path: Path, what: str, *, is_typed: bool = False) -> "pl.DataFrame":
    """Return the table of a CSV (comma, semicolon or tab) or Parquet file; columns of a CSV are text.

    With `is_typed` numbers and dates of a CSV are read as such, and NA, NaN, . and empty cells are missing.

    Raises: RequestError, no such file or no table; `what` says which table is wanted.
    """
    import polars as pl

    if not path.is_file():
        raise RequestError(f"{path} not found. Give a CSV or Parquet file: {what}.")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pl.read_parquet(path)
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            head = file.readline()
        separator = max(",;\t", key=head.count)
        frame = pl.read_csv(path, separator=separator, infer_schema=False, encoding="utf8-lossy")
        if separator != ",":
            frame = _with_points(frame)
        if not is_typed:
            return frame
        text = io.BytesIO(frame.write_csv().encode())
        return pl.read_csv(text, null_values=_MISSING, infer_schema_length=None, try_parse_dates=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        first = (str(error).splitlines() or ["it cannot be read"])[0]
        raise RequestError(f"{path} is no table: {first}. Give a CSV with a header, or Parquet: {what}.") from None


def _with_points(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Return the texts of a table with decimal commas as points, in columns that have nothing but such numbers."""
    import polars as pl

    commas = [
        name
        for name in frame.columns
        if frame[name].str.contains(",").any()
        and frame[name].str.strip_chars().str.contains(_DECIMAL_COMMA).fill_null(value=True).all()
    ]
    return frame.with_columns(pl.col(name).str.replace(",", ".", literal=True) for name in commas)


def names_of(asked: str | None) -> tuple[str, ...]:
    """Return the names of a comma-separated option.

    >>> names_of("a, b"), names_of(None)
    (('a', 'b'), ())
    """
    return tuple(name.strip() for name in (asked or "").split(",") if name.strip())


def tell_answer(found: "Answer", *, as_json: bool) -> None:
    """Print an answer: one JSON object, or terms and verdict on stdout and the doubts on stderr."""
    if as_json:
        write_line(found.as_record())
        return
    print(found)
    width = max(len(one.name) for one in found.terms)
    for one in found.terms:
        print(f"  {one.name:<{width}}  {one}{' · ' + one.note if one.note else ''}")
    for check in found.diagnostics:
        mark = {True: "yes", False: "NO", None: "-"}[check.passed]
        tell(f"[{mark:>3}] {check.question} {check.detail}")
    for reason in found.reasons:
        tell(f"{reason.code}: {reason.message}")
    for warning in found.warnings:
        tell(warning)
