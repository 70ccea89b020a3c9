"""Wild cluster bootstrap of the two-way regression, the null imposed.

Lives here: its p-value and the interval of effects not rejected. Not here: the regression (fixed_effects.py), randomisation
inference, which few treated clusters need. Not validated for imputation.

Restricted residuals are linear in the tested effect and every draw multiplies whole clusters, so all of it is G x G algebra.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.errors import DesignError
from analytics.studies.longpanel import LongPanel
from analytics.studies.two_way import cluster_scores, normal_equations, of_panel, solved, unit_means

Floats = NDArray[np.float64]
Weights = Literal["rademacher", "webb"]
WEBB_UP_TO = 12


@dataclass(frozen=True, slots=True)
class WildBootstrap:
    """The coefficient, its clustered t, the bootstrap's p-value and interval; an end that was not found is infinite."""

    estimate: float
    t: float
    p: float
    ci_low: float
    ci_high: float
    draws: int
    weights: Weights


@dataclass(frozen=True, slots=True)
class Pieces:
    """Cluster sums for treatment d and outcome y, both without effects and covariates.

    `dd` and `dy` (G) are <d, d> and <d, y> within clusters; `hd`, `hy` (G, G) take from cluster g's score what the effects
    re-fitted to a draw explain: row g, column of the cluster whose residuals are multiplied.
    """

    dd: Floats
    dy: Floats
    hd: Floats
    hy: Floats

    @property
    def estimate(self) -> float:
        """The coefficient."""
        return float(self.dy.sum() / self.dd.sum())

    def t(self, null: float = 0.0) -> float:
        """Return the clustered t of the coefficient; the small-sample factor cancels in every comparison and is left out."""
        scores = self.dy - self.estimate * self.dd
        return float((self.estimate - null) * self.dd.sum() / np.sqrt((scores**2).sum()))


def pieces_of(panel: LongPanel) -> Pieces:
    """Return the pieces of the regression of y on being treated, with unit and period effects and covariates.

    Raises: DesignError, treatment never varies once both effects are taken out.
    """
    panel = panel.rows(panel.w > 0)
    d = panel.is_treated.astype(np.float64)
    both = of_panel(panel).residual(np.column_stack([d, panel.y, panel.x]))
    d_plain, y_plain, x = both[:, 0], both[:, 1], both[:, 2:]
    if x.shape[1]:
        slopes = np.linalg.lstsq(x * np.sqrt(panel.w)[:, None], both[:, :2] * np.sqrt(panel.w)[:, None], rcond=None)[0]
        d_plain, y_plain = d_plain - x @ slopes[:, 0], y_plain - x @ slopes[:, 1]
    by_row = panel.cluster[panel.unit]
    products = panel.w * d_plain * d_plain, panel.w * d_plain * y_plain
    dd, dy = (np.bincount(by_row, weights=one, minlength=panel.cluster_n).astype(np.float64) for one in products)
    if dd.sum() <= 1e-10 * max(1.0, float(panel.w @ d)):
        raise DesignError("There is no effect to estimate: treatment is the same as unit and period effects.")
    # Unit effects lie inside clusters: unit means of a draw stay zero, so only periods and covariates are re-fitted.
    one = replace(panel, cluster=np.zeros_like(panel.cluster), cluster_names=("all",))
    s = normal_equations(one, unit_means(one, panel.w))[0][0]
    of_d, of_y = cluster_scores(panel, panel.w * d_plain), cluster_scores(panel, panel.w * y_plain)
    return Pieces(dd, dy, of_d @ solved(s, of_d.T), of_d @ solved(s, of_y.T))


def wild_bootstrap(
    panel: LongPanel, *, draws: int = 9_999, weights: Weights | None = None, seed: int = 7, alpha: float = 0.05
) -> WildBootstrap:
    """Return the symmetric p-value of no effect and the interval of effects not rejected.

    Args: weights, ±1 (Rademacher), or Webb's six points, taken up to 12 clusters.
    Raises: DesignError, fewer than three clusters, or no contrast.
    Source: Cameron, Gelbach and Miller (2008); Roodman and others (Stata Journal 2019).
    """
    g = panel.cluster_n
    if g < 3:
        raise DesignError(f"The wild cluster bootstrap needs at least three clusters; here are {g}.")
    kind: Weights = weights or ("webb" if g <= WEBB_UP_TO else "rademacher")
    p_of = tested(pieces := pieces_of(panel), multipliers(g, draws, kind, seed))
    estimate, t = pieces.estimate, pieces.t()
    step = abs(estimate / t) if t else 1.0
    low, high = (_end(p_of, estimate, sign * step, alpha) for sign in (-1, 1))
    return WildBootstrap(estimate, t, p_of(0.0), low, high, draws, kind)


def multipliers(g: int, draws: int, kind: Weights, seed: int) -> Floats:
    """Return the clusters' multipliers (draws, G), mean 0 and variance 1."""
    rng = np.random.default_rng(seed)
    if kind == "rademacher":
        signs: Floats = rng.integers(0, 2, (draws, g)).astype(np.float64)
        return 2 * signs - 1
    points: Floats = np.sqrt(np.array([0.5, 1.0, 1.5]))
    six: Floats = np.concatenate([-points, points])
    return np.asarray(six[rng.integers(0, 6, (draws, g))], dtype=np.float64)


def tested(pieces: Pieces, v: Floats) -> Callable[[float], float]:
    """Return p as a function of the effect tested, with the same multipliers v (B, G) for all."""
    total = float(pieces.dd.sum())
    own_y, own_d = v * pieces.dy - v @ pieces.hy.T, v * pieces.dd - v @ pieces.hd.T
    moved_y, moved_d = v @ pieces.dy / total, v @ pieces.dd / total

    def p_of(null: float) -> float:
        moved = moved_y - null * moved_d
        scores = own_y - null * own_d - moved[:, None] * pieces.dd
        spread = np.sqrt((scores**2).sum(axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = np.abs(np.where(spread > 0, moved * total / spread, np.inf))
        return float((drawn >= abs(pieces.t(null)) * (1 - 1e-9)).mean())

    return p_of


def _end(p_of: Callable[[float], float], estimate: float, step: float, alpha: float) -> float:
    """Return where p falls to alpha on one side of the estimate; infinite when it does not within 1,000 errors."""
    inside, reach = 0.0, 1.0
    while p_of(estimate + reach * step) > alpha:
        inside, reach = reach, 2 * reach
        if reach > 1_000:
            return float(np.inf * np.sign(step))
    for _ in range(24):
        middle = (inside + reach) / 2
        if p_of(estimate + middle * step) > alpha:
            inside = middle
        else:
            reach = middle
    return estimate + (inside + reach) / 2 * step
