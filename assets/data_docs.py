"""Data Docs that stay at home: the pages Great Expectations writes, without what they fetch from elsewhere.

Lives here: taking remote scripts, styles, pictures and links out of the pages, and the pages that lead to them.
Not here: validating (expectations.py).

As delivered the pages load scripts from six hosts and a logo with a time stamp from the vendor's store, which tells him
when a page is opened; and their index is empty without those scripts.
"""

import html
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from assets.verdicts import Verdict

_REMOTE = re.compile(r"""<(?:link|img)\b[^>]*\b(?:href|src)=["'](?:https?:)?//[^>]*>""", re.IGNORECASE)
_REMOTE_LINK = re.compile(r"""<a\b[^>]*\bhref=["'](?:https?:)?//[^>]*>(.*?)</a>""", re.IGNORECASE | re.DOTALL)
_REMOTE_URL = re.compile(r"""url\(["']?(?:https?:)?//[^)]*\)""", re.IGNORECASE)
_ICON = re.compile(r"<link\b[^>]*static/images/[^>]*>", re.IGNORECASE)
_FOOTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
# Remote scripts, and the local ones that drive them.
_SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
_ACTIONS = re.compile(r"<strong>Actions</strong>.*?(?=<strong>Table of Contents</strong>)", re.DOTALL)
_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border: 1px solid #ccc; padding: .35rem .6rem; text-align: left; vertical-align: top; }
.badge { background: #eee; border-radius: .3rem; padding: 0 .4rem; }
.fa-check-circle::before { content: "✓"; color: #08660b; } .fa-times::before { content: "✗"; color: #a01010; }
.fa-exclamation-triangle::before { content: "!"; color: #a06000; }
</style>
"""


def at_home(page: str) -> str:
    """Return a page without scripts and without anything remote; the words of remote links stay.

    >>> at_home('<head></head><img src="https://a.example/x.png?d=1"><p>kept</p>').endswith("<p>kept</p>")
    True
    """
    for gone in (_SCRIPT, _REMOTE, _ICON, _FOOTER, _ACTIONS):
        page = gone.sub("", page)
    page = _REMOTE_LINK.sub(r"\1", _REMOTE_URL.sub("none", page))
    return page.replace("</head>", _STYLE + "</head>", 1)


def keep_at_home(folder: Path, verdicts: Sequence[Verdict]) -> None:
    """Rewrite every page below `folder` so that opening it fetches nothing, and its index so that it lists the verdicts.

    The vendor's fonts and pictures go too: 4 MB that no page left needs.
    """
    shutil.rmtree(folder / "static", ignore_errors=True)
    for path in folder.rglob("*.html"):
        path.write_text(at_home(path.read_text(encoding="utf-8")), encoding="utf-8")
    rows = [
        [_mark(verdict), _result_link(folder, verdict.table), _rules_link(verdict.table), verdict.said] for verdict in verdicts
    ]
    body = _table(["", "table", "rules", "result"], rows)
    (folder / "index.html").write_text(_page(f"Data Docs: {folder.name.strip('.')}", body), encoding="utf-8")


def write_index(root: Path) -> None:
    """Write the page that leads to each folder of Data Docs below `root`."""
    names = sorted(path.parent.name for path in root.glob("*/index.html") if not path.parent.name.startswith("."))
    body = "<ul>" + "".join(f"<li>{_link(f'{name}/index.html', name)}</li>" for name in names) + "</ul>"
    fresh = root / ".index.new"
    fresh.write_text(_page("Data Docs", body), encoding="utf-8")
    fresh.replace(root / "index.html")


def _result_link(folder: Path, table: str) -> str:
    pages = sorted((folder / "validations" / table).rglob("*.html"))
    return _link(os.path.relpath(pages[-1], folder), table) if pages else html.escape(table)


def _rules_link(table: str) -> str:
    return _link(f"expectations/{table}.html", "rules")


def _mark(verdict: Verdict) -> str:
    return "✓" if verdict.passed else "✗"


def _link(target: str, words: str) -> str:
    return f'<a href="{html.escape(target, quote=True)}">{html.escape(words)}</a>'


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table; the last cell of each row is text, the others are markup."""
    heads = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in (*row[:-1], html.escape(row[-1]))) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _page(title: str, body: str) -> str:
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>{_STYLE}</head>'
    return f"{head}<body><h1>{html.escape(title)}</h1>{body}</body></html>"
