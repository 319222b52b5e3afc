"""Reads a phone number that a person wrote, and returns it as E.164.

Contact files, lists, settings and commands all use this reader. It refuses a text that may mean
anything but one number, with advice: callsched never dials a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from scheduler.fields import doubts
from scheduler.fields.cleaning import cleaned, is_as_usual
from scheduler.fields.costly import why_costly
from scheduler.fields.services import NotCalled, refuse_service
from scheduler.masking import mask, shown
from scheduler.models import Reason


@dataclass(frozen=True, slots=True)
class _Advice:
    """Advice for a cell that has more than a number, worded for where the number stands."""

    extension: str
    several: str


_OF_CONTACTS = _Advice(
    "put an extension into the column dtmf",
    "give each a row of its own; or, of columns of their own, say in a YAML file which come first,"
    " such as columns: {phone_number: [mobile, home]}",
)
_OF_LISTS = _Advice("leave an extension out", "give each a row of its own")
_EXAMPLE = "an international number such as +12025550123"
_UNKNOWN = phonenumbers.PhoneNumberType.UNKNOWN
#: A North American number as it is usually written: it needs no further checks.
_AMERICAN = re.compile(
    r"([+]1[ .-]?|1[ -]?)?(?:(?:[2-9]\d\d|[(][2-9]\d\d[)])[ -]{0,2}\d{3}[ -]?\d{4}"
    r"|[2-9]\d\d[.]\d{3}[.]\d{4})",
    re.ASCII,
)
_BETWEEN_DIGITS = re.compile(r"\D+")
#: A number of ordinary length with only blanks and brackets is certain.
_DOUBTLESS = re.compile(r"[+]?(?:[ (]?[0-9][)]? ?){6,12}", re.ASCII)
_WRITTEN = re.compile(r"[+]?[0-9 ()./-]{3,40}")
_SERVICE_EXCHANGE = re.compile(r"[+]1\d{3}[2-9]11\d{4}")  # 211 to 911 are for services
#: Mobile prefixes that Mexico gave up in 2019; phonenumbers no longer skips them.
_OLD_MEXICAN = re.compile(r"[+]52(1|0?44|0?45)\d{10}")
_MEXICAN_HINT = "after +52 come ten digits, without 1, 044 or 045"


def regions() -> frozenset[str]:
    """Return the ISO names of the regions whose national numbers can be read."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


@lru_cache(maxsize=4096)  # cached, because many meetings share one dial-in number
def e164(written: str, default_region: str | None, countries: frozenset[str] | None = None) -> str:
    """Return a number as E.164. Raises ValueError that says what was expected, with it masked.

    Raises NotCalled, a ValueError, for emergency, short and costly numbers, and for a number
    outside `countries`; None: any country.
    """
    number = _american(written, default_region)
    region, kind = _block(number[:-4]) if number else (None, _UNKNOWN)
    if not number:
        text = _certain(written, default_region, _OF_CONTACTS)
        parsed = _parsed(text, default_region)
        refuse_service(text, parsed, default_region)
        if parsed is None:
            raise ValueError(_expected(text, default_region))
        region, kind = _kind(parsed)
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    _expect_called(written, number, region, kind, countries)
    return number


def possible(written: str, default_region: str | None) -> str:
    """Return a number as `e164` does, but also an unassigned one: lists keep old numbers."""
    if number := _american(written, default_region):
        return number
    text = _certain(written, default_region, _OF_LISTS)
    parsed = _parsed(text, default_region)
    fits = phonenumbers.ValidationResult.IS_POSSIBLE
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != fits:
        raise ValueError(_expected(text, default_region))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_national(written: str) -> bool:
    """Whether a number has no country code, so that a default region is needed."""
    return not written.startswith("+") and not cleaned(written).startswith("+")


def is_changed(written: str, number: str) -> bool:
    """Whether cleaning removed more than the usual separators between digits."""
    if number == written:
        return False
    digits = "".join(filter(str.isdigit, written))
    return number[1:] != digits or not is_as_usual(written.strip())


def _american(written: str, default_region: str | None) -> str:
    """Return a North American number as phonenumbers would, thirty times as fast.

    Returns "" if phonenumbers has to decide.
    """
    found = _AMERICAN.fullmatch(written)
    if found is None or (written[0] != "+" and default_region not in ("US", "CA")):
        return ""
    return f"+1{_BETWEEN_DIGITS.sub('', written)[-10:]}"


@lru_cache(maxsize=131_072)
def _block(begins: str) -> tuple[str | None, int]:
    """Return region and type of a block of North American numbers: all but the last four digits.

    No pattern of phonenumbers for that plan depends on these four: a test checks that.
    """
    return _kind(phonenumbers.parse(f"{begins}0000"))


def _kind(parsed: phonenumbers.PhoneNumber) -> tuple[str | None, int]:
    """Return region and type of a number; the type is UNKNOWN when there is no such number."""
    return phonenumbers.region_code_for_number(parsed), phonenumbers.number_type(parsed)


def _certain(written: str, region: str | None, advice: _Advice) -> str:
    """Return the cleaned text if it can only mean one number; ValueError says why it can't."""
    if _DOUBTLESS.fullmatch(written):
        return written
    text = cleaned(written)
    try:
        if doubts.shortened(text):
            raise ValueError(doubts.SHORTENED)
        if doubts.is_date(text):
            raise ValueError(doubts.DATE)
        text = doubts.without_zero_fraction(text)
        if doubts.has_extension(text):
            raise ValueError(advice.extension)
        if doubts.several(text, region) or _may_be_two(text, region):
            raise ValueError(f"{doubts.SEVERAL}: {advice.several}")
        if doubts.has_letters(text):
            raise ValueError(f"{doubts.LETTERS}; {advice.extension}")
    except ValueError as doubt:
        raise ValueError(f"expected {_EXAMPLE}; {doubt}; got {_got(text)}") from None
    return text


def _may_be_two(text: str, region: str | None) -> bool:
    """Whether a part of a text is a number by itself, so that the text may mean two."""
    before = doubts.range_begins(text)
    if before and _is_number(before, region):
        return True
    return any(
        _is_number(one, region) and _is_number(other, region) for one, other in doubts.halves(text)
    )


def _is_number(text: str, region: str | None) -> bool:
    parsed = _parsed(text, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _parsed(text: str, default_region: str | None) -> phonenumbers.PhoneNumber | None:
    if not _WRITTEN.fullmatch(text) or not text[-1:].isdigit():
        return None
    if text[0] in ")./-" or text.count("(") != text.count(")"):
        return None
    try:
        return phonenumbers.parse(text, default_region)
    except phonenumbers.NumberParseException:
        return None


def _expect_called(
    written: str, number: str, region: str | None, kind: int, countries: frozenset[str] | None
) -> None:
    """Raise NotCalled unless it is a subscriber's number, at the usual price."""
    if kind == _UNKNOWN or _SERVICE_EXCHANGE.fullmatch(number):
        hint = f"; {_MEXICAN_HINT}" if _OLD_MEXICAN.fullmatch(number) else _prefix_hint(written)
        raise ValueError(
            f"expected a number that exists, such as +12025550123{hint}, got {_got(written)}"
        )
    if costly := why_costly(number, kind):
        text = f"expected a number at the usual price, got the {costly} {_got(written)}"
        raise NotCalled(text, Reason.PREMIUM_NUMBER)
    if countries is not None and region not in countries:
        raise NotCalled(_elsewhere(written, region or "", countries), Reason.UNSUPPORTED_COUNTRY)


def _expected(text: str, default_region: str | None) -> str:
    if hint := _prefix_hint(text):
        return f"expected {_EXAMPLE}{hint}, got {_got(text)}"
    if default_region or text.startswith("+"):
        return f"expected {_EXAMPLE}, got {_got(text)}"
    with_plus = _parsed(f"+{text}", None)
    if with_plus is not None and phonenumbers.is_valid_number(with_plus):
        hint = "put a plus sign before it, or set default_region"
        return f"expected {_EXAMPLE}; {hint}; got {_got(text)}"
    return f"expected {_EXAMPLE}, or set default_region; got {_got(text)}"


def _prefix_hint(written: str) -> str:
    """Return a hint about a leading 00 that is not the country's international prefix; else ""."""
    text = cleaned(written)
    is_one = text.startswith("00") and _is_number(f"+{text[2:].lstrip()}", None)
    return "; write + instead of 00" if is_one else ""


def _elsewhere(written: str, region: str, countries: frozenset[str]) -> str:
    where = f"in {region}" if region in regions() else "of no country"
    called = sorted(countries)
    listed = " or ".join(called) if len(called) <= 5 else f"{', '.join(called[:5])} or others"
    return f"expected a number in {listed}, got {_got(written)} {where}"


def _got(written: str) -> str:
    if not written:
        return "nothing"
    return mask(written) if any(map(str.isdigit, written)) else shown(written)
