"""`aftercall check FILE...`: what each file is, what would be read, what refused and why. Writes nothing.

Lives here: arguments, telling people and machines. Not here: recognition and reading (aftercall.intake).
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aftercall.cli.terminal import asker, progress, tell, write_line
from aftercall.contracts.errors import IntakeError, RequestError
from aftercall.contracts.records import Problem
from aftercall.intake import Found, IntakeContext, discover, read, read_manifest
from aftercall.intake.draft import Draft, draft_map
from aftercall.text.pii_finder import own_finder

_EXAMPLE = "aftercall check .state/demo/input"
_DOES = (
    "Says what each file is, how many records would be read, and what would be refused, where and why. A table that no\n"
    "column map fits gets a drafted map. Folders are looked through. Exit code 1: something would be refused."
)
_SHOWN_N = 5
_KEPT_N = 100
# Customer ids are hashed while reading and nothing is kept, so any key will do.
_NO_KEY = b"aftercall check writes nothing"


@dataclass(slots=True)
class _Seen:
    """What a file would give."""

    found: Found
    records: Counter[str] = field(default_factory=Counter[str])
    dropped: Counter[str] = field(default_factory=Counter[str])
    refused_n: int = 0
    refused: list[Problem] = field(default_factory=list[Problem])
    draft: Draft | None = None


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 everything would be read, 1 something would be refused, 2 the request was wrong."""
    ask = asker("check", _EXAMPLE, _DOES)
    ask.add_argument("files", nargs="+", metavar="FILE", help="files or folders")
    ask.add_argument("--json", action="store_true", help="one JSON line for each file, on standard output")
    asked = ask.parse_args(list(argv))
    found = list(_found(asked.files))
    refused = 0
    with progress("Checking", sum(one.size_bytes for one in found), "bytes") as advance:
        for one in found:
            seen = _looked(one)
            refused += seen.refused_n
            if asked.json:
                write_line(_line(seen))
            else:
                print("\n".join(_told(seen)))
            advance(one.size_bytes)
    if not found:
        tell("No files there: hidden files and symbolic links are left out.")
    has_talk = any(one.kind in ("transcripts", "recording") for one in found)
    if not asked.json and has_talk and (warning := own_finder().warning):
        tell(warning)
    if refused:
        tell(f"{refused:,} would be refused; everything else would be read.")
    return 1 if refused else 0


def _found(names: Sequence[str]) -> Iterator[Found]:
    for name in names:
        path = Path(name)
        if path.is_symlink():
            raise RequestError(f"{name} is a symbolic link; give the file itself.")
        yield from sorted(discover(path), key=lambda one: one.relative)


def _looked(found: Found) -> _Seen:
    seen = _Seen(found)
    items = read_manifest(found.path, found.relative) if found.kind == "manifest" else read(found, IntakeContext(_NO_KEY))
    for item in items:
        if isinstance(item, Problem):
            _refuse(seen, item)
        else:
            seen.records[getattr(item, "kind", "recording")] += 1
            seen.dropped.update(getattr(item, "dropped", ()))
    if found.kind == "recording" and (problem := _recording_problem(found)) is not None:
        _refuse(seen, problem)
    if found.kind == "unknown" and found.header:
        try:
            seen.draft = draft_map(found.path, found.path.stem.lower())
        except (UnicodeDecodeError, csv.Error, StopIteration):
            seen.draft = None
    return seen


def _refuse(seen: _Seen, problem: Problem) -> None:
    seen.refused_n += 1
    if len(seen.refused) < _KEPT_N:
        seen.refused.append(problem)


def _recording_problem(found: Found) -> Problem | None:
    """Return why a recording cannot be read, None when it can."""
    from aftercall.speech.audio import read_recording

    try:
        read_recording(found.path)
    except IntakeError as error:
        return Problem(found.relative, "file", "file", str(error), "Export the recording again.")
    return None


def _line(seen: _Seen) -> dict[str, Any]:
    return {
        "file": seen.found.relative,
        "kind": seen.found.kind,
        "why": seen.found.why,
        "size_bytes": seen.found.size_bytes,
        "sha256": seen.found.sha256,
        "map": seen.found.column_map.name if seen.found.column_map else None,
        "records": dict(seen.records),
        "dropped": dict(seen.dropped),
        "refused_n": seen.refused_n,
        "refused": [asdict(problem) for problem in seen.refused],
        "draft": asdict(seen.draft) if seen.draft else None,
    }


def _told(seen: _Seen) -> Iterator[str]:
    read_n = ", ".join(f"{n:,} {kind} records" for kind, n in seen.records.items())
    yield f"{seen.found.relative}: {seen.found.kind}; {seen.found.why}" + (f" Would read {read_n}." if read_n else "")
    if seen.dropped:
        yield f"  dropped at the door: {', '.join(f'{name} ({n:,})' for name, n in sorted(seen.dropped.items()))}"
    for problem in seen.refused[:_SHOWN_N]:
        yield f"  refused: {problem.position}, {problem.field}: {problem.reason} {problem.remedy}"
    if seen.refused_n > _SHOWN_N:
        yield f"  and {seen.refused_n - _SHOWN_N:,} more; --json lists up to {_KEPT_N}."
    if seen.draft is not None:
        yield from _drafted(seen.draft)


def _drafted(draft: Draft) -> Iterator[str]:
    yield f"  it looks most like {draft.table} records. Drafted column map, to be corrected and kept beside the file:"
    yield from (f"    {line}" for line in draft.toml.splitlines())
    if draft.missing:
        yield f"  found nowhere, needed: {', '.join(draft.missing)}"
    if draft.unmapped:
        yield f"  columns left over, those that matter most first: {', '.join(draft.unmapped)}"
