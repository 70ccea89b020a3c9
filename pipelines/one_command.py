"""How Python keeps house in a process that runs one command and ends.

Lives here: the garbage collector's pace. Not here: what runs (main_job.py). The daemon, which stays, keeps Python's own pace.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager

_OBJECTS_N = 100_000


@contextmanager
def short_lived() -> Generator[None]:
    """Look for cycles seldom while the command runs.

    Nearly all that is made while starting (modules, definitions) lives to the end, and is not looked through over and over.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_N, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
