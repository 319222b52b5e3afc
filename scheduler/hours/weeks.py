"""How the hours of a week are written: `mon-fri 9:00-12:00, 13:00-17:00; sat 10:00-14:00`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from scheduler.hours.walltime import DAY_MINUTES
from scheduler.masking import shown

#: Monday first: the windows of each day in minutes, in order, without the closing minute.
Week: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]

ALWAYS = "always"
CLOSED = "closed"
EXPECTED = "hours such as 9:00-17:00 or mon-fri 9:00-12:00, 13:00-17:00; sat 10:00-14:00, or always"
WHOLE_WEEK: Week = (((0, DAY_MINUTES),),) * 7
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = tuple(day[:3] for day in _DAYS)
_CLOCK = r"(\d{1,2}):(\d{2})"
_WINDOW = re.compile(rf"{_CLOCK}\s*-\s*{_CLOCK}")
_PART = re.compile(r"(?P<days>[a-z][a-z,\s-]*?)?\s*(?P<windows>\d[\d:,\s-]*|closed)")


def read_week(text: str) -> Week:
    """Read the hours of a week; ValueError says how they are written."""
    if text.strip().lower() == ALWAYS:
        return WHOLE_WEEK
    return week_of(_split(part) for part in text.lower().split(";"))


def week_of(parts: Iterable[tuple[str, Iterable[str]]]) -> Week:
    """Return the week of pairs of days and their windows, such as `mon-fri` and `9:00-17:00`."""
    week: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    named: set[int] = set()
    for days, texts in parts:
        windows = [_window(text) for text in texts]
        for day in _days(days):
            if day in named:
                raise ValueError(f"expected each day once, got {_DAYS[day]} twice")
            named.add(day)
            for opens, closes in windows:
                week[day].append((opens, min(closes, DAY_MINUTES)))
                if closes > DAY_MINUTES:
                    week[(day + 1) % 7].append((0, closes - DAY_MINUTES))
    return tuple(_joined(windows) for windows in week)


def windows_in(text: str) -> list[str]:
    """Return the windows of one day, separated by commas; []: it is closed."""
    return [] if text.strip().lower() == CLOSED else [each.strip() for each in text.split(",")]


def written(week: Week) -> str:
    """Write the hours of a week; consecutive days with equal hours are joined."""
    if week == WHOLE_WEEK:
        return ALWAYS
    groups: list[tuple[int, int]] = []
    for day, windows in enumerate(week):
        if groups and week[groups[-1][0]] == windows:
            groups[-1] = groups[-1][0], day
        else:
            groups.append((day, day))
    if len(groups) == 1:
        return _hours(week[0])
    return "; ".join(f"{_span(*group)} {_hours(week[group[0]])}" for group in groups)


def clock(minute: int) -> str:
    """Write a minute of the day as a clock shows it."""
    return f"{minute // 60}:{minute % 60:02}"


def _hours(windows: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{clock(opens)}-{clock(closes)}" for opens, closes in windows) or CLOSED


def _span(first: int, last: int) -> str:
    return _SHORT[first] if first == last else f"{_SHORT[first]}-{_SHORT[last]}"


def _split(part: str) -> tuple[str, list[str]]:
    match = _PART.fullmatch(part.strip())
    if match is None:
        raise ValueError(f"expected {EXPECTED}, got {shown(part.strip()) if part else 'nothing'}")
    return match["days"] or "mon-sun", windows_in(match["windows"])


def _window(text: str) -> tuple[int, int]:
    """Return when a window opens and closes; one that ends after midnight closes after 24:00."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a window such as 9:00-17:00, got {shown(text)}")
    opens, closes = _minute(match[1], match[2]), _minute(match[3], match[4])
    if opens in (closes, DAY_MINUTES):
        raise ValueError(f"expected a window that opens before it closes, got {shown(text)}")
    return opens, closes if closes > opens else closes + DAY_MINUTES


def _minute(hours: str, minutes: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > DAY_MINUTES:
        raise ValueError(f"expected a time from 0:00 to 24:00, got {shown(f'{hours}:{minutes}')}")
    return minute


def _days(text: str) -> list[int]:
    """Return the days of `mon-fri, sun`, counted from Monday; `sat-mon` goes over the weekend."""
    days: list[int] = []
    for span in text.lower().split(","):
        first, dash, last = span.partition("-")
        start = _day(first)
        length = (_day(last) - start) % 7 if dash else 0
        days += [(start + by) % 7 for by in range(length + 1)]
    return days


def _day(name: str) -> int:
    name = name.strip()
    for known in (_SHORT, _DAYS):
        if name in known:
            return known.index(name)
    raise ValueError(f"expected days such as mon or mon-fri, got {shown(name)}")


def _joined(windows: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted(window for window in windows if window[0] < window[1]):
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(closes, joined[-1][1])
        else:
            joined.append((opens, closes))
    return tuple(joined)
