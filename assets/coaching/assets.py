"""What the strongest do differently, from the lake: kept as readable JSON, asked again only when something changed.

Lives here: Dagster's view, reading. Not here: whether a kept answer still holds (assets.analysis.kept), frames
(moments.py), words (phrases.py), statistics (analytics/best_practice.py).
"""

import json
from pathlib import Path

import dagster as dg
import polars as pl

from aftercall.contracts.errors import AftercallError
from analytics.agreement_review import without_undecided
from analytics.best_practice import BestPractice, find_best_practice, refusal
from assets.analysis.kept import code_hash, kept_as, kept_or_asked
from assets.coaching.moments import Halves, behaviours, halves, located, looked_at, outcomes, texts_at
from assets.coaching.phrases import phrase_counts
from assets.lake import Lake
from assets.score.forms_in_force import epoch_of
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "coaching"}
_READS = (
    *("core_interaction", "core_turn", "core_agent", "core_survey", "core_evaluation"),
    *("score_interaction", "score_question", "score_evidence"),
)
OUTCOME = "customers' satisfaction"


@dg.asset(group_name="coaching", deps=list(_READS), kinds={"python"})
def best_practice(lake: dg.ResourceParam[Lake], station: dg.ResourceParam[Station]) -> BestPractice:
    """Behaviours and short phrases that separate agents with satisfied customers from their peers: candidates for coaching."""
    epoch = epoch_of(station)
    made_from = {"versions": json.dumps(lake.versions(_READS), sort_keys=True), "epoch": epoch}
    made_from["code"] = code_hash(Path(__file__).parent)
    kept = station.state / "analysis" / "best_practice.json"
    return kept_or_asked(kept, BestPractice, made_from, lambda: asked(lake, epoch))


def asked(lake: Lake, epoch: str) -> BestPractice:
    """Return the answer of the present state; what cannot be answered says why."""
    interactions = lake.read("core_interaction", columns=["interaction_id", "agent_id", "day_on", "intent"], **_AS)
    places = located(interactions, lake.read("core_agent", columns=["agent_id", "hired_on"], **_AS))
    try:
        cut = halves(places)
        before = outcomes(places, lake.read("core_survey", **_AS), cut)
        return _compared(lake, epoch, places.filter(pl.col("on") >= cut.after_from_on), before, cut)
    except AftercallError as error:
        return refusal(OUTCOME, error.message, epoch=epoch)


def _compared(lake: Lake, epoch: str, places: pl.DataFrame, before: pl.DataFrame, cut: Halves) -> BestPractice:
    days = places["on"].dt.to_string("%Y-%m-%d").unique().to_list()
    answers = lake.read(
        "score_question",
        columns=["interaction_id", "question_id", "answer", "called_for_n", "done_n", "is_advisory"],
        days=days,
        epoch=epoch,
        **_AS,
    )
    answers = without_undecided(answers, lake.read("core_evaluation", **_AS))
    columns = ["interaction_id", "question_id", "turn", "searched_first_turn", "searched_last_turn"]
    moments = looked_at(places, answers, lake.read("score_evidence", columns=columns, days=days, epoch=epoch, **_AS))
    turns = lake.read(
        "core_turn",
        columns=["interaction_id", "turn", "speaker", "text"],
        days=days,
        among=("interaction_id", moments["interaction_id"].unique()),
        **_AS,
    )
    said, looked = phrase_counts(texts_at(moments, turns))
    return find_best_practice(
        before,
        behaviours(places, answers),
        said,
        looked,
        outcome=OUTCOME,
        epoch=epoch,
        before_to_on=cut.before_to_on,
        after_from_on=cut.after_from_on,
    )


def kept_answer(folder: Path, epoch: str) -> BestPractice | None:
    """Return the kept answer if there is one about the scores of this epoch."""
    answer = kept_as(BestPractice, folder / "best_practice.json")
    return answer if answer is not None and answer.epoch == epoch else None


coaching_assets = [best_practice]
