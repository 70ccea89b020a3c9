"""What a column is, and every column aftercall knows, described once.

Lives here: names, kinds, units, ranges and meanings. Not here: which table carries which column (lake_tables.py,
mart_tables.py), nor what any engine makes of them (frames.py, expectations.py, dbt_yaml.py, dictionary.py).

Names carry their unit: `_s` seconds, `_share` 0..1, `_n` counts, `_at` UTC instants, `_on` dates, `_id` keys,
`_sum` and `_sumsq` sums over the rows a grain groups, `is_` flags, `_json` structured text.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The physical kind of a column; each engine maps it to one type."""

    KEY = "key"
    TEXT = "text"
    REAL = "real"
    COUNT = "count"
    FLAG = "flag"
    INSTANT = "instant"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, in every table that carries it.

    >>> HANDLE_S.unit, HANDLE_S.low
    ('s', 0)
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False

    def must(self) -> "Column":
        """Return the same column, never null."""
        return Column(self.name, self.kind, self.meaning, self.unit, self.low, self.high, self.values, required=True)


def _key(name: str, meaning: str) -> Column:
    return Column(name, Kind.KEY, meaning)


def _text(name: str, meaning: str, *values: str) -> Column:
    return Column(name, Kind.TEXT, meaning, values=values)


def _seconds(name: str, meaning: str) -> Column:
    return Column(name, Kind.REAL, meaning, unit="s", low=0)


def _count(name: str, meaning: str) -> Column:
    return Column(name, Kind.COUNT, meaning, unit="n", low=0)


def _share(name: str, meaning: str) -> Column:
    return Column(name, Kind.REAL, meaning, unit="0..1", low=0, high=1)


def _points(name: str, meaning: str) -> Column:
    return Column(name, Kind.REAL, meaning, unit="0..100", low=0, high=100)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, Kind.FLAG, meaning)


def _instant(name: str, meaning: str) -> Column:
    return Column(name, Kind.INSTANT, meaning, unit="UTC")


def _date(name: str, meaning: str) -> Column:
    return Column(name, Kind.DATE, meaning)


CHANNELS = ("voice", "chat", "email", "message", "video")
SPEAKERS = ("agent", "customer", "system")
TRANSCRIPT_STATES = (
    "ok",
    "late",
    "missing",
    "empty",
    "failed",
    "quota",
    "unsupported_language",
    "excluded",
    "role_uncertain",
    "no_notice",
    "model_missing",
)
NULL_REASONS = (
    "no_transcript",
    "late_transcript",
    "empty_audio",
    "low_asr_confidence",
    "unsupported_language",
    "role_uncertain",
    "too_short",
    "not_eligible",
    "excluded_by_policy",
    "no_notice",
    "model_missing",
    "model_error",
    "quota",
    "timeout",
    "evidence_unverified",
    "nothing_called_for",
    "no_times",
    "pending_human",
    "not_shown",
)
ANSWERS = ("yes", "no", "partial", "na")
RULE_OUTCOMES = ("kept", "late", "missed", "fired", "na")
BASES = ("notices", "historical", "public", "synthetic")
RECORD_KINDS = ("interaction", "leg", "agent", "customer", "activity", "evaluation", "exposure", "notice", "survey")

# keys
INTERACTION_ID = _key("interaction_id", "One customer conversation: a call, chat or mail.")
AGENT_ID = _key("agent_id", "The employee who served the customer.")
CUSTOMER_ID = _key("customer_id", "The customer, as a keyed hash of the source's id.")
TEAM_ID = _key("team_id", "The agent's team at the time.")
SITE_ID = _key("site_id", "The site the agent works at.")
SUPERVISOR_ID = _key("supervisor_id", "The agent's direct supervisor at the time.")
QUESTION_ID = _key("question_id", "A question of a scorecard, stable over its versions.")
RULE_ID = _key("rule_id", "A rule of a compliance pack.")
SECTION_ID = _key("section_id", "The scorecard section a question belongs to.")
BEHAVIOUR_ID = _key("behaviour_id", "The observable behaviour a question is about.")
SCORECARD_ID = _key("scorecard_id", "The form that scored.")
SCORECARD_VERSION = _text("scorecard_version", "Published version of the form.")
SCORE_EPOCH = _key("score_epoch", "Everything fixed that makes scores comparable, as 12 characters.")
SCORE_KEY = _key("score_key", "The epoch and the transcript version, hashed: same key, same bytes.")
DAY_ON = _key("day_on", "Date of the start in the site's zone as YYYY-MM-DD, or 'undated'.")
WEEK_ON = _date("week_on", "Monday of the ISO week.")
ITEM_ID = _key("item_id", "One coaching item.")
EVALUATION_ID = _key("evaluation_id", "One filled-in scorecard by a person.")
SURVEY_ID = _key("survey_id", "One survey answer.")

# where a record came from
RECORD_KIND = _text("record_kind", "What the record describes.", *RECORD_KINDS)
RECORD_KEY = _key("record_key", "The record's key in its source.")
CONTENT_HASH = _key("content_hash", "SHA-256 of the content; a new hash is a new version.")
RECEIVED_AT = _instant("received_at", "When this version was read.")
RECEIVED_N = _count("received_n", "Order of arrival; the highest version of a key is current.")
SOURCE_SYSTEM = _text("source_system", "The system or column map the record came through.")
SOURCE_REF = _text("source_ref", "File name and line or pointer in the source.")
REDACTION_VERSION = _text("redaction_version", "What masked personal data: rules, and name models where they read (after a +).")
FILE_SHA256 = _key("file_sha256", "SHA-256 of the received file.")
RECORD_JSON = _text("record_json", "The redacted record.")
FILE_PATH = _text("file_path", "Path below the input folder.")
FILE_KIND = _text("file_kind", "What the file was recognised as.")
SIZE_BYTES = Column("size_bytes", Kind.COUNT, "Size of the file.", unit="bytes", low=0)
RECORD_N = _count("record_n", "Records read.")
PROBLEM_N = _count("problem_n", "Records put into quarantine.")

# the conversation
CHANNEL = _text("channel", "How the customer reached us.", *CHANNELS)
CHANNEL_OR_UNKNOWN = _text("channel", "How the customer reached us, or 'unknown'.", *CHANNELS, "unknown")
DIRECTION = _text("direction", "Who started it.", "inbound", "outbound")
QUEUE = _text("queue", "The queue that routed it.")
INTENT = _text("intent", "The reason for contact.")
LANGUAGE = _text("language", "BCP 47 tag of the spoken language.")
STARTED_AT = _instant("started_at", "Start of the interaction.")
TRANSCRIPT_STATE = _text("transcript_state", "What became of the transcript.", *TRANSCRIPT_STATES)
ROLE_CONFIDENCE = _share("role_confidence", "How sure we are who is agent and who is customer.")
ATTRIBUTES_JSON = _text("attributes_json", "Keys of the source we have no column for.")
BASIS = _text("basis", "Why these data may be processed.", *BASES)
TURN = _count("turn", "0-based place of the turn in its interaction's line.")
TURN_N = _count("turn_n", "Turns in the interaction.")
SPEAKER = _text("speaker", "Who speaks.", *SPEAKERS)
START_S = _seconds("start_s", "Start, counted from the start of the interaction.")
END_S = _seconds("end_s", "End, counted from the start of the interaction.")
TURN_TEXT = _text("text", "What was said, redacted.")
CONFIDENCE = _share("confidence", "Mean recogniser confidence.")
WORDS_JSON = _text("words_json", "Word times, as [text, start_s, end_s, confidence] rows.")

# handle time
TALK_S = _seconds("talk_s", "Connected and not on hold.")
HOLD_S = _seconds("hold_s", "Held.")
ACW_S = _seconds("acw_s", "After-call work until ready.")
HANDLE_S = _seconds("handle_s", "talk_s + hold_s + acw_s; null if a part is missing.")
PREREAD_S = _seconds("preread_s", "Reading before the contact; not part of handle time.")
QUEUE_WAIT_S = _seconds("queue_wait_s", "Waiting in the queue.")
LEG_NO = _count("leg_no", "Place of the agent's part in the interaction, from 0.")
OFFERED_AT = _instant("offered_at", "Offered to the agent.")
ANSWERED_AT = _instant("answered_at", "Answered by the agent.")
ENDED_AT = _instant("ended_at", "End of the leg.")
HOLD_N = _count("hold_n", "Times the customer was put on hold.")
IS_TRANSFERRED = _flag("is_transferred", "The leg ended by a transfer.")
IS_ABANDONED = _flag("is_abandoned", "The customer left before an answer.")
DISPOSITION = _text("disposition", "Wrap-up code: how it ended.")

# people
DISPLAY_NAME = _text("display_name", "Name for people entitled to see it.")
AGENT_ROLE = _text("role", "Job role.")
HIRED_ON = _date("hired_on", "First day of work.")
EXIT_ON = _date("exit_on", "Last day of work.")
VALID_FROM_ON = _date("valid_from_on", "First day this row holds.")
VALID_TO_ON = _date("valid_to_on", "Last day this row holds; null is open.")
TIER = _text("tier", "The customer's service tier.")
PREFERRED_NAME = _text("preferred_name", "How the customer wants to be addressed.")
STATE = _text("state_of_residence", "Two-letter state of residence.")

# coaching, evaluations, surveys, notices, schedules
EXPOSURE_KIND = _text(
    "exposure_kind",
    "What happened to the item.",
    "assigned",
    "delivered",
    "completed",
    "dismissed",
    "shown",
    "expired",
    "retracted",
)
EXPOSED_AT = _instant("exposed_at", "When it happened.")
TOPIC = _text("topic", "What the coaching was about.")
MODULE_ID = _key("module_id", "The coaching module.")
MINUTES = Column("minutes", Kind.REAL, "Length.", unit="min", low=0)
DELAY_S = _seconds("delay_s", "From the behaviour to the feedback on it; of a week the median of what was delivered.")
MECHANISM = _text("mechanism", "How agents came to be coached.", "randomised", "rollout", "triggered", "opt_in")
ANSWER = _text("answer", "The answer; null when not scored.", *ANSWERS)
POINTS = Column("points", Kind.REAL, "Points earned.", unit="points", low=0)
POINTS_POSSIBLE = Column("points_possible", Kind.REAL, "Points that could be earned.", unit="points", low=0)
EVALUATOR_ID = _key("evaluator_id", "Who evaluated.")
SAMPLING = _text("sampling", "How the interaction was drawn.", "random", "targeted", "all")
INCLUSION_PROBABILITY = _share("inclusion_probability", "Probability with which it was drawn.")
SUGGESTED_ANSWER = _text("suggested_answer", "The machine's answer, where the person had it in view.", *ANSWERS)
ANSWER_SOURCE = _text("answer_source", "What the final answer came from.", "rule", "metric", "model", "human", "edited")
DISPUTE_STATE = _text(
    "dispute_state", "State of a dispute about the answer; null is none.", "open", "escalated", "accepted", "part", "rejected"
)
CALIBRATION_SESSION_ID = _key("calibration_session_id", "The session in which several people scored the same interaction.")
IS_REFERENCE = _flag("is_reference", "Answered by the session's reference scorer.")
SUBMITTED_AT = _instant("submitted_at", "When it was submitted.")
RESPONDENT = _text("respondent", "Who answered.", "customer", "agent")
SURVEY_ITEM = _text("survey_item", "What was asked.")
SURVEY_VALUE = Column("survey_value", Kind.REAL, "The answer on its scale.", unit="scale points")
SCALE_MAX = Column("scale_max", Kind.REAL, "Top of the scale.", unit="scale points")
NOTICE_VERSION = _text("notice_version", "Version of the notice.")
NOTICED_ON = _date("noticed_on", "Date the agent was given the notice.")
JURISDICTION = _text("jurisdiction", "Jurisdiction of the notice.")
ACTIVITY_KIND = _text("activity_kind", "Planned or observed.", "scheduled", "actual")
ACTIVITY = _text("activity", "The activity code of the source.")
START_AT = _instant("start_at", "Start.")
END_AT = _instant("end_at", "End.")
IS_PAID = _flag("is_paid", "Paid time.")

# scores
OVERALL = _points("overall", "Score of the interaction; null with a reason when it could not be scored.")
NULL_REASON = _text("null_reason", "Why there is no score.", *NULL_REASONS)
COMPLIANCE = _points("compliance", "Section score: compliance.")
ACCURACY = _points("accuracy", "Section score: accuracy.")
TONE = _points("tone", "Section score: tone, that is wording, never voice.")
COMPLETENESS = _points("completeness", "Section score: completeness.")
IS_AUTOFAIL = _flag("is_autofail", "A question that fails the form was answered wrongly.")
BEFORE_AUTOFAIL = _points("score_before_autofail", "The score without the auto-fail.")
APPLIED_WEIGHT_SHARE = _share("applied_weight_share", "Share of the applicable weight that could be scored.")
CALLED_FOR_N = _count("called_for_n", "Moments that called for the behaviour.")
DONE_N = _count("done_n", "Of these, moments where it was done.")
IS_ADVISORY = _flag("is_advisory", "Shown, but outside the overall score.")
REASON = _text("reason", "The verdict in one sentence.")
RULE_OUTCOME = _text("rule_outcome", "What became of a compliance rule; not known when null.", *RULE_OUTCOMES)
RULE_REASON = _text("rule_reason", "Why a compliance rule was not judged, or was not called for.")
EVIDENCE_NO = _count("evidence_no", "0-based place of the evidence.")
QUOTE = _text("quote", "Words of the stored transcript.")
SEARCHED_START_S = _seconds("searched_start_s", "Start of the interval searched in vain.")
SEARCHED_END_S = _seconds("searched_end_s", "End of the interval searched in vain.")
SEARCHED_FIRST_TURN = _count("searched_first_turn", "First turn searched in vain; the only bound when no times were recorded.")
SEARCHED_LAST_TURN = _count("searched_last_turn", "Last turn searched in vain.")

# marts: sufficient statistics
FIRST_TREATED_ON = _date("first_treated_on", "Monday of the first delivered coaching; null is never.")
TENURE_WEEKS = Column("tenure_weeks", Kind.REAL, "Weeks since the first day of work.", unit="weeks")
TENURE_BAND = _text("tenure_band", "Tenure in bands.", "under 3 months", "3 to 12 months", "over 12 months", "unknown")
EXIT_WEEK_ON = _date("exit_week_on", "Monday of the last week of work; null is still here.")
INTERACTION_N = _count("interaction_n", "Interactions.")
HANDLED_N = _count("handled_n", "Interactions with a known handle time.")
SCORED_N = _count("scored_n", "Interactions with a score.")
NA_N = _count("na_n", "Answers 'not called for'.")
NULL_N = _count("null_n", "Answers that could not be given.")
INTERVAL_START_AT = _instant("interval_start_at", "Start of the interval.")
INTERVAL_S = _seconds("interval_s", "Length of the interval.")
OFFERED_N = _count("offered_n", "Contacts offered.")
ABANDONED_N = _count("abandoned_n", "Contacts abandoned; null where the source does not say.")
RECENCY_NO = _count("recency_no", "1 is the customer's latest interaction.")
OUTCOME = _text("outcome", "How the interaction ended.")
OPEN_PROMISE = _text("open_promise", "Quote of the last promise not followed by another contact; first version.")
SCORING_OUTCOME = _key("scoring_outcome", "'scored', or the reason why there is no score.")
CSAT_N = _count("csat_n", "Customer surveys answered.")


def summed(column: Column, *, squares: bool = False) -> Column:
    """Return the column of sums (or sums of squares) over a grain.

    >>> summed(HANDLE_S).name, summed(HANDLE_S, squares=True).name
    ('handle_s_sum', 'handle_s_sumsq')
    """
    suffix, word, power = ("_sumsq", "Sum of squares of", "²") if squares else ("_sum", "Sum of", "")
    return Column(f"{column.name}{suffix}", Kind.REAL, f"{word} {column.name}.", unit=f"{column.unit}{power}", low=0)


def crossed(a: Column, b: Column) -> Column:
    """Return the column of the sum of products of two columns over a grain.

    >>> crossed(TALK_S, ACW_S).name
    'talk_s_acw_s_cross'
    """
    return Column(f"{a.name}_{b.name}_cross", Kind.REAL, f"Sum of {a.name} × {b.name}.", unit=f"{a.unit}·{b.unit}", low=0)


CSAT_SUM = Column("csat_sum", Kind.REAL, "Sum of customer satisfaction answers, rescaled to 0..1.", unit="0..1 summed", low=0)
