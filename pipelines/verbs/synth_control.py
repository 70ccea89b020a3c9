"""`aftercall synth-control FILE`: one team, or a few, against a weighted mix of the others.

Lives here: the request and the worked example. Not here: weights (analytics.studies.synthetic), placebos
(analytics.studies.synthetic_checks).
"""

from collections.abc import Sequence
from pathlib import Path

from aftercall.cli.terminal import asker, tell
from aftercall.contracts.errors import RequestError
from pipelines.verbs.tables import names_of, read_any, tell_answer

_EXAMPLE = (
    "aftercall synth-control --example teams.csv && "
    "aftercall synth-control teams.csv --outcome qa --unit team --time week --treated T24 --start 29"
)
_DOES = """One row per unit and period, any column names; units that are not treated are donors (leave those out that a change
of their own has touched). sdid: synthetic difference-in-differences; sc: synthetic control; did: all donors alike. The error is
the spread of the same study on donors as if treated; p is the rank of the real one among them, so it cannot be below
1/(donors + 1). Shown beside: fit before the start, heaviest donor, the effect without each donor, a start that never was.
--example FILE writes 24 made-up teams over 40 weeks, the last of them treated in week 29 with a planted effect of +4."""


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong."""
    ask = asker("synth-control", _EXAMPLE, _DOES)
    ask.add_argument("file", metavar="FILE", type=Path, nargs="?", help="CSV or Parquet, one row per unit and period")
    ask.add_argument("--outcome", metavar="COL", help="column of the outcome")
    ask.add_argument("--unit", metavar="COL", help="column of the unit (team, site)")
    ask.add_argument("--time", metavar="COL", help="column of the period: dates, months, quarters or numbers")
    ask.add_argument("--treated", metavar="NAME", help="the treated unit; several with commas")
    ask.add_argument("--start", metavar="WHEN", help="first treated period, in the terms of --time")
    ask.add_argument("--method", choices=("sdid", "sc", "did"), default="sdid", help="how donors are weighed (sdid)")
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the drawn placebos (0)")
    ask.add_argument("--min-pre", type=int, default=4, metavar="N", help="periods needed before the start (4)")
    ask.add_argument("--alpha", type=float, default=0.05, metavar="A", help="1 minus the level of the interval (0.05)")
    ask.add_argument("--example", type=Path, metavar="FILE", help="write a small panel to try and stop")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if asked.example:
        return _example(asked.example)
    needed = ("file", "outcome", "unit", "time", "treated", "start")
    if lacking := ["FILE" if name == "file" else f"--{name}" for name in needed if not getattr(asked, name)]:
        raise RequestError(f"{', '.join(lacking)} missing. Example: {_EXAMPLE}")
    if not 0 < asked.alpha < 1:
        raise RequestError(f"--alpha {asked.alpha:g} is no share. Give a number between 0 and 1, such as 0.05.")
    from analytics.studies.series import read_block
    from analytics.studies.synthetic_checks import few_treated

    frame = read_any(asked.file, "one row per unit and period")
    is_one_name = asked.unit in frame.columns and asked.treated in frame[asked.unit].cast(str).unique().to_list()
    block = read_block(
        frame,
        outcome=asked.outcome,
        unit=asked.unit,
        time=asked.time,
        treated=(asked.treated,) if is_one_name else names_of(asked.treated),
        start=asked.start,
    )
    tell_answer(few_treated(block, asked.method, seed=asked.seed, alpha=asked.alpha, min_pre=asked.min_pre), as_json=asked.json)
    return 0


def _example(path: Path) -> int:
    """Write 24 teams over 40 weeks with two shared movements; T24 gains 4 from week 29 on."""
    import numpy as np

    rng = np.random.default_rng(7)
    shared = np.cumsum(rng.normal(0, 0.5, (2, 40)), axis=1)
    level, load = rng.normal(0, 2, (24, 1)), rng.uniform(0, 1, (24, 2))
    level[23], load[23] = 0, 0.5  # the treated team lies among the others
    qa = 72 + level + load @ shared + rng.normal(0, 0.6, (24, 40))
    qa[23, 28:] += 4
    rows = [f"T{team + 1:02d},{week + 1},{qa[team, week]:.2f}" for team in range(24) for week in range(40)]
    path.write_text("\n".join(["team,week,qa", *rows]) + "\n", encoding="utf-8")
    tell(f"{path}: 24 made-up teams over 40 weeks; T24 is treated from week 29 on with a planted effect of +4.")
    return 0
