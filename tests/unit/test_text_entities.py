"""Entities: written and spoken forms give one value, dates follow the calendar, spans point into the text."""

import string
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.contracts.errors import RequestError
from aftercall.text.entities import entities, read_lexicon
from aftercall.text.number_phrases import TENS, UNITS

SAID_ON = date(2026, 11, 24)  # a Tuesday
_ONES = list(UNITS)
_TENS = ["zero", "ten", *(word for word in TENS if word != "fourty")]


def in_words(n: int) -> str:
    """Say a number below a million: the words are the product's, how they are put together is written here anew."""
    if n >= 1000:
        rest = f" {in_words(n % 1000)}" if n % 1000 else ""
        return f"{in_words(n // 1000)} thousand{rest}"
    if n >= 100:
        rest = f" and {in_words(n % 100)}" if n % 100 else ""
        return f"{_ONES[n // 100]} hundred{rest}"
    if n >= 20:
        return _TENS[n // 10] + (f" {_ONES[n % 10]}" if n % 10 else "")
    return _ONES[n]


def values(text: str, kind: str) -> list[str]:
    return [f"{one.value} {one.unit}".strip() for one in entities(text, said_at=SAID_ON) if one.kind == kind]


@given(st.integers(1, 999_999))
def test_spoken_and_written_dollars_are_one_amount(n: int) -> None:
    want = [f"{n}.00 USD"]
    assert values(f"you owe ${n:,} now", "amount") == want
    assert values(f"you owe {n} dollars now", "amount") == want
    assert values(f"you owe {in_words(n)} dollars now", "amount") == want


@given(st.integers(1, 99), st.integers(20, 99))
def test_prices_said_in_halves_are_the_written_price(dollars: int, cents: int) -> None:
    want = [f"{dollars}.{cents}"]
    assert values(f"it costs {dollars}.{cents} a month", "amount") == want
    for said in (
        f"it is {in_words(dollars)} dollars and {in_words(cents)} cents a month",
        f"it is {in_words(dollars)} dollars {in_words(cents)}",
        f"it is ${dollars}.{cents}",
        f"it is {in_words(dollars)} {in_words(cents)} dollars",
    ):
        if said.endswith("dollars") and (dollars % 10 == 0 and dollars >= 20 and cents < 10):
            continue
        assert values(said, "amount") == [f"{want[0]} USD"], said


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("that's forty nine ninety nine", ["49.99"]),
        ("twelve quid, tops", ["12.00 GBP"]),
        ("$1,200 and 50 cents back", ["1200.00 USD", "0.50"]),
        ("a hundred bucks", ["100.00 USD"]),
        ("about 5k", []),
        ("$5k a year", ["5000.00 USD"]),
        ("\u00a340", ["40.00 GBP"]),
        ("40 \u20ac", ["40.00 EUR"]),
        ("version 4.20 and 4.25 percent", []),
        ("born nineteen ninety nine", []),
        ("I called at three fifteen pm", []),
        ("It costs $18.50.", ["18.50 USD"]),
        ("two thousand and six dollars", ["2006.00 USD"]),
        ("flat twenty two", []),
        ("twelve dollars thirty days ago", ["12.00 USD"]),
    ],
)
def test_amounts(text: str, want: list[str]) -> None:
    assert values(text, "amount") == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("today", "2026-11-24"),
        ("I'll call you tomorrow morning", "2026-11-25"),
        ("the day after tomorrow", "2026-11-26"),
        ("by Friday", "2026-11-27"),
        ("on Tuesday", "2026-12-01"),
        ("next Friday", "2026-12-04"),
        ("this friday", "2026-11-27"),
        ("last Monday", "2026-11-23"),
        ("in two days", "2026-11-26"),
        ("in 2 days", "2026-11-26"),
        ("within three to five business days", "2026-12-01"),
        ("within 5 working days", "2026-12-01"),
        ("in a week", "2026-12-01"),
        ("a week from now", "2026-12-01"),
        ("three days ago", "2026-11-21"),
        ("in the next hour", "2026-11-24"),
        ("in a month", "2026-12-24"),
        ("by the end of the week", "2026-11-27"),
        ("by end of day", "2026-11-24"),
        ("by the end of the month", "2026-11-30"),
        ("next week", "2026-12-04"),
        ("on the 15th", "2026-12-15"),
        ("by the twenty-eighth", "2026-11-28"),
        ("since the 3rd", "2026-11-03"),
        ("on May 5th", "2027-05-05"),
        ("the fifth of December", "2026-12-05"),
        ("December 5, 2025", "2025-12-05"),
        ("born October sixth, nineteen sixty-five", "1965-10-06"),
        ("on May 1, two thousand and six", "2006-05-01"),
        ("on 12/5", "2026-12-05"),
        ("on 31/12/2026", "2026-12-31"),
        ("2026-12-01", "2026-12-01"),
        ("over the weekend", "2026-11-29"),
    ],
)
def test_dates_are_worked_out_from_the_day_of_speaking(text: str, want: str) -> None:
    (found,) = [one for one in entities(text, said_at=SAID_ON) if one.kind == "date"]
    assert (found.value, found.on) == (want, date.fromisoformat(want))
    assert found.text in text


@pytest.mark.parametrize(
    ("text", "kind", "want"),
    [
        ("at 3pm", "time", "15:00"),
        ("at three p.m. sharp", "time", "15:00"),
        ("3:30 pm", "time", "15:30"),
        ("three thirty pm", "time", "15:30"),
        ("15:45", "time", "15:45"),
        ("half past two", "time", "2:30"),
        ("quarter to five", "time", "4:45"),
        ("five o'clock", "time", "5:00"),
        ("at noon", "time", "12:00"),
        ("at five.", "time", "5:00"),
        ("it takes ten minutes", "duration", "PT10M"),
        ("it takes 3 to 5 days", "duration", "P5D"),
        ("two business days", "duration", "P2Db"),
        ("an hour", "duration", "PT1H"),
        ("half an hour", "duration", "PT0.5H"),
        ("three months", "duration", "P3M"),
    ],
)
def test_times_and_durations(text: str, kind: str, want: str) -> None:
    assert values(text, kind) == [want]


@pytest.mark.parametrize(
    "text", ["you may call", "at two locations", "the first time", "one moment", "in march we", "second line", "ratio 3/4"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert not [one for one in entities(text, said_at=SAID_ON) if one.kind in ("date", "time")]


def test_without_the_moment_of_speaking_a_relative_date_keeps_its_meaning() -> None:
    (found,) = entities("by next Friday")
    assert (found.value, found.on) == ("next weekday:friday", None)
    (found,) = entities("on 2 May 2026")
    assert found.on == date(2026, 5, 2)


@given(st.integers(1, 60), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_in_so_many_days_is_calendar_arithmetic(n: int, said_on: date) -> None:
    for text in (f"in {n} days", f"in {in_words(n)} days", f"{n} days from now"):
        (found,) = entities(text, said_at=datetime(said_on.year, said_on.month, said_on.day, 12, tzinfo=UTC))
        assert found.on == said_on + timedelta(days=n)


_WORDS = st.sampled_from(
    [
        "$",
        "12",
        "forty",
        "nine",
        "ninety",
        "dollars",
        "cents",
        "by",
        "next",
        "friday",
        "the",
        "15th",
        "of",
        "may",
        "in",
        "two",
        "business",
        "days",
        "at",
        "3",
        "pm",
        "half",
        "past",
        "a",
        "hundred",
        "and",
        "quid",
        "order",
        "refund",
        "1,200.50",
        "5/14",
        "-",
        ":",
        ".",
        ",",
        "?",
        "ago",
        "thousand",
        "end",
        "week",
        "o'clock",
        "2026-13-45",
        "€",
        "naïve",
        "İ",
    ]
)


@settings(max_examples=300)
@given(st.one_of(st.lists(_WORDS, max_size=14).map(" ".join), st.text(max_size=60), st.text(string.printable, max_size=60)))
def test_spans_are_in_order_apart_and_the_same_every_time(text: str) -> None:
    found = entities(text, said_at=SAID_ON)
    assert found == entities(text, said_at=SAID_ON)
    ends = 0
    for one in found:
        assert ends <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == one.text
        ends = one.end


def test_products_by_a_tenants_own_words(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('router = ["router", "home hub"]\n')
    found = entities("Both home hubs and my Router died, so did the internet", lexicon=read_lexicon(path))
    assert [(one.value, one.text) for one in found] == [("router", "home hubs"), ("router", "Router")]
    assert [one.value for one in entities("my debit card and two invoices")] == ["card", "bill"]
    path.write_text("router = 3\n")
    with pytest.raises(RequestError, match="router must be a list"):
        read_lexicon(path)
