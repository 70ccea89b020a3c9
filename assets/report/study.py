"""The report of one study: the answer in a sentence, its event study, what was checked, what would change it, the declaration.

Lives here: a study -> one self-contained page. Not here: the study (analytics.studies), the page's grammar (page.py).
"""

import polars as pl

from analytics.plots import Drawing, draw_course
from analytics.results import signed, words_of
from analytics.studies.study import Study, digits_of
from analytics.studies.study_spec import MEANINGS
from analytics.studies.study_words import basis_of, difference_told, equality_told, what_would_change
from assets.report.html import Html, between, empty, table, tag, whole
from assets.report.page import checks_list, document, figure, section

_COURSE = ("horizon", "estimate", "ci_low", "ci_high", "n_units")


def study_page(found: Study, *, source: str) -> str:
    """Return the whole report of a study as one HTML document; `source` names the file it was computed from."""
    drawing = _drawing(found)
    parts = (_header(found, source), tag("main", *_sections(found, drawing)), _footer(found, source))
    return document(f"What did it change? {words_of(found.spec.outcome)}", parts, () if drawing is None else (drawing,))


def _header(found: Study, source: str) -> Html:
    spec = found.spec
    lines = (
        ("For", "analyst"),
        ("Outcome", words_of(spec.outcome) + (f" ({spec.unit_of_outcome})" if spec.unit_of_outcome else "")),
        ("Period", found.window),
        ("Declared", f"{spec.declared_on or 'without a date'}, study {spec.hash}"),
        ("Mechanism", f"{spec.mechanism}: {MEANINGS[spec.mechanism]}"),
        *([("Cohort", " and ".join(f"{name} is {' or '.join(kept)}" for name, kept in spec.cohort))] if spec.cohort else []),
        ("Data", source),
    )
    facts = tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in lines), class_="facts")
    return tag("header", tag("h1", f"What did the treatment change in {words_of(spec.outcome)}?"), facts)


def _sections(found: Study, drawing: Drawing | None) -> list[Html]:
    answer = [tag("p", str(found), class_="headline"), tag("p", basis_of(found), class_="lead")]
    answer += [tag("p", tag("strong", f"{one.code}: "), one.message, class_="warning") for one in found.reasons]
    out = [tag("section", *answer, aria_label="Answer")]
    why_not = "No event study: there are no units that can be compared around a start. Add periods before and untreated units."
    out.append(section("Before and after the start", figure(drawing, why_not)))
    out.append(section("What was checked", checks_list(found.checks) if found.checks else empty("Nothing could be checked.")))
    out.append(section("Answered otherwise", _others(found)))
    if found.subgroups.tests:
        out.append(section("Who gained, by declared subgroup", _subgroups(found), id_="subgroups"))
    if found.arms.effects:
        out.append(section("By arm of delivery", _arms(found), id_="arms"))
    out.append(section("If trends were not parallel", _bounds(found)))
    out.append(section("What would change this answer", tag("ul", *(tag("li", one) for one in what_would_change(found)))))
    if found.warnings:
        out.append(section("How far to trust this", tag("ul", *(tag("li", one) for one in found.warnings))))
    out.append(section("The declared study", tag("pre", found.spec.as_yaml()), id_="declared"))
    return out


def _drawing(found: Study) -> Drawing | None:
    if not found.course or found.found is None:
        return None
    rows = pl.DataFrame([{name: getattr(one, name) for name in _COURSE} for one in found.course], infer_schema_length=None)
    rows = rows.with_columns(pl.col("ci_low", "ci_high").cast(pl.Float64))
    unit, period = found.panel.unit_of_outcome, "period" if found.panel.period == "other" else found.panel.period
    value = signed(found.found.estimate, digits_of(found.found))
    said = {"supported": "is supported", "inconclusive": "is inconclusive", "not identified": "cannot be read as an effect"}
    title = f"On average {value}{' ' + unit if unit else ''} after the start, which {said[found.verdict]}"
    share = f"{100 * (1 - found.spec.alpha):g} %"
    subtitle = (
        f"{words_of(found.spec.outcome)} by {period} since first treatment, {share} intervals; "
        f"{whole(found.panel.unit_n)} units, {found.window}. Before the start: untreated rows, against periods further back."
    )
    return draw_course(rows, unit=unit, period=period, title=title, subtitle=subtitle)


def _others(found: Study) -> Html:
    if not found.cross_checks or found.found is None:
        return empty("No other estimator can answer this panel.")
    digits = digits_of(found.found)
    rows = [
        [one.method, signed(one.estimate, digits), "–" if one.se is None else f"{one.se:.3g}"] for one in found.cross_checks
    ]
    return table(
        "The same question by other estimators", [("method", ""), ("estimate", found.panel.unit_of_outcome), ("SE", "")], rows
    )


def _subgroups(found: Study) -> Html:
    assert found.found is not None
    digits, unit = digits_of(found.found), found.panel.unit_of_outcome
    rows = [
        [one.column, one.group, signed(one.estimate, digits), between(one.ci_low, one.ci_high, digits, change=True),
         "–" if one.q is None else f"{one.q:.3g}", whole(one.n_units)]
        for one in found.subgroups.effects
    ]  # fmt: skip
    said = [tag("p", tag("strong", f"{one.column}: "), f"{equality_told(one)}. {one.detail}.") for one in found.subgroups.tests]
    if found.verdict == "not identified":
        said.insert(0, tag("p", "The effect is not identified, so these are no effects either.", class_="warning"))
    share = f"{100 * (1 - found.spec.alpha):g} %"
    head = [("by", ""), ("group", ""), ("estimate", unit), ("interval", share), ("q", "all groups"), ("n", "units")]
    return tag(
        "div", *said, table("The effect by group, from the same fit", head, rows) if rows else empty("No group has one.")
    )


def _arms(found: Study) -> Html:
    assert found.found is not None
    digits, unit = digits_of(found.found), found.panel.unit_of_outcome
    rows = [
        [one.arm, signed(one.estimate, digits), between(one.ci_low, one.ci_high, digits, change=True), whole(one.n_units),
         "–" if one.delay_s_median is None else whole(round(one.delay_s_median)),
         "–" if one.late_share is None else f"{100 * one.late_share:.0f} %"]
        for one in found.arms.effects
    ]  # fmt: skip
    said = [tag("p", difference_told(one, found)) for one in found.arms.differences]
    if found.verdict == "not identified":
        only = "The effect is not identified; only differences between arms may be read, if arms were dealt by lot."
        said.insert(0, tag("p", only, class_="warning"))
    share = f"{100 * (1 - found.spec.alpha):g} %"
    head = [("arm as drawn", ""), ("estimate", unit), ("interval", share), ("n", "units"), ("delay", "s, median")]
    head.append(("as another arm's", "share"))
    return tag("div", *said, table("The effect by arm, against the same untreated rows", head, rows))


def _bounds(found: Study) -> Html:
    if not found.bounds or found.found is None:
        return empty("Not computed: starts were drawn by lot, nothing could be compared, or --sensitivity skip was asked for.")
    digits = digits_of(found.found)
    rows = [
        [f"{one.target}, {b.m_bar:g}", between(b.ci_low, b.ci_high, digits, change=True)]
        for one in found.bounds
        for b in one.bounds
    ]
    note = (
        "If trends differ after the start by at most so many times the largest step seen before, the effect lies in "
        "the interval (Rambachan and Roth 2023, C-LF)."
    )
    return tag(
        "div",
        tag("p", note),
        table("Intervals by how far trends may fail", [("target and multiple", ""), ("interval", "")], rows),
    )


def _footer(found: Study, source: str) -> Html:
    definitions = (
        (
            "supported",
            "identified, the interval excludes 0, and trends failing by half the largest step before would not undo it",
        ),
        (
            "inconclusive",
            "identified, but the data or the checks do not carry a conclusion; this is not evidence that nothing happened",
        ),
        ("not identified", "the number may be due to how units were chosen, to trends, or to how it was measured"),
        ("n", "units behind a point"),
    )
    items = tag("ul", *(tag("li", tag("strong", name), f": {meaning}.") for name, meaning in definitions))
    return tag(
        "footer",
        tag("h2", "Definitions", id="definitions"),
        items,
        tag("p", f"Data behind this page: {source}, {found.panel.unit_n} units."),
    )
