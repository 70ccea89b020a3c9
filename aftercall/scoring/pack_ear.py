"""What the rules of a pack hear: the turn now, together with the end of the same side's turn before.

Lives here: Ear (what is remembered of a side), Setting (what every rule may know), Said (the turn now), RuleOutcome.
Not here: the kinds of rule (pack_required.py, pack_steps.py, pack_checks.py).

A recogniser may cut a sentence in two. So words are also searched across the edge: for all rules over the last 12 words of
the turn before when nobody spoke between (spec realtime, section 4), for required wording over two turns of the side in a row.
A turn the recogniser was unsure of proves nothing.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from aftercall.contracts.records import Turn
from aftercall.scoring.heard import QUOTE_CHARACTERS, UNCLEAR_BELOW_THOUSANDTHS, Evidence, Place, ms, quote_of
from aftercall.scoring.pack import Kind, Value
from aftercall.scoring.pack_clock import NEVER_AWAY, Clock
from aftercall.scoring.reader import Reader
from aftercall.text.match import Matcher
from aftercall.text.normalise import normalise

Outcome = Literal["kept", "late", "missed", "fired", "na"]
NEAR_WORDS = 12
WIDE_WORDS = 120
SPANS_MAX = 8


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule in one interaction.

    `outcome` None is not known, with a reason. `missing` names elements that were not said or steps that were skipped, and
    facts that are not known. `rows` are the rows of a table that were shown. `hit_n` counts what fired.
    """

    rule_id: str
    kind: Kind
    outcome: Outcome | None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    hit_n: int = 0


@dataclass(frozen=True, slots=True)
class Ear:
    """One side so far: how many turns, where they began and ended, and the end of the last one."""

    turn_n: int = 0
    first: Place | None = None
    last: Place | None = None
    tail: tuple[str, ...] = ()
    quote: Evidence | None = None
    is_last_to_speak: bool = False
    unclear_n: int = 0


NOTHING_YET = Ear()


@dataclass(frozen=True, slots=True)
class Setting:
    """What every rule may know, up to now: facts, time, both sides."""

    attributes: tuple[tuple[str, Value], ...] = ()
    started_on: date | None = None
    hold_s: float | None = None
    clock: Clock = NEVER_AWAY
    agent: Ear = NOTHING_YET
    customer: Ear = NOTHING_YET
    first: Place | None = None
    last: Place | None = None
    is_untimed: bool = False

    @property
    def known(self) -> dict[str, Value]:
        """Return the facts by name."""
        return dict(self.attributes)

    @property
    def turn_n(self) -> int:
        """Return how many turns were heard of both sides."""
        return self.agent.turn_n + self.customer.turn_n

    def side(self, speaker: str) -> Ear:
        """Return one side."""
        return self.agent if speaker == "agent" else self.customer

    def after_turn(self, said: "Said") -> "Setting":
        """Return the setting after a turn."""
        mine, place, is_agent = self.side(said.speaker), said.place, said.speaker == "agent"
        text = said.text
        quote = Evidence(place.turn, place.start_s, text if len(text) <= QUOTE_CHARACTERS else _end_of(text))
        tail = tuple(said.normal.split()[-WIDE_WORDS:])
        unclear_n = mine.unclear_n + said.is_unclear
        now = Ear(mine.turn_n + 1, mine.first or place, place, tail, quote, True, unclear_n)
        other = replace(self.side("customer" if is_agent else "agent"), is_last_to_speak=False)
        ends = [one.end_s if one.end_s is not None else one.start_s for one in (self.last, place) if one]
        known = [end for end in ends if end is not None]
        last = Place(place.turn, place.start_s, max(known) if known else None)
        return replace(
            self,
            clock=self.clock.after_agent_turn(said.start_ms) if is_agent else self.clock,
            agent=now if is_agent else other,
            customer=other if is_agent else now,
            first=self.first or place,
            last=last,
            is_untimed=self.is_untimed or place.start_s is None,
        )


def _end_of(text: str) -> str:
    """Return the end of a long text, cut at a word."""
    end = text[-QUOTE_CHARACTERS:]
    return end[end.find(" ") + 1 :]


@dataclass(frozen=True, slots=True)
class Said:
    """The turn now: alone, and joined to the end of the side's turn before; a `cut` is where the new words begin."""

    place: Place
    speaker: str
    text: str
    is_unclear: bool
    matcher: Matcher
    normal: str
    near: str
    near_cut: int
    near_sets: frozenset[str]
    wide: str
    wide_cut: int
    wide_sets: frozenset[str]
    before: Evidence | None

    @property
    def start_ms(self) -> int | None:
        """Return when the turn begins."""
        return ms(self.place.start_s)

    @property
    def end_ms(self) -> int | None:
        """Return when the turn ends; its start where no end is known."""
        return self.start_ms if self.place.end_s is None else ms(self.place.end_s)

    def place_of(self, name: str) -> int | None:
        """Return where a phrase set surely stands in the new words; negative when it begins in the turn before."""
        return None if self.is_unclear else self.perhaps_at(name)

    def perhaps_at(self, name: str) -> int | None:
        """Return where a phrase set seems to stand, also in an unclear turn."""
        if name not in self.near_sets:
            return None
        spans = _spans(self.matcher, name, self.near)
        return next((start - self.near_cut for start, end in spans if end > self.near_cut + 1), None)

    def spans(self, name: str) -> list[tuple[int, int]]:
        """Return the first few places of a phrase set in this turn and the one before."""
        is_found = name in self.wide_sets and not self.is_unclear
        return _spans(self.matcher, name, self.wide) if is_found else []

    def quoted(self, names: tuple[str, ...], start: int = 0) -> tuple[Evidence, ...]:
        """Return the proof: this turn, and the one before when the words begin there (`start` is negative)."""
        quote = quote_of(self.text, names, Reader(self.matcher))
        now = Evidence(self.place.turn, self.place.start_s, quote)
        return (self.before, now) if self.before and start < 0 else (now,)


def listen(turn: Turn, setting: Setting, matcher: Matcher) -> Said:
    """Return the turn as the rules hear it; `setting` is what came before."""
    ear, normal = setting.side(turn.speaker), normalise(turn.text)
    near_tail = ear.tail[-NEAR_WORDS:] if ear.is_last_to_speak else ()
    near, wide = _joined(near_tail, normal), _joined(ear.tail, normal)
    near_sets = matcher.match(near)
    return Said(
        place=Place(turn.turn, turn.start_s, turn.end_s),
        speaker=turn.speaker,
        text=turn.text,
        is_unclear=turn.confidence is not None and round(turn.confidence * 1000) < UNCLEAR_BELOW_THOUSANDTHS,
        matcher=matcher,
        normal=normal,
        near=near,
        near_cut=len(near) - len(normal),
        near_sets=near_sets,
        wide=wide,
        wide_cut=len(wide) - len(normal),
        wide_sets=near_sets if near == wide else matcher.match(wide),
        before=ear.quote,
    )


def _joined(tail: tuple[str, ...], normal: str) -> str:
    return f" {' '.join(tail)}{normal}" if tail else normal


def _spans(matcher: Matcher, name: str, text: str) -> list[tuple[int, int]]:
    """Return the first few places of a phrase set, without overlap."""
    spans, start = list[tuple[int, int]](), 0
    while len(spans) < SPANS_MAX and (found := matcher.find(name, text[start:])):
        spans.append((start + found[0], start + found[1]))
        # The closing space belongs to the next word too.
        start += found[1] - 1
    return spans
