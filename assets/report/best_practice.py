"""The QA lead's section on what the strongest agents do differently: candidates for coaching, with intervals and doubts.

Lives here: its sentences and tables. Not here: the comparison (analytics/best_practice.py), its frames (assets/coaching).
"""

from typing import Any

import polars as pl

from analytics.best_practice import BestPractice
from analytics.results import signed
from assets.report.html import Html, between, empty, join, share, table, tag, whole
from assets.report.inputs import Facts
from assets.report.page import checks_list

MOST_PHRASES = 20
_COUNTS = (("Difference", "points, 95 % interval"), ("Moments", "n"), ("Agents", "n"))
_NOT_ASKED = "Not compared in this state yet: run the main job (`aftercall run`), which keeps the answer."


def best_practice_sections(facts: Facts) -> tuple[Html, ...]:
    """Return what separates agents with the better outcome from their peers; no names, no ranks."""
    found = facts.given.best_practice
    if found is None:
        return (empty(_NOT_ASKED),)
    if found.refused:
        return (empty(f"Not answered: {found.refused}"),)
    parts = [tag("p", _headline(found), class_="sub")]
    behaviours = found.behaviours.filter(pl.col("state") == "separates").sort("difference", descending=True)
    if behaviours.height:
        parts.append(_behaviours("Behaviours that separate them", facts, behaviours))
    if found.phrases.height:
        parts.append(_phrases(facts, found))
    if not behaviours.height:
        compared = found.behaviours.sort("question_id")
        inside = _behaviours("All behaviours compared, none of them clearly different", facts, compared)
        parts.append(tag("details", tag("summary", f"The {compared.height} behaviours compared"), inside))
    return (*parts, checks_list(found.diagnostics))


def _headline(found: BestPractice) -> str:
    separate = [int((frame["state"] == "separates").sum()) for frame in (found.behaviours, found.phrases)]
    what = (
        "nothing they do or say differs clearly from their peers"
        if not any(separate)
        else f"{separate[0]} of {found.behaviour_family_n} behaviours and {separate[1]} of {whole(found.phrase_family_n)} "
        "short phrases differ: candidates to coach and then to measure, not effects"
    )
    return (
        f"{found.top_n} agents with the best {found.outcome} up to {found.before_to_on}, against {found.peer_n} peers on the "
        f"same reasons for contact and tenure, from {found.after_from_on} on: {what}. Patterns of five agents or more only."
    )


def _behaviours(caption: str, facts: Facts, rows: pl.DataFrame) -> Html:
    heads = [("Behaviour", ""), ("Strongest", "done"), ("Peers", "done"), *_COUNTS]
    return table(caption, heads, [[facts.text_of(row["question_id"]), *_numbers(row)] for row in rows.to_dicts()])


def _phrases(facts: Facts, found: BestPractice) -> Html:
    heads = [("Phrase", "where it was called for"), ("Strongest", "used"), ("Peers", "used"), *_COUNTS]
    lines = [
        [join(f"“{row['phrase']}”", tag("span", facts.text_of(row["question_id"]), class_="unit")), *_numbers(row)]
        for row in found.phrases.sort("p").head(MOST_PHRASES).to_dicts()
    ]
    return table("Short phrases that separate them; numbers as #", heads, lines)


def _numbers(row: dict[str, Any]) -> list[object]:
    if row["difference"] is None:
        return ["few", "few", "fewer than 5 agents or 20 moments on a side", "few", "few"]
    interval = between(100 * row["low"], 100 * row["high"], change=True)
    return [
        share(row["top_share"]),
        share(row["peer_share"]),
        join(f"{signed(100 * row['difference'])} ", interval),
        f"{whole(row['top_n'])} and {whole(row['peer_n'])}",
        f"{row['top_agent_n']} and {row['peer_agent_n']}",
    ]
