"""The planted laws of the synthetic centre: how long contacts take, how often behaviours are done, what coaching does.

Lives here: constants with their meaning, and the pure arithmetic on them. Not here: drawing (contacts.py), words (lines/),
dialogues (scenes). Nothing in the pipeline may read this module: it is the truth that the pipeline is judged by.
"""

import math
from dataclasses import dataclass

INTENTS: tuple[str, ...] = (
    "order_late",
    "return_refund",
    "outage",
    "appointment",
    "device_fault",
    "bill_question",
    "plan_change",
    "cancel_service",
    "update_details",
    "payment_arrangement",
    "past_due_payment",
    "debt_dispute",
)
_QUEUES = ("service",) * 5 + ("billing",) * 4 + ("collections",) * 3
QUEUE_OF: dict[str, str] = dict(zip(INTENTS, _QUEUES, strict=True))

BEHAVIOURS = (
    "greeting",
    "recording_notice",
    "identity_check",
    "acknowledgement",
    "apology",
    "open_question",
    "announced_wait",
    "hold_etiquette",
    "ownership",
    "alternative_offered",
    "recap",
    "anything_else",
    "closing",
    "name_use",
    "collections_disclosure",
    "payment_offer",
    "prohibited_threat",
)


@dataclass(frozen=True, slots=True)
class IntentLaw:
    """One reason for contact: its share at the start and its drift over the window, mean parts of handle time in seconds."""

    share: float
    drift: float
    talk_s: float
    acw_s: float
    held_share: float


INTENT_LAWS: dict[str, IntentLaw] = {
    "order_late": IntentLaw(0.13, 0.20, 147, 79, 0.62),
    "return_refund": IntentLaw(0.10, 0.05, 150, 84, 0.55),
    "outage": IntentLaw(0.09, -0.25, 171, 88, 0.70),
    "appointment": IntentLaw(0.07, 0.00, 135, 72, 0.48),
    "device_fault": IntentLaw(0.09, 0.10, 175, 93, 0.70),
    "bill_question": IntentLaw(0.11, 0.00, 156, 84, 0.65),
    "plan_change": IntentLaw(0.08, 0.05, 154, 87, 0.43),
    "cancel_service": IntentLaw(0.06, 0.15, 162, 94, 0.51),
    "update_details": IntentLaw(0.06, -0.10, 126, 67, 0.29),
    "payment_arrangement": IntentLaw(0.09, 0.10, 168, 96, 0.48),
    "past_due_payment": IntentLaw(0.07, 0.00, 145, 78, 0.36),
    "debt_dispute": IntentLaw(0.05, 0.05, 169, 100, 0.68),
}
CHAT_TALK_FACTOR, CHAT_ACW_FACTOR = 1.15, 0.96
HOLD_MEAN_S = 58.0

# Spread on the log scale; modest, so that 14 contacts a week suffice to see an effect of eight per cent.
CONTACT_SIGMA = {"talk": 0.22, "hold": 0.34, "acw": 0.30}
PART_CORRELATION = 0.3
SKILL_SIGMA, TEAM_SIGMA = 0.08, 0.03
WEEK_SIGMA, WEEK_AR = 0.025, 0.5
TEAM_WEEK_SIGMA, TEAM_WEEK_AR = 0.012, 0.7
RAMP, RAMP_WEEKS = 0.25, 12.0
SEASON, TREND_PER_WEEK = 0.015, -0.0006
PEAK_VOLUME = 1.2

# What full coaching does to the parts of handle time: opposite signs on purpose.
COACHED_CHANGE = {"talk": 0.02, "hold": -0.10, "acw": -0.30}
PHASE_WEEKS = 2.0

# Probability that an agent of average skill shows the behaviour when it is called for, and the gain on the logit scale.
BASE_DONE = {
    "greeting": 0.94,
    "recording_notice": 0.88,
    "identity_check": 0.91,
    "acknowledgement": 0.50,
    "apology": 0.60,
    "open_question": 0.58,
    "announced_wait": 0.66,
    "hold_etiquette": 0.72,
    "ownership": 0.50,
    "alternative_offered": 0.56,
    "recap": 0.46,
    "anything_else": 0.70,
    "closing": 0.90,
    "name_use": 0.55,
    "collections_disclosure": 0.86,
    "payment_offer": 0.60,
    "prohibited_threat": 0.003,
}
COACHED_LOGIT = {"acknowledgement": 1.1, "ownership": 0.9, "recap": 1.1, "alternative_offered": 0.8, "payment_offer": 0.8}
PARAPHRASE_SHARE = 0.30


def phase(weeks_since_start: float) -> float:
    """Return the share of the full effect reached: 0 before the start, about 0.86 in the fourth week.

    >>> phase(-1), round(phase(0), 2), round(phase(3), 2)
    (0.0, 0.39, 0.86)
    """
    return 0.0 if weeks_since_start < 0 else 1.0 - math.exp(-(weeks_since_start + 1.0) / PHASE_WEEKS)


def logit(share: float) -> float:
    """Return the log odds of a probability.

    >>> logit(0.5)
    0.0
    """
    return math.log(share / (1.0 - share))


def ramp(tenure_weeks: float) -> float:
    """Return the log handle-time excess of an agent with this tenure in weeks; it fades as experience grows.

    >>> round(ramp(0.0), 2), round(ramp(52.0), 3)
    (0.25, 0.003)
    """
    return RAMP * math.exp(-max(tenure_weeks, 0.0) / RAMP_WEEKS)
