"""Claim: the test of trends before the start rejects in about 5 % when there are none, with 12, 20 and 40 teams."""

from aftercall.synth.effect_designs import by_team
from aftercall.synth.effect_history import EffectLaws, effect_history
from analytics.studies.pre_trend import pre_trend
from tests.simulations.panels.arrays import panel_of
from tests.simulations.panels.rows import Claim, Row


def replicate(design: str, tau: float, seed: int) -> list[Row]:
    teams = int(design.split()[0])
    centre = effect_history(EffectLaws(agents=12 * teams, teams=teams, effect=tau), seed=seed)
    found = pre_trend(panel_of(centre, by_team(centre), by_team=True, ramp=True)[0])
    return [Row(design, tau, "joint test of trends before", seed, 0.0, p=found.p, note=found.reference)]


CLAIM = Claim("trends_before", tuple((f"{teams} teams", 0.0) for teams in (12, 20, 40)), 500, 600_000, replicate)
