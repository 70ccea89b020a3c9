"""Times of day in text: "3:30 pm", "half past two", "five o'clock", "noon".

Lives here: tokens -> When of kind time. Not here: days (dates.py).
"""

from collections.abc import Sequence

from aftercall.text.number_phrases import Token, number_at
from aftercall.text.whens import Spoken, When, text_at


def clock(spoken: Spoken, at: int) -> When | None:
    """Read "3pm", "3:30 p.m.", "15:00", "half past two", "five o'clock", "noon"; "at five" only after a word of time."""
    tokens = spoken.tokens
    word = text_at(tokens, at)
    if word in ("noon", "midday", "midnight"):
        return When("time", "00:00" if word == "midnight" else "12:00", at, at + 1)
    if word in ("half", "quarter") or (word == "a" and text_at(tokens, at + 1) == "quarter"):
        place = at + (word == "a")
        way = text_at(tokens, place + 1)
        hour = number_at(tokens, place + 2)
        if way in ("past", "to") and hour and 1 <= hour.value <= 12 and not (text_at(tokens, place) == "half" and way == "to"):
            minute = 30 if text_at(tokens, place) == "half" else 15 if way == "past" else 45
            return _time(tokens, int(hour.value) - (way == "to"), minute, at, hour.after)
        return None
    number = number_at(tokens, at)
    if number is None or number.value != number.value.to_integral_value() or not 0 <= number.value <= 23:
        return None
    hour, after, minute, is_time = int(number.value), number.after, 0, False
    if text_at(tokens, after) == ":" and text_at(tokens, after + 1).isdigit() and len(text_at(tokens, after + 1)) == 2:
        minute, after, is_time = int(text_at(tokens, after + 1)), after + 2, True
        if minute > 59:
            return None
    elif (
        number.is_spoken and (more := number_at(tokens, after)) and more.value in (15, 30, 45) and _half_of(tokens, more.after)
    ):
        minute, after = int(more.value), more.after
    if _half_of(tokens, after):
        return _time(tokens, hour, minute, at, after)
    if text_at(tokens, after) == "o'clock":
        return _time(tokens, hour, minute, at, after + 1)
    follows = text_at(tokens, after)
    is_lone = not follows or not follows[0].isalnum() or follows in ("on", "today", "tomorrow", "and", "or")
    if not is_time and not (text_at(tokens, at - 1) == "at" and 1 <= hour <= 12 and is_lone and follows not in ("%", "$", ",")):
        return None
    return _time(tokens, hour, minute, at, after)


def _half_of(tokens: Sequence[Token], at: int) -> int:
    """Return how many tokens say am or pm: "pm", "p.m.", "p m"; 0 when none do."""
    if text_at(tokens, at) in ("am", "pm"):
        return 1
    if text_at(tokens, at) in ("a", "p"):
        rest = [text_at(tokens, at + i) for i in range(1, 4)]
        if rest[0] == "." and rest[1] == "m":
            return 4 if rest[2] == "." else 3
        return 2 if rest[0] == "m" else 0
    return 0


def _time(tokens: Sequence[Token], hour: int, minute: int, first: int, after: int) -> When | None:
    """Return the time; without am or pm an hour up to 12 stays open ("5:00")."""
    length = _half_of(tokens, after)
    if length:
        if not 1 <= (hour or 12) <= 12:
            return None
        hour = hour % 12 + (12 if text_at(tokens, after).startswith("p") else 0)
        return When("time", f"{hour:02d}:{minute:02d}", first, after + length)
    hour = hour or (0 if after - first > 1 and text_at(tokens, first + 1) == ":" else 12)
    return When("time", f"{hour}:{minute:02d}" if 1 <= hour <= 12 else f"{hour:02d}:{minute:02d}", first, after)
