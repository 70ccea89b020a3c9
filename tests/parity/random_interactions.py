"""Random interactions and the tables they would be stored as, for the parity tests.

Lives here: Hypothesis strategies and record -> Arrow. Not here: the properties themselves.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from aftercall.contracts.records import Interaction, Turn, content_hash, to_line
from aftercall.scoring.forms import Facts

_LONG = (
    "I have been waiting for three weeks and nobody called me back although I was promised a call on Monday and on Tuesday, "
    "and when I rang myself I was told that someone stole my money and that I should have read the letter, which never arrived."
)
SENTENCES = (
    "",
    "?",
    "Hi there!",
    "HELLO, how can I help you today?",
    "ok",
    "Yes, book it.",
    "I'm so sorry to hear that.",
    "Someone stole my money",
    "this is the third time I'm calling",
    "I need to change my address",
    "Thanks, bye!",
    "That's all for today.",
    "Is there anything else I can do?",
    "What is your name? And which street? And the code?",
    "Unfortunately that room is not available.",
    "Would you like another day?",
    "How about six?",
    "Your balance is 400 dollars",
    "May I have your full name, please?",
    "My name is Ann Lee",
    "One moment, let me check that for you.",
    "Thank you for holding.",
    "Please hold.",
    "You will be arrested if you don't pay",
    "Nobody will arrest you",
    "He said I'd go to jail",
    "This is an attempt to collect a debt.",
    "you owe ninety dollars",
    "I can't afford that, I lost my job",
    "We could split it into four payments of 25 a month",
    "I'll pay on Friday",
    "When does the shop open?",
    "It opens at nine",
    "caf\u00e9 \u2014 na\u00efve \u2018quote\u2019 \u27e8masked\u27e9 um, d\u2019accord?",
    "\ufb01ne \u2463 \U0001f600",
    "sorry " * 90 + "about that",
    _LONG,
)

# Often whole halves of a second, so that limits are met exactly.
_KNOWN = st.one_of(st.integers(0, 90_000).map(lambda ms: ms / 1000), st.integers(0, 60).map(lambda n: n / 2))
_SECONDS = st.one_of(st.none(), _KNOWN)


@st.composite
def _turn(draw: st.DrawFn, place: int, *, timed: bool) -> Turn:
    speaker: Any = draw(st.sampled_from(("agent", "customer", "agent", "customer", "system")))
    text = draw(st.one_of(st.sampled_from(SENTENCES), st.lists(st.sampled_from(SENTENCES), max_size=3).map(" ".join)))
    start_s = draw(_KNOWN if timed else _SECONDS)
    length = draw(st.one_of(st.none(), st.sampled_from((0, 0.4, 0.5, 1, 1.5, 2, 12))))
    end_s = None if start_s is None or length is None else round(start_s + length, 3)
    confidence = draw(st.one_of(st.none(), st.none(), st.integers(0, 1000).map(lambda n: n / 1000)))
    return Turn(place, speaker, text, start_s, end_s, confidence)


@st.composite
def interactions(draw: st.DrawFn, *, most: int = 6) -> list[Interaction]:
    """Draw a few interactions: odd times, empty ones, any channel, queue, state."""
    many = list[Interaction]()
    for number in range(draw(st.integers(1, most))):
        timed = draw(st.booleans())
        turns = tuple(draw(_turn(place, timed=timed)) for place in range(draw(st.integers(0, 14))))
        attributes: dict[str, Any] = draw(st.sampled_from(({}, {}, {}, {"language": "en-US"}, {"language": "de"})))
        many.append(
            Interaction(
                f"i{number}",
                draw(st.sampled_from(("voice", "chat", "email"))),
                turns,
                queue=draw(st.sampled_from((None, "Sales", "collections-east"))),
                intent=draw(st.sampled_from((None, "refund", "past_due"))),
                transcript_state=draw(st.sampled_from(("ok",) * 8 + ("late", "no_notice", "empty"))),
                role_confidence=draw(st.sampled_from((None, None, 1.0, 0.8, 0.79))),
                attributes=attributes,
            )
        )
    return many


def tables_of(many: Sequence[Interaction]) -> tuple[pa.Table, pa.Table]:
    """Return the interactions as core_interaction and core_turn tables (the columns scoring reads)."""
    facts = [Facts.of(one) for one in many]
    text, real = pa.string(), pa.float64()
    interaction_table = pa.table(
        {
            "interaction_id": pa.array([one.interaction_id for one in many], text),
            "day_on": pa.array(["2026-01-05"] * len(many), text),
            "channel": pa.array([one.channel for one in many], text),
            "queue": pa.array([one.queue for one in many], text),
            "intent": pa.array([one.intent for one in many], text),
            "language": pa.array([fact.language for fact in facts], text),
            "transcript_state": pa.array([one.transcript_state for one in many], text),
            "role_confidence": pa.array([one.role_confidence for one in many], real),
            "content_hash": pa.array([content_hash(to_line(one)) for one in many], text),
        }
    )
    rows = [(one.interaction_id, turn) for one in many for turn in one.turns]
    turn_table = pa.table(
        {
            "interaction_id": pa.array([key for key, _ in rows], text),
            "turn": pa.array([turn.turn for _, turn in rows], pa.int64()),
            "speaker": pa.array([turn.speaker for _, turn in rows], text),
            "start_s": pa.array([turn.start_s for _, turn in rows], real),
            "end_s": pa.array([turn.end_s for _, turn in rows], real),
            "text": pa.array([turn.text for _, turn in rows], text),
            "confidence": pa.array([turn.confidence for _, turn in rows], real),
        }
    )
    return interaction_table, turn_table
