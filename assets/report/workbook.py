"""The workbook: a first sheet that explains, one typed sheet a table, a dictionary; no formulas, no merged cells.

Lives here: XLSX bytes, the same for the same inputs. Not here: what the tables hold (datasets.py), writing files (build.py).
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

from assets.report.datasets import Dataset, meaning_of
from assets.report.inputs import Facts

MOST_ROWS = 1_000_000
TWINS = frozenset({"handle_s", "talk_s", "hold_s", "acw_s", "handle_s_mean", "queue_wait_s", "queue_wait_s_mean"})


def workbook_bytes(sets: Sequence[Dataset], facts: Facts, answers: Sequence[tuple[str, str]]) -> bytes:
    """Return the workbook.

    Args: sets, the data sets; answers, question and answer pairs for the first sheet.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    given = facts.given
    book.set_properties(
        {
            "title": f"aftercall: {given.centre}",
            "subject": f"{facts.period}; basis {given.basis}: {given.basis_name}",
            "comments": f"score epoch {given.epoch}; as of {given.as_of_at:%Y-%m-%d %H:%M} UTC",
            "keywords": given.epoch,
            "created": given.as_of_at.replace(tzinfo=None),
        }
    )
    styles = _styles(book)
    chosen = [(name, data, frame) for data in sets if data.in_workbook for name, frame in _sheets(data)]
    _first_sheet(book, styles, facts, answers, chosen)
    for name, data, frame in chosen:
        _table_sheet(book, styles, name, data, frame)
    _dictionary(book, styles, [data for data in sets if data.in_workbook])
    book.close()
    return buffer.getvalue()


def _styles(book: Workbook) -> dict[str, Format]:
    wrap = {"text_wrap": True, "valign": "top"}
    return {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "unit": book.add_format({"italic": True, "font_color": "#55616B", "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "label": book.add_format({"bold": True, **wrap}),
        "text": book.add_format(wrap),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "real": book.add_format({"num_format": "0.0##"}),
        "share": book.add_format({"num_format": "0.0 %"}),
        "count": book.add_format({"num_format": "#,##0"}),
        "twin": book.add_format({"num_format": "[h]:mm:ss"}),
    }


def _sheets(data: Dataset) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield sheet names with their rows; a table of over a million rows is split by month."""
    title = data.name.replace("_", " ").capitalize()
    if data.frame.height <= MOST_ROWS or "day_on" not in data.frame.columns:
        yield title[:31], data.frame
        return
    months = data.frame.with_columns(month=pl.col("day_on").str.slice(0, 7))
    for (month,), rows in months.group_by("month", maintain_order=True):
        yield f"{title[:23]} {month}", rows.drop("month")


def _first_sheet(
    book: Workbook,
    styles: dict[str, Format],
    facts: Facts,
    answers: Sequence[tuple[str, str]],
    chosen: Sequence[tuple[str, Dataset, pl.DataFrame]],
) -> None:
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 110)
    given = facts.given
    lines: list[tuple[str, str, str, str]] = [("title", f"aftercall: {given.centre}", "text", "")]
    lines += [("label", question, "text", answer) for question, answer in answers]
    lines += [
        (
            "label",
            "How to read",
            "text",
            "Every sheet has names in row 1 and units in row 2; filters sit on row 2. Intervals are 95 %.",
        ),
        ("label", "Durations", "text", "Seconds, with a twin as h:mm:ss beside."),
        ("label", "Small groups", "text", "Groups under 5 agents or 20 interactions have empty values and is_hidden = TRUE."),
        (
            "label",
            "How far to trust this",
            "text",
            "First version; scores are automatic and not corrected by people's evaluations.",
        ),
        ("label", "Period", "text", facts.period),
        ("label", "As of", "text", f"{given.as_of_at:%Y-%m-%d %H:%M} UTC"),
        ("label", "Score epoch", "text", given.epoch),
        ("label", "Basis", "text", f"{given.basis}: {given.basis_name}"),
        ("title", "Sheets", "text", ""),
    ]
    lines += [
        ("label", name, "text", f"{data.question} ({frame.height:,} rows; purpose {data.purpose})")
        for name, data, frame in chosen
    ]
    for row, (left_style, left, right_style, right) in enumerate(lines):
        sheet.write_string(row, 0, left, styles[left_style])
        if right:
            sheet.write_string(row, 1, right, styles[right_style])


def _table_sheet(book: Workbook, styles: dict[str, Format], name: str, data: Dataset, frame: pl.DataFrame) -> None:
    sheet = book.add_worksheet(name)
    at = 0
    for column in frame.columns:
        unit, _ = meaning_of(column)
        values = frame[column]
        at = _write_column(
            sheet, styles, at, column, unit, _dated(values) if column == "day_on" else values.to_list(), values.dtype
        )
        if column in TWINS:
            twin = (values.cast(pl.Float64) / 86_400).to_list()
            at = _write_column(sheet, styles, at, f"{column} as time", "h:mm:ss", twin, pl.Float64(), style="twin")
    sheet.freeze_panes(2, 1)
    sheet.autofilter(1, 0, max(2, frame.height + 1), at - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_header(f"&L{data.name}&R&P / &N")


def _write_column(
    sheet: Any,
    styles: dict[str, Format],
    at: int,
    name: str,
    unit: str,
    values: Sequence[object],
    dtype: pl.DataType,
    *,
    style: str | None = None,
) -> int:
    sheet.write_string(0, at, name, styles["head"])
    sheet.write_string(1, at, unit, styles["unit"])
    chosen = styles[style] if style else _style_of(styles, dtype, unit)
    longest = len(name)
    for row, value in enumerate(values, start=2):
        if value is None:
            continue
        longest = max(longest, _write(sheet, row, at, value, chosen, styles))
    sheet.set_column(at, at, min(48, max(9, longest + 2)))
    return at + 1


def _dated(days: pl.Series) -> list[object]:
    """Return days as dates where they are dates; 'undated' stays text."""
    parsed = days.str.to_date("%Y-%m-%d", strict=False).to_list()
    return [text if day is None else day for day, text in zip(parsed, days.to_list(), strict=True)]


def _style_of(styles: dict[str, Format], dtype: pl.DataType, unit: str) -> Format | None:
    if dtype.is_float():
        return styles["share"] if unit == "0..1" else styles["real"]
    return styles["count"] if dtype.is_integer() else None


def _write(sheet: Any, row: int, at: int, value: object, chosen: Format | None, styles: dict[str, Format]) -> int:
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
        return 6
    if isinstance(value, int | float):
        sheet.write_number(row, at, value, chosen)
        return 10
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value.replace(tzinfo=None), styles["instant"])
        return 19
    if isinstance(value, date):
        sheet.write_datetime(row, at, value, styles["date"])
        return 10
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    sheet.write_string(row, at, text[:32_767])
    return len(text)


def _dictionary(book: Workbook, styles: dict[str, Format], sets: Sequence[Dataset]) -> None:
    sheet = book.add_worksheet("Dictionary")
    for at, (head, width) in enumerate((("table", 20), ("column", 24), ("unit", 14), ("meaning", 90))):
        sheet.write_string(0, at, head, styles["head"])
        sheet.set_column(at, at, width)
    rows = [(data.name, column, *meaning_of(column)) for data in sets for column in data.frame.columns]
    for row, cells in enumerate(rows, start=1):
        for at, cell in enumerate(cells):
            sheet.write_string(row, at, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), 3)
