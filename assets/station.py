"""What every asset may know of the run it is part of: clock, basis, places, and where progress is shown.

Lives here: one frozen resource, built by pipelines. Not here: where its values come from (pipelines.environments).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aftercall.cli.terminal import Advance
from aftercall.text.weights import Places

Progress = Callable[[str, int | None, str], AbstractContextManager[Advance]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Station:
    """The run's surroundings; times in UTC."""

    state: Path
    input: Path | None
    basis: str
    basis_name: str
    scorecard: Path | None
    site_zone: str
    since: str | None
    until: str | None
    clock: Callable[[], datetime]
    progress: Progress
    say: Say
    speech_places: Places
    hash_key: bytes
    dbt_project: Path
