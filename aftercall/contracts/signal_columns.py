"""The columns of score_signal, and which side of a conversation each signal may be read of.

Lives here: names, meanings and ranges of per-turn signals. Not here: other columns (columns.py), how signals come about
(aftercall.scoring.turn_signals, aftercall.text.signals).

There is no agent sentiment and no agent mood: sentiment, frustration and annoyance exist for customer turns only.
"""

from aftercall.contracts.columns import Column, Kind


def _act(name: str, meaning: str) -> Column:
    return Column(name, Kind.REAL, meaning, unit="0..1", low=0, high=1)


def _seconds(name: str, meaning: str) -> Column:
    return Column(name, Kind.REAL, meaning, unit="s", low=0)


SENTIMENT = Column("sentiment", Kind.REAL, "Wording of a customer's turn, bad to good; null for agents.", "-1..1", -1, 1)
FRUSTRATION = _act("frustration", "A customer's wording of annoyance, anger or disappointment; null for agents.")
MODEL_SIGNALS: tuple[Column, ...] = (
    SENTIMENT,
    FRUSTRATION,
    _act("empathy", "The agent answers what the customer feels; null for customers."),
    _act("acknowledgement", "The agent acknowledges the customer's trouble; null for customers."),
    _act("ownership", "The agent takes the matter on; null for customers."),
    _act("politeness", "Politeness of the wording; 0.5 is neutral."),
    _act("question", "A question is asked."),
    _act("open_question", "A question is asked that yes or no does not answer."),
    _act("apology", "Words of apology."),
    _act("gratitude", "Words of thanks."),
    _act("recap", "What was said or agreed is summed up."),
    _act("unsure", "Wording of not being sure."),
)
RULE_SIGNALS: tuple[Column, ...] = (
    _act("greeting", "Words of greeting, by phrases: 0 or 1."),
    _act("closing", "Words of parting, by phrases: 0 or 1."),
)
TIME_SIGNALS: tuple[Column, ...] = (
    _seconds("response_s", "Agent's turn right after a customer's: from the end of that to its start; 0 when they overlap."),
    _seconds("overlap_s", "Spoken while the other side still spoke; null in writing."),
    _seconds("silence_before_s", "Since the last end of any turn before; 0 when they overlap, null for the first."),
    Column("words_per_min", Kind.REAL, "Words a minute of the turn; null in writing.", "words/min", 0),
)
TEXT_MODEL_VERSION = Column("text_model_version", Kind.KEY, "The text model that read the turn; null without one.")

CUSTOMER_ONLY = frozenset(("sentiment", "frustration", "annoyance"))
AGENT_ONLY = frozenset(("empathy", "acknowledgement", "ownership"))


def is_read_of(name: str, speaker: str) -> bool:
    """Return whether a signal of the text model may be shown for a turn of this speaker.

    >>> is_read_of("sentiment", "agent"), is_read_of("sentiment", "customer"), is_read_of("apology", "agent")
    (False, True, True)
    >>> is_read_of("annoyance", "agent")
    False
    """
    if speaker == "agent":
        return name not in CUSTOMER_ONLY
    return speaker == "customer" and name not in AGENT_ONLY
