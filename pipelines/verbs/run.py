"""`aftercall run`: the main job on real files; safe to repeat, what is unchanged costs nothing.

Lives here: the request and what is printed. Not here: executing (pipelines.main_job), counting (pipelines.tally).
"""

from collections.abc import Sequence
from pathlib import Path

from aftercall.cli.terminal import asker, progress, tell, write_line
from aftercall.contracts.errors import RequestError
from pipelines.one_command import short_lived

_EXAMPLE = "aftercall run --input .state/demo/centre/input --basis synthetic --basis-name 'demo centre' --state .state/try"


def main(argv: Sequence[str]) -> int:
    """Run the verb in a process of its own; see `run`."""
    with short_lived():
        return run(argv)


def run(argv: Sequence[str]) -> int:
    """Run the nightly job on a folder; 0 done, 1 something was quarantined or a check failed, 2 the request was wrong."""
    ask = asker("run", _EXAMPLE, "Ingests every known file under DIR, scores, builds marts, analyses and reports.")
    ask.add_argument("--input", required=True, type=Path, metavar="DIR", help="folder with transcripts, tables, recordings")
    ask.add_argument("--state", type=Path, default=Path(".state/main"), metavar="DIR", help="where everything is kept")
    ask.add_argument("--since", metavar="YYYY-MM-DD", help="leave out interactions before this day")
    ask.add_argument("--until", metavar="YYYY-MM-DD", help="leave out interactions after this day")
    ask.add_argument("--scorecard", type=Path, metavar="F", help="score with this form instead of the shipped ones")
    ask.add_argument("--basis", choices=("historical", "public", "synthetic"), help="why data without notices may be processed")
    ask.add_argument("--basis-name", default="", metavar="TEXT", help="its name, printed on every page")
    ask.add_argument("--site-zone", default="UTC", metavar="ZONE", help="IANA zone that says which day an interaction is on")
    ask.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
    args = ask.parse_args(argv)

    from pipelines.environments import Environment
    from pipelines.main_job import run_job
    from pipelines.tally import lines_of, tally

    environment = Environment(
        state=args.state.resolve(),
        input=_folder(args.input),
        basis=args.basis or "notices",
        basis_name=_basis_name(args.basis, args.basis_name, args.input),
        scorecard=args.scorecard,
        site_zone=args.site_zone,
        since=args.since,
        until=args.until,
    )
    if environment.basis == "notices":
        _need_notices(environment.input, environment.lake)
    outcome = run_job(environment, progress=progress, say=tell)
    counts = tally(environment, outcome)
    if args.json:
        write_line(counts.as_json())
    for line in lines_of(counts, outcome, environment):
        tell(line)
    return 0 if outcome.is_clean and not counts.quarantined else 1


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise RequestError(f"There is no folder {path}. Give the folder that holds the files: aftercall run --input DIR")
    return path.resolve()


def _basis_name(basis: str | None, name: str, folder: Path) -> str:
    return name or (f"{basis} data in {folder.resolve().name}" if basis else "")


def _need_notices(folder: Path, lake: Path) -> None:
    """Refuse to start without notices or a declared basis: nobody is processed who was not told."""
    from pipelines.notices import has_notices

    if not has_notices(folder, lake):
        raise RequestError(
            "No notices: employees must have been told before their interactions are processed. Put a notices.csv "
            "(agent_id, notice_version, noticed_on, language, jurisdiction) into the folder, or declare why these data may be "
            "processed without: --basis historical|public|synthetic --basis-name TEXT"
        )
