"""The QA lead's page: are we getting better, where not, and can I trust the scores?

Lives here: its sentences, figures and tables. Not here: levels and trends (analytics), the page's grammar (page.py).
"""

import polars as pl

from analytics.plots import Drawing, draw_coverage, draw_team_behaviours, draw_weekly_scores
from analytics.results import signed
from assets.report.best_practice import best_practice_sections
from assets.report.compliance import rule_sections
from assets.report.drilldown import behind_cells, percent
from assets.report.html import Html, between, empty, join, share, table, tag, whole
from assets.report.inputs import Facts
from assets.report.page import Page, figure, section
from assets.report.people import people_sections
from assets.report.qa_numbers import QaNumbers, telling, weakest

MOST_FINDINGS = 10
CLEAR_GAP_SHARE = 0.10


def qa_page(facts: Facts, numbers: QaNumbers) -> Page:
    """Return the page for QA leads."""
    weak = weakest(facts, numbers)
    drawings: list[Drawing] = []
    sections = (
        section("Score over time", _weekly(facts, numbers, drawings)),
        section("Sections and questions", *_levels(facts, numbers)),
        section("Teams by behaviour", _teams(facts, numbers, drawings), *behind_cells(facts, numbers), id_="teams"),
        section("Worth a person's look", _findings(facts), id_="findings"),
        section("Can the scores be trusted: people beside the machine", *people_sections(facts, drawings), id_="people"),
        section("What the strongest do differently", *best_practice_sections(facts), id_="strongest"),
        section("Compliance rules in shadow", *rule_sections(facts), id_="rules"),
        section("Coverage", _coverage(facts, numbers, drawings)),
        section("Trends of single agents", _trends(facts)),
    )
    return Page(
        "qa.html",
        "QA leads",
        "Are we getting better, where not, and can I trust the scores?",
        _headline(numbers),
        tuple(line for line in (_lead(facts, weak),) if line is not None),
        _next(facts, numbers, weak),
        sections,
        tuple(drawings),
    )


def _headline(numbers: QaNumbers) -> Html:
    mean, change = numbers.mean, numbers.change
    if mean["mean"] is None:
        return join("No interaction has a score yet, so there is nothing to judge.")
    level = join(f"Mean score {mean['mean']:.1f} of 100 ", between(mean["low"], mean["high"]), _n(int(mean["scored_n"] or 0)))
    if change is None:
        return join(level, ". Too few weeks or agents to say whether it moves.")
    word = "No clear change" if change["low"] <= 0 <= change["high"] else ("Up" if change["change"] > 0 else "Down")
    moved = join(f"{signed(change['change'])} points ", between(change["low"], change["high"], change=True))
    return join(level, f". {word} from the first four weeks to the last four: ", moved, ".")


def _n(count: int) -> Html:
    return tag("span", f", n = {whole(count)}", class_="n")


def _lead(facts: Facts, weak: dict[str, object] | None) -> Html | None:
    if weak is None:
        return None
    value, low, high = (weak[name] for name in ("share", "low", "high"))
    assert isinstance(value, float)
    interval = between(100 * low, 100 * high) if isinstance(low, float) and isinstance(high, float) else None
    return join(
        f"Most points are lost on “{facts.text_of(str(weak['question_id']))}”: done in {share(value)} ",
        interval,
        f" of {whole(int(str(weak['called_for_n'])))} moments that called for it.",
    )


def _next(facts: Facts, numbers: QaNumbers, weak: dict[str, object] | None) -> Html:
    if weak is None:
        return join("load transcripts and score them; the coverage table below says what is missing.")
    question = str(weak["question_id"])
    cells = (
        numbers.teams.filter((pl.col("question_id") == question) & ~pl.col("is_hidden"))
        if numbers.teams.height
        else numbers.teams
    )
    if cells.height < 2:
        return join(
            "read the examples of ",
            tag("a", f"“{facts.text_of(question)}”", href=f"#q-{question}"),
            " and agree what good looks like.",
        )
    ranked = cells.sort("shrunk", "team_id")
    low, high = ranked.row(0, named=True), ranked.row(-1, named=True)
    examples = tag("a", f"“{facts.text_of(question)}”", href=f"#q-{question}")
    if high["shrunk"] - low["shrunk"] < CLEAR_GAP_SHARE:
        where = f"teams hardly differ ({share(low['shrunk'])} to {share(high['shrunk'])}), so make it a topic for all of them."
    else:
        where = (
            f"it is rarest in {low['team_id']} ({share(low['shrunk'])} of {whole(low['called_for_n'])} moments): begin there."
        )
    return join(
        "read the examples of ", examples, " to see whether the rule judges rightly; then coach that one behaviour: ", where
    )


def _weekly(facts: Facts, numbers: QaNumbers, drawings: list[Drawing]) -> Html:
    weeks = numbers.weeks.filter(pl.col("scored_n") >= 20)
    if weeks.height < 2:
        return empty(
            f"{weeks.height} weeks have 20 scored interactions or more: a line needs two. "
            "Load interactions with started_at over a longer time."
        )
    first, last = weeks.row(0, named=True), weeks.row(-1, named=True)
    title = f"The weekly mean went from {first['mean']:.1f} to {last['mean']:.1f} in {weeks.height} weeks"
    by = "clustered by agent" if facts.agents_known else "of single interactions"
    subtitle = f"Mean score, 0 to 100, of scored interactions by week, {facts.period}; 95 % intervals {by}; one epoch."
    drawings.append(draw_weekly_scores(weeks, title=title, subtitle=subtitle))
    return figure(drawings[-1])


def _levels(facts: Facts, numbers: QaNumbers) -> tuple[Html, ...]:
    if numbers.questions.height == 0:
        return (empty("No question was answered. Load transcripts (turns with speaker and text) and run the scorer."),)
    parts = [
        [row["section_id"], percent(row), whole(row["answered_n"]), _people(facts, row)]
        for row in numbers.sections.to_dicts()
    ]  # fmt: skip
    lines = [
        [
            join(facts.text_of(row["question_id"]), tag("span", _place(row), class_="unit")),
            percent(row),
            _unless_few(row, whole(row["called_for_n"])),
            whole(row["na_n"]),
            whole(row["null_n"]),
            _unless_few(row, _people(facts, row)),
        ]
        for row in numbers.questions.to_dicts()
    ]
    people = ("Agents", "n")
    return (
        table(
            "Points earned of points possible, by section",
            [("Section", ""), ("Share", "95 % interval"), ("Answers", "n"), people],
            parts,
        ),
        table(
            "How often what was called for was done, by question",
            [
                ("Question", "section"),
                ("Done", "95 % interval"),
                ("Called for", "moments"),
                ("Not called for", "n"),
                ("No answer", "n"),
                people,
            ],
            lines,
        ),
        *_asked_twice(numbers),
    )


def _asked_twice(numbers: QaNumbers) -> tuple[Html, ...]:
    if not numbers.questions["question_id"].is_duplicated().any():
        return ()
    return (tag("p", "A question that appears twice counts on one scorecard and is advisory on another.", class_="sub"),)


def _place(row: dict[str, object]) -> str:
    return f"{row['section_id']}, advisory: not in the score" if row["is_advisory"] else str(row["section_id"])


def _unless_few(row: dict[str, object], text: str) -> str:
    return "few" if row["is_hidden"] and row["called_for_n"] else text


def _people(facts: Facts, row: dict[str, object]) -> str:
    return whole(int(str(row["agent_n"]))) if facts.agents_known else "not known"


def _teams(facts: Facts, numbers: QaNumbers, drawings: list[Drawing]) -> Html:
    cells = numbers.teams
    if cells.height == 0 or cells["team_id"].n_unique() < 2:
        return empty("No teams in the source: load the roster (agent_id, team_id, valid_from_on) to compare teams.")
    shown = cells.filter(~pl.col("is_hidden")).with_columns(gap=pl.col("shrunk") - pl.col("standard"))
    if shown.height:
        low = shown.sort("gap").row(0, named=True)
        title = (
            f"Widest gap: {low['team_id']} on “{facts.text_of(low['question_id'])}”, "
            f"{signed(100 * low['gap'])} points from all teams"
        )
    else:
        title = "Every team is too small to be shown"
    subtitle = (
        f"Share done of moments that called for it, drawn towards all teams, and n moments; colour is the distance from the "
        f"share of all teams in points; {facts.period}. Hatched: fewer than 5 agents or 20 interactions."
    )
    drawn = telling(cells)
    left_out = cells["question_id"].n_unique() - drawn["question_id"].n_unique()
    if left_out:
        subtitle += f" {left_out} questions on which no visible team is a point from all teams are in the tables below only."
    texts = {question: facts.text_of(question) for question in cells["question_id"].unique()}
    drawings.append(draw_team_behaviours(drawn, texts=texts, title=title, subtitle=subtitle))
    return figure(drawings[-1])


def _findings(facts: Facts) -> Html:
    found = facts.findings.head(MOST_FINDINGS).to_dicts()
    if not found:
        return empty(
            "No answer with a quote calls for a person's look in this period. "
            "What would raise one: the scorecard's questions with a severity of high or critical."
        )
    lines = []
    for row in found:
        at = "" if row["start_s"] is None else f", {int(row['start_s'] // 60):02d}:{int(row['start_s'] % 60):02d} into it"
        where = ", ".join(str(v) for v in (row["day_on"], row["queue"]) if v)
        lines.append(
            tag(
                "li",
                tag("span", row["severity"] or "not rated", class_=f"badge {row['severity'] or ''}"),
                " ",
                tag("strong", facts.text_of(row["question_id"])),
                f" {row['reason']}" if row["reason"] else None,
                tag("blockquote", f"“{row['quote']}”") if row["quote"] else None,
                tag("p", "interaction ", tag("code", row["interaction_id"]), f", {where}{at}", class_="meta"),
            )
        )
    total = facts.findings.height
    note = f"{len(found)} of {whole(total)}, gravest first; all in csv/findings.csv. A finding is a hint, no judgement."
    return join(tag("p", note, class_="sub"), tag("ul", *lines, class_="findings"))


def _coverage(facts: Facts, numbers: QaNumbers, drawings: list[Drawing]) -> Html:
    total = facts.interactions.height
    if total == 0:
        return empty("No interaction was read. Check what the input folder holds with `aftercall check FILE...`.")
    by_outcome = numbers.coverage.group_by("scoring_outcome").agg(pl.col("interaction_n").sum())
    by_outcome = by_outcome.sort([pl.col("scoring_outcome") != "scored", -pl.col("interaction_n"), "scoring_outcome"])
    outcomes = by_outcome["scoring_outcome"].to_list()
    counts = dict(by_outcome.iter_rows())
    scored = counts.get("scored", 0)
    rows = [[name.replace("_", " "), whole(n), share(n / total)] for name, n in counts.items()]
    text = join(
        tag(
            "p",
            f"Of {whole(total)} interactions {whole(scored)} ({share(scored / total)}) have a score, every other one a reason.",
        ),
        table("Outcome of scoring", [("Outcome", ""), ("Interactions", "n"), ("Share", "of all")], rows),
    )
    dated = numbers.coverage.filter(pl.col("day_on") != "undated")
    if dated.height == 0:
        return text
    days = dated["day_on"].n_unique()
    title = f"{share(scored / total)} of interactions have a score"
    subtitle = f"Interactions per day by outcome of scoring, {days} days, {facts.period}."
    drawings.append(draw_coverage(dated, outcomes=outcomes, title=title, subtitle=subtitle))
    return join(text, figure(drawings[-1]))


def _trends(facts: Facts) -> Html:
    trends = facts.given.results.trends
    if trends is None:
        return empty(f"No trend can be shown: {facts.given.results.refused.get('trends', 'no behaviour was called for')}")
    states = trends.rows.group_by("question_id", "state").agg(n=pl.len())
    count = {(row["question_id"], row["state"]): row["n"] for row in states.to_dicts()}
    names = ("improving", "declining", "no clear trend", "too few")
    rows = [
        [facts.text_of(question), *(whole(count.get((question, name), 0)) for name in names)]
        for question in trends.rows["question_id"].unique().sort()
    ]
    heads = [
        ("Question", ""),
        ("Improving", "agents"),
        ("Declining", "agents"),
        ("No clear trend", "agents"),
        ("Too few interactions", "agents"),
    ]
    note = (
        f"{trends}. A trend is named only with 30 effective interactions, a false discovery rate under 5 % in the family of "
        f"{whole(trends.family_n)} and a sign at least 90 % sure. Per agent, in order of id: the workbook's sheet Trends."
    )
    return join(tag("p", note, class_="sub"), table("Agents by trend of each behaviour", heads, rows))
