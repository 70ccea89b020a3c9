"""A second ear for notices: was a missed notice perhaps said in words that no phrase of the rule knows?

Lives here: how like the example wordings of a rule a sentence is, and what becomes of a missed rule then. Not here: judging by
phrases (pack_run.py), the examples (`patterns/like` of the packs), the text model (aftercall.text.signals).

The second ear only ever takes a miss back: a notice that was perhaps said goes to a person, with the sentence, and is neither
kept nor missed. Likeness is the cosine to the middle of the example wordings after whitening by what agents say all day (the
sentences of the behaviour catalogue): sentences of service talk lie close together in the model's space, and a plain cosine
does not separate them. Examples and background are shipped data, so a likeness depends on the text and the model alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aftercall.contracts.records import Turn
from aftercall.scoring.behaviours import catalogue, dialogue
from aftercall.scoring.heard import QUOTES_MAX, Evidence, quote_of
from aftercall.scoring.pack import Pack, Rule
from aftercall.scoring.pack_ear import RuleOutcome
from aftercall.scoring.reader import Reader

Vectors = NDArray[np.float64]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]

PERHAPS_SAID = "perhaps_said"
"""Reason of an outcome that is not known because the second ear heard something like the notice."""
LIKE_ENOUGH = 0.27
"""At most about 2 in 1,000 agent turns of public chats and of the catalogue, none of them a notice, reach this likeness. Set
for the shipped text model on docs/measured/notices.md; another one needs its own (`python -m training.measure_notices`)."""
_WORDS_MIN = 4
# How much of the mean variance is added to every direction, so that directions the background hardly uses do not decide.
_RIDGE = 0.1
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_NOTICES = ("required_disclosure",)


@dataclass(frozen=True, slots=True)
class NoticeEar:
    """The middle of each rule's example wordings, ready to be compared with; `embed` is the text model's `embeddings`."""

    embed: Embed
    mean: Vectors
    whitening: Vectors
    examples: tuple[tuple[str, Vectors], ...]

    @classmethod
    def of(cls, pack: Pack, embed: Embed) -> "NoticeEar":
        """Return the ear for the rules of a pack that bring example wordings; embeds a few hundred sentences."""
        background = np.asarray(embed(background_sentences()), dtype=np.float64)
        mean = background.mean(axis=0)
        spread = np.cov((background - mean).T)
        spread += _RIDGE * np.trace(spread) / len(spread) * np.eye(len(spread))
        whitening = np.linalg.cholesky(np.linalg.inv(spread))
        ear = cls(embed, mean, whitening, ())
        like = {rule.key: rule.patterns.like for rule in pack.rules if rule.patterns.like}
        middles = {key: ear.placed(texts).mean(axis=0) for key, texts in like.items()}
        return replace(ear, examples=tuple((key, one / np.linalg.norm(one)) for key, one in middles.items()))

    def placed(self, texts: Sequence[str]) -> Vectors:
        """Return whitened embeddings of length 1, shape (texts, width); NaN where the model could not read."""
        vectors = (np.asarray(self.embed(texts), dtype=np.float64) - self.mean) @ self.whitening
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def likeness(self, rule: Rule, texts: Sequence[str]) -> Vectors:
        """Return, for each sentence, its likeness to the example wordings of a rule, -1..1; NaN when unread."""
        return np.asarray(self.placed(texts) @ dict(self.examples)[rule.key]) if len(texts) else np.zeros(0)


def background_sentences() -> tuple[str, ...]:
    """Return what agents say in the behaviour catalogue, notices left out: the background likeness is measured against."""
    lines = [
        turn.text
        for name, behaviour in catalogue().items()
        if name not in _NOTICES
        for said in (*behaviour.examples, *behaviour.counter_examples)
        for turn in dialogue(said).turns
        if turn.speaker == "agent"
    ]
    return tuple(dict.fromkeys(sentence for line in lines for sentence in sentences_of(line) or (line,)))


def sentences_of(text: str) -> tuple[str, ...]:
    """Return the sentences of a turn that are long enough to be a notice.

    >>> sentences_of("Hi. This call is being recorded, is that all right?")
    ('This call is being recorded, is that all right?',)
    """
    found = (one.group().strip() for one in _SENTENCE.finditer(text))
    return tuple(one for one in found if len(one.split()) >= _WORDS_MIN)


def second_ear(
    outcomes: Sequence[RuleOutcome], turns: Sequence[Turn], pack: Pack, ear: NoticeEar | None
) -> tuple[RuleOutcome, ...]:
    """Return the outcomes of one interaction, misses that were perhaps said in other words as not known.

    Looked at: sentences of the rule's side where the rule searched, for rules with example wordings of which no part was
    recognised; a notice said by half stays missed. Without an ear (no text model) the outcomes stay as they are; so does a
    miss whose sentences the model could not read.
    """
    if ear is None:
        return tuple(outcomes)
    rules = {rule.id: rule for rule in pack.rules if rule.patterns.like}
    return tuple(
        _heard_again(one, turns, rules[one.rule_id], ear, pack)
        if one.rule_id in rules and _is_wholly_missed(one, rules[one.rule_id])
        else one
        for one in outcomes
    )


def _is_wholly_missed(one: RuleOutcome, rule: Rule) -> bool:
    return one.outcome == "missed" and len(one.missing) == len(rule.patterns.elements)


def _heard_again(one: RuleOutcome, turns: Sequence[Turn], rule: Rule, ear: NoticeEar, pack: Pack) -> RuleOutcome:
    first, last = _searched(one, turns)
    said = [
        (turn, sentence)
        for turn in turns
        if turn.speaker == rule.channel and first <= turn.turn <= last
        for sentence in sentences_of(turn.text)
    ]
    like = ear.likeness(rule, [sentence for _, sentence in said])
    places = [place for place in np.argsort(-np.nan_to_num(like, nan=-1.0)).tolist() if like[place] >= LIKE_ENOUGH]
    if not places:
        return one
    reader = Reader(pack.matcher)
    proof = tuple(
        Evidence(said[place][0].turn, said[place][0].start_s, quote_of(said[place][1], (), reader)) for place in places
    )[:QUOTES_MAX]
    return replace(one, outcome=None, reason=PERHAPS_SAID, evidence=(*proof, *one.evidence), missing=())


def _searched(one: RuleOutcome, turns: Sequence[Turn]) -> tuple[int, int]:
    spans = [proof.searched_turns for proof in one.evidence if proof.searched_turns]
    if spans:
        return min(first for first, _ in spans), max(last for _, last in spans)
    return 0, max((turn.turn for turn in turns), default=0)
