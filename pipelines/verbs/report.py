"""`aftercall report`: write the pages and workbooks of a state again, or somewhere else.

Lives here: the request. Not here: the report (assets.report).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aftercall.cli.terminal import asker, shown, tell
from aftercall.contracts.errors import RequestError

if TYPE_CHECKING:
    from assets.lake import Lake


def main(argv: Sequence[str]) -> int:
    """Build the report from a state's scores, marts and answers."""
    ask = asker("report", "aftercall report --state .state/demo --out handover", "HTML, XLSX and CSV for QA and WFM leads.")
    ask.add_argument("--state", type=Path, default=Path(".state/main"), metavar="DIR", help="state folder (.state/main)")
    ask.add_argument("--out", type=Path, metavar="DIR", help="where to write (the state's reports folder)")
    ask.add_argument("--scorecard", type=Path, metavar="F", help="the form the state was scored with, if not the shipped ones")
    ask.add_argument("--json", action="store_true", help="print the paths as one JSON object")
    args = ask.parse_args(argv)
    from aftercall.cli.terminal import write_line
    from analytics.first_answers import FirstAnswers
    from assets.analysis.kept import kept_as
    from assets.lake import Lake
    from assets.report.build import build_report
    from assets.report.gather import gather
    from assets.score.forms_in_force import forms_of
    from pipelines.definitions import station_of
    from pipelines.environments import remembered

    answers = kept_as(FirstAnswers, args.state / "analysis" / "first_answers.json")
    if answers is None:
        raise RequestError(f"{args.state} holds no finished run. Try: aftercall demo, or aftercall run --input DIR")
    environment = remembered(args.state.resolve(), scorecard=args.scorecard)
    station = station_of(environment)
    _need_scores(Lake(environment.lake), forms_of(station).epoch, args.state)
    out = (args.out or environment.reports).resolve()
    written = build_report(gather(Lake(environment.lake), station, forms_of(station), answers), out)
    if args.json:
        write_line({"reports": str(out), "files": [str(path) for path in written]})
    tell(f"{len(written)} files. Open {shown(out / 'index.html')}")
    return 0


def _need_scores(lake: "Lake", epoch: str, state: Path) -> None:
    """Refuse pages without scores: the state was scored by other forms or an older version."""
    read = {"role": "pipeline", "purpose": "coaching"}
    if lake.read("core_interaction", columns=["interaction_id"], **read).height == 0:
        return
    if lake.read("score_interaction", columns=["interaction_id"], epoch=epoch, **read).height == 0:
        raise RequestError(
            f"{state} holds no scores of the present epoch {epoch}: it was scored with other forms or by another version. "
            f"Run it again: aftercall run --input DIR --state {state}, or give the form with --scorecard."
        )
