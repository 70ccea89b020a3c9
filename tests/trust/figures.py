"""What one part of `make trust` found: how much was tried, and the counts that must be zero.

Lives here: the record and its lines. Not here: what is tried (faults.py, inputs.py, access.py, erasure.py, redaction.py).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figures:
    """One part: `counts` in the order they are told, `must_be_zero` names those of them that are promises.

    `left_over` says, one line each, what made a count other than zero: enough to find it again.

    >>> Figures("faults", {"tried": 3, "rows lost": 0}, ("rows lost",)).is_kept
    True
    """

    part: str
    counts: dict[str, int | float]
    must_be_zero: tuple[str, ...]
    left_over: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        unknown = [name for name in self.must_be_zero if name not in self.counts]
        assert not unknown, f"{self.part} promises zero of what it does not count: {unknown}"

    @property
    def is_kept(self) -> bool:
        """Whether every promise is kept, over something tried at all."""
        return next(iter(self.counts.values())) > 0 and all(self.counts[name] == 0 for name in self.must_be_zero)

    def __str__(self) -> str:
        told = ", ".join(f"{n:,} {name}" if isinstance(n, int) else f"{name} {n:.3f}" for name, n in self.counts.items())
        return f"{'kept  ' if self.is_kept else 'BROKEN'} {self.part}: {told}"
