"""One page: head, header facts, answer first, figures with their data, trust box, footer; the figures travel inside the page.

Lives here: the grammar every page shares. Not here: what a page says (qa.py, wfm.py), styling (page.css), drawing (figures.js).
"""

import base64
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics.plots import Drawing, plotly_source
from analytics.results import CheckResult
from assets.quality.human_side import HumanSide
from assets.report.html import Html, empty, table, tag, whole
from assets.report.inputs import Facts
from assets.report.safe_text import csv_bytes

HERE = Path(__file__).parent
MOST_ROWS = 60
PAGES = (("index.html", "Overview"), ("qa.html", "Quality"), ("wfm.html", "Handle time"))
FILES = (("aftercall.xlsx", "Workbook"), ("csv/manifest.json", "CSV files and their columns"))


@dataclass(frozen=True, slots=True)
class Page:
    """What makes a page: its file, reader, question, answer sentences, what to do next, sections and drawings in order."""

    file: str
    reader: str
    question: str
    headline: Html
    lead: tuple[Html, ...]
    then: Html
    sections: tuple[Html, ...]
    drawings: tuple[Drawing, ...]


def render(page: Page, facts: Facts) -> str:
    """Return the whole page as one self-contained document."""
    main = tag("main", _answer(page, facts), *page.sections, trust_note(facts))
    title = f"{page.question} · {facts.given.centre}"
    return document(title, (_header(page, facts), main, _footer(facts)), page.drawings)


def document(title: str, parts: Sequence[Html], drawings: Sequence[Drawing]) -> str:
    """Return one self-contained document: its own scripts and styles only, figures with their data inside."""
    script, style = ((HERE / name).read_text(encoding="utf-8") for name in ("figures.js", "page.css"))
    plotly = plotly_source() if drawings else ""
    allowed = " ".join(_hash(source) for source in (script, plotly) if source)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        *parts,
        *(_specification(drawing) for drawing in drawings),
        tag("script", Html(_packed(plotly)), type="text/plain", id="plotly-packed") if plotly else None,
        tag("script", Html(script)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _packed(source: str) -> str:
    return base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode()


def _specification(drawing: Drawing) -> Html:
    text = str(drawing.figure.to_json()).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return tag("script", Html(text), type="application/json", id=f"data-{drawing.name}")


def _header(page: Page, facts: Facts) -> Html:
    given = facts.given
    lines = (
        ("For", page.reader),
        ("Centre", given.centre),
        ("Period", facts.period),
        ("As of", f"{given.as_of_at:%Y-%m-%d %H:%M} UTC"),
        ("Epoch", given.epoch),
        ("Basis", f"{given.basis}: {given.basis_name}"),
        ("Filters", "; ".join(given.filters) or "none"),
    )
    links = [tag("a", label, href=href, aria_current="page" if href == page.file else None) for href, label in (*PAGES, *FILES)]
    return tag(
        "header",
        tag("nav", *links, aria_label="Pages"),
        tag("h1", page.question),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in lines), class_="facts"),
    )


def _answer(page: Page, facts: Facts) -> Html:
    alarms = [*facts.given.warnings]
    if facts.given.basis != "synthetic" and not facts.given.names_are_masked:
        alarms.insert(
            0,
            "Names and addresses are masked in quotes only where a cue shows them: some interactions were stored without the "
            "models that find the others. Run `make setup`, then receive them again into a fresh state.",
        )
    return tag(
        "section",
        tag("p", page.headline, class_="headline"),
        *(tag("p", line, class_="lead") for line in page.lead),
        tag("p", tag("strong", "Do next: "), page.then, class_="next"),
        *(tag("p", text, class_="warning") for text in alarms),
        aria_label="Answer",
    )


def section(title: str, *children: object, id_: str | None = None) -> Html:
    """Return a section with its heading."""
    return tag("section", tag("h2", title), *children, id=id_)


def figure(drawing: Drawing | None, why_not: str = "") -> Html:
    """Return a figure with its finding, population, text alternative and data; without one, the empty state."""
    if drawing is None:
        return empty(why_not)
    plot = tag(
        "div",
        tag(
            "div",
            class_="plot",
            data_figure=drawing.name,
            role="img",
            aria_label=drawing.alt,
            style=f"min-width:{drawing.least_width_px}px" if drawing.least_width_px else None,
        ),
        class_="scroll",
        tabindex="0" if drawing.least_width_px else None,
    )
    link = "data:text/csv;base64," + base64.b64encode(csv_bytes(drawing.data)).decode()
    rows = drawing.data.height
    return tag(
        "figure",
        tag("h3", drawing.title),
        tag("p", drawing.subtitle, class_="sub"),
        plot,
        tag(
            "details",
            tag("summary", f"Data behind this figure ({whole(rows)} rows)"),
            _data_table(drawing),
            tag("a", "Download the data (CSV)", href=link, download=f"{drawing.name}.csv"),
        ),
        id=f"figure-{drawing.name}",
    )


def _data_table(drawing: Drawing) -> Html:
    shown = drawing.data.head(MOST_ROWS)
    rows = [[_cell(value) for value in row] for row in shown.iter_rows()]
    note = "" if drawing.data.height <= MOST_ROWS else f", first {MOST_ROWS} of {drawing.data.height} rows"
    return table(f"{drawing.name}{note}", [(name, "") for name in shown.columns], rows)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def checks_list(checks: Sequence[CheckResult]) -> Html:
    """Return doubts as a list: holds, fails, or only informs; never by colour alone."""
    marks = {True: ("holds", "yes"), False: ("fails", "no"), None: ("open", "open")}
    lines = [
        tag("li", tag("span", marks[check.passed][0], class_=f"mark {marks[check.passed][1]}"),
            tag("span", check.question, tag("span", check.detail, class_="sub detail")))
        for check in checks
    ]  # fmt: skip
    return tag("ul", *lines, class_="checks")


def trust_note(facts: Facts) -> Html:
    """Return how far to trust any page of this report."""
    given = facts.given
    lines = [
        "First version of each answer: the estimators are simple and say so; verdicts are at most as strong as their checks.",
        "Scores are automatic, not corrected by people's evaluations: an effect of coaching on them is therefore not shown.",
        with_people(given.people),
        "Intervals are 95 % and clustered "
        + (
            "by agent or team."
            if facts.agents_known
            else "by nothing: the source names no agents, so they are too narrow if agents differ."
        ),
        "Groups under 5 agents or 20 interactions are not shown. Nobody is ranked.",
        f"Processed under the basis “{given.basis}”, named “{given.basis_name}”.",
    ]
    if given.basis == "synthetic":
        lines.append("This centre is synthetic: people, companies and conversations are made up.")
    return section("How far to trust this", tag("ul", *(tag("li", line) for line in lines)), id_="trust")


def with_people(side: HumanSide | None) -> str:
    """Return in one sentence how far people and machine agree."""
    if side is None or side.rows.height == 0:
        return "No agreement with people is known: nobody has labelled interactions of this epoch."
    count = dict(side.rows["status"].value_counts().iter_rows())
    return (
        f"Agreement with people: of {side.rows.height} questions with labels {count.get('live', 0)} reach their floor, "
        f"{count.get('advisory', 0)} do not, {count.get('too few labels', 0)} have too few labels to say."
    )


def _footer(facts: Facts) -> Html:
    definitions = (
        (
            "score",
            "points earned of points possible on the questions a conversation called for, 0 to 100, without advisory ones",
        ),
        ("done", "moments where the behaviour was shown, of the moments that called for it"),
        ("handle time", "talk + hold + after-call work, in seconds; missing when a part is missing"),
        ("mix and rate", "rate: the same kind of contact took longer or shorter; mix: other kinds of contact came"),
        ("n", "what was counted, as named beside it"),
    )
    return tag(
        "footer",
        tag("h2", "Definitions", id="definitions"),
        tag("ul", *(tag("li", tag("strong", name), f": {meaning}.") for name, meaning in definitions)),
        tag("p", "Data behind this page: ", tag("a", "aftercall.xlsx", href="aftercall.xlsx"), ", ",
            tag("a", "csv/manifest.json", href="csv/manifest.json"),
            f". {whole(facts.given.read_n)} interactions read, {whole(facts.given.scored_n)} scored, "
            f"{whole(facts.given.quarantined_n)} records in quarantine."),
    )  # fmt: skip
