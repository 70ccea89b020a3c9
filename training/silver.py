"""Labels nobody wrote by hand: from a question mark, and from where a sentence was said.

Lives here: questions by their sign, customers' requests as presumed negatives of what only agents do.
Not here: labels of people (public_sets.py, dialogue_sets.py, own_sentences.py). Every silver label is named in the card.
"""

import re
from dataclasses import replace

from training.rows import Row, bucket

AGENT_ACTS = ("empathy", "acknowledgement", "apology", "ownership", "active_listening", "recap", "expectation")
_SORRY = re.compile(r"\b(?:sorry|apolog|regret|forgive|pardon)", re.IGNORECASE)
_PROMISE = re.compile(r"\b(?:i will|i'll|i'm going to|let me)\b", re.IGNORECASE)
_INSIDE = re.compile(r"[.!?](?=\s)")
_ASKS = re.compile(
    r"(?:who|what|when|where|why|how|which|is|are|do|does|did|can|could|would|will|may|should|have|has)\b", re.IGNORECASE
)


def with_question(row: Row) -> Row:
    """Return the row with its `question` target when one sentence tells by its last sign.

    With a question mark it asks; with a full stop, and not opening like a question, it does not. Without a sign: unknown.
    """
    text = row.text.strip()
    if "question" in row.targets or _INSIDE.search(text) or not text:
        return row
    if text.endswith("?"):
        return replace(row, targets={**row.targets, "question": 1.0})
    if text.endswith((".", "!")) and not _ASKS.match(text):
        return replace(row, targets={**row.targets, "question": 0.0})
    return row


def presumed_negative(row: Row) -> Row | None:
    """Return a customer's request as a negative of the agent acts; one in five, none that apologises or promises."""
    if row.origin not in ("banking77", "clinc150") or bucket(row.text, 5) != 2:
        return None
    if _SORRY.search(row.text) or _PROMISE.search(row.text):
        return None
    return replace(row, targets={**row.targets, **dict.fromkeys(AGENT_ACTS, 0.0)})
