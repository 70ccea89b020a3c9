"""A planted effect averaged over exactly the cells an estimate used: what an estimate on made-up data must be compared with.

Lives here: the treated cells behind an imputation estimate, the planted mean over them. Not here: planting (aftercall.synth).
"""

import numpy as np
import polars as pl

from aftercall.contracts.errors import DesignError
from analytics.studies.imputation import cluster_sums, targets_of
from analytics.studies.longpanel import LongPanel


def treated_cells(panel: LongPanel) -> pl.DataFrame:
    """Return unit, period, weight: the treated rows behind an imputation estimate, to average a planted effect over just these.

    Raises: DesignError, nothing can be compared.
    """
    used = cluster_sums(panel, targets_of(panel, horizons=False)).used
    units = np.array(panel.unit_names, dtype=object)[panel.unit[used]]
    periods = np.array(panel.time_labels, dtype=object)[panel.time[used]]
    return pl.DataFrame({"unit": units, "period": periods, "weight": panel.w[used]}, schema_overrides={"unit": pl.String})


def planted_mean(cells: pl.DataFrame, truth: pl.DataFrame) -> float:
    """Return the mean planted effect over the cells an estimate used; weights as in the estimate.

    Args: cells, from treated_cells; truth, unit, period and te, the planted effect of that unit and period.
    Raises: DesignError, a cell has no planted value.

    >>> cells = pl.DataFrame({"unit": ["a", "a"], "period": ["1", "2"], "weight": [3.0, 1.0]})
    >>> planted_mean(cells, cells.select("unit", "period", te=pl.Series([-8.0, -4.0])))
    -7.0
    """
    joined = cells.join(truth.select("unit", "period", "te"), on=["unit", "period"], how="left")
    if absent := joined["te"].null_count():
        raise DesignError(f"{absent} of {cells.height} treated cells have no planted te; the truth must cover every one.")
    return float(np.average(joined["te"].to_numpy(), weights=joined["weight"].to_numpy()))
