"""Did coaching move handle time? One question, on the published marts; owns no logic."""

import marimo

app = marimo.App(width="medium", app_title="Did coaching move handle time?")


@app.cell
def _():
    import os
    from pathlib import Path

    import marimo as mo

    from analytics.did import estimate_did, weekly_difference
    from analytics.panel import HANDLE_S, read_panel
    from analytics.plots import draw_weekly_difference
    from assets.marts.published import read_mart

    state = Path(os.environ.get("AFTERCALL_STATE", ".state/demo"))
    return HANDLE_S, draw_weekly_difference, estimate_did, mo, read_mart, read_panel, state, weekly_difference


@app.cell
def _(mo):
    mo.md("# Did coaching move handle time?")
    weights = mo.ui.dropdown(["interaction", "agent"], value="interaction", label="Effect on the average")
    weights
    return (weights,)


@app.cell
def _(HANDLE_S, estimate_did, mo, read_mart, read_panel, state, weights):
    weeks = read_mart(state / "marts" / "current", "mart_agent_week", role="analyst", purpose="coaching")
    panel = read_panel(weeks)
    effect = estimate_did(panel, HANDLE_S, weights=weights.value)
    mo.md(f"**{effect}**")
    return effect, panel


@app.cell
def _(HANDLE_S, draw_weekly_difference, effect, mo, panel, weekly_difference):
    drawn = draw_weekly_difference(weekly_difference(panel, HANDLE_S), effect, title="Coached against never-coached teams")
    mo.ui.plotly(drawn.figure)
    return


@app.cell
def _(effect, mo):
    mo.ui.table([{"question": c.question, "passed": c.passed, "detail": c.detail} for c in effect.diagnostics])
    return


@app.cell
def _(effect, mo):
    reasons = "\n".join(f"- {one.code}: {one.message}" for one in effect.reasons) or "- Nothing open."
    smallest = "cannot be told from so few teams" if effect.mde_80 is None else f"{effect.mde_80:.1f} s"
    mo.md(f"## What would change this answer\n\n{reasons}\n- The smallest effect this design finds 8 times in 10: {smallest}.")
    return


@app.cell
def _(effect, mo):
    mo.download(effect.tidy().write_csv().encode(), filename="effect_handle_s.csv", label="The numbers behind this page (CSV)")
    return


if __name__ == "__main__":
    app.run()
