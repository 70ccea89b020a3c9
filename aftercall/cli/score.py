"""`aftercall score FILE/-`: one line per interaction with its scores, answers and evidence.

Lives here: lines in, lines out. Not here: scoring (aftercall.scoring), prose for people (explain.py).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from aftercall.cli.terminal import asker, lines_of, progress, tell, write_line
from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Interaction, from_line
from aftercall.scoring.fold import score_one
from aftercall.scoring.forms import Forms, load
from aftercall.scoring.score import Score, score_line
from aftercall.text.match import EngineName
from aftercall.text.pii_finder import own_finder
from aftercall.text.redact_records import redact_interaction
from aftercall.text.roles import with_roles_checked

_EXAMPLE = "aftercall score .state/demo/input/transcripts/week-01.jsonl > scores.jsonl"
_DOES = (
    "Writes one JSON line per interaction, in the order they came: overall and section scores, an answer with evidence for\n"
    "every question, coverage, epoch. What cannot be scored is null with a reason. Personal data are masked first, so quotes\n"
    "come from redacted text. Labels are never read."
)
# Below this the fast engine's start costs more than it saves; the engines give the same answers.
_SMALL_BYTES = 3_000_000


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all lines scored, 1 some lines were refused (the rest is written), 2 the request was wrong."""
    ask = asker("score", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="canonical JSON lines; - is standard input")
    ask.add_argument("--scorecard", action="append", type=Path, metavar="F", help="score with this scorecard (repeatable)")
    asked = ask.parse_args(list(argv))
    refused = Refused()
    with progress("Scoring", None, "interactions") as advance:
        for _, score in scored(asked.files, forms_for(asked.files, asked.scorecard), refused):
            write_line(score_line(score))
            advance(1)
    return refused.say()


class Refused:
    """Counts the lines that could not be read, and tells of each at once."""

    def __init__(self) -> None:
        self.n = 0

    def line(self, name: str, number: int, error: IntakeError) -> None:
        """Tell of one refused line."""
        self.n += 1
        tell(f"{name}, line {number}: {error}")

    def say(self) -> int:
        """Say how many were refused and return the exit code."""
        if self.n:
            tell(f"{self.n} lines were refused; all others were scored.")
        return 1 if self.n else 0


def forms_for(files: Sequence[str], scorecards: Sequence[Path] | None) -> Forms:
    """Return the forms asked for, with the engine that suits the size of the input."""
    size = sum(path.stat().st_size for path in map(Path, files) if path.is_file())
    engine: EngineName | None = "re2" if size < _SMALL_BYTES else None
    return load(scorecards, engine_name=engine)


def scored(files: Sequence[str], forms: Forms, refused: Refused) -> Iterator[tuple[Interaction, Score]]:
    """Yield every interaction of the files, redacted, with its score; lines that are none are told of and left out."""
    finder = own_finder()
    for name, number, line in lines_of(files):
        try:
            if isinstance(line, IntakeError):
                raise line
            interaction = redact_interaction(with_roles_checked(from_line(line)), finder).interaction
        except IntakeError as error:
            refused.line(name, number, error)
            continue
        yield interaction, score_one(interaction, forms)
