"""ANCOVA of a drawn split: each unit's mean after the start, adjusted for its mean before.

Lives here: from a panel to the two numbers a unit has, and the answer. Not here: the regression (ancova.py), whether the split
was drawn (mechanism.py).
"""

import numpy as np

from aftercall.contracts.errors import DesignError
from analytics.studies.ancova import adjusted
from analytics.studies.attrition import means_of
from analytics.studies.estimate import Estimate, Vcov
from analytics.studies.longpanel import LongPanel


def ancova(panel: LongPanel, *, alpha: float = 0.05) -> Estimate:
    """Return the effect of the first start against units that start later or never, until the next start.

    Adjusted for each unit's mean outcome (and covariates) before, with interactions (Lin 2013); errors HC2, or the jackknife
    over clusters. Raises: DesignError, a side has no units with a before and an after.
    """
    starts = np.unique(panel.first[(panel.first >= 1) & (panel.first < panel.period_n)])
    if not len(starts):
        raise DesignError("Nobody starts inside the panel, so there is nothing to compare.")
    end = float(starts[1]) if len(starts) > 1 else float(panel.period_n)
    before, after = panel.time < starts[0], (panel.time >= starts[0]) & (panel.time < end)
    y = means_of(panel, panel.y, after)
    x = np.column_stack([means_of(panel, column, before) for column in (panel.y, *panel.x.T)])
    known = np.isfinite(y) & np.isfinite(x).all(axis=1) & (panel.first >= starts[0])
    treated = panel.first == starts[0]
    if min(int((known & treated).sum()), int((known & ~treated).sum())) < 2:
        raise DesignError("A drawn split needs at least two units on each side with rows before and after the start.")
    codes = None if panel.cluster_n == panel.unit_n else np.unique(panel.cluster[known], return_inverse=True)[1].reshape(-1)
    varies = x[known].std(axis=0) > 1e-12
    found, kind = adjusted(y[known], treated[known], x[known][:, varies], "lin", codes, alpha)
    vcov: Vcov = "HC2" if codes is None else ("jackknife" if "jackknife" in kind else "CRV1")
    clusters = np.unique(panel.cluster[known])
    return Estimate(
        "ANCOVA: mean after the start, adjusted for the mean before",
        "effect of being drawn",
        panel.outcome,
        panel.unit_of_outcome,
        found.estimate,
        found.se,
        found.df,
        found.ci_low,
        found.ci_high,
        found.p,
        vcov,
        int((before | after).sum()),
        int(known.sum()),
        len(clusters),
        len(np.unique(panel.cluster[known & treated])),
        None if codes is not None else float(len(clusters)),
    )
