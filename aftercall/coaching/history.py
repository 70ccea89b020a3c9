"""What an agent was told and has shown lately: records that choosing a message reads.

Lives here: Sent, Shown, History, and what they say (repeats, shares, a telling situation). Not here: choosing
(choose.py), who keeps the records (the sidecar's log, the nightly tables, the verb).

A day of None is a day that was not recorded: all such contacts count as one day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from aftercall.coaching.templates import Kind
from aftercall.contracts.records import Interaction

RECENT = timedelta(weeks=4)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
# A situation is named when at least this many losses lie in it and it loses this many times as often as elsewhere.
_LOST_IN_IT, _CALLED_ELSEWHERE, _TIMES_ELSEWHERE = 3, 5, 1.5


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the agent was given."""

    on: date | None
    behaviour: str
    kind: Kind
    template_id: str


@dataclass(frozen=True, slots=True)
class Shown:
    """How often a behaviour was called for and not done, or done, on one day in one situation."""

    on: date | None
    behaviour: str
    lost_n: int
    done_n: int
    situation: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one agent before this contact; messages in the order they were given."""

    sent: tuple[Sent, ...] = ()
    shown: tuple[Shown, ...] = ()

    def sent_n(self, today: date | None) -> int:
        """Return how many messages were given today."""
        return sum(1 for one in self.sent if one.on == today)

    def lost_today(self, behaviour: str, today: date | None) -> int:
        """Return how often the behaviour was missed today, before this contact."""
        return sum(one.lost_n for one in self.shown if one.behaviour == behaviour and one.on == today)

    def lost_share(self, behaviour: str, today: date | None) -> float | None:
        """Return the share missed of the last four weeks' moments; None when there were none."""
        rows = [one for one in self.shown if one.behaviour == behaviour and _is_recent(one.on, today)]
        lost_n, called_n = sum(one.lost_n for one in rows), sum(one.lost_n + one.done_n for one in rows)
        return lost_n / called_n if called_n else None

    def is_telling(self, behaviour: str, situation: str | None, today: date | None) -> bool:
        """Return whether the behaviour is missed clearly more often in the situation than in others.

        >>> rows = (Shown(None, "x", 4, 1, "on billing contacts"), Shown(None, "x", 1, 9, "on card contacts"))
        >>> History(shown=rows).is_telling("x", "on billing contacts", None)
        True
        """
        rows = [one for one in self.shown if one.behaviour == behaviour and _is_recent(one.on, today)]
        inside = [one for one in rows if one.situation == situation]
        outside = [one for one in rows if one.situation != situation]
        lost_n, called_n = sum(one.lost_n for one in inside), sum(one.lost_n + one.done_n for one in inside)
        other_n, elsewhere_n = sum(one.lost_n for one in outside), sum(one.lost_n + one.done_n for one in outside)
        if situation is None or lost_n < _LOST_IN_IT or elsewhere_n < _CALLED_ELSEWHERE:
            return False
        return lost_n / called_n >= _TIMES_ELSEWHERE * other_n / elsewhere_n


def _is_recent(on: date | None, today: date | None) -> bool:
    if on is None or today is None:
        return on == today
    return timedelta(0) <= today - on <= RECENT


def merged(rows: Iterable[Shown]) -> tuple[Shown, ...]:
    """Return the rows with equal day, behaviour and situation added up, in the order they first came."""
    sums: dict[tuple[date | None, str, str | None], tuple[int, int]] = {}
    for one in rows:
        key = (one.on, one.behaviour, one.situation)
        lost_n, done_n = sums.get(key, (0, 0))
        sums[key] = (lost_n + one.lost_n, done_n + one.done_n)
    return tuple(Shown(on, behaviour, *counts, situation) for (on, behaviour, situation), counts in sums.items())


def nth_today(n: int) -> str:
    """Return a count within the day in words.

    >>> nth_today(3), nth_today(12)
    ('third time today', '12th time today')
    """
    return f"{ORDINALS[n - 1] if 1 <= n <= len(ORDINALS) else f'{n}th'} time today"


def situation_of(interaction: Interaction) -> str | None:
    """Return the kind of contact in words, from its intent, else its queue; None when neither is a plain name.

    >>> situation_of(Interaction("a", "chat", intent="billing_dispute")), situation_of(Interaction("b", "chat", queue="Q7"))
    ('on billing dispute contacts', None)
    """
    name = " ".join((interaction.intent or interaction.queue or "").replace("_", " ").replace("-", " ").lower().split())
    is_plain = name.replace(" ", "").isalpha() and name.isascii() and len(name.split()) <= 3
    return f"on {name} contacts" if is_plain else None
