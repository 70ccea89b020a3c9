"""Each question is answered or refused with what to load; one refusal never takes the others with it."""

import polars as pl

from aftercall.contracts.frames import empty
from aftercall.contracts.tables import table_named
from analytics.first_answers import first_answers
from tests.report_case import marts_of, report_case


def test_empty_marts_refuse_every_question_and_say_what_to_load() -> None:
    marts = [empty(table_named(name)) for name in ("mart_agent_week", "mart_handle_time", "mart_behaviour_week")]
    found = first_answers(*marts)
    assert (found.effect, found.effect_parts, found.centre_parts, found.trends) == (None, None, None, None)
    assert "load the roster" in found.refused["effect"]
    assert found.refused["effect_parts"] == found.refused["effect"]
    assert "map talk_s, hold_s and acw_s" in found.refused["centre_parts"]
    assert "score transcripts first" in found.refused["trends"]


def test_without_coaching_the_other_answers_stand() -> None:
    given = report_case(a_week=3)
    teams = given.interactions.with_columns(
        team_id=pl.col("agent_id").str.slice(-3).cast(pl.Int64).mod(12).cast(pl.String), first=pl.lit(None, dtype=pl.Date)
    )
    agents, behaviour, handle = marts_of(teams, given.answers)
    found = first_answers(agents, handle, behaviour)
    assert found.effect is None
    assert "Load the coaching events" in found.refused["effect"]
    assert found.centre_parts is not None
    assert abs(found.centre_parts.residual_s) < 1e-9 * found.centre_parts.aht_a
    assert found.trends is not None
