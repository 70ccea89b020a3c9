"""The page that lists every rule of the shipped packs: citation, status, basis of the deadline, review.

Lives here: packs -> Markdown, and `python -m aftercall.scoring.pack_page docs/compliance_packs.md`. Not here: the rules
(packs/).
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from aftercall.scoring.pack import Pack, Rule
from aftercall.scoring.pack_vectors import too_few
from aftercall.scoring.pack_yaml import read_pack, shipped

_HEAD = """# Compliance packs

Generated from `aftercall/scoring/packs/*.yaml` by `python -m aftercall.scoring.pack_page docs/compliance_packs.md`; do not
edit.

**Not legal advice.** Every rule ships in shadow: it is judged and counted, and shown to nobody. A rule whose source is
*secondary* (known only from somebody else's summary) or *unchecked* (cited from general knowledge) is refused outside shadow
until somebody has compared the primary text and signed (`reviewed_by`, `reviewed_on`). *Verified* means that the wording was
compared with a public copy. A deadline is company policy unless the table says legal.

Outcomes: kept, late (said after its time), missed, fired (a prohibition, a forbidden step, a reminder, a task), not called for,
or not known with a reason. `aftercall scorecard check FILE` runs the vectors of a pack, yours too.
"""


def review_of(rule: Rule) -> str:
    """Return who signed for a rule and when, or that nobody did."""
    return f"{rule.reviewed_by}, {rule.reviewed_on}" if rule.reviewed_by and rule.reviewed_on else "not reviewed"


def page(packs: Sequence[Pack]) -> str:
    """Return the page."""
    return "\n".join([_HEAD, *(line for pack in packs for line in _pack(pack))]).rstrip() + "\n"


def _pack(pack: Pack) -> Iterator[str]:
    yield f"## {pack.title} (`{pack.pack_id}` {pack.version})\n"
    yield "| rule | what it asks | kind | deadline | severity | sources | weakest | review | mode | vectors |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for rule in pack.rules:
        sources = "; ".join(f"{one.cite} ({one.status})" for one in rule.source)
        vectors = f"{len(rule.tests)}" + (" (too few)" if too_few(rule) else "")
        cells = (
            f"`{rule.id}`{_dates(rule)}", rule.title, rule.kind, _deadline(rule), rule.severity, sources, rule.source_status,
            review_of(rule), rule.mode, vectors,
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "Facts the rules ask about; a rule whose facts are not known is not judged:\n"
    yield from (f"- `{name}`: {meaning}" for name, meaning in pack.facts)
    yield ""
    for name, rows in pack.tables:
        yield f"Table `{name}`:\n"
        yield "| key | text | source | status | from | to |"
        yield "|---|---|---|---|---|---|"
        for row in rows:
            since, until = row.effective_from or "–", row.effective_to or "–"
            yield f"| {row.key} | {row.text} | {row.source.cite} | {row.source.status} | {since} | {until} |"
        yield ""


def _dates(rule: Rule) -> str:
    since = f" from {rule.effective_from}" if rule.effective_from else ""
    return since + (f" to {rule.effective_to}" if rule.effective_to else "")


def _deadline(rule: Rule) -> str:
    if rule.deadline_s is None:
        turns = rule.patterns.turns if rule.kind == "required_by" else None
        return f"{turns} turn{'s' if turns != 1 else ''} of the {rule.channel}" if turns else "–"
    is_days = rule.deadline_s >= 86_400
    figure = f"{rule.deadline_s / 86_400:g} days" if is_days else f"{rule.deadline_s:g} s"
    return f"{figure}, {rule.deadline_basis}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page([read_pack(path) for path in shipped()]), encoding="utf-8")
