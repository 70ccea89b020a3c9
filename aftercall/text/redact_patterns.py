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

_TLD = (
    r"(?:com|org|net|edu|gov|mil|int|info|biz|io|ai|app|dev|me|tv|co|us|uk|ca|au|de|fr|es|it|nl|be|ch|at|se|no|dk|fi|pl|pt|br"
    r"|mx|in|jp|cn|eu)"
)
_NO_LOCAL = (
    r"(?!(?:me|us|it|you|him|her|them|is|are|was|be|here|there|look|work|available|located|stay|arrive|site|website)\s+at\s)"
)
EMAIL = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]+(?:@[\w-]+(?:\.[\w-]+)+|\s?@\s?[\w-]+(?:\s?\.\s?[\w-]+)*\s?\.\s?{_TLD}\b)")
SPOKEN_EMAIL = re.compile(
    rf"\b{_NO_LOCAL}(?:(?:\w\s+){{2,}}|[\w.+-]+\s+(?:(?:dot|period|underscore|dash|hyphen|minus|plus)\s+[\w.+-]+\s+)*)"
    rf"(?:at|@)\s+(?:the\s+rate\s+)?[\w-]+(?:(?:\s+dot\s+[a-z][\w-]+)+|(?:\.[\w-]+)*\.{_TLD}\b)"
)
IBAN = re.compile(
    r"\b[a-z]{2}\d{2}(?=(?:[ -]?[a-z]*[ -]?\d){6})"
    r"(?:[a-z0-9]{11,30}|(?:[ -]?[a-z]{4})?(?:[ -]?(?=[a-z]*\d)[a-z0-9]{4}){2,7}(?:[ -]?(?=[a-z]*\d)[a-z0-9]{1,4})?)\b"
)
IP_ADDRESS = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)")
SSN = re.compile(r"(?<![\d-])\d{3}([- .])\d{2}\1\d{4}(?![\d-])")
PHONE = re.compile(r"(?<![\d-])(?:\(?\d{3}\)?[-. ]{1,2})?\d{3}[-.]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\d-])")

NUMERIC_DATE = re.compile(r"(?<![\d/.-])(\d{1,4})([/.-])(\d{1,2})\2(\d{4}|\d{1,2})(?![\d/-]|\.\d|[ ]\d{3,}(?!:))")
NAMED_DATE = re.compile(
    rf"\b(?:{_MONTH}\s+(?:the\s+)?{_DAY}|(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH})(?![a-z0-9])"
    rf"(?:(?:\s*,\s*|\s+)(?:of\s+|in\s+)?(?P<year>{_YEAR})(?![a-z0-9]))?"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MONTHS = _words(
    "jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov november "
    "dec december"
)
BIRTH_YEARS = (1900, 2007)
"""A full date in these years is taken for a birth date wherever it stands: nobody books an appointment then."""

_CURRENCY = re.compile(r"[$€£¥₹]")
_KEPT = re.compile(
    r"[$€£¥₹]\s?\d[\d,]*(?:\.\d{1,2})?(?![\d,.]*\d|[ -]\d)"  # $1,500.00
    r"|(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])"  # 10:30
    r"|(?<![\d,.])\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,2})?(?![\d,-]|[ ]\d|\.\d)"  # 12,500
)
_DECIMAL = re.compile(  # 12.50, 24/7
    r"(?<![\d,.-])\d{1,6}[.,]\d{1,2}(?![\d,-]|[. ]\d)|(?<![\d/-])\d{1,2}/\d{1,2}(?![\d/-]|[ ]\d)"
)
_RANGE = re.compile(r"(?<![\d.,/-])(\d{1,2}) ?[-–] ?(\d{1,2})(?![\d/-]|[ .]\d)")  # June 14-22
UNIT_AFTER = re.compile(
    r"[ -]{0,2}(?:(?:us|canadian|australian)\s)?(?:dollars?|bucks?|credits?|euros?|pounds?|cents?|pence|yen|rupees?|usd|eur|gbp"
    r"|grand|k|%|percent|per cent|points?|a\.?m|p\.?m|o'? ?clock|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?"
    r"|months?|years?|times?|people|persons?|guests?|adults?|kids?|children|tickets?|rooms?|beds?|bedrooms?|stars?|miles?|km"
    r"|kilomet\w+|met(?:er|re)s?|feet|ft|square|sq|lbs?|kg|gb|mb|mbps|units?|items?|orders?|pieces?|boxes|gallons?|litres?"
    r"|liters?|degrees?|digits?|numbers?)(?![a-z0-9])"
)
CODE_BEFORE = re.compile(r"(?<![a-z0-9])(?!(?:x|ext|pin|cvv|cvc|ssn|no|nr|tel|id|is|dob|acct?|card|visa|amex)-?$)[a-z]{1,5}-?$")
AMOUNT_BEFORE = re.compile(
    r"(?:[$€£¥₹]|\b(?:balance|totals?|priced?|costs?|amount|fee|fare|rent|budget|pay|paid|owed?|charged?|refund|transfer|deposit"
    r"|withdraw|withdrew|withdrawn|withdrawal|spent|missing|stole|stolen|took|lost|credits?|debits?|rate|worth|about|around|over"
    r"|under|than|least|most|room|flight|level|page|version)"
    r"(?: (?:is|was|of|are|for|to|me|you|at|only|just|about|around|the|a|currently|number|up|be|comes|come)){0,3}) ?$"
)


CONTEXTS: dict[str, tuple[frozenset[str], re.Pattern[str]]] = {
    "code": (
        _words("cvv cvv2 cvc cvc2 cv2 security verification on at back front"),
        re.compile(
            r"\b(?:cvv2?|cvc2?|cv2|security code|card verification"
            r"|(?:three|3|four|4)[ -](?:digits?|numbers?)(?: code)? (?:on|at) the|(?:back|front) of (?:the|your|my) card)\b"
        ),
    ),
    "payment": (
        _words("card cards mastercard visa express expiry expiration long sixteen 16"),
        re.compile(
            r"\b(?:cards? (?:numbers?|details|information|info|on file|is|ending)"
            r"|(?:credit|debit|bank|payment|visa|amex|gift) cards?|mastercard|visa|american express"
            r"|(?:pay(?:ing)?|charge) (?:it )?(?:by|with|using|to|on) (?:my |the |a |your )?card"
            r"|expir(?:y|ation)|name on the card|long number|(?:sixteen|16)[ -]digits?)\b"
        ),
    ),
    "birth": (
        _words("born birth birthdate birthdates dob d birthday"),
        re.compile(
            r"\b(?:born|birth ?dates?|dates? of birth|d\.?o\.?b|(?:your|my) birthday\?"
            r"|(?:my|your|his|her|whose) birthday (?!party|dinner|cake|present|gift))"
        ),
    ),
    "ssn": (
        _words("social ssn itin tax insurance"),
        re.compile(r"\b(?:social security|ssn|itin|(?:my|your|the) social(?! media)|tax id|national insurance)\b"),
    ),
    "account": (
        _words(
            "account acct routing sort iban pin pincode passcode password passport license licence member membership policy "
            "phone mobile telephone cell cellphone call reach zip zipcode post postal postcode code codes"
        ),
        re.compile(
            r"\b(?:account(?:'s)? (?:number|no|id)|acct|routing|sort code|iban|pin|pin ?code|passcode|password|passport"
            r"|(?:access|clearance|verification|one[- ]time|login|entry|gate|door) codes?"
            r"|licen[cs]e number|driver'?s licen[cs]e|member(?:ship)? (?:id|number|no)|policy number|phone number|mobile"
            r"|telephone|cell(?: ?phone)?|(?:call|reach) (?:me|you) (?:at|on)|zip(?: ?code)?|post(?:al)? ?code)\b"
        ),
    ),
}
"""What the numbers of the next turns are: the words one of which must be there, and the pattern that decides."""
CONTEXT_WORDS = frozenset[str]().union(*(cues for cues, _ in CONTEXTS.values())) - _words("on at d 16")
"""Words that make a turn worth a closer look; the ones taken out never stand alone."""


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


_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5\d{15,18}|6\d{15,18}|2[2-7]\d{14}|35\d{14}|3[47]\d{13}|(?:2131|1800)\d{11}|3[0689]\d{12}"
)


def card_in(digits: str) -> bool:
    """Whether 13 to 19 of the digits may be a card number.

    All of them together need only keep the check sum; a part of a longer row must also have the first digits and the
    length that issuers use, because one part in ten keeps the check sum by chance.

    >>> card_in("4111111111111111"), card_in("99" + "4111111111111111" + "123"), card_in("4111111111111112")
    (True, True, False)
    """
    n = len(digits)
    if n < 13:
        return False
    if n <= 19 and _is_sum(digits):
        return True
    for start in range(n - 12):
        for length in range(min(19, n - start), 12, -1):
            part = digits[start : start + length]
            if _ISSUED.fullmatch(part) and _is_sum(part):
                return True
    return False


def _is_sum(digits: str) -> bool:
    return bool(digits.strip(digits[0])) and luhn(digits)


def _rises(match: "re.Match[str]") -> bool:
    return int(match[1]) < int(match[2])


def kept_spans(low: str) -> list[tuple[int, int]]:
    """Return the spans of times, dates and amounts, which stay and end any number beside them.

    >>> ["at 10:30 for $1,500.00"[s:e] for s, e in kept_spans("at 10:30 for $1,500.00")]
    ['10:30', '$1,500.00']
    """
    spans = list[tuple[int, int]]()
    if "," in low or ":" in low or _CURRENCY.search(low):
        spans += [match.span() for match in _KEPT.finditer(low)]
    if "-" in low or "/" in low or "." in low:
        spans += [match.span() for match in NUMERIC_DATE.finditer(low) if date_year(match) is not None]
    return spans


def small_spans(low: str) -> list[tuple[int, int]]:
    """Return the spans of decimals, fractions and ranges, which stay as long as nothing makes them part of a number.

    >>> ["12.50 for June 14-22"[s:e] for s, e in small_spans("12.50 for June 14-22")]
    ['12.50', '14-22']
    """
    spans = list[tuple[int, int]]()
    if "." in low or "," in low or "/" in low:
        spans += [match.span() for match in _DECIMAL.finditer(low)]
    if "-" in low or "–" in low:
        spans += [match.span() for match in _RANGE.finditer(low) if _rises(match)]
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
