"""The clock by which a page writes its times, and how the page names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_INSTANT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Times:
    """Writes instants in one time zone; None: the zone of the machine that makes the page."""

    zone: tzinfo | None = UTC

    def at(self, instant: float) -> datetime:
        """Return what the clock shows."""
        return datetime.fromtimestamp(instant, self.zone).astimezone(self.zone)

    def instant(self, at: float | None) -> str:
        """Write an instant without its zone, which the page names once."""
        return f"{self.at(at):{_INSTANT}}" if at is not None else ""

    def named(self, at: float | None) -> str:
        """Write an instant with its zone."""
        return f"{self.instant(at)} {self.name(at)}" if at is not None else ""

    def name(self, at: float) -> str:
        """Return the zone's abbreviation at an instant, such as EST or UTC."""
        return self.at(at).tzname() or ""

    def offset(self, at: float) -> float:
        """Return by how many seconds the clock is ahead of UTC."""
        return (self.at(at).utcoffset() or timedelta()).total_seconds()

    def described(self, *instants: float | None) -> str:
        """Name the zone, as "EST (UTC-05:00)"; both names if the clocks changed meanwhile."""
        found = dict.fromkeys(self._described(at) for at in instants if at is not None)
        return " and ".join(found)

    def _described(self, at: float) -> str:
        moment = self.at(at)
        name = moment.tzname() or ""
        ahead = f"UTC{moment:%z}"[:6] + ":" + f"{moment:%z}"[3:5]
        return name if name == "UTC" else f"{name} ({ahead})"


IN_UTC = Times(UTC)


def machine_instant(at: float) -> str:
    """Write an instant as the `datetime` of a `<time>` has it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
