"""Each question is answered or refused with what to load; one refusal never takes the others with it."""

from aftercall.contracts.frames import empty
from aftercall.contracts.tables import table_named
from analytics.first_answers import first_answers
from tests.report_case import report_case


def test_empty_marts_refuse_every_question_and_say_what_to_load() -> None:
    found = first_answers(*(empty(table_named(name)) for name in ("mart_handle_time", "mart_behaviour_week")))
    assert (found.centre_parts, found.trends) == (None, None)
    assert "map talk_s, hold_s and acw_s" in found.refused["centre_parts"]
    assert "score transcripts first" in found.refused["trends"]


def test_without_scores_the_split_of_handle_time_stands() -> None:
    given = report_case(a_week=3).results
    assert given.centre_parts is not None
    assert abs(given.centre_parts.residual_s) < 1e-9 * given.centre_parts.aht_a
    assert given.trends is not None
