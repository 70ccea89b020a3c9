"""Redaction: personal data in a turn become `⟨masked⟩` before anything is stored, indexed or scored.

Lives here: the incremental form, state in and state out, which live and batch share; numbers. Not here: patterns
(redact_patterns.py), spoken digits (spoken_digits.py), names and addresses (pii_finder.py), whole interactions
(redact_records.py). Source: spec privacy, section 6.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from aftercall.text import redact_patterns as p
from aftercall.text.pii_finder import RULES_ONLY, RULES_VERSION, Finder
from aftercall.text.spoken_digits import NUMBER_WORDS, Chain, Run, chains_of, lowered, only_joiners

REDACTION_VERSION = RULES_VERSION
MASK = "⟨masked⟩"

# How many turns, of either side, a word keeps saying what the numbers after it are.
_PAYMENT_TURNS, _CODE_TURNS, _BIRTH_TURNS, _SSN_TURNS, _ACCOUNT_TURNS = 10, 3, 2, 3, 3
_ASKED_TURNS = 2
_OPEN_TURNS = 6

_LETTERS = "".join(
    chr(i).lower() if chr(i).isalpha() else chr(i) if chr(i).isdigit() or chr(i) == "@" else " " for i in range(128)
)
_SIGNS = re.compile(r"[\d@]")
_NO_DIGITS = re.compile(r"\D+")
_TRIGGERS = NUMBER_WORDS | p.CONTEXT_WORDS | frozenset(("dot", "com", "org", "net"))
_ORDER = ("card", "security_code", "ssn", "iban", "birth_date", "email", "phone", "account", "ip", "digits", "name", "address")


@dataclass(frozen=True, slots=True)
class Span:
    """One masked stretch: what it was taken for and where it stood in the text that came in."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without personal data, and what was masked (offsets in the text that came in)."""

    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionState:
    """What earlier turns say about the next one.

    `open_digits` holds, per speaker, a number that may go on, as (speaker, digits, turns since); `*_left` for how many
    turns a word such as "card number" keeps saying what numbers are.
    """

    open_digits: tuple[tuple[str, str, int], ...] = ()
    payment_left: int = 0
    code_left: int = 0
    birth_left: int = 0
    ssn_left: int = 0
    account_left: int = 0
    pan_seen: bool = False
    cvv_seen: bool = False
    name_left: int = 0
    address_left: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of the past bears on the numbers of the next turn."""
        return not (
            self.open_digits or self.payment_left or self.code_left or self.birth_left or self.ssn_left or self.account_left
        )


START = RedactionState()


def redact_turn(state: RedactionState, speaker: str, text: str, finder: Finder = RULES_ONLY) -> tuple[RedactionState, Redacted]:
    """Mask the personal data of one turn, given what was said before it.

    Args: state, `START` before the first turn; speaker, the channel whose digits are joined over turns; text, the turn; finder,
        what finds names and addresses.
    Returns: the state for the next turn, the redacted text with the spans masked.

    >>> state, out = redact_turn(START, "customer", "it's four one one one 1111 1111 1111, ok?")
    >>> out.text, [span.type for span in out.spans], state.pan_seen
    ("it's ⟨masked⟩, ok?", ['card'], True)
    """
    state, spans = find_spans(state, speaker, text, finder)
    return state, Redacted(masked(text, spans), spans) if spans else Redacted(text)


def find_spans(
    state: RedactionState, speaker: str, text: str, finder: Finder = RULES_ONLY
) -> tuple[RedactionState, tuple[Span, ...]]:
    """Return the state after a turn and the spans to mask in it, in order and without overlap."""
    after, numbers = _number_spans(state, speaker, text)
    masked = tuple((span.start, span.end) for span in numbers)
    found = finder.find(text, name_asked=state.name_left > 0, address_asked=state.address_left > 0, masked=masked)
    name_left = _ASKED_TURNS if found.asks_name else max(0, state.name_left - 1)
    address_left = _ASKED_TURNS if found.asks_address else max(0, state.address_left - 1)
    if (after.name_left, after.address_left) != (name_left, address_left):
        after = replace(after, name_left=name_left, address_left=address_left)
    if not found.spans:
        return after, numbers
    return after, _united([*numbers, *(Span(kind, start, end) for kind, start, end in found.spans)])


def _number_spans(state: RedactionState, speaker: str, text: str) -> tuple[RedactionState, tuple[Span, ...]]:
    words = text.translate(_LETTERS).split()
    quiet = state.is_quiet
    has_signs = _SIGNS.search(text) is not None
    if not has_signs and (_TRIGGERS.isdisjoint(words) or (quiet and _is_lone_number(words))):
        return (state if quiet else _aged(state, speaker, len(words), said_digits=False)), ()
    low = lowered(text)
    known = frozenset(words)
    now = state if known.isdisjoint(p.CONTEXT_WORDS) else _in_context(state, low, known)
    found = list(_written(low, known, born=now.birth_left > 0))
    taken = [(span.start, span.end) for span in found]
    if has_signs:
        taken += p.kept_spans(low)
    chains = chains_of(low, taken)
    lengthy = has_signs and any(len(chain.digits) > 2 for chain in chains)
    small = p.small_spans(low) if lengthy and not (now.payment_left or now.open_digits) else ()
    reading = _Reading(now, speaker, low, chains, small)
    found += reading.spans()
    after = _aged(now, speaker, len(words), said_digits=bool(chains))
    cvv_seen = any(span.type == "security_code" for span in found)
    if reading.still_open is not None or cvv_seen or reading.pan_seen:
        after = replace(
            after,
            open_digits=_with_open(after.open_digits, speaker, reading.still_open),
            payment_left=_PAYMENT_TURNS if reading.pan_seen else after.payment_left,
            pan_seen=state.pan_seen or reading.pan_seen,
            cvv_seen=state.cvv_seen or cvv_seen,
        )
    return after, _united(found) if found else ()


def _is_lone_number(words: list[str]) -> bool:
    """Whether a sentence says one number word and nothing else that counts: "one moment please, let me look"."""
    return len(words) > 3 and sum(map(_TRIGGERS.__contains__, words)) == 1 and p.CONTEXT_WORDS.isdisjoint(words)


def masked(text: str, spans: Iterable[Span]) -> str:
    """Return the text with each span replaced by the mask."""
    out, last = list[str](), 0
    for span in spans:
        out += (text[last : span.start], MASK)
        last = span.end
    return "".join((*out, text[last:]))


def _in_context(state: RedactionState, low: str, words: frozenset[str]) -> RedactionState:
    kinds = {kind for kind, (cues, pattern) in p.CONTEXTS.items() if not cues.isdisjoint(words) and pattern.search(low)}
    if not kinds:
        return state
    return RedactionState(
        state.open_digits,
        _PAYMENT_TURNS if kinds & {"payment", "code"} else state.payment_left,
        _CODE_TURNS if "code" in kinds else state.code_left,
        _BIRTH_TURNS if "birth" in kinds else state.birth_left,
        _SSN_TURNS if "ssn" in kinds else state.ssn_left,
        _ACCOUNT_TURNS if "account" in kinds else state.account_left,
        state.pan_seen,
        state.cvv_seen,
    )


def _aged(state: RedactionState, speaker: str, word_n: int, *, said_digits: bool) -> RedactionState:
    """Return the state one turn later. A started number of a few digits ends when either side says a whole sentence."""
    kept = list[tuple[str, str, int]]()
    for who, digits, age in state.open_digits:
        sentence = word_n > 3 and not said_digits
        if age < _OPEN_TURNS and not (sentence and (who == speaker or len(digits) < 4)):
            kept.append((who, digits, age + 1))
    return RedactionState(
        tuple(kept),
        max(0, state.payment_left - 1),
        max(0, state.code_left - 1),
        max(0, state.birth_left - 1),
        max(0, state.ssn_left - 1),
        max(0, state.account_left - 1),
        state.pan_seen,
        state.cvv_seen,
    )


def _with_open(
    open_digits: tuple[tuple[str, str, int], ...], speaker: str, digits: str | None
) -> tuple[tuple[str, str, int], ...]:
    if digits is None:
        return open_digits
    others = tuple(item for item in open_digits if item[0] != speaker)
    return (*others, (speaker, digits[-24:], 0)) if digits else others


def _written(low: str, words: frozenset[str], *, born: bool) -> Iterable[Span]:
    """Yield what a pattern alone shows: e-mail, IBAN, IP address, SSN, phone, birth dates."""
    if "@" in low:
        yield from (Span("email", *match.span()) for match in p.EMAIL.finditer(low))
    if "at" in words or "@" in low:
        yield from (Span("email", *match.span()) for match in p.SPOKEN_EMAIL.finditer(low))
    digit_n = len(_NO_DIGITS.sub("", low))
    if digit_n >= 7:
        for kind, pattern in (("iban", p.IBAN), ("ssn", p.SSN), ("phone", p.PHONE)):
            yield from (Span(kind, *match.span()) for match in pattern.finditer(low))
    if digit_n >= 4 and low.count(".") >= 3:
        yield from (Span("ip", *match.span()) for match in p.IP_ADDRESS.finditer(low))
    if digit_n >= 5 and ("/" in low or "-" in low or "." in low):
        for match in p.NUMERIC_DATE.finditer(low):
            year = p.date_year(match)
            if year is not None and (born or p.BIRTH_YEARS[0] <= year <= p.BIRTH_YEARS[1]):
                yield Span("birth_date", *match.span())
    if not words.isdisjoint(p.MONTHS):
        for match in p.NAMED_DATE.finditer(low):
            if born or _birth_year(match["year"]):
                yield Span("birth_date", *match.span())


def _birth_year(year: str | None) -> bool:
    if not year:
        return False
    return year.startswith("nineteen") or (year.isdigit() and p.BIRTH_YEARS[0] <= int(year) <= p.BIRTH_YEARS[1])


def _trails_off(rest: str) -> bool:
    """Whether so little follows that a number may go on in the next turn: "four one one one, got that?"."""
    return len(rest) < 25 and len(rest.split()) <= 3


class _Reading:
    """The numbers of one turn, read with what was said before: which are masked, and whether the last one is still open."""

    def __init__(
        self, state: RedactionState, speaker: str, low: str, chains: list[Chain], small: Sequence[tuple[int, int]]
    ) -> None:
        self.state, self.low, self.chains, self.small = state, low, chains, small
        self.before = next((digits for who, digits, _ in state.open_digits if who == speaker), "")
        self.pan_seen = False
        self.still_open: str | None = None

    def spans(self) -> list[Span]:
        """Return what is masked, and note what is left open."""
        found = list[Span]()
        for chain in self.chains:
            goes_on = bool(self.before) and chain is self.chains[0] and only_joiners(self.low[: chain.start])
            open_end = chain is self.chains[-1] and only_joiners(self.low[chain.end :])
            carried = self.before if goes_on else ""
            kind = self._chain_kind(chain, carried, open_end=open_end)
            if kind:
                found.append(Span(kind, self._start(chain.start), chain.end))
            else:
                for run in chain.runs:
                    if kind := self._run_kind(run, open_end=open_end and run is chain.runs[-1], alone=len(chain.runs) == 1):
                        found.append(Span(kind, self._start(run.start), run.end))
            trails = len(chain.digits) >= 4 and _trails_off(self.low[chain.end :])
            if chain is self.chains[-1] and (open_end or trails) and not self._counts(chain.runs[-1]):
                self.still_open = carried + chain.digits
        if self.chains and self.still_open is None:
            self.still_open = ""
        return found

    def _chain_kind(self, chain: Chain, carried: str, *, open_end: bool) -> str | None:
        digits = carried + chain.digits
        if (open_end or len(chain.digits) >= 3) and p.card_in(digits):
            self.pan_seen = True
            return "card"
        if len(carried) < 3 or (self._counts(chain.runs[0]) and len(chain.digits) < 4):
            return None
        if len(digits) >= 4 and (open_end or len(chain.digits) >= 3):
            return "card" if self.state.payment_left else "digits"
        return None

    def _run_kind(self, run: Run, *, open_end: bool, alone: bool) -> str | None:
        n, state = len(run.digits), self.state
        if n < 3 or self._counts(run) or self._is_reference(run):
            return None
        if state.payment_left and not self._is_amount(run):
            return "security_code" if state.code_left and n <= 4 else "card"
        if n < 4:
            return None
        if state.ssn_left and n in (4, 9):
            return "ssn"
        if state.birth_left > state.account_left and n <= 8:
            return "birth_date"
        if (state.account_left or state.birth_left) and not self._is_amount(run):
            return "account"
        if n >= 7 and (alone or n >= 9):
            return "phone" if 10 <= n <= 12 or n == 7 else "account"
        read_out = run.spoken and len(run.groups) == n
        return "digits" if read_out or (open_end and not self._is_year_or_amount(run)) else None

    def _counts(self, run: Run) -> bool:
        """Whether the run is a quantity: it has a unit, is read as a value ("two hundred"), or is a decimal or a range."""
        if len(run.digits) > 9:
            return False
        if any(start <= run.start and run.end <= end for start, end in self.small):
            return True
        return run.quantity or p.UNIT_AFTER.match(self.low, run.end) is not None or self._has_currency(run)

    def _is_reference(self, run: Run) -> bool:
        """Whether letters stand before the number as part of a code: an order or a case, "F-77130"."""
        return len(run.digits) <= 8 and p.CODE_BEFORE.search(self.low[max(0, run.start - 8) : run.start]) is not None

    def _has_currency(self, run: Run) -> bool:
        return self.low[max(0, run.start - 2) : run.start].strip() in ("$", "€", "£", "¥", "₹")

    def _is_year_or_amount(self, run: Run) -> bool:
        is_year = len(run.digits) == 4 and run.digits[:2] in ("19", "20") and (len(run.groups) == 1 or run.groups == (0, 0))
        return is_year or self._is_amount(run)

    def _is_amount(self, run: Run) -> bool:
        left = self.low[max(0, run.start - 40) : run.start]
        return len(run.digits) <= 6 and p.AMOUNT_BEFORE.search(left) is not None

    def _start(self, start: int) -> int:
        """Return the start with the signs that belong to a number: "+46", "(555)"."""
        while start and self.low[start - 1] in "+(":
            start -= 1
        return start


def _united(found: list[Span]) -> tuple[Span, ...]:
    """Return the union of the spans; where they overlap the graver type names it."""
    united = list[Span]()
    for span in sorted(found, key=lambda span: (span.start, span.end)):
        last = united[-1] if united else None
        if last is not None and span.start < last.end:
            kind = min(last.type, span.type, key=_ORDER.index)
            united[-1] = Span(kind, last.start, max(last.end, span.end))
        else:
            united.append(span)
    return tuple(united)
