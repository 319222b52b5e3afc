"""Emergency and short numbers, which are never dialled."""

from __future__ import annotations

import phonenumbers

from scheduler.masking import mask
from scheduler.models import Reason

_LONGEST_SHORT = 6  #: digits


class NotCalled(ValueError):
    """A number that exists, but that callsched never dials."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


def refuse_service(
    written: str, parsed: phonenumbers.PhoneNumber | None, default_region: str | None
) -> None:
    """Raise NotCalled for an emergency number, or for the short number of a service.

    Without a region it refuses those of every country.
    """
    digits = "".join(filter(str.isdigit, written))
    if not digits.isascii() or not 0 < len(digits) <= _LONGEST_SHORT:
        return
    regions = (default_region,) if default_region else tuple(phonenumbers.SUPPORTED_SHORT_REGIONS)
    if written.startswith("+"):
        if parsed is None:
            return
        # Also after a country code: a network may treat +1 911 as 911.
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ())
        digits = str(parsed.national_number)
    if any(phonenumbers.is_emergency_number(digits, region) for region in regions):
        text = "expected a subscriber's number, got an emergency number"
        raise NotCalled(text, Reason.EMERGENCY_NUMBER)
    if not written.startswith("+") and any(_is_short(digits, region) for region in regions):
        text = f"expected a subscriber's number, got the short number {mask(written)} of a service"
        raise NotCalled(text, Reason.SHORT_NUMBER)


def _is_short(digits: str, region: str) -> bool:
    code = phonenumbers.country_code_for_region(region)
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(digits))
    return phonenumbers.is_valid_short_number_for_region(number, region)
