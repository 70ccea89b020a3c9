"""What lies in the input folder, and how each file is read: tables and transcripts by intake, recordings by speech.

Lives here: bringing intake and speech together, for they do not know each other; the notice gate of the run. Not here:
either of them, nor the storing (receive.py).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from aftercall.contracts.errors import IntakeError, ModelError, ModelMissing
from aftercall.contracts.records import Interaction, Problem
from aftercall.intake import (
    Found,
    IntakeContext,
    ManifestRow,
    NoticeGate,
    Record,
    day_of,
    discover,
    gate_of,
    read,
    read_manifest,
    record_of,
)
from aftercall.intake.record import UNDATED
from aftercall.speech import open_recogniser, open_vad, transcribe
from aftercall.text.pii_finder import Finder, finder_at
from aftercall.text.weights import Places
from assets.lake import Lake
from assets.raw.receive import LeftOut
from assets.station import Station

_AS = {"role": "pipeline", "purpose": "service_quality"}
_REMEDY = "Deliver the recording again, or correct its row in the manifest."


@dataclass(frozen=True, slots=True)
class Days:
    """The days a run is limited to, both ends included; None is open. Undated records stay in."""

    since: str | None
    until: str | None

    def hold(self, day_on: str) -> bool:
        """Whether a day lies inside."""
        if day_on == UNDATED:
            return True
        return (self.since is None or day_on >= self.since) and (self.until is None or day_on <= self.until)


@dataclass
class Ear:
    """The recogniser and the voice-activity model, opened when the first recording comes."""

    places: Places

    @cached_property
    def recogniser(self):  # noqa: ANN201 - the Protocol is aftercall.speech's own affair
        """The default recogniser with its weights."""
        return open_recogniser(places=self.places)

    @cached_property
    def vad(self):  # noqa: ANN201
        """The voice-activity model."""
        return open_vad(self.places)

    def hear(self, path: Path, row: ManifestRow | None) -> Interaction:
        """Return the transcript of one recording; what the manifest says of it is kept."""
        channels = row.channels_note if row and row.channels else None
        return _told(transcribe(path, channels=channels, recogniser=self.recogniser, vad=self.vad), row)


def _told(heard: Interaction, row: ManifestRow | None) -> Interaction:
    """Return a recording's interaction with what the manifest says of it."""
    if row is None:
        return heard
    return replace(
        heard,
        interaction_id=row.interaction_id,
        agent_id=row.agent_id,
        customer_id=row.customer_id,
        started_at=row.started_at,
        attributes={**row.attributes, **heard.attributes},
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """The files of one input folder, ready to be read."""

    found: Sequence[Found]
    manifest: dict[Path, ManifestRow]
    context: IntakeContext
    ear: Ear
    days: Days

    def read(self, found: Found) -> Iterator[Record | Problem | LeftOut]:
        """Yield what a file holds, a recording's words included."""
        for item in self._items(found):
            limited = isinstance(item, Record) and item.kind in ("interaction", "leg") and not self.days.hold(item.day_on)
            yield LeftOut(item.day_on) if limited else item

    def _items(self, found: Found) -> Iterable[Record | Problem | LeftOut]:
        if found.kind == "recording":
            return self._recording(found)
        if found.kind == "manifest":
            return (row for row in read_manifest(found.path, found.relative) if isinstance(row, Problem))
        return read(found, self.context)

    def _recording(self, found: Found) -> Iterable[Record | Problem | LeftOut]:
        row = self.manifest.get(found.path.resolve())
        day_on = day_of(row.started_at, self.context.zone) if row else UNDATED
        if not self.days.hold(day_on):  # known before it is heard: listening is the dear part
            yield LeftOut(day_on)
            return
        try:
            heard = self.ear.hear(found.path, row)
        except IntakeError as error:
            yield Problem(found.relative, "recording", "audio", str(error), _REMEDY)
            return
        except ModelError as error:
            # The interaction keeps its row, without a score and with the reason; the file is heard when the model works.
            state = "model_missing" if isinstance(error, ModelMissing) else "failed"
            heard = _told(Interaction(found.path.stem, "voice", transcript_state=state), row)
            yield LeftOut(day_on)
        yield record_of(heard, "recording", f"{found.relative}:1", self.context)


def opened(station: Station, lake: Lake) -> Desk:
    """Return the desk of a run: files recognised, manifests read, the gate set by the notices at hand."""
    found = discover(station.input) if station.input is not None and station.input.is_dir() else []
    open_context = IntakeContext(station.hash_key, NoticeGate("public"), station.site_zone)
    gate = NoticeGate(station.basis, station.basis_name) if station.basis != "notices" else _gate(found, open_context, lake)
    return Desk(
        found,
        manifest_of(found),
        IntakeContext(station.hash_key, gate, station.site_zone, _finder(station)),
        Ear(station.speech_places),
        Days(station.since, station.until),
    )


def _finder(station: Station) -> Finder:
    """Return what finds names and addresses; it is said once when that is rules alone."""
    finder = finder_at(station.speech_places)
    if finder.warning:
        station.say(f"{finder.missing} {finder.warning}")
    return finder


def manifest_of(found: Sequence[Found]) -> dict[Path, ManifestRow]:
    """Return the manifest rows by the recording they are about."""
    rows = dict[Path, ManifestRow]()
    for file in found:
        if file.kind == "manifest":
            for row in read_manifest(file.path, file.relative):
                if isinstance(row, ManifestRow):
                    rows[(file.path.parent / row.file).resolve()] = row
    return rows


def brings_notices(files: Sequence[Found]) -> bool:
    """Whether notices lie among the files: then interactions refused before may be cleared now."""
    return any(_is_notices(file) for file in files)


def _is_notices(file: Found) -> bool:
    return file.kind == "table" and file.column_map is not None and file.column_map.table == "notice"


def _gate(found: Sequence[Found], context: IntakeContext, lake: Lake) -> NoticeGate:
    """The notices received so far and those that lie in the folder now: notices come before what they clear."""
    delivered = [item.data for file in found if _is_notices(file) for item in read(file, context) if isinstance(item, Record)]
    return gate_of([*known_notices(lake), *delivered])


def known_notices(lake: Lake) -> list[dict[str, Any]]:
    """Return every notice ever received: from raw_record, for a run may be killed before the core knows of it."""
    kind = ("record_kind", pl.Series(["notice"]))
    rows = lake.read("raw_record", columns=["record_json"], days=[UNDATED], among=kind, **_AS)
    return [json.loads(text) for text in rows["record_json"]]
