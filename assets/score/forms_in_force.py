"""The scorecards a run scores with: the shipped ones, or the one that was asked for."""

from aftercall.scoring.forms import Forms, load
from assets.station import Station


def forms_of(station: Station) -> Forms:
    """Return the forms in force; their epoch names everything that makes scores comparable."""
    return load([station.scorecard] if station.scorecard else None)


def epoch_of(station: Station) -> str:
    """Return the epoch whose scores count."""
    return forms_of(station).epoch
