"""Fifty small centres, transcript to study: every row stored as soon as it is known, a killed run goes on where it stopped.

Rows of an older epoch of scores are made anew.

Lives here: which centres, the stored files. Run: python -m tests.simulations.centres.run [--centres N --whole N --out DIR].
Not here: one centre (scored.py, studies.py), what the rows say (report.py).
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from assets.score.forms_in_force import load_forms
from tests.simulations.centres import planted
from tests.simulations.centres.scored import AGENTS, PER_AGENT_WEEK, SCORECARD, TEAMS, WEEKS, WORDINGS, Scored, scored_centre
from tests.simulations.centres.studies import COLUMNS, LABEL_N, rows_of

STORED = Path(__file__).parent / "stored"
FIRST_SEED, CENTRES, WHOLE = 3001, 25, 5
ERROR_COLUMNS = (
    *("wording", "seed", "question", "is_treated", "done_n", "found_n", "not_done_n", "wrong_n", "waiting_n"),
    "epoch",
)


def studied(work: Path, seed: int, wording: str, *, is_whole: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of one centre: its studies, and how the scorer erred."""
    centre = scored_centre(work, seed, wording, is_whole=is_whole)
    same = {"wording": wording, "seed": seed, "epoch": centre.epoch}
    rows = [same | {"is_whole": is_whole} | row for row in rows_of(centre, seed=seed)]
    return rows, [same | row for row in _errors(centre)]


def _errors(centre: Scored) -> list[dict[str, Any]]:
    true = planted.interactions(centre.truth)
    parts = [planted.errors(true, centre.answers, one).with_columns(question=pl.lit(one)) for one in planted.QUESTIONS]
    return pl.concat(parts).sort("question", "is_treated").to_dicts()


def read_rows(path: Path) -> pl.DataFrame:
    """Return stored rows; whole numbers of seeds, text and flags as they were."""
    return pl.read_csv(path, infer_schema_length=None, schema_overrides={"reasons": pl.String, "epoch": pl.String})


def _append(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    is_new = not path.is_file()
    with path.open("a", encoding="utf-8") as file:
        if is_new:
            file.write(",".join(columns) + "\n")
        file.writelines(",".join(_text(row.get(name)) for name in columns) + "\n" for row in rows)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def main(argv: Sequence[str]) -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--centres", type=int, default=CENTRES, help="centres per wording")
    ask.add_argument("--whole", type=int, default=WHOLE, help="of these, through the whole main job")
    ask.add_argument("--wordings", nargs="+", choices=list(WORDINGS), default=["same", "own words"])
    ask.add_argument("--out", type=Path, default=STORED)
    ask.add_argument("--work", type=Path, help="where centres are made; kept, so that sentences are read once")
    asked = ask.parse_args(argv)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = asked.work or Path(name)
        work.mkdir(parents=True, exist_ok=True)
        _run(work, asked)
    return 0


def _run(work: Path, asked: argparse.Namespace) -> None:
    rows_path, errors_path, facts_path = (asked.out / name for name in ("centres.csv", "errors.csv", "run.json"))
    if rows_path.is_file() and set(read_rows(rows_path)["epoch"]) != {load_forms(SCORECARD, work).epoch}:
        for stale in (rows_path, errors_path, facts_path):
            stale.unlink()
    done = set(read_rows(rows_path).select("wording", "seed").unique().iter_rows()) if rows_path.is_file() else set()
    whole = {(FIRST_SEED + k, asked.wordings[0]) for k in range(asked.whole)}
    todo = [(FIRST_SEED + k, one) for k in range(asked.centres) for one in asked.wordings]
    # Whole main jobs take longest and come last, but for the first.
    todo = sorted(todo, key=lambda one: one in whole and one[0] > FIRST_SEED)
    for place, (seed, wording) in enumerate(todo):
        if (wording, seed) in done:
            continue
        began = time.perf_counter()
        rows, errors = studied(work, seed, wording, is_whole=(seed, wording) in whole)
        # Errors first: a centre counts as done by its studies.
        _append(errors_path, ERROR_COLUMNS, errors)
        _append(rows_path, COLUMNS, rows)
        took_s = time.perf_counter() - began
        _facts(facts_path, took_s, rows[0]["epoch"])
        print(f"{place + 1}/{len(todo)} seed {seed}, {wording}: {took_s:.0f} s", file=sys.stderr, flush=True)


def _facts(path: Path, took_s: float, epoch: str) -> None:
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"seconds": 0.0}
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": "python -m tests.simulations.centres.run",
        "seed_rule": f"centre k of every wording has seed {FIRST_SEED} + k; labels and studies use the centre's seed",
        "centre": {"agents": AGENTS, "teams": TEAMS, "weeks": WEEKS, "transcripts_per_agent_week": PER_AGENT_WEEK},
        "coached_unusual_share": WORDINGS,
        "labels": LABEL_N,
        "epoch": epoch,
        "versions": {name: version(name) for name in ("numpy", "polars", "scipy", "duckdb")}
        | {"python": platform.python_version()},
        "seconds": round(before["seconds"] + took_s, 1),
    }
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
