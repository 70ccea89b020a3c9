"""Who works in the synthetic centre: teams, their start of coaching, agents, tenure, hires, leavers, one mover.

Lives here: the roster as it truly is. Not here: contacts (contacts.py), the files (roster_files.py).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from aftercall.contracts.errors import RequestError
from aftercall.synth.names import AGENT_FIRST, LAST

MIN_BEFORE_WEEKS, MIN_WEEKS = 10, 13


@dataclass(frozen=True, slots=True)
class Team:
    """One team; `start_week` counts from 0, None is never coached."""

    team_id: str
    supervisor_id: str
    site_id: str
    start_week: int | None


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent with true dates; weeks count from the first Monday.

    `tenure_weeks` is the tenure at `first_week`; `last_week` is the last week worked.
    """

    agent_id: str
    first: str
    last: str
    team: Team
    role: str
    hired_on: date
    tenure_weeks: int
    first_week: int
    last_week: int
    exit_on: date | None = None
    moved_to: Team | None = None
    moved_week: int | None = None

    def team_in(self, week: int) -> Team:
        """Return the team in a week."""
        return self.moved_to if self.moved_to and self.moved_week is not None and week >= self.moved_week else self.team

    def start_week(self) -> int | None:
        """Return the week of the first coaching this agent gets, None if never."""
        start = self.team.start_week
        if start is None:
            return None
        own = max(start, self.first_week)
        return own if own <= self.last_week else None


def start_weeks(teams: int, weeks: int) -> list[int | None]:
    """Return each team's start of coaching: two thirds coached at three dates, the rest never.

    Raises: RequestError, when the window cannot hold ten weeks before the first start and three dates after.

    >>> start_weeks(12, 24)
    [10, 10, 10, 13, 13, 13, 16, 16, None, None, None, None]
    """
    if weeks < MIN_WEEKS:
        raise RequestError(f"{weeks} weeks asked; the centre needs at least {MIN_WEEKS}: 10 before coaching starts, 3 after.")
    if teams < 4:
        raise RequestError(f"{teams} teams asked; at least 4 are needed: three starts and a team that is never coached.")
    coached = max(3, min(teams - 1, round(teams * 2 / 3)))
    first = max(MIN_BEFORE_WEEKS, round(weeks * 0.42))
    gap = max(1, round((weeks - first) * 0.21))
    share = [(coached + 2) // 3, (coached + 1) // 3, coached // 3]
    dates = [first + gap * place for place, n in enumerate(share) for _ in range(n)]
    return [*dates, *([None] * (teams - coached))]


def hire(rng: random.Random, *, agents: int, teams: int, weeks: int, start_on: date) -> tuple[Agent, ...]:
    """Return the agents of the window: `agents` seats, of which a few are left, refilled or moved.

    Coached teams are drawn at random (a rollout by team), so that team and site do not tell who is coached.
    """
    if agents < teams:
        raise RequestError(f"{agents} agents for {teams} teams; give at least one agent per team.")
    starts = start_weeks(teams, weeks)
    rng.shuffle(starts)
    crews = [Team(f"team-{n + 1:02d}", f"sup-{n + 1:02d}", ("dayton", "tulsa")[n % 2], start) for n, start in enumerate(starts)]
    firsts = rng.sample(AGENT_FIRST, min(agents, len(AGENT_FIRST)))
    people = [_agent(rng, seat, firsts[seat % len(firsts)], crews[seat % teams], weeks, start_on) for seat in range(agents)]
    return tuple(_moved(rng, _turnover(rng, people, weeks, start_on), crews, weeks))


def _agent(rng: random.Random, seat: int, first: str, team: Team, weeks: int, start_on: date) -> Agent:
    tenure_weeks = min(int(rng.expovariate(1 / 55)) + 10, 400)
    role = "senior advisor" if tenure_weeks > 100 else "advisor"
    hired_on = start_on - timedelta(weeks=tenure_weeks)
    return Agent(f"agent-{seat + 1:03d}", first, rng.choice(LAST), team, role, hired_on, tenure_weeks, 0, weeks - 1)


def _turnover(rng: random.Random, people: Sequence[Agent], weeks: int, start_on: date) -> list[Agent]:
    """Let about six per cent of the seats fall empty after the coaching starts; refill half of them three weeks later."""
    staff = list(people)
    leavers = rng.sample(range(len(staff)), max(1, round(len(staff) * 0.06)))
    for place, seat in enumerate(leavers):
        gone, last_week = staff[seat], rng.randrange(weeks // 2, max(weeks - 2, weeks // 2 + 1))
        staff[seat] = replace(gone, last_week=last_week, exit_on=start_on + timedelta(weeks=last_week, days=4))
        back = last_week + 3
        if place % 2 == 0 and back < weeks:
            hired_on = start_on + timedelta(weeks=back)
            number = len(staff) + 1
            first = AGENT_FIRST[(number * 7) % len(AGENT_FIRST)]
            staff.append(
                Agent(f"agent-{number:03d}", first, rng.choice(LAST), gone.team, "advisor", hired_on, 0, back, weeks - 1)
            )
    return staff


def _moved(rng: random.Random, staff: list[Agent], crews: Sequence[Team], weeks: int) -> list[Agent]:
    """Move one agent between two teams that are never coached: rosters are never as still as panels wish."""
    never = [team for team in crews if team.start_week is None]
    if len(never) < 2:
        return staff
    seats = [place for place, agent in enumerate(staff) if agent.team == never[0] and agent.last_week == weeks - 1]
    if seats:
        seat = rng.choice(seats)
        staff[seat] = replace(staff[seat], moved_to=never[1], moved_week=weeks // 2)
    return staff
