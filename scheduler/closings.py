"""Whether closing sockets are the end of their calls, or an outage of the sockets themselves."""

from __future__ import annotations

import math
from collections import deque

#: Closings within this time are looked at together.
WINDOW_SECONDS = 1.0

#: So many of them are an outage when they are nearly all sockets that were open, and when the pace
#: of late makes it unlikely that they closed together by chance …
MANY = 5
NEARLY_ALL = 0.8
UNLIKELY = 3.0  #: deviations

#: … and so many whatever their share, when that is out of the question.
BURST = 10
IMPOSSIBLE = 5.0  #: deviations

#: The calls before: their closings within this time.
HISTORY_SECONDS = 30.0
_SHORTEST_HISTORY_SECONDS = 5.0


class Closings:
    """The bare closings of late, against how many sockets were open.

    Far ends hang up one by one, at a pace that the last half minute shows; what closes nearly all
    sockets within a second, or far more than that pace lets expect, is their server, a proxy, or
    the network. Hang-ups of independent calls are a Poisson process, so the pace's deviation is its
    square root. Instants are the caller's, in seconds on any steady clock.
    """

    def __init__(self) -> None:
        self._closed: deque[float] = deque()
        self._began_at: float | None = None
        self._well_at = float("-inf")
        self._outage_at = float("-inf")

    def closed(self, now: float, *, open_before: int) -> None:
        """Hear of a socket that closed without a word; `open_before` counts it too."""
        if self._began_at is None:
            self._began_at = now
        self._closed.append(now)
        while self._closed[0] < now - HISTORY_SECONDS:
            self._closed.popleft()
        together = sum(closed_at > now - WINDOW_SECONDS for closed_at in self._closed)
        # Those that closed within the window were open at its beginning.
        were_open = open_before + together - 1
        pace = self._pace(now, together)
        if pace is None:
            is_outage = together >= MANY and together >= NEARLY_ALL * were_open
        else:
            beyond = (together - pace) / math.sqrt(pace or 1.0)
            is_outage = (
                together >= MANY and together >= NEARLY_ALL * were_open and beyond > UNLIKELY
            ) or (together >= BURST and beyond > IMPOSSIBLE)
        if is_outage:
            self._outage_at = now

    def _pace(self, now: float, together: int) -> float | None:
        """Return how many closings a window had before this one; None before that can be said."""
        assert self._began_at is not None
        history = min(HISTORY_SECONDS, now - self._began_at) - WINDOW_SECONDS
        if history < _SHORTEST_HISTORY_SECONDS:
            return None
        return (len(self._closed) - together) / history * WINDOW_SECONDS

    def stays_open(self, now: float) -> None:
        """Hear of a socket that was opened and stays so: sockets can be had."""
        if self._began_at is None:
            self._began_at = now
        self._well_at = now

    def was_outage(self, closed_at: float) -> bool:
        """Whether many others closed around this instant, or later."""
        return self._outage_at > closed_at - WINDOW_SECONDS

    def is_well_since(self, closed_at: float) -> bool:
        """Whether sockets could be had after this instant, and after the last outage."""
        return self._well_at > max(closed_at, self._outage_at + WINDOW_SECONDS)
