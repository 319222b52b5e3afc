"""The rate limit of each visitor: a token bucket, with a burst and then so many a second."""

from __future__ import annotations

import threading
from collections import OrderedDict

from scheduler.clock import since_boot

BURST, PER_SECOND = 200.0, 50.0
#: Visitors whose buckets are kept; beyond that, the oldest bucket goes and starts full again.
MOST_VISITORS = 10_000


class Rates:
    """A token bucket for each visitor. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_of(self, visitor: str, now: float | None = None) -> float:
        """Count a request; return for how many seconds its sender has to wait, 0 for none."""
        now = since_boot() if now is None else now
        with self._lock:
            left, at = self._left.pop(visitor, (BURST, now))
            left = min(BURST, left + (now - at) * PER_SECOND)
            wait = 0.0 if left >= 1 else (1 - left) / PER_SECOND
            self._left[visitor] = (left if wait else left - 1, now)
            while len(self._left) > MOST_VISITORS:
                self._left.popitem(last=False)
        return wait
