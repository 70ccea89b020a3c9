"""Runs that die: children of this process are killed (SIGKILL) at every commit, inside writes, and at random moments.

Usage: python -m tests.faults.killed_runs FOLDER [STRIDE]; a stride of 1 dies at every single commit (several minutes), more
leaves some out. Not a test: test_killed_runs.py starts it and reads what it leaves.
Everything is imported once and no table is touched here, so that children are forked from a process without threads.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import deltalake
import pandas  # noqa: F401, ICN001 pyarrow imports it at first use: once, before the forks
import pyarrow.parquet  # noqa: F401

import assets.core.assets
import assets.score.assets
from aftercall.contracts.records import Turn
from aftercall.scoring.forms import load
from aftercall.text.roles import check_roles
from assets.lake import Lake
from tests.faults.deliveries import first_delivery, run_steps, second_delivery

SEED, RANDOM_N = 20260301, 2


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def prepared() -> None:
    """Load once what every child needs, and fix the epoch, whoever edits the scoring code meanwhile.

    Days and pieces of days are written apart, as in a large centre; the engine that starts fastest is enough here.
    """
    forms = load(engine_name="re2")
    assert forms.epoch
    forms.matcher.match(" compiled once, not in every child ")
    check_roles([Turn(0, "agent", "the same")])
    assets.score.assets.forms_of = lambda _station: forms
    assets.core.assets._PORTION_N = 8
    assets.score.assets._TURN_N = 45


def dying_at(commit_no: int) -> Callable[[], None]:
    """Before the given commit (counted from 0), die."""

    def prepare() -> None:
        commit, seen = Lake._commit, iter(range(10_000))

        def counted(lake: Lake, *given, **named) -> None:
            if next(seen) == commit_no:
                die()
            commit(lake, *given, **named)

        Lake._commit = counted  # type: ignore[method-assign]

    return prepare


def dying_inside(write_no: int) -> Callable[[], None]:
    """Die inside the given write: the parquet files of the commit are there, its entry in the table's log is not."""

    def prepare() -> None:
        write, seen = deltalake.write_deltalake, iter(range(10_000))

        def half(path: str, rows, **named) -> None:
            if next(seen) == write_no:
                orphan = Path(path) / "day_on=2026-03-02" if "day_on" in rows.column_names else Path(path)
                shadow = Path(path).with_name(f".shadow-{os.getpid()}")
                shutil.copytree(path, shadow)
                write(str(shadow), rows, **named)
                orphan.mkdir(exist_ok=True)
                for no, file in enumerate(sorted(shadow.rglob("*.parquet"))):
                    shutil.copyfile(file, orphan / f"part-orphan-{no}.parquet")
                shutil.rmtree(shadow)
                die()
            write(path, rows, **named)

        deltalake.write_deltalake = half

    return prepare


def dying_half_made(table_no: int) -> Callable[[], None]:
    """Die while the given table is made: columns are there, rules are not; the one before has only an empty log folder."""

    def prepare() -> None:
        from deltalake.table import TableAlterer

        rule, seen = TableAlterer.add_constraint, iter(range(10_000))

        def half(alter: TableAlterer, rules) -> None:
            if next(seen) == table_no:
                die()
            rule(alter, rules)

        TableAlterer.add_constraint = half  # type: ignore[method-assign]

    return prepare


def child(work: Callable[[], None]) -> int:
    """Fork, work there, and return the child's process id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 the child must not go on as its parent
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def ended(pid: int) -> str:
    """Wait for a child and return how it ended: done, killed or failed."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}"
    return "done" if os.WEXITSTATUS(status) == 0 else "failed"


class Runs:
    """Runs over one input, in states below one folder."""

    def __init__(self, folder: Path, inbox: Path, before: Path | None) -> None:
        self.folder, self.inbox, self.before = folder, inbox, before
        folder.mkdir(parents=True)
        self.log: dict[str, list[str]] = {}

    def state(self, name: str) -> Path:
        """Return a fresh state, or a copy of the one the deliveries come to."""
        if self.before is not None:
            shutil.copytree(self.before, self.folder / name)
        return self.folder / name

    def undisturbed(self) -> float:
        """Run once without harm; return how long it took, in seconds."""
        began = time.monotonic()
        self.log["undisturbed"] = [self.whole(self.state("undisturbed"))]
        return time.monotonic() - began

    def note(self) -> None:
        (self.folder / "log.json").write_text(json.dumps(self.log))

    def whole(self, state: Path) -> str:
        return ended(child(lambda: run_steps(state, self.inbox)))

    def killed(self, name: str, prepare: Callable[[], None]) -> str:
        """Run and die where prepared, then run undisturbed."""
        state = self.state(name)

        def work() -> None:
            prepare()
            run_steps(state, self.inbox)

        self.log[name] = [ended(child(work))]
        if self.log[name] == ["killed"]:
            self.log[name].append(self.whole(state))
        return self.log[name][0]

    def every(self, kind: str, dying: Callable[[int], Callable[[], None]], *, step: int = 1) -> None:
        """Die at the first place, the next, and so on, until a run comes through alive."""
        place = 0
        while self.killed(f"{kind}-{place}", dying(place)) == "killed":
            place += step

    def shot_from_outside(self, draw: random.Random, length_s: float) -> None:
        """Kill at random moments of the run, twice in a row before it may end."""
        for no in range(RANDOM_N):
            state, ends = self.state(f"shot-{no}"), list[str]()
            for _ in range(2):
                pid = child(partial(run_steps, state, self.inbox))
                time.sleep(draw.uniform(0.1, 1.0) * length_s)
                os.kill(pid, signal.SIGKILL)
                ends.append(ended(pid))
            self.log[f"shot-{no}"] = [*ends, self.whole(state)]

    def together(self) -> None:
        """Two runs that start at once."""
        state = self.state("together")
        pids = [child(lambda: run_steps(state, self.inbox)) for _ in range(2)]
        self.log["together"] = [ended(pid) for pid in pids]


def first(folder: Path, stride: int) -> None:
    """Everything that can befall the first delivery; its undisturbed state stands already."""
    runs = Runs(folder / "first", folder / "inbox", None)
    length_s = runs.undisturbed()
    child_of_second = child(lambda: second(folder, stride))
    runs.every("commit", dying_at, step=stride)
    runs.every("inside", dying_inside, step=3 * stride)
    runs.every("half_made", dying_half_made, step=3 * stride)
    runs.shot_from_outside(random.Random(SEED), length_s)
    runs.together()
    runs.note()
    if ended(child_of_second) != "done":
        raise SystemExit("the second delivery came to no end")


def second(folder: Path, stride: int) -> None:
    """The same for corrections that come to a state that holds the first delivery."""
    shutil.copytree(folder / "inbox", folder / "later")
    second_delivery(folder / "later")
    runs = Runs(folder / "second", folder / "later", folder / "first" / "undisturbed")
    length_s = runs.undisturbed()
    runs.every("commit", dying_at, step=stride)
    runs.every("inside", dying_inside, step=3 * stride)
    runs.shot_from_outside(random.Random(SEED + 1), length_s)
    runs.together()
    runs.note()


def main(folder: Path, stride: int) -> None:
    prepared()
    first_delivery(folder / "inbox")
    first(folder, stride)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
