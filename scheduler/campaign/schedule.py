"""At which instants does a schedule fire?

An expression whose hour is `*` goes by the hours that pass, whatever clocks are set to. Any other
names times on the wall clock of its zone, and fires once for each: one that the clock jumps over
fires when it jumps, and one that it shows twice fires the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cronsim import CronSim, CronSimError

from scheduler.campaign.walltime import zone_of
from scheduler.masking import shown
from scheduler.models import Schedule

CRON_EXPECTED = "five fields such as 0 9 * * mon-fri: minute, hour, day of month, month, weekday"
_SOMEDAY = datetime(2026, 1, 1)  # noqa: DTZ001 to look at an expression no zone is needed


def read_cron(written: str) -> str:
    """Return a cron expression with single blanks; ValueError says how one is written."""
    fields = written.split()
    if len(fields) != 5:
        raise ValueError(f"expected {CRON_EXPECTED}, got {shown(written)}")
    try:
        first = next(CronSim(" ".join(fields), _SOMEDAY), None)
    except CronSimError as error:
        wrong = str(error).removeprefix("Bad ")
        message = f"expected {CRON_EXPECTED}; the {wrong} of {shown(written)} is none"
        raise ValueError(message) from None
    if first is None:
        raise ValueError(f"expected a time that comes, and {shown(written)} never does")
    return " ".join(fields)


def next_after(schedule: Schedule, instant: float) -> float | None:
    """Return the first firing after an instant; None when there is none any more."""
    return next(_after(schedule, instant), None)


def firings_between(schedule: Schedule, after: float, until: float) -> Iterator[float]:
    """Yield the firings after one instant and until another, that one included."""
    for at in _after(schedule, after):
        if at > until:
            return
        yield at


def _after(schedule: Schedule, instant: float) -> Iterator[float]:
    """Yield every firing after an instant, within start and end."""
    if schedule.start is not None:
        # A second before it, since what is looked for comes after: start itself may fire.
        instant = max(instant, schedule.start - 1.0)
    for at in _at_once(schedule, instant) if schedule.at is not None else _ticks(schedule, instant):
        if schedule.end is not None and at > schedule.end:
            return
        if schedule.start is None or at >= schedule.start:
            yield at


def _at_once(schedule: Schedule, instant: float) -> Iterator[float]:
    if schedule.at is not None and schedule.at > instant:
        yield schedule.at


def _ticks(schedule: Schedule, instant: float) -> Iterator[float]:
    zone = zone_of(schedule.timezone)
    if zone is None:
        raise ValueError(f"this machine knows no time zone {shown(schedule.timezone)}")
    begin = datetime.fromtimestamp(instant, zone)
    for shows in CronSim(_by_wall_clock(schedule.cron), begin):
        at = shows.timestamp()
        # In an hour that comes twice the search begins with the first one.
        if at > instant:
            yield at


def _by_wall_clock(cron: str) -> str:
    """Return an expression that names hours without stars in front.

    The parser takes a leading star in minute or hour for "at every one that passes", which in an
    hour that comes twice is twice, and in one that is left out never.
    """
    minute, hour, *days = cron.split()
    if hour == "*":
        return cron
    return " ".join((_spelled(minute, "0-59"), _spelled(hour, "0-23"), *days))


def _spelled(field: str, every: str) -> str:
    terms = field.split(",")
    return ",".join(every + term[1:] if term.startswith("*") else term for term in terms)
