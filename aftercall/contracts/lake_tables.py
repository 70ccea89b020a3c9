"""The lake's tables: what was received (raw), what it means (core), how it was scored (score).

Lives here: grain, key and columns of each. Not here: marts (mart_tables.py), engines' schemas (frames.py and others).
"""

from aftercall.contracts import columns as c
from aftercall.contracts import signal_columns as s
from aftercall.contracts.table import Purpose, Retention, table

_DAY, _PAIR = (c.DAY_ON,), (c.DAY_ON, c.SCORE_EPOCH)
_HANDLE_PARTS = (c.TALK_S, c.HOLD_S, c.ACW_S, c.HANDLE_S)

RAW_FILE = table(
    "raw_file",
    "one row per version of a received file",
    (c.FILE_PATH, c.FILE_SHA256),
    (c.FILE_KIND, c.SIZE_BYTES, c.RECORD_N, c.PROBLEM_N, c.RECEIVED_AT),
    Retention.EVENTS,
    Purpose.SERVICE_QUALITY,
)
RAW_RECORD = table(
    "raw_record",
    "one row per version of a received record",
    (c.RECORD_KIND, c.RECORD_KEY, c.CONTENT_HASH),
    (
        c.DAY_ON.must(),
        c.RECEIVED_AT,
        c.RECEIVED_N,
        c.SOURCE_SYSTEM,
        c.SOURCE_REF,
        c.FILE_SHA256,
        c.REDACTION_VERSION,
        c.RECORD_JSON.must(),
    ),
    Retention.TRANSCRIPT,
    Purpose.SERVICE_QUALITY,
    partition=_DAY,
)
CORE_INTERACTION = table(
    "core_interaction",
    "one row per interaction",
    (c.INTERACTION_ID,),
    (
        c.DAY_ON.must(),
        c.CHANNEL,
        c.DIRECTION,
        c.QUEUE,
        c.INTENT,
        c.LANGUAGE,
        c.AGENT_ID,
        c.CUSTOMER_ID,
        c.STARTED_AT,
        *_HANDLE_PARTS,
        c.QUEUE_WAIT_S,
        c.TURN_N,
        c.TRANSCRIPT_STATE.must(),
        c.ROLE_CONFIDENCE,
        c.BASIS.must(),
        c.ATTRIBUTES_JSON,
        c.SOURCE_SYSTEM,
        c.SOURCE_REF,
        c.CONTENT_HASH.must(),
    ),
    Retention.TRANSCRIPT,
    Purpose.SERVICE_QUALITY,
    partition=_DAY,
)
CORE_LEG = table(
    "core_leg",
    "one row per agent's part of an interaction",
    (c.INTERACTION_ID, c.LEG_NO),
    (
        c.DAY_ON.must(),
        c.AGENT_ID,
        c.QUEUE,
        c.OFFERED_AT,
        c.ANSWERED_AT,
        c.ENDED_AT,
        *_HANDLE_PARTS,
        c.HOLD_N,
        c.PREREAD_S,
        c.QUEUE_WAIT_S,
        c.IS_TRANSFERRED,
        c.IS_ABANDONED,
        c.DISPOSITION,
    ),
    Retention.SCORES,
    Purpose.SERVICE_QUALITY,
    partition=_DAY,
)
CORE_TURN = table(
    "core_turn",
    "one row per turn of a transcript",
    (c.INTERACTION_ID, c.TURN),
    (c.DAY_ON.must(), c.SPEAKER.must(), c.START_S, c.END_S, c.TURN_TEXT.must(), c.CONFIDENCE, c.WORDS_JSON),
    Retention.TRANSCRIPT,
    Purpose.SERVICE_QUALITY,
    partition=_DAY,
)
CORE_AGENT = table(
    "core_agent",
    "one row per agent and period in a team",
    (c.AGENT_ID, c.VALID_FROM_ON),
    (c.VALID_TO_ON, c.DISPLAY_NAME, c.TEAM_ID, c.SUPERVISOR_ID, c.SITE_ID, c.AGENT_ROLE, c.HIRED_ON, c.EXIT_ON),
    Retention.REFERENCE,
    Purpose.COACHING,
)
CORE_CUSTOMER = table(
    "core_customer",
    "one row per customer",
    (c.CUSTOMER_ID,),
    (c.TIER, c.PREFERRED_NAME, c.STATE, c.LANGUAGE),
    Retention.REFERENCE,
    Purpose.SERVICE_QUALITY,
)
CORE_EXPOSURE = table(
    "core_exposure",
    "one row per event of a coaching item",
    (c.AGENT_ID, c.ITEM_ID, c.EXPOSURE_KIND, c.EXPOSED_AT),
    (c.MODULE_ID, c.TOPIC, c.MINUTES, c.MECHANISM, c.DELAY_S),
    Retention.SCORES,
    Purpose.COACHING,
)
CORE_ACTIVITY = table(
    "core_activity",
    "one row per stretch of an agent's time",
    (c.AGENT_ID, c.ACTIVITY_KIND, c.START_AT),
    (c.END_AT, c.ACTIVITY, c.IS_PAID),
    Retention.SCORES,
    Purpose.SERVICE_QUALITY,
)
CORE_EVALUATION = table(
    "core_evaluation",
    "one row per answer of a person's evaluation",
    (c.EVALUATION_ID, c.QUESTION_ID),
    (
        c.INTERACTION_ID,
        c.AGENT_ID,
        c.ANSWER,
        c.POINTS,
        c.POINTS_POSSIBLE,
        c.EVALUATOR_ID,
        c.SAMPLING,
        c.INCLUSION_PROBABILITY,
        c.SUBMITTED_AT,
        c.SUGGESTED_ANSWER,
        c.ANSWER_SOURCE,
        c.DISPUTE_STATE,
        c.CALIBRATION_SESSION_ID,
        c.IS_REFERENCE,
    ),
    Retention.SCORES,
    Purpose.COACHING,
)
CORE_SURVEY = table(
    "core_survey",
    "one row per survey answer",
    (c.SURVEY_ID,),
    (c.INTERACTION_ID, c.AGENT_ID, c.RESPONDENT.must(), c.SURVEY_ITEM, c.SURVEY_VALUE, c.SCALE_MAX, c.SUBMITTED_AT),
    Retention.SCORES,
    Purpose.SERVICE_QUALITY,
)
CORE_NOTICE = table(
    "core_notice",
    "one row per notice given to an agent",
    (c.AGENT_ID, c.NOTICE_VERSION),
    (c.NOTICED_ON.must(), c.LANGUAGE, c.JURISDICTION),
    Retention.REFERENCE,
    Purpose.COMPLIANCE,
)

SCORE_INTERACTION = table(
    "score_interaction",
    "one row per interaction and epoch, always",
    (c.INTERACTION_ID, c.SCORE_EPOCH),
    (
        c.DAY_ON.must(),
        c.SCORECARD_ID,
        c.SCORECARD_VERSION,
        c.OVERALL,
        c.NULL_REASON,
        c.COMPLIANCE,
        c.ACCURACY,
        c.TONE,
        c.COMPLETENESS,
        c.IS_AUTOFAIL,
        c.BEFORE_AUTOFAIL,
        c.APPLIED_WEIGHT_SHARE,
        c.CALLED_FOR_N,
        c.SCORE_KEY.must(),
    ),
    Retention.SCORES,
    Purpose.COACHING,
    partition=_PAIR,
)
SCORE_QUESTION = table(
    "score_question",
    "one row per scored interaction, question and epoch",
    (c.INTERACTION_ID, c.QUESTION_ID, c.SCORE_EPOCH),
    (
        c.DAY_ON.must(),
        c.SECTION_ID,
        c.BEHAVIOUR_ID,
        c.ANSWER,
        c.NULL_REASON,
        c.POINTS,
        c.POINTS_POSSIBLE,
        c.CALLED_FOR_N,
        c.DONE_N,
        c.IS_ADVISORY,
        c.REASON,
    ),
    Retention.SCORES,
    Purpose.COACHING,
    partition=_PAIR,
)
SCORE_EVIDENCE = table(
    "score_evidence",
    "one row per quote or searched interval behind an answer",
    (c.INTERACTION_ID, c.QUESTION_ID, c.EVIDENCE_NO, c.SCORE_EPOCH),
    (
        c.DAY_ON.must(),
        c.TURN,
        c.START_S,
        c.QUOTE,
        c.SEARCHED_START_S,
        c.SEARCHED_END_S,
        c.SEARCHED_FIRST_TURN,
        c.SEARCHED_LAST_TURN,
    ),
    Retention.TRANSCRIPT,
    Purpose.COACHING,
    partition=_PAIR,
)
SCORE_SIGNAL = table(
    "score_signal",
    "one row per turn of an interaction and epoch",
    (c.INTERACTION_ID, c.TURN, c.SCORE_EPOCH),
    (
        c.DAY_ON.must(),
        c.SPEAKER.must(),
        *s.MODEL_SIGNALS,
        *s.RULE_SIGNALS,
        *s.TIME_SIGNALS,
        c.NULL_REASON,
        s.TEXT_MODEL_VERSION,
    ),
    Retention.SCORES,
    Purpose.COACHING,
    partition=_PAIR,
)
SCORE_RULE = table(
    "score_rule",
    "one row per interaction, compliance rule in force and epoch of the rules, judged in shadow",
    (c.INTERACTION_ID, c.RULE_ID, c.SCORE_EPOCH),
    (c.DAY_ON.must(), c.RULE_OUTCOME, c.RULE_REASON, c.TURN, c.START_S, c.QUOTE, c.SCORE_KEY.must()),
    Retention.TRANSCRIPT,
    Purpose.COACHING,
    partition=_PAIR,
)
