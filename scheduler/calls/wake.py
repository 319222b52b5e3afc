"""Wakes the timekeeper: a thread that learns of a deadline calls in, and waits for nothing."""

from __future__ import annotations

import threading
from math import inf

from scheduler.clock import since_boot


class Alarm:
    """How long one thread sleeps, and what ends its sleep."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._sleeps_until = inf

    def ring(self, at: float = 0.0) -> None:
        """Wake the sleeper if it would sleep beyond this instant, or keep it awake."""
        if at < self._sleeps_until:
            self._rung.set()

    def sleep(self, until: float) -> None:
        """Sleep until then, unless somebody rings, now or since the last sleep."""
        self._sleeps_until = until
        self._rung.wait(max(0.0, until - since_boot()))
        self._sleeps_until = inf
        self._rung.clear()


class Wake:
    """When one account needs the next look. Any thread may call in."""

    def __init__(self, alarm: Alarm | None = None) -> None:
        """`alarm` wakes the thread that looks at the account."""
        self._alarm = alarm or Alarm()
        self._lock = threading.Lock()
        self._due_at = 0.0

    @property
    def due_at(self) -> float:
        """The instant, since boot."""
        return self._due_at

    def taken(self) -> None:
        """Note that the account is looked at now: later calls ask for another look."""
        with self._lock:
            self._due_at = inf

    def due_in(self, seconds: float) -> None:
        """Have the account looked at in so many seconds, unless it is looked at sooner."""
        at = since_boot() + seconds
        with self._lock:
            is_sooner = at < self._due_at
            self._due_at = min(at, self._due_at)
        if is_sooner:
            self._alarm.ring(at)

    def now(self) -> None:
        """Have the account looked at now."""
        self.due_in(-inf)
