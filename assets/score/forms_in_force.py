"""The scorecards a state is scored with, the text model behind them, and the questions whose agreement is below its floor.

Lives here: loading, once a process; settling what is advisory when scoring begins. Not here: where weights are found
(aftercall.text.weights), deciding what is advisory (analytics.agreement_questions).
"""

import json
from functools import cache
from pathlib import Path

from aftercall.scoring.forms import Forms, load, own_model
from aftercall.scoring.turn_signals import TurnReader, open_turn_reader
from aftercall.text.signals import Signals
from assets.station import Station

TEXT_CACHE = Path("cache") / "text.sqlite"
"""Readings of the text model below a state: hashes and numbers; retention and erasure delete the file."""


_STATUS = Path("analysis") / "question_status.json"
_IN_FORCE = Path("analysis") / "advisory_in_force.json"


def load_forms(scorecard: Path | None, state: Path) -> Forms:
    """Return the forms a state is scored with; their epoch names everything that makes scores comparable."""
    return _loaded(scorecard, advisory_in_force(state))


@cache
def _loaded(scorecard: Path | None, advisory: frozenset[str]) -> Forms:
    # Loaded once a process: a run has one epoch, whatever is edited meanwhile.
    return load([scorecard] if scorecard else None, model=own_model(), advisory=advisory)


def advisory_in_force(state: Path) -> frozenset[str]:
    """Return the questions that are shown but do not count, as they stood when the state was last scored."""
    path = state / _IN_FORCE
    return frozenset(json.loads(path.read_text(encoding="utf-8"))["advisory"]) if path.is_file() else frozenset()


def settle_advisory(state: Path) -> None:
    """Take the last run's decisions about agreement into force; called when scoring begins, so that a run has one epoch.

    A question that became advisory, or no longer is, makes a new epoch: everything is scored again, older scores stay.
    """
    status = state / _STATUS
    if not status.is_file():
        return
    decided = json.loads(status.read_text(encoding="utf-8"))["questions"]
    below = sorted(one["question_id"] for one in decided if one["status"] == "advisory")
    if frozenset(below) != advisory_in_force(state):
        fresh = state / _IN_FORCE.with_suffix(".new")
        fresh.write_text(json.dumps({"advisory": below}), encoding="utf-8")
        fresh.replace(state / _IN_FORCE)


def forms_of(station: Station) -> Forms:
    """Return the forms of a run; what their text model reads is kept with the run's state."""
    forms = load_forms(station.scorecard, station.state)
    if isinstance(forms.model, Signals):
        forms.model.keep_in(station.state / TEXT_CACHE)
    return forms


def turn_reader_of(station: Station) -> TurnReader:
    """Return what reads the signals of a run's turns, by the model its forms use."""
    forms = forms_of(station)
    return open_turn_reader(forms.model, forms.model_state, engine_name=forms.engine_name)


def epoch_of(station: Station) -> str:
    """Return the epoch whose scores count."""
    return forms_of(station).epoch
