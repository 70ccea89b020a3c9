"""What the telephone switch exports: one row per leg under the vendor's column names, and the column map that reads it.

Lives here: acd_legs.csv and acme_acd.toml. Not here: how long contacts take (contacts.py).
The units are mixed on purpose (hh:mm:ss, seconds, milliseconds), stamps are naive, one column must be dropped at the door.
"""

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from aftercall.synth.contacts import Contacts
from aftercall.synth.csv_out import at, write_csv
from aftercall.synth.rates import INTENTS, QUEUE_OF
from aftercall.synth.staff import Agent

_COLUMNS = (
    *("CallId", "Leg", "AgentLogin", "SkillGroup", "Offered", "Answered", "Released", "QueueSec", "TalkTime"),
    *("HoldSec", "Holds", "WrapMs", "Xfer", "Abandoned", "WrapCode", "ANI"),
)
_STAMP = "%m/%d/%Y %H:%M:%S"

MAP = f"""# Column map of the switch's leg export; read by aftercall, written by the synthetic centre.
[source]
name = "acme_acd"
table = "leg"
encoding = "utf-8-sig"
delimiter = ","
timezone = "UTC"
doubled_hour = "refuse"
drop = ["ANI"]

[columns]
interaction_id = "CallId"
leg_no = {{ from = "Leg", type = "int" }}
agent_id = "AgentLogin"
queue = "SkillGroup"
offered_at = {{ from = "Offered", parse = "{_STAMP}" }}
answered_at = {{ from = "Answered", parse = "{_STAMP}" }}
ended_at = {{ from = "Released", parse = "{_STAMP}" }}
queue_wait_s = {{ from = "QueueSec", unit = "s" }}
talk_s = {{ from = "TalkTime", unit = "hh:mm:ss" }}
hold_s = {{ from = "HoldSec", unit = "s" }}
hold_n = {{ from = "Holds", type = "int" }}
acw_s = {{ from = "WrapMs", unit = "ms" }}
is_transferred = "Xfer"
is_abandoned = "Abandoned"
disposition = "WrapCode"

[values.is_transferred]
Y = true
N = false

[values.is_abandoned]
Y = true
N = false
"""


def clock(seconds: float) -> str:
    """Return whole seconds as hh:mm:ss.

    >>> clock(3725.4)
    '01:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def write_legs(
    folder: Path,
    rng: random.Random,
    contacts: Contacts,
    ids: Sequence[str],
    agents: Sequence[Agent],
    resolved: Sequence[bool | None],
    start_on: date,
    extra: Sequence[Sequence[object]] = (),
) -> int:
    """Write the legs and their map into a folder; return the number of rows.

    About two per cent of the rows are callers who gave up in the queue: no agent, no talk. `extra` rows are added as they are.
    """
    rows = list[tuple[int, Sequence[object]]]()
    talk, hold, acw = contacts.y1("talk"), contacts.y1("hold"), contacts.y1("acw")
    for place, identity in enumerate(ids):
        start = int(contacts.start_s[place])
        queue = QUEUE_OF[INTENTS[contacts.intent[place]]]
        if rng.random() < 0.02:
            rows.append((start, _abandoned(rng, identity, queue, start, start_on)))
        if not contacts.has_leg[place]:
            continue
        ended = start + round(talk[place]) + round(hold[place])
        code = "RESOLVED" if resolved[place] else "FOLLOW_UP" if resolved[place] is not None else "OTHER"
        row = (
            *(identity, 0, agents[contacts.agent[place]].agent_id, queue),
            *(at(start_on, start - 2 - int(rng.random() * 5)).strftime(_STAMP), at(start_on, start).strftime(_STAMP)),
            *(at(start_on, ended).strftime(_STAMP), f"{contacts.wait_s[place]:.1f}", clock(talk[place])),
            *(f"{hold[place]:.1f}", int(hold[place] > 0), round(acw[place] * 1000)),
            *("Y" if rng.random() < 0.03 else "N", "N", code, f"303-555-01{int(rng.random() * 100):02d}"),
        )
        rows.append((start, row))
    rows.sort(key=lambda one: one[0])
    (folder / "acme_acd.toml").write_text(MAP, encoding="utf-8")
    return write_csv(folder / "acd_legs.csv", _COLUMNS, [*(row for _, row in rows), *extra], "utf-8-sig")


def leg_row(
    identity: str, agent_id: str, queue: str, start_s: float, talk_s: float, acw_s: float, start_on: date
) -> tuple[object, ...]:
    """Return one plain leg without hold, as the switch writes it."""
    answered = at(start_on, start_s).strftime(_STAMP)
    released = at(start_on, start_s + talk_s).strftime(_STAMP)
    times = (answered, answered, released, "0.0", clock(talk_s), "0.0", 0, round(acw_s * 1000))
    return (identity, 0, agent_id, queue, *times, "N", "N", "RESOLVED", "303-555-0100")


def _abandoned(rng: random.Random, identity: str, queue: str, start: int, start_on: date) -> Sequence[object]:
    waited = 20 + rng.expovariate(1 / 60)
    gave_up = at(start_on, start + 30).strftime(_STAMP)
    empty = ("", "", "", "", "")
    number = f"303-555-01{int(rng.random() * 100):02d}"
    wait, times = f"{waited:.1f}", (gave_up, "", gave_up)
    return (f"{identity}-q", 0, "", queue, *times, wait, *empty[:4], "N", "Y", "ABANDONED", number)
