"""Claim (b), the whole engine: coached worst agents are `not identified`, declared as they are or falsely as randomised."""

import polars as pl

from aftercall.synth.effect_designs import worst_first
from aftercall.synth.effect_history import EffectLaws, effect_history
from aftercall.synth.effect_panel import effect_panel, truth_of
from analytics.studies.study import study
from analytics.studies.study_spec import Mechanism, standard_spec
from tests.simulations.panels.rows import Claim, Row


def engine(frame: pl.DataFrame, mechanism: Mechanism, design: str, tau: float, seed: int, planted: float) -> Row:
    spec = standard_spec(
        outcome="qa_mean",
        unit="agent_id",
        time="week_on",
        first_treated="first_treated_on",
        mechanism=mechanism,
        sensitivity="skip",
    )
    found = study(frame, spec)
    answer, codes = found.found, " ".join(one.code for one in found.reasons)
    assert answer is not None
    numbers = (answer.estimate, answer.ci_low, answer.ci_high, answer.p)
    return Row(design, tau, f"study, declared {mechanism}", seed, planted, *numbers, found.verdict, codes)


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    frame = effect_panel(centre, worst_first(centre))
    planted = truth_of(frame)
    return [engine(frame, how, design, tau, seed, planted) for how in ("triggered", "randomised")]


# The seeds of worst_agents: the same panels.
CLAIM = Claim("worst_verdicts", (("b: worst agents", 0.0),), 200, 300_000, replicate)
