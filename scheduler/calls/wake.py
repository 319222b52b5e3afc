"""Wakes the timekeeper: whoever hears of a deadline says so, and nobody waits for anything."""

from __future__ import annotations

import threading

from scheduler.clock import since_boot


class Wake:
    """How long one thread sleeps, and what ends its sleep. Others call in from any thread."""

    def __init__(self) -> None:
        self._woken = threading.Event()
        self._sleeps_until = 0.0

    def due_in(self, seconds: float) -> None:
        """Wake the sleeper if something is due in so many seconds and it would sleep longer."""
        if since_boot() + seconds < self._sleeps_until:
            self._woken.set()

    def now(self) -> None:
        """Wake the sleeper, or have it not fall asleep."""
        self._woken.set()

    def sleep(self, seconds: float) -> None:
        """Sleep for so long, unless somebody wakes this thread."""
        self._sleeps_until = since_boot() + seconds
        self._woken.wait(seconds)
        self._woken.clear()
