"""A full disk, told in one sentence: what happened, what is safe, what to do.

Lives here: telling a full disk from every other failure, whoever hits it (Delta, DuckDB, SQLite, plain files). Not here: being
safe against it: each write is one commit or one rename, and work is found by comparing state.
"""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAYINGS = ("no space left on device", "database or disk is full", "disk quota exceeded", "file too large")
# SQLite and DuckDB may say no more than this when the disk is full; believed only when it is.
_VAGUE = ("disk i/o error", "io error", "unable to open database file")
_NEXT_TO_NOTHING_BYTES = 4_000_000


def says_full(text: str, state: Path) -> bool:
    """Whether a message tells of a full disk.

    >>> says_full("OSError: No space left on device (os error 28)", Path("/"))
    True
    """
    low = text.lower()
    return any(one in low for one in _SAYINGS) or (any(one in low for one in _VAGUE) and _is_full(state))


def is_full_disk(error: BaseException, state: Path) -> bool:
    """Whether an error, or one behind it, comes from a full disk."""
    return any(
        (isinstance(one, OSError) and one.errno in _NUMBERS) or says_full(f"{type(one).__name__}: {one}", state)
        for one in _chain(error)
    )


def what_to_do(state: Path) -> str:
    """Return the sentence for people.

    >>> what_to_do(Path(".state/main"))[:32]
    'the disk that holds .state/main '
    """
    return (
        f"the disk that holds {state} is full. Free some space and run the same command again: what was finished is kept, the "
        "rest is done then, and nothing is stored twice."
    )


def _is_full(state: Path) -> bool:
    there = next(path for path in (state, *state.parents) if path.exists())
    return shutil.disk_usage(there).free < _NEXT_TO_NOTHING_BYTES


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen, one = set[int](), error
    while one is not None and id(one) not in seen:
        yield one
        seen.add(id(one))
        one = one.__cause__ or one.__context__
