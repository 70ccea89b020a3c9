"""Figures draw what they are given, in the right place, with a text alternative, and take no unknown arguments."""

import inspect
import json
from datetime import date

import polars as pl

from analytics import plots


def team_cells() -> pl.DataFrame:
    """Two questions whose wordings begin alike, three teams, one hidden."""
    rows = [
        {
            "team_id": f"t{team}",
            "question_id": question,
            "share": None if team == 2 else 0.5 + 0.1 * team,
            "shrunk": None if team == 2 else 0.5 + 0.1 * team + (0.2 if question == "b" else 0.0),
            "standard": 0.5,
            "called_for_n": 100 + team,
            "interaction_n": 100,
            "agent_n": 6 if team < 2 else 3,
            "is_hidden": team == 2,
        }
        for question in "ab"
        for team in range(3)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_questions_with_the_same_beginning_keep_their_own_rows() -> None:
    same = "When the customer told of trouble, did the agent show that it was heard, "
    drawing = plots.draw_team_behaviours(
        team_cells(), texts={"a": same + "first?", "b": same + "second?"}, title="", subtitle=""
    )
    heat = json.loads(drawing.figure.to_json())["data"][0]
    assert heat["y"] == ["b", "a"]
    assert [[text.split("\u00a0")[0] for text in row] for row in heat["text"]] == [["70", "80", ""], ["50", "60", ""]]
    axis = json.loads(drawing.figure.to_json())["layout"]["yaxis"]
    assert dict(zip(axis["tickvals"], axis["ticktext"], strict=True)).keys() == {"a", "b"}


def test_hidden_teams_are_hatched_never_zero() -> None:
    drawing = plots.draw_team_behaviours(team_cells(), texts={}, title="", subtitle="")
    heat, marks = json.loads(drawing.figure.to_json())["data"]
    assert [row[2] for row in heat["z"]] == [None, None]
    assert sorted(zip(marks["x"], marks["y"], strict=True)) == [("t2", "a"), ("t2", "b")]
    assert "hash" in marks["marker"]["symbol"]


def test_coverage_stacks_every_outcome_and_says_so() -> None:
    days = pl.DataFrame(
        {
            "day_on": ["2026-01-05", "2026-01-05", "2026-01-06"],
            "scoring_outcome": ["scored", "no_transcript", "scored"],
            "interaction_n": [90, 10, 100],
        }
    )
    drawing = plots.draw_coverage(days, outcomes=["scored", "no_transcript"], title="", subtitle="")
    bars = json.loads(drawing.figure.to_json())["data"]
    assert [bar["name"] for bar in bars] == ["scored", "no transcript"]
    assert bars[1]["marker"]["pattern"]["shape"], "colour is never the only carrier"
    assert drawing.alt == "200 interactions by day and outcome: scored 190, no transcript 10."


def test_weekly_scores_keep_weeks_without_an_interval() -> None:
    weekly = pl.DataFrame(
        {
            "week_on": [date(2026, 1, 5), date(2026, 1, 12)],
            "mean": [70.0, 80.0],
            "low": [None, 75.0],
            "high": [None, 85.0],
            "scored_n": [1, 40],
        }
    )
    drawing = plots.draw_weekly_scores(weekly, title="", subtitle="")
    band, line = json.loads(drawing.figure.to_json())["data"]
    assert len(line["y"]) == 2
    assert len(band["y"]) == 2
    assert "from 70.0" in drawing.alt
    assert "to 80.0" in drawing.alt


def test_no_figure_takes_unknown_arguments() -> None:
    drawers = [f for name, f in vars(plots).items() if name.startswith("draw_") and inspect.isfunction(f)]
    assert len(drawers) >= 6
    loose = [f.__name__ for f in drawers if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(f).parameters.values())]
    assert loose == []
