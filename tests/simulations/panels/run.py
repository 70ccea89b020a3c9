"""Run the simulations: every replicate is stored as soon as it is known, a killed run goes on where it stopped.

Run: python -m tests.simulations.panels.run [CLAIM ...] [--replicates N]; then `report` writes docs/coverage.md.
Not here: the claims (one module each), what the rows say (figures.py).
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from tests.simulations.panels.claims import CLAIMS
from tests.simulations.panels.rows import Claim, append, read

EVERY_S = 20.0
VERSIONS = ("numpy", "scipy", "polars", "statsmodels")


def done_seeds(claim: Claim) -> dict[tuple[str, float], set[int]]:
    """Return the finished seeds of every setting. A file that a kill cut short loses its last, half-written replicate."""
    rows = read(claim.file)
    if rows and not claim.file.read_text(encoding="utf-8").endswith("\n"):
        rows = [row for row in rows if (row.tau, row.seed) != (rows[-1].tau, rows[-1].seed)]
        claim.file.unlink()
        append(claim.file, rows)
    done: dict[tuple[str, float], set[int]] = {}
    for row in rows:
        # A claim of one setting may name finer designs in its rows.
        design = claim.settings[0][0] if len(claim.settings) == 1 else row.design
        done.setdefault((design, row.tau), set()).add(row.seed)
    return done


def run(claim: Claim, replicates: int | None) -> float:
    """Run what is missing of a claim; return seconds spent now."""
    done, began, fresh = done_seeds(claim), time.perf_counter(), 0
    spoke = noted = began
    wanted = min(replicates or claim.replicates, claim.replicates)
    for k in range(wanted):
        for design, tau in claim.settings:
            seed = claim.first_seed + k
            if seed in done.get((design, tau), ()):
                continue
            append(claim.file, claim.replicate(design, tau, seed))
            fresh += 1
            if time.perf_counter() - spoke > EVERY_S:
                spoke = time.perf_counter()
                _note(claim, k, spoke - noted)
                noted = spoke
                print(f"{claim.name}: {k + 1} of {wanted} replicates, {spoke - began:.0f} s", flush=True)
    seconds = time.perf_counter() - began
    print(
        f"{claim.name}: {wanted} replicates, {fresh} of its {wanted * len(claim.settings)} runs now, {seconds:.0f} s",
        flush=True,
    )
    if fresh or not claim.file.with_suffix(".json").exists():
        _note(claim, wanted, time.perf_counter() - noted)
    return seconds


def _note(claim: Claim, replicates: int, seconds: float) -> None:
    """Write beside the rows when, how and with what they were made; seconds add up over resumed runs."""
    path = claim.file.with_suffix(".json")
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    said = {
        "on": datetime.now(UTC).date().isoformat(),
        "command": f"make coverage, or python -m tests.simulations.panels.run {claim.name}",
        "seed_rule": f"{claim.first_seed} + 0, 1, 2, ... per setting",
        "replicates": replicates,
        "settings": [list(one) for one in claim.settings],
        "seconds": round(seconds + float(before.get("seconds", 0)), 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
    }
    path.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def main(words: Sequence[str] | None = None) -> int:
    asked = argparse.ArgumentParser(description="Run the simulated claims.")
    asked.add_argument("claims", nargs="*", choices=[[], *CLAIMS], help="all when none is named")
    asked.add_argument("--replicates", type=int, help="fewer than the claim's own")
    said = asked.parse_args(words)
    total = sum(run(CLAIMS[name], said.replicates) for name in said.claims or CLAIMS)
    print(f"All done in {total:.0f} s.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
