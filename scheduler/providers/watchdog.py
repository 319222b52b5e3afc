"""Timers that cut off slow requests, all on one thread; `threading.Timer` needs a thread each."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from scheduler.clock import since_boot


@dataclass(order=True, slots=True)
class Timer:
    """A function that is called at an instant, unless it is cancelled before."""

    at: float  #: on the clock of `since_boot`
    act: Callable[[], None] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Cancel it; its function may be running already."""
        self.is_off = True


class Watchdog:
    """Sleeps until the first timer that is not cancelled."""

    def __init__(self) -> None:
        self._alarms: list[Timer] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Call `act` after so many seconds, on the watchdog's thread: it must not block."""
        alarm = Timer(since_boot() + seconds, act)
        with self._changed:
            heapq.heappush(self._alarms, alarm)
            # The thread starts with the first timer, and again in a forked process, which has none.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="watchdog", daemon=True)
                self._thread.start()
            elif self._alarms[0] is alarm:
                self._changed.notify()
        return alarm

    @property
    def count(self) -> int:
        """The number of timers that are set and not cancelled."""
        with self._changed:
            return sum(not alarm.is_off for alarm in self._alarms)

    def _keep(self) -> None:
        while True:
            with self._changed:
                alarm = self._next()
            alarm.act()

    def _next(self) -> Timer:
        """Wait for the first timer that is due."""
        while True:
            # Most timers are cancelled long before they are due, so the thread rarely wakes.
            while self._alarms and self._alarms[0].is_off:
                heapq.heappop(self._alarms)
            if not self._alarms:
                self._changed.wait()
            elif (left := self._alarms[0].at - since_boot()) > 0:
                self._changed.wait(left)
            else:
                return heapq.heappop(self._alarms)
