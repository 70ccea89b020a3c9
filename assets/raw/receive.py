"""Receiving files: which are new, reading them, and writing each record version exactly once.

Lives here: the loop over new files and its bookkeeping. Not here: formats and redaction (aftercall.intake), words
from recordings (aftercall.speech), which version is current (assets.core.current).

A file counts as received only after all its records are stored; a crash in between, or a run limited to some days, reads
it again and stores nothing twice, because a record version is known by its kind, key and content hash.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
import polars as pl

from aftercall.contracts.records import Problem
from aftercall.intake import Found, Record
from assets.lake import Lake

_AS = {"role": "pipeline", "purpose": "service_quality"}
_CHUNK_N = 20_000


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that this run could not take, for its day or for want of a model: its file stays to be read."""

    day_on: str


Reader = Callable[[Found], Iterable[Record | Problem | LeftOut]]


@dataclass(frozen=True, slots=True)
class Received:
    """What one delivery brought."""

    files_n: int
    records_n: int
    known_n: int
    problems_n: int


def unreceived(found: Sequence[Found], lake: Lake) -> list[Found]:
    """Return the files whose content was never received under their name, in order of arrival."""
    known = set(lake.read("raw_file", columns=["file_path", "file_sha256"], **_AS).iter_rows())
    return [file for file in found if (file.relative, file.sha256) not in known]


def receive(
    files: Sequence[Found], read: Reader, lake: Lake, *, quarantine: Path, now: datetime, advance: Callable[[int], None]
) -> Received:
    """Read files in order, store new record versions, put problems into quarantine, and note each file as received."""
    heads = lake.read("raw_record", columns=["record_kind", "record_key", "content_hash", "received_n"], **_AS)
    known = set(heads.select("record_kind", "record_key", "content_hash").iter_rows())
    next_n = (heads["received_n"].max() or 0) + 1 if heads.height else 0
    totals = Received(0, 0, 0, 0)
    pending = list[dict[str, object]]()
    done = list[dict[str, object]]()
    for file in files:
        record_n, known_n, problems, is_whole = 0, 0, list[Problem](), True
        for item in read(file):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            if isinstance(item, LeftOut):
                is_whole = False
                continue
            record_n += 1
            version = (item.kind, item.key, item.content_hash)
            if version in known:
                known_n += 1
                continue
            known.add(version)
            pending.append(_row(item, file, next_n, now))
            next_n += 1
            if len(pending) >= _CHUNK_N:
                _store(lake, pending)
        _quarantine(quarantine, file, problems)
        if is_whole:
            done.append(_file_row(file, record_n, len(problems), now))
        totals = Received(
            totals.files_n + 1, totals.records_n + record_n, totals.known_n + known_n, totals.problems_n + len(problems)
        )
        advance(file.size_bytes)
    _store(lake, pending)
    if done:
        lake.append("raw_file", pl.DataFrame(done))
    return totals


def _row(record: Record, file: Found, received_n: int, now: datetime) -> dict[str, object]:
    return {
        "record_kind": record.kind,
        "record_key": record.key,
        "content_hash": record.content_hash,
        "day_on": record.day_on,
        "received_at": now,
        "received_n": received_n,
        "source_system": record.source_system,
        "source_ref": record.source_ref,
        "file_sha256": file.sha256,
        "redaction_version": record.redaction_version,
        "record_json": orjson.dumps(record.data).decode(),
    }


def _file_row(file: Found, record_n: int, problem_n: int, now: datetime) -> dict[str, object]:
    return {
        "file_path": file.relative,
        "file_sha256": file.sha256,
        "file_kind": file.kind,
        "size_bytes": file.size_bytes,
        "record_n": record_n,
        "problem_n": problem_n,
        "received_at": now,
    }


def _store(lake: Lake, pending: list[dict[str, object]]) -> None:
    if pending:
        lake.append("raw_record", pl.DataFrame(pending, infer_schema_length=None))
        pending.clear()


def names_are_masked(lake: Lake) -> bool:
    """Whether name models read every interaction that is stored: not so where one was redacted by rules alone."""
    rows = lake.read("raw_record", columns=["record_kind", "redaction_version"], **_AS)
    told = rows.filter(pl.col("record_kind") == "interaction")["redaction_version"]
    return bool(told.str.contains("+", literal=True).fill_null(value=False).all())


def _quarantine(folder: Path, file: Found, problems: Sequence[Problem]) -> None:
    """Keep the problems of one received file in one file, named after its path and content: read again, written again."""
    version = f"{file.relative}\n{file.sha256}"
    path = folder / f"{hashlib.sha256(version.encode()).hexdigest()[:16]}.jsonl"
    if not problems:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(json.dumps(asdict(problem)) + "\n" for problem in problems), encoding="utf-8")
    fresh.replace(path)


def quarantined(folder: Path) -> Iterator[Problem]:
    """Yield every problem in quarantine."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Problem(**json.loads(line))
