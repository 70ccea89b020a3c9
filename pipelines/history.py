"""Dagster's run history in SQLite, written without haste while one run lasts: it is a third of a run with nothing to do.

Lives here: how often the history reaches the disk. Not here: where it is kept (main_job.py), what Dagster writes.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unhurried_history() -> Generator[None]:
    """Let hundreds of small writes go to SQLite's write-ahead log and be folded into the file once, at the end.

    Dagster opens and closes the database for every event, and the last one to close folds the log into the file: so one more
    connection stays open. Under a write-ahead log synchronous = NORMAL is safe: what a killed process wrote stays, a power cut
    may lose the last lines of the history but never tears it.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    held = dict[str, sqlite3.Connection | None]()

    def on_connect(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and held.setdefault(path, None) is None and _has_log(connection):
            held[path] = _reader(path)

    event.listen(Engine, "connect", on_connect)
    try:
        yield
    finally:
        event.remove(Engine, "connect", on_connect)
        for reader in held.values():
            if reader is not None:
                reader.close()


def _has_log(connection: sqlite3.Connection) -> bool:
    return connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def _reader(path: str) -> sqlite3.Connection:
    reader = sqlite3.connect(path, check_same_thread=False)
    reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only who has read belongs to the log
    return reader
