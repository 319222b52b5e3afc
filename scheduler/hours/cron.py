"""The instants at which a schedule fires.

An expression whose hour is `*` counts the hours that pass, whatever the clocks show. Any other
names times on the wall clock of its zone, and fires once for each: if the clock jumps over a time,
it fires at the jump; if the clock shows a time twice, it fires the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from cronsim import CronSim, CronSimError

from scheduler.hours.walltime import zone_of
from scheduler.masking import shown
from scheduler.models import Schedule

CRON_EXPECTED = "five fields such as 0 9 * * mon-fri: minute, hour, day of month, month, weekday"
_SOMEDAY = datetime(2026, 1, 1)  # noqa: DTZ001 to look at an expression no zone is needed
#: The fields by the parser's names, each with its values in words and their number.
_FIELDS = {
    "minute": ("0 to 59", 60),
    "hour": ("0 to 23", 24),
    "day-of-month": ("1 to 31, L for the last day, LW for the last from Monday to Friday", 31),
    "month": ("1 to 12, or jan to dec", 12),
    "day-of-week": ("0 to 7 with Sunday as 0 and 7, or sun to sat", 7),
}
_STEP = re.compile(r"/([0-9]+)")
_RANGE = re.compile(r"(?:[0-9]+|[a-z]{3})-(?:[0-9]+|[a-z]{3})", re.IGNORECASE)
_MONTH_WITHOUT_DAY = (
    "none of these months has that day: say another one, or L for the last day of a month"
)


def read_cron(written: str) -> str:
    """Return a cron expression with single blanks; ValueError says how one is written."""
    fields = written.split()
    if len(fields) != 5:
        raise ValueError(f"expected {CRON_EXPECTED}, got {shown(written)}")
    named = dict(zip(_FIELDS, fields, strict=True))
    for name, field in named.items():
        if (step := _step_too_long(name, field)) is not None:
            raise ValueError(_refusal(name, field, step))
    try:
        first = next(CronSim(" ".join(fields), _SOMEDAY), None)
    except CronSimError as error:
        name = str(error).removeprefix("Bad ")
        field = named.get(name, written)
        raise ValueError(_refusal(name, field, _why(name, field))) from None
    if first is None:
        raise ValueError(f"expected a time that comes: {_MONTH_WITHOUT_DAY}")
    return " ".join(fields)


def _refusal(name: str, field: str, why: str) -> str:
    return f"expected {CRON_EXPECTED}; {shown(field)} is no {name}: {why}"


def _step_too_long(name: str, field: str) -> str | None:
    """Return why a step never reaches a second value, like `*/90` minutes; None if it does."""
    values, most = _FIELDS[name]
    if any(int(step) > most for step in _STEP.findall(field)):
        return f"a step begins anew with each hour, day, month or year: list values of {values}"
    return None


def _why(name: str, field: str) -> str:
    """Return what is wrong with a field that the parser refuses, and how to write it."""
    if "?" in field:
        return "write * where any will do"
    if name == "day-of-month" and _is_known(field):
        return _MONTH_WITHOUT_DAY
    values, _ = _FIELDS.get(name, ("", 0))
    if _RANGE.search(field):
        up = "; sun is 0, so write fri,sat,sun or 5-7" if name == "day-of-week" else ""
        return f"a range goes from the lower to the higher value{up}; values are {values}"
    return f"values are {values}"


def _is_known(day: str) -> bool:
    """Whether a day of the month can be read, so that only its months can be the fault."""
    try:
        CronSim(f"0 0 {day} * *", _SOMEDAY)
    except CronSimError:
        return False
    return True


def next_after(schedule: Schedule, instant: float) -> float | None:
    """Return the first firing after an instant; None after the last one."""
    return next(_after(schedule, instant), None)


def firings_between(schedule: Schedule, after: float, until: float) -> Iterator[float]:
    """Yield the firings after one instant and until another, including that one."""
    for at in _after(schedule, after):
        if at > until:
            return
        yield at


def _after(schedule: Schedule, instant: float) -> Iterator[float]:
    """Yield every firing after an instant, within start and end."""
    if schedule.start is not None:
        # A second earlier: the search finds only later instants, and `start` itself may fire.
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
        # In an hour that comes twice, search from its first occurrence.
        if at > instant:
            yield at


def _by_wall_clock(cron: str) -> str:
    """Return an expression that names hours without stars in front.

    The parser reads a leading star in minute or hour as "at each one that passes": in an hour that
    comes twice it would fire twice, and in one that is left out never.
    """
    minute, hour, *days = cron.split()
    if hour == "*":
        return cron
    return " ".join((_spelled(minute, "0-59"), _spelled(hour, "0-23"), *days))


def _spelled(field: str, every: str) -> str:
    terms = field.split(",")
    return ",".join(every + term[1:] if term.startswith("*") else term for term in terms)
