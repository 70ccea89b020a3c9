"""What the text model made of a sentence, kept between runs under a hash.

Lives here: ReadingCache, one SQLite file of hashes and numbers with a cap on its size. Not here: reading (signals.py).

The key is SHA-256 of the model's version and the sentence in its text form: no text is stored. A hash can still confirm a
guessed sentence, so the file is in the scope of retention and erasure: both delete it whole, and the next run refills it.
Several processes may use one file. It is never needed: a file that is broken is replaced, one that is locked or unwritable is
left alone, and both are said.
"""

import contextlib
import hashlib
import logging
import sqlite3
import threading
import zlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DEFAULT_CAP_BYTES = 256 << 20
_ASK_N = 500
_FREE_SHARE = 0.1
_BUSY_S = 10.0
_ROW_OVERHEAD_BYTES = 80
_TABLE = "create table if not exists reading (key blob primary key, row blob not null, used integer not null) without rowid"
_LOG = logging.getLogger(__name__)


def reading_key(version: str, form: str) -> bytes:
    """Return the key of a sentence (text form) read by a model version: 32 bytes."""
    return hashlib.sha256(f"{version}\n{form}".encode()).digest()


class ReadingCache:
    """Rows of float32 by key, the least recently used ones leaving when the file grows over its cap."""

    def __init__(self, path: Path, row_n: int, cap_bytes: int = DEFAULT_CAP_BYTES) -> None:
        self.path, self._row_n, self._cap_bytes = path, row_n, cap_bytes
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._tick = 0
        with self._surviving():
            self._open()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """Return the rows that are known, float32 of shape (row_n,); a damaged row counts as unknown."""
        found: dict[bytes, np.ndarray] = {}
        with self._lock, self._surviving():
            for start in range(0, len(keys) if self._db else 0, _ASK_N):
                part = keys[start : start + _ASK_N]
                marks = ",".join("?" * len(part))
                for key, row in self._sql(f"select key, row from reading where key in ({marks})", part):  # noqa: S608
                    values = self._unpacked(row)
                    if values is not None:
                        found[key] = values
            if found:
                self._touch(list(found))
        return found

    def put(self, rows: Mapping[bytes, np.ndarray]) -> None:
        """Keep rows, in one transaction, then make room if the file is over its cap."""
        with self._lock, self._surviving():
            if self._db is None or not rows:
                return
            packed = [(key, self._packed(row), self._tick) for key, row in rows.items()]
            with self._db:
                self._db.executemany("insert or replace into reading values (?, ?, ?)", packed)
                self._db.execute(f"pragma user_version = {self._tick}")
            self._make_room()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path, timeout=_BUSY_S, check_same_thread=False)
        # One file and no log beside it: what must be erasable is one name. Writes are few and large, so others wait little.
        self._db.execute("pragma journal_mode=delete")
        self._db.execute("pragma synchronous=normal")
        with self._db:
            self._db.execute(_TABLE)
        # One more than any opening that wrote: who came last stays longest.
        self._tick = 1 + self._sql("pragma user_version")[0][0]

    def _close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    @contextlib.contextmanager
    def _surviving(self) -> Generator[None]:
        """Go on without the cache, or with a fresh one, whatever is wrong with the file."""
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            self._close()
            _LOG.warning("The cache of the text model %s is left alone (%s); values are the same without.", self.path, error)
        except sqlite3.DatabaseError as error:
            _LOG.warning("The cache of the text model %s was broken (%s) and is started anew.", self.path, error)
            self._replace()

    def _replace(self) -> None:
        self._close()
        try:
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._open()
        except (sqlite3.Error, OSError) as error:
            self._close()
            _LOG.warning("The cache of the text model %s cannot be replaced (%s); going on without it.", self.path, error)

    def _touch(self, keys: Sequence[bytes]) -> None:
        """Mark rows as used in this opening, once the file is half full: before, nothing will have to leave soon."""
        assert self._db is not None
        if self._size_bytes() < self._cap_bytes / 2:
            return
        for start in range(0, len(keys), _ASK_N):
            part = keys[start : start + _ASK_N]
            marks = ",".join("?" * len(part))
            stale = self._sql(f"select 1 from reading where used < ? and key in ({marks}) limit 1", [self._tick, *part])  # noqa: S608
            if stale:
                with self._db:
                    self._db.execute(f"update reading set used = ? where key in ({marks})", [self._tick, *part])  # noqa: S608
                    self._db.execute(f"pragma user_version = {self._tick}")

    def _size_bytes(self) -> int:
        pages, free, page_bytes = (self._sql(f"pragma {name}")[0][0] for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * page_bytes

    def _make_room(self) -> None:
        assert self._db is not None
        over = self._size_bytes() - self._cap_bytes
        if over <= 0:
            return
        row_bytes = 4 * self._row_n + 32 + _ROW_OVERHEAD_BYTES
        leave_n = int((over + _FREE_SHARE * self._cap_bytes) / row_bytes) + 1
        with self._db:
            self._db.execute(
                "delete from reading where key in (select key from reading order by used, key limit ?)", (leave_n,)
            )

    def _sql(self, statement: str, given: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        assert self._db is not None
        return self._db.execute(statement, given).fetchall()

    def _packed(self, row: np.ndarray) -> bytes:
        data = row.astype("<f4").tobytes()
        return data + zlib.crc32(data).to_bytes(4, "little")

    def _unpacked(self, row: object) -> np.ndarray | None:
        if not isinstance(row, bytes) or len(row) != 4 * self._row_n + 4:
            return None
        data, check = row[:-4], row[-4:]
        return np.frombuffer(data, "<f4") if zlib.crc32(data).to_bytes(4, "little") == check else None
