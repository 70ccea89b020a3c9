"""What one turn says about promises and the outcome: clauses, who takes on what by when, and the signs of a settled matter.

Lives here: turn -> clauses -> Said. Not here: what becomes of it over an interaction (promises.py), the phrases
(phrases/promises.yaml), reading dates (aftercall.text.entities).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Literal

from aftercall.contracts.records import Turn
from aftercall.scoring.form import Reading
from aftercall.scoring.forms import shared_sets
from aftercall.scoring.reader import Reader
from aftercall.text.entities import Entity, entities
from aftercall.text.match import Matcher
from aftercall.text.normalise import normalise
from aftercall.text.signals import TextModel

Who = Literal["agent", "company", "customer"]
QUOTE_CHARACTERS = 200
SETS = (
    *("promise_by_agent", "promise_to_look", "promise_by_company", "promise_by_customer", "now_and_here", "done_already"),
    *("matter_settled", "matter_stuck", "takes_offer", "turns_offer_down", "customer_finds_it_works"),
    *("customer_finds_it_unsolved", "contact_before", "asks_if_there"),
)
PROMISES = frozenset(SETS[:4])
# Sets of the scorecards that mean the same here.
BORROWED = ("transfers", "offers_alternative", "customer_done", "parting")
# A sentence the text model surely takes for ownership, with a time to come, is a promise in words no phrase has.
OWNED = Reading("owned_by_model", "ownership", 0.6, 0.6)
# A point inside a number ("$18.50") ends no sentence.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?]+(?=\s|$)|(?=\n)|$)")
_CLAUSE_EDGE = re.compile(
    r",\s+(?:and\s+|but\s+|so\s+|then\s+)?(?=(?:i|we|you|it|they|the|that|this|your|our|a|an|someone|somebody)\b)|;\s+|\s+[-\u2013]\s+"
    r"|\s+(?:and|but|so)\s+(?=(?:i|we|you|they)(?:['\u2019]|\s+(?:will|am|are|shall|have|can)\b))",
    re.IGNORECASE,
)
_FAMILIES = (
    (
        "tell",
        re.compile(r"\b(?:call|ring|phone|rung|contact|get back|got back|be in touch|let you know|hear|reach out|follow)"),
    ),
    ("send", re.compile(r"\b(?:send|sent|e?mail|text|messag|writ|letter|link|receipt|contract|form|confirm|post|forward)")),
    (
        "do",
        re.compile(
            r"\b(?:ship|order|book|refund|credit|fix|correct|chang|clos|stop|cancel|replac|repair|arrang|process|pay|paid)"
        ),
    ),
    ("look", re.compile(r"\b(?:check|look|watch|monitor|review|track|keep an eye|investigat)")),
)


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A promise as one clause makes it: who, the clause word for word, the time it names (None: none), what kind of act."""

    who: Who
    what: str
    by: Entity | None
    families: frozenset[str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a turn says: its promises, acts reported as done, the names of the sets in it, and its clauses by set."""

    undertakings: tuple[Undertaking, ...] = ()
    done: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    quotes: tuple[tuple[str, str], ...] = ()

    def quote(self, name: str) -> str:
        """Return the clause that says a set; '' when none does."""
        return next((quote for said, quote in self.quotes if said == name), "")


@dataclass(frozen=True)
class Ear:
    """Hears promises; `model` adds what its ownership head finds in agents' sentences. The same turn gives the same answer."""

    model: TextModel | None = field(default=None, compare=False)

    @cached_property
    def _reader(self) -> Reader:
        has_head = self.model is not None and OWNED.head in self.model.heads
        readings = (OWNED,) if has_head else ()
        return Reader(_matcher(), readings, (("agent", frozenset({OWNED.name})),), self.model if has_head else None)

    def hear(self, turn: Turn, said_at: datetime | None) -> Said:
        """Return what one turn says; `said_at` is when the interaction began."""
        whole = _matcher().match(normalise(turn.text))
        if not whole and self._reader.model is None:
            return Said()
        undertakings, quotes, done = list[Undertaking](), list[tuple[str, str]](), frozenset[str]()
        for sentence in _sentences(turn.text):
            mine, is_asked = list[Undertaking](), sentence.endswith("?")
            for clause in _clauses(sentence):
                names = _matcher().match(normalise(clause))
                is_promise = not names.isdisjoint(PROMISES)
                quotes += [(name, clause) for name in sorted(names) if name != "matter_settled" or not (is_promise or is_asked)]
                if "done_already" in names:
                    done |= _families(clause)
                who = _who(names, turn.speaker)
                if who and "now_and_here" not in names and not is_asked:
                    mine.append(Undertaking(who, clause, _time_in(clause, said_at), _families(clause)))
                elif "promise_to_look" in names and turn.speaker == "agent" and (by := _time_in(clause, said_at)):
                    mine.append(Undertaking("agent", clause, by, _families(clause)))
            if not mine and turn.speaker == "agent" and self._owns(sentence) and (by := _time_in(sentence, said_at)):
                mine.append(Undertaking("agent", _clipped(sentence), by, _families(sentence)))
            undertakings += _with_time_of_sentence(mine, sentence, said_at)
        return Said(tuple(undertakings), done, frozenset(name for name, _ in quotes), tuple(quotes))

    def _owns(self, sentence: str) -> bool:
        return self._reader.model is not None and OWNED.name in self._reader.read("agent", sentence).sure


@cache
def _matcher() -> Matcher:
    sets = shared_sets()
    return Matcher(tuple(sets[name].phrases for name in (*SETS, *BORROWED)))


def _who(names: frozenset[str], speaker: str) -> Who | None:
    if speaker == "customer":
        return "customer" if "promise_by_customer" in names else None
    if "promise_by_agent" in names:
        return "agent"
    return "company" if "promise_by_company" in names else None


def _sentences(text: str) -> list[str]:
    return [found.group().strip() for found in _SENTENCE.finditer(text) if found.group().strip()]


def _clauses(sentence: str) -> list[str]:
    """Return the clauses of a sentence, word for word.

    >>> _clauses("I'll check the box and email you, and you'll get a text.")
    ["I'll check the box and email you", "you'll get a text."]
    """
    edges, out, start = [(found.start(), found.end()) for found in _CLAUSE_EDGE.finditer(sentence)], list[str](), 0
    for left, right in [*edges, (len(sentence), len(sentence))]:
        if clause := sentence[start:left].strip():
            out.append(_clipped(clause))
        start = right
    return out


def _clipped(text: str) -> str:
    if len(text) <= QUOTE_CHARACTERS:
        return text
    edge = text.rfind(" ", 0, QUOTE_CHARACTERS)
    return text[: edge if edge > 0 else QUOTE_CHARACTERS]


def _families(clause: str) -> frozenset[str]:
    low = clause.lower()
    return frozenset(name for name, words in _FAMILIES if words.search(low))


def _time_in(text: str, said_at: datetime | None) -> Entity | None:
    """Return the last day of a text that is not past, else its last time or span of time."""
    found = [one for one in entities(text, said_at=said_at, lexicon={}) if one.kind in ("date", "time", "duration")]
    dates = [one for one in found if one.kind == "date" and not _is_past(one, said_at)]
    rest = [one for one in found if one.kind != "date"]
    return dates[-1] if dates else rest[-1] if rest else None


def _is_past(one: Entity, said_at: datetime | None) -> bool:
    words_say_so = one.value.startswith(("-", "last ", "day:-"))
    return words_say_so or (one.on is not None and said_at is not None and one.on < said_at.date())


def _with_time_of_sentence(mine: list[Undertaking], sentence: str, said_at: datetime | None) -> list[Undertaking]:
    """Give the only promise of a sentence the time the sentence names, when its own clause names none."""
    if len(mine) != 1 or mine[0].by is not None:
        return mine
    one = mine[0]
    return [Undertaking(one.who, one.what, _time_in(sentence, said_at), one.families)]
