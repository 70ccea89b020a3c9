"""`aftercall coach FILE/-`: at most one short message per interaction, as its agent would read it.

Lives here: lines in, messages out, in the order of the contacts. Not here: choosing and wording (aftercall.coaching), scoring
(score.py).
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aftercall.cli.score import Refused, forms_for, scored
from aftercall.cli.terminal import asker, progress, write_line
from aftercall.coaching.choose import Message, Settings, Withheld, choose, shown_in
from aftercall.coaching.history import RECENT, History, Sent, Shown, merged
from aftercall.contracts.records import Interaction
from aftercall.scoring.score import Score
from aftercall.text.match import Matcher

_EXAMPLE = "aftercall coach .state/demo/centre/input/transcripts/week-2026-05-04.jsonl --words"
_DOES = (
    "Scores the lines and writes one JSON line per interaction, by agent and time: the message with its moment and the one\n"
    "thing to try, or null with the reason why there is none. Most interactions get none: one message per agent and day,\n"
    "nothing in doubtful cases, and what is critical is left to a person. Days are UTC."
)
_LAST = datetime.max.replace(tzinfo=UTC)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all lines read, 1 some lines were refused (the rest is written), 2 the request was wrong."""
    ask = asker("coach", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="canonical JSON lines; - is standard input")
    ask.add_argument("--agent", action="append", metavar="ID", help="only this agent (repeatable)")
    ask.add_argument("--limit", type=int, default=1, metavar="N", help="messages per agent and day (1)")
    ask.add_argument("--below-gate", action="append", default=[], metavar="QUESTION", help="say nothing on this question")
    ask.add_argument("--scorecard", action="append", type=Path, metavar="F", help="score with this scorecard (repeatable)")
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="which of equal wordings is used (0)")
    form = ask.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines (the default)")
    form.add_argument("--words", action="store_true", help="only the messages, for people")
    asked = ask.parse_args(list(argv))
    if asked.limit < 0:
        ask.error(f"--limit must be 0 or more, not {asked.limit}")
    refused, forms = Refused(), forms_for(asked.files, asked.scorecard)
    with progress("Scoring", None, "interactions") as advance:
        kept = list[tuple[Interaction, Score]]()
        for pair in scored(asked.files, forms, refused):
            if not asked.agent or pair[0].agent_id in asked.agent:
                kept.append(pair)
            advance(1)
    say = _print_words if asked.words else _write
    settings = Settings(per_day=asked.limit)
    for outcome in coached(
        kept, matcher=forms.matcher, settings=settings, seed=asked.seed, below_gate=frozenset(asked.below_gate)
    ):
        say(outcome)
    sys.stdout.flush()
    return refused.say()


@dataclass(slots=True)
class _Remembered:
    """One agent's history while it grows; days beyond the recent weeks are forgotten."""

    sent: list[Sent] = field(default_factory=list[Sent])
    shown: tuple[Shown, ...] = ()

    def history(self) -> History:
        return History(tuple(self.sent), self.shown)

    def hear(self, rows: Iterable[Shown]) -> None:
        rows = tuple(rows)
        today = rows[0].on if rows else None
        recent = (one for one in self.shown if today is None or one.on is None or today - one.on <= RECENT)
        self.shown = merged([*recent, *rows])


def coached(
    pairs: Iterable[tuple[Interaction, Score]], *, matcher: Matcher, settings: Settings, seed: int, below_gate: frozenset[str]
) -> Iterator[Message | Withheld]:
    """Yield what each interaction's agent is told, agent by agent in the order of their contacts."""
    remembered = defaultdict[str | None, _Remembered](_Remembered)
    for interaction, score in sorted(pairs, key=_order):
        today = interaction.started_at.date() if interaction.started_at else None
        agent = remembered[interaction.agent_id]
        outcome = choose(
            interaction,
            score,
            agent.history(),
            matcher=matcher,
            today=today,
            settings=settings,
            seed=seed,
            below_gate=below_gate,
        )
        agent.hear(shown_in(interaction, score, today))
        if isinstance(outcome, Message):
            agent.sent.append(Sent(today, outcome.behaviour, outcome.kind, outcome.template_id))
        yield outcome


def _order(pair: tuple[Interaction, Score]) -> tuple[str, datetime, str]:
    interaction = pair[0]
    return interaction.agent_id or "", interaction.started_at or _LAST, interaction.interaction_id


def message_line(outcome: Message | Withheld) -> dict[str, Any]:
    """Return the JSON of one outcome."""
    if isinstance(outcome, Withheld):
        return {"interaction_id": outcome.interaction_id, "message": None, "reason": outcome.reason}
    return {name: getattr(outcome, name) for name in Message.__slots__}


def _write(outcome: Message | Withheld) -> None:
    write_line(message_line(outcome))


def _print_words(outcome: Message | Withheld) -> None:
    if isinstance(outcome, Message):
        print(f"{outcome.agent_id}  {outcome.interaction_id}  {outcome.behaviour} ({outcome.kind})\n  {outcome.text}\n")
