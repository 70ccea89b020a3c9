"""Probabilities that mean what they say, and the two cut points of each act.

Lives here: Platt scaling, temperature, the line for politeness, cut points, the threshold under which an intent abstains.
Not here: reading the artefact (reading.py), how well it ends up (measure_*.py). All fitted on calibrate parts, read by int8.

Platt: Platt 1999, with his targets (n+1)/(n+2) in place of 1. Temperature: Guo et al. 2017.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

PRECISION_SURE = 0.9
RECALL_MAYBE = 0.95
# A threshold from a few dozen positives is held inside these, so that one sentence cannot move it to an end.
SURE_BETWEEN = (0.5, 0.9)
MAYBE_BETWEEN = (0.05, 0.5)
# Politeness: the predicted score -2..2 of TyDiP becomes 0..1, so that 0.5 is neutral.
POLITENESS_SPAN = 4.0
ABSTAIN_IN_SCOPE_KEPT = 0.95


@dataclass(frozen=True, slots=True)
class Cuts:
    """Above `sure` the act is done, under `maybe` it is not, between them it is uncertain."""

    sure: float
    maybe: float
    positives: int
    n: int


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def platt(logit: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return (a, b) of sigmoid(a · logit + b), a > 0, by maximum likelihood.

    >>> a, b = platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0, 0, 1, 1]))
    >>> a > 0 and abs(b) < 0.01
    True
    """
    up, down = float(truth.sum()), float(len(truth) - truth.sum())
    target = np.where(truth == 1, (up + 1) / (up + 2), 1 / (down + 2))

    def cost(at: np.ndarray) -> float:
        z = np.exp(at[0]) * logit + at[1]
        return float((np.logaddexp(0, z) - target * z).mean() + 1e-3 * at[0] ** 2)

    found = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7, "maxiter": 2000})
    return round(float(np.exp(found.x[0])), 5), round(float(found.x[1]), 5)


def temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature with the least cross entropy of the true classes."""

    def cost(log_t: float) -> float:
        z = logits / np.exp(log_t)
        top = z.max(axis=1)
        return float((np.log(np.exp(z - top[:, None]).sum(axis=1)) + top - z[np.arange(len(z)), truth]).mean())

    return round(float(np.exp(minimize_scalar(cost, bounds=(-1.5, 2.0), method="bounded").x)), 5)


def neutral_shift(logits: np.ndarray, truth: np.ndarray) -> float:
    """Return what to add to the neutral logit so that as many texts are told neutral as are.

    Trained on few neutral texts, the class is otherwise told too seldom, which accuracy hides and macro F1 shows.

    >>> neutral_shift(np.array([[2.0, 0, 0], [0, 1.0, 3.0], [1.0, 0.5, 0]]), np.array([0, 2, 1]))
    0.55
    """
    wanted = int((truth == 1).sum())
    steps = np.round(np.arange(-2.0, 2.0, 0.05), 2)
    told = [abs(int(((logits + np.array([0, step, 0])).argmax(axis=1) == 1).sum()) - wanted) for step in steps]
    return float(steps[int(np.argmin(told))])


def politeness_line(logit: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """Return (a, b) so that a · logit + b is the least-squares score on the scale where 0.5 is neutral."""
    slope, level = np.polyfit(logit, score, 1)
    return round(float(slope) / POLITENESS_SPAN, 5), round(0.5 + float(level) / POLITENESS_SPAN, 5)


def cut_points(p: np.ndarray, truth: np.ndarray) -> Cuts:
    """Return the least threshold that is right in 9 of 10 hits, and the greatest that finds 19 of 20 of what is there.

    >>> cuts = cut_points(np.array([0.1, 0.2, 0.7, 0.8, 0.95]), np.array([0, 0, 0, 1, 1]))
    >>> cuts.sure, cuts.maybe
    (0.75, 0.5)
    """
    order = np.argsort(-p, kind="stable")
    hits, ranked = np.cumsum(truth[order]), p[order]
    right = hits / np.arange(1, len(p) + 1)
    enough = np.flatnonzero(right >= PRECISION_SURE)
    if len(enough):
        last = int(enough[-1])
        sure = (ranked[last] + ranked[last + 1]) / 2 if last + 1 < len(p) else ranked[last]
    else:
        sure = SURE_BETWEEN[1]
    found = np.sort(p[truth == 1])
    maybe = found[int(np.floor((1 - RECALL_MAYBE) * len(found)))] if len(found) else MAYBE_BETWEEN[1]
    sure = float(np.clip(sure, *SURE_BETWEEN))
    maybe = float(min(np.clip(maybe, *MAYBE_BETWEEN), sure))
    return Cuts(round(sure, 3), round(maybe, 3), int(truth.sum()), len(truth))


def abstain_below(top: np.ndarray, in_scope: np.ndarray) -> float:
    """Return the likeliest label's probability under which an intent is not named: it keeps 95 % of the requests in scope."""
    return round(float(np.quantile(top[in_scope], 1 - ABSTAIN_IN_SCOPE_KEPT)), 4)


def reliability(p: np.ndarray, truth: np.ndarray, edges: Sequence[float] = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)) -> list[tuple]:
    """Return (band, n, mean told, share true) of each band of probabilities that holds anything."""
    out = []
    for low, high in itertools.pairwise(edges):
        inside = (p >= low) & ((p < high) if high < 1 else (p <= high))
        if inside.any():
            out.append((f"{low:g}-{high:g}", int(inside.sum()), float(p[inside].mean()), float(truth[inside].mean())))
    return out


def error_of_calibration(p: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean distance between told and true over the bands, weighed by their rows."""
    bands = reliability(p, truth)
    return float(sum(n * abs(told - true) for _, n, told, true in bands) / len(p))


def as_entry(scale: tuple[float, float], cuts: Cuts | None) -> Mapping[str, object]:
    """Return what the card says of one sigmoid or real head."""
    entry: dict[str, object] = {"scale": list(scale)}
    if cuts is not None:
        entry |= {"sure": cuts.sure, "maybe": cuts.maybe, "cut_positives": cuts.positives, "cut_n": cuts.n}
    return entry
