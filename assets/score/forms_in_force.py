"""The scorecards a run scores with: the shipped ones, or the one that was asked for."""

from functools import cache
from pathlib import Path

from aftercall.scoring.forms import Forms, load
from assets.station import Station


@cache
def load_forms(scorecard: Path | None) -> Forms:
    """Return the forms in force; their epoch names everything that makes scores comparable.

    Loaded once a process: a run has one epoch, whatever is edited meanwhile.
    """
    return load([scorecard] if scorecard else None)


def forms_of(station: Station) -> Forms:
    """Return the forms of a run."""
    return load_forms(station.scorecard)


def epoch_of(station: Station) -> str:
    """Return the epoch whose scores count."""
    return forms_of(station).epoch
