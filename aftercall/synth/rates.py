"""The planted laws of the synthetic centre: how long contacts take, how often behaviours are done, what coaching does.

Lives here: constants with their meaning, and the pure arithmetic on them. Not here: drawing (contacts.py), words (lines/),
dialogues (scenes). Nothing in the pipeline may read this module: it is the truth that the pipeline is judged by.
"""

import math
from dataclasses import dataclass

INTENTS = (
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
QUEUE_OF = (
    dict.fromkeys(INTENTS[:5], "service") | dict.fromkeys(INTENTS[5:9], "billing") | dict.fromkeys(INTENTS[9:], "collections")
)

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
    "order_late": IntentLaw(0.13, 0.20, 153, 78, 0.43),
    "return_refund": IntentLaw(0.10, 0.05, 160, 85, 0.38),
    "outage": IntentLaw(0.09, -0.25, 198, 91, 0.53),
    "appointment": IntentLaw(0.07, 0.00, 133, 66, 0.33),
    "device_fault": IntentLaw(0.09, 0.10, 205, 98, 0.55),
    "bill_question": IntentLaw(0.11, 0.00, 171, 85, 0.45),
    "plan_change": IntentLaw(0.08, 0.05, 166, 89, 0.30),
    "cancel_service": IntentLaw(0.06, 0.15, 181, 100, 0.35),
    "update_details": IntentLaw(0.06, -0.10, 116, 59, 0.20),
    "payment_arrangement": IntentLaw(0.09, 0.10, 192, 102, 0.33),
    "past_due_payment": IntentLaw(0.07, 0.00, 151, 76, 0.25),
    "debt_dispute": IntentLaw(0.05, 0.05, 195, 110, 0.47),
}
CHAT_TALK_FACTOR, CHAT_ACW_FACTOR = 1.20, 0.95
HOLD_MEAN_S = 84.0

# Spread on the log scale; modest, so that 14 contacts a week suffice to see an effect of eight per cent.
CONTACT_SIGMA = {"talk": 0.30, "hold": 0.42, "acw": 0.36}
PART_CORRELATION = 0.3
SKILL_SIGMA, TEAM_SIGMA = 0.08, 0.03
WEEK_SIGMA, WEEK_AR = 0.025, 0.5
TEAM_WEEK_SIGMA, TEAM_WEEK_AR = 0.015, 0.7
RAMP, RAMP_WEEKS = 0.40, 12.0
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
    (0.4, 0.005)
    """
    return RAMP * math.exp(-max(tenure_weeks, 0.0) / RAMP_WEEKS)
