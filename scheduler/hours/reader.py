"""Writes instants for the reader: in this machine's zone, or in UTC."""

from __future__ import annotations

import time
from datetime import timedelta

from scheduler.hours.walltime import local, zone_of

_SECOND, _MINUTE = "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M %Z"
_reads_utc = False


def use_utc() -> None:
    """Write every instant in UTC from now on. Calling hours are not affected."""
    global _reads_utc
    _reads_utc = True


def clock(at: float) -> time.struct_time:
    """Return what the reader's clock and calendar show at an instant."""
    return time.gmtime(at) if _reads_utc else time.localtime(at)


def written(at: float, form: str) -> str:
    """Write an instant as `strftime` does."""
    if _reads_utc:
        form = form.replace("%Z", "UTC")  # which a clock in London calls GMT
    return time.strftime(form, clock(at))


def moment(at: float) -> str:
    """Write an instant with its date and zone, to the second."""
    return written(at, _SECOND)


def minute(at: float) -> str:
    """Write an instant with its date and zone, to the minute."""
    return written(at, _MINUTE)


def day_and_time(at: float) -> str:
    """Write an instant that is to come: with its weekday, too."""
    return written(at, f"%a {_SECOND}")


def elsewhere(at: float, zones: tuple[str, ...]) -> str:
    """Write the local times in zones that differ from the reader's: " (9:00 in …)"."""
    here, shown = clock(at), []
    for name in zones:
        zone = zone_of(name)
        there = local(at, zone) if zone is not None else None
        if there is not None and there.utcoffset() != timedelta(seconds=here.tm_gmtoff):
            day = "" if there.day == here.tm_mday else "%a "
            shown.append(f"{there.strftime(day + '%H:%M')} in {name}")
    return f" ({', '.join(shown[:2])})" if shown else ""


def here(at: float, zone: str) -> str:
    """Write the reader's time, to follow a time in another zone: " (15:00 CET here)"."""
    there = zone_of(zone)
    if there is None or local(at, there).utcoffset() == timedelta(seconds=clock(at).tm_gmtoff):
        return ""
    day = "" if local(at, there).day == clock(at).tm_mday else "%a "
    return f" ({written(at, day + '%H:%M %Z')} {'' if _reads_utc else 'here'}".rstrip() + ")"
