"""How Python keeps house in a process that runs one command and ends.

Lives here: the garbage collector's pace. Not here: what runs (main_job.py). The daemon, which stays, keeps Python's own pace.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager

_OBJECTS_N = 100_000


@contextmanager
def short_lived() -> Generator[None]:
    """Look for cycles seldom: nearly all that is made while starting lives to the end, and need not be gone through often.

    Not gc.freeze(): at the end DuckDB would say that its functions were leaked.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_N, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
