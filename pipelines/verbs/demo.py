"""`aftercall demo`: the whole main job on a synthetic centre, with what was planted beside what was found.

Lives here: the request and the closing lines. Not here: the centre (aftercall.synth), the job (pipelines.main_job),
comparing with the truth (pipelines.planted).
"""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from aftercall.cli.terminal import asker, progress, shown, tell

_EXAMPLE = "aftercall demo --agents 24 --weeks 20"


def main(argv: Sequence[str]) -> int:
    """Write the centre, run the nightly job on it, and say what was found; 0 when everything held."""
    ask = asker("demo", _EXAMPLE, "Writes a synthetic contact centre with known truth and runs the whole main job on it.")
    ask.add_argument("--agents", type=int, default=60, metavar="N", help="agents, in teams of five (60)")
    ask.add_argument("--weeks", type=int, default=24, metavar="N", help="weeks (24)")
    ask.add_argument("--seed", type=int, default=7, metavar="S", help="same seed, same centre (7)")
    ask.add_argument("--out", type=Path, default=Path(".state/demo"), metavar="DIR", help="state folder (.state/demo)")
    ask.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
    args = ask.parse_args(argv)

    began = time.monotonic()
    state = args.out.resolve()
    centre = _centre(state / "centre", args.agents, args.weeks, args.seed)

    from pipelines.environments import Environment
    from pipelines.main_job import run_job

    environment = Environment(
        state=state, input=centre / "input", basis="synthetic", basis_name=f"demo centre, seed {args.seed}"
    )
    outcome = run_job(environment, progress=progress, say=tell)

    from pipelines.demo_report import closing

    lines, counts = closing(environment, outcome, centre / "truth")
    if args.json:
        print(json.dumps(counts))
    tell("")
    for line in lines:
        tell(line)
    tell(f"{time.monotonic() - began:.0f} s. Open {shown(environment.reports / 'index.html')}")
    return 0 if outcome.is_clean else 1


def _centre(folder: Path, agents: int, weeks: int, seed: int) -> Path:
    """Write the centre once; the same request again finds it there."""
    from aftercall.synth.centre import write_centre

    asked = {"agents": agents, "weeks": weeks, "seed": seed}
    note = folder / "asked.json"
    if note.is_file() and json.loads(note.read_text(encoding="utf-8")) == asked:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    teams = max(4, agents // 5)
    with progress("writing the centre", None, "interactions") as advance:
        write_centre(folder, agents=agents, teams=teams, weeks=weeks, seed=seed, on_progress=advance)
    note.write_text(json.dumps(asked), encoding="utf-8")
    return folder
