"""The QA lead's section on compliance rules in shadow: counts per rule, what could not be judged, how far the judging came.

Lives here: its sentences and table. Not here: the counts (assets/compliance/shadow.py), the rules (aftercall/scoring/packs).
"""

import polars as pl

from assets.report.html import Html, empty, share, table, tag, whole
from assets.report.inputs import Facts

_NOT_ASKED = "Not judged in this state yet: the nightly job judges the newest days first."
_HEADS = (
    *(("Rule", "source"), ("Called for", "or not known"), ("Kept", "n"), ("Late", "n"), ("Missed", "n"), ("Fired", "n")),
    *(("Perhaps said", "for a person"), ("Not judged", "n")),
)
_COUNTS = ("asked_n", "kept_n", "late_n", "missed_n", "fired_n", "person_n", "unknown_n")


def rule_sections(facts: Facts) -> tuple[Html, ...]:
    """Return what the rules found, as advice: no score hangs on it, no name, no quote."""
    found = facts.given.rules
    if found is None or not found.judged_n:
        return (empty(_NOT_ASKED),)
    covered = share(found.judged_n / max(found.interaction_n, found.judged_n))
    said = (
        f"{whole(found.judged_n)} of {whole(found.interaction_n)} interactions judged ({covered}), newest days first, by the "
        f"rules of epoch {found.epoch}. Advice only: every rule is in shadow until somebody has compared its source and signed "
        "for it, and none counts in a score. Perhaps said: in words no phrase knows, so a person decides. Not judged: a fact "
        "the rule asks for, or the words, are not known."
    )
    judged = found.rows.filter(pl.sum_horizontal("kept_n", "late_n", "missed_n", "fired_n", "person_n") > 0)
    waiting = found.rows.height - judged.height
    rows = [[f"{row['title']} ({row['source_status']})", *(whole(row[name]) for name in _COUNTS)] for row in judged.to_dicts()]
    parts = [tag("p", said, class_="sub")]
    parts += [table("Rules with an outcome; sources by how far they were compared.", _HEADS, rows)] if rows else []
    if waiting:
        parts.append(
            tag("p", f"{whole(waiting)} more rules were never judged: the facts they ask for are told of no interaction.")
        )
    return tuple(parts)
