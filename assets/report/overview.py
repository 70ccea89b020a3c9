"""The front page: both answers in one sentence each, and where everything is.

Lives here: index.html. Not here: the readers' own pages (qa.py, wfm.py).
"""

from assets.report.html import join, table, tag, whole
from assets.report.inputs import Facts
from assets.report.page import Page, section


def overview_page(facts: Facts, qa: Page, wfm: Page) -> Page:
    """Return the front page."""
    given = facts.given
    share = given.scored_n / given.read_n if given.read_n else 0.0
    doors = [
        tag(
            "section",
            tag("h2", tag("a", page.question, href=page.file)),
            tag("p", page.headline, class_="lead"),
            tag("p", f"For {page.reader}.", class_="sub"),
        )
        for page in (qa, wfm)
    ]
    rest = [
        ["scored", whole(given.scored_n)],
        *([reason.replace("_", " "), whole(n)] for reason, n in sorted(given.null_by_reason.items())),
    ]
    counts = table("Interactions read, by outcome of scoring", [("Outcome", ""), ("Interactions", "n")], rest)
    files = tag(
        "ul",
        tag("li", tag("a", "aftercall.xlsx", href="aftercall.xlsx"), ": every table, with a dictionary."),
        tag(
            "li",
            tag("a", "csv/manifest.json", href="csv/manifest.json"),
            ": the CSV files, their columns, rows and check sums.",
        ),
    )
    counted = f"{whole(given.read_n)} interactions read, {whole(given.scored_n)} scored ({100 * share:.1f} %)"
    headline = join(f"{counted}; the rest carry a reason.")
    return Page(
        "index.html",
        "everyone with access to this report",
        "What happened in this centre, how sure are we, and what next?",
        headline,
        (),
        join("open the page that asks your question; each starts with its answer."),
        (*doors, section("Outcome of scoring", counts), section("Files", files)),
        (),
    )
