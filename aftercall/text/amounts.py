"""Amounts of money in text, written or spoken, folded to one value: "$49.99" = "forty nine ninety nine" = "49 dollars 99".

Lives here: currency signs and words, cents, prices said in two halves. Not here: numbers themselves (number_phrases.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from aftercall.text.number_phrases import Number, Token, number_at

SIGNS = {"$": "USD", "\u00a3": "GBP", "\u20ac": "EUR", "\u00a5": "JPY"}
WORDS = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "usd": "USD",
    "pound": "GBP", "pounds": "GBP", "quid": "GBP", "gbp": "GBP",
    "euro": "EUR", "euros": "EUR", "eur": "EUR",
}  # fmt: skip
PARTS = {"cent": "", "cents": "", "pence": "GBP", "penny": "GBP", "pennies": ""}
# Words before a price in two halves ("it costs forty nine fifty"); without one, only the endings prices have.
_CUE_WORDS = (
    "cost costs costing price priced charge charged charges charging pay paid paying pays bill billed total worth for at fee "
    "balance owe owed owes refund refunded credit credited deposit was is only"
)
_CUES = frozenset(_CUE_WORDS.split())
_PRICE_ENDINGS = frozenset((49, 50, 90, 95, 98, 99))
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount at the characters start..end; `currency` is an ISO 4217 code, '' when none was said."""

    value: Decimal
    currency: str
    start: int
    end: int


def amounts(tokens: Sequence[Token]) -> list[Amount]:
    """Return the amounts among tokens, in order.

    >>> from aftercall.text.number_phrases import tokens_of
    >>> [f"{one.value} {one.currency}" for one in amounts(tokens_of("$1,200 or 12 quid or forty nine ninety nine"))]
    ['1200.00 USD', '12.00 GBP', '49.99 ']
    """
    found, at = list[Amount](), 0
    while at < len(tokens):
        one = _signed(tokens, at) or _worded(tokens, at) or _bare(tokens, at)
        if one is None:
            number = number_at(tokens, at)
            at = number.after if number else at + 1
            continue
        amount, at = one
        found.append(amount)
    return found


def _amount(tokens: Sequence[Token], value: Decimal, currency: str, first: int, after: int) -> tuple[Amount, int]:
    return Amount(value.quantize(_CENT), currency, tokens[first].start, tokens[after - 1].end), after


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _signed(tokens: Sequence[Token], at: int) -> tuple[Amount, int] | None:
    """Read "$ 40", "usd 40", and "$40 dollars" as one."""
    word = tokens[at].text
    currency = SIGNS.get(word) or (WORDS[word] if word in ("usd", "gbp", "eur") else "")
    number = number_at(tokens, at + 1) if currency else None
    if number is None:
        return None
    after = number.after + (_text(tokens, number.after) in WORDS)
    return _amount(tokens, number.value, currency, at, after)


def _worded(tokens: Sequence[Token], at: int) -> tuple[Amount, int] | None:
    """Read "twelve dollars (and) fifty (cents)", "40 \u20ac", "fifty cents", "49 99 dollars" said in halves."""
    number = number_at(tokens, at)
    if number is None:
        return None
    after, value = number.after, number.value
    halves = _halves(tokens, number)
    if halves and (_text(tokens, halves[1]) in WORDS):
        value, after = halves
    word = _text(tokens, after)
    if word in PARTS and value == value.to_integral_value() and value < 1000:
        return _amount(tokens, value / 100, PARTS[word], at, after + 1)
    currency = WORDS.get(word) or SIGNS.get(word)
    if not currency or (
        word in SIGNS and (nearby := number_at(tokens, after + 1)) and tokens[nearby.first].start == tokens[after].end
    ):
        return None
    after += 1
    joined = after + (_text(tokens, after) == "and")
    cents = number_at(tokens, joined)
    if (
        cents
        and 0 < cents.value < 100
        and cents.value == cents.value.to_integral_value()
        and value == value.to_integral_value()
    ):
        is_named = _text(tokens, cents.after) in PARTS
        # "twelve dollars fifty": the rest of the price, unless the number counts something else or another amount follows.
        is_bare = joined == after and cents.is_spoken and cents.value >= 10 and _ends_price(tokens, cents.after)
        if is_named or is_bare:
            return _amount(tokens, value + cents.value / 100, currency, at, cents.after + is_named)
    return _amount(tokens, value, currency, at, after)


def _ends_price(tokens: Sequence[Token], at: int) -> bool:
    word = _text(tokens, at)
    return not word or not word[0].isalnum() or word in ("a", "per", "each", "and", "for", "on", "to", "in", "this", "back")


def _halves(tokens: Sequence[Token], number: Number) -> tuple[Decimal, int] | None:
    """Return (value, token after) of "forty nine ninety nine": two spoken numbers, the second the cents."""
    if not number.is_spoken or not 1 <= number.value < 1000 or tokens[number.first].text == "a":
        return None
    second = number_at(tokens, number.after)
    if second is None or not second.is_spoken or not 10 <= second.value <= 99 or _text(tokens, number.after) == "a":
        return None
    return number.value + second.value / 100, second.after


def _bare(tokens: Sequence[Token], at: int) -> tuple[Amount, int] | None:
    """Read a price without a currency: "49.99", "forty nine ninety nine"; versions, percentages and years are none."""
    number = number_at(tokens, at)
    if number is None or _text(tokens, at - 1) in ("version", "v", "."):
        return None
    if not number.is_spoken:
        is_price = len(tokens[at].text.partition(".")[2]) == 2 and _text(tokens, number.after) not in ("%", "percent", ".")
        return _amount(tokens, number.value, "", at, number.after) if is_price else None
    halves = _halves(tokens, number)
    if (
        halves is None
        or _text(tokens, halves[1]) in ("am", "pm", "a", "p", "o'clock")
        or number_at(tokens, halves[1]) is not None
        or (number_at(tokens, at - 1) is not None and at > 0)
    ):
        return None
    cents = int(halves[0] * 100) % 100
    has_cue = any(_text(tokens, place) in _CUES for place in range(at - 4, at))
    is_year = number.value in (18, 19, 20)
    if (has_cue and not is_year) or (cents in _PRICE_ENDINGS and (has_cue or not is_year)):
        return _amount(tokens, halves[0], "", at, halves[1])
    return None
