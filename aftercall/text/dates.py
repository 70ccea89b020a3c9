"""Dates and spans of time in text, written or spoken; dates are worked out from the day something was said.

Lives here: tokens -> When and the day it means. Not here: times of day (clock_times.py), numbers (number_phrases.py).

Without the day of speaking a date keeps its words' meaning ("weekday:friday") and no day. A period means its last day, because
it is asked "by when". A weekday alone means the next one after today; "next Friday" the one of the following week (ISO weeks).
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from aftercall.text.clock_times import clock
from aftercall.text.number_phrases import Number, Token, number_at, ordinal_at
from aftercall.text.whens import Spoken, When, text_at

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# "sat" and "sun" are words of their own; the other short names are days.
WEEKDAYS = {name: place for place, name in enumerate(_NAMES)} | {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4,
}  # fmt: skip
MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
UNIT_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_SHORT = {"sec": "second", "secs": "second", "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour"}
_UNITS = {**{u: u for u in (*UNIT_S, "month", "year")}, **{f"{u}s": u for u in (*UNIT_S, "month", "year")}, **_SHORT}
_ISO = {"second": "PT{}S", "minute": "PT{}M", "hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M", "year": "P{}Y"}
_SHIFTS = tuple(
    (tuple(said.split()), days)
    for said, days in {
        "the day after tomorrow": 2, "day after tomorrow": 2, "the day before yesterday": -2, "day before yesterday": -2,
        "later today": 0, "today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1, "this morning": 0, "this afternoon": 0,
        "this evening": 0, "last night": -1,
    }.items()
)  # fmt: skip
_PARTS = ("morning", "afternoon", "evening", "night")
# What may follow "the 15th" when it is a day and not the fifteenth of something.
_AFTER_DAY = frozenset(
    ["at", "and", "or", "if", "then", "is", "before", "the", "in", "to", "with", "so", "for", "that", "because", "when"]
)
_LEADS = frozenset(["on", "by", "before", "until", "till", "from", "since", "after", "for", "of", "to", "between", "and"])


def whens(tokens: Sequence[Token], said_on: date | None, *, day_first: bool = False) -> list[When]:
    """Return dates, times and durations among tokens, in order; `day_first` reads 3/4 as the third of April."""
    found, at, spoken = list[When](), 0, Spoken(tokens, said_on, day_first)
    readers = (_iso, _slashed, _named_month, _relative_word, _counted, _weekday, _period, _day_of_month, clock)
    while at < len(tokens):
        one = next((got for read in readers if (got := read(spoken, at))), None)
        if one:
            found.append(one)
            at = one.after
        else:
            number = number_at(tokens, at)
            at = number.after if number else at + 1
    return found


def _day(value: str, first: int, after: int, on: date | None) -> When:
    return When("date", on.isoformat() if on else value, first, after, on)


def _safe(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None


def _near(said_on: date | None, month: int, day: int) -> date | None:
    """Return the day of this year, or of next year when it lies over half a year back."""
    if said_on is None:
        return None
    days = [one for year in (-1, 0, 1) if 1 <= said_on.year + year <= 9999 and (one := _safe(said_on.year + year, month, day))]
    return min(days, key=lambda one: abs((one - said_on).days - 90), default=None)


def _iso(spoken: Spoken, at: int) -> When | None:
    tokens = spoken.tokens
    parts = [text_at(tokens, at + i) for i in range(5)]
    if parts[1] == parts[3] == "-" and all(part.isdigit() for part in parts[::2]) and len(parts[0]) == 4 and int(parts[0]):
        on = _safe(int(parts[0]), int(parts[2]), int(parts[4]))
        return _day("", at, at + 5, on) if on else None
    return None


def _slashed(spoken: Spoken, at: int) -> When | None:
    """Read 5/14/2026 and, after a word such as "on" or "by", 5/14."""
    tokens, said_on = spoken.tokens, spoken.said_on
    a, slash, b, slash2, c = (text_at(tokens, at + i) for i in range(5))
    if slash != "/" or not (a.isdigit() and b.isdigit() and len(a) <= 2 and len(b) <= 2):
        return None
    first, second = int(a), int(b)
    month, day = (second, first) if (spoken.day_first and second <= 12) or first > 12 else (first, second)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if slash2 == "/" and c.isdigit() and len(c) in (2, 4) and int(c):
        on = _safe(int(c) + 2000 if len(c) == 2 else int(c), month, day)
        return _day("", at, at + 5, on) if on else None
    if text_at(tokens, at - 1) in _LEADS:
        return _day(f"month-day:{month:02d}-{day:02d}", at, at + 3, _near(said_on, month, day))
    return None


def _named_month(spoken: Spoken, at: int) -> When | None:
    """Read "May 5th", "May 5, 2026", "the fifth of May", "5 May"; "may" alone is a verb."""
    tokens, said_on = spoken.tokens, spoken.said_on
    word = text_at(tokens, at)
    if word in MONTHS:
        day = _ordinal_or_number(tokens, at + 1)
        return _month_day(tokens, at, MONTHS[word], day[0], day[1], said_on) if day else None
    start = at + (word == "the")
    day = _ordinal_or_number(tokens, start)
    if not day:
        return None
    after = day[1] + (text_at(tokens, day[1]) == "of")
    month = MONTHS.get(text_at(tokens, after))
    return _month_day(tokens, at, month, day[0], after + 1, said_on) if month else None


def _ordinal_or_number(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    found = ordinal_at(tokens, at)
    if found:
        return found
    number = number_at(tokens, at)
    if number and number.value == number.value.to_integral_value() and 1 <= number.value <= 31:
        return int(number.value), number.after
    return None


def _month_day(tokens: Sequence[Token], first: int, month: int, day: int, after: int, said_on: date | None) -> When | None:
    place = after + (text_at(tokens, after) == ",")
    year = _year(tokens, place)
    if year:
        on = _safe(year[0], month, day)
        return _day("", first, year[1], on) if on else None
    if day > monthrange(2024, month)[1]:
        return None
    return _day(f"month-day:{month:02d}-{day:02d}", first, after, _near(said_on, month, day))


def _year(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """Return (year, token after) of "1965", "nineteen sixty-five", "two thousand and six"; None when none is there."""
    number = number_at(tokens, at)
    if number is None or number.value != number.value.to_integral_value():
        return None
    value, after = int(number.value), number.after
    if (
        number.is_spoken
        and value in (19, 20)
        and (rest := number_at(tokens, after))
        and rest.is_spoken
        and 10 <= rest.value <= 99
    ):
        value, after = 100 * value + int(rest.value), rest.after
    return (value, after) if 1900 <= value <= 2199 else None


def _relative_word(spoken: Spoken, at: int) -> When | None:
    tokens, said_on = spoken.tokens, spoken.said_on
    words = [text_at(tokens, at + i) for i in range(4)]
    shift, length = None, 0
    for said, days in _SHIFTS:
        if tuple(words[: len(said)]) == said:
            shift, length = days, len(said)
            break
    if shift is None:
        return None
    after = at + length
    if text_at(tokens, after) in _PARTS and words[0] in ("tomorrow", "yesterday"):
        after += 1
    return _day(f"day:{shift:+d}", at, after, _shifted(said_on, shift))


def _shifted(said_on: date | None, days: int) -> date | None:
    try:
        return said_on + timedelta(days=days) if said_on else None
    except OverflowError:
        return None


def _counted(spoken: Spoken, at: int) -> When | None:
    """Read "(in|within) (N to) N (business) units (ago|from now)": a date after such words, else a duration."""
    tokens, said_on = spoken.tokens, spoken.said_on
    word = text_at(tokens, at)
    is_coming = word in ("in", "within", "inside")
    start = at + is_coming
    start += text_at(tokens, start) in ("about", "around", "roughly", "under", "the")
    if text_at(tokens, start) == "next" and is_coming:
        start += 1
    number = _count(tokens, start)
    if number is None:
        return None
    value, after = number.value, number.after
    if text_at(tokens, after) in ("to", "or", "-", "\u2013") and (more := number_at(tokens, after + 1)):
        value, after = max(value, more.value), more.after
    is_business = text_at(tokens, after) in ("business", "working")
    after += is_business
    unit = _UNITS.get(text_at(tokens, after))
    if unit is None or value > 100_000 or (is_business and unit != "day"):
        return None
    after += 1
    is_past = text_at(tokens, after) == "ago"
    is_coming = is_coming or (text_at(tokens, after), text_at(tokens, after + 1)) == ("from", "now")
    if is_past or is_coming:
        after += is_past or (2 if text_at(tokens, after) == "from" else 0)
        on = _moved(said_on, value, unit, is_business=is_business, sign=-1 if is_past else 1)
        return _day(f"{'-' if is_past else '+'}{_iso_length(value, unit)}{'b' if is_business else ''}", at, after, on)
    seconds = float(value) * UNIT_S[unit] if unit in UNIT_S else None
    return When("duration", _iso_length(value, unit) + ("b" if is_business else ""), number.first, after, None, seconds)


def _count(tokens: Sequence[Token], at: int) -> Number | None:
    """Return a count before a unit; "a week", "an hour", "the hour" after in and within are one."""
    number = number_at(tokens, at)
    if number:
        return number
    if text_at(tokens, at) in ("a", "an", "one") and text_at(tokens, at + 1) in _UNITS:
        return Number(Decimal(1), at, at + 1, is_spoken=True)
    is_the = text_at(tokens, at - 1) in ("the", "next") and text_at(tokens, at) in ("hour", "day", "week", "month", "year")
    return Number(Decimal(1), at, at, is_spoken=True) if is_the and text_at(tokens, at - 2) in ("in", "within", "the") else None


def _iso_length(value: Decimal, unit: str) -> str:
    return _ISO[unit].format(f"{value.normalize():f}")


def _moved(said_on: date | None, value: Decimal, unit: str, *, is_business: bool, sign: int) -> date | None:
    if said_on is None:
        return None
    try:
        if is_business:
            on, left = said_on, min(int(value), 5_000)
            while left:
                on += timedelta(days=sign)
                left -= on.weekday() < 5
            return on
        if unit in ("month", "year"):
            months = said_on.year * 12 + said_on.month - 1 + sign * int(value) * (12 if unit == "year" else 1)
            year, month = divmod(months, 12)
            return date(year, month + 1, min(said_on.day, monthrange(year, month + 1)[1])) if 1 <= year <= 9999 else None
        days = value * UNIT_S[unit] / 86_400
        return said_on + timedelta(days=sign * int(days))
    except (OverflowError, ValueError):
        return None


def _weekday(spoken: Spoken, at: int) -> When | None:
    tokens, said_on = spoken.tokens, spoken.said_on
    which = text_at(tokens, at) if text_at(tokens, at) in ("this", "next", "last", "coming") else ""
    place = at + bool(which)
    name = text_at(tokens, place)
    if name not in WEEKDAYS:
        return None
    day = WEEKDAYS[name]
    after = place + 1
    if text_at(tokens, after) in _PARTS:
        after += 1
    on = None
    if said_on:
        ahead = (day - said_on.weekday() - 1) % 7 + 1
        week = day - said_on.weekday()
        shift = {"next": week + 7, "last": ahead - 7 if ahead < 7 else -7, "this": week if week >= 0 else ahead}.get(
            which, ahead
        )
        on = _shifted(said_on, shift)
    return _day(f"{which + ' ' if which else ''}weekday:{_NAMES[day]}".replace("coming ", ""), at, after, on)


def _period(spoken: Spoken, at: int) -> When | None:
    """Read "(the end of) (this|next|the) (week|month|year|day)" and "the weekend"; a period means its last day."""
    tokens, said_on = spoken.tokens, spoken.said_on
    words = [text_at(tokens, at + i) for i in range(5)]
    is_end, place = False, at
    if words[:2] == ["the", "end"] or words[0] == "end":
        is_end, place = True, at + 1 + (words[0] == "the")
        place += text_at(tokens, place) == "of"
    which, name = text_at(tokens, place), text_at(tokens, place + 1)
    if is_end and which in ("day", "week", "month", "year"):
        which, name, after = "the", which, place + 1
    else:
        after = place + 2
    if name == "business" and text_at(tokens, after) == "day":
        name, after = "day", after + 1
    if name == "weekend" and which in ("the", "this", "next"):
        week = 0 if which != "next" else 7
        return _day(f"{which} weekend", at, after, _shifted(said_on, 6 - said_on.weekday() + week) if said_on else None)
    wanted = ("this", "next", "the", "today") if is_end else ("this", "next", "last")
    if which not in wanted or name not in ("day", "week", "month", "year"):
        return None
    if name == "day" and not is_end:
        return None
    return _day(f"{which} {name}", at, after, _last_day(said_on, name, {"next": 1, "last": -1}.get(which, 0)))


def _last_day(said_on: date | None, name: str, ahead: int) -> date | None:
    if said_on is None:
        return None
    if name == "day":
        return _shifted(said_on, ahead)
    if name == "week":
        # A working week ends on Friday; said on a weekend it is the coming one.
        return _shifted(said_on, 4 - said_on.weekday() + 7 * ahead + (7 if said_on.weekday() > 4 and ahead == 0 else 0))
    months = said_on.year * 12 + said_on.month - 1 + (ahead if name == "month" else 0)
    year, month = (months // 12, months % 12 + 1) if name == "month" else (said_on.year + ahead, 12)
    return date(year, month, monthrange(year, month)[1]) if 1 <= year <= 9999 else None


def _day_of_month(spoken: Spoken, at: int) -> When | None:
    """Read "the 15th": the next such day, or after "since" the last one."""
    tokens, said_on = spoken.tokens, spoken.said_on
    if text_at(tokens, at) != "the":
        return None
    found = ordinal_at(tokens, at + 1)
    follows = text_at(tokens, found[1]) if found else ""
    if not found or (follows and follows[0].isalnum() and follows not in _AFTER_DAY):
        return None
    if not tokens[at + 1].is_written_number and text_at(tokens, at - 1) not in _LEADS:
        return None
    on, is_past = None, text_at(tokens, at - 1) == "since"
    if said_on:
        months = (0, -1, -2) if is_past else (0, 1, 2)
        for ahead in months:
            year, month = divmod(said_on.year * 12 + said_on.month - 1 + ahead, 12)
            one = _safe(year, month + 1, found[0]) if 1 <= year <= 9999 else None
            if one and (one < said_on if is_past else one > said_on):
                on = one
                break
    return _day(f"day-of-month:{found[0]}", at, found[1], on)
