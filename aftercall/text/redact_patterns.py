"""What personal data look like, and what only looks like them: patterns over a text in lower case.

Lives here: e-mail, IBAN, birth dates, card arithmetic, amounts and times that must stay, words that say what a number is.
Not here: folding of spoken digits (spoken_digits.py), the decision what is masked (redact.py).
"""

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_ORDINAL = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINAL}|(?:twenty|thirty)(?:[ -]{_UNIT})?|{_TEEN}|{_UNIT})"
_TWO = rf"(?:{_TENS}(?:[ -]{_UNIT})?|{_TEEN}|(?:oh|o)[ -]{_UNIT})"
_YEAR = (
    rf"(?:(?:19|20)\d\d|(?:nineteen|twenty)[ -](?:hundred(?: and)?[ -])?{_TWO}|two thousand(?:(?: and)? (?:{_TEEN}|{_UNIT}))?)"
)

EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+\s?@\s?[\w-]+(?:\s?\.\s?[\w-]+)+")
SPOKEN_EMAIL = re.compile(
    r"\b(?!(?:me|us|it|you|him|her|them|is|are|was|be|here|there|look|work|available|located|stay|arrive|site|website) at )(?:(?:\w\s+){2,}|[\w.+-]+\s+(?:(?:dot|period|underscore|dash|hyphen|minus|plus)\s+[\w.+-]+\s+)*)"
    r"(?:at|@)\s+(?:the\s+rate\s+)?[\w-]+(?:\s*(?:\bdot\b|\.)\s*[a-z][\w-]+)+"
)
IBAN = re.compile(r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,30}\b")
IP_ADDRESS = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)")
SSN = re.compile(r"(?<![\d-])\d{3}([- .])\d{2}\1\d{4}(?![\d-])")
PHONE = re.compile(r"(?<![\d-])(?:\(?\d{3}\)?[-. ]{1,2})?\d{3}[-.]\d{4}(?![\d-])")

NUMERIC_DATE = re.compile(r"(?<![\d/.-])(\d{1,4})([/.-])(\d{1,2})\2(\d{4}|\d{1,2})(?![\d/-]|\.\d|[ ]\d{3,}(?!:))")
NAMED_DATE = re.compile(
    rf"\b(?:{_MONTH}\s+(?:the\s+)?{_DAY}|(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH})(?![a-z0-9])(?:(?:\s*,\s*|\s+)(?:of\s+|in\s+)?(?P<year>{_YEAR})(?![a-z0-9]))?"
)
MONTHS = frozenset(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov "
    "november dec december".split()
)
BIRTH_YEARS = (1900, 2007)
"""A full date in these years is taken for a birth date wherever it stands: nobody books an appointment then."""

_KEPT = re.compile(
    r"[$€£¥₹]\s?\d[\d,]*(?:\.\d{1,2})?(?![\d,.]*\d|[ -]\d)"  # $1,500.00
    r"|(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])"  # 10:30
    r"|(?<![\d,.])\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?(?![\d,-]|[ ]\d|\.\d)"  # 12,500
)
_DECIMAL = re.compile(r"(?<![\d,.-])\d{1,6}[.,]\d{1,2}(?![\d,-]|[. ]\d)")
UNIT_AFTER = re.compile(
    r"[ -]{0,2}(?:(?:us|canadian|australian)\s)?(?:dollars?|bucks?|credits?|euros?|pounds?|cents?|pence|yen|rupees?|usd|eur|gbp|grand|k\b|"
    r"%|percent|per cent|points?|a\.?m\b|p\.?m\b|o'? ?clock|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|"
    r"times?|people|persons?|guests?|adults?|kids?|children|tickets?|rooms?|beds?|bedrooms?|stars?|miles?|km|kilomet\w+|met(?:er|re)s?|"
    r"feet|ft|square|sq|lbs?|kg|gb|mb|mbps|units?|items?|orders?|pieces?|boxes|gallons?|litres?|liters?|degrees?|digits?|numbers?)\b"
)
AMOUNT_BEFORE = re.compile(
    r"(?:[$€£¥₹]|\b(?:balance|total|totals|price|priced|cost|costs|amount|fee|fare|rent|budget|pay|paid|owe|owed|charge|charged|"
    r"refund|transfer|deposit|withdraw|rate|worth|about|around|over|under|than|least|most|room|flight|level|page|version)"
    r"(?: (?:is|was|of|are|for|to|me|you|at|only|just|about|around|the|a|currently|number|up|be|comes|come)){0,3}) ?$"
)
YEAR_BEFORE = re.compile(
    rf"(?:\b(?:in|since|from|until|till|by|year|of|for|before|after|during|summer|winter|spring|fall)|{_MONTH}|{_MONTH}\s+\d{{1,2}}"
    r"(?:st|nd|rd|th)?,?) ?$"
)

CONTEXT = re.compile(
    r"(?P<code>\bcvv2?\b|\bcvc2?\b|\bcv2\b|security code|card verification|\b(?:three|3|four|4)[ -](?:digits?|numbers?)(?: code)? (?:on|at) the"
    r"|(?:back|front) of (?:the|your|my) card)"
    r"|(?P<payment>\b(?:card|cards) (?:numbers?|details|information|info|on file|is|ending)\b|\b(?:credit|debit|bank|payment|visa|amex|gift)"
    r" cards?\b|\b(?:my|your|the|by|with|a) card\b|\bmastercard\b|\bvisa\b|american express|\bexpir(?:y|ation)\b|name on the card|long number"
    r"|\b(?:sixteen|16)[ -]digits?\b)"
    r"|(?P<birth>\bborn\b|\bbirth ?dates?\b|dates? of birth|\bd\.?o\.?b\b|\b(?:my|your|his|her|whose) birthday (?!party|dinner|cake|present|gift)"
    r"|\b(?:your|my) birthday\?)"
    r"|(?P<ssn>social security|\bssn\b|\bitin\b|\b(?:my|your|the) social\b(?! media)|tax id|national insurance)"
    r"|(?P<account>\baccount(?:'s)? (?:number|no\b|#|id)|\bacct\b|\brouting\b|sort code|\biban\b|\bpin\b|\bpin ?code\b|passcode|password|passport"
    r"|licen[cs]e number|driver'?s licen[cs]e|\bmember(?:ship)? (?:id|number|no)\b|policy number|phone number|\bmobile\b|\btelephone\b"
    r"|\bcell(?: ?phone)?\b|\bcall (?:me|you) (?:at|on)\b|\breach (?:me|you) (?:at|on)\b|\bzip(?: ?code)?\b|\bpost(?:al)? ?code\b)"
)
CONTEXT_WORDS = frozenset(
    "cvv cvv2 cvc cvc2 cv2 security verification back front card cards mastercard visa express expiry expiration long sixteen digit digits "
    "born birth birthdate birthdates dob d birthday social ssn itin tax insurance account acct routing sort iban pin pincode passcode password "
    "passport license licence member membership policy phone mobile telephone cell cellphone call reach zip zipcode post postal postcode".split()
)


def luhn(digits: str) -> bool:
    """Whether the digits keep the card check sum (Luhn).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = ord(character) - 48
        if place % 2:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0


def card_in(digits: str) -> bool:
    """Whether a stretch of 13 to 19 of the digits may be a card number: check sum right, not one digit repeated.

    >>> card_in("99" + "4111111111111111"), card_in("1234567890123456")
    (True, False)
    """
    n = len(digits)
    for length in range(min(19, n), 12, -1):
        for start in range(n - length + 1):
            window = digits[start : start + length]
            if window.strip(window[0]) and luhn(window):
                return True
    return False


def kept_spans(low: str, *, strictly: bool) -> list[tuple[int, int]]:
    """Return the spans of times, dates and amounts, which stay. `strictly` (payment step) leaves bare decimals out.

    >>> [ "at 10:30 for $1,500.00"[s:e] for s, e in kept_spans("at 10:30 for $1,500.00", strictly=False)]
    ['10:30', '$1,500.00']
    """
    spans = [match.span() for match in _KEPT.finditer(low)]
    spans += [match.span() for match in NUMERIC_DATE.finditer(low) if date_year(match) is not None]
    if not strictly:
        spans += [match.span() for match in _DECIMAL.finditer(low)]
    return spans


def date_year(match: "re.Match[str]") -> int | None:
    """Return the year of a numeric date, 0 when it has two digits, None when it is no date at all."""
    first, middle, last = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        return first if 1 <= middle <= 12 and 1 <= last <= 31 and 1900 <= first <= 2099 and len(match[4]) <= 2 else None
    if len(match[1]) == 3:
        return None
    day_month = (1 <= first <= 12 and 1 <= middle <= 31) or (1 <= first <= 31 and 1 <= middle <= 12)
    if not day_month or len(match[4]) == 1 or (len(match[4]) == 4 and not 1900 <= last <= 2099):
        return None
    return last if len(match[4]) == 4 else 0
