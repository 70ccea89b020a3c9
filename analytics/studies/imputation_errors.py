"""Uncertainty of the imputation estimator by cluster jackknife.

Lives here: from sums over clusters to an Estimate. Not here: the point estimate (imputation.py), pre-trends, verdicts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.studies.estimate import Estimate, horizons_of, interval
from analytics.studies.imputation import ClusterSums, cluster_sums, targets_of
from analytics.studies.longpanel import LongPanel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Estimates without each cluster (G, H) and their covariance (H, H); rows of NaN: the cluster holds a whole target."""

    without: Floats
    covariance: Floats


def jackknife(sums: ClusterSums) -> Jackknife:
    """Return the leave-one-cluster-out estimates and their covariance, (G - 1)/G times the squares about the estimate.

    A target that one cluster alone holds has no covariance: NaN. Source: MacKinnon, Nielsen and Webb (Journal of Applied
    Econometrics 2023), CV3.
    """
    whole = sums.without()
    g = len(sums.s)
    without = np.stack([sums.without(cluster) for cluster in range(g)])
    gaps = without - whole
    return Jackknife(without, (g - 1) / g * gaps.T @ gaps)


def imputation(panel: LongPanel, *, donut: int = 0, horizons: bool = True, alpha: float = 0.05) -> Estimate:
    """Return the average effect on treated rows with its course over time; errors by cluster jackknife, t(G - 1).

    Args: donut, periods before first treatment that the untreated model does not learn from.
    Raises: DesignError, nothing can be compared.
    """
    sums = cluster_sums(panel, targets_of(panel, horizons=horizons), donut=donut)
    whole, errors = sums.without(), jackknife(sums)
    g = panel.cluster_n
    with np.errstate(invalid="ignore"):
        ses = np.sqrt(np.diag(errors.covariance))
    df = float(g - 1)
    reach = interval(float(whole[0]), float(ses[0]), df, alpha=alpha)
    names = [int(name) for name in sums.target_names[1:]]
    used_units = [np.unique(panel.unit[sums.used & (panel.horizon == name)]).size for name in names]
    treated = np.isfinite(panel.first) & (panel.first < panel.period_n)
    notes = (f"{sums.left_out_n} treated rows have nothing to be compared with and are left out.",) if sums.left_out_n else ()
    return Estimate(
        "imputation" + (f", without {donut} periods before the start" if donut else ""),
        "ATT",
        panel.outcome,
        panel.unit_of_outcome,
        float(whole[0]),
        float(ses[0]) if reach else None,
        df,
        reach[0] if reach else None,
        reach[1] if reach else None,
        reach[2] if reach else None,
        "jackknife",
        int(sums.used.sum() + (panel.time < panel.first[panel.unit] - donut).sum()),
        panel.unit_n,
        g,
        len(np.unique(panel.cluster[treated])),
        horizons=horizons_of(names, whole[1:], ses[1:], used_units, df, alpha=alpha),
        covariance=errors.covariance[1:, 1:],
        influence=whole[0] - errors.without[:, 0],
        notes=notes,
    )
