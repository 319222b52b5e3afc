"""At which instants does a clock on the wall of a time zone show a time?

Where the clock goes back it shows an hour twice, and where it goes forward it leaves one out. A
window that opens or closes then is cut where there is doubt: it opens when the clock will not
be before its opening again, and closes when it shows its close for the first time; one that begins
or ends in what is left out does so when the clock jumps.
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
    """Return the zone of a name; None when this machine knows none.

    A machine's own table may be years old, and countries change their clocks: where the package
    tzdata has a newer one, that is read.
    """
    try:
        return (_of_package(name) if _package_is_newer() else None) or ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _of_package(name: str) -> ZoneInfo | None:
    checked = ZoneInfo(name)  # refuses what is no name, such as a way out of the folder
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
    """Return the version of the time zones in a folder, such as 2026f; "": it does not say."""
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
    """Return from when on it is that minute of a local day or later, and not earlier again."""
    first, last = instants(_clock(day, minute), zone)
    goes_back_to_it = first < last and _offset(last - 1, zone) != _offset(last, zone)
    return first if goes_back_to_it else last


def closes_at(day: int, minute: int, zone: ZoneInfo) -> float:
    """Return when it is that minute of a local day for the first time."""
    return instants(_clock(day, minute), zone)[0]


def instants(shown: datetime, zone: ZoneInfo) -> tuple[float, float]:
    """Return the first and the last instant at which a clock shows this; they rarely differ."""
    there = shown.replace(tzinfo=zone, fold=0)
    first, last = there.timestamp(), there.replace(fold=1).timestamp()
    if first > last:  # the clock never shows it: it jumps over it, between these two
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
