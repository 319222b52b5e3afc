"""The earliest and the latest local time of day at any dial of a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scheduler.hours.walltime import DAY_SECONDS, local, zone_of

#: Clocks only change at quarters of an hour: an offset holds until the next one.
_QUARTER_SECONDS = 900

_Offsets: TypeAlias = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of day in a zone."""

    second: float  #: seconds since midnight
    zone: str

    def __str__(self) -> str:
        minutes = int(self.second // 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"


class Clocks:
    """The clocks of the zones in which the contacts of one group may be."""

    def __init__(self, zones: tuple[str, ...]) -> None:
        self._zones = zones
        self._quarter = -1
        self._offsets: _Offsets = ()
        self.looked_at = -1.0

    def offsets(self, at: float) -> _Offsets:
        """Return the zones' offsets from UTC in seconds at an instant, each with one zone."""
        quarter = int(at // _QUARTER_SECONDS)
        if quarter != self._quarter:
            self._quarter, self._offsets = quarter, _offsets(self._zones, at)
        return self._offsets


@dataclass(slots=True)
class LocalTimes:
    """The earliest and the latest time so far; None: no contact's zone is known."""

    earliest: LocalTime | None = None
    latest: LocalTime | None = None

    def look(self, clocks: Clocks, at: float) -> None:
        """Include the local times of a dial: the contact may be in any of its zones."""
        if clocks.looked_at == at:  # many are dialled at once
            return
        clocks.looked_at = at
        for offset, zone in clocks.offsets(at):
            second = (at + offset) % DAY_SECONDS
            if self.earliest is None or second < self.earliest.second:
                self.earliest = LocalTime(second, zone)
            if self.latest is None or second > self.latest.second:
                self.latest = LocalTime(second, zone)


def _offsets(zones: tuple[str, ...], at: float) -> _Offsets:
    found: dict[float, str] = {}
    for name in zones:
        there = zone_of(name)
        offset = None if there is None else local(at, there).utcoffset()
        if offset is not None:
            found.setdefault(offset.total_seconds(), name)
    return tuple(found.items())
