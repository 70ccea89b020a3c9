"""What is masked and what stays, turn by turn. Every value is invented; card numbers are the networks' test numbers."""

import pytest

from aftercall.text.redact import MASK, REDACTION_VERSION, START, RedactionState, redact_turn
from aftercall.text.redact_records import redact_text
from aftercall.text.spoken_digits import chains_of, lowered


def said(*turns: tuple[str, str]) -> tuple[list[str], RedactionState, list[list[str]]]:
    state, texts, types = START, [], []
    for speaker, text in turns:
        state, out = redact_turn(state, speaker, text)
        texts.append(out.text)
        types.append([span.type for span in out.spans])
        for span in out.spans:
            assert 0 <= span.start < span.end <= len(text)
    return texts, state, types


MASKED = [
    ("my card is 4111 1111 1111 1111", "4111 1111 1111 1111", "card"),
    ("it's 4111-1111-1111-1111 thanks", "4111-1111-1111-1111", "card"),
    ("4111.1111.1111.1111", "4111.1111.1111.1111", "card"),
    ("４１１１ 1111 1111 1111 in wide digits", "４１１１ 1111 1111 1111", "card"),
    ("3714 496353 98431 is the amex", "3714 496353 98431", "card"),
    ("four one one one, one one one one, uh, one one one one and one one one one", None, "card"),
    ("forty-one eleven eleven eleven eleven eleven eleven eleven", None, "card"),
    ("double four one one, then 5105 1051 0510 5100", None, "card"),
    ("my cvv is 123", "123", "security_code"),
    ("the security code: four five six", "four five six", "security_code"),
    ("my ssn is 123-45-6789", "123-45-6789", "ssn"),
    ("the last four of my social are six seven eight nine", "six seven eight nine", "ssn"),
    ("I was born on March 3rd, 1985", "March 3rd, 1985", "birth_date"),
    ("date of birth 03/14/1985 please", "03/14/1985", "birth_date"),
    ("my date of birth is the fourth of july nineteen seventy six", "the fourth of july nineteen seventy six", "birth_date"),
    ("call me at (555) 123-4567", "(555) 123-4567", "phone"),
    ("it's five five five, one two three, four five six seven", "five five five, one two three, four five six seven", "phone"),
    ("my number is +46 8 928 571 38", "+46 8 928 571 38", "phone"),
    ("write to kim.lee@example.org please", "kim.lee@example.org", "email"),
    ("it's kim dot lee at example dot org", "kim dot lee at example dot org", "email"),
    ("k i m at example dot com", "k i m at example dot com", "email"),
    ("send it to GB29 NWBK 6016 1331 9268 19 today", "GB29 NWBK 6016 1331 9268 19", "iban"),
    ("my account number is 83920157", "83920157", "account"),
    ("the pin was 4821 I think", "4821", "account"),
    ("the access code is 425931, please hurry", "425931", "account"),
    ("I came from 192.168.10.24 yesterday", "192.168.10.24", "ip"),
]


@pytest.mark.parametrize(("text", "value", "kind"), MASKED, ids=[text[:40] for text, _, _ in MASKED])
def test_personal_data_are_masked(text: str, value: str | None, kind: str) -> None:
    (out,), _, (types,) = said(("customer", text))
    assert kind in types
    assert MASK in out
    if value is not None:
        assert out == text.replace(value, MASK)
    else:
        assert not any(len(run.digits) >= 4 for chain in chains_of(lowered(out)) for run in chain.runs)


KEPT = [
    "see you at 8 am",
    "that is 338 credits",
    "it costs $40, or $1,500.00 a year",
    "we have been here since 2026",
    "the appointment is on January 16th at 10:30",
    "two one-way tickets for four people",
    "one moment please",
    "I ordered 3 of them, order count 12",
    "about 25 percent of 1,200 units",
    "it takes 3 to 5 business days",
    "that is open 24/7, from 9 to 5",
    "your balance is 2500 at the moment, and 12.50 is pending",
    "between 1500 and 2000 dollars",
    "two thousand five hundred and forty dollars",
    "the reservation is for June 14-22",
    "room 12, floor 3, flight 417",
    "your order F-77130 has shipped",
    "I'm on it at the moment, Tuesday at 4pm. Looking forward",
    "no one told me, not even once or twice",
    "12/05/2026 works for me",
    "Oh, my brother called",
    "use the promo code 20264 at checkout please",
]


@pytest.mark.parametrize("text", KEPT)
def test_times_prices_years_and_counts_stay(text: str) -> None:
    (out,), _, (types,) = said(("customer", text))
    assert (out, types) == (text, [])


def test_a_payment_amount_stays_in_the_payment_step() -> None:
    texts, _, _ = said(
        ("agent", "May I have the card number?"),
        ("customer", "411"),
        ("agent", "So that is $150 now and 200 dollars on May 3rd at 8:30 am."),
    )
    assert texts == ["May I have the card number?", MASK, "So that is $150 now and 200 dollars on May 3rd at 8:30 am."]


def test_a_card_over_several_turns_is_gone_and_seen() -> None:
    texts, state, _ = said(
        ("customer", "four one one one"),
        ("agent", "mm-hm"),
        ("customer", "one one one one"),
        ("customer", "uh 1111"),
        ("agent", "go on"),
        ("customer", "and 1111, that's it"),
    )
    assert texts == [MASK, "mm-hm", MASK, f"uh {MASK}", "go on", f"and {MASK}, that's it"]
    assert state.pan_seen


def test_in_the_payment_step_three_digits_are_enough() -> None:
    texts, state, _ = said(
        ("agent", "What is your card number?"),
        ("customer", "411 then"),
        ("customer", "111 so far"),
        ("agent", "and the three digits on the back?"),
        ("customer", "it says 737 I believe"),
    )
    assert texts[1:3] == [f"{MASK} then", f"{MASK} so far"]
    assert texts[4] == f"it says {MASK} I believe"
    assert state.cvv_seen
    assert not state.pan_seen


def test_carry_over_is_per_speaker() -> None:
    texts, _, _ = said(("customer", "1234"), ("agent", "12"))
    assert texts == [MASK, "12"]


def test_small_answers_do_not_add_up() -> None:
    texts, _, _ = said(("customer", "2"), ("agent", "And how many rooms would that be?"), ("customer", "3"), ("customer", "10"))
    assert texts == ["2", "And how many rooms would that be?", "3", "10"]


def test_the_card_stays_open_when_a_short_remark_follows() -> None:
    _, state, _ = said(
        ("customer", "three seven one four, got that?"),
        ("customer", "four nine six three five three nine eight four three one"),
    )
    assert state.pan_seen


def test_words_of_the_past_wear_off() -> None:
    quiet = [("agent", "Let me see what else I can do for you today")] * 12
    texts, state, _ = said(("agent", "what is your card number?"), *quiet, ("customer", "there were 150 of them"))
    assert texts[-1] == "there were 150 of them"
    assert state.is_quiet or state.payment_left == 0


def test_offsets_refer_to_the_text_that_came_in_even_when_lower_case_is_longer() -> None:
    text = "İİİ mail kim@example.org İ 4111 1111 1111 1111"
    _, out = redact_turn(START, "customer", text)
    assert [text[span.start : span.end] for span in out.spans] == ["kim@example.org", "4111 1111 1111 1111"]


def test_a_code_is_no_phone_number_but_a_card_in_it_is_seen() -> None:
    assert redact_text("woz_1589355382") == "woz_1589355382"
    assert MASK in redact_text("card_4111111111111111")


def test_the_version_is_named() -> None:
    assert REDACTION_VERSION


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("four seven one", ["471"]),
        ("double five", ["55"]),
        ("oh four", ["04"]),
        ("forty-one eleven", ["4111"]),
        ("four um seven, uh, one", ["471"]),
        ("one eight hundred five five five", ["1800555"]),
        ("twenty twenty six", ["2026"]),
        ("o brother", []),
        ("eight o'clock", ["8"]),
        ("nothing here", []),
        ("1,2 and 3", ["123"]),
    ],
)
def test_folding_of_spoken_digits(text: str, digits: list[str]) -> None:
    assert [chain.digits for chain in chains_of(text)] == digits
