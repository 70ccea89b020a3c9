"""The manifest of recordings: which file is which interaction, who speaks on which channel.

Lives here: reading the manifest's rows. Not here: the recordings themselves (aftercall.speech).
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Problem, instant

_FILE, _CHANNELS = ("file", "uri"), ("channels", "channel_roles")
_SIDES = {"left": 0, "right": 1, "mono": 0}
_REMEDY = "Correct the row of the manifest; the recording is read without it meanwhile."


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What a manifest says of one recording. `channels` maps speaker to channel number from 0; empty is not declared."""

    file: str
    interaction_id: str
    channels: Mapping[str, int]
    channels_note: str
    agent_id: str | None = None
    customer_id: str | None = None
    started_at: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


def is_manifest(header: Sequence[str]) -> bool:
    """Whether a table's header is that of a manifest: interaction_id, the file (or uri), its channels (or channel_roles).

    >>> is_manifest(["interaction_id", "uri", "channel_roles"])
    True
    """
    there = set(header)
    return "interaction_id" in there and not there.isdisjoint(_FILE) and not there.isdisjoint(_CHANNELS)


def channel_map(text: str) -> dict[str, int]:
    """Return speaker to channel number of a declaration; {} when it declares none.

    >>> channel_map("agent=left;customer=right"), channel_map("customer,agent"), channel_map("2 channels, mu-law 8 kHz")
    ({'agent': 0, 'customer': 1}, {'customer': 0, 'agent': 1}, {})
    """
    found = dict[str, int]()
    for who, where in re.findall(r"\b(agent|customer|system)\s*[=:]\s*(left|right|mono|\d+)\b", text.lower()):
        found[who] = _SIDES[where] if where in _SIDES else int(where)
    in_order = [part.strip() for part in text.lower().split(",")]
    if not found and len(in_order) > 1 and set(in_order) <= {"agent", "customer", "system"}:
        if len(set(in_order)) != len(in_order):
            raise IntakeError("channels names one speaker twice.")
        return {who: place for place, who in enumerate(in_order)}
    if not found and (only := re.fullmatch(r"\s*(agent|customer)(?: only)?\s*", text.lower())):
        found[only[1]] = 0
    if len(set(found.values())) != len(found):
        raise IntakeError("channels gives two speakers the same channel.")
    return found


def read_manifest(path: Path, name: str) -> Iterator[ManifestRow | Problem]:
    """Yield the rows of a manifest; a bad row is a Problem. A file outside the manifest's folder is refused.

    Args: path, the manifest; name, how problems call it.
    """
    text = path.read_bytes().decode("utf-8-sig", "replace")
    for place, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 2):
        try:
            yield _row({key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None) and key})
        except IntakeError as error:
            yield Problem(name, f"line {place}", str(error).split(" ", 1)[0], str(error), _REMEDY)


def _row(row: Mapping[str, str]) -> ManifestRow:
    file, identity = _first(row, _FILE), row.get("interaction_id", "")
    channels = _first(row, _CHANNELS)
    if not file or not identity:
        raise IntakeError("file and interaction_id must both be there.")
    parts = PurePosixPath(file.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", file):
        raise IntakeError("file points outside the manifest's folder.")
    own = (*_FILE, *_CHANNELS, "interaction_id", "agent_id", "customer_id", "started_at")
    rest = {key: value for key, value in row.items() if key not in own and value}
    return ManifestRow(
        str(parts),
        identity,
        channel_map(channels),
        channels,
        row.get("agent_id") or None,
        row.get("customer_id") or None,
        instant(row.get("started_at") or None),
        rest,
    )


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
