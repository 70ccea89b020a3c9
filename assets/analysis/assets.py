"""Answers from the published marts, each with its doubts, kept as JSON for the pages and for whoever asks.

Lives here: Dagster's view of analytics. Not here: any statistics (analytics), how results are kept (assets.results).
"""

import dagster as dg

from analytics.first_answers import FirstAnswers
from analytics.first_answers import first_answers as ask_first
from assets.analysis.kept import code_hash, kept_or_asked
from assets.marts.published import read_marts
from assets.score.forms_in_force import epoch_of
from assets.station import Station

_NEEDS = ("mart_handle_time", "mart_behaviour_week")


@dg.asset(group_name="analysis", deps=list(_NEEDS), kinds={"python"}, name="first_answers")
def answers(station: dg.ResourceParam[Station]) -> FirstAnswers:
    """Why handle time moved, and which behaviours trend: first versions, labelled so."""
    current, epoch = station.state / "marts" / "current", epoch_of(station)

    def ask() -> FirstAnswers:
        marts = read_marts(current, _NEEDS, role="analyst", purpose="coaching")
        return ask_first(*(marts[name] for name in _NEEDS), epoch=epoch)

    made_from = {"marts": current.resolve().name, "epoch": epoch, "analytics": code_hash()}
    return kept_or_asked(station.state / "analysis" / "first_answers.json", FirstAnswers, made_from, ask)


analysis_assets = [answers]
