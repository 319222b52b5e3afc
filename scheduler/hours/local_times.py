"""Which is the earliest, and which the latest time of day that a clock shows at any dial?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scheduler.hours.walltime import DAY_SECONDS, local, zone_of

#: Clocks are changed at quarters of an hour: until the next one an offset holds.
_QUARTER_SECONDS = 900

_Offsets: TypeAlias = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time of day, and where it is."""

    second: float  #: since the midnight before
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
        """Return each offset in seconds from UTC that one of the zones has then, with the zone."""
        quarter = int(at // _QUARTER_SECONDS)
        if quarter != self._quarter:
            self._quarter, self._offsets = quarter, _offsets(self._zones, at)
        return self._offsets


@dataclass(slots=True)
class LocalTimes:
    """The earliest and the latest time so far; None: nobody knows any."""

    earliest: LocalTime | None = None
    latest: LocalTime | None = None

    def look(self, clocks: Clocks, at: float) -> None:
        """Take in what the clocks show at an instant: of a contact's zones each may be its own."""
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
