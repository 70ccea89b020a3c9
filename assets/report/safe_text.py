"""Text that spreadsheets cannot run: cells that start like a formula become text.

Lives here: neutralising and plain CSV bytes. Not here: which files exist (export.py).
"""

import io

import polars as pl

FORMULA_STARTS = r"^[=+\-@\t\r]"


def neutral(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with an apostrophe before every text that a spreadsheet would take for a formula.

    >>> neutral(pl.DataFrame({"a": ["=1+1", "fine", "-2 points"], "b": [-1.0, 2.0, 3.0]}))["a"].to_list()
    ["'=1+1", 'fine', "'-2 points"]
    """
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    risky = [
        pl.when(pl.col(name).str.contains(FORMULA_STARTS)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in texts
    ]
    return frame.with_columns(risky)


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """Return the frame as CSV: UTF-8, comma, one header row, ISO dates, formulas neutralised, lists joined by a space."""
    lists = [pl.col(name).list.join(" ") for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    buffer = io.BytesIO()
    neutral(frame.with_columns(lists)).write_csv(buffer)
    return buffer.getvalue()
