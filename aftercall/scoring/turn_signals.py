"""Per-turn signals: what a turn does, by the text model and by phrases, and its times. One turn at a time.

Lives here: TurnReader, Clock, `turn_signals` (the meaning, for live and for lines). Not here: many interactions as a table
(signal_rows.py, equal to this turn by turn), the model (aftercall.text.signals), names and ranges (contracts.signal_columns).

The text model reads every head of a sentence at once and knows no speaker; what may not be read of a side is dropped here,
before anything is stored or shown with the turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aftercall.contracts.records import Interaction, Turn
from aftercall.contracts.signal_columns import MODEL_SIGNALS, TIME_SIGNALS, is_read_of
from aftercall.scoring.form_yaml import read_phrase_sets
from aftercall.scoring.heard import ms
from aftercall.text.match import EngineName, Matcher, PhraseSet, default_engine
from aftercall.text.normalise import normalise
from aftercall.text.signals import TextModel

ModelState = Literal["", "model_missing", "model_error"]
DECIMALS = 4
RULES = {"greeting": "greeting", "closing": "parting"}
"""Signal -> phrase set of aftercall/scoring/phrases."""
WITHHELD = ("role_uncertain", "unsupported_language", "no_notice", "excluded_by_policy")
"""Reasons why an interaction has no score that leave its turns unread as well: who speaks is not sure, or nobody may read."""


@dataclass(frozen=True)
class TurnReader:
    """Reads turns for signals; without a model `state` says why, and what it would give is null for that reason."""

    sets: tuple[PhraseSet, ...]
    model: TextModel | None = field(default=None, compare=False)
    state: ModelState = ""
    engine_name: EngineName = field(default_factory=default_engine)

    @cached_property
    def matcher(self) -> Matcher:
        """The matcher of the phrase sets behind greeting and closing."""
        return Matcher(self.sets, self.engine_name)

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The model's values that are signals; a name that phrases give stays theirs. Without a model, what one must give."""
        names = self.model.heads if self.model else tuple(column.name for column in MODEL_SIGNALS)
        return tuple(name for name in names if name not in RULES)

    def values(self, texts: Sequence[str]) -> np.ndarray:
        """Return the model's values of texts, float64 of shape (n, heads), rounded to 4; rows of NaN were not read."""
        if self.model is None:
            return np.full((len(texts), len(self.heads)), np.nan)
        wanted = [at for at, name in enumerate(self.model.heads) if name not in RULES]
        return np.round(self.model.values(texts)[:, wanted], DECIMALS) + 0.0


def open_turn_reader(model: TextModel | None, state: ModelState = "", *, engine_name: EngineName | None = None) -> TurnReader:
    """Return a reader with the shipped phrase sets. Args: state, why there is no model."""
    known = read_phrase_sets(sorted((Path(__file__).parent / "phrases").glob("*.yaml")))
    sets = tuple(known[name].phrases for name in RULES.values())
    return TurnReader(sets, model, state, engine_name or default_engine())


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the talk stands before a turn, in whole milliseconds; None is 'not known yet'."""

    last_ms: int | None = None
    agent_ms: int | None = None
    customer_ms: int | None = None
    before: str | None = None
    before_ms: int | None = None

    def after(self, turn: Turn) -> "Clock":
        """Return the clock after one more turn, in the order of the fold."""
        start, end = ms(turn.start_s), ms(turn.end_s)
        until = end if end is not None else start
        last = _later(self.last_ms, until)
        if turn.speaker == "system":
            return Clock(last, self.agent_ms, self.customer_ms, self.before, self.before_ms)
        spoken = end if start is not None and end is not None and end > start else None
        agent = _later(self.agent_ms, spoken) if turn.speaker == "agent" else self.agent_ms
        customer = _later(self.customer_ms, spoken) if turn.speaker == "customer" else self.customer_ms
        return Clock(last, agent, customer, turn.speaker, until)


def _later(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else max(a, b)


def timing(clock: Clock, turn: Turn, word_n: int) -> dict[str, float | None]:
    """Return the times of a turn; what needs times that were not recorded, or speech where there is writing, is None.

    >>> clock = Clock().after(Turn(0, "customer", "Hello there", 0.0, 2.0))
    >>> timing(clock, Turn(1, "agent", "Hi, how can I help?", 3.5, 5.5), 5)
    {'response_s': 1.5, 'overlap_s': 0.0, 'silence_before_s': 1.5, 'words_per_min': 150.0}
    """
    out = dict[str, float | None]({column.name: None for column in TIME_SIGNALS})
    start, end = ms(turn.start_s), ms(turn.end_s)
    if start is None:
        return out
    if clock.last_ms is not None:
        out["silence_before_s"] = max(start - clock.last_ms, 0) / 1000
    if turn.speaker == "system":
        return out
    if turn.speaker == "agent" and clock.before == "customer" and clock.before_ms is not None:
        out["response_s"] = max(start - clock.before_ms, 0) / 1000
    if end is None or end <= start:
        return out
    other = clock.customer_ms if turn.speaker == "agent" else clock.agent_ms
    out["overlap_s"] = max(min(end, other if other is not None else start) - start, 0) / 1000
    if word_n:
        out["words_per_min"] = float(np.round(word_n * 60_000 / (end - start), 1))
    return out


def word_count(text: str) -> int:
    """Return how many words a text has; fillers and masks are none.

    >>> word_count("Um, \u27e8masked\u27e9 isn't here?")
    2
    """
    return sum(word != "?" for word in normalise(text).split())


def turn_signals(clock: Clock, turn: Turn, reader: TurnReader) -> tuple[dict[str, float | int | None], str | None]:
    """Return (signals, why those of the text are null) of one turn; the reason is None when they are not.

    A turn of the system has times only. A turn without words says nothing: its text signals are null, reason too_short.
    """
    word_n = word_count(turn.text)
    times = timing(clock, turn, word_n)
    if turn.speaker == "system":
        return dict(times), None
    heads = [name for name in reader.heads if is_read_of(name, turn.speaker)]
    if not word_n:
        return {**dict.fromkeys((*heads, *RULES)), **times}, "too_short"
    found = reader.matcher.match(normalise(turn.text))
    values = dict(zip(reader.heads, reader.values([turn.text])[0].tolist(), strict=True))
    is_unread = any(np.isnan(value) for value in values.values())
    read = {name: None if is_unread else values[name] for name in heads}
    rules = {name: int(phrases in found) for name, phrases in RULES.items()}
    return {**read, **rules, **times}, (reader.state or "model_error") if is_unread else None


def nothing_of(turn: Turn, reader: TurnReader) -> dict[str, float | int | None]:
    """Return the signals of a turn that is not read: all null."""
    times = [column.name for column in TIME_SIGNALS]
    heads = [name for name in reader.heads if is_read_of(name, turn.speaker)]
    return dict.fromkeys(times if turn.speaker == "system" else [*heads, *RULES, *times])


def signal_lines(
    interaction: Interaction, reader: TurnReader, epoch: str, null_reason: str | None = None
) -> list[dict[str, Any]]:
    """Return the lines of an interaction's turns, in the order of its line (interface section 2).

    Args: null_reason, why the interaction has no score; one of WITHHELD leaves its turns unread.
    """
    clock, lines = Clock(), dict[int, dict[str, Any]]()
    is_withheld = null_reason in WITHHELD
    if not is_withheld:
        # Read together, by both cores; each turn below then finds its sentences already read.
        reader.values([turn.text for turn in interaction.turns if turn.speaker != "system"])
    for turn in interaction.in_order():
        signals, reason = (nothing_of(turn, reader), null_reason) if is_withheld else turn_signals(clock, turn, reader)
        line = {"interaction_id": interaction.interaction_id, "turn": turn.turn, "speaker": turn.speaker, "epoch": epoch}
        lines[turn.turn] = {**line, "signals": signals, "null_reason": reason}
        clock = clock.after(turn)
    return [lines[place] for place in sorted(lines)]
