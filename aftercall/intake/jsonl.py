"""Canonical interactions, one JSON object a line: streamed, one bad line never stops the file.

Lives here: lines to interactions or problems. Not here: redaction and hashing (record.py), the shape (contracts.records).
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Interaction, Problem, from_line, instant

LONGEST_LINE_BYTES = 16 * 1024 * 1024
_FIELD = re.compile(r"(?:turns|words|attributes)\b[\w.\[\]]*|[a-z]+(?:_[a-z]+)+|channel|direction|queue|intent")
_ENCODING = "Save the file as UTF-8 (the line is not, so its text would be wrong)."


def read_lines(path: Path, name: str) -> Iterator[tuple[int, Interaction | Problem]]:
    """Yield (line number, interaction or problem) of a file of canonical lines.

    Args: path, the file; name, how problems call it.
    """
    with path.open("rb") as file:
        for number, raw in _lines(file):
            if raw is None:
                reason = f"longer than {LONGEST_LINE_BYTES // 2**20} MB."
                yield number, Problem(name, f"line {number}", "line", reason, "Write one interaction a line.")
            elif raw.strip():
                yield number, interaction_of(raw, name, number)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while raw := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(raw) > LONGEST_LINE_BYTES and not raw.endswith(b"\n"):
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_LINE_BYTES)
            yield number, None
            continue
        yield number, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw


def interaction_of(raw: bytes, name: str, number: int) -> Interaction | Problem:
    """Return the interaction of one line, or the problem that keeps it out.

    >>> str(interaction_of(b'{"interaction_id": "a", "channel": "chat", "turns": [', "day.jsonl", 3))
    'day.jsonl, line 3: line: not JSON: the line is cut off. Send the whole line again.'
    """
    position = f"line {number}"
    try:
        return _placed(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        return _not_json(raw, error, name, position)
    except IntakeError as error:
        reason = str(error)
        found = _FIELD.search(reason)
        return Problem(name, position, found.group() if found else "line", reason, "Correct the record and deliver it again.")


def _not_json(raw: bytes, error: orjson.JSONDecodeError, name: str, position: str) -> Problem:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return Problem(name, f"{position}, byte {wrong.start}", "line", "wrong encoding: not UTF-8.", _ENCODING)
    if error.pos >= len(raw.decode().rstrip()) - 1:
        return Problem(name, position, "line", "not JSON: the line is cut off.", "Send the whole line again.")
    if re.search(rb"[\[:,]\s*-?(?:NaN|Infinity)\b", raw):
        return Problem(name, position, "line", "not JSON: NaN or Infinity.", "Write null for what was not recorded.")
    reason = f"not JSON: {error.msg} at character {error.pos}."
    return Problem(name, position, "line", reason, "Write one JSON object a line.")


def _placed(data: Any) -> Interaction:
    """Return the interaction; refuse turns after its end, where the line says when it ended."""
    interaction = from_line(data)
    end_s = _length_s(interaction)
    if end_s is not None:
        for turn in interaction.turns:
            if turn.start_s is not None and turn.start_s > end_s + 1.0:
                raise IntakeError(f"turns[{turn.turn}].start_s ({turn.start_s}) lies after the end ({end_s}).")
    return interaction


def _length_s(interaction: Interaction) -> float | None:
    attributes = cast("dict[str, Any]", interaction.attributes)
    length = attributes.get("duration_s")
    if isinstance(length, int | float) and not isinstance(length, bool):
        if length < 0:
            raise IntakeError(f"duration_s is negative ({length}).")
        return float(length)
    ended = attributes.get("ended_at")
    if ended is None or interaction.started_at is None:
        return None
    end = instant(ended, "ended_at")
    if end is None:
        return None
    if end - interaction.started_at < timedelta(0):
        raise IntakeError("ended_at lies before started_at.")
    return (end - interaction.started_at).total_seconds()
