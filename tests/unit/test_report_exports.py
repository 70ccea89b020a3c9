"""CSV, manifest and workbook: complete, typed, harmless in a spreadsheet, and the same bytes for the same inputs."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import datetime

import openpyxl
import polars as pl
import pytest

from assets.report.build import build_report, report_files
from assets.report.datasets import meaning_of
from assets.report.inputs import ReportInputs
from assets.report.safe_text import csv_bytes
from tests.report_case import report_case

HOSTILE = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "harmless"]


@pytest.fixture(scope="module")
def inputs() -> ReportInputs:
    return report_case(a_week=5)


@pytest.fixture(scope="module")
def files(inputs: ReportInputs) -> dict[str, bytes]:
    return report_files(inputs)


def test_the_same_inputs_give_the_same_bytes(inputs: ReportInputs, files: dict[str, bytes]) -> None:
    shuffled = replace(
        inputs,
        interactions=inputs.interactions.sample(fraction=1, shuffle=True, seed=1),
        answers=inputs.answers.sample(fraction=1, shuffle=True, seed=2),
        findings=inputs.findings.sample(fraction=1, shuffle=True, seed=3),
    )
    again = report_files(shuffled)
    assert [name for name in files if files[name] != again[name]] == []


def test_cells_a_spreadsheet_would_run_become_text() -> None:
    frame = pl.DataFrame({"quote": HOSTILE, "change": [-1.5, 2.0, -3.0, 0.0, 1.0, 2.0]})
    back = pl.read_csv(io.BytesIO(csv_bytes(frame)))
    assert back["quote"].to_list() == ["'=HYPERLINK(1)", "'+1+1", "'-2+3", "'@SUM(A1)", "'\t=1", "harmless"]
    assert back["change"].to_list() == frame["change"].to_list(), "numbers stay numbers"


def test_the_manifest_describes_every_csv_truly(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["csv/manifest.json"])
    named = {entry["file"] for entry in manifest["files"]}
    assert named == {name.removeprefix("csv/") for name in files if name.endswith(".csv")}
    for entry in manifest["files"]:
        content = files[f"csv/{entry['file']}"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        back = pl.read_csv(io.BytesIO(content), infer_schema_length=None)
        assert back.height == entry["rows"]
        assert back.columns == [column["name"] for column in entry["columns"]]
        assert entry["score_epochs"] == ["abc123def456"]
        assert entry["purpose"] in ("coaching", "compliance", "service_quality")


def test_every_column_handed_out_has_a_meaning(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["csv/manifest.json"])
    bare = {c["name"] for entry in manifest["files"] for c in entry["columns"] if not c["meaning"]}
    assert bare == set()
    assert meaning_of("talk_s_sum") == ("s", "Sum of talk_s.")


def test_answers_csv_lists_exactly_the_interactions_behind_a_cell(files: dict[str, bytes]) -> None:
    teams = pl.read_csv(io.BytesIO(files["csv/team_behaviours.csv"]))
    answers = pl.read_csv(io.BytesIO(files["csv/answers.csv"]), infer_schema_length=None)
    for cell in teams.to_dicts():
        rows = answers.filter((pl.col("question_id") == cell["question_id"]) & (pl.col("team_id") == cell["team_id"]))
        assert rows["called_for_n"].sum() == cell["called_for_n"]
        assert rows["done_n"].sum() / rows["called_for_n"].sum() == pytest.approx(cell["share"])


def test_the_workbook_is_typed_framed_and_explained(files: dict[str, bytes], inputs: ReportInputs) -> None:
    book = openpyxl.load_workbook(io.BytesIO(files["aftercall.xlsx"]))
    assert book.sheetnames[0] == "Read me"
    assert book.sheetnames[-1] == "Dictionary"
    first = {row[0].value: row[1].value for row in book["Read me"].iter_rows(max_col=2)}
    assert "Mean score" in first["Are we getting better, where not, and can I trust the scores?"]
    assert first["Score epoch"] == inputs.epoch
    sheet = book["Interactions"]
    names = [cell.value for cell in sheet[1]]
    units = dict(zip(names, [cell.value for cell in sheet[2]], strict=True))
    assert units["handle_s"] == "s"
    row = {name: sheet.cell(3, i + 1) for i, name in enumerate(names)}
    assert isinstance(row["started_at"].value, datetime)
    assert row["day_on"].is_date
    assert isinstance(row["handle_s"].value, float)
    assert row["handle_s as time"].number_format == "[h]:mm:ss"
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref is not None
    assert sheet.max_row == inputs.interactions.height + 2
    assert all(not s.merged_cells.ranges for s in book)
    assert book.properties.created == inputs.as_of_at.replace(tzinfo=None)
    assert inputs.epoch in book.properties.description


def test_the_workbook_holds_no_formula_whatever_the_texts_say(inputs: ReportInputs) -> None:
    hostile = inputs.findings.head(6).with_columns(quote=pl.Series(HOSTILE), queue=pl.lit("=1+1"))
    interactions = inputs.interactions.with_columns(queue=pl.lit("=cmd|' /C calc'!A0"))
    content = report_files(replace(inputs, findings=hostile, interactions=interactions))["aftercall.xlsx"]
    book = openpyxl.load_workbook(io.BytesIO(content))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    names = [cell.value for cell in book["Findings"][1]]
    quotes = {row[names.index("quote")].value for row in book["Findings"].iter_rows(min_row=3)}
    assert "=HYPERLINK(1)" in quotes


def test_files_are_written_whole_below_the_folder(inputs: ReportInputs, tmp_path) -> None:
    written = build_report(inputs, tmp_path)
    assert written[0] == tmp_path / "index.html"
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == {
        p.relative_to(tmp_path).as_posix() for p in written
    }
