"""Progress that nobody watches: runs of the daemon and of tests say nothing."""

from collections.abc import Generator
from contextlib import contextmanager

from aftercall.cli.terminal import Advance


@contextmanager
def quiet(_what: str, _total: int | None, _unit: str) -> Generator[Advance]:
    """Yield an advance that does nothing."""
    yield lambda _n=1, /: None


def silent(_message: str) -> None:
    """Say nothing."""
