"""`aftercall power`: how big a pilot must be, and the draw of who is coached first.

Lives here: the request, the worked example, writing the assignment. Not here: formulas and simulation
(analytics.studies.power), the draw (analytics.studies.assignment).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aftercall.cli.terminal import asker, tell, write_line
from aftercall.contracts.errors import RequestError
from pipelines.verbs.tables import names_of, read_any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXAMPLE = "aftercall power --teams 20 --agents 12 --weeks 30 --starts 10,14,18 --effect 1"
_DOES = """The least effect a pilot of this size finds with 80 % power (closed form on team-weeks; --team-sd and the like say
what varies, in the outcome's unit; the defaults are those of the made-up centre). FILE, one row per team and week of a quiet
past (--outcome, --unit, --time), adds a simulation on the customer's own weeks, which decides.

  aftercall power --example past.csv
  aftercall power past.csv --outcome qa --unit team --time week --teams 20 --weeks 16 --effect 2

Who goes first is drawn, not chosen:
  aftercall power --randomise units.csv --unit agent --block team --design holdout --starts 2026-01-05,2026-03-02
      --seed 7 --training coaching --out assignment.csv
writes unit, arm, block, start, probability, seed (read by aftercall study --assignment) and a log beside it with the sentence
that tells agents of the draw; a written draw is never drawn again. Two starts: those held back are coached from the second on.
--arms immediate,next_day deals ways of giving it among the treated (--treated-share 1: among all); aftercall study then says
the effect by arm. Legal, safety and remedial training is never withheld (--training says what it is)."""


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong."""
    ask = asker("power", _EXAMPLE, _DOES)
    ask.add_argument(
        "file", metavar="FILE", type=Path, nargs="?", help="CSV or Parquet of a quiet past, one row per unit and week"
    )
    ask.add_argument("--teams", type=int, metavar="G", help="teams in the pilot")
    ask.add_argument("--agents", type=float, default=12, metavar="M", help="agents a team (12)")
    ask.add_argument("--weeks", type=int, metavar="W", help="weeks in all, before and after")
    ask.add_argument("--effect", type=float, metavar="D", help="the effect to be found, in the outcome's unit")
    ask.add_argument(
        "--starts", metavar="A,B", help="weeks at which treated teams start (half of --weeks); with --randomise dates"
    )
    ask.add_argument("--treated-share", type=float, default=0.5, metavar="S", help="share treated (0.5)")
    ask.add_argument("--power", type=float, default=0.8, metavar="P", help="power wanted (0.8)")
    ask.add_argument("--alpha", type=float, default=0.05, metavar="A", help="level of the test (0.05)")
    for name, default, what in _SPREAD:
        ask.add_argument(f"--{name}", type=float, default=default, metavar="X", help=f"{what} ({default:g})")
    ask.add_argument("--outcome", metavar="COL", help="column of the outcome in FILE")
    ask.add_argument("--unit", metavar="COL", help="column of the unit (team) in FILE or in the list of units")
    ask.add_argument("--time", metavar="COL", help="column of the week in FILE")
    ask.add_argument("--draws", type=int, default=1000, metavar="N", help="simulated pilots (1000)")
    ask.add_argument("--seed", type=int, default=0, metavar="N", help="seed of simulation and draw (0)")
    ask.add_argument("--randomise", type=Path, metavar="UNITS", help="CSV or Parquet of eligible units: draw who goes first")
    ask.add_argument("--block", metavar="COL", help="column to draw within (team, site, tenure)")
    ask.add_argument("--design", choices=("holdout", "staged"), default="holdout", help="half later or never; or staged starts")
    ask.add_argument("--arms", metavar="A,B", help="ways of giving it, dealt among the treated, such as immediate,next_day")
    ask.add_argument("--training", choices=("coaching", "legal", "safety", "remedial"), help="what is given; must be said")
    ask.add_argument("--out", type=Path, metavar="FILE", help="where the assignment is written")
    ask.add_argument("--example", type=Path, metavar="FILE", help="write a small past to try and stop")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if asked.example:
        return _example(asked.example)
    return _draw(asked) if asked.randomise else _plan(asked)


_SPREAD = (
    ("team-sd", 1.0, "SD of team-week shocks"),
    ("team-rho", 0.7, "their correlation from week to week"),
    ("agent-sd", 2.5, "SD of agent-week shocks"),
    ("agent-rho", 0.5, "their correlation from week to week"),
    ("interaction-sd", 12.0, "SD of single interactions"),
    ("interactions", 80.0, "interactions per agent and week"),
)


def _plan(asked: argparse.Namespace) -> int:
    from analytics.results import finite
    from analytics.studies.power import Spread, least_detectable, staged_design

    _must(asked)
    starts = _weeks(asked)
    spread = Spread(*(getattr(asked, name.replace("-", "_")) for name, _, _ in _SPREAD))

    def mde(teams: int) -> float:
        design = staged_design(teams, asked.weeks, starts, treated_share=asked.treated_share)
        return least_detectable(design, asked.agents, spread, alpha=asked.alpha, power=asked.power)

    least = mde(asked.teams)
    curve = [{"teams": g, "mde": mde(g)} for g in sorted({6, 10, 20, 40, 80, asked.teams})]
    record: dict[str, Any] = {"teams": asked.teams, "agents": asked.agents, "weeks": asked.weeks, "starts": starts}
    record |= {"mde": least, "power": asked.power, "alpha": asked.alpha, "effect": asked.effect, "curve": curve}
    record |= {
        "method": "closed form (GLS on team-weeks)",
        "spread": {name: getattr(spread, name) for name in spread.__slots__},
    }
    warnings = list[str]()
    if asked.file:
        record["simulation"] = _simulated(asked, starts[0])
        record["method"] += " and simulation on the own past, which decides"
        if abs(record["simulation"]["false_positives"] - asked.alpha) > 0.03:
            warnings.append("In the own past the test finds effects where there are none more or less often than it should.")
    else:
        warnings.append("The spread is assumed, not measured: give a FILE of the own past before deciding.")
    enough = None
    if asked.effect is not None:
        enough = record["simulation"]["power"] >= asked.power if asked.file else abs(asked.effect) >= least
    record |= {"is_enough": enough, "warnings": warnings}
    if asked.json:
        write_line(finite(record))
    else:
        _tell(record)
    for warning in warnings:
        tell(warning)
    return 0


def _tell(record: dict[str, Any]) -> None:
    print(
        f"{record['teams']} teams, {record['weeks']} weeks: least effect with {record['power']:.0%} power {record['mde']:.3g}"
    )
    print("  " + "  ".join(f"{one['teams']} teams {one['mde']:.3g}" for one in record["curve"]))
    if (found := record.get("simulation")) is not None:
        print(
            f"  own past: an effect of {found['effect']:g} is found in {found['power']:.0%} of {found['draws']} simulated "
            f"pilots ({found['false_positives']:.1%} false)"
        )
    if record["is_enough"] is not None:
        print(f"  big enough for {record['effect']:g}: {'yes' if record['is_enough'] else 'no'}")


def _must(asked: argparse.Namespace) -> None:
    if lacking := [f"--{name}" for name in ("teams", "weeks") if getattr(asked, name) is None]:
        raise RequestError(f"{', '.join(lacking)} missing. Example: {_EXAMPLE}")
    for name in ("alpha", "power", "treated_share"):
        if not 0 < getattr(asked, name) < 1:
            raise RequestError(
                f"--{name.replace('_', '-')} {getattr(asked, name):g} is no share. Give a number between 0 and 1."
            )
    if asked.teams < 4 or not 2 <= asked.weeks <= 1000 or asked.agents <= 0 or asked.teams > 5000:
        raise RequestError("A pilot needs 4 to 5,000 teams, 2 to 1,000 weeks and agents in them.")
    if not 0 <= asked.team_rho < 1 or not 0 <= asked.agent_rho < 1:
        raise RequestError("Correlations from week to week lie from 0 to below 1.")
    if min(asked.team_sd, asked.agent_sd) < 0 or asked.interaction_sd <= 0 or asked.interactions <= 0:
        raise RequestError("SDs cannot be negative, and single interactions must vary.")


def _weeks(asked: argparse.Namespace) -> list[int]:
    try:
        starts = [int(one) for one in names_of(asked.starts)] or [asked.weeks // 2]
    except ValueError:
        raise RequestError(f"--starts {asked.starts} are no week numbers. Give such as 10,14,18.") from None
    if not all(0 < start < asked.weeks for start in starts):
        raise RequestError(f"--starts {starts} must lie within the {asked.weeks} weeks, with weeks before and after.")
    return starts


def _simulated(asked: argparse.Namespace, start: int) -> dict[str, Any]:
    from analytics.studies.power import simulate_power

    if lacking := [f"--{name}" for name in ("outcome", "unit", "time", "effect") if getattr(asked, name) is None]:
        raise RequestError(
            f"{', '.join(lacking)} missing: the simulation needs columns and an effect. See aftercall power --help"
        )
    found = simulate_power(
        _past(asked),
        effect=asked.effect,
        teams=asked.teams,
        weeks_before=start,
        weeks_after=asked.weeks - start,
        treated_share=asked.treated_share,
        draws=asked.draws,
        alpha=asked.alpha,
        seed=asked.seed,
    )
    return {name: getattr(found, name) for name in found.__slots__}


def _past(asked: argparse.Namespace) -> "NDArray[Any]":
    """Return the past as team × week means; several rows of a team and week are averaged."""
    import numpy as np
    import polars as pl

    from analytics.studies.series import as_numbers, calendar, need

    frame = read_any(asked.file, "one row per team and week")
    need(frame, [asked.outcome, asked.unit, asked.time], str(asked.file))
    if frame.height == 0:
        raise RequestError(f"{asked.file} has no rows. Give one row per team and week.")
    codes, y = calendar(frame, asked.time).codes, as_numbers(frame, asked.outcome)
    units = np.unique(frame[asked.unit].cast(pl.String).fill_null("(none)").to_numpy().astype(str), return_inverse=True)[
        1
    ].reshape(-1)
    known = np.isfinite(y)
    shape = (int(units.max()) + 1, int(codes.max()) + 1)
    place = units[known] * shape[1] + codes[known]
    n = np.bincount(place, minlength=shape[0] * shape[1])
    total = np.bincount(place, weights=y[known], minlength=shape[0] * shape[1])
    return np.where(n > 0, total / np.maximum(n, 1), np.nan).reshape(shape)


def _draw(asked: argparse.Namespace) -> int:
    import hashlib
    import json
    from datetime import UTC, datetime

    from analytics.studies.assignment import assign, notice_of

    if lacking := [f"--{name}" for name in ("unit", "starts", "training", "out") if not getattr(asked, name)]:
        raise RequestError(f"{', '.join(lacking)} missing: say what is drawn, when it starts, what it is and where to write.")
    if asked.out.exists():
        raise RequestError(f"{asked.out} exists: a draw is made once. Use it, or give another name for another pilot.")
    table = assign(
        read_any(asked.randomise, "one row per eligible unit"),
        unit=asked.unit,
        starts=names_of(asked.starts),
        design=asked.design,
        training=asked.training,
        block=asked.block,
        treated_share=asked.treated_share,
        arms=names_of(asked.arms),
        seed=asked.seed,
    )
    starts = names_of(asked.starts)
    notice = notice_of(starts, asked.design, names_of(asked.arms), asked.treated_share)
    arms = {str(arm): int(n) for arm, n in table["arm"].value_counts().sort("arm").iter_rows()}
    log = {
        "drawn_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "units_file": asked.randomise.name,
        "units_sha256": hashlib.sha256(asked.randomise.read_bytes()).hexdigest(),
        "design": asked.design,
        "training": asked.training,
        "block": asked.block,
        "starts": list(starts),
        "treated_share": asked.treated_share,
        "seed": asked.seed,
        "arms": arms,
        "notice": notice,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with asked.out.open("x", encoding="utf-8") as file:
        file.write(table.write_csv())
    asked.out.with_name(asked.out.name + ".log.json").write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
    if asked.json:
        write_line({"assignment": str(asked.out), **log})
    else:
        print(f"{asked.out}: " + ", ".join(f"{n} {arm}" for arm, n in arms.items()) + f" (seed {asked.seed})")
        print(f"Tell the agents: {notice}")
    if asked.design == "holdout" and len(starts) == 1 and asked.treated_share < 1:
        tell("No date is set by which those held back are coached. Give two starts: --starts NOW,LATER.")
    return 0


def _example(path: Path) -> int:
    """Write 24 teams over 40 quiet weeks: team levels, shared weeks, shocks that last."""
    import numpy as np

    rng = np.random.default_rng(3)
    level, week, shock = rng.normal(75, 2, 24), rng.normal(0, 1, 40), np.zeros(24)
    rows = ["team,week,qa"]
    for w in range(40):
        shock = 0.7 * shock + rng.normal(0, 0.9, 24)
        rows += [f"T{team + 1:02d},{w + 1},{level[team] + week[w] + shock[team]:.2f}" for team in range(24)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    tell(f"{path}: 24 made-up teams over 40 quiet weeks.")
    return 0
