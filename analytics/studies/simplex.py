"""Weights that are not negative and sum to one, closest to a target: the least-squares problem behind synthetic controls.

Lives here: an exact active-set solver with a certificate, and the steps of the reference software. Not here: what the
weights are for (synthetic.py).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.studies.series import Floats

Rule = Literal["exact", "reference"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of shape (n,), and `gap`: no weights reach an objective lower by more than this (Frank-Wolfe duality gap)."""

    values: Floats
    gap: float


def simplex_weights(
    a: Floats, b: Floats, ridge: float = 0.0, *, intercept: bool = False, rule: Rule = "exact", least_drop: float = 0.0
) -> Weights:
    """Return w ≥ 0, Σw = 1, minimising ‖aw − b‖² + ridge‖w‖² (with a free constant when `intercept`).

    Args: a, shape (m, n); b, shape (m,). Both rules start as the reference software (R package synthdid) does: 100 Frank-Wolfe
        steps from equal weights, then weights up to a quarter of the largest set to nothing. 'reference' goes on with 10,000
        further steps at most, until a step lowers the objective by less than `least_drop`, and so gives its published figures
        to the digit; 'exact' goes to the optimum. Where the optimum is not unique the start decides which one.
    Source: Arkhangelsky et al. (2021), appendix; Jaggi (2013) for the gap; spec statistics 4.8.

    >>> simplex_weights(np.eye(3), np.array([0.5, 0.5, 0.0])).values.round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    if intercept:
        a, b = a - a.mean(axis=0), b - b.mean()
    n = a.shape[1]
    q, c = a.T @ a + ridge * np.eye(n), a.T @ b
    w = _frank_wolfe(q, c, np.full(n, 1.0 / n), 100, least_drop)
    w[w <= w.max() / 4] = 0
    w /= w.sum()
    w = _active_set(q, c, _near(q, c, w)) if rule == "exact" else _frank_wolfe(q, c, w, 10_000, least_drop)
    gradient = q @ w - c
    return Weights(w, float(2 * (w @ gradient - gradient.min())))


def _frank_wolfe(q: Floats, c: Floats, w: Floats, steps: int, least_drop: float) -> Floats:
    """Return w after steps towards the best vertex, each as long as is best, until one lowers the objective too little."""
    w, qw = w.copy(), q @ w
    for number in range(steps):
        gradient = qw - c
        best = int(np.argmin(gradient))
        down = float(w @ gradient - gradient[best])  # -gradient · (vertex − w)
        curve = float(q[best, best] - 2 * qw[best] + w @ qw)
        if down <= 0 or curve <= 0:
            break
        step = min(1.0, down / curve)
        w *= 1 - step
        w[best] += step
        qw = q @ w if number % 500 == 499 else (1 - step) * qw + step * q[best]
        if number and step * (2 * down - step * curve) <= least_drop:
            break
    return w


def _near(q: Floats, c: Floats, w: Floats, steps: int = 300) -> Floats:
    """Return w close to the optimum by accelerated projected gradient steps: most of the right weights are on."""
    size = float(np.linalg.eigvalsh(q)[-1]) or 1.0
    ahead, momentum = w, 1.0
    for _ in range(steps):
        new = _projected(ahead - (q @ ahead - c) / size)
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / faster * (new - w)
        w, momentum = new, float(faster)
    return w


def _projected(v: Floats) -> Floats:
    """Return the nearest point of the simplex. Source: Duchi et al. (2008)."""
    falling = np.sort(v)[::-1]
    excess = (np.cumsum(falling) - 1) / np.arange(1, len(v) + 1)
    return np.maximum(v - excess[np.flatnonzero(falling > excess)[-1]], 0)


def _active_set(q: Floats, c: Floats, w: Floats) -> Floats:
    """Return the optimum: solve on the support, step until a weight reaches zero, let the most promising zero in."""
    w = w.copy()
    on: NDArray[np.bool_] = w > 0
    scale = float(np.abs(q).max() + np.abs(c).max()) or 1.0
    for _ in range(50 * len(w) + 100):
        place = np.flatnonzero(on)
        target = _on_support(q[np.ix_(place, place)], c[place], w[place])
        move = target - w[place]
        falling = move < 0
        reach = np.min(w[place][falling] / -move[falling]) if falling.any() else np.inf
        if reach < 1:
            w[place] += reach * move
            blocking = place[falling][np.argmin(w[place][falling])]
            w[blocking] = 0
            on[blocking] = False
            w = np.maximum(w, 0)
            w /= w.sum()
            continue
        w[place] = np.maximum(target, 0)
        w /= w.sum()
        gradient = q @ w - c
        inside = float(w @ gradient)
        best = int(np.argmin(np.where(on, np.inf, gradient)))
        if on.all() or gradient[best] >= inside - 1e-12 * scale:
            break
        on[best] = True
    return w


def _on_support(q: Floats, c: Floats, w: Floats) -> Floats:
    """Return the minimiser with Σ fixed, moving from w as little as need be where it is not unique."""
    k = len(c)
    if k == 1:
        return np.ones(1)
    system = np.zeros((k + 1, k + 1))
    size = float(np.abs(q).max()) or 1.0
    system[:k, :k], system[:k, k], system[k, :k] = q / size, 1, 1
    right = np.append((c - q @ w) / size, 0.0)
    try:
        step = np.linalg.solve(system, right)
        if np.isfinite(step).all() and np.abs(system @ step - right).max() < 1e-9:
            return w + step[:k]
    except np.linalg.LinAlgError:
        pass
    return w + np.linalg.lstsq(system, right, rcond=1e-13)[0][:k]
