"""From every aggregate of the QA page to the interactions behind it.

Lives here: examples per cell and the filter that lists all of them. Not here: the aggregates (qa_numbers.py).
"""

import polars as pl

from assets.report.html import Html, between, join, share, table, tag, whole
from assets.report.inputs import Facts
from assets.report.qa_numbers import QaNumbers

MOST_EXAMPLES = 5
TOO_FEW = "fewer than 5 agents or 20 interactions"


def percent(row: dict[str, object]) -> Html:
    """Return a level with its interval, or why there is none."""
    value, low, high = row["share"], row["low"], row["high"]
    if not isinstance(value, float):
        return tag("span", _why_no_level(row), class_="sub")
    if not isinstance(low, float) or not isinstance(high, float):
        return join(share(value), " ", between(None, None))
    return join(share(value), " ", between(100 * low, 100 * high))


def _why_no_level(row: dict[str, object]) -> str:
    if row.get("called_for_n", 1):
        return TOO_FEW
    return "could not be answered" if row.get("null_n") and not row.get("na_n") else "never called for"


def behind_cells(facts: Facts, numbers: QaNumbers) -> tuple[Html, ...]:
    """Every aggregate leads to its interactions: examples here, all of them in answers.csv by the filter shown."""
    if numbers.questions.height == 0:
        return ()
    missed = facts.answers.filter((pl.col("called_for_n") > 0) & (pl.col("done_n") < pl.col("called_for_n")))
    examples = missed.group_by("question_id", "team_id").agg(pl.col("interaction_id").head(MOST_EXAMPLES), missed_n=pl.len())
    by_cell = {(row["question_id"], row["team_id"]): row for row in examples.to_dicts()}
    file = tag("a", "csv/answers.csv", href="csv/answers.csv")
    note = (
        "Up to five interactions where it was called for and not done. All, done or not, are in ",
        file,
        ", by the filter shown.",
    )
    shown = [tag("h3", "Interactions behind every cell"), tag("p", *note, class_="sub")]
    for row in numbers.questions.to_dicts():
        question = row["question_id"]
        cells = numbers.teams.filter(pl.col("question_id") == question).to_dicts() if numbers.teams.height else []
        rows = [_cell_row(question, cell, by_cell.get((question, cell["team_id"]))) for cell in cells]
        if not rows:
            found = by_cell.get((question, None))
            rows = [
                [
                    "all",
                    percent(row),
                    whole(row["called_for_n"]),
                    _ids(None if row["is_hidden"] else found),
                    f"question_id = {question}",
                ]
            ]
        heads = [
            ("Team", ""),
            ("Done", "raw share"),
            ("Called for", "moments"),
            ("Missed, examples", "interaction ids"),
            ("Filter in answers.csv", ""),
        ]
        body = table(f"“{facts.text_of(question)}” by team", heads, rows, numeric_from=9)
        shown.append(tag("details", tag("summary", facts.text_of(question)), body, id=f"q-{question}"))
    return tuple(shown)


def _cell_row(question: str, cell: dict[str, object], found: dict[str, object] | None) -> list[object]:
    team = cell["team_id"]
    where = f"question_id = {question} and team_id = {team}"
    if cell["is_hidden"]:
        return [team, tag("span", TOO_FEW, class_="sub"), "–", "–", "–"]
    value = cell["share"]
    assert isinstance(value, float)
    return [team, share(value), whole(int(str(cell["called_for_n"]))), _ids(found), tag("code", where)]


def _ids(found: dict[str, object] | None) -> object:
    if found is None:
        return "none"
    names, count = found["interaction_id"], int(str(found["missed_n"]))
    assert isinstance(names, list)
    more = f" and {whole(count - len(names))} more" if count > len(names) else ""
    return join(tag("code", ", ".join(map(str, names))), more)
