"""How late calls ended, and how late their first stops were sent: the first is what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.late import LATE_SECONDS
from scheduler.ledger.lateness import Lateness
from scheduler.report.spread import Spread

#: A first stop that was sent no later than this was sent on time.
SENT_ON_TIME_SECONDS = 0.1


@dataclass(slots=True)
class Late:
    """Of calls that lasted until their deadline: by how many seconds they outlasted it."""

    ends: Spread = field(default_factory=Spread)  #: from the deadline to the confirmed end
    sendings: Spread = field(default_factory=Spread)  #: from the deadline to the first stop
    since: float | None = None  #: the deadline of the first call that ended late
    until: float | None = None  #: the end of the last call that ended late

    def add(self, record: Mapping[str, Any]) -> None:
        """Take the record of one contact."""
        if (sent := record.get("stop_late_seconds")) is not None:
            self.sendings.add(sent)
        if (late := record.get("late_seconds")) is None:
            return
        self.ends.add(late)
        if late > LATE_SECONDS and (over_at := record.get("ended_at")) is not None:
            self.since = min(self.since or over_at, over_at - late)
            self.until = max(self.until or over_at, over_at)

    @property
    def calls(self) -> int:
        """How many ended late."""
        return len(self.ends) - self.on_time

    @property
    def on_time(self) -> int:
        """How many of these calls ended in time."""
        return self.ends.within(LATE_SECONDS)

    @property
    def counted(self) -> Lateness:
        """What ended late, from the records alone: without causes."""
        return Lateness(self.calls, self.ends.highest or 0.0, since=self.since, until=self.until)

    @property
    def sent_on_time(self) -> int:
        """How many first stops were sent in time."""
        return self.sendings.within(SENT_ON_TIME_SECONDS)

    def ends_record(self) -> dict[str, Any]:
        """Return how late calls ended, as JSON has it."""
        return {
            "calls": len(self.ends),
            "on_time": self.on_time,
            "on_time_seconds": LATE_SECONDS,
            **_shares(self.ends),
        }

    def sendings_record(self) -> dict[str, Any]:
        """Return how late first stops were sent, as JSON has it."""
        return {
            "stops": len(self.sendings),
            "on_time": self.sent_on_time,
            "on_time_seconds": SENT_ON_TIME_SECONDS,
            **_shares(self.sendings),
        }


def _shares(spread: Spread) -> dict[str, Any]:
    return {
        "p50_seconds": spread.percentile(0.5),
        "p99_seconds": spread.percentile(0.99),
        "max_seconds": spread.highest,
    }
