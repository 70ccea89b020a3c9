"""The one command: finds the verb by entry point, imports its body on call, maps errors to exit codes.

Exit codes: 0 done; 1 done, but something was quarantined or a check failed; 2 the request was wrong.
Lives here: dispatch. Not here: what verbs do (one module each beside this one, or on their own floor).
"""

import atexit
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from aftercall.contracts.errors import AftercallError

Verb = Callable[[Sequence[str]], int]

_EXTRAS = {
    "faster_whisper": "speech",
    "soundfile": "speech",
    "soxr": "speech",
    "polars": "platform",
    "dagster": "platform",
    "duckdb": "platform",
    "deltalake": "platform",
    "plotly": "platform",
    "xlsxwriter": "platform",
    "marimo": "notebooks",
    "great_expectations": "platform",
    "statsmodels": "platform",
    "scipy": "platform",
    "ruptures": "platform",
    "dagster_dbt": "platform",
}


def verbs() -> dict[str, EntryPoint]:
    """Return every registered verb by name, sorted."""
    return {point.name: point for point in sorted(entry_points(group="aftercall.verbs"), key=lambda point: point.name)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; called as the command, the process then ends at once."""
    if argv is not None:
        return _dispatch(list(argv))
    # DuckDB's bindings print leaks of their own while Python takes modules apart; registered first, this runs last.
    ended = [1]
    atexit.register(lambda: _leave(ended[0]))
    try:
        ended[0] = _dispatch(sys.argv[1:])
    except SystemExit as wish:  # --help
        ended[0] = wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    return ended[0]


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _dispatch(args: list[str]) -> int:
    known = verbs()
    if not args or args[0] in ("-h", "--help", "help"):
        print(_overview(known))
        return 0
    if args[0] in ("-V", "--version"):
        from importlib.metadata import version

        print(f"aftercall {version('aftercall')}")
        return 0
    point = known.get(args[0])
    if point is None:
        return _refuse(f"There is no verb {args[0]!r} (unknown). There are: {', '.join(known)}. Try: aftercall --help")
    return _call(point, args[1:])


def _call(point: EntryPoint, args: Sequence[str]) -> int:
    try:
        return cast("Verb", point.load())(args)
    except AftercallError as error:
        return _refuse(str(error))
    except ModuleNotFoundError as error:
        return _refuse(_missing(point.name, error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130


def _missing(verb: str, error: ModuleNotFoundError) -> str:
    module = (error.name or "").split(".")[0]
    if module in ("pipelines", "assets", "analytics"):
        return f"`aftercall {verb}` needs the platform checkout: make run"
    if module in _EXTRAS:
        extra = _EXTRAS[module]
        return f"`aftercall {verb}` needs {module}: pip install 'aftercall[{extra}]'"
    raise error


def _refuse(message: str) -> int:
    print(f"aftercall: {message}", file=sys.stderr)
    return 2


def _overview(known: dict[str, EntryPoint]) -> str:
    lines = ["usage: aftercall VERB ...", "", "Scores every contact-centre interaction with reasons.", "", "verbs:"]
    lines += [f"  {name:<12} {SUMMARIES.get(name, '')}" for name in known]
    return "\n".join([*lines, "", "aftercall VERB --help starts with an example that works on the demo."])


SUMMARIES = {
    "agree": "how far people agree with the machine and with each other, per question or of any ratings",
    "behaviours": "the catalogue: what each behaviour means, how it is judged, how well it is found",
    "check": "say what each file is, what would be read and what refused; writes nothing",
    "coach": "at most one short message per interaction for its agent: moment, behaviour, one thing to try",
    "correct": "means and effects of automatic scores, corrected by the random part that people scored",
    "demo": "write the synthetic centre and run the whole main job on it",
    "doctor": "versions, models found and where, what is missing for what",
    "explain": "scores for people: quote, time, what would have earned the point",
    "its": "did one series change at a date, beyond its trend and season",
    "power": "how big a pilot must be, and the draw of who is coached first",
    "redact": "the same lines with personal data masked",
    "report": "HTML, XLSX and CSV for QA and WFM leads",
    "run": "ingest, score, build marts, analyse, report; safe to repeat",
    "sample": "draw which interactions people should label, with kept probabilities",
    "score": "one line per interaction: scores, answers with evidence, coverage, epoch",
    "scorecard": "validate a scorecard and print its denominators",
    "signals": "one line per turn: what the text model and phrases find in it, its times",
    "study": "the effect of a treatment that started at known times, its doubts and a verdict",
    "synth-control": "one team, or a few, against a weighted mix of the others",
    "transcribe": "recordings to canonical interaction lines with word times",
}
