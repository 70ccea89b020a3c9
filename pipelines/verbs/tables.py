"""How the study verbs read any table and tell an answer: CSV or Parquet in, sentences or one JSON object out.

Lives here: reading a file of any column names, printing an Answer. Not here: what the columns mean (analytics.studies).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from aftercall.cli.terminal import tell, write_line
from aftercall.contracts.errors import RequestError

if TYPE_CHECKING:
    import polars as pl

    from analytics.studies.answer import Answer


def read_any(path: Path, what: str) -> "pl.DataFrame":
    """Return a table of text columns (CSV: comma, semicolon or tab) or of a Parquet file's own types.

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
        return pl.read_csv(path, separator=max(",;\t", key=head.count), infer_schema=False, encoding="utf8-lossy")
    except (pl.exceptions.PolarsError, OSError) as error:
        first = (str(error).splitlines() or ["it cannot be read"])[0]
        raise RequestError(f"{path} is no table: {first}. Give a CSV with a header, or Parquet: {what}.") from None


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
