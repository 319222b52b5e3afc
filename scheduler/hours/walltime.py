"""Converts local times of a zone to instants.

When clocks go back, they show an hour twice; when they go forward, they skip one. A window that
opens or closes then is cut on the safe side: it opens when the clock shows its opening for the last
time, and closes when the clock shows its close for the first time. A time in the skipped hour is
the instant at which the clock jumps.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 24 * 60
DAY_SECONDS = 86_400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """Return the zone of a name; None for an unknown one.

    The machine's own table may be years old, and countries change their clocks: if the package
    tzdata has a newer table, this function reads that.
    """
    try:
        return (_of_package(name) if _package_is_newer() else None) or ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _of_package(name: str) -> ZoneInfo | None:
    checked = ZoneInfo(name)  # refuses malformed names, such as a path out of the folder
    found = files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not found.is_file():
        return None
    with found.open("rb") as data:
        return ZoneInfo.from_file(data, key=checked.key)


@cache
def _package_is_newer() -> bool:
    own = [version for folder in TZPATH if (version := table_version(Path(folder)))]
    return not own or own[0] < table_version(files("tzdata").joinpath("zoneinfo"))


def table_version(folder: Traversable) -> str:
    """Return the version of the time zone database in a folder, such as 2026f; "": unknown."""
    try:
        with folder.joinpath("tzdata.zi").open(encoding="utf-8", errors="replace") as lines:
            words = next(lines, "").split()
    except OSError:
        return ""
    return "".join(words[2:]) if words[:2] == ["#", "version"] else ""


def local(instant: float, zone: ZoneInfo) -> datetime:
    """Return what clock and calendar show at an instant."""
    return datetime.fromtimestamp(instant, zone)


def utc_day(instant: float) -> int:
    """Return the number of an instant's day in UTC, as `date.fromordinal` counts them."""
    return int(instant // DAY_SECONDS) + _EPOCH_ORDINAL


def utc_midnight(day: int) -> float:
    """Return the instant at which a day begins in UTC."""
    return float((day - _EPOCH_ORDINAL) * DAY_SECONDS)


def opens_at(day: int, minute: int, zone: ZoneInfo) -> float:
    """Return the instant after which the local clock never shows an earlier minute of the day."""
    first, last = instants(_clock(day, minute), zone)
    goes_back_to_it = first < last and _offset(last - 1, zone) != _offset(last, zone)
    return first if goes_back_to_it else last


def closes_at(day: int, minute: int, zone: ZoneInfo) -> float:
    """Return the first instant at which the local clock shows that minute of a day."""
    return instants(_clock(day, minute), zone)[0]


def instants(shown: datetime, zone: ZoneInfo) -> tuple[float, float]:
    """Return the first and the last instant at which a clock shows a time; they rarely differ."""
    there = shown.replace(tzinfo=zone, fold=0)
    first, last = there.timestamp(), there.replace(fold=1).timestamp()
    if first > last:  # the clock jumps over this time, between these two instants
        first = last = _jump(last, first, zone)
    return first, last


def _clock(day: int, minute: int) -> datetime:
    """Return date and time of a minute of a day; 24:00 is the next day's 0:00."""
    return datetime.combine(date.fromordinal(day), time()) + timedelta(minutes=minute)


def _jump(before: float, after: float, zone: ZoneInfo) -> float:
    """Return the second at which the offset from UTC changes, somewhere in between."""
    low, high = int(before), int(after)
    offset = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return float(high)


def _offset(instant: float, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
