"""`aftercall redact FILE/-`: the same lines with personal data masked, and where they stood.

Lives here: laying the masks into the line as it came. Not here: the rules (aftercall.text.redact).
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from aftercall.cli.terminal import asker, lines_of, progress, tell, write_line
from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import from_line, turn_line
from aftercall.text.pii_finder import RULES_ONLY, Finder, own_finder
from aftercall.text.redact_records import mask_value, redact_interaction

_EXAMPLE = "aftercall redact .state/demo/input/transcripts/week-01.jsonl > masked.jsonl"
_DOES = (
    "Writes each line again with personal data masked as ⟨masked⟩. Each turn carries pii: [{type, start, end}], character\n"
    "offsets in the text that came in, never the value. Labels and unknown keys stay; texts in them are masked too."
)
# Ids and instants, which are no free text.
_FIXED = frozenset(
    ("interaction_id", "agent_id", "customer_id", "started_at", "channel", "direction", "speaker", "start_s", "end_s")
)


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 all lines written, 1 some lines were refused (the rest is written), 2 the request was wrong."""
    ask = asker("redact", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="canonical JSON lines; - is standard input")
    asked = ask.parse_args(list(argv))
    epoch, finder = _epoch(), own_finder()
    refused = done = 0
    with progress("Redacting", None, "interactions") as advance:
        for name, number, line in lines_of(asked.files):
            try:
                if isinstance(line, IntakeError):
                    raise line
                write_line(redacted_line(line, finder) | {"epoch": epoch, "redaction_version": finder.version})
                done += 1
            except IntakeError as error:
                refused += 1
                tell(f"{name}, line {number}: {error}")
            advance(1)
    if done and finder.warning:
        tell(finder.warning)
    if refused:
        tell(f"{refused} of {refused + done} lines were refused; the others are on standard output.")
    sys.stdout.flush()
    return 1 if refused else 0


def redacted_line(line: Any, finder: Finder = RULES_ONLY) -> dict[str, Any]:
    """Return a canonical line with personal data masked and `pii` on each turn; raises IntakeError for what is no line.

    >>> got = redacted_line({"interaction_id": "a", "channel": "chat", "turns": [{"speaker": "agent", "text": "cvv 123"}]})
    >>> got["turns"][0]["text"], got["turns"][0]["pii"]
    ('cvv ⟨masked⟩', [{'type': 'security_code', 'start': 4, 'end': 7}])
    """
    redacted = redact_interaction(from_line(line), finder)
    own = cast("dict[str, Any]", line)
    turns = list[dict[str, Any]]()
    for raw, turn, spans in zip(own.get("turns") or [], redacted.interaction.turns, redacted.spans, strict=True):
        masked = _masked(raw, finder, without=("text", "words", "pii")) | {"text": turn.text}
        if turn.words:
            masked["words"] = turn_line(turn)["words"]
        turns.append(masked | {"pii": [{"type": span.type, "start": span.start, "end": span.end} for span in spans]})
    rest = _masked(own, finder, without=("turns",))
    return rest | {"turns": turns} if "turns" in own else rest


def _masked(record: Mapping[str, Any], finder: Finder, *, without: Sequence[str]) -> dict[str, Any]:
    try:
        kept = {key: value for key, value in record.items() if key not in without and key not in _FIXED}
        free = mask_value(kept, finder)
    except RecursionError:
        raise IntakeError("attributes nest deeper than 32 levels.") from None
    fixed = {key: value for key, value in record.items() if key in _FIXED}
    return fixed | free


def _epoch() -> str:
    """Return the epoch of the shipped scorecards, which names this redaction among everything else that is fixed."""
    from aftercall.scoring.forms import load

    return load(None).epoch
