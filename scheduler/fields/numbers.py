"""Which number to dial: what a person wrote, as E.164."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from scheduler.fields.services import NotCalled, refuse_service
from scheduler.masking import mask, shown
from scheduler.models import Reason

_EXAMPLE = "an international number such as +12025550123"
# Letters and extensions are refused: phonenumbers would spell the one as digits and drop the
# other, and both would ring somebody else than the file means.
_WRITTEN = re.compile(r"[+]?[0-9 ()./\u00a0\u2010-\u2015-]{3,40}")
_EXTENSION = re.compile(r"\d\W*(?:ext|x|,|;|#)", re.IGNORECASE)
_PREMIUM = (
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
)
_UNKNOWN = phonenumbers.PhoneNumberType.UNKNOWN
_AMERICAN = re.compile(r"([+]?1)?([2-9]\d{9})", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"[ ()./\u00a0\u2010-\u2015-]+")
_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")


def regions() -> frozenset[str]:
    """Return the ISO names of the regions whose national numbers can be read."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


@lru_cache(maxsize=4096)  # many meetings stand behind one dial-in number
def e164(written: str, default_region: str | None, countries: frozenset[str] | None = None) -> str:
    """Return a number with its plus sign; ValueError says what was expected, with it masked.

    Raises NotCalled for what is no subscriber's: emergency, short and premium numbers, and for
    numbers of other countries than these, unless these are None.
    """
    if _SHORTENED.fullmatch(written):
        raise ValueError(
            f"expected {_EXAMPLE}; a spreadsheet has shortened this one: "
            "format the column as text and enter it again"
        )
    number = _american(written, default_region)
    region, kind = _block(number[:-4]) if number else (None, _UNKNOWN)
    if not number:
        parsed = _parsed(written, default_region)
        refuse_service(written, parsed, default_region)
        if parsed is None:
            raise ValueError(_expected(written, default_region))
        region, kind = _kind(parsed)
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if kind == _UNKNOWN:
        raise ValueError(
            f"expected a number that exists, such as +12025550123, got {_got(written)}"
        )
    if kind in _PREMIUM:
        said = f"expected a number at the usual price, got the premium number {_got(written)}"
        raise NotCalled(said, Reason.PREMIUM_NUMBER)
    if countries is not None and region not in countries:
        raise NotCalled(_elsewhere(written, region or "", countries), Reason.UNSUPPORTED_COUNTRY)
    return number


def is_changed(written: str, number: str) -> bool:
    """Whether cleaning did more than to leave out what stands between the digits."""
    return number != written and number[1:] != "".join(filter(str.isdigit, written))


def _american(written: str, default_region: str | None) -> str:
    """Return a number of North America as phonenumbers would, which takes thirty times as long.

    Empty when phonenumbers has to say what it is.
    """
    if not _WRITTEN.fullmatch(written):
        return ""
    found = _AMERICAN.fullmatch(_BETWEEN_DIGITS.sub("", written))
    if found is None or (found[1] != "+1" and default_region not in ("US", "CA")):
        return ""
    return f"+1{found[2]}"


@lru_cache(maxsize=131_072)
def _block(begins: str) -> tuple[str | None, int]:
    """Return region and type of numbers of North America that differ in their last four digits.

    No pattern of that plan looks at those: a test holds phonenumbers to it.
    """
    return _kind(phonenumbers.parse(f"{begins}0000"))


def _kind(parsed: phonenumbers.PhoneNumber) -> tuple[str | None, int]:
    """Return region and type of a number; the type is UNKNOWN when there is no such number."""
    return phonenumbers.region_code_for_number(parsed), phonenumbers.number_type(parsed)


def possible(written: str, default_region: str | None) -> str:
    """Return a number as `e164` does, also one that is nobody's: lists outlive numbers."""
    parsed = _parsed(written, default_region)
    fits = phonenumbers.ValidationResult.IS_POSSIBLE
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != fits:
        raise ValueError(_expected(written, default_region))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _parsed(written: str, default_region: str | None) -> phonenumbers.PhoneNumber | None:
    if not _WRITTEN.fullmatch(written):
        return None
    try:
        return phonenumbers.parse(written, default_region)
    except phonenumbers.NumberParseException:
        return None


def _expected(written: str, default_region: str | None) -> str:
    if _EXTENSION.search(written):
        return f"expected {_EXAMPLE}; put an extension into the column dtmf, got {_got(written)}"
    if default_region or written.startswith("+"):
        return f"expected {_EXAMPLE}, got {_got(written)}"
    with_plus = _parsed(f"+{written}", None)
    if with_plus is not None and phonenumbers.is_valid_number(with_plus):
        hint = "put a plus sign before it, or set default_region"
        return f"expected {_EXAMPLE}; {hint}; got {_got(written)}"
    return f"expected {_EXAMPLE}, or set default_region; got {_got(written)}"


def _elsewhere(written: str, region: str, countries: frozenset[str]) -> str:
    where = f"in {region}" if region in regions() else "of no country"
    called = sorted(countries)
    listed = " or ".join(called) if len(called) <= 5 else f"{', '.join(called[:5])} or others"
    return (
        f"expected a number in {listed}, got {_got(written)} {where}: "
        "set CALLSCHED_SYMBL_COUNTRIES to call it"
    )


def _got(written: str) -> str:
    if not written:
        return "nothing"
    return mask(written) if any(map(str.isdigit, written)) else shown(written)
