"""Builds every file of the report and writes them; the only place here that touches the disk.

Lives here: the order of building, and writing. Not here: content of pages (qa.py, wfm.py) and exports.
"""

import re
from html import unescape
from pathlib import Path

from assets.report.datasets import datasets
from assets.report.export import csv_files
from assets.report.inputs import ReportInputs, prepare
from assets.report.overview import overview_page
from assets.report.page import Page, render
from assets.report.qa import qa_page
from assets.report.qa_numbers import qa_numbers
from assets.report.wfm import wfm_page
from assets.report.wfm_numbers import wfm_numbers
from assets.report.workbook import workbook_bytes


def report_files(inputs: ReportInputs) -> dict[str, bytes]:
    """Return every file of the report: path below the report folder to content; equal inputs give equal bytes."""
    facts = prepare(inputs)
    qa, wfm = qa_numbers(facts), wfm_numbers(facts)
    pages = (qa_page(facts, qa), wfm_page(facts, wfm))
    sets = datasets(facts, qa, wfm)
    files = {page.file: render(page, facts).encode() for page in (overview_page(facts, *pages), *pages)}
    files |= {f"studies/{name}.html": page.encode() for name, page in sorted(inputs.study_pages.items())}
    files["aftercall.xlsx"] = workbook_bytes(sets, facts, [(page.question, _plain(page)) for page in pages])
    return files | {f"csv/{name}": content for name, content in csv_files(sets, facts).items()}


def _plain(page: Page) -> str:
    """Return the page's answer without markup, for cells."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", str(part))) for part in (page.headline, *page.lead))


def build_report(inputs: ReportInputs, out: Path) -> list[Path]:
    """Write the report below `out` and return the paths, the front page first.

    A file is written beside its place and moved there, so a reader never opens half a page.
    """
    written: list[Path] = []
    for name, content in report_files(inputs).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_bytes(content)
        beside.replace(path)
        written.append(path)
    return written
