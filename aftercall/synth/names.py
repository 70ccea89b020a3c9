"""Invented people: names, dates of birth, phones, e-mail addresses, social security and card numbers, all in small pools.

Lives here: values that redaction must find, written and as spoken, none of them a real person's. Not here: sentences (lines/).
Social security numbers use area codes that were never issued, phones the range kept for fiction, e-mail the reserved domains,
cards a test prefix with a correct check digit.
"""

import random
from dataclasses import dataclass

AGENT_FIRST = (
    *("Alma", "Bashir", "Corinne", "Desmond", "Elodie", "Farrah", "Gideon", "Hanna", "Imran", "Jolene", "Keegan", "Lourdes"),
    *("Malik", "Nadia", "Orson", "Petra", "Quentin", "Rosalind", "Soren", "Tamika", "Ulrich", "Vera", "Winston", "Ximena"),
    *("Yolanda", "Zane", "Annika", "Boris", "Cleo", "Dario", "Estelle", "Felix", "Greta", "Hugo", "Ingrid", "Jamal"),
    *("Katya", "Leopold", "Mireille", "Nestor", "Odette", "Priya", "Rafael", "Selma", "Tobias", "Uma", "Viktor", "Wanda"),
    *("Xavier", "Yusuf", "Zelda", "Amadou", "Bettina", "Caspian", "Delphine", "Emeka", "Fiona", "Gunnar", "Hester", "Isidro"),
)
FIRST = (
    *("Harold", "Denise", "Marcus", "Paula", "Trevor", "Lena", "Oscar", "Bridget", "Calvin", "Monica", "Reggie", "Theresa"),
    *("Wesley", "Joanne", "Dominic", "Sheila", "Barry", "Celeste", "Duncan", "Elaine", "Frank", "Gwen", "Howard", "Irene"),
    *("Julian", "Kendra", "Lloyd", "Mabel", "Neil", "Opal", "Preston", "Ramona", "Stuart", "Tricia", "Vernon", "Wendy"),
    *("Alvin", "Beatrice", "Curtis", "Dolores", "Edgar", "Flora", "Gerald", "Hilda"),
)
LAST = (
    *("Abernathy", "Boswell", "Castellano", "Dunmore", "Eastman", "Fairbanks", "Gallagher", "Hathaway", "Ingram", "Jankowski"),
    *("Kowalczyk", "Lindqvist", "Mahoney", "Navarro", "Okafor", "Pemberton", "Quintero", "Rutledge", "Sandoval", "Thibodeau"),
    *(
        "Underwood",
        "Valentine",
        "Whitfield",
        "Yamamoto",
        "Zielinski",
        "Ashcroft",
        "Brannigan",
        "Cordova",
        "Delacroix",
        "Ellsworth",
    ),
)
STATES = ("AZ", "CA", "CO", "FL", "GA", "IL", "MA", "MI", "NC", "NJ", "NY", "OH", "OK", "PA", "TX", "WA")
STREETS = ("Juniper Court", "Orchard Lane", "Mill Street", "Sycamore Avenue", "Harbor Road", "Quarry Drive")

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (*("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth"),
    *("twenty-seventh", "twenty-eighth"),
)


def spoken(digits: str, *, zero: str = "zero") -> str:
    """Return digits one by one as words.

    >>> spoken("4071", zero="oh")
    'four oh seven one'
    """
    return " ".join(zero if digit == "0" else _ONES[int(digit)] for digit in digits)


def two_digits(number: int) -> str:
    """Return a number below 100 as words.

    >>> two_digits(7), two_digits(15), two_digits(82)
    ('oh seven', 'fifteen', 'eighty-two')
    """
    if number < 10:
        return f"oh {_ONES[number]}"
    if number < 20:
        return _TEENS[number - 10]
    return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")


def check_digit(digits: str) -> str:
    """Return the Luhn check digit of a number without it (ISO/IEC 7812-1).

    >>> check_digit("411111111111111")
    '1'
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


@dataclass(frozen=True, slots=True)
class Value:
    """One slot value: its text and, when personal, what it is and how it is written."""

    text: str
    personal: str = ""
    form: str = "written"


def identity(rng: random.Random) -> dict[str, Value]:
    """Return one invented person's slot values; the same facts written and spoken."""
    first, last = rng.choice(FIRST), rng.choice(LAST)
    year, month, day = rng.randrange(1948, 2003), rng.randrange(12), rng.randrange(28)
    ssn = f"9{rng.randrange(100):02d}{rng.randrange(1, 50):02d}{rng.randrange(1000, 9999)}"
    phone = f"{rng.choice(('303', '415', '512', '614', '716', '918'))}55501{rng.randrange(100):02d}"
    mail = f"{first.lower()}.{last.lower()}"
    domain = rng.choice(("example.com", "example.org", "example.net"))
    house, zero = rng.randrange(12, 988), rng.choice(("oh", "zero"))
    grouped = f"{spoken(phone[:3], zero=zero)}, {spoken(phone[3:6], zero=zero)}, {spoken(phone[6:], zero=zero)}"
    return {
        "first": Value(first, "person"),
        "last": Value(last, "person"),
        "full": Value(f"{first} {last}", "person"),
        "spelled": Value("-".join(last.upper()), "person", "spoken"),
        "dob": Value(f"{month + 1:02d}/{day + 1:02d}/{year}", "birth_date"),
        "dob_said": Value(
            f"{_MONTHS[month]} {_DAYS[day]}, "
            + (
                f"nineteen {two_digits(year - 1900)}"
                if year < 2000
                else f"two thousand {_ONES[year - 2000]}"
                if year > 2000
                else "two thousand"
            ),
            "birth_date",
            "spoken",
        ),
        "dob_mixed": Value(f"{_MONTHS[month]} {day + 1}, {year}", "birth_date"),
        "phone": Value(f"{phone[:3]}-{phone[3:6]}-{phone[6:]}", "phone"),
        "phone_said": Value(grouped, "phone", "spoken"),
        "email": Value(f"{mail}@{domain}", "email"),
        "email_said": Value(f"{first.lower()} dot {last.lower()} at {domain.replace('.', ' dot ')}", "email", "spoken"),
        "ssn": Value(f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}", "ssn"),
        "ssn_said": Value(
            f"{spoken(ssn[:3], zero=zero)}, {spoken(ssn[3:5], zero=zero)}, {spoken(ssn[5:], zero=zero)}", "ssn", "spoken"
        ),
        "ssn4": Value(ssn[5:], "ssn_last4"),
        "ssn4_said": Value(spoken(ssn[5:], zero=zero), "ssn_last4", "spoken"),
        "street": Value(f"{house} {rng.choice(STREETS)}", "address"),
    }


def card(rng: random.Random) -> dict[str, Value]:
    """Return one invented payment card's slot values, Luhn-valid, written, spoken and in two spoken halves."""
    amex = rng.random() < 0.15
    stem = "37144963" if amex else rng.choice(("40000012", "40128888", "51051051", "60111111"))
    body = stem + "".join(str(rng.randrange(10)) for _ in range((14 if amex else 15) - len(stem)))
    number = body + check_digit(body)
    groups = [number[:4], number[4:10], number[10:]] if amex else [number[at : at + 4] for at in range(0, 16, 4)]
    said = [spoken(group, zero="oh") for group in groups]
    half = 1 if amex else 2
    code = f"{rng.randrange(1000, 9999)}" if amex else f"{rng.randrange(100, 999)}"
    month, year = rng.randrange(1, 13), rng.randrange(27, 31)
    return {
        "card": Value(" ".join(groups), "card"),
        "card_plain": Value(number, "card"),
        "card_said": Value(", ".join(said), "card", "spoken"),
        "card_half_1": Value(", ".join(said[:half]), "card", "spoken, first half"),
        "card_half_2": Value(", ".join(said[half:]), "card", "spoken, second half"),
        "card4": Value(number[-4:], "card_last4"),
        "cvv": Value(code, "security_code"),
        "cvv_said": Value(spoken(code, zero="oh"), "security_code", "spoken"),
        "expiry": Value(f"{month:02d}/{year}"),
        "expiry_said": Value(f"{two_digits(month).removeprefix('oh ')} {two_digits(year)}"),
    }
