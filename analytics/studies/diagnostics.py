"""What can be doubted about an effect, one object per question; always attached, whatever the answer.

Lives here: trends before, a false start, outcomes coaching cannot move, weeks before the start left out, who is there at all,
what a two-way regression would have said, how few clusters carry the answer, how much of the offer was taken. Not here: what
the doubts mean for the verdict (verdict.py), chance (mechanism.py), failing trends (sensitivity.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.results import CheckResult, signed
from analytics.studies.bacon import bacon
from analytics.studies.estimate import Estimate
from analytics.studies.fixed_effects import negative_weight_share, twfe
from analytics.studies.imputation_errors import imputation
from analytics.studies.longpanel import LongPanel
from analytics.studies.pre_trend import LEADS, pre_trend

Floats = NDArray[np.float64]
LEAVING_LIMIT, SHIFT = 0.05, 8


@dataclass(frozen=True, slots=True)
class Check:
    """A check as shown, with what the verdict needs of it: `p`, `value`, and whether coaching could not have moved it."""

    name: str
    shown: CheckResult
    p: float | None = None
    value: float | None = None
    is_control: bool = False


def _open(name: str, question: str, why: str) -> Check:
    return Check(name, CheckResult(question, None, why))


def trends_before(panel: LongPanel) -> Check:
    """Test whether units about to start already differed, on untreated rows only."""
    question = "Did those about to start move like the others before?"
    starting = len(np.unique(panel.cluster[panel.first < panel.period_n]))
    # It keeps its size with more dates, but sees less: each date costs what few starting clusters can tell.
    found = pre_trend(panel, leads=max(1, min(LEADS, panel.cluster_n // 5, starting // 4)))
    if found.p is None:
        return _open("pre_trend", question, "too few periods before the starts, or too few clusters, to test it")
    near, far = -found.leads[-1], -found.leads[0]
    span = f"{far} to {near} periods before, against further back" if far > near else "the last period, against further back"
    detail = (
        f"{span}: Wald {found.statistic:.2f} on {len(found.leads)}, p = {found.p:.3f} ({found.reference}); "
        "a pass is weak evidence"
    )
    return Check("pre_trend", CheckResult(question, found.p >= 0.05, detail), found.p)


def false_start(panel: LongPanel) -> Check:
    """Estimate the effect of a start 8 periods earlier (fewer in a short panel) on untreated rows: it must be nothing."""
    question = "Does a false start before the real one find nothing?"
    started = panel.first < panel.period_n
    earliest = int(panel.first[started].min()) if started.any() else 0
    shift = SHIFT if earliest >= SHIFT + 2 else earliest // 2
    if shift < 2:
        return _open("phantom", question, f"{max(earliest, 0)} periods before the first start: halves need 4")
    moved = replace(panel, first=np.where(started, panel.first - shift, panel.first))
    return _must_be_nothing(
        "phantom", question, f"false start {shift} periods earlier", moved.rows(panel.time < panel.first[panel.unit])
    )


def cannot_move(panels: Mapping[str, LongPanel]) -> list[Check]:
    """Estimate the effect on outcomes coaching cannot move; keys name them."""
    question = "Does {name}, which this cannot move, stay put?"
    if not panels:
        return [_open("negative_control", "Do outcomes this cannot move stay put?", "none was given (--negative-control COLS)")]
    return [_must_be_nothing("negative_control", question.format(name=name), name, one) for name, one in panels.items()]


def _must_be_nothing(name: str, question: str, what: str, panel: LongPanel) -> Check:
    try:
        found = imputation(panel, horizons=False)
    except DesignError as error:
        return _open(name, question, f"not computed: {error.message}")
    if found.p is None:
        return _open(name, question, "no standard error, so it cannot be tested")
    detail = f"{what}: {signed(found.estimate, 3)}, p = {found.p:.3f}; a pass is weak evidence when clusters are few"
    return Check(name, CheckResult(question, found.p >= 0.05, detail), found.p, found.estimate, is_control=True)


@dataclass(frozen=True, slots=True)
class Donuts:
    """Estimates with so many periods before the start left out; None where too few remain."""

    estimates: dict[int, float | None]
    check: Check

    @property
    def differ(self) -> bool:
        """Whether they differ by more than one standard error, or cannot be compared."""
        return self.check.shown.passed is not True


def without_periods_before(panel: LongPanel, widths: Sequence[int]) -> Donuts:
    """Compare the estimate without 0, 4 and 8 periods before the start: selection on recent results shows as a difference."""
    question = "Does it matter whether the periods just before the start are used?"
    found = dict[int, float | None]()
    se: float | None = None
    for width in widths:
        try:
            one = imputation(panel, donut=width, horizons=False)
        except DesignError:
            found[width] = None
            continue
        found[width], se = one.estimate, one.se if width == 0 else se
    known = [value for value in found.values() if value is not None]
    said = ", ".join(f"without {width}: {'–' if value is None else signed(value, 3)}" for width, value in found.items())
    if len(known) < 2 or se is None:
        return Donuts(found, _open("donut", question, f"{said}; too few periods before the start to compare"))
    span = max(known) - min(known)
    detail = f"{said}; they span {span:.3g}, one standard error is {se:.3g}"
    return Donuts(found, Check("donut", CheckResult(question, span <= se, detail), value=span / se))


def who_is_there(panel: LongPanel) -> Check:
    """Compare how many of those seen before the first start are gone at the end, with treatment and without."""
    question = "Do treated and untreated units leave equally often?"
    started = panel.first < panel.period_n
    if not started.any() or started.all() or panel.design != "panel":
        return _open(
            "attrition", question, "there is one group only" if panel.design == "panel" else "rows are not the same units"
        )
    opening = float(panel.first[started].min())
    earliest, last = (np.full(panel.unit_n, fill) for fill in (np.inf, -np.inf))
    np.minimum.at(earliest, panel.unit, panel.time)
    np.maximum.at(last, panel.unit, panel.time)
    here, gone = earliest < opening, last < panel.period_n - 1
    if not (here & started).any() or not (here & ~started).any():
        return _open("attrition", question, "only one group was there before the first start")
    share = {on: float(gone[here & (started == on)].mean()) for on in (True, False)}
    late = {on: float((~here)[started == on].mean()) for on in (True, False)}
    gap = share[True] - share[False]
    detail = (
        f"gone at the end: {100 * share[True]:.1f} % of {int((here & started).sum())} treated, {100 * share[False]:.1f} % of "
        f"{int((here & ~started).sum())} untreated units ({signed(100 * gap)} points; the limit is {100 * LEAVING_LIMIT:.0f}); "
        f"came after the first start: {100 * late[True]:.1f} % and {100 * late[False]:.1f} %"
    )
    return Check("attrition", CheckResult(question, abs(gap) <= LEAVING_LIMIT, detail), value=gap)


def same_result_by_regression(panel: LongPanel, estimate: float) -> Check:
    """Say what a two-way regression would have answered and how much of it rests on forbidden comparisons."""
    question = "Would a plain two-way regression have misled?"
    try:
        plain, negative = twfe(panel), negative_weight_share(panel)
    except DesignError as error:
        return _open("twfe", question, error.message)
    except ZeroDivisionError:
        return _open("twfe", question, "one cluster alone leaves nothing to compute its error from")
    try:
        parts = bacon(panel)
        against = f"{100 * parts.share('already treated'):.0f} % of it compares with units already treated"
    except DesignError:
        against = "its comparisons cannot be taken apart here"
    detail = (
        f"it says {signed(plain.estimate, 3)}, {signed(plain.estimate - estimate, 3)} from this answer; {against}, "
        f"{100 * negative:.0f} % of the weight on treated rows is negative"
    )
    return Check("twfe", CheckResult(question, None, detail), value=plain.estimate)


def enough_clusters(found: Estimate) -> Check:
    """Say how many equally informative clusters the contrast is worth."""
    question = "Do enough clusters carry the answer?"
    worth = found.effective_clusters
    said = "" if worth is None else f", worth {worth:.1f} equally informative ones"
    passed = (
        found.n_treated_clusters > 5 and found.n_clusters - found.n_treated_clusters >= 2 and (worth is None or worth >= 10)
    )
    return Check(
        "clusters",
        CheckResult(question, passed, f"{found.n_treated_clusters} of {found.n_clusters} treated{said}"),
        value=worth,
    )


def contamination(panel: LongPanel) -> Check:
    """Say whether untreated units share a cluster with treated ones: effects may spill over, clusters were not assigned."""
    question = "Are untreated units kept apart from treated ones?"
    if panel.cluster_n == panel.unit_n:
        return _open("contamination", question, "no clusters were given (--cluster), so it cannot be seen who works with whom")
    started = panel.first < panel.period_n
    touched = np.bincount(panel.cluster, weights=started.astype(float), minlength=panel.cluster_n) > 0
    mixed = int((touched[panel.cluster] & ~started).sum())
    starts = len({(int(c), float(f)) for c, f in zip(panel.cluster, panel.first, strict=True)})
    detail = f"{mixed} of {int((~started).sum())} never-treated units are in clusters with treated ones"
    if starts > panel.cluster_n:
        detail += f"; {starts - panel.cluster_n} starts differ inside a cluster, so it was not assigned as a whole"
    return Check("contamination", CheckResult(question, mixed == 0, detail), value=float(mixed))


def reach_of_offer(offered: LongPanel, treated_first: Floats) -> Check:
    """Say which share of the units with an offer was treated by the end, and which share without one."""
    question = "How many of those with an offer took it?"
    got, had = treated_first < offered.period_n, offered.first < offered.period_n
    inside, outside = float(got[had].mean()) if had.any() else 0.0, float(got[~had].mean()) if (~had).any() else 0.0
    detail = f"{100 * inside:.0f} % of {int(had.sum())} with an offer, {100 * outside:.0f} % of {int((~had).sum())} without"
    return Check("reach", CheckResult(question, None, detail), value=inside - outside)


def periods_before(panel: LongPanel) -> tuple[int, int]:
    """Return how many periods with rows precede the start: of the middle treated unit, and of the one that starts last.

    Every period, twice, when nobody starts.
    """
    seen = np.zeros(panel.period_n + 1, dtype=np.int64)
    seen[np.unique(panel.time) + 1] = 1
    before = np.cumsum(seen)
    starts = panel.first[panel.first < panel.period_n]
    if not len(starts):
        return int(before[-1]), int(before[-1])
    each = before[np.maximum(starts, 0).astype(np.int64)]
    return int(np.median(each)), int(each.max())


def baseline(panel: LongPanel) -> float | None:
    """Return the treated units' weighted mean outcome before their start."""
    rows = (panel.time < panel.first[panel.unit]) & (panel.first[panel.unit] < panel.period_n) & (panel.w > 0)
    return float(np.average(panel.y[rows], weights=panel.w[rows])) if rows.any() else None
