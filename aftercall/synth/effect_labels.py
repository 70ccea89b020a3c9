"""Automatic scores that err, and err differently after coaching; human labels drawn with stored probabilities.

Lives here: one behaviour, shown in as many calls as the QA mean says, as sums by agent-week. Not here: QA itself
(effect_history.py), correcting (the reader's business).
"""

from dataclasses import dataclass

import numpy as np

from aftercall.synth.effect_history import History, Ints
from aftercall.synth.effect_laws import EffectLaws, Floats


@dataclass(frozen=True, slots=True)
class Scored:
    """R agent-weeks: calls in which the behaviour was shown, was found automatically, and what people saw of them.

    `probability` (R) is that of a human label, the same for every call of the week; `double_n` calls were rated twice and in
    `double_agree_n` of them both raters said the same.
    """

    shown_n: Ints
    auto_n: Ints
    probability: Floats
    human_n: Ints
    human_shown_n: Ints
    human_auto_n: Ints
    double_n: Ints
    double_agree_n: Ints


def found_share(laws: EffectLaws, *, is_coached: Floats, is_accented: Floats) -> tuple[Floats, Floats]:
    """Return the chances of an automatic yes where the behaviour was shown, and where not.

    After coaching some of the automatic noes flip to yes, true or not: agents learn the words the scorer listens for.
    """
    hit = laws.sensitivity + laws.accented_sensitivity * is_accented
    false = np.full_like(hit, 1 - laws.specificity)
    flip = laws.coached_flip_share * is_coached
    return hit + (1 - hit) * flip, false + (1 - false) * flip


def scored(history: History, starts: Floats, agent: Ints, week: Ints, qa: Floats) -> Scored:
    """Draw automatic scores and human labels of agent-weeks whose mean QA is `qa` (R)."""
    laws, rng = history.laws, np.random.default_rng([history.seed, 13])
    n, p = history.calls[agent, week], np.clip(qa / 100, 0.02, 0.98)
    is_coached = (week >= starts[agent]).astype(np.float64)
    hit, false = found_share(laws, is_coached=is_coached, is_accented=history.is_accented[agent].astype(np.float64))
    # Strata: home channels small in number get more labels a call, never less than the floor.
    size = np.bincount(history.channel, minlength=len(laws.calls_by_channel)) / len(history.channel)
    weight = (1 / np.sqrt(np.maximum(size, 1e-9)))[history.channel[agent]]
    probability = np.clip(laws.label_share * weight / np.average(weight, weights=n), laws.least_label_share, 1.0)
    shown = rng.binomial(n, p)
    cells = [rng.binomial(shown, hit), rng.binomial(n - shown, false)]
    cells += [shown - cells[0], n - shown - cells[1]]  # found and shown, found falsely, missed, rightly not found
    drawn = [rng.binomial(cell, probability) for cell in cells]
    human = np.sum(drawn, axis=0)
    double_shown = rng.binomial(drawn[0] + drawn[2], laws.double_rated_share)
    double_not = rng.binomial(drawn[1] + drawn[3], laws.double_rated_share)
    # A second rater who differs like this leaves prevalence as it is and agrees beyond chance by kappa.
    base = float(p.mean())
    differ_shown, differ_not = (1 - laws.rater_kappa) * (1 - base), (1 - laws.rater_kappa) * base
    agree = rng.binomial(double_shown, 1 - differ_shown) + rng.binomial(double_not, 1 - differ_not)
    return Scored(
        shown,
        cells[0] + cells[1],
        probability,
        human,
        drawn[0] + drawn[2],
        drawn[0] + drawn[1],
        double_shown + double_not,
        agree,
    )
