"""Files about people: roster, notices, customers, the coaching log.

Lives here: canonical CSV of the record kinds agent, notice, customer and exposure. Not here: who they are (staff.py, names.py).
"""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from aftercall.synth.csv_out import stamp, write_csv
from aftercall.synth.names import STATES, Value
from aftercall.synth.staff import Agent

TOPICS = (
    ("acknowledgement", "mod-ack"),
    ("recap", "mod-recap"),
    ("ownership", "mod-own"),
    ("alternative_offered", "mod-alt"),
    ("payment_offer", "mod-offer"),
    ("wrap_up_notes", "mod-wrap"),
)
_ROSTER = (
    *("agent_id", "valid_from_on", "valid_to_on", "display_name", "team_id", "supervisor_id", "site_id", "role"),
    *("hired_on", "exit_on"),
)
_EXPOSURE = ("agent_id", "item_id", "exposure_kind", "exposed_at", "module_id", "topic", "minutes", "mechanism")


def write_roster(path: Path, agents: Sequence[Agent], start_on: date) -> int:
    """Write one row per agent and period in a team; return the number of rows."""
    rows = list[Sequence[object]]()
    for one in agents:
        turned = None if one.moved_week is None else start_on + timedelta(weeks=one.moved_week)
        periods = [(one.hired_on, None if turned is None else turned - timedelta(days=1), one.team)]
        if turned is not None and one.moved_to is not None:
            periods.append((turned, None, one.moved_to))
        for from_on, to_on, team in periods:
            person = (f"{one.first} {one.last}", team.team_id, team.supervisor_id, team.site_id, one.role)
            rows.append((one.agent_id, from_on, to_on or one.exit_on, *person, one.hired_on, one.exit_on))
    return write_csv(path, _ROSTER, rows)


def write_notices(path: Path, agents: Sequence[Agent], start_on: date) -> int:
    """Write the notice of every agent, given before the window or on the first day of work; return the number of rows."""
    columns = ("agent_id", "notice_version", "noticed_on", "language", "jurisdiction")
    first = start_on - timedelta(days=21)
    rows = [
        (one.agent_id, "2026-1", max(first, one.hired_on), "en", "US-OH" if one.team.site_id == "dayton" else "US-OK")
        for one in agents
    ]
    return write_csv(path, columns, rows)


def customer_id(number: int) -> str:
    """Return the source's id of a customer.

    >>> customer_id(41)
    'C-000042'
    """
    return f"C-{number + 1:06d}"


def write_customers(path: Path, rng: random.Random, customer_n: int, who: Sequence[Mapping[str, Value]]) -> int:
    """Write the profile of every customer, whose identity is the one `row_of` gives; return the number of rows."""
    columns = ("customer_id", "tier", "preferred_name", "state_of_residence", "language")
    tiers = ("standard", "standard", "standard", "plus", "plus", "premier")
    rows = (
        (
            customer_id(number),
            tiers[int(rng.random() * len(tiers))],
            who[row_of(number, len(who))]["first"].text,
            STATES[int(rng.random() * len(STATES))],
            "en",
        )
        for number in range(customer_n)
    )
    return write_csv(path, columns, rows)


def row_of(customer: int, identity_n: int) -> int:
    """Return the identity row of a customer; neighbours get different ones.

    >>> row_of(0, 120), row_of(1, 120)
    (0, 79)
    """
    return customer * 79 % identity_n


def write_coaching(path: Path, rng: random.Random, agents: Sequence[Agent], start_on: date) -> int:
    """Write the coaching log: about one item a week from the start on, assigned, delivered, mostly completed.

    The first item is assigned in the week before and delivered in the week of the start: delivery is what counts.
    Return the number of rows.
    """
    rows, number = list[tuple[float, Sequence[object]]](), 0
    for one in agents:
        start = one.start_week()
        if start is None:
            continue
        for week in range(start, one.last_week + 1):
            if week > start and rng.random() > 0.92:
                continue
            number += 1
            topic, module = TOPICS[(week - start) % len(TOPICS)]
            minutes = (15, 20, 30)[int(rng.random() * 3)]
            given = week * 7 * 86400 + int(rng.random() * 3) * 86400 + (9 + int(rng.random() * 6)) * 3600
            # An agent hired after the team's start is assigned the first item on the first morning.
            asked = given - 4 * 86400 if week > one.first_week else given - 1800
            steps = [("assigned", asked), ("delivered", given)]
            if rng.random() < 0.86:
                steps.append(("completed", given + minutes * 60 + int(rng.random() * 2) * 86400))
            rows += [
                (when, (one.agent_id, f"item-{number:05d}", kind, stamp(start_on, when), module, topic, minutes, "rollout"))
                for kind, when in steps
            ]
    rows.sort(key=lambda row: (row[0], str(row[1])))
    return write_csv(path, _EXPOSURE, (row for _, row in rows))
