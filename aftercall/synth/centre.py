"""The synthetic contact centre on disk: input as a real centre would deliver it, and the truth beside it.

Lives here: the one public door, `write_centre`. Not here: any law of the centre (rates.py) or any sentence (lines/).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from aftercall.contracts.errors import RequestError
from aftercall.synth import quality_files, recorded_calls, schedule_files, staff, staff_files, switch_files, truth_files
from aftercall.synth.contacts import customer_n, draw
from aftercall.synth.phrasebook import Phrasebook
from aftercall.synth.rates import PARAPHRASE_SHARE
from aftercall.synth.transcripts import write_transcripts

START_ON = date(2026, 5, 4)


@dataclass(frozen=True, slots=True)
class Centre:
    """What was written: where, how much, and the planted effect (the content of truth/effect.json)."""

    input: Path
    truth: Path
    agent_n: int
    team_n: int
    interaction_n: int
    transcript_n: int
    turn_n: int
    unique_turn_n: int
    leg_n: int
    rows: Mapping[str, int]
    effect: Mapping[str, Any]

    @property
    def te_handle_s(self) -> float:
        """The headline truth: mean effect on handle_s over treated agent-weeks, in seconds."""
        return float(self.effect["headline"]["te_s"]["handle_s"])


def write_centre(
    out: Path,
    *,
    agents: int = 60,
    teams: int = 12,
    weeks: int = 24,
    seed: int = 7,
    start_on: date = START_ON,
    transcripts_per_agent_week: int = 14,
    coached_unusual_share: float = PARAPHRASE_SHARE,
    on_progress: Callable[[int], None] | None = None,
) -> Centre:
    """Write a synthetic centre below `out`: `input/` for the pipeline, `truth/` for whoever judges it. Same seed, same bytes.

    Args: agents, seats; teams, of which two thirds are coached from three dates on; weeks, ISO weeks from `start_on`, at least
        13; start_on, a Monday; transcripts_per_agent_week, the mean; coached_unusual_share, how often fully coached agents use
        words no pattern was written for; on_progress, called with the number of contacts just done.
    Raises: RequestError, the numbers do not fit together or `start_on` is not a Monday.
    """
    if start_on.weekday() != 0:
        raise RequestError(f"{start_on} is a {start_on:%A}; weeks start on Mondays, give a Monday.")
    folder, truth = out / "input", out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    people = staff.hire(random.Random(f"{seed}:staff"), agents=agents, teams=teams, weeks=weeks, start_on=start_on)
    contacts, propensities = draw(
        np.random.default_rng([seed, 1]),
        people,
        weeks=weeks,
        per_agent_week=transcripts_per_agent_week,
        coached_unusual_share=coached_unusual_share,
    )
    ids = [f"ix-{place + 1:06d}" for place in range(len(contacts))]
    book = Phrasebook(random.Random(f"{seed}:pools"))
    spoken = write_transcripts(folder / "transcripts", seed, book, contacts, ids, people, start_on, on_progress)
    chance = {name: random.Random(f"{seed}:{name}") for name in ("legs", "customers", "coaching", "schedules", "qa", "surveys")}
    calls = recorded_calls.write(folder / "recordings", people, weeks, start_on)
    ratings = quality_files.evaluations(chance["qa"], spoken.outcomes, start_on)
    who = book.pools.rows[book.pools.pool_of_slot["full"]]
    rows = {
        "legs": switch_files.write_legs(
            folder, chance["legs"], contacts, ids, people, spoken.resolved, start_on, [one.leg for one in calls]
        ),
        "roster": staff_files.write_roster(folder / "roster.csv", people, start_on),
        "notices": staff_files.write_notices(folder / "notices.csv", people, start_on),
        "customers": staff_files.write_customers(folder / "customers.csv", chance["customers"], customer_n(len(contacts)), who),
        "coaching": staff_files.write_coaching(folder / "coaching.csv", chance["coaching"], people, start_on),
        "schedules": schedule_files.write_schedules(folder / "schedules.csv", chance["schedules"], people, weeks, start_on),
        "evaluations": quality_files.write_evaluations(folder / "evaluations.csv", ratings[0]),
        "surveys": quality_files.write_surveys(
            folder / "surveys.csv", chance["surveys"], spoken.outcomes, people, weeks, start_on
        ),
        "recordings": len(calls),
    }
    effect = truth_files.write_truth(truth, contacts, ids, people, propensities, spoken, ratings, start_on)
    recorded_calls.write_spoken(truth / "recordings.json", calls)
    return Centre(
        folder,
        truth,
        len(people),
        teams,
        len(contacts) + len(calls),
        len(spoken.outcomes),
        spoken.turn_n,
        book.unique_n,
        rows["legs"],
        rows,
        effect,
    )
