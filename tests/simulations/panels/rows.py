"""What a simulation stores: one row per replicate and estimator, as CSV that a person can read.

Lives here: rows, claims, reading and writing. Not here: the claims themselves (one module each), their figures (figures.py).
"""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

STORED = Path(__file__).parent / "stored"
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One answer of one replicate. Empty: the estimator has no such number. `note` holds codes of reasons."""

    design: str
    tau: float
    estimator: str
    seed: int
    truth: float | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A simulated claim: `replicate(design, tau, seed)` gives the rows of one replicate; seeds are first_seed + 0, 1, 2, …"""

    name: str
    settings: tuple[tuple[str, float], ...]
    replicates: int
    first_seed: int
    replicate: Callable[[str, float, int], list[Row]]

    @property
    def file(self) -> Path:
        return STORED / f"{self.name}.csv"


COLUMNS = tuple(one.name for one in fields(Row))


def _text(value: object) -> str:
    return "" if value is None else format(value, f".{DIGITS}g") if isinstance(value, float) else str(value)


def append(path: Path, rows: Iterable[Row]) -> None:
    """Add rows to the file, with its header when it is new; written at once."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not path.exists():
        writer.writerow(COLUMNS)
    writer.writerows([_text(value) for value in astuple(row)] for row in rows)
    with path.open("a", newline="", encoding="utf-8") as file:
        file.write(text.getvalue())


def _number(text: str) -> float | None:
    return float(text) if text else None


def read(path: Path) -> list[Row]:
    """Return the stored rows; a last line cut short by a kill is left out."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        text = file.read()
    whole = text[: text.rfind("\n") + 1].splitlines()
    out = list[Row]()
    for line in csv.DictReader(whole):
        numbers = [_number(line[name]) for name in ("truth", "estimate", "ci_low", "ci_high", "p")]
        out.append(
            Row(
                line["design"],
                float(line["tau"]),
                line["estimator"],
                int(line["seed"]),
                *numbers,
                line["verdict"],
                line["note"],
            )
        )
    return out
