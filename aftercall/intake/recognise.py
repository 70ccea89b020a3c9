"""What lies in a folder: every file recognised by its content, never by its name.

Lives here: Found, the first look at a file's bytes. Not here: reading records out of it (reading.py), maps (column_map.py).
"""

import csv
import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson

from aftercall.contracts.errors import IntakeError, RequestError
from aftercall.intake.canonical import canonical_map
from aftercall.intake.column_map import ColumnMap, fitting, parse_map, shipped_maps
from aftercall.intake.manifest import is_manifest

_HEAD_N = 65_536
_DELIMITERS = ",;|\t"
_PROSE = re.compile(r"^(readme|notice|licen[cs]e|copying|changelog|authors|contributing)", re.IGNORECASE)
_PROSE_SUFFIXES = frozenset((".md", ".txt", ".rst", ".html", ".htm", ".pdf"))
_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip (or a spreadsheet)"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)
_FOREIGN_AUDIO = ((b"OggS", "Ogg"), (b"ID3", "MP3"), (b"\xff\xfb", "MP3"), (b"\xff\xf3", "MP3"), (b"#!AMR", "AMR"))


@dataclass(frozen=True, slots=True)
class Found:
    """One file and what it was recognised as.

    `kind` is transcripts, table, recording, map, manifest, unknown (a Problem says why) or ignored (known, not read).
    `why` says in one sentence how it was recognised, or what keeps it from being read.
    """

    path: Path
    relative: str
    kind: str
    sha256: str
    size_bytes: int
    mtime_ns: int
    why: str
    column_map: ColumnMap | None = None
    header: tuple[str, ...] = ()


def in_order_of_arrival(found: Sequence[Found]) -> list[Found]:
    """Return the files by modification time, then name: what was written later supersedes what it corrects."""
    return sorted(found, key=lambda file: (file.mtime_ns, file.relative))


def discover(root: Path) -> list[Found]:
    """Return every file below a folder (or the one file), recognised, in order of arrival.

    Symbolic links and hidden files are left out. Column maps in the same folder are used before the shipped ones.
    Raises: RequestError, the folder does not exist.
    """
    if not root.exists():
        raise RequestError(f"{root} not found. Give a folder with transcripts, tables or recordings, or one file.")
    base = root if root.is_dir() else root.parent
    paths = list(_files(root)) if root.is_dir() else [root]
    looks = [_looked(path, base) for path in paths]
    beside = (
        []
        if root.is_dir()
        else [_looked(path, base) for path in sorted(base.glob("*.toml")) if path != root and _is_plain(path)]
    )
    maps = [look.column_map for look in (*looks, *beside) if look.kind == "map" and look.column_map is not None]
    every = (*maps, *shipped_maps())
    return in_order_of_arrival([_mapped(look, every) for look in looks])


def _files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root, followlinks=False):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder) / name
            if not name.startswith(".") and _is_plain(path):
                yield path


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _looked(path: Path, base: Path) -> Found:
    facts = path.stat()
    relative = path.relative_to(base).as_posix()
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_N)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Found(path, relative, "unknown", "", facts.st_size, facts.st_mtime_ns, f"cannot be opened: {error.strerror}.")
    kind, why, column_map, header = _recognised(path, head, facts.st_size)
    return Found(path, relative, kind, digest, facts.st_size, facts.st_mtime_ns, why, column_map, header)


_Look = tuple[str, str, ColumnMap | None, tuple[str, ...]]


def _as(kind: str, why: str) -> _Look:
    return kind, why, None, ()


def _recognised(path: Path, head: bytes, size_bytes: int) -> _Look:
    if not head.strip():
        return _as("unknown", "empty file." if size_bytes == 0 else "nothing but blanks.")
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return _as("recording", "WAV recording.")
    if head[:4] == b"fLaC":
        return _as("recording", "FLAC recording.")
    for magic, name in _PACKED:
        if head.startswith(magic):
            return _as("unknown", f"compressed ({name}): packed files are not opened.")
    for magic, name in _FOREIGN_AUDIO:
        if head.startswith(magic):
            return _as("unknown", f"{name} audio is not read: convert it to WAV or FLAC.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _as("unknown", "UTF-16 text: only UTF-8 is read.")
    if b"\x00" in head:
        return _as("unknown", "binary data of no known format.")
    text, strict = _decoded(head, whole=size_bytes <= len(head))
    first = text.lstrip("\ufeff \t\r\n")[:1]
    if re.search(r"^\s*\[(source|columns)\]", text, re.MULTILINE) and "=" in text:
        return _toml(path)
    if first in ("{", "[") and (look := _json(text)) is not None:
        return look
    if re.match(r"SPEAKER \S+ \d", text):
        return _as("ignored", "reference speaker turns (RTTM): a truth to measure against, never an input.")
    return _table(path, text, strict=strict)


def _decoded(head: bytes, *, whole: bool) -> tuple[str, bool]:
    try:
        return head.decode("utf-8-sig"), True
    except UnicodeDecodeError as error:
        cut = not whole and error.start >= len(head) - 3
        return head.decode("utf-8-sig", "replace"), cut


def _json(text: str) -> _Look | None:
    bare, keys = text.lstrip("\ufeff \t\r\n"), list[str]()
    lines = bare.splitlines()[:50]
    if bare.startswith("[") and not _is_json(lines[0]):
        return _as("unknown", f"a JSON array, not one interaction a line{_naming(bare)}.")
    for line in lines:
        if not _is_json(line):
            if '"turns"' in line and '"interaction_id"' in line:
                return _as("transcripts", "canonical interactions, one JSON object a line.")
            continue
        data = orjson.loads(line)
        if isinstance(data, dict):
            own = cast("dict[str, Any]", data)
            if "turns" in own or ("interaction_id" in own and "channel" in own):
                return _as("transcripts", "canonical interactions, one JSON object a line.")
            keys = keys or list(own)
    if keys:
        return _as("unknown", f"JSON lines, but not interactions: no interaction_id and turns; it has {', '.join(keys[:8])}.")
    if bare.startswith("["):
        return _as("unknown", f"a JSON array, not one interaction a line{_naming(bare)}.")
    if re.match(r'\{\s*"', bare):
        return _as("unknown", f"one JSON document over several lines, or a line cut off{_naming(bare)}.")
    return None


def _is_json(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _naming(text: str) -> str:
    named = list(dict.fromkeys(re.findall(r'"([\w ]{1,40})"\s*:', text)))[:8]
    return f"; its objects have {', '.join(named)}" if named else ""


def _toml(path: Path) -> _Look:
    try:
        column_map = parse_map(path.read_text(encoding="utf-8-sig"), path.name)
    except (IntakeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return _as("unknown", f"a column map with an error: {error}")
    return "map", f"column map {column_map.name!r} for {column_map.table}.", column_map, ()


def _table(path: Path, text: str, *, strict: bool) -> _Look:
    rows, delimiter = _rows(text)
    is_prose = bool(_PROSE.match(path.name)) or path.suffix.lower() in _PROSE_SUFFIXES
    header = tuple(name.strip() for name in rows[0]) if rows else ()
    # A notices.csv of one agent is short and named like a text: what it says of itself decides.
    if rows and (not is_prose or canonical_map(header, delimiter) or (_even(rows) and len(rows) > 2 and len(header) > 2)):
        if is_manifest(header):
            return "manifest", "manifest of recordings.", None, header
        if any(not name for name in header) or len(set(header)) != len(header):
            return (
                "unknown",
                "a table whose first row is no header: names are empty or repeat. A column map is needed.",
                None,
                header,
            )
        return "table", delimiter, None, header
    if is_prose:
        return _as("ignored", "a text for people, not data.")
    if not strict:
        return _as("unknown", "neither UTF-8 text nor a known format.")
    return _as("unknown", "text of no known form: neither JSON lines nor a table.")


def _rows(text: str) -> tuple[list[list[str]], str]:
    """Return the first rows and the delimiter, empty when it is no table."""
    lines = text.splitlines()
    sample = lines[: 40 if len(lines) > 1 else 1]
    if len(sample) > 2:
        sample = sample[:-1]
    best: tuple[list[list[str]], str] = ([], "")
    for delimiter in _DELIMITERS:
        if not sample or delimiter not in sample[0]:
            continue
        try:
            rows = [row for row in csv.reader(sample, delimiter=delimiter, strict=False) if row]
        except csv.Error:
            continue
        if len(rows[0]) > 1 and (not best[0] or len(rows[0]) > len(best[0][0])):
            best = (rows, delimiter)
    return best


def _even(rows: list[list[str]]) -> bool:
    return sum(len(row) == len(rows[0]) for row in rows) >= 0.8 * len(rows)


def _mapped(look: Found, maps: Sequence[ColumnMap]) -> Found:
    """Return a table with the map that fits it; without one it is unknown, and `check` drafts a map."""
    if look.kind != "table":
        return look
    delimiter, header = look.why, look.header
    chosen = fitting(header, maps) or canonical_map(header, delimiter)
    if chosen is None:
        why = f"a table of {len(header)} columns that no column map fits: aftercall check drafts one."
        return _with(look, "unknown", why, None)
    extra = [name for name in header if name not in chosen.sources and name not in chosen.drop]
    ignored = f" Not read: {', '.join(extra)}." if extra else ""
    return _with(look, "table", f"{chosen.table} records through {chosen.name!r}.{ignored}", chosen)


def _with(look: Found, kind: str, why: str, column_map: ColumnMap | None) -> Found:
    return Found(look.path, look.relative, kind, look.sha256, look.size_bytes, look.mtime_ns, why, column_map, look.header)
