"""From a recognised file to records and problems, streamed.

Lives here: which reader a file gets, repeated keys inside one file. Not here: recognition (recognise.py), the readers.
"""

from collections.abc import Iterator

from aftercall.contracts.errors import IntakeError
from aftercall.contracts.records import Problem
from aftercall.intake.csv_table import read_rows
from aftercall.intake.jsonl import read_lines
from aftercall.intake.recognise import Found
from aftercall.intake.record import IntakeContext, Record, record_of

SOURCE_LINES = "canonical_jsonl"


def read(found: Found, context: IntakeContext) -> Iterator[Record | Problem]:
    """Yield what a file holds: records, and a problem for everything that is none. Never stops at one bad record.

    Recordings, manifests, maps and ignored files hold no records by themselves; an unknown file is one problem, and so is
    a file that cannot be opened any more.
    """
    try:
        yield from _items(found, context)
    except OSError as error:
        yield Problem(found.relative, "file", "file", f"cannot be read: {error.strerror}.", "Deliver the file again.")


def _items(found: Found, context: IntakeContext) -> Iterator[Record | Problem]:
    if found.kind == "transcripts":
        yield from _once(_interactions(found, context), found.relative)
    elif found.kind == "table" and found.column_map is not None:
        yield from _once(read_rows(found.path, found.relative, found.column_map, context), found.relative)
    elif found.kind == "unknown":
        yield Problem(found.relative, "file", "file", found.why, _remedy(found))


def _remedy(found: Found) -> str:
    if found.header:
        return "Put a column map (TOML) beside it; aftercall check drafts one."
    if "empty" in found.why or "blanks" in found.why:
        return "Deliver the file again."
    if "compressed" in found.why:
        return "Unpack it and deliver the content."
    if "column map" in found.why:
        return "Correct the map."
    return "Deliver canonical JSON lines, a table with a column map, or WAV or FLAC recordings; remove what is none."


def _interactions(found: Found, context: IntakeContext) -> Iterator[Record | Problem]:
    for number, item in read_lines(found.path, found.relative):
        if isinstance(item, Problem):
            yield item
            continue
        try:
            yield record_of(item, SOURCE_LINES, f"{found.relative}:{number}", context)
        except IntakeError as error:
            field = str(error).split(" ", 1)[0]
            yield Problem(found.relative, f"line {number}", field, str(error), "Correct the record and deliver it again.")
        except RecursionError:
            reason = "nested deeper than 32 levels."
            yield Problem(found.relative, f"line {number}", "attributes", reason, "Flatten the record and deliver it again.")


def _once(items: Iterator[Record | Problem], name: str) -> Iterator[Record | Problem]:
    """Pass a key on once: the same content again is skipped, other content under the same key is refused."""
    seen = dict[str, str]()
    for item in items:
        if isinstance(item, Problem):
            yield item
            continue
        known = seen.get(item.key)
        if known is None:
            seen[item.key] = item.content_hash
            yield item
        elif known != item.content_hash:
            position = f"line {item.source_ref.rsplit(':', 1)[-1]}"
            reason = f"{item.key!r} stands in this file before, with other content."
            yield Problem(name, position, "key", reason, "Keep one of them; the first was read.")
