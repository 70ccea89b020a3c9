"""A second `aftercall run` with nothing new against the first, on the demo's synthetic centre.

Lives here: the claim "under 15 % of the first". Run: python benchmarks/repeat_run.py [--agents N --weeks N --rounds N]. Writes
benchmarks/out/repeat_run.json.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT = 0.15


REPEATS = 3


def run_s(inbox: Path, state: Path) -> tuple[float, float]:
    """Return (wall, processor) seconds of one run of the verb, in a process of its own."""
    call = "import sys; from aftercall.cli import main; sys.exit(main(sys.argv[1:]))"
    asked = ["run", "--input", inbox, "--state", state, "--basis", "synthetic", "--basis-name", "benchmark"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", call, *asked], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"the run ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def one_round(inbox: Path, state: Path) -> tuple[float, float, float]:
    """Return the seconds of a first run, the median seconds of its repeats, and the ratio of processor seconds."""
    first_s, first_cpu_s = run_s(inbox, state)
    again = [run_s(inbox, state) for _ in range(REPEATS)]
    again_s, again_cpu_s = (statistics.median(column) for column in zip(*again, strict=True))
    return first_s, again_s, again_cpu_s / first_cpu_s


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--agents", type=int, default=60)
    ask.add_argument("--weeks", type=int, default=24)
    ask.add_argument("--rounds", type=int, default=2)
    asked = ask.parse_args()

    from aftercall.synth.centre import write_centre

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_centre(folder / "centre", agents=asked.agents, teams=max(3, asked.agents // 5), weeks=asked.weeks, seed=7)
        inbox = folder / "centre" / "input"
        rounds = [one_round(inbox, folder / f"state-{no}") for no in range(asked.rounds)]
    ratios = sorted(again / first for first, again, _ in rounds)
    result = {
        "name": "repeat_run",
        "what": f"aftercall run with nothing new, centre of {asked.agents} agents and {asked.weeks} weeks",
        "ours_s": round(statistics.median(again for _, again, _ in rounds), 1),
        "reference": "the first run on the same input and an empty state",
        "reference_s": round(statistics.median(first for first, _, _ in rounds), 1),
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(ratios[0], 3), round(ratios[-1], 3)],
        "processor_ratio": round(statistics.median(cpu for _, _, cpu in rounds), 3),
        "n": asked.rounds,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    out = ROOT / "benchmarks" / "out" / "repeat_run.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["ratio"] < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
