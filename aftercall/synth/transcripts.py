"""Every conversation played, timed and written as canonical JSON lines, with its truth kept aside.

Lives here: one scene per contact, its times, one file per week. Not here: the order of a conversation (service_talk.py,
recovery_talk.py), other files.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from aftercall.synth import recovery_talk, service_talk
from aftercall.synth.contacts import Contacts
from aftercall.synth.csv_out import stamp
from aftercall.synth.names import AGENT_FIRST
from aftercall.synth.phrasebook import Personal, Phrasebook
from aftercall.synth.promised import Promised
from aftercall.synth.quality_files import Outcome
from aftercall.synth.rates import INTENTS, QUEUE_OF
from aftercall.synth.scene import Line, Scene
from aftercall.synth.staff import Agent
from aftercall.synth.staff_files import customer_id, row_of
from aftercall.synth.timing import call_times, chat_times

OUTBOUND_SHARE = 0.6


@dataclass(slots=True)
class Spoken:
    """What was spoken in the whole centre: outcomes, planted personal values and promises, how each contact ended.

    `resolved` has one entry per contact, None where there is no transcript; `endings` one per transcript: how it ended and
    whether the customer said that they had been in touch before.
    """

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    personal: list[tuple[str, int, Personal]] = field(default_factory=list[tuple[str, int, Personal]])
    promised: list[tuple[str, int, Promised]] = field(default_factory=list[tuple[str, int, Promised]])
    endings: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])
    resolved: list[bool | None] = field(default_factory=list["bool | None"])
    turn_n: int = 0


def write_transcripts(
    folder: Path,
    seed: int,
    book: Phrasebook,
    contacts: Contacts,
    ids: Sequence[str],
    agents: Sequence[Agent],
    start_on: date,
    on_progress: Callable[[int], None] | None = None,
) -> Spoken:
    """Write one JSON lines file per week, named by its Monday; return what was spoken."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, spoken = random.Random(f"{seed}:talk"), Spoken()
    at = _facts(np.random.default_rng([seed, 2]), book, contacts, agents)
    rows, weeks = at.tolist(), contacts.week.tolist()
    talk, hold = contacts.y1("talk"), contacts.y1("hold")
    week, out = -1, list[str]()
    for place, identity in enumerate(ids):
        if weeks[place] != week:
            _flush(folder, start_on, week, out)
            week = weeks[place]
        if on_progress and place % 500 == 499:
            on_progress(500)
        if not contacts.has_transcript[place]:
            spoken.resolved.append(None)
            continue
        intent = INTENTS[contacts.intent[place]]
        is_chat = bool(contacts.is_chat[place])
        scene = Scene(
            book,
            rng,
            intent,
            is_chat,
            not is_chat and QUEUE_OF[intent] == "collections" and rng.random() < OUTBOUND_SHARE,
            bool(contacts.is_repeat[place]),
            float(round(talk[place])),
            float(round(hold[place], 1)),
            rows[place],
            contacts.will_do[place].tolist(),
            contacts.unusual[place].tolist(),
        )
        (recovery_talk if QUEUE_OF[intent] == "collections" else service_talk).play(scene)
        agent_id, start_s = agents[contacts.agent[place]].agent_id, int(contacts.start_s[place])
        out.append(_line(scene, identity, agent_id, customer_id(int(contacts.customer[place])), stamp(start_on, start_s)))
        spoken.outcomes.append(
            Outcome(identity, agent_id, QUEUE_OF[intent], start_s, scene.is_resolved, scene.is_troubled, scene.truth())
        )
        spoken.resolved.append(scene.is_resolved)
        spoken.endings.append((identity, scene.ending(), scene.is_repeat_said))
        spoken.turn_n += len(scene.lines)
        for turn, line in enumerate(scene.lines):
            spoken.personal += [(identity, turn, value) for value in line.said.personal]
            spoken.promised += [(identity, turn, one) for one in line.said.promised]
    _flush(folder, start_on, week, out)
    if on_progress:
        on_progress(len(ids) % 500)
    return spoken


def _facts(
    rng: np.random.Generator, book: Phrasebook, contacts: Contacts, agents: Sequence[Agent]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return the pool row of every contact and pool: the customer's own identity, the agent's own name, the rest by chance."""
    pools = book.pools
    sizes = pools.sizes()
    at = rng.integers(0, sizes, (len(contacts), len(sizes)))
    who = pools.pool_of_slot["full"]
    at[:, who] = [row_of(int(one), sizes[who]) for one in contacts.customer]
    firsts = [AGENT_FIRST.index(one.first) for one in agents]
    at[:, pools.pool_of_slot["agent"]] = np.array(firsts)[contacts.agent]
    for slot, by_intent in pools.ranges.items():
        first, n = np.array([by_intent[intent] for intent in INTENTS])[contacts.intent].T
        at[:, pools.pool_of_slot[slot]] = first + (rng.random(len(contacts)) * n).astype(np.int64)
    return at


def _flush(folder: Path, start_on: date, week: int, out: list[str]) -> None:
    if out:
        path = folder / f"week-{start_on + timedelta(weeks=week)}.jsonl"
        path.write_text("".join(out), encoding="utf-8")
        out.clear()


def _line(scene: Scene, identity: str, agent_id: str, customer: str, started_at: str) -> str:
    """Return the canonical line; turns are put together as text, because 360,000 dictionaries would take half of the time."""
    timed = [(line.speaker, line.said.word_n, line.wait) for line in scene.lines]
    holds = list[tuple[float, float]]()
    if scene.is_chat:
        times = chat_times(scene.rng.random, timed, scene.talk_s)
    else:
        times, holds = call_times(scene.rng.random, timed, scene.talk_s, scene.hold_s)
    direction = "outbound" if scene.is_outbound else "inbound"
    attributes = {"holds_s": [[round(a, 2), round(b, 2)] for a, b in holds]} if holds else {}
    head = {
        "interaction_id": identity,
        "channel": "chat" if scene.is_chat else "voice",
        "agent_id": agent_id,
        "customer_id": customer,
        "started_at": started_at,
        "queue": QUEUE_OF[scene.intent],
        "intent": scene.intent,
        "direction": direction,
        "attributes": attributes,
        "talk_s": None,
        "hold_s": None,
        "acw_s": None,
        "queue_wait_s": None,
    }
    turns = ", ".join(map(_turn, scene.lines, times))
    return f'{json.dumps(head)[:-1]}, "turns": [{turns}]}}\n'


def _turn(line: Line, time: tuple[float, float]) -> str:
    return f'{{"speaker": "{line.speaker}", "start_s": {time[0]:.2f}, "end_s": {time[1]:.2f}, "text": {line.said.as_json}}}'
