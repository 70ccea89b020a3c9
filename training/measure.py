"""A measured figure with its interval, and the table it stands in.

Lives here: `Figure`, bootstrap intervals over rows or over groups (chats, agents), Markdown tables.
Not here: what is measured (measure_sentences.py, measure_dialogues.py, measure_intents.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 400
SEED = 7
Metric = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `value` in `low`..`high` (95 %), beside a baseline on the same rows; `target` is what was asked for."""

    where: str
    what: str
    metric: str
    n: int
    positives: int | None
    value: float
    low: float
    high: float
    baseline: str = ""
    baseline_value: float | None = None
    target: float | None = None


def interval(
    metric: Metric, truth: np.ndarray, told: np.ndarray, groups: Sequence[object] | None = None
) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of a metric over bootstrap draws of rows, or of whole groups.

    Draws in which the metric is not defined (one class only) are left out.
    """
    rng = np.random.default_rng(SEED)
    if groups is None:
        members = [np.array([i]) for i in range(len(truth))]
    else:
        place: dict[object, list[int]] = {}
        for i, group in enumerate(groups):
            place.setdefault(group, []).append(i)
        members = [np.array(rows) for rows in place.values()]
    found = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(members), len(members))
        rows = drawn if groups is None else np.concatenate([members[i] for i in drawn])
        if len(np.unique(truth[rows])) > 1:
            found.append(metric(truth[rows], told[rows]))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def figure(
    where: str,
    what: str,
    metric_name: str,
    metric: Metric,
    truth: np.ndarray,
    told: np.ndarray,
    *,
    groups: Sequence[object] | None = None,
    positives: bool = True,
    baseline: tuple[str, np.ndarray] | None = None,
    target: float | None = None,
) -> Figure:
    """Return the figure of a metric on rows, and of the baseline's values on the same rows."""
    low, high = interval(metric, truth, told, groups)
    name, other = baseline if baseline is not None else ("", None)
    return Figure(
        where,
        what,
        metric_name,
        len(truth),
        int(truth.sum()) if positives else None,
        float(metric(truth, told)),
        low,
        high,
        name,
        None if other is None else float(metric(truth, other)),
        target,
    )


def met(one: Figure) -> str:
    """Return whether the target is met, in words."""
    if one.target is None:
        return ""
    return "met" if one.value >= one.target else f"missed by {one.target - one.value:.3f}"


def figure_table(figures: Sequence[Figure]) -> str:
    """Return a Markdown table, one figure a line."""
    lines = [
        "| set | what | n | positives | metric | value [95 %] | baseline | target |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in figures:
        base = "" if one.baseline_value is None else f"{one.baseline} {one.baseline_value:.3f}"
        target = "" if one.target is None else f"{one.target:g}: {met(one)}"
        positives = "" if one.positives is None else f"{one.positives:,}"
        value = f"**{one.value:.3f}** [{one.low:.3f}, {one.high:.3f}]"
        lines.append(f"| {one.where} | {one.what} | {one.n:,} | {positives} | {one.metric} | {value} | {base} | {target} |")
    return "\n".join(lines)


def plain_table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats with three digits.

    >>> print(plain_table(["a", "b"], [["x", 0.5]]))
    | a | b |
    | --- | --- |
    | x | 0.500 |
    """

    def cell(value: object) -> str:
        return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)

    lines = ["| " + " | ".join(heading) + " |", "| " + " | ".join("---" for _ in heading) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(cell(value) for value in row) + " |" for row in rows)])
