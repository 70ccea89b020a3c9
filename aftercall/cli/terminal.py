"""How verbs talk: records as JSON lines on stdout, people read stderr.

Lives here: the argument parser's form, reading and writing lines, progress. Not here: what verbs do.
"""

import argparse
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import orjson

from aftercall.contracts.errors import IntakeError, RequestError


class Ask(argparse.ArgumentParser):
    """A parser whose help opens with an example and whose refusals are RequestErrors (exit 2)."""

    def error(self, message: str) -> Any:
        raise RequestError(f"{message}. Try: {self.prog} --help")


def asker(verb: str, example: str, does: str) -> Ask:
    """Return the parser of a verb; its help starts with an example that works on the demo."""
    return Ask(
        prog=f"aftercall {verb}",
        description=f"example:\n  {example}\n\n{does}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def lines_of(sources: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
    """Yield (file, line number, parsed JSON or an IntakeError) of every line of the files; '-' is stdin."""
    for source in sources:
        if source == "-":
            yield from _parsed("stdin", sys.stdin.buffer)
            continue
        path = Path(source)
        if not path.is_file():
            raise RequestError(f"{source} not found. Give a JSON lines file, or - for standard input.")
        with path.open("rb") as file:
            yield from _parsed(path.name, file)


def _parsed(name: str, stream: Any) -> Iterator[tuple[str, int, Any]]:
    for number, raw in enumerate(stream, 1):
        if not raw.strip():
            continue
        try:
            yield name, number, orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            yield name, number, IntakeError(f"not JSON: {error.msg} at character {error.pos}.")


def write_line(record: Any) -> None:
    """Write one record as a JSON line on stdout; floats that are not numbers are refused, never written."""
    sys.stdout.buffer.write(orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    sys.stdout.buffer.flush()


def tell(message: str) -> None:
    """Tell people something, on stderr."""
    print(message, file=sys.stderr, flush=True)


def shown(path: Path) -> str:
    """Return a path as a person here would type it: relative where it lies below the working folder.

    >>> shown(Path.cwd() / ".state" / "demo")
    '.state/demo'
    """
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


class Advance(Protocol):
    """Called with the number of things just done."""

    def __call__(self, n: int = 1, /) -> None: ...


@contextmanager
def progress(what: str, total: int | None, unit: str) -> Generator[Advance]:
    """Show what is done, how many of how many, rate and time left: a bar on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        with _bar(what, total, unit) as advance:
            yield advance
    else:
        with _plain(what, total, unit) as advance:
            yield advance


@contextmanager
def _bar(what: str, total: int | None, unit: str) -> Generator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n=1, /: bar.advance(task, n)


@contextmanager
def _plain(what: str, total: int | None, unit: str) -> Generator[Advance]:
    began = said = time.monotonic()
    done = 0

    def advance(n: int = 1, /) -> None:
        nonlocal done, said
        done += n
        now = time.monotonic()
        if now - said >= 5:
            said = now
            of = f" of {total:,}" if total else ""
            left = f", about {(total - done) * (now - began) / done:.0f} s left" if total and done else ""
            tell(f"{what}: {done:,}{of} {unit}, {done / (now - began):,.0f} a second{left}")

    yield advance
