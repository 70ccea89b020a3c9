"""How long feedback took by arm: seconds from the behaviour to the feedback, and whose feedback came as another arm's.

Lives here: delays in the rows of a panel, medians, late shares. Not here: effects (arms.py).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aftercall.contracts.errors import ContractError, UnknownColumn
from analytics.studies.before_start import CODE, FIRST, LABEL, UNIT, placed
from analytics.studies.longpanel import LongPanel
from analytics.studies.study_spec import StudySpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DELAY_COLUMN = "delay_s"


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds per row of the panel (n), NaN where no feedback came; by arm the median, and the share nearer to another's."""

    rows: Floats
    medians: tuple[float | None, ...]
    late_shares: tuple[float | None, ...]

    def nearest(self, delays: Floats) -> Ints:
        """Return the arm whose median is nearest in proportion; -1 where the delay, or every median, is not known."""
        known = np.array([np.nan if one is None else one for one in self.medians])
        gaps = np.abs(np.log1p(delays)[:, None] - np.log1p(known))
        gaps = np.where(np.isfinite(gaps), gaps, np.inf)
        return np.where(np.isfinite(gaps.min(axis=1)), gaps.argmin(axis=1), -1).astype(np.int64)

    def nearest_by_unit(self, panel: LongPanel) -> Ints:
        """Return the arm nearest to every unit's own median delay (U); -1 where it never had feedback."""
        rows = pl.DataFrame({"unit": panel.unit, "delay": self.rows}).filter(pl.col("delay").is_finite())
        found = rows.group_by("unit").agg(pl.col("delay").median())
        median = np.full(panel.unit_n, np.nan)
        median[found["unit"].to_numpy()] = found["delay"].to_numpy()
        return self.nearest(median)


def delays_of(panel: LongPanel, frame: pl.DataFrame, spec: StudySpec, of_unit: Ints, arm_n: int) -> Delays | None:
    """Return the delays of treated rows by arm; None when the panel has no such column or no delay is known.

    Args: of_unit (U), every unit's arm, -1 for none. Raises: UnknownColumn, ContractError, a declared column cannot be read.
    """
    column = spec.delay or (DELAY_COLUMN if DELAY_COLUMN in frame.columns else None)
    if column is None:
        return None
    if column not in frame.columns:
        raise UnknownColumn(column, "The panel", frame.columns)
    if not (frame.schema[column].is_numeric() or frame.schema[column] == pl.Null()):
        raise ContractError(f"{column} is {frame.schema[column]}; give seconds from the behaviour to its feedback as a number.")
    treated = placed(frame, spec).filter(pl.col(CODE) >= pl.col(FIRST))
    seen = treated.select(UNIT, LABEL, pl.col(column).cast(pl.Float64)).unique([UNIT, LABEL], keep="first", maintain_order=True)
    index = pl.DataFrame({UNIT: np.array(panel.unit_names)[panel.unit], LABEL: np.array(panel.time_labels)[panel.time]})
    joined = index.join(seen, on=[UNIT, LABEL], how="left", maintain_order="left")
    arm = of_unit[panel.unit]
    rows = joined[column].to_numpy().astype(np.float64)
    rows = np.where((arm >= 0) & (rows >= 0), rows, np.nan)
    known = np.isfinite(rows)
    if not known.any():
        return None
    of_arm = [rows[known & (arm == k)] for k in range(arm_n)]
    bare = Delays(rows, tuple(float(np.median(one)) if len(one) else None for one in of_arm), ())
    shares = tuple(float((bare.nearest(one) != k).mean()) if len(one) else None for k, one in enumerate(of_arm))
    return Delays(rows, bare.medians, shares)
