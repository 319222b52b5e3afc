"""Chooses the number of a row that is called, and the country by which it is read."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.campaign.columns import Fault, RawRow
from scheduler.fields.countries import calling_code, region_of
from scheduler.fields.numbers import e164, is_national
from scheduler.fields.services import NotCalled
from scheduler.masking import shown
from scheduler.models import Reason


@dataclass(frozen=True, slots=True)
class ContactNumber:
    """A number to dial, and its column if the row has several columns of numbers."""

    e164: str = ""
    column: str = ""


def contact_number(
    raw: RawRow, default_region: str | None, countries: frozenset[str] | None
) -> ContactNumber | Fault:
    """Return the first valid number of a row; if there is none, the fault of its first number."""
    fault: Fault | None = None
    for column in raw.header.choices or ("phone_number",):
        written = raw.cells.get(column, "").strip()
        if not written and raw.header.choices:
            continue
        found = _read(raw, column, written, default_region, countries)
        if isinstance(found, str):
            return ContactNumber(found, column if raw.header.choices else "")
        fault = fault or found
    return fault or Fault("phone_number", _nothing(raw), Reason.INVALID_NUMBER)


def _read(
    raw: RawRow,
    column: str,
    written: str,
    default_region: str | None,
    countries: frozenset[str] | None,
) -> str | Fault:
    region, header = default_region, raw.header
    says_country = header.code or header.country or "country_code" in raw.cells
    if says_country and is_national(written):
        found = _region(raw, default_region)
        if isinstance(found, Fault):
            return found
        region = found
    try:
        return e164(written, region, countries)
    except NotCalled as error:
        return Fault(column, str(error), error.reason)
    except ValueError as error:
        return Fault(column, str(error), Reason.INVALID_NUMBER)


def _region(raw: RawRow, default_region: str | None) -> str | Fault | None:
    """Return the country of a national number: that of the key `country_code`, else the default.

    A fault if an unused column says that the number is of another country.
    """
    if text := raw.cells.get("country_code", "").strip():
        region = region_of(text)
        if region is None:
            expected = "a calling code or a country such as +44 or GB"
            return Fault("country_code", f"expected {expected}, got {shown(text)}")
        return region
    header = raw.header
    if header.code and (code := raw.cells.get(header.code, "").strip()):
        return _unless_other(header.code, code, default_region, refuses_file=True)
    if header.country and (country := raw.cells.get(header.country, "").strip()):
        if default_region is None or region_of(country) is None:
            return default_region
        return _unless_other(header.country, country, default_region, refuses_file=False)
    return default_region


def _unless_other(
    column: str, words: str, default_region: str | None, *, refuses_file: bool
) -> str | Fault | None:
    """Return the default region if an unused column names the same country, else a fault."""
    region = region_of(words)
    if region and default_region and calling_code(region) == calling_code(default_region):
        return default_region
    read = f"default_region is {default_region}" if default_region else "nothing uses it"
    message = (
        f"it says {shown(words)}, and {read}: say in a YAML file"
        f" columns: {{country_code: {shown(column)}}} to read each number by it, or write numbers"
        " with their plus signs"
    )
    return Fault(column, message, Reason.INVALID_NUMBER, refuses_file=refuses_file)


def _nothing(raw: RawRow) -> str:
    if raw.header.choices:
        return f"expected a number in {' or '.join(map(shown, raw.header.choices))}, got none"
    return "expected a phone_number, got nothing"
