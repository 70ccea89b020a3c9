"""The WFM lead's page: why did handle time move, and what can I plan with?

Lives here: its sentences, figures and tables. Not here: effect and split (analytics), the page's grammar (page.py).
"""

from analytics.effect import Effect
from analytics.handle_time import EMPTY_POLICY, PART_NAMES, Decomposition
from analytics.plots import Drawing, draw_course, draw_effect_parts, draw_handle_times, draw_parts
from analytics.results import signed, words_of
from assets.report.html import Html, between, duration, empty, join, share, table, tag, whole
from assets.report.inputs import Facts
from assets.report.page import Page, checks_list, figure, section
from assets.report.wfm_numbers import WfmNumbers

LEGEND = "Hatched: mix, solid: rate; green: shorter, orange: longer."
NO_HANDLE_TIMES = "No handle times in the source: map talk_s, hold_s and acw_s in the source's column map."


def wfm_page(facts: Facts, numbers: WfmNumbers) -> Page:
    """Return the page for WFM leads."""
    effect, centre = facts.effect, facts.given.results.centre_parts
    drawings: list[Drawing] = []
    sections = (
        section("Did coaching move handle time?", *_effect(facts, drawings), id_="effect"),
        section("Where the change sits", *_parts(facts, drawings), id_="parts"),
        section("Declared studies", _studies(facts)),
        section("Handle time now", *_now(facts, numbers, drawings)),
        section("Contacts by hour of the day", _hour_table(numbers)),
    )
    return Page(
        "wfm.html",
        "WFM leads",
        "Why did handle time move, and what can I plan with?",
        wfm_headline(effect, numbers),
        tuple(line for line in (_level(numbers), _parts_line(effect), _split_line(centre)) if line is not None),
        _next(facts, numbers),
        sections,
        tuple(drawings),
    )


def wfm_headline(effect: Effect | None, numbers: WfmNumbers) -> Html:
    """Return the page's first sentence."""
    if effect is not None and effect.is_identified:
        n = tag("span", f", n = {_whole(effect.n_interactions)} interactions", class_="n")
        word = "fell" if effect.estimate < 0 else "rose"
        return join(
            f"Handle time of coached teams {word} by {abs(effect.estimate):.1f} s an interaction against control teams: ",
            f"{signed(effect.estimate)} s ",
            between(effect.ci_low, effect.ci_high, change=True),
            n,
            f". Verdict: {effect.verdict}.",
        )
    if effect is not None:
        return join(f"Whether coaching moved handle time cannot be told: {effect.reasons[0].message}")
    if numbers.aht_s is None:
        return join(NO_HANDLE_TIMES)
    return join(
        f"Average handle time is {duration(numbers.aht_s)}, ",
        f"{numbers.aht_s:.0f} s ",
        between(numbers.low_s, numbers.high_s, 0),
        tag("span", f", n = {whole(numbers.handled_n)}", class_="n"),
        ". Whether coaching moved it cannot be told from these data.",
    )


def _level(numbers: WfmNumbers) -> Html | None:
    if numbers.aht_s is None:
        return None
    low, high = numbers.low_s, numbers.high_s
    ends = "(no interval)" if low is None or high is None else f"({duration(low)} to {duration(high)})"
    span = tag("span", f"{ends}, n = {whole(numbers.handled_n)}", class_="ci")
    return join(f"Average handle time over the whole period: {duration(numbers.aht_s)} ", span, ".")


def _parts_line(effect: Effect | None) -> Html | None:
    """Say which part of handle time the effect sits in."""
    if effect is None or not effect.is_identified or not effect.parts:
        return None
    said = ", ".join(f"{PART_NAMES.get(p.part, p.part)} {signed(p.estimate_s)} s" for p in effect.parts)
    return join(f"By part: {said}; they add up to the effect.")


def _split_line(found: Decomposition | None) -> Html | None:
    if found is None:
        return None
    largest = max(found.parts, key=lambda part: abs(part.rate_s))
    name = PART_NAMES.get(largest.part, largest.part)
    return join(
        f"Of the change ({found.what}) {signed(found.rate_s)} s come from handling the same contacts and "
        f"{signed(found.mix_s)} s from other contacts; the largest part is {name}, {signed(largest.rate_s)} s."
    )


def _next(facts: Facts, numbers: WfmNumbers) -> Html:
    effect = facts.effect
    if numbers.aht_s is None:
        return join("map talk_s, hold_s and acw_s, or load the call records of the telephone system, and run again.")
    if effect is None:
        return join("plan with the handle times by queue below; load coaching events and the roster to learn what moves them.")
    if not effect.is_identified:
        return join("do not change the forecast because of coaching; ", effect.reasons[0].message)
    if effect.verdict == "supported":
        return join(
            f"lower planned handle time of coached teams by the cautious end of the interval, {abs(effect.ci_high or 0):.0f} s."
        )
    why = effect.reasons[0].message if effect.reasons else "its interval does not exclude zero."
    return join(
        "keep the forecast as it is and plan with the handle times by queue below; treat the effect as a lead to follow: "
        f"{why} What would make the answer firmer: {effect.changes[0]}"
    )


def _effect(facts: Facts, drawings: list[Drawing]) -> tuple[Html, ...]:
    effect = facts.effect
    if effect is None:
        return (empty(facts.no_effect),)
    shown: list[Html] = []
    if effect.course.height:
        drawings.append(_course(effect))
        shown.append(figure(drawings[-1]))
    if effect.is_identified:
        shown.append(_effect_table(effect))
    verdict = [tag("strong", f"Verdict: {effect.verdict}. "), *(f"{r.message} ({r.code}) " for r in effect.reasons)]
    shown.append(tag("p", *verdict, *(f"{said} " for said in effect.warnings)))
    shown += [tag("h3", "What was checked"), checks_list(effect.diagnostics)]
    shown += [tag("h3", "What would change this answer"), tag("ul", *(tag("li", one) for one in effect.changes))]
    return tuple(shown)


def _course(effect: Effect) -> Drawing:
    # A figure's title must not say more than the verdict does.
    value = f"{signed(effect.estimate)} {effect.unit}"
    title = {
        "supported": f"After the start of coaching {value} on average",
        "inconclusive": f"After the start of coaching {value} on average, which is inconclusive",
        "not identified": "What was computed around the start cannot be read as an effect",
    }[effect.verdict]
    subtitle = (
        f"{words_of(effect.outcome).capitalize()} by week since the start, 95 % intervals; {whole(effect.n_units)} agents, "
        f"{effect.window}. Before the start: agents not coached yet, against weeks further back."
    )
    return draw_course(effect.course, unit=effect.unit, period="week", title=title, subtitle=subtitle)


def _whole(n: int | None) -> str:
    return "–" if n is None else whole(n)


def _effect_table(effect: Effect) -> Html:
    head = join(f"{signed(effect.estimate)} {effect.unit} ", between(effect.ci_low, effect.ci_high, change=True))

    def known(value: float | None, text: str) -> str:
        return "–" if value is None else text.format(value)

    teams = f"{_whole(effect.n_interactions)}, {effect.n_units}, {effect.n_clusters} ({effect.n_treated_clusters} coached)"
    rows = [
        ["Effect", head],
        ["Level before, coached agents", known(effect.baseline, "{:.0f} s")],
        ["p", known(effect.p, "{:.3g}")],
        ["Smallest effect found with 80 % probability", known(effect.mde_80, "{:.1f} s")],
        ["Effects beyond this are excluded (90 % interval)", known(effect.equivalence_bound, "±{:.1f} s")],
        ["Trends may fail by so many times the largest step before", known(effect.breakdown, "{:g}")],
        *([f"Cross-check: {c.method}", f"{signed(c.estimate)} s"] for c in effect.cross_checks),
        ["Interactions, agents, teams", teams],
        ["Method", effect.method],
    ]
    what = f"{words_of(effect.outcome).capitalize()}: average effect on interactions of coached agents since their start"
    return table(what, [("What", ""), ("Value", "")], rows, numeric_from=9)


def _studies(facts: Facts) -> Html:
    """List every declared study with its sentence and its page."""
    if not facts.given.studies:
        return empty("No study was run on this state.")
    rows = [
        [
            tag("a", one.name, href=f"studies/{one.name}.html") if one.name in facts.given.study_pages else one.name,
            one.refused or (str(one.effect) if one.effect is not None else ""),
            "not answered" if one.effect is None else one.effect.verdict,
        ]
        for one in facts.given.studies
    ]
    return table("Each with its own page", [("Study", ""), ("Answer", ""), ("Verdict", "")], rows, numeric_from=9)


def _parts(facts: Facts, drawings: list[Drawing]) -> tuple[Html, ...]:
    shown: list[Html] = []
    effect, centre = facts.effect, facts.given.results.centre_parts
    if effect is not None and effect.parts and effect.is_identified:
        title = f"The effect by part adds up to {signed(effect.estimate)} s"
        residual = effect.parts_residual_s or 0.0
        subtitle = (
            f"Seconds per interaction, 95 % intervals; the same estimator on each part, residual {abs(residual):.0e} s. "
            "Green: shorter, orange: longer."
        )
        drawings.append(draw_effect_parts(effect, title=title, subtitle=subtitle))
        rows = [[PART_NAMES.get(p.part, p.part), _with_interval(p.estimate_s, p.low_s, p.high_s)] for p in effect.parts]
        rows.append(["handle time", _with_interval(effect.estimate, effect.ci_low, effect.ci_high)])
        shown += [figure(drawings[-1]), table("Effect of coaching by part", [("Part", ""), ("Effect", "s")], rows)]
    if centre is not None:
        title = f"All teams: {signed(centre.change_s)} s, from {centre.aht_a:.0f} s to {centre.aht_b:.0f} s"
        who = f"Seconds per interaction, {centre.what}; n = {whole(centre.n_a)} and {whole(centre.n_b)}."
        subtitle = f"{who} A description, not an effect. {LEGEND} {_residual(centre)}"
        drawings.append(draw_parts(centre, name="centre_parts", title=title, subtitle=subtitle))
        shown += [figure(drawings[-1]), _parts_table(centre)]
    if not shown:
        return (empty(facts.given.results.refused.get("centre_parts", NO_HANDLE_TIMES)),)
    if centre is not None:
        shown.append(tag("p", f"Mix cells: channel × intent × queue × tenure band; {EMPTY_POLICY}.", class_="sub"))
    return tuple(shown)


def _residual(found: Decomposition) -> str:
    empty_n = len(found.empty_cells)
    cells = f"; {whole(empty_n)} cells empty in one period" if empty_n else ""
    return f"Residual {abs(found.residual_s):.0e} s{cells}."


def _parts_table(found: Decomposition) -> Html:
    rows = [[PART_NAMES.get(p.part, p.part), *(signed(v, 2) for v in (p.rate_s, p.mix_s, p.total_s))] for p in found.parts]
    rows.append(["total", signed(found.rate_s, 2), signed(found.mix_s, 2), signed(found.change_s, 2)])
    return table(f"Parts: {found.what}", [("Part", ""), ("Rate", "s"), ("Mix", "s"), ("Both", "s")], rows)


def _with_interval(value: float, low: float | None, high: float | None) -> Html:
    return join(signed(value, 1), " ", between(low, high, 1, change=True))


def _now(facts: Facts, numbers: WfmNumbers, drawings: list[Drawing]) -> tuple[Html, ...]:
    if numbers.aht_s is None:
        return (empty(NO_HANDLE_TIMES),)
    title = f"Half take up to {duration(numbers.marks['median'])}, one in ten longer than {duration(numbers.marks['P90'])}"
    subtitle = f"Share of interactions up to each handle time, seconds, n = {whole(numbers.handled_n)}, {facts.period}."
    drawings.append(draw_handle_times(numbers.curve, numbers.marks, title=title, subtitle=subtitle))
    rows = [_queue_row(facts, row) for row in numbers.queues.to_dicts()]
    heads = [
        ("Queue", ""),
        ("Handled", "n"),
        ("Handle time", "s, 95 % interval"),
        ("Talk", "s"),
        ("Hold", "s"),
        ("After-call work", "s"),
        ("Wait", "s"),
        ("Agents", "n"),
    ]
    return (figure(drawings[-1]), table("Handle time by queue, mean per interaction", heads, rows))


def _queue_row(facts: Facts, row: dict[str, object]) -> list[object]:
    def seconds(name: str) -> str:
        value = row[name]
        return f"{value:.0f}" if isinstance(value, float) else "–"

    mean, low, high = (row[f"handle_s_{end}"] for end in ("mean", "low", "high"))
    shown: object = tag("span", "fewer than 5 agents or 20 interactions", class_="sub")
    if isinstance(mean, float):
        ends = between(low, high, 0) if isinstance(low, float) and isinstance(high, float) else between(None, None)
        shown = join(f"{mean:.0f} ", ends)
    parts = [seconds(f"{p}_mean") for p in ("talk_s", "hold_s", "acw_s", "queue_wait_s")]
    return [
        row["queue"],
        whole(int(str(row["handled_n"]))),
        shown,
        *parts,
        whole(int(str(row["agent_n"]))) if facts.agents_known else "not known",
    ]


def _hour_mean(row: dict[str, object]) -> str:
    mean = row["handle_s_mean"]
    if isinstance(mean, float):
        return f"{mean:.0f}"
    return "fewer than 20" if row["handled_n"] else "not recorded"


def _hour_table(numbers: WfmNumbers) -> Html:
    if numbers.hours.height == 0:
        return empty("No offered contacts in the source: load the call records with offered_at to see contacts by interval.")
    rows = [
        [
            f"{row['hour']:02d}:00",
            whole(row["offered_n"]),
            whole(row["handled_n"]),
            "not recorded" if row["abandoned_n"] is None else share(row["abandoned_n"] / row["offered_n"]),
            _hour_mean(row),
        ]
        for row in numbers.hours.to_dicts()
    ]
    heads = [("Hour", "UTC"), ("Offered", "n"), ("With handle time", "n"), ("Abandoned", "of offered"), ("Handle time", "s")]
    return table("All queues by hour of the day, whole period; half-hours by queue in csv/queue_intervals.csv", heads, rows)
