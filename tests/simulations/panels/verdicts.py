"""Claim: the whole engine says `supported` of a drawn roll-out without effect no more often than its 5 % allows.

Without the sensitivity job, which a drawn roll-out does not need.
"""

import numpy as np
import polars as pl

from aftercall.synth.effect_designs import by_team
from aftercall.synth.effect_history import EffectLaws, effect_history
from aftercall.synth.effect_panel import effect_panel, truth_of
from analytics.studies.study import study
from analytics.studies.study_spec import standard_spec
from tests.simulations.panels.rows import Claim, Row

SPEC = standard_spec(
    outcome="qa_mean", unit="agent_id", time="week_on", first_treated="first_treated_on", cluster="team_id",
    mechanism="randomised", sensitivity="skip",
)  # fmt: skip


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    centre = effect_history(EffectLaws(effect=tau), seed=seed)
    frame = effect_panel(centre, by_team(centre))
    teams = frame.group_by("team_id").agg(start=pl.col("first_treated_on").first()).sort("team_id")
    share = teams.with_columns(probability=pl.len().over("start") / pl.lit(len(np.unique(centre.team))))
    drawn = share.select(
        unit="team_id",
        arm=pl.when(pl.col("start").is_null()).then(pl.lit("never")).otherwise(pl.lit("start")),
        start=pl.col("start").cast(pl.String),
        probability="probability",
    )
    found = study(frame, SPEC, assignment=drawn)
    answer, codes = found.found, " ".join(one.code for one in found.reasons)
    assert answer is not None
    return [
        Row(
            design,
            tau,
            "study, drawn by team",
            seed,
            truth_of(frame),
            answer.estimate,
            answer.ci_low,
            answer.ci_high,
            answer.p,
            found.verdict,
            codes,
        )
    ]


CLAIM = Claim("verdicts", (("a: teams by lot", 0.0),), 100, 950_000, replicate)
