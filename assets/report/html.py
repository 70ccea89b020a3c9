"""HTML from data: every text is escaped unless it was built here; numbers are written the way the pages promise.

Lives here: elements, tables, wording of numbers, durations and intervals. Not here: what a page says (qa.py, wfm.py).
"""

from collections.abc import Sequence
from html import escape

from analytics.results import MINUS, signed

VOID = frozenset({"meta", "br", "hr", "link", "col"})


class Html(str):
    """Text that is markup already; anything else is escaped when it becomes a child."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """Return one element; `class_` and `data_x` become `class` and `data-x`, None attributes are left out.

    >>> tag("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Return children as markup, escaping what is not markup, skipping None.

    >>> join("a & b", tag("b", "c"), None)
    'a &amp; b<b>c</b>'
    """
    parts: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            parts.append(str(child))
        elif isinstance(child, list | tuple):
            parts.append(str(join(*child)))
        else:
            parts.append(escape(str(child), quote=True))
    return Html("".join(parts))


def table(caption: str, heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]], *, numeric_from: int = 1) -> Html:
    """Return a table that scrolls inside itself on narrow screens; `heads` are (title, unit)."""
    head = [
        tag(
            "th",
            title,
            tag("span", unit, class_="unit") if unit else None,
            scope="col",
            class_="num" if i >= numeric_from else None,
        )
        for i, (title, unit) in enumerate(heads)
    ]
    body = [
        tag(
            "tr",
            *(
                tag("th", cell, scope="row") if i == 0 else tag("td", cell, class_="num" if i >= numeric_from else None)
                for i, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", *head)), tag("tbody", *body))
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def whole(count: int) -> str:
    """Return a count with thousands separated.

    >>> whole(3072)
    '3,072'
    """
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Return seconds as text.

    >>> duration(372.4), duration(41.6), duration(3700)
    ('6 min 12 s', '42 s', '1 h 1 min 40 s')
    """
    total = round(abs(seconds))
    hours, rest = divmod(total, 3600)
    minutes, left = divmod(rest, 60)
    text = (f"{hours} h " if hours else "") + (f"{minutes} min " if total >= 60 else "") + f"{left} s"
    return (MINUS if seconds < 0 else "") + text


def share(value: float | None) -> str:
    r"""Return a share in per cent.

    >>> share(0.4217), share(None)
    ('42.2\xa0%', '–')
    """
    return "–" if value is None else f"{100 * value:.1f}\u00a0%"


def between(low: float | None, high: float | None, digits: int = 1, *, change: bool = False) -> Html:
    """Return an interval, lighter than its number.

    >>> between(81.1, 83.7)
    '<span class="ci">(81.1–83.7)</span>'
    >>> between(-2, 3, change=True)
    '<span class="ci">(−2.0 to +3.0)</span>'
    """
    if low is None or high is None:
        return tag("span", "(no interval)", class_="ci")
    if change:
        return tag("span", f"({signed(low, digits)} to {signed(high, digits)})", class_="ci")
    return tag("span", f"({low:.{digits}f}–{high:.{digits}f})", class_="ci")


def empty(why: str) -> Html:
    """Return an empty state: why nothing is shown and what to do."""
    return tag("p", why, class_="empty")
