"""The keys of a campaign file that say when people may be called."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from scheduler.hours.named_zones import timezone
from scheduler.hours.walltime import instants, zone_of
from scheduler.hours.weeks import (
    EXPECTED,
    WHOLE_WEEK,
    Week,
    read_week,
    week_of,
    windows_in,
)
from scheduler.masking import shown
from scheduler.models import Hours

HOURS_EXPECTED = f"{EXPECTED}; or days as keys, with a timezone beside them"
DATES_EXPECTED = "dates such as 2026-12-24 or 2026-12-31..2027-01-02, one or a list"
REGIONS_EXPECTED = "regions such as US, US-FL or DE-BY, one or a list"
INSTANT_EXPECTED = "a date and a time such as 2026-12-24T09:00-05:00"
_DAY_OR_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*\.\.\s*(\d{4}-\d{2}-\d{2}))?")
_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_LONGEST_SPAN = timedelta(days=366)
_YEARS = range(1971, 2201)  # any other year is a slip


@dataclass(frozen=True, slots=True)
class CallingHours:
    """A campaign's own hours, and its time zone."""

    week: Week | None = None  #: None: it names no hours, only the zone
    timezone: str = ""


def calling_hours(value: object) -> CallingHours:
    """Read the key `calling_hours`; ValueError says what is expected."""
    if isinstance(value, CallingHours):
        return value
    if isinstance(value, str) and value.strip():
        return CallingHours(read_week(value))
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"expected {HOURS_EXPECTED}")
    days = {str(day): windows for day, windows in value.items() if day != "timezone"}
    zone = value.get("timezone", "")
    week = week_of((day, _texts(windows)) for day, windows in days.items()) if days else None
    return CallingHours(week, timezone(str(zone)) if "timezone" in value else "")


def closes_nothing(hours: Hours) -> bool:
    """Whether a rule never closes, so that time zones do not matter."""
    return hours.week == WHOLE_WEEK and not hours.blackout_dates and not hours.holidays


def instant(text: str, zone: str, *, later: bool) -> float:
    """Read a date and a time as epoch seconds; without an offset it is local time in `zone`.

    If clocks there show a time twice, `later` chooses the later instant. Raises ValueError that
    says how to write an instant.
    """
    try:
        read = datetime.fromisoformat(text) if _DATE_AND_TIME.fullmatch(text) else None
    except ValueError:
        read = None
    if read is None or read.year not in _YEARS:
        raise ValueError(f"expected {INSTANT_EXPECTED}, got {shown(text)}{_counted(text)}")
    if read.tzinfo is not None:
        return read.timestamp()
    there = zone_of(zone) if zone else None
    if there is None:
        raise ValueError(
            f"expected {INSTANT_EXPECTED}, got {shown(text)}, which has no time zone: add an"
            " offset, or say calling_hours: {timezone: America/New_York}"
        )
    return instants(read, there)[later]


def _counted(text: str) -> str:
    """Return a hint for a bare number; "" for other texts."""
    if not _NUMBER.fullmatch(text):
        return ""
    return ", a number, as programs and spreadsheets keep an instant: write its date and time"


def _begins(value: object, info: ValidationInfo) -> float:
    return _campaigns_instant(value, info, later=True)


def _ends(value: object, info: ValidationInfo) -> float:
    return _campaigns_instant(value, info, later=False)


def _campaigns_instant(value: object, info: ValidationInfo, *, later: bool) -> float:
    if isinstance(value, float):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected {INSTANT_EXPECTED}")
    # If the hours can't be read, that was reported already, and their zone is not known.
    hours = info.data.get("calling_hours", CallingHours(timezone="UTC"))
    return instant(value.strip(), hours.timezone if hours else "", later=later)


def _dates(value: object) -> tuple[str, ...]:
    return tuple(sorted({day for text in _texts(value) for day in _span(text)}))


def _span(text: str) -> Iterator[str]:
    match = _DAY_OR_SPAN.fullmatch(text)
    try:
        first = date.fromisoformat(match[1] if match else "")
        last = date.fromisoformat(match[2]) if match and match[2] else first
    except ValueError:
        raise ValueError(f"expected {DATES_EXPECTED}, got {shown(text)}") from None
    if not timedelta() <= last - first <= _LONGEST_SPAN:
        raise ValueError(f"expected a span of at most a year, its end last, got {shown(text)}")
    for by in range((last - first).days + 1):
        yield (first + timedelta(days=by)).isoformat()


def _regions(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_region(text) for text in _texts(value)))


def _region(text: str) -> str:
    known = _known_regions()
    if text.upper() in known:
        return known[text.upper()]
    near = difflib.get_close_matches(text.upper(), known, n=3)
    meant = ", ".join(known[name] for name in near)
    hint = f"did you mean {meant}?" if near else f"expected {REGIONS_EXPECTED}"
    raise ValueError(f"no holidays are known of {shown(text)}: {hint}")


@cache
def _known_regions() -> dict[str, str]:
    """Return the names of countries and their parts: name in capitals -> name."""
    import holidays  # only who closes on some needs it, and it is slow to import

    supported = holidays.list_supported_countries()
    parts = [f"{country}-{part}" for country, parts in supported.items() for part in parts]
    return {name.upper(): name for name in [*supported, *parts]}


def _texts(value: object) -> list[str]:
    """Return the texts of a list, or of one text with commas between them."""
    if isinstance(value, str):
        return windows_in(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return [each.strip() for each in value]
    raise ValueError("expected a text, or a list of texts")


_TEXT_OR_LIST = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_HOURS_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"timezone": {"type": "string"}},
            "additionalProperties": _TEXT_OR_LIST,
            "minProperties": 1,
        },
    ]
}

#: Types of pydantic fields, with their schema for editors.
Hourly = Annotated[CallingHours, BeforeValidator(calling_hours), WithJsonSchema(_HOURS_SCHEMA)]
Dates = Annotated[tuple[str, ...], BeforeValidator(_dates), WithJsonSchema(_TEXT_OR_LIST)]
Regions = Annotated[tuple[str, ...], BeforeValidator(_regions), WithJsonSchema(_TEXT_OR_LIST)]
NotBefore = Annotated[float, BeforeValidator(_begins), WithJsonSchema({"type": "string"})]
NotAfter = Annotated[float, BeforeValidator(_ends), WithJsonSchema({"type": "string"})]
