"""Open promises and how a contact ended, with evidence: a fold over its turns, the same live and in batch.

Lives here: begin, hear, finish, outcome_of; Promise, Resolution, Outcome. Not here: what a turn says (promise_ear.py), scores
(fold.py). A state is frozen and bounded: it holds the latest promises and a few quotes, never the transcript.

A promise is an undertaking to do something for the other side after this contact. It is open unless the same contact reports it
done. Whether it was kept later is not known here.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from aftercall.contracts.records import Interaction, Turn
from aftercall.scoring.promise_ear import Ear, Said, Undertaking, Who
from aftercall.text.entities import Entity

PromiseState = Literal["open", "kept_in_interaction"]
ResolutionState = Literal["resolved", "follow_up", "unresolved", "transferred", "abandoned", "unknown"]
MOST_PROMISES = 16
# A transfer counts as the end when at most so many turns follow it.
TURNS_AFTER_TRANSFER = 3


@dataclass(frozen=True, slots=True)
class Promise:
    """Who promised what, by when: `what` is the clause word for word, `by` the time it names; None: no time was named.

    `by_on` is the day it means; None when no day is named or the day of speaking is not known.
    """

    who: Who
    what: str
    by: Entity | None
    by_on: date | None
    turn: int
    start_s: float | None
    state: PromiseState = "open"
    families: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sign:
    """A quote at a turn."""

    turn: int
    start_s: float | None
    quote: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """How it ended and the quote that says so; None evidence: nothing was said that tells."""

    state: ResolutionState
    evidence: Sign | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known at the end: promises in order, the resolution, and where the customer said it was not the first contact.

    `dropped_n` promises beyond the latest 16 are counted, not kept.
    """

    promises: tuple[Promise, ...]
    resolution: Resolution
    repeat_contact: Sign | None = None
    dropped_n: int = 0

    @property
    def open_promises(self) -> tuple[Promise, ...]:
        """The promises that were not reported done."""
        return tuple(one for one in self.promises if one.state == "open")


@dataclass(frozen=True, slots=True)
class Heard:
    """An interaction half heard. `standing` is the latest sign about the matter; `offered` that another way is on the table."""

    ear: Ear
    started_at: datetime | None = None
    promises: tuple[Promise, ...] = ()
    dropped_n: int = 0
    standing: tuple[Literal["settled", "stuck", "customer_content"], Sign] | None = None
    offered: Sign | None = None
    transfer: Sign | None = None
    transfer_age: int = 0
    repeat: Sign | None = None
    presence: Sign | None = None
    waiting: Sign | None = None
    agent_n: int = 0
    customer_n: int = 0


def begin(started_at: datetime | None = None, ear: Ear | None = None) -> Heard:
    """Return the state before the first turn; without `started_at` dates stay unresolved."""
    return Heard(ear or Ear(), started_at)


def hear(state: Heard, turn: Turn) -> Heard:
    """Return the state after one more turn; turns come in order. System turns say nothing."""
    if turn.speaker == "system" or not turn.text.strip():
        return state
    said = state.ear.hear(turn, state.started_at)
    known = [replace(one, state="kept_in_interaction") if _is_kept(one, said, turn) else one for one in state.promises]
    new = [_promise(one, turn) for one in said.undertakings]
    every = (*known, *new)
    state = replace(
        state,
        promises=every[-MOST_PROMISES:],
        dropped_n=state.dropped_n + max(len(every) - MOST_PROMISES, 0),
        transfer_age=state.transfer_age + 1,
        agent_n=state.agent_n + (turn.speaker == "agent"),
        customer_n=state.customer_n + (turn.speaker == "customer"),
    )
    return _agent(state, turn, said) if turn.speaker == "agent" else _customer(state, turn, said)


def _promise(one: Undertaking, turn: Turn) -> Promise:
    return Promise(one.who, one.what, one.by, one.by.on if one.by else None, turn.turn, turn.start_s, "open", one.families)


def _is_kept(one: Promise, said: Said, turn: Turn) -> bool:
    """Whether the side that promised reports an act of the same kind as done; a day to come is not kept before it comes."""
    side = "customer" if one.who == "customer" else "agent"
    return one.by is None and turn.speaker == side and not one.families.isdisjoint(said.done)


def _sign(turn: Turn, said: Said, *names: str) -> Sign:
    quote = next((found for name in names if (found := said.quote(name))), turn.text[:200])
    return Sign(turn.turn, turn.start_s, quote)


def _agent(state: Heard, turn: Turn, said: Said) -> Heard:
    now = replace(state, waiting=None)
    if "transfers" in said.names:
        now = replace(now, transfer=_sign(turn, said, "transfers"), transfer_age=0)
    if "offers_alternative" in said.names:
        now = replace(now, offered=_sign(turn, said, "offers_alternative"))
    # In one turn the reason why not outweighs what was done about it: "I've checked, but I can't ...".
    if "matter_stuck" in said.names:
        now = replace(now, standing=("stuck", _sign(turn, said, "matter_stuck")))
    elif "matter_settled" in said.names:
        now = replace(now, standing=("settled", _sign(turn, said, "matter_settled")), offered=None)
    return replace(now, presence=_sign(turn, said, "asks_if_there") if "asks_if_there" in said.names else None)


def _customer(state: Heard, turn: Turn, said: Said) -> Heard:
    asks = Sign(turn.turn, turn.start_s, turn.text[:200]) if turn.text.rstrip().endswith("?") else None
    now = replace(state, presence=None, waiting=asks)
    if "contact_before" in said.names and now.repeat is None:
        now = replace(now, repeat=_sign(turn, said, "contact_before"))
    stuck = now.standing is not None and now.standing[0] == "stuck"
    if now.offered and "turns_offer_down" in said.names:
        return replace(now, offered=None)
    if now.offered and stuck and "takes_offer" in said.names:
        return replace(now, standing=("settled", _sign(turn, said, "takes_offer")), offered=None)
    if "customer_finds_it_unsolved" in said.names and not stuck:
        return replace(now, standing=("stuck", _sign(turn, said, "customer_finds_it_unsolved")))
    if "customer_finds_it_works" in said.names:
        return replace(now, standing=("settled", _sign(turn, said, "customer_finds_it_works")))
    if now.standing is None and "customer_done" in said.names and now.agent_n:
        return replace(now, standing=("customer_content", _sign(turn, said, "customer_done")))
    return now


def finish(state: Heard) -> Outcome:
    """Return what is known when nothing more is said."""
    return Outcome(state.promises, _resolution(state), state.repeat, state.dropped_n)


def _resolution(state: Heard) -> Resolution:
    if state.transfer and state.transfer_age <= TURNS_AFTER_TRANSFER:
        return Resolution("transferred", state.transfer)
    if not state.agent_n or not state.customer_n:
        return Resolution("unknown")
    if state.presence or state.waiting:
        return Resolution("abandoned", state.presence or state.waiting)
    ours = [one for one in state.promises if one.state == "open" and one.who != "customer"]
    last = Sign(ours[-1].turn, ours[-1].start_s, ours[-1].what) if ours else None
    if state.standing and state.standing[0] == "settled":
        return Resolution("resolved", state.standing[1])
    if last:
        return Resolution("follow_up", last)
    if state.standing is None:
        return Resolution("unknown")
    return Resolution("resolved" if state.standing[0] == "customer_content" else "unresolved", state.standing[1])


def outcome_of(interaction: Interaction, ear: Ear | None = None) -> Outcome:
    """Return the promises and the ending of one interaction: the fold over its turns in order.

    >>> said = ("agent", "The part is sold out, I can't send it."), ("customer", "Oh."), ("agent", "I'll ring you by Friday.")
    >>> call = Interaction("a", "voice", tuple(Turn(i, who, text) for i, (who, text) in enumerate(said)))
    >>> told = outcome_of(call)
    >>> told.resolution.state, [(one.who, one.what, one.by and one.by.text) for one in told.open_promises]
    ('follow_up', [('agent', "I'll ring you by Friday.", 'Friday')])
    """
    state = begin(interaction.started_at, ear)
    for turn in interaction.in_order():
        state = hear(state, turn)
    return finish(state)
