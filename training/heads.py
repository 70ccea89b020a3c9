"""The heads of the text model: what is predicted, in which order.

Lives here: `Head`, the shipped heads, the intents, the emotions that are learned but not shipped.
Not here: data (rows.py), calibration (calibrate.py), the layout of the artefact (export.py). Standard library only.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["softmax", "sigmoid", "real"]

SENTIMENT = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Head:
    """One prediction: its kind, its labels, and whether it leaves training.

    `intent` heads answer why the customer got in touch; they may abstain. `shipped` is false for what only helps the
    encoder to learn.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    intent: bool = False
    shipped: bool = True

    @property
    def size(self) -> int:
        """Number of logits."""
        return len(self.labels)


# Acts: does the sentence do this? Each is learned only from rows that say yes or no about it; those between `open_question`
# and `farewell` from our own sentences alone.
ACTS = (
    "empathy",
    "acknowledgement",
    "apology",
    "gratitude",
    "ownership",
    "active_listening",
    "recap",
    "question",
    "open_question",
    "closed_question",
    "unsure",
    "expectation",
    "trouble",
    "cannot_pay",
    "still_explaining",
    "payment_offer",
    "alternative",
    "benefit",
    "blame",
    "rude",
    "jargon",
    "polite",
    "hold_announced",
    "transfer_named",
    "anything_else",
    "greeting",
    "farewell",
    "frustration",
    "annoyance",
    "caring",
    "remorse",
    "curiosity",
)

# GoEmotions names behind four of the acts (groups of the labels file).
EMOTION_GROUPS = {
    "gratitude": ("gratitude",),
    "annoyance": ("annoyance", "anger", "disappointment"),
    "caring": ("caring",),
    "remorse": ("remorse",),
    "curiosity": ("curiosity", "confusion"),
}


def heads(banking: tuple[str, ...], clinc: tuple[str, ...], emotions: tuple[str, ...] = ()) -> tuple[Head, ...]:
    """Return every head in the order of its logits; what does not ship stands last.

    >>> [head.name for head in heads(("lost_card",), ("transfer",))][:3]
    ['sentiment', 'politeness', 'empathy']
    """
    return (
        Head("sentiment", "softmax", SENTIMENT),
        Head("politeness", "real", ("politeness",)),
        *(Head(act, "sigmoid", (act,)) for act in ACTS),
        Head("banking77", "softmax", banking, intent=True),
        Head("clinc150", "softmax", clinc, intent=True),
        *(Head(f"emotion_{name}", "sigmoid", (name,), shipped=False) for name in emotions),
        Head("valence", "real", ("valence",), shipped=False),
    )


def places(all_heads: tuple[Head, ...]) -> dict[str, slice]:
    """Return the columns of the logits that belong to each head."""
    out, at = {}, 0
    for head in all_heads:
        out[head.name] = slice(at, at + head.size)
        at += head.size
    return out


def columns(all_heads: tuple[Head, ...]) -> list[str]:
    """Return the name of every logit: head/label.

    >>> columns((Head("apology", "sigmoid", ("apology",)),))
    ['apology/apology']
    """
    return [f"{head.name}/{label}" for head in all_heads for label in head.labels]
