"""What must hold: every line of the coverage table with the band it is judged by, and what is only told.

Lives here: the bands of statistics 7 and of issue 4. Not here: computing (figures.py), writing (report.py). A band is met when
the measured figure lies in it; the Monte-Carlo interval is shown beside it and never used to widen it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.simulations.panels import figures as f
from tests.simulations.panels.figures import Figure
from tests.simulations.panels.rows import Row


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a figure of one setting and estimator, the band it must lie in (None: only told) and where that comes from."""

    claim: str
    design: str
    tau: float
    estimator: str
    measure: str
    band: tuple[float, float] | None = None
    because: str = ""


MEASURES: dict[str, Callable[[Sequence[Row]], Figure]] = {
    "bias": f.bias,
    "coverage": f.coverage,
    "rejections": f.rejected,
    "rejections, p ≤ .05": f.rejected_exactly,
    "truth": f.mean_truth,
    "mean half width of the interval": f.half_width,
    "false share of flags": f.mean_estimate,
    "not identified": f.not_identified,
    "supported": f.supported,
    "held back: leaving differs": f.leaving_noted,
}
AS_SHARE = {
    "coverage",
    "rejections",
    "rejections, p ≤ .05",
    "false share of flags",
    "not identified",
    "supported",
    "held back: leaving differs",
}
AT_0, AT_4, SIZE, EVERY, WRONG = (0.93, 0.97), (0.93, 0.985), (0.03, 0.07), (1.0, 1.0), "must be wrong here"


def _headline(claim: str, design: str, estimator: str) -> list[Line]:
    """Bias under 5 % of the effect, coverage and false positives of the main estimator."""
    return [
        Line(claim, design, 0.0, estimator, "bias", (-0.2, 0.2), "5 % of an effect of 4"),
        Line(claim, design, 4.0, estimator, "bias", (-0.2, 0.2), "5 % of an effect of 4"),
        Line(claim, design, 0.0, estimator, "coverage", AT_0),
        Line(claim, design, 4.0, estimator, "coverage", AT_4),
        Line(claim, design, 0.0, estimator, "rejections", SIZE),
    ]


A, B, C, D = "a: teams by lot", "b: worst agents", "c: hold-out", "d: opt-in"
NAIVE = "naive: 8 weeks after minus 4 before"
LINES: tuple[Line, ...] = (
    *_headline("staged_rollout", A, "imputation + ramp, team jackknife"),
    Line("staged_rollout", A, 4.0, "imputation + ramp, team jackknife", "truth", (3.0, 3.3), "statistics 5: about 3.15"),
    Line("staged_rollout", A, 0.0, "imputation, clustered by agent", "rejections", (0.10, 1.0), WRONG),
    Line("staged_rollout", A, 4.0, "two-way regression, team", "bias", (-9.0, -0.1), WRONG),
    *_headline("hold_out", C, "Lin ANCOVA"),
    Line("hold_out", C, 4.0, "Lin ANCOVA", "mean half width of the interval"),
    Line("hold_out", C, 0.0, "raw difference", "coverage", AT_0),
    Line("hold_out", C, 4.0, "raw difference", "coverage", AT_4),
    Line("hold_out", C, 4.0, "raw difference", "mean half width of the interval"),
    Line("worst_agents", B, 0.0, NAIVE, "rejections", (0.50, 1.0), WRONG),
    Line("worst_agents", B, 4.0, NAIVE, "bias"),
    Line("worst_agents", B, 4.0, "Callaway-Sant'Anna, agent", "bias", (0.8, 9.0), WRONG),
    Line("worst_agents", B, 4.0, "Callaway-Sant'Anna, agent", "coverage", (0.0, 0.5), WRONG),
    Line("worst_agents", B, 0.0, "imputation, agent", "rejections", (0.10, 1.0), WRONG),
    Line("worst_agents", B, 4.0, "imputation, agent", "truth", (4.3, 4.6), "statistics 5: about 4.4 to 4.5"),
    *(
        Line("worst_agents", B, tau, what, "not identified", EVERY)
        for what in ("donuts differ, or a dip before", "balance refused at .001")
        for tau in (0.0, 4.0)
    ),
    Line("worst_agents", B, 0.0, "donuts 0/4/8 differ", "not identified"),
    *(Line("worst_verdicts", B, 0.0, f"study, declared {how}", "not identified", EVERY) for how in ("triggered", "randomised")),
    Line("opt_in", D, 0.0, NAIVE, "bias", (0.1, 9.0), WRONG),
    Line("opt_in", D, 4.0, NAIVE, "bias", (0.1, 9.0), WRONG),
    Line("opt_in", D, 0.0, "acceptors against the others", "rejections", (0.50, 1.0), WRONG),
    *_headline("opt_in", D, "offer (intention to treat), Lin ANCOVA"),
    *(Line("few_teams", f"{k} of 20 teams", 0.0, "re-assigned starts", "rejections, p ≤ .05", SIZE) for k in range(1, 6)),
    Line("few_teams", "2 of 20 teams", 0.0, "clustered errors (CRV1)", "rejections", (0.10, 1.0), WRONG),
    *(Line("trends_before", f"{n} teams", 0.0, "joint test of trends before", "rejections", SIZE) for n in (12, 20, 40)),
    *(
        Line("any_time", design, tau, "confidence sequence, all looks", "coverage", (0.95, 1.0))
        for design, tau in (("normal pairs", 0.0), ("normal pairs", 1.0), ("heavy-tailed pairs", 0.0))
    ),
    Line("any_time", "normal pairs", 0.0, "fixed interval, all looks", "coverage", (0.0, 0.85), WRONG),
    *(
        Line("many_questions", luck, 0.0, "Benjamini-Hochberg", "false share of flags", (0.0, 0.05), "plus Monte-Carlo error")
        for luck in ("own luck", "shared luck")
    ),
    Line("many_questions", "own luck", 0.0, "raw p < .05", "false share of flags", (0.10, 1.0), WRONG),
    Line("human_corrected", "2 % labels", 0.05, "corrected by people (DSL)", "bias", (-0.0025, 0.0025), "5 % of .05"),
    Line("human_corrected", "2 % labels", 0.05, "corrected by people (DSL)", "coverage", AT_4),
    Line("human_corrected", "2 % labels", 0.05, "people only", "coverage"),
    Line("human_corrected", "2 % labels", 0.05, "automatic only", "coverage", (0.0, 0.5), WRONG),
    Line("human_corrected", "2 % labels", 0.05, "automatic only", "bias"),
    Line("verdicts", A, 0.0, "study, drawn by team", "supported", (0.0, 0.07)),
    Line("verdicts", A, 0.0, "study, drawn by team", "held back: leaving differs"),
)


def figure_of(line: Line, rows: Sequence[Row]) -> Figure:
    return MEASURES[line.measure](f.chosen(rows, line.design, line.tau, line.estimator))


def is_met(line: Line, figure: Figure) -> bool | None:
    """Return whether the figure lies in its band; None without a band. False discoveries may exceed theirs by chance alone."""
    if line.band is None:
        return None
    low, high = line.band
    value = figure.low if line.measure == "false share of flags" and line.because.startswith("plus") else figure.value
    return value <= high if value is not figure.value else low - 1e-12 <= value <= high + 1e-12
