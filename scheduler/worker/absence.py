"""Why this worker has kept no deadlines for a while."""

from __future__ import annotations

import time

from scheduler.clock import since_boot
from scheduler.late import LateCause

#: The two clocks are read one after the other, and a sleep takes longer.
_SLEPT_SECONDS = 1.0


class Absence:
    """Compares the clock that counts a machine's sleep with the one that does not."""

    def __init__(self) -> None:
        self._asleep_seconds = _asleep_seconds()

    def why(self, *, is_cut_off: bool) -> LateCause | None:
        """Return why this worker missed its last ticks; None if it did not."""
        before, self._asleep_seconds = self._asleep_seconds, _asleep_seconds()
        if self._asleep_seconds - before > _SLEPT_SECONDS:
            return LateCause.ASLEEP
        return LateCause.LEDGER if is_cut_off else None


def _asleep_seconds() -> float:
    """Return how long the machine has slept since it was started, plus a constant."""
    return since_boot() - time.monotonic()
