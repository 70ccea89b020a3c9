"""Talk-eligible time: what happens beside the words, and how long a customer was away.

Lives here: Control, Clock. Not here: turns (pack_ear.py), deadlines (pack_required.py).

Hold and the time from a transfer to the next agent's first word are no time in which anything could be said. An IVR speaks
before the first person and is no turn of anybody.
"""

from dataclasses import dataclass, replace
from typing import Literal

from aftercall.scoring.heard import ms
from aftercall.scoring.pack import Value

ControlKind = Literal["hold", "unhold", "transfer", "pause", "resume", "attribute"]
PAUSES_MAX = 64


@dataclass(frozen=True, slots=True)
class Control:
    """Something that happened beside the words; `pause` and `resume` are the recording's. Attributes carry name and value."""

    at_s: float
    kind: ControlKind
    name: str | None = None
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Stretches in which nobody could say anything, in milliseconds; `is_full` when there were more than are kept."""

    pauses: tuple[tuple[int, int], ...] = ()
    away: frozenset[str] = frozenset()
    since_ms: int = 0
    is_full: bool = False

    def after_control(self, control: Control) -> "Clock":
        """Return the clock after a hold began or ended, or a transfer began."""
        at_ms = ms(control.at_s) or 0
        if control.kind in ("hold", "transfer"):
            return replace(self, away=self.away | {control.kind}, since_ms=self.since_ms if self.away else at_ms)
        return self._back(at_ms, "hold") if control.kind == "unhold" else self

    def after_agent_turn(self, start_ms: int | None) -> "Clock":
        """Return the clock when an agent begins to speak, which ends a transfer."""
        return self if start_ms is None or "transfer" not in self.away else self._back(start_ms, "transfer")

    def _back(self, at_ms: int, reason: str) -> "Clock":
        left = self.away - {reason}
        if left or reason not in self.away:
            return replace(self, away=left)
        is_full = len(self.pauses) >= PAUSES_MAX
        pauses = self.pauses if is_full else (*self.pauses, (self.since_ms, at_ms))
        return Clock(pauses, left, 0, self.is_full or is_full)

    def eligible_ms(self, start_ms: int, end_ms: int) -> int:
        """Return the milliseconds between two instants in which something could be said.

        >>> Clock(((10_000, 40_000),)).eligible_ms(0, 75_000)
        45000
        """
        stretches = (*self.pauses, (self.since_ms, end_ms)) if self.away else self.pauses
        paused = sum(max(min(b, end_ms) - max(a, start_ms), 0) for a, b in stretches)
        return end_ms - start_ms - paused

    def due_ms(self, start_ms: int, eligible_ms: int) -> int | None:
        """Return when so much talk-eligible time after an instant is over; None while the customer is still away.

        >>> Clock(((10_000, 40_000),)).due_ms(0, 60_000)
        90000
        """
        due = start_ms + eligible_ms
        for a, b in sorted(self.pauses):
            if b > start_ms and a < due:
                due += b - max(a, start_ms)
        return None if self.away and self.since_ms < due else due


NEVER_AWAY = Clock()
