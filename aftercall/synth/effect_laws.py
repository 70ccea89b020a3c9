"""The planted laws of the synthetic agent-week panel: one number each, all of them arguments of a sweep.

Lives here: constants with their meaning and the shape of the effect over weeks. Not here: drawing histories
(effect_history.py), who is coached (effect_designs.py), rows (effect_panel.py). The transcript-level centre has its own laws
(rates.py).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectLaws:
    """Parameters of the panel; QA in points of 100, times in seconds, durations in weeks, shares 0..1.

    `effect` is the full effect of coaching on QA for an agent of average skill; `*_share` effects on handle time are relative.
    `leaving_share` is the weekly hazard at average skill and state: .008, or .017 under stress (about 60 % a year).
    Source: spec statistics 5; first-year productivity 1.64: De Grip, Sauermann and Sieben (2016); peers: De Grip and Sauermann
    (2012).
    """

    agents: int = 240
    teams: int = 20
    weeks: int = 40
    level: float = 75.0
    skill_sd: float = 6.0
    team_sd: float = 2.0
    state_sd: float = 2.5
    state_ar: float = 0.5
    shock_sd: float = 1.0
    shock_ar: float = 0.7
    call_sd: float = 12.0
    calls_by_channel: tuple[float, ...] = (80.0, 120.0, 30.0)
    home_channel_share: tuple[float, ...] = (0.7, 0.15, 0.15)
    at_home_share: float = 0.9
    ramp: float = 12.0
    ramp_weeks: float = 12.0
    tenure_weeks: float = 40.0
    season: float = 1.5
    trend: float = 0.02
    peak_every_weeks: int = 13
    peak_weeks: int = 2
    peak_volume_share: float = 0.2
    intents: int = 12
    intent_concentration: float = 5.0
    mix_drift: float = 0.3
    effect: float = 4.0
    effect_weeks: float = 4.0
    skill_slope: float = 0.5
    fade_half_life_weeks: float | None = None
    handle_s: float = 360.0
    intent_handle_sd: float = 0.3
    channel_handle: tuple[float, ...] = (1.0, 1.3, 0.8)
    call_handle_sd: float = 0.8
    handle_parts: tuple[float, float, float] = (0.65, 0.10, 0.25)
    part_correlation: float = 0.3
    part_effects: tuple[float, float, float] = (0.02, -0.10, -0.30)
    first_year_productivity: float = 1.64
    peer_share_per_pp: float = 0.0005
    leaving_share: float = 0.008
    leaving_slope: float = 0.3
    coached_novices_leave: float = 0.8
    novice_weeks: int = 26
    sensitivity: float = 0.88
    specificity: float = 0.85
    coached_flip_share: float = 0.15
    accented_share: float = 0.2
    accented_sensitivity: float = -0.08
    label_share: float = 0.02
    least_label_share: float = 0.005
    double_rated_share: float = 0.1
    rater_kappa: float = 0.7

    def built_up(self, weeks_since: Floats) -> Floats:
        """Return the share of the effect reached so many weeks after the start (0 = its first week); 0 before.

        >>> EffectLaws().built_up(np.array([-1.0, 0.0, 30.0])).round(3).tolist()
        [0.0, 0.221, 1.0]
        """
        since = np.maximum(weeks_since, 0.0)
        share = 1 - np.exp(-(since + 1) / self.effect_weeks)
        if self.fade_half_life_weeks is not None:
            share = share * 0.5 ** (since / self.fade_half_life_weeks)
        return np.where(weeks_since >= 0, share, 0.0)

    def gain_of(self, skill: Floats) -> Floats:
        """Return by how much more (or less) than the average agent those of a skill gain: weaker agents gain more.

        >>> EffectLaws().gain_of(np.array([-20.0, 0.0, 6.0])).tolist()
        [1.75, 1.0, 0.5]
        """
        scale = self.skill_sd or 1.0
        return 1 - self.skill_slope * np.clip(skill / scale, -1.5, 1.5)
