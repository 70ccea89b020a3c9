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


# Acts: does the sentence do this? Each is learned only from rows that say yes or no about it.
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
    "unsure",
    "expectation",
    "trouble",
    "cannot_pay",
    "still_explaining",
    "frustration",
    "caring",
    "remorse",
    "curiosity",
    # Learned from our own sentences (training/sentences) alone; the lead's behaviour catalogue asks for every one of them.
    "closed_question",
    "expectation",
    "alternative",
    "payment_offer",
    "benefit",
    "blame",
    "rude",
    "jargon",
    "polite",
    "trouble",
    "cannot_pay",
    "still_explaining",
    "anything_else",
    "farewell",
    "greeting",
    "hold_announced",
    "transfer_named",
)

# GoEmotions names behind four of the acts (groups of the labels file).
EMOTION_GROUPS = {
    "gratitude": ("gratitude",),
    "frustration": ("annoyance", "anger", "disappointment"),
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
    )


def places(all_heads: tuple[Head, ...]) -> dict[str, slice]:
    """Return the columns of the logits that belong to each head."""
    out, at = {}, 0
    for head in all_heads:
        out[head.name] = slice(at, at + head.size)
        at += head.size
    return out
