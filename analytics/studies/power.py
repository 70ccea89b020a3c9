"""How big a pilot: closed forms for a slider, and a simulation on the customer's own time before, which decides.

Lives here: least detectable effects, sample sizes, power by simulation. Not here: drawing who gets what (assignment.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from aftercall.contracts.errors import DesignError
from analytics.studies.series import Floats


@dataclass(frozen=True, slots=True)
class Spread:
    """What varies, in the outcome's unit: team-week shocks, agent-week shocks (each AR(1)), single interactions."""

    team_sd: float = 1.0
    team_rho: float = 0.7
    agent_sd: float = 2.5
    agent_rho: float = 0.5
    interaction_sd: float = 12.0
    interactions: float = 80.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """Share of simulated pilots that find the effect, and that find one where there is none (should be near alpha)."""

    effect: float
    power: float
    false_positives: float
    mean_estimate: float
    draws: int
    teams: int
    weeks_before: int
    weeks_after: int


def staged_design(teams: int, weeks: int, starts: Sequence[int], *, treated_share: float = 0.5) -> Floats:
    """Return the 0/1 matrix (teams, weeks): the treated share of teams, dealt over the starts in turn.

    >>> staged_design(4, 4, [1, 2]).tolist()
    [[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    treated_n = round(teams * treated_share)
    if teams < 2 or not 1 <= treated_n <= teams or not starts or not all(0 < start < weeks for start in starts):
        raise DesignError(
            f"{teams} teams, {weeks} weeks, starts {list(starts)}: give 2 teams or more and starts within the weeks."
        )
    design = np.zeros((teams, weeks))
    for team in range(treated_n):
        design[team, starts[team % len(starts)] :] = 1
    return design


def least_detectable(design: Floats, agents: float, spread: Spread, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return MDE = (t_{1−α/2,G−1} + t_{power,G−1})·SE, SE by GLS on team-weeks with team and week effects.

    Args: design, 0/1 (teams, weeks); agents per team. Ω = σ_u²ρ_u^|lag| + (σ_e²ρ_e^|lag| + 1{lag=0}σ²/n)/m.
    Raises: DesignError, no comparison is left after team and week effects. Source: spec statistics 4.21.

    >>> round(least_detectable(staged_design(20, 30, [10, 14, 18]), 12, Spread()), 2)
    0.88
    """
    g, weeks = design.shape
    lag = np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    noise = np.eye(weeks) * spread.interaction_sd**2 / spread.interactions
    omega = spread.team_sd**2 * spread.team_rho**lag + (spread.agent_sd**2 * spread.agent_rho**lag + noise) / agents
    se = gls_error(design, omega)
    df = max(g - 1, 1)
    return (float(stats.t.ppf(1 - alpha / 2, df)) + float(stats.t.ppf(power, df))) * se


def gls_error(design: Floats, omega: Floats, *, team_effects: bool = True) -> float:
    """Return the GLS standard error of the effect, teams independent with covariance omega (weeks, weeks) each."""
    inverse = np.linalg.inv(omega)
    if team_effects:  # sweep out a constant per team
        ones = np.ones(len(omega))
        inverse = inverse - np.outer(inverse @ ones, ones @ inverse) / (ones @ inverse @ ones)
    centred = design - design.mean(axis=0)  # sweep out the weeks: all teams share omega
    information = float(np.einsum("gt,ts,gs->", centred, inverse, centred))
    if information <= 1e-12:
        raise DesignError("Every team starts in the same week or none does: nothing is left to compare. Hold some teams back.")
    return float(1 / np.sqrt(information))


def hussey_hughes(design: Floats, cluster_var: float, cell_var: float) -> float:
    """Return the variance of the effect in a stepped wedge with random cluster levels, constant over time.

    V = Is²(s²+Tτ²)/[(IU−W)s² + (U²+ITU−TW−IV)τ²]. Args: design (clusters, periods) of 0/1, cluster_var τ²,
    cell_var s² = σ_e²/n.
    Source: Hussey & Hughes (2007), Contemporary Clinical Trials 28(2), equation 8; spec statistics 4.21.

    >>> wedge = np.repeat(np.triu(np.ones((4, 5)), 1), 6, axis=0)
    >>> round(hussey_hughes(wedge, (0.3 * 0.05) ** 2, 0.05 * 0.95 / 100) * 1e5, 5)
    4.4058
    """
    i, t = design.shape
    u, w, v = float(design.sum()), float(np.sum(design.sum(axis=0) ** 2)), float(np.sum(design.sum(axis=1) ** 2))
    below = (i * u - w) * cell_var + (u**2 + i * t * u - t * w - i * v) * cluster_var
    if below <= 0:
        raise DesignError("This design compares nothing within a period. Let clusters start in different periods.")
    return i * cell_var * (cell_var + t * cluster_var) / below


def per_arm(effect_sd: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return how many independent units each of two arms needs for an effect in SDs (two-sided t-test).

    >>> round(per_arm(0.5), 3)
    63.766
    """
    if not effect_sd:
        raise DesignError("An effect of 0 cannot be found with any number. Give the smallest effect that matters.")

    def short(n: float) -> float:
        df, shift = 2 * n - 2, abs(effect_sd) * float(np.sqrt(n / 2))
        cut = float(stats.t.ppf(1 - alpha / 2, df))
        wrong_side = float(stats.nct.cdf(-cut, df, shift)) if shift < 3 else 0.0  # below 1e-6 from there on
        return float(stats.nct.sf(cut, df, shift)) + wrong_side - power

    rough = 2 * ((float(stats.norm.ppf(1 - alpha / 2)) + float(stats.norm.ppf(power))) / effect_sd) ** 2
    if short(2.0) >= 0:
        return 2.0
    return float(optimize.brentq(short, max(2.0, rough / 2), 2 * rough + 10))  # pyright: ignore[reportArgumentType]


def simulate_power(
    cells: Floats,
    *,
    effect: float,
    teams: int,
    weeks_before: int,
    weeks_after: int,
    treated_share: float = 0.5,
    draws: int = 1000,
    alpha: float = 0.05,
    seed: int = 0,
) -> Simulated:
    """Return how often a pilot like this would have found the effect in the customer's own quiet past.

    Each draw takes teams (with replacement when more are wanted than there are) and a window of weeks of the past, treats a
    random share of them, adds the effect after the start, and tests the change of team means between arms with a t-test on
    G − 2 (one figure a team, so weeks may depend on each other).
    Args: cells, team × week means before anything was tried, (teams there are, weeks there are), NaN unknown.
    Raises: DesignError, too few weeks or teams. Source: Bertrand, Duflo & Mullainathan (2004) for one figure a team.
    """
    there, length = cells.shape
    span, treated_n = weeks_before + weeks_after, round(teams * treated_share)
    if weeks_before < 1 or weeks_after < 1 or length < span:
        raise DesignError(
            f"{length} weeks of the past; {span} are needed ({weeks_before} before, {weeks_after} after the start)."
        )
    if there < 4 or treated_n < 1 or teams - treated_n < 1 or teams < 4:
        raise DesignError(f"{there} teams in the past, {teams} asked: both must be 4 or more, with some held back.")
    rng = np.random.default_rng(seed)
    estimates, errors = np.full(draws, np.nan), np.full(draws, np.nan)
    for k in range(draws):
        rows = rng.choice(there, teams, replace=teams > there)
        at = int(rng.integers(0, length - span + 1))
        window = cells[rows, at : at + span]
        with np.errstate(invalid="ignore"):
            n_before, n_after = (np.isfinite(p).sum(axis=1) for p in (window[:, :weeks_before], window[:, weeks_before:]))
            before, after = np.nansum(window[:, :weeks_before], axis=1), np.nansum(window[:, weeks_before:], axis=1)
            change = np.where(
                (n_before > 0) & (n_after > 0), after / np.maximum(n_after, 1) - before / np.maximum(n_before, 1), np.nan
            )
        one, zero = change[:treated_n], change[treated_n:]
        one, zero = one[np.isfinite(one)], zero[np.isfinite(zero)]
        if len(one) and len(zero) and len(one) + len(zero) > 2:
            pooled = (np.sum((one - one.mean()) ** 2) + np.sum((zero - zero.mean()) ** 2)) / (len(one) + len(zero) - 2)
            estimates[k], errors[k] = one.mean() - zero.mean(), np.sqrt(pooled * (1 / len(one) + 1 / len(zero)))
    good = np.isfinite(estimates) & (errors > 0)
    if good.sum() < draws / 2:
        raise DesignError("Most simulated pilots had no known values. Give a past with fewer holes.")
    cut = float(stats.t.ppf(1 - alpha / 2, teams - 2))
    null, planted = estimates[good], estimates[good] + effect
    found = float(np.mean(np.abs(planted) > cut * errors[good]))
    false = float(np.mean(np.abs(null) > cut * errors[good]))
    return Simulated(effect, found, false, float(planted.mean()), int(good.sum()), teams, weeks_before, weeks_after)
