"""How often agents use which short phrases where a behaviour was called for: texts to counts per agent.

Lives here: cutting texts into phrases, counting. Not here: which moments are looked at (moments.py), comparing agents
(analytics/best_practice.py), which sees these counts and never a text.

Numbers become #. A phrase never runs over a mask, a sentence's end, or a capitalised word inside a sentence (it may be a name).
"""

import re
from collections.abc import Iterator

import polars as pl

from aftercall.coaching.quotes import word_lists
from aftercall.text.normalise import normalise

FEWEST_WORDS, MOST_WORDS = 2, 5
_CELL = ("agent_id", "intent", "tenure_band", "question_id")
# After a comma a capital still stands inside the sentence; "I" is no name.
_NAME = re.compile(r"(?<=[a-z0-9,'’] )(?!I\b)[A-Z][\w'’]*")
_CUT = re.compile(r"\u27e8[^\u27e9]*\u27e9|[.?!;:\n\"“”()…]+")


def phrases_of(text: str) -> frozenset[str]:
    """Return the phrases of two to five words of a text that hold at least one telling word.

    >>> sorted(phrases_of("I am so sorry, Alexis. Card 4711 is blocked"))
    ['# is blocked', 'am so sorry', 'card #', 'card # is', 'card # is blocked', 'i am so sorry', 'is blocked', 'so sorry']
    """
    dull = word_lists()["danglers"] | {"#"}
    return frozenset(phrase for words in _pieces(text) for phrase in _grams(words) if not dull.issuperset(phrase.split(" ")))


def _pieces(text: str) -> Iterator[list[str]]:
    for piece in _CUT.split(_NAME.sub(" . ", text)):
        words = normalise(piece).split()
        if len(words) >= FEWEST_WORDS:
            yield ["#" if any(sign.isdigit() for sign in word) else word for word in words]


def _grams(words: list[str]) -> Iterator[str]:
    for n in range(FEWEST_WORDS, MOST_WORDS + 1):
        for start in range(len(words) - n + 1):
            yield " ".join(words[start : start + n])


def phrase_counts(texts: pl.DataFrame, *, fewest_agents: int = 5) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (said, moments): in how many moments each agent used each phrase, and how many moments there are.

    Args: texts, one row per moment: agent_id, intent, tenure_band, question_id, text. Phrases that fewer than `fewest_agents`
        agents use are left out.
    Columns: agent_id, intent, tenure_band, question_id, phrase, used_n; the same without phrase, with moment_n.
    """
    moments = texts.group_by(*_CELL).agg(moment_n=pl.len().cast(pl.Int64)).sort(_CELL, nulls_last=True)
    distinct = texts["text"].unique().sort()
    found = [(text, phrase) for text in distinct for phrase in sorted(phrases_of(text))]
    index = pl.DataFrame(found, schema={"text": pl.String, "phrase": pl.String}, orient="row")
    users = texts.select("question_id", "agent_id", "text").unique().join(index, on="text")
    shared = users.group_by("question_id", "phrase").agg(n=pl.col("agent_id").n_unique()).filter(pl.col("n") >= fewest_agents)
    used = texts.join(index, on="text").join(shared, on=["question_id", "phrase"], how="semi")
    said = used.group_by(*_CELL, "phrase").agg(used_n=pl.len().cast(pl.Int64)).sort(*_CELL, "phrase", nulls_last=True)
    return said, moments
