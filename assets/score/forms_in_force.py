"""The scorecards a run scores with, the shipped ones or the one that was asked for, and the text model behind them.

Lives here: loading both once a process. Not here: where weights are found (aftercall.text.weights).
"""

import os
from functools import cache
from pathlib import Path

from aftercall.contracts.errors import ModelError, ModelMissing
from aftercall.scoring.forms import Forms, load
from aftercall.scoring.turn_signals import ModelState, TurnReader, open_turn_reader
from aftercall.text.signals import Signals, load_signals
from aftercall.text.weights import places_from
from assets.station import Station

TEXT_CACHE = Path("cache") / "text.sqlite"
"""Readings of the text model below a state: hashes and numbers; retention and erasure delete the file."""


@cache
def load_forms(scorecard: Path | None) -> Forms:
    """Return the forms in force; their epoch names everything that makes scores comparable.

    Loaded once a process: a run has one epoch, whatever is edited meanwhile.
    """
    return load([scorecard] if scorecard else None, model=_text_model())


@cache
def _text_model() -> Signals | ModelState:
    """Return this machine's text model, or why there is none; signals need it even when no question does."""
    try:
        return load_signals(places_from(os.environ))
    except ModelMissing:
        return "model_missing"
    except ModelError:
        return "model_error"


def forms_of(station: Station) -> Forms:
    """Return the forms of a run; what their text model reads is kept with the run's state."""
    forms = load_forms(station.scorecard)
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
