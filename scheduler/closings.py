"""Whether closing sockets are the end of their calls, or an outage of the sockets themselves."""

from __future__ import annotations

from collections import deque

#: Closings within this time are looked at together.
WINDOW_SECONDS = 1.0

#: So many of them, and half of all sockets, are an outage.
MANY = 3
SHARE = 0.5


class Closings:
    """The bare closings of the last second, against how many sockets were open before.

    Far ends hang up one by one; what closes many sockets at once is their server, a proxy, or the
    network. Instants are the caller's, in seconds on any steady clock.
    """

    def __init__(self) -> None:
        self._closed: deque[float] = deque()
        self._well_at = float("-inf")
        self._outage_at = float("-inf")

    def closed(self, now: float, *, open_before: int) -> None:
        """Hear of a socket that closed without a word; `open_before` counts it too."""
        self._closed.append(now)
        while self._closed[0] < now - WINDOW_SECONDS:
            self._closed.popleft()
        # Those that closed within the window were open at its beginning.
        were_open = open_before + len(self._closed) - 1
        if len(self._closed) >= max(MANY, SHARE * were_open):
            self._outage_at = now

    def stays_open(self, now: float) -> None:
        """Hear of a socket that was opened and stays so: sockets can be had."""
        self._well_at = now

    def was_outage(self, closed_at: float) -> bool:
        """Whether many others closed around this instant, or later."""
        return self._outage_at > closed_at - WINDOW_SECONDS

    def is_well_since(self, closed_at: float) -> bool:
        """Whether sockets could be had after this instant, and after the last outage."""
        return self._well_at > max(closed_at, self._outage_at + WINDOW_SECONDS)
