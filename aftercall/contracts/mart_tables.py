"""The marts: what dbt builds for analysts, reports and the sidecar; sufficient statistics, never transcripts.

Lives here: grain, key and columns of each. Not here: their SQL (dbt_like_sql).
"""

from aftercall.contracts import columns as c
from aftercall.contracts.columns import crossed, summed
from aftercall.contracts.table import Purpose, Retention, table

_HANDLE_PARTS = (c.TALK_S, c.HOLD_S, c.ACW_S, c.HANDLE_S)
_HANDLE_SUMS = tuple(summed(part) for part in _HANDLE_PARTS)

MART_AGENT_DAY = table(
    "mart_agent_day",
    "one row per agent and day",
    (c.AGENT_ID, c.DAY_ON),
    (
        c.TEAM_ID,
        c.SITE_ID,
        c.INTERACTION_N.must(),
        c.HANDLED_N.must(),
        *_HANDLE_SUMS,
        summed(c.QUEUE_WAIT_S),
        c.SCORED_N.must(),
        summed(c.OVERALL),
        c.NULL_N.must(),
    ),
    Retention.SCORES,
    Purpose.COACHING,
)
MART_AGENT_WEEK = table(
    "mart_agent_week",
    "one row per agent and ISO week: sufficient statistics",
    (c.AGENT_ID, c.WEEK_ON),
    (
        c.TEAM_ID,
        c.SITE_ID,
        c.AGENT_ROLE,
        c.FIRST_TREATED_ON,
        c.MECHANISM,
        c.TENURE_WEEKS,
        c.EXIT_WEEK_ON,
        c.INTERACTION_N.must(),
        c.HANDLED_N.must(),
        *_HANDLE_SUMS,
        *(summed(p, squares=True) for p in _HANDLE_PARTS),
        crossed(c.TALK_S, c.HOLD_S),
        crossed(c.TALK_S, c.ACW_S),
        crossed(c.HOLD_S, c.ACW_S),
        summed(c.QUEUE_WAIT_S),
        c.SCORED_N.must(),
        summed(c.OVERALL),
        summed(c.OVERALL, squares=True),
        c.CSAT_N.must(),
        c.CSAT_SUM,
        c.DELAY_S,
        c.SCORE_EPOCH,
    ),
    Retention.SCORES,
    Purpose.COACHING,
)
MART_BEHAVIOUR_WEEK = table(
    "mart_behaviour_week",
    "one row per agent, ISO week, question and epoch",
    (c.AGENT_ID, c.WEEK_ON, c.QUESTION_ID, c.SCORE_EPOCH),
    (
        c.TEAM_ID,
        c.SECTION_ID,
        c.BEHAVIOUR_ID,
        c.INTERACTION_N.must(),
        c.CALLED_FOR_N.must(),
        c.DONE_N.must(),
        c.NA_N.must(),
        c.NULL_N.must(),
        summed(c.POINTS),
        summed(c.POINTS_POSSIBLE),
        c.IS_ADVISORY,
    ),
    Retention.SCORES,
    Purpose.COACHING,
)
MART_QUEUE_INTERVAL = table(
    "mart_queue_interval",
    "one row per queue and half-hour",
    (c.QUEUE, c.INTERVAL_START_AT),
    (c.INTERVAL_S.must(), c.OFFERED_N.must(), c.HANDLED_N.must(), c.ABANDONED_N, *_HANDLE_SUMS, summed(c.QUEUE_WAIT_S)),
    Retention.AGGREGATE,
    Purpose.SERVICE_QUALITY,
)
MART_HANDLE_TIME = table(
    "mart_handle_time",
    "one row per team, ISO week, channel, intent, queue and tenure band",
    (c.TEAM_ID, c.WEEK_ON, c.CHANNEL_OR_UNKNOWN, c.INTENT, c.QUEUE, c.TENURE_BAND),
    (c.HANDLED_N.must(), *_HANDLE_SUMS),
    Retention.AGGREGATE,
    Purpose.SERVICE_QUALITY,
)
MART_CUSTOMER = table(
    "mart_customer",
    "one row per customer and recency, the latest three interactions",
    (c.CUSTOMER_ID, c.RECENCY_NO),
    (c.INTERACTION_ID, c.STARTED_AT, c.CHANNEL, c.INTENT, c.OUTCOME, c.OPEN_PROMISE, c.TIER, c.PREFERRED_NAME, c.STATE),
    Retention.REFERENCE,
    Purpose.SERVICE_QUALITY,
)
MART_COVERAGE = table(
    "mart_coverage",
    "one row per day, queue and outcome of scoring",
    (c.DAY_ON, c.QUEUE, c.SCORING_OUTCOME),
    (c.INTERACTION_N.must(),),
    Retention.AGGREGATE,
    Purpose.SERVICE_QUALITY,
)
