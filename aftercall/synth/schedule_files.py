"""Planned and worked time of every agent: the schedule and what really happened.

Lives here: canonical CSV of the record kind activity for the last weeks of the window, the period such exports usually hold.
Not here: contacts (contacts.py), coaching items (staff_files.py).
"""

import random
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from aftercall.synth.csv_out import stamp, write_csv
from aftercall.synth.staff import Agent

SCHEDULE_WEEKS = 6
_COLUMNS = ("agent_id", "activity_kind", "start_at", "end_at", "activity", "is_paid")
_SHIFT = ((8.0, 12.0, "on_queue"), (12.0, 12.75, "lunch"), (12.75, 17.0, "on_queue"))


def write_schedules(path: Path, rng: random.Random, agents: Sequence[Agent], weeks: int, start_on: date) -> int:
    """Write the activities; return the number of rows."""
    return write_csv(path, _COLUMNS, _rows(rng, agents, weeks, start_on))


def _rows(rng: random.Random, agents: Sequence[Agent], weeks: int, start_on: date) -> Iterator[Sequence[object]]:
    for week in range(max(0, weeks - SCHEDULE_WEEKS), weeks):
        for one in agents:
            if not one.first_week <= week <= one.last_week:
                continue
            start = one.start_week()
            coached_day = int(rng.random() * 5) if start is not None and week >= start else -1
            for day in range(5):
                midnight = (week * 7 + day) * 86400
                yield from _day(rng, one.agent_id, midnight, start_on, coached=day == coached_day)


def _day(rng: random.Random, agent_id: str, midnight: int, start_on: date, *, coached: bool) -> Iterator[Sequence[object]]:
    plan = (
        [*_SHIFT[:2], (12.75, 15.0, "on_queue"), (15.0, 15.5, "coaching"), (15.5, 17.0, "on_queue")]
        if coached
        else list(_SHIFT)
    )
    is_absent = rng.random() < 0.02
    late = 0.0
    for begin, finish, activity in plan:
        paid = "false" if activity == "lunch" else "true"
        yield _row(agent_id, "scheduled", midnight, begin, finish, activity, paid, start_on)
        if is_absent:
            continue
        early, late = late, min(max(rng.gauss(0.0, 0.06), -0.15), 0.25)
        yield _row(agent_id, "actual", midnight, begin + max(early, 0.0), finish + late, activity, paid, start_on)


def _row(
    agent_id: str, kind: str, midnight: int, begin: float, finish: float, activity: str, paid: str, start_on: date
) -> Sequence[object]:
    return (agent_id, kind, stamp(start_on, midnight + begin * 3600), stamp(start_on, midnight + finish * 3600), activity, paid)
