"""Doubts about a cell with a number: decimals, several numbers, letters, extensions.

phonenumbers accepts all of these: it drops an extension, spells letters as digits, and takes
`.0` and `/15` for more digits. Then somebody else's phone would ring. Every function takes a text
that `cleaning.cleaned` has cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

#: Numbering plans in which all numbers have one length: a further digit makes no other number.
_FIXED_LENGTH = frozenset(COUNTRY_CODE_TO_REGION_CODE[1])

SHORTENED = "a spreadsheet has shortened this one: format the column as text and enter it again"
DECIMAL = "this one is a decimal: format the column as text and enter it again"
THOUSANDS = "a spreadsheet has put separators into it: format the column as text"
SEVERAL = "the cell holds several numbers"
LETTERS = "it has letters"
DATE = "this one is a date"

_DATE = re.compile(
    r"(?:(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:19|20)\d\d)"
    r"(?:[T ]\d{1,2}[:.]\d\d.*)?",
    re.IGNORECASE,
)
_EXPONENT = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+([.]\d*)?")
_FRACTION = re.compile(r"(?P<whole>[+]?[\d ()/-]*\d)(?P<mark>[.,])(?P<fraction>\d+)")
_LAST_OF_MANY = re.compile(r".*\d[.,]\d+[.,]\d")
_COUNTRY_AND_DOT = re.compile(r"[+]\d{1,3}[.]\d{6,}")  # as domain registries write it
_AREA_AND_DOT = re.compile(r"0\d+[.]\d{4,}")

_WORDS_BETWEEN = "or|and|und|oder|ou|et|o|y|e|u|of|en|oppure|lub|eller|och|tai|sau"
_COMMA = r",\s|(?<=\d)\s*,(?=\s*[+(]?\d[\d ()./-]{5})"  # no pause before a key press
_BETWEEN_NUMBERS = re.compile(
    rf"\s*(?:[;|\n&]|:::|\\|{_COMMA}|\b(?:{_WORDS_BETWEEN})\b\.?)\s*", re.IGNORECASE
)
_PLUS_WITHIN = re.compile(r"\d\D*[+]")
_RANGE = re.compile(r"(?P<before>.*\d)[ ./-]+(?P<first>\d{1,4}) ?- ?(?P<last>\d{1,4})")

_EXTENSION_WORDS = (
    "extension|extn|ext|xtn|x|poste|local|loc|durchwahl|dw|nebenstelle|anexo|interno|int|ramal|"
    "intern|wew|toestel|anknytning|linje|pin|code|room|p|w"
)
_EXTENSION = re.compile(
    rf"\d[\s();,.-]*(?:(?:;\s*)?(?:{_EXTENSION_WORDS})[.:=\s]*\d+|[#*,;]+\s*[\d#*,]*)\)?",
    re.IGNORECASE,
)
_BETWEEN_DIGITS = re.compile(r"\D+")
_BEFORE_A_GROUP = re.compile(r"(?<=\d)[ ./-]+(?=[+]?\d)")
_MOST_DIGITS = 15  #: of a number, E.164 6
_LONG = 13  #: a text with at least this many digits may have two short numbers


def shortened(text: str) -> bool:
    """Whether a spreadsheet has rounded it to an exponent, such as 1.2E+10."""
    return _EXPONENT.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether it looks like a date, such as 2026-12-18: numbers of some countries are as short."""
    return _DATE.fullmatch(text) is not None


def without_zero_fraction(text: str) -> str:
    """Return a number without the `.0` that a spreadsheet leaves; ValueError for other decimals.

    `3023125014.0` is a cell that a spreadsheet read as a float. Any other fraction, or a zero after
    dots that separate groups of digits, may be part of the number, so it is refused.
    """
    if _THOUSANDS.fullmatch(text):
        raise ValueError(THOUSANDS)
    found = _FRACTION.fullmatch(text)
    if found is None:
        if _LAST_OF_MANY.fullmatch(text):
            raise ValueError(DECIMAL)
        return text
    whole, fraction = found["whole"], found["fraction"]
    is_plain = whole.removeprefix("+").isdigit()
    if fraction == "0" or (is_plain and fraction == "00"):
        return whole
    if _is_decimal(text, found["mark"], fraction, is_plain=is_plain):
        raise ValueError(DECIMAL)
    return text


def _is_decimal(text: str, mark: str, fraction: str, *, is_plain: bool) -> bool:
    if mark == ",":
        # After a number with its plus sign a comma is the pause before a key press.
        return is_plain and text[0] != "+" and len(fraction) <= 3
    if is_plain:
        return not (_COUNTRY_AND_DOT.fullmatch(text) or _AREA_AND_DOT.fullmatch(text))
    return len(fraction) <= 2


def several(text: str, region: str | None) -> bool:
    """Whether a text has, or may have, more than one number."""
    parts = [part for part in _BETWEEN_NUMBERS.split(text) if _count(part) >= 2]
    if len(parts) > 1 or "\n" in text or _PLUS_WITHIN.search(text):
        return True
    return "/" in text and not _is_area_and_number(text, region)


def _is_area_and_number(text: str, region: str | None) -> bool:
    """Whether a slash separates area and number, as in 030/23125-014, not two endings."""
    area, _, number = text.partition("/")
    if "/" in number or number.lstrip()[:1] == "-" or _count(number) < 4:
        return False
    area = area.strip()
    if not area.startswith(("+", "0", "(")) and region not in _FIXED_LENGTH:
        return False  # two local numbers, or a number and another ending
    return _count(_national(area)) <= 5


def _national(area: str) -> str:
    """Return the digits of an area without the country's code or the zeros before it."""
    digits = _BETWEEN_DIGITS.sub("", area)
    if not area.startswith("+"):
        if not digits.startswith("00"):
            return digits.lstrip("0")
        digits = digits[2:]
    for length in (1, 2, 3):
        if int(digits[:length] or 0) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[length:].lstrip("0")
    return digits


def range_begins(text: str) -> str:
    """Return a number without an ending such as `14-17` that may be a range; "" when it has none.

    If the rest is a number by itself, nobody can tell a range from a longer number.
    """
    found = _RANGE.fullmatch(text)
    if found is None or len(found["first"]) != len(found["last"]):
        return ""
    return found["before"] if int(found["last"]) > int(found["first"]) else ""


def halves(text: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut a text in two where a second number may begin after a blank.

    A second number may begin with a zero, or in a text that has more digits than any one number.
    """
    count = _count(text)
    for found in _BEFORE_A_GROUP.finditer(text):
        before, after = text[: found.start()], text[found.end() :]
        if min(_count(before), _count(after)) >= 6 and (
            count > _MOST_DIGITS or (after[0] == "0" and count >= _LONG)
        ):
            yield before, after


def has_extension(text: str) -> bool:
    """Whether a number ends in an extension or in key presses, in a form that people use."""
    return any(found.end() == len(text) for found in _EXTENSION.finditer(text))


def has_letters(text: str) -> bool:
    """Whether there is any letter in a text."""
    return any(map(str.isalpha, text))


def _count(text: str) -> int:
    return sum(map(str.isdigit, text))
