"""The QA lead's section on people beside the machine: agreement, what may count, corrections, disputes, drift.

Lives here: its sentences, figure and tables. Not here: the numbers (assets.quality), the rest of the page (qa.py).
"""

import polars as pl

from analytics.plots import Drawing, draw_agreement
from analytics.results import signed
from assets.quality.human_side import HumanSide
from assets.report.html import Html, empty, join, table, tag, whole
from assets.report.inputs import Facts
from assets.report.page import figure, with_people

NO_LABELS = (
    "Nobody has labelled interactions yet. Draw some with `aftercall sample --state DIR`, let people fill in the sheet, "
    "and put it into the input folder."
)
_WORDS = {"kappa": "Cohen’s κ", "ac1": "Gwet’s AC1"}


def people_sections(facts: Facts, drawings: list[Drawing]) -> tuple[Html, ...]:
    """Return what people's labels say about the scores of this page."""
    side = facts.given.people
    if side is None or side.rows.height == 0:
        why = NO_LABELS if side is None else side.refused.get("agreement", NO_LABELS)
        return (empty(why), *_drift(facts))
    return (*_agreement(facts, side, drawings), _corrected(side), *_review(facts, side), *_drift(facts))


def _agreement(facts: Facts, side: HumanSide, drawings: list[Drawing]) -> tuple[Html, ...]:
    shown = side.rows.filter(pl.col("is_shown") & pl.col("value").is_not_null())
    texts = {question: facts.text_of(question) for question in side.rows["question_id"]}
    parts = [tag("p", f"{with_people(side)} {_left_out(side)}", class_="sub")]
    if shown.height:
        live = shown.filter(pl.col("status") == "live").height
        subtitle = (
            f"Agreement beyond chance of machine and people per question with 95 % interval, n interactions, {facts.period}; "
            "the tick is what two people reach among themselves. κ, or AC1 where one answer dominates. One epoch."
        )
        title = f"{live} of {shown.height} questions agree with people nearly as well as people with each other"
        drawings.append(draw_agreement(shown, texts=texts, title=title, subtitle=subtitle))
        parts.append(figure(drawings[-1]))
    lines = [_line(texts[row["question_id"]], row) for row in side.rows.to_dicts()]
    heads = [
        ("Question", "measure read"),
        ("Interactions", "n, twice"),
        ("Agreement", "95 % interval"),
        ("People among themselves", "same measure"),
        ("Raw", "share"),
        ("Yes seen as yes", "share"),
        ("No seen as no", "share"),
        ("Status", ""),
    ]
    parts.append(table("Machine beside people, by question", heads, lines))
    note = (
        "Labels weigh by how likely their interaction was to be drawn. A question is live when the lower end of its interval "
        "lies at most 0.05 below people among themselves; else it is advisory. Fewer than 20 interactions are not shown."
    )
    return (*parts, tag("p", note, class_="sub"), *_alarms(facts, side))


def _alarms(facts: Facts, side: HumanSide) -> tuple[Html, ...]:
    """Say where agreement leaves the accepted band: a month, channel, queue or language."""
    if side.groups.height == 0:
        return ()
    wrong = side.groups.filter("is_alarm").sort("question_id", "grouped_by", "group")
    live = side.rows.filter(pl.col("status") != "advisory")["question_id"]
    news = wrong.filter(pl.col("question_id").is_in(live.implode()))
    text = (
        f"Looked at by month, channel, queue and language, {whole(side.groups.height)} groups with 20 labels or more: "
        f"{whole(wrong.height)} lie wholly below their floor, {whole(news.height)} of them on questions that are not advisory."
    )
    if news.height == 0:
        return (tag("p", text, class_="sub"),)
    lines = [
        [
            facts.text_of(row["question_id"]),
            f"{row['grouped_by']} {row['group']}",
            whole(row["n"]),
            _between(row, "value", "low", "high"),
            _number(row["floor"]),
        ]
        for row in news.head(20).to_dicts()
    ]
    heads = [("Question", ""), ("Where", ""), ("Labels", "n"), ("Agreement", "95 % interval"), ("Floor", "")]
    return (tag("p", text, class_="sub"), table("Where agreement leaves the accepted band", heads, lines))


def _left_out(side: HumanSide) -> str:
    left = ", ".join(f"{whole(n)} {why}" for why, n in side.left_out.items())
    return f"{whole(side.label_n)} blind labels; left out: {left}." if left else f"{whole(side.label_n)} blind labels."


def _line(text: str, row: dict[str, object]) -> list[object]:
    few = ", few labels" if row["is_flagged"] else ""
    if not row["is_shown"]:
        return [text, f"{row['n']}, {row['double_n']}", *["too few"] * 5, row["status"]]
    interval = _between(row, "value", "low", "high")
    return [
        join(text, tag("span", _WORDS[str(row["measure"])], class_="unit")),
        f"{row['n']}, {row['double_n']}",
        interval,
        _number(row["human"]),
        _number(row["raw"]),
        _number(row["sensitivity"]),
        _number(row["specificity"]),
        f"{row['status']}{few}",
    ]


def _number(value: object, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if isinstance(value, float) else "–"


def _between(row: dict[str, object], value: str, low: str, high: str, digits: int = 2) -> str:
    ends = (row[low], row[high])
    if not all(isinstance(end, float) for end in ends):
        return _number(row[value], digits)
    return f"{_number(row[value], digits)} ({_number(row[low], digits)} to {_number(row[high], digits)})"


def _corrected(side: HumanSide) -> Html:
    rows = side.corrected.filter(pl.col("grouped_by") != "team_id") if side.corrected.height else side.corrected
    if rows.height == 0 or rows["label_n"].max() == 0:
        return empty("No corrected means: no label was drawn at random with a known probability. `aftercall sample` keeps it.")
    lines = [
        [
            row["group"],
            whole(row["n"]),
            whole(row["label_n"]),
            _between(row, "machine", "machine_low", "machine_high", 1),
            row["note"] or _between(row, "corrected", "corrected_low", "corrected_high", 1),
        ]
        for row in rows.to_dicts()
    ]
    heads = [
        ("Queue or month", ""),
        ("Interactions", "n"),
        ("Labelled", "n"),
        ("Machine", "0 to 100, 95 % interval"),
        ("As people would score", "0 to 100, 95 % interval"),
    ]
    note = (
        "Of the questions people answered too: machine mean plus the labelled differences, each weighed by one over its "
        "chance of being drawn; intervals clustered by agent. Teams are in the CSV. Single agents have too few labels."
    )
    return join(table("Mean score corrected by people", heads, lines), tag("p", note, class_="sub"))


def _review(facts: Facts, side: HumanSide) -> tuple[Html, ...]:
    parts: list[Html] = []
    if side.edited_n and side.machine_total is not None and side.edited_total is not None:
        moved = signed(side.edited_total - side.machine_total, 2)
        text = (
            f"People edited answers of {whole(side.edited_n)} interactions: mean score {side.machine_total:.2f} by machine "
            f"only, {side.edited_total:.2f} with edits ({moved} points)."
        )
        parts.append(tag("p", text))
    if side.undecided_n:
        parts.append(
            tag("p", f"{whole(side.undecided_n)} answers are under dispute and left out of every figure until decided.")
        )
    if side.review.height:
        lines = [
            [
                facts.text_of(str(row["question_id"])),
                whole(int(row["suggested_n"])),
                _between(row, "kept", "kept_low", "kept_high") if row["kept"] is not None else "too few",
                whole(int(row["open_n"])),
                whole(int(row["decided_n"])),
                _between(row, "accepted", "accepted_low", "accepted_high") if row["accepted"] is not None else "too few",
            ]
            for row in side.review.to_dicts()
        ]
        heads = [
            ("Question", ""),
            ("Suggestions seen", "n"),
            ("Kept by people", "share"),
            ("Disputes open", "n"),
            ("decided", "n"),
            ("of these accepted", "share"),
        ]
        parts.append(table("Edits and disputes, a measure of the question", heads, lines))
    if side.deviations.height:
        lines = [
            [
                facts.text_of(str(row["question_id"])),
                row["evaluator_id"],
                whole(int(row["n"])),
                _between(row, "deviation", "deviation_low", "deviation_high"),
                whole(int(row["differ_n"])),
            ]
            for row in side.deviations.to_dicts()
        ]
        heads = [("Question", ""), ("Scorer", ""), ("Answers", "n"), ("More lenient by", "0 to 1"), ("Other answer", "n")]
        parts.append(table("Calibration: each scorer against the reference scorer", heads, lines))
    return tuple(parts)


def _drift(facts: Facts) -> tuple[Html, ...]:
    drift = facts.given.drift
    if drift is None:
        return ()
    parts: list[Html] = []
    if drift.shift is not None:
        text = f"Since epoch {drift.older_epoch} the mean {drift.shift}. {drift.shift.who[0].upper()}{drift.shift.who[1:]}."
        parts.append(tag("p", tag("strong", "Agents or scorer? "), text))
    if drift.answers is not None:
        moved = drift.answers.rows.filter("is_flagged")
        said = f"{drift.answers}, false discovery rate under 5 %; clustered by agent. The panel says who moved."
        parts.append(tag("p", tag("strong", "Answers week by week: "), said))
        if moved.height:
            lines = [
                [
                    facts.text_of(row["question_id"]),
                    row["state"],
                    str(row["week_on"]),
                    whole(row["n"]),
                    f"{100 * row['reference']:.0f} %",
                    f"{100 * row['share']:.0f} %",
                ]
                for row in moved.sort("p").head(20).to_dicts()
            ]
            heads = [("Question", ""), ("Answer", ""), ("Week", ""), ("Answers", "n"), ("First weeks", ""), ("That week", "")]
            parts.append(table("Shares of answers that moved", heads, lines))
    return tuple(parts)
