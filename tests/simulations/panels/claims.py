"""Every simulated claim, cheap ones first."""

from tests.simulations.panels import (
    any_time,
    few_teams,
    hold_out,
    human_corrected,
    many_questions,
    opt_in,
    staged_rollout,
    trends_before,
    verdicts,
    worst_agents,
    worst_verdicts,
)
from tests.simulations.panels.rows import Claim

MODULES = (
    any_time,
    many_questions,
    opt_in,
    hold_out,
    staged_rollout,
    human_corrected,
    few_teams,
    worst_agents,
    trends_before,
    verdicts,
    worst_verdicts,
)
CLAIMS: dict[str, Claim] = {module.CLAIM.name: module.CLAIM for module in MODULES}
