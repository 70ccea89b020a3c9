"""`aftercall signals FILE/-`: one line per turn with what it does and its times.

Lives here: lines in, lines out. Not here: what signals mean (aftercall.scoring.turn_signals), the model behind them
(aftercall.text.signals).
"""

import os
from collections.abc import Iterator, Sequence

from aftercall.cli.score import Refused
from aftercall.cli.terminal import asker, lines_of, progress, tell, write_line
from aftercall.contracts.errors import IntakeError, ModelError, ModelMissing
from aftercall.contracts.records import Interaction, from_line
from aftercall.scoring.forms import Facts, load
from aftercall.scoring.turn_signals import TurnReader, open_turn_reader, signal_lines
from aftercall.text.pii_finder import own_finder
from aftercall.text.redact_records import redact_interaction
from aftercall.text.roles import with_roles_checked
from aftercall.text.signals import load_signals
from aftercall.text.weights import places_from

_EXAMPLE = "aftercall signals .state/demo/input/transcripts/week-01.jsonl > signals.jsonl"
_DOES = (
    "Writes one JSON line per turn: what the text model and phrases find in it (0..1; sentiment -1..1), its times in seconds.\n"
    "sentiment and frustration are read of customers' turns only. What could not be read is null with a reason. Personal data\n"
    "are masked first; labels are never read."
)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all turns read, 1 lines were refused or there is no text model, 2 the request was wrong."""
    ask = asker("signals", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="canonical JSON lines; - is standard input")
    asked = ask.parse_args(list(argv))
    reader = own_reader()
    forms = load(None, engine_name=reader.engine_name, model=reader.model or reader.state)
    refused = Refused()
    with progress("Reading", None, "interactions") as advance:
        for interaction in interactions_of(asked.files, refused):
            for line in signal_lines(interaction, reader, forms.epoch, forms.gate(Facts.of(interaction))[1]):
                write_line(line)
            advance(1)
    return max(refused.say(), 1 if reader.state else 0)


def own_reader() -> TurnReader:
    """Return the reader with this machine's text model; without one, what it would give is null and why is told."""
    try:
        return open_turn_reader(load_signals(places_from(os.environ)), engine_name="re2")
    except ModelError as error:
        tell(f"{error} What it would give is null.")
        return open_turn_reader(None, "model_missing" if isinstance(error, ModelMissing) else "model_error", engine_name="re2")


def interactions_of(files: Sequence[str], refused: Refused) -> Iterator[Interaction]:
    """Yield every interaction of the files, redacted; lines that are none are told of and left out."""
    finder = own_finder()
    for name, number, line in lines_of(files):
        try:
            if isinstance(line, IntakeError):
                raise line
            yield redact_interaction(with_roles_checked(from_line(line)), finder).interaction
        except IntakeError as error:
            refused.line(name, number, error)
