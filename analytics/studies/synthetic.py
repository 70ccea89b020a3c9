"""Few treated units: difference-in-differences, synthetic control and synthetic difference-in-differences from one formula.

Lives here: weights of donors and periods, the point estimate. Not here: errors, placebos, verdict (synthetic_checks.py), the
solver (simplex.py).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.studies.series import Block, Floats
from analytics.studies.simplex import Rule, Weights, exact_weights, simplex_weights

SyntheticMethod = Literal["sdid", "sc", "did"]


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Donor weights ω (N_co,), period weights λ (pre_n,), the effect per period after the start, and the whole gap.

    `gap` is treated minus synthetic in every period, shifted for SDiD and DiD by the weighted difference before.
    """

    estimate: float
    omega: Floats
    lam: Floats
    gap: Floats
    pre_rmspe: float
    post_rmspe: float
    optimality_gap: float

    @property
    def ratio(self) -> float:
        """RMSPE after the start over RMSPE before; infinite when the fit before is perfect."""
        return self.post_rmspe / self.pre_rmspe if self.pre_rmspe > 0 else float("inf")


def synthetic(block: Block, method: SyntheticMethod = "sdid", *, rule: Rule = "reference") -> Synthetic:
    """Return the effect on the treated units of a full table.

    ω minimises Σ_pre(ω₀ + ωY_t − Ȳ_tr,t)² + ζ²T_pre‖ω‖², ζ = (N_tr T_post)^¼ σ̂, σ̂ the SD of first differences of donors before
    the start; λ the same across donors with ζ = 1e-6 σ̂. 'sc': ω₀ = 0, ζ = 1e-6 σ̂, λ = 0. 'did': both equal.
    Source: Arkhangelsky et al. (2021), American Economic Review 111(12); spec statistics 4.8.

    >>> y = np.array([[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0], [2.0, 3.0, 4.0, 8.0]])
    >>> round(synthetic(Block(y, ("a", "b"), ("c",), ("1", "2", "3", "4"), 3, "y")).estimate, 6)
    3.0
    """
    return point(block.y, block.control_n, block.pre_n, method, rule=rule)


def point(y: Floats, control_n: int, pre_n: int, method: SyntheticMethod, *, rule: Rule = "exact") -> Synthetic:
    """Return the same from arrays: y (N, T) with donors first."""
    control, treated = y[:control_n], y[control_n:].mean(axis=0)
    if rule == "exact" or method == "did":
        everybody = np.ones((1, control_n), dtype=bool)
        return points(control, treated[None], everybody, len(y) - control_n, pre_n, method)[0]
    noise = noise_level(control[:, :pre_n])
    zeta = (len(y) - control_n) ** 0.25 * (y.shape[1] - pre_n) ** 0.25 * noise if method == "sdid" else 1e-6 * noise
    before, drop = control[:, :pre_n], (1e-5 * noise) ** 2
    donors = simplex_weights(
        before.T, treated[:pre_n], zeta**2 * pre_n, intercept=method == "sdid", rule=rule, least_drop=drop * pre_n
    )
    if method == "sc":
        return _synthetic(control, treated, donors, Weights(np.zeros(pre_n), 0.0), pre_n, method)
    ridge, target = (1e-6 * noise) ** 2 * control_n, control[:, pre_n:].mean(axis=1)
    times = simplex_weights(before, target, ridge, intercept=True, rule=rule, least_drop=drop * control_n)
    return _synthetic(control, treated, donors, times, pre_n, method)


def points(
    control: Floats, treated: Floats, donors: NDArray[np.bool_], treated_n: int, pre_n: int, method: SyntheticMethod
) -> list[Synthetic]:
    """Return B estimates at the exact optimum: treated averages (B, T) against their own donors (B, N_co) of `control`."""
    count = len(donors)
    if method == "did":
        lam = Weights(np.full(pre_n, 1 / pre_n), 0.0)
        even = [Weights(on / on.sum(), 0.0) for on in donors]
        return [_synthetic(control, treated[k], even[k], lam, pre_n, method) for k in range(count)]
    before, after = control[:, :pre_n], control[:, pre_n:].mean(axis=1)
    noise = np.array([noise_level(before[on]) for on in donors])
    zeta = (treated_n * (control.shape[1] - pre_n)) ** 0.25 * noise if method == "sdid" else 1e-6 * noise
    free = method == "sdid"  # of a level
    a, b = before.T, treated[:, :pre_n]
    a, b = (a - a.mean(axis=0), b - b.mean(axis=1, keepdims=True)) if free else (a, b)
    drop = (1e-5 * noise) ** 2 * pre_n
    omega = exact_weights((a.T @ a)[None], b @ a, zeta**2 * pre_n, donors, drop)
    lam = [Weights(np.zeros(pre_n), 0.0)] * count
    if method == "sdid":
        own = [before[on] - before[on].mean(axis=0) for on in donors]
        target = [after[on] - after[on].mean() for on in donors]
        q, c = np.stack([one.T @ one for one in own]), np.stack([one.T @ of for one, of in zip(own, target, strict=True)])
        n = donors.sum(axis=1)
        lam = exact_weights(q, c, (1e-6 * noise) ** 2 * n, np.ones(c.shape, dtype=bool), (1e-5 * noise) ** 2 * n)
    return [_synthetic(control, treated[k], omega[k], lam[k], pre_n, method) for k in range(count)]


def _synthetic(
    control: Floats, treated: Floats, donors: Weights, times: Weights, pre_n: int, method: SyntheticMethod
) -> Synthetic:
    omega, lam = donors.values, times.values
    gap = treated - omega @ control
    shift = float(lam @ gap[:pre_n])
    # What is judged before the start: the level for SC, the shape (the level is free) for the others.
    missed = gap[:pre_n] - (0.0 if method == "sc" else float(gap[:pre_n].mean()))
    gap = gap - shift
    return Synthetic(
        float(gap[pre_n:].mean()),
        omega,
        lam,
        gap,
        float(np.sqrt(np.mean(missed**2))),
        float(np.sqrt(np.mean(gap[pre_n:] ** 2))),
        max(donors.gap, times.gap),
    )


def noise_level(before: Floats) -> float:
    """Return σ̂: the SD of donors' changes from period to period before the start, 0 with one period.

    >>> noise_level(np.array([[1.0, 2.0, 4.0]]))
    0.7071067811865476
    """
    changes = np.diff(before, axis=1)
    return float(changes.std(ddof=1)) if changes.size > 1 else 0.0
