"""When more leave on one side: the range of effects that leaving alone could have made (Lee bounds).

Lives here: bounds on changes of those who stayed. Not here: how many left (diagnostics.py), bounds of a plain experiment.
"""

import numpy as np
from numpy.typing import NDArray

from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]


def lee_bounds(panel: LongPanel) -> tuple[float, float] | None:
    """Return the lowest and highest difference in changes after trimming the side that stayed more; None without both sides.

    A unit's change is its mean after its start (for those who never start: after the middle start) less its mean before the
    first start of all. Source: Lee (Review of Economic Studies 2009); assumes leaving moves one way only.
    """
    started = panel.first < panel.period_n
    if not started.any() or started.all():
        return None
    opening, middle = float(panel.first[started].min()), float(np.median(panel.first[started]))
    begin = np.where(started, panel.first, middle)[panel.unit]
    before = means_of(panel, panel.y, panel.time < opening)
    after = means_of(panel, panel.y, panel.time >= begin)
    here, change = np.isfinite(before), after - before
    sides = [change[here & (started == on)] for on in (True, False)]
    stayed = [float(np.isfinite(side).mean()) if len(side) else 0.0 for side in sides]
    treated, untreated = (np.sort(side[np.isfinite(side)]) for side in sides)
    if not len(treated) or not len(untreated):
        return None
    more = treated if stayed[0] > stayed[1] else untreated
    cut = round(abs(stayed[0] - stayed[1]) / max(stayed) * len(more))
    if cut >= len(more):
        return None
    low_mean, high_mean = float(more[: len(more) - cut].mean()), float(more[cut:].mean())
    if stayed[0] > stayed[1]:
        return low_mean - float(untreated.mean()), high_mean - float(untreated.mean())
    return float(treated.mean()) - high_mean, float(treated.mean()) - low_mean


def means_of(panel: LongPanel, of: Floats, rows: NDArray[np.bool_]) -> Floats:
    """Return the weighted mean per unit (U) of a value over some rows; NaN where a unit has none."""
    weight = np.bincount(panel.unit[rows], weights=panel.w[rows], minlength=panel.unit_n)
    total = np.bincount(panel.unit[rows], weights=(panel.w * of)[rows], minlength=panel.unit_n)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)
