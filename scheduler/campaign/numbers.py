"""Which number to dial: what a person wrote, as E.164."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from scheduler.masking import mask, shown

_EXAMPLE = "an international number such as +12025550123"
# Letters and extensions are refused: phonenumbers would spell the one as digits and drop the
# other, and both would ring somebody else than the file means.
_WRITTEN = re.compile(r"[+]?[0-9 ()./\u00a0\u2010-\u2015-]{3,40}")
_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")


def regions() -> frozenset[str]:
    """Return the ISO names of the regions whose national numbers can be read."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


class UnsupportedCountry(ValueError):
    """The number exists, but in a country that is not called."""


@lru_cache(maxsize=4096)  # many meetings stand behind one dial-in number
def e164(written: str, default_region: str | None, countries: frozenset[str] | None = None) -> str:
    """Return a number with its plus sign; ValueError says what was expected, with it masked.

    It has to be of one of the countries, unless these are None.
    """
    if _SHORTENED.fullmatch(written):
        raise ValueError(
            f"expected {_EXAMPLE}; a spreadsheet has shortened this one: "
            "format the column as text and enter it again"
        )
    parsed = _parsed(written, default_region)
    if parsed is None:
        raise ValueError(_expected(written, default_region))
    region = phonenumbers.region_code_for_number(parsed)
    if region is None or not phonenumbers.is_valid_number_for_region(parsed, region):
        raise ValueError(
            f"expected a number that exists, such as +12025550123, got {_got(written)}"
        )
    if countries is not None and region not in countries:
        raise UnsupportedCountry(_elsewhere(written, region, countries))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _parsed(written: str, default_region: str | None) -> phonenumbers.PhoneNumber | None:
    if not _WRITTEN.fullmatch(written):
        return None
    try:
        return phonenumbers.parse(written, default_region)
    except phonenumbers.NumberParseException:
        return None


def _expected(written: str, default_region: str | None) -> str:
    if default_region or written.startswith("+"):
        return f"expected {_EXAMPLE}, got {_got(written)}"
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
