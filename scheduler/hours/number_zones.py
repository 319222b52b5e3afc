"""The time zones in which a phone number may be, and whether a given zone contradicts them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

from scheduler.hours.area_codes import area_code_zones
from scheduler.hours.walltime import zone_of

#: Regions that are parts of one country, although ISO 3166 lists them as regions of their own.
_UNITED_STATES = frozenset({"US", "PR", "VI", "GU", "MP", "AS"})
_DAYS_COMPARED = 366

_Clock: TypeAlias = tuple[timedelta, ...]

if TYPE_CHECKING:
    import phonenumbers


def alike(number: str) -> str:
    """Return the part of a number that decides its zones, as the key of a cache."""
    # The last four digits of a North American number change nothing, and a file may have a million
    # rows.
    return f"{number[:8]}0000" if number.startswith("+1") else number


def is_foreign(zone: str, number: str) -> bool:
    """Whether no part of a number's country has the zone; False for a number without a country.

    Compares zones by what their clocks show in the coming year: several names have the same time,
    and a name says little about where somebody is.
    """
    zones = number_zones(number)
    if not zones or zone in zones:
        return False
    # The region of a North American number is that of its area code.
    region = _region(f"{number[:5]}5550100" if number.startswith("+1") else number)
    return _is_foreign(zone, zones, region, datetime.now(UTC).strftime("%Y-%m"))


@lru_cache(maxsize=4096)
def _is_foreign(zone: str, zones: tuple[str, ...], region: str, month: str) -> bool:
    known = {_clock(each, month) for each in (*zones, *_country_zones(region))}
    return _clock(zone, month) not in known


@lru_cache(maxsize=65_536)
def number_zones(number: str) -> tuple[str, ...]:
    """Return the IANA names of the zones in which a number may be; (): unknown."""
    if not number:
        return ()
    # Imported only here: this library would take most of the time that a worker needs to start.
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    kind = phonenumbers.number_type(parsed)
    of_a_place = phonenumbers.is_number_type_geographical(kind, parsed.country_code or 0)
    # A number that the library does not know yet may have an area code of the table.
    if number.startswith("+1") and (of_a_place or kind == phonenumbers.PhoneNumberType.UNKNOWN):
        return area_code_zones(number[1:])
    return _of_library(parsed, number, kind, of_a_place)


def _of_library(
    parsed: phonenumbers.PhoneNumber, number: str, kind: int, of_a_place: bool
) -> tuple[str, ...]:
    """Return the library's zones, with those that it lacks for two countries."""
    from phonenumbers import PhoneNumberType, timezone
    from phonenumbers.tzdata import TIMEZONE_DATA

    asked = (
        timezone.time_zones_for_geographical_number  # this number is of a place; twice as fast
        if of_a_place
        else timezone.time_zones_for_number
    )
    found: Iterable[str] = asked(parsed)
    if number.startswith("+62") and kind == PhoneNumberType.MOBILE:
        # For an Indonesian mobile phone the library looks for a place in the number.
        found = TIMEZONE_DATA["62"]
    elif number.startswith("+617"):
        # All of Queensland and some places of New South Wales. For exchanges that it does not know,
        # the library names only the zone of the latter.
        found = sorted({*found, "Australia/Brisbane"})
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)


@lru_cache(maxsize=4096)
def _region(number: str) -> str:
    import phonenumbers

    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""


def _country_zones(region: str) -> list[str]:
    """Return the zones of the country that a region belongs to, with all its territories."""
    regions = _UNITED_STATES if region in _UNITED_STATES else (region,)
    return [zone for each in sorted(regions) for zone in _zones_by_region().get(each, ())]


@cache
def _zones_by_region() -> dict[str, list[str]]:
    """Return the zones of every country, by the tables of the time zone database."""
    found: dict[str, list[str]] = {}
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            region, _, zone = line.split("\t")[:3]
            found.setdefault(region, []).append(zone)
    return found


@lru_cache(maxsize=2048)
def _clock(zone: str, month: str) -> _Clock:
    """Return the offsets from UTC at noon of each day, from a month such as 2026-12 on."""
    there = zone_of(zone)
    if there is None:
        return ()
    first = datetime.strptime(f"{month}-01 12 +0000", "%Y-%m-%d %H %z")
    offsets = (
        (first + timedelta(days=day)).astimezone(there).utcoffset() for day in range(_DAYS_COMPARED)
    )
    return tuple(offset for offset in offsets if offset is not None)
