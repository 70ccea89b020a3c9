"""The report in a real browser: it draws, asks nobody, complains about nothing, and fits a phone, a desk and paper."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from assets.report.build import build_report
from tests.browser.chromium_pipe import Tab, chromium_tab
from tests.report_case import report_case

pytestmark = pytest.mark.browser
PAGES = ("index.html", "qa.html", "wfm.html")
HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = report_case()
    hostile = replace(
        given,
        findings=given.findings.with_columns(quote=pl.lit(HOSTILE)),
        questions=given.questions.with_columns(text=pl.col("text") + " " + HOSTILE),
    )
    out = tmp_path_factory.mktemp("report")
    build_report(hostile, out)
    return out


@pytest.fixture(scope="module")
def tab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium_tab(chromium, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_fits_and_asks_nobody(report: Path, tab: Tab, name: str, width: int) -> None:
    tab.errors.clear()
    tab.requests.clear()
    tab.open(report / name, width=width)
    assert tab.ask("document.documentElement.dataset.figures") == "drawn"
    assert tab.errors == []
    assert [url for url in tab.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert tab.ask("document.documentElement.scrollWidth") <= width, "the page itself must not scroll sideways"
    assert tab.ask("document.querySelector('.headline').getBoundingClientRect().bottom") < 900, (
        "the answer is on the first screen"
    )
    assert tab.ask("window.hacked") is None
    drawn = tab.ask("[...document.querySelectorAll('[data-figure]')].filter(f => f.querySelector('.main-svg')).length")
    assert drawn == tab.ask("document.querySelectorAll('[data-figure]').length")
    assert (drawn > 0) == (name != "index.html")


def test_the_text_is_there_before_the_figures(report: Path, tab: Tab) -> None:
    tab.open(report / "wfm.html", width=1200)
    painted = tab.ask("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 1000, f"first paint after {painted:.0f} ms"


@pytest.mark.parametrize("name", ["qa.html", "wfm.html"])
def test_printed_figures_are_not_cut(report: Path, tab: Tab, tmp_path: Path, name: str) -> None:
    tab.open(report / name, width=1200)
    tab.call("Runtime.evaluate", expression="window.dispatchEvent(new Event('beforeprint'))", awaitPromise=True)
    widths = tab.ask("[...document.querySelectorAll('.main-svg')].map(s => s.getBoundingClientRect().width)")
    assert max(widths) <= 680, "A4 less its margins is 688 px"
    tab.printed(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_every_control_can_be_reached_and_seen_by_keyboard(report: Path, tab: Tab) -> None:
    tab.open(report / "qa.html", width=1200)
    unnamed = tab.ask("[...document.querySelectorAll('a, summary')].filter(e => !e.textContent.trim()).length")
    assert unnamed == 0
    tab.ask("document.querySelector('summary').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert tab.ask("document.querySelector('details').open") is True
    assert tab.ask("getComputedStyle(document.querySelector('summary')).outlineStyle") == "solid"
