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
    q, c = a.T @ a, a.T @ b
    if rule == "exact":
        return exact_weights(q[None], c[None], np.array([ridge]), np.ones((1, len(c)), dtype=bool), least_drop)[0]
    q = q + ridge * np.eye(len(c))
    w = _frank_wolfe(q, c, np.full(len(c), 1.0 / len(c)), 100, least_drop)
    w = _frank_wolfe(q, c, _heaviest(w), 10_000, least_drop)
    return Weights(w, _gap(q, c, w))


def exact_weights(
    q: Floats, c: Floats, ridge: Floats, allowed: NDArray[np.bool_], least_drop: Floats | float = 0.0
) -> list[Weights]:
    """Return the optima of B problems w'(q + ridge I)w - 2c'w on the simplex, weights off where not `allowed` (B, n).

    Args: q, (B, n, n), or (1, n, n) when all problems share it; c, (B, n); ridge, (B,). What every problem does alone, they do
        at once: the reference software's start, then accelerated projected gradients. The active set of each is then exact.
    """
    drops = np.broadcast_to(np.asarray(least_drop, dtype=np.float64), len(c))
    start = _frank_wolfe_each(q, c, ridge, allowed, drops)
    w = np.stack([_heaviest(one) for one in start])
    near = _near(q, c, ridge, allowed, w)
    found = list[Weights]()
    for k, on in enumerate(allowed):
        place = np.flatnonzero(on)
        own = q[k % len(q)][np.ix_(place, place)] + ridge[k] * np.eye(len(place))
        values = np.zeros(len(on))
        values[place] = _active_set(own, c[k][place], near[k][place])
        found.append(Weights(values, _gap(own, c[k][place], values[place])))
    return found


def _gap(q: Floats, c: Floats, w: Floats) -> float:
    gradient = q @ w - c
    return float(2 * (w @ gradient - gradient.min()))


def _heaviest(w: Floats) -> Floats:
    """Return w with weights up to a quarter of the largest set to nothing."""
    kept = np.where(w > w.max() / 4, w, 0.0)
    return kept / kept.sum()


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


def _frank_wolfe_each(
    q: Floats, c: Floats, ridge: Floats, allowed: NDArray[np.bool_], least_drop: Floats, steps: int = 100
) -> Floats:
    """Return w (B, n) after the same steps from equal weights in every problem at once."""
    w = allowed / allowed.sum(axis=1, keepdims=True)
    qw = _times(q, w) + ridge[:, None] * w
    row, which = np.arange(len(c)), np.arange(len(c)) % len(q)
    going = np.ones(len(c), dtype=bool)
    for number in range(steps):
        gradient = qw - c
        best = np.argmin(np.where(allowed, gradient, np.inf), axis=1)
        down = (w * gradient).sum(axis=1) - gradient[row, best]
        curve = q[which, best, best] + ridge - 2 * qw[row, best] + (w * qw).sum(axis=1)
        going &= (down > 0) & (curve > 0)
        if not going.any():
            break
        step = np.where(going, np.minimum(1.0, down / np.where(curve > 0, curve, 1.0)), 0.0)
        w *= 1 - step[:, None]
        w[row, best] += step
        qw = (1 - step)[:, None] * qw + step[:, None] * q[which, best]
        qw[row, best] += step * ridge
        if number:
            going &= step * (2 * down - step * curve) > least_drop
    return w


def _times(q: Floats, w: Floats) -> Floats:
    return w @ q[0] if len(q) == 1 else np.matmul(q, w[:, :, None])[:, :, 0]


def _near(q: Floats, c: Floats, ridge: Floats, allowed: NDArray[np.bool_], w: Floats, steps: int = 300) -> Floats:
    """Return w (B, n) close to the optima by accelerated projected gradient steps: most of the right weights are on."""
    size = np.linalg.eigvalsh(q)[:, -1] + ridge
    size = np.where(size > 0, size, 1.0)[:, None]
    ahead, momentum = w, 1.0
    for _ in range(steps):
        new = _projected(ahead - (_times(q, ahead) + ridge[:, None] * ahead - c) / size, allowed)
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / faster * (new - w)
        if np.abs(new - w).max() < 1e-13:
            return new
        w, momentum = new, float(faster)
    return w


def _projected(v: Floats, allowed: NDArray[np.bool_]) -> Floats:
    """Return the nearest points (B, n) of the simplex of what is allowed. Source: Duchi et al. (2008)."""
    closed = np.where(allowed, v, -1e300)
    falling = -np.sort(-closed, axis=1)
    with np.errstate(over="ignore"):
        excess = (np.cumsum(falling, axis=1) - 1) / np.arange(1, v.shape[1] + 1)
    last = (falling > excess).sum(axis=1) - 1  # what exceeds comes first
    return np.maximum(closed - excess[np.arange(len(v)), last][:, None], 0)


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
