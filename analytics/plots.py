"""The only Plotly module: draws results, computes nothing, gives figures back with the words that explain them.

Lives here: one template, fixed colours, a function per kind of figure. Not here:
estimates (analytics.studies and others), pages (assets).
Colours mean the same everywhere and never carry meaning alone: shape, position or text does too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import polars as pl

from analytics.effect import Effect
from analytics.handle_time import PART_NAMES, Decomposition
from analytics.results import signed

COACHED, CONTROL, BETTER, WORSE = "#0072B2", "#7F7F7F", "#009E73", "#D55E00"
ATTENTION, MACHINE, HUMAN = "#E69F00", "#56B4E9", "#CC79A7"
INK, RULE, PAPER = "#1f2a33", "#d5dbe0", "#fefefe"
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
REASON_COLOURS = (ATTENTION, WORSE, HUMAN, MACHINE, COACHED, CONTROL)
REASON_PATTERNS = ("/", "x", ".", "\\", "+", "-", "|")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its finding as title, its unit, population and period as subtitle, a text alternative and its data."""

    name: str
    title: str
    subtitle: str
    alt: str
    figure: go.Figure
    data: pl.DataFrame
    least_width_px: int = 0


def plotly_source() -> str:
    """Return the Plotly program as shipped with the library, for pages that carry it with them."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _figure(*, height: int) -> go.Figure:
    axis = {"gridcolor": RULE, "linecolor": RULE, "zerolinecolor": RULE, "automargin": True, "title": {"standoff": 8}}
    return go.Figure(
        layout=go.Layout(
            template=go.layout.Template(layout=go.Layout(xaxis=axis, yaxis=axis)),
            height=height,
            font={"family": SANS, "size": 14, "color": INK},
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            margin={"l": 8, "r": 8, "t": 40, "b": 8},
            legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
            hoverlabel={"font": {"family": SANS, "size": 14}},
            hovermode="closest",
            modebar={"bgcolor": "rgba(0,0,0,0)", "color": CONTROL, "activecolor": INK},
            dragmode=False,
        )
    )


def draw_course(rows: pl.DataFrame, *, unit: str, period: str, title: str, subtitle: str) -> Drawing:
    """Draw an event study: points with intervals by period since the start, zero line, start line, units below.

    Args: rows, horizon, estimate, ci_low, ci_high, n_units; null bounds are drawn as a point alone.
    """
    fig = _figure(height=380)
    for before, symbol, words in ((True, "circle-open", "before the start: a test of trends"), (False, "circle", "effect")):
        part = rows.filter((pl.col("horizon") < 0) == before)
        up = (part["ci_high"] - part["estimate"]).fill_null(0).to_list()
        down = (part["estimate"] - part["ci_low"]).fill_null(0).to_list()
        fig.add_scatter(
            x=part["horizon"].to_list(),
            y=part["estimate"].to_list(),
            error_y={"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": COACHED, "thickness": 1.5},
            mode="markers",
            marker={"symbol": symbol, "size": 9, "color": COACHED, "line": {"width": 2, "color": COACHED}},
            name=words,
            customdata=part.select("ci_low", "ci_high", "n_units").rows(),
            hovertemplate="%{x}: %{y:.4g} (%{customdata[0]:.4g} to %{customdata[1]:.4g}), n = %{customdata[2]}<extra></extra>",
        )
    fig.add_hline(y=0, line={"color": INK, "width": 1})
    fig.add_vline(x=-0.5, line={"color": ATTENTION, "width": 2, "dash": "dash"})
    labels = [f"{h}<br>{n}" for h, n in rows.select("horizon", "n_units").rows()]
    every = max(1, rows.height // 12)
    fig.update_xaxes(
        title_text=f"{period}s since the start; units below",
        tickvals=rows["horizon"].to_list()[::every],
        ticktext=labels[::every],
        tickangle=0,
    )
    fig.update_yaxes(title_text=f"effect{f' ({unit})' if unit else ''}")
    alt = f"Event study of {rows.height} periods around the start. {subtitle}"
    return Drawing("event_study", title, subtitle, alt, fig, rows, least_width_px=140 + 24 * rows.height)


def draw_effect_parts(effect: Effect, *, title: str, subtitle: str) -> Drawing:
    """Draw the effect on talk, hold and after-call work with intervals, and the whole they add up to."""
    fig = _figure(height=320)
    whole = (effect.estimate, effect.ci_low, effect.ci_high)
    rows = [(PART_NAMES.get(p.part, p.part), p.estimate_s, p.low_s, p.high_s) for p in effect.parts] + [("handle time", *whole)]
    up = [0.0 if high is None else high - value for _, value, _, high in rows]
    down = [0.0 if low is None else value - low for _, value, low, _ in rows]
    fig.add_bar(
        x=[name for name, *_ in rows],
        y=[value for _, value, *_ in rows],
        error_y={"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": INK, "thickness": 1.5},
        marker={"color": [*(BETTER if value < 0 else WORSE for _, value, *_ in rows[:-1]), COACHED]},
        customdata=[[signed(value)] for _, value, *_ in rows],
        hovertemplate="%{x}: %{customdata[0]} s<extra></extra>",
        showlegend=False,
    )
    fig.add_hline(y=0, line={"color": INK, "width": 1})
    fig.update_yaxes(title_text="effect (s per interaction)")
    fig.update_xaxes(showgrid=False)
    words = ", ".join(f"{name} {signed(value)} s" for name, value, *_ in rows)
    schema = {"part": pl.String, "estimate_s": pl.Float64, "low_s": pl.Float64, "high_s": pl.Float64}
    data = pl.DataFrame(rows, schema=schema, orient="row")
    return Drawing("effect_parts", title, subtitle, f"Effect by part of handle time: {words}.", fig, data)


def draw_parts(found: Decomposition, *, name: str, title: str, subtitle: str) -> Drawing:
    """Draw talk, hold and after-call work as steps that end at the total: mix hatched, rate solid."""
    labels, lows, sizes, values, patterns = [], [], [], [], []
    at = 0.0
    for part in found.parts:
        for kind, value in (("rate", part.rate_s), ("mix", part.mix_s)):
            labels.append(f"{PART_NAMES.get(part.part, part.part)}<br>{kind}")
            lows.append(at)
            sizes.append(value)
            values.append(signed(value))
            patterns.append("/" if kind == "mix" else "")
            at += value
    labels.append("total")
    fig = _figure(height=360)
    everything = [*sizes, found.change_s]
    fig.add_bar(
        x=labels,
        y=everything,
        base=[*lows, 0.0],
        text=[*values, signed(found.change_s)],
        textposition="outside",
        cliponaxis=False,
        marker={
            "color": [*(BETTER if v < 0 else WORSE for v in sizes), INK],
            "pattern": {"shape": [*patterns, ""], "fillmode": "overlay", "fgcolor": PAPER, "size": 7, "solidity": 0.45},
        },
        hovertemplate="%{x}: %{text} s<extra></extra>",
        showlegend=False,
    )
    fig.add_hline(y=0, line={"color": INK, "width": 1})
    fig.update_yaxes(title_text="seconds per interaction")
    fig.update_xaxes(showgrid=False, tickfont={"size": 12})
    words = "; ".join(
        f"{PART_NAMES.get(p.part, p.part)} rate {signed(p.rate_s)} s, mix {signed(p.mix_s)} s" for p in found.parts
    )
    alt = (
        f"Steps from zero to {signed(found.change_s)} s: {words}. They add up with a residual of {abs(found.residual_s):.0e} s."
    )
    return Drawing(name, title, subtitle, alt, fig, found.tidy())


def draw_team_behaviours(cells: pl.DataFrame, *, texts: Mapping[str, str], title: str, subtitle: str) -> Drawing:
    """Draw a heat map of teams by question: how far each is from the share of all teams, with share and n in the cell.

    Args: cells, from levels.team_behaviours; texts, a short wording per question. Hidden groups are hatched, never zero.
    """
    teams = cells["team_id"].unique().sort().to_list()
    questions = cells["question_id"].unique().sort(descending=True).to_list()
    at = {(row["team_id"], row["question_id"]): row for row in cells.to_dicts()}
    gaps: list[list[float | None]] = []
    texts_in: list[list[str]] = []
    for question in questions:
        rows = [at.get((team, question)) for team in teams]
        gaps.append([None if r is None or r["is_hidden"] else 100 * (r["shrunk"] - r["standard"]) for r in rows])
        texts_in.append(
            ["" if r is None or r["is_hidden"] else f"{100 * r['shrunk']:.0f}\u00a0%<br>n {r['called_for_n']}" for r in rows]
        )
    reach = max([5.0, *(abs(v) for row in gaps for v in row if v is not None)])
    fig = _figure(height=90 + 40 * len(questions))
    labels = [_short(texts.get(question, question)) for question in questions]
    fig.add_heatmap(
        x=teams,
        y=questions,
        z=gaps,
        text=texts_in,
        texttemplate="%{text}",
        textfont={"size": 11},
        zmid=0,
        zmin=-reach,
        zmax=reach,
        colorscale=[[0, WORSE], [0.5, "#f4f4f2"], [1, BETTER]],
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": "points"}, "thickness": 10, "len": 200, "lenmode": "pixels", "y": 1, "yanchor": "top"},
        hovertemplate="%{x}, %{y}<br>%{text}<br>%{z:+.1f} points from all teams<extra></extra>",
    )
    hidden = [
        (team, question)
        for question in questions
        for team in teams
        if (r := at.get((team, question))) is None or r["is_hidden"]
    ]
    if hidden:
        fig.add_scatter(
            x=[x for x, _ in hidden],
            y=[y for _, y in hidden],
            mode="markers",
            marker={"symbol": "hash-open", "size": 18, "color": CONTROL},
            name="too few to show",
            hovertemplate="%{x}, %{y}: fewer than 5 agents or 20 interactions<extra></extra>",
        )
    fig.update_xaxes(side="top", showgrid=False, type="category")
    # Questions are placed by id and only worded at the axis: two shortened wordings may be the same text.
    fig.update_yaxes(showgrid=False, type="category", tickvals=questions, ticktext=labels)
    fig.update_layout(margin={"t": 48})
    alt = f"{len(teams)} teams by {len(questions)} questions; each cell gives the share done and n, as the tables below do."
    return Drawing("team_behaviours", title, subtitle, alt, fig, cells, least_width_px=330 + 56 * len(teams))


def _short(text: str, longest: int = 44) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def draw_agreement(rows: pl.DataFrame, *, texts: Mapping[str, str], title: str, subtitle: str) -> Drawing:
    """Draw, per question, how far machine and people agree with its interval, and what people reach as a tick.

    Args: rows, agreement_questions rows with value, low, high, human, n, measure, status.
    """
    ordered = rows.sort("value", "question_id")
    questions = ordered["question_id"].to_list()
    fig = _figure(height=110 + 34 * len(questions))
    for status, colour, symbol in (
        ("live", BETTER, "circle"),
        ("advisory", WORSE, "x"),
        ("too few labels", CONTROL, "circle-open"),
    ):
        one = ordered.filter(pl.col("status") == status)
        fig.add_scatter(
            x=one["value"].to_list(),
            y=one["question_id"].to_list(),
            mode="markers",
            name=status,
            marker={"color": colour, "symbol": symbol, "size": 10},
            error_x={
                "type": "data",
                "array": (one["high"] - one["value"]).to_list(),
                "arrayminus": (one["value"] - one["low"]).to_list(),
                "color": colour,
                "thickness": 1.5,
            },
            customdata=one.select("measure", "n").rows(),
            hovertemplate="%{y}: %{customdata[0]} %{x:.2f}, n = %{customdata[1]}<extra></extra>",
        )
    known = ordered.filter(pl.col("human").is_not_null())
    fig.add_scatter(
        x=known["human"].to_list(),
        y=known["question_id"].to_list(),
        mode="markers",
        name="people among themselves",
        marker={"symbol": "line-ns-open", "size": 16, "color": HUMAN, "line": {"width": 3, "color": HUMAN}},
        hovertemplate="%{y}: people among themselves %{x:.2f}<extra></extra>",
    )
    fig.add_vline(x=0, line={"color": INK, "width": 1})
    fig.update_xaxes(title_text="agreement beyond chance (1 = always, 0 = as by chance)")
    fig.update_yaxes(type="category", categoryorder="array", categoryarray=questions, showgrid=False)
    fig.update_yaxes(tickvals=questions, ticktext=[_short(texts.get(question, question)) for question in questions])
    words = "; ".join(f"{row['question_id']} {row['value']:.2f} ({row['status']})" for row in ordered.to_dicts())
    data = ordered.select("question_id", "measure", "n", "value", "low", "high", "human", "status")
    return Drawing("agreement", title, subtitle, f"Agreement with people by question: {words}.", fig, data, least_width_px=560)


def draw_coverage(days: pl.DataFrame, *, outcomes: Sequence[str], title: str, subtitle: str) -> Drawing:
    """Draw scored interactions and, stacked on them, each reason for a missing score, per day.

    Args: days, with day_on, scoring_outcome, interaction_n; outcomes, the order of stacking, "scored" first.
    """
    fig = _figure(height=300)
    for i, outcome in enumerate(outcomes):
        rows = days.filter(pl.col("scoring_outcome") == outcome).sort("day_on")
        colour = MACHINE if outcome == "scored" else REASON_COLOURS[(i - 1) % len(REASON_COLOURS)]
        shape = "" if outcome == "scored" else REASON_PATTERNS[(i - 1) % len(REASON_PATTERNS)]
        fig.add_bar(
            x=rows["day_on"].to_list(),
            y=rows["interaction_n"].to_list(),
            name=outcome.replace("_", " "),
            marker={
                "color": colour,
                "line": {"width": 0},
                "pattern": {"shape": shape, "fgcolor": PAPER, "fillmode": "overlay", "solidity": 0.35},
            },
            hovertemplate=f"%{{x}}: %{{y}} {outcome.replace('_', ' ')}<extra></extra>",
        )
    fig.update_layout(barmode="stack", bargap=0.15)
    fig.update_yaxes(title_text="interactions a day")
    total = int(days["interaction_n"].sum())
    words = ", ".join(
        f"{o.replace('_', ' ')} {int(days.filter(pl.col('scoring_outcome') == o)['interaction_n'].sum()):,}" for o in outcomes
    )
    return Drawing("coverage", title, subtitle, f"{total:,} interactions by day and outcome: {words}.", fig, days)


def draw_weekly_scores(weekly: pl.DataFrame, *, title: str, subtitle: str) -> Drawing:
    """Draw the mean score per week with its 95 % band; one epoch only."""
    fig = _figure(height=300)
    band = weekly.filter(pl.col("low").is_not_null())
    weeks = band["week_on"].to_list()
    fig.add_scatter(
        x=weeks + weeks[::-1],
        y=band["high"].to_list() + band["low"].to_list()[::-1],
        mode="lines",
        fill="toself",
        fillcolor="rgba(86,180,233,0.28)",
        line={"width": 0},
        hoverinfo="skip",
        name="95 % interval",
    )
    fig.add_scatter(
        x=weekly["week_on"].to_list(),
        y=weekly["mean"].to_list(),
        mode="lines+markers",
        line={"color": COACHED, "width": 2},
        customdata=weekly["scored_n"].to_list(),
        hovertemplate="week of %{x|%Y-%m-%d}: %{y:.1f}, n = %{customdata}<extra></extra>",
        name="mean score",
    )
    fig.update_yaxes(title_text="score (0–100)")
    first, last = weekly.row(0, named=True), weekly.row(-1, named=True)
    span = f"from {first['mean']:.1f} in the week of {first['week_on']} to {last['mean']:.1f} in that of {last['week_on']}"
    return Drawing("weekly_scores", title, subtitle, f"Mean score by week, {span}.", fig, weekly)


def draw_handle_times(curve: pl.DataFrame, marks: Mapping[str, float], *, title: str, subtitle: str) -> Drawing:
    """Draw the share of interactions up to each handle time, with median, mean and 90th percentile marked.

    Args: curve, handle_s and share; marks, name to seconds.
    """
    fig = _figure(height=300)
    fig.add_scatter(
        x=curve["handle_s"].to_list(),
        y=curve["share"].to_list(),
        mode="lines",
        line={"color": COACHED, "width": 2, "shape": "hv"},
        hovertemplate="%{y:.0%} take up to %{x:.0f} s<extra></extra>",
        showlegend=False,
    )
    for i, (name, at) in enumerate(marks.items()):
        fig.add_vline(x=at, line={"color": CONTROL, "dash": "dot", "width": 1.5})
        fig.add_annotation(x=at, y=0.08 + 0.13 * i, text=f"{name} {at:.0f} s", showarrow=False, xanchor="left", xshift=4)
    fig.update_xaxes(title_text="handle time (s)", rangemode="tozero")
    fig.update_yaxes(title_text="share of interactions", tickformat=".0%", range=[0, 1.02])
    alt = "; ".join(f"{name} {at:.0f} s" for name, at in marks.items())
    return Drawing("handle_times", title, subtitle, f"Cumulative shares of handle time: {alt}.", fig, curve)
