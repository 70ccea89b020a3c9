"""The report of a study: self-contained, the answer first, the declaration inside, text escaped."""

import re

import polars as pl

from analytics.studies.study import study
from analytics.studies.study_spec import standard_spec
from assets.report.study import study_page
from tests.study_cases import teams_by_lot, worst_agents


def page_of(frame: pl.DataFrame, outcome: str = "score_h", **more: object) -> str:
    asked = {"outcome": outcome, "unit": "rep", "time": "wk", "first_treated": "start"} | more
    return study_page(study(frame, standard_spec(**asked)), source="panel <1>.csv")  # type: ignore[arg-type]


def test_a_supported_study_on_one_page() -> None:
    html = page_of(teams_by_lot(1), mechanism="rollout", cluster="squad", period="week", unit_of_outcome="points")
    first = html.index('class="headline"')
    assert "The treatment changed score_h by +2.8" in html[first : first + 200]
    assert "points" in html[first : first + 250]
    assert html.count('id="data-event_study"') == 1
    assert "mechanism: rollout" in html
    assert "panel &lt;1&gt;.csv" in html
    assert not re.search(r'(src|href)="https?:', html)
    assert len(html) < 5_000_000
    order = [
        html.index(f"<h2>{name}") for name in ("Before and after", "What was checked", "What would change", "The declared")
    ]
    assert order == sorted(order)


def test_an_unidentified_study_does_not_show_its_interval_as_an_answer() -> None:
    html = page_of(worst_agents(1), mechanism="triggered", sensitivity="skip")
    first = html[html.index('class="headline"') : html.index('class="headline"') + 300]
    assert "not identified" in first
    assert "interval" not in first
    assert "TRIGGERED" in html


def test_a_study_without_comparison_has_an_empty_state() -> None:
    frame = teams_by_lot(1).filter(pl.col("start") == 14).with_columns(outcome=pl.col("score_h"))
    html = page_of(frame, outcome="outcome", mechanism="rollout", cluster="squad")
    assert "NO_CONTROL" in html
    assert "No event study" in html
