"""The few spoken calls that ship with the package: copied into the input with a manifest, as a recorder would deliver them.

Lives here: copying, the manifest, the legs of these calls. Not here: speaking them (scripts/make_recordings.py).
The spoken words with their times are in recordings/spoken.json: the truth a recogniser is judged by.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from aftercall.synth.csv_out import stamp, write_csv
from aftercall.synth.staff import Agent
from aftercall.synth.switch_files import leg_row

_COLUMNS = (
    *("interaction_id", "file", "channels", "agent_id", "started_at", "queue", "intent", "direction"),
    *("codec", "sample_rate_hz", "duration_s", "sha256"),
)
_AFTER_CALL_S = 42.0


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call of the centre: its ids, its row for the switch, its truth (an entry of spoken.json)."""

    interaction_id: str
    agent_id: str
    leg: Sequence[object]
    truth: dict[str, Any]


def shipped() -> list[dict[str, Any]]:
    """Return the truth of every shipped recording: file, who says what when, in seconds."""
    found = json.loads((files("aftercall.synth") / "recordings" / "spoken.json").read_text(encoding="utf-8"))
    return list(found["calls"])


def write(folder: Path, agents: Sequence[Agent], weeks: int, start_on: date) -> list[Call]:
    """Copy the recordings and write manifest.csv below `folder`; return the calls.

    They belong to agents who are never coached, in the last week, so that they change nothing in the planted effect.
    """
    folder.mkdir(parents=True, exist_ok=True)
    never = [one for one in agents if one.team.start_week is None and one.last_week == weeks - 1]
    calls, rows = list[Call](), list[Sequence[object]]()
    for place, truth in enumerate(shipped()):
        content = (files("aftercall.synth") / "recordings" / truth["file"]).read_bytes()
        (folder / truth["file"]).write_bytes(content)
        agent = never[place % len(never)]
        identity = f"rec-{place + 1:04d}"
        start_s = ((weeks - 1) * 7 + 2 + place) * 86400 + 10 * 3600
        leg = leg_row(identity, agent.agent_id, truth["queue"], start_s, truth["duration_s"], _AFTER_CALL_S, start_on)
        calls.append(Call(identity, agent.agent_id, leg, truth))
        sides = (truth["file"], "agent=left;customer=right", agent.agent_id, stamp(start_on, start_s))
        facts = (truth["queue"], truth["intent"], truth["direction"], truth["codec"], truth["sample_rate_hz"])
        rows.append((identity, *sides, *facts, truth["duration_s"], hashlib.sha256(content).hexdigest()))
    write_csv(folder / "manifest.csv", _COLUMNS, rows)
    return calls


def write_spoken(path: Path, calls: Sequence[Call]) -> None:
    """Write what is really said in each call, with its ids: the truth about a recogniser. Coaching adds nothing to them."""
    found = [{"interaction_id": one.interaction_id, "agent_id": one.agent_id, "te_s": 0.0, **one.truth} for one in calls]
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
