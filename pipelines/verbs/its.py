"""`aftercall its FILE`: did one series change at a date, beyond its trend and season?

Lives here: the request and the worked example. Not here: the model (analytics.studies.interrupted).
"""

from collections.abc import Sequence
from pathlib import Path

from aftercall.cli.terminal import asker, tell
from aftercall.contracts.errors import RequestError
from pipelines.verbs.tables import names_of, read_any, tell_answer

_EXAMPLE = "aftercall its --example calls.csv && aftercall its calls.csv --outcome qa --time week --start 2026-05-18 --slope"
_DOES = """One row a period, any column names; time as dates, months (2026-03), quarters (2026Q1, Q1 2026), decimal years
(2026.083) or numbers. The change of level at the start is the answer: y = b0 + b1 t + b2 P + b3 (t - T0) P + season. Means
have Newey-West errors; counts (--family poisson) are quasi-Poisson with --exposure as what they are out of, and the answer is
a log rate ratio with the ratio beside. Under 12 periods before the start the change is not identified. A start that never
was, in the middle of the time before, must show nothing.
--example FILE writes a small made-up series of 60 weeks with a planted change of +5 in week 41."""


def main(argv: Sequence[str]) -> int:
    """Run the verb; 0 done, 2 the request was wrong."""
    ask = asker("its", _EXAMPLE, _DOES)
    ask.add_argument("file", metavar="FILE", type=Path, nargs="?", help="CSV or Parquet, one row a period")
    ask.add_argument("--outcome", metavar="COL", help="column of the outcome")
    ask.add_argument("--time", metavar="COL", help="column of the period")
    ask.add_argument("--start", metavar="WHEN", help="first period after the change, in the terms of --time")
    ask.add_argument("--exposure", metavar="COL", help="what the counts are out of (calls, people); with --family poisson")
    ask.add_argument("--family", choices=("gaussian", "poisson"), default="gaussian", help="means or counts (gaussian)")
    ask.add_argument("--slope", action="store_true", help="let the slope change too")
    ask.add_argument("--no-trend", action="store_true", help="leave the trend out")
    ask.add_argument("--period", type=float, metavar="N", help="periods in a season: 12 months, 52 weeks")
    ask.add_argument("--harmonics", type=int, default=2, metavar="K", help="sine and cosine pairs of the season (2)")
    ask.add_argument("--season", action="store_true", help="with --period: one term a period of the season instead of waves")
    ask.add_argument("--covariates", metavar="A,B", help="further columns, known beforehand (holidays, queue volume)")
    ask.add_argument("--phase-in", type=int, default=0, metavar="N", help="leave out this many periods from the start (0)")
    ask.add_argument(
        "--vcov", choices=("auto", "iid", "HC1", "HAC"), default="auto", help="auto: HAC; counts: quasi-likelihood"
    )
    ask.add_argument("--lags", type=int, metavar="N", help="lags of HAC (max of 4 and 4(n/100)^(2/9))")
    ask.add_argument("--no-small-sample", action="store_true", help="leave out the factor n/(n-k) of HC1 and HAC")
    ask.add_argument("--min-pre", type=int, default=12, metavar="N", help="periods needed before the start (12)")
    ask.add_argument("--alpha", type=float, default=0.05, metavar="A", help="1 minus the level of the intervals (0.05)")
    ask.add_argument("--example", type=Path, metavar="FILE", help="write a small series to try and stop")
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = ask.parse_args(list(argv))
    if asked.example:
        return _example(asked.example)
    lacking = [
        f"--{name}" if name != "file" else "FILE" for name in ("file", "outcome", "time", "start") if not getattr(asked, name)
    ]
    if lacking:
        raise RequestError(f"{', '.join(lacking)} missing. Example: {_EXAMPLE}")
    if not 0 < asked.alpha < 1:
        raise RequestError(f"--alpha {asked.alpha:g} is no share. Give a number between 0 and 1, such as 0.05.")
    from analytics.studies.interrupted import Shape, interrupted
    from analytics.studies.series import read_series

    series = read_series(
        read_any(asked.file, "one row a period"),
        outcome=asked.outcome,
        time=asked.time,
        start=asked.start,
        exposure=asked.exposure,
        covariates=names_of(asked.covariates),
    )
    shape = Shape(
        trend=not asked.no_trend,
        slope=asked.slope,
        period=asked.period,
        harmonics=asked.harmonics,
        season=asked.season,
        family=asked.family,
        vcov=asked.vcov,
        lags=asked.lags,
        small_sample=not asked.no_small_sample,
        phase_in=asked.phase_in,
    )
    tell_answer(interrupted(series, shape, min_pre=asked.min_pre, alpha=asked.alpha), as_json=asked.json)
    return 0


def _example(path: Path) -> int:
    """Write 60 weeks with a trend, autocorrelated noise and a planted change of +5 from week 41 on (2026-05-18)."""
    from datetime import date, timedelta

    import numpy as np

    rng, noise, rows = np.random.default_rng(4), 0.0, ["week,qa,calls"]
    for week in range(60):
        noise = 0.4 * noise + float(rng.normal(0, 1.2))
        on = date(2025, 8, 11) + timedelta(weeks=week)
        rows.append(f"{on},{72 + 0.03 * week + 5 * (week >= 40) + noise:.2f},{rng.poisson(900)}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    tell(f"{path}: 60 made-up weeks, planted change +5 from 2026-05-18 on.")
    return 0
