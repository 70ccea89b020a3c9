"""Did coaching work? Pick cohort, outcome and window; the answer comes with its doubts. On the published marts; owns no logic."""

import marimo

app = marimo.App(width="medium", app_title="Did coaching work?")


@app.cell
def _():
    import os
    from dataclasses import replace
    from datetime import date
    from pathlib import Path

    import marimo as mo
    import polars as pl

    from analytics.effect import effect_of
    from analytics.mart_study import OUTCOMES, quiet_past, standing_spec, study_frame
    from analytics.panel import read_panel
    from analytics.plots import draw_course
    from analytics.results import told
    from analytics.studies.power import simulate_power
    from analytics.studies.study import study
    from analytics.studies.study_spec import cohort_of
    from assets.effects.declared import closed_weeks
    from assets.marts.published import read_mart

    state = Path(os.environ.get("AFTERCALL_STATE", ".state/demo"))
    return (
        OUTCOMES, closed_weeks, cohort_of, date, draw_course, effect_of, mo, pl, quiet_past, read_mart, read_panel, replace,
        simulate_power, standing_spec, state, study, study_frame, told,
    )  # fmt: skip


@app.cell
def _(OUTCOMES, closed_weeks, date, pl, read_mart, read_panel, state, study_frame):
    mart = read_mart(state / "marts" / "current", "mart_agent_week", role="analyst", purpose="coaching")
    panel = read_panel(closed_weeks(mart, date.today()))
    frame = study_frame(panel)
    units = {one.name: one.unit for one in OUTCOMES if one.name in frame.columns and frame[one.name].count() > 0}
    weeks = frame["week_on"].cast(pl.String).unique().sort().to_list()
    sites = ["every site", *frame["site_id"].drop_nulls().unique().sort().to_list()]
    return frame, panel, sites, units, weeks


@app.cell
def _(mo, sites, units, weeks):
    outcome = mo.ui.dropdown(sorted(units), value="handle_s", label="Outcome")
    site = mo.ui.dropdown(sites, value="every site", label="Cohort")
    first, last = (mo.ui.dropdown(weeks, value=weeks[at], label=name) for name, at in (("From week", 0), ("to week", -1)))
    weights = mo.ui.dropdown({"interaction": "handled_n", "agent-week": "agent"}, value="interaction", label="Average over")
    mo.vstack([mo.md("# Did coaching work?"), mo.hstack([outcome, site, first, last, weights], wrap=True)])
    return first, last, outcome, site, weights


@app.cell
def _(cohort_of, first, frame, last, outcome, panel, replace, site, standing_spec, study, units, weights):
    asked = {"outcome": outcome.value, "unit_of_outcome": units[outcome.value], "weights": weights.value}
    controls = tuple(name for name in ("queue_wait_s",) if name != outcome.value and name in units)
    kept = () if site.value == "every site" else cohort_of({"site_id": [site.value]})
    spec = replace(standing_spec(panel), window=(first.value, last.value), negative_controls=controls, cohort=kept, **asked)
    found = study(frame.drop_nulls(outcome.value), spec)
    return found, spec


@app.cell
def _(effect_of, found, mo):
    effect = effect_of(found)
    reasons = "\n".join(f"- {one.code}: {one.message}" for one in effect.reasons)
    mo.md(f"**{effect}** Verdict: {effect.verdict}.\n\n{effect.basis}\n\n{reasons}")
    return (effect,)


@app.cell
def _(draw_course, effect, mo):
    words = f"{effect.outcome} by week since the start, 95 % intervals; {effect.n_units} agents, {effect.window}"
    drawn = draw_course(effect.course, unit=effect.unit, period="week", title=str(effect), subtitle=words)
    mo.vstack([mo.md(f"### {effect.outcome} before and after the start\n{words}"), mo.ui.plotly(drawn.figure)])
    return


@app.cell
def _(effect, mo, told):
    checks = told(effect.diagnostics)
    others = [{"method": one.method, "estimate": one.estimate, "se": one.se} for one in effect.cross_checks]
    mo.vstack([mo.md("## What was checked"), mo.ui.table(checks), mo.md("## Answered otherwise"), mo.ui.table(others)])
    return


@app.cell
def _(effect, mo):
    mo.md("## What would change this answer\n" + "\n".join(f"- {one}" for one in effect.changes))
    return


@app.cell
def _(effect, mo, outcome, panel, quiet_past):
    past = quiet_past(panel, outcome.value)
    scale = effect.mde_80 or abs(effect.estimate) or 1.0
    teams = mo.ui.slider(4, 60, value=20, step=2, label="Teams in the next pilot", show_value=True)
    size = mo.ui.slider(
        0.25, 3.0, value=1.0, step=0.25, label=f"Effect, in multiples of {scale:.3g} {effect.unit}", show_value=True
    )
    mo.vstack([mo.md("## How big must the next pilot be?"), mo.hstack([teams, size], wrap=True)])
    return past, scale, size, teams


@app.cell
def _(effect, mo, past, scale, simulate_power, size, teams):
    half = past.shape[1] // 2
    pilot = simulate_power(past, effect=scale * size.value, teams=teams.value, weeks_before=half, weeks_after=half, draws=500)
    mo.md(
        f"In this centre's own {past.shape[1]} weeks before coaching, a pilot of {teams.value} teams, half of them coached, with "
        f"{half} weeks before and {half} after, finds {scale * size.value:.3g} {effect.unit} in {pilot.power:.0%} of {pilot.draws} "
        f"draws and something where nothing is in {pilot.false_positives:.1%} (asked: 5 %)."
    )
    return


@app.cell
def _(effect, mo, spec):
    declared = mo.download(spec.as_yaml().encode(), filename="study.yaml", label="The declared study (YAML)")
    numbers = mo.download(effect.course.write_csv().encode(), filename="effect_course.csv", label="The event study (CSV)")
    mo.hstack([declared, numbers])
    return


if __name__ == "__main__":
    app.run()
