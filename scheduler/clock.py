"""Which clock measures how long something took."""

from __future__ import annotations

import time

# A clock that goes on while the machine sleeps, where there is one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Return seconds on a clock that counts suspension and never jumps."""
    return time.clock_gettime(_CLOCK)
