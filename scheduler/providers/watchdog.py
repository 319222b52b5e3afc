"""What cuts off that which takes too long: one thread for all, for each timer costs a thread."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from scheduler.clock import since_boot


@dataclass(order=True, slots=True)
class Timer:
    """Something that is done at an instant, unless it is called off before."""

    at: float  #: on the clock of `since_boot`
    act: Callable[[], None] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Call it off; it may be under way already."""
        self.is_off = True


class Watchdog:
    """Sleeps until the first alarm that nobody has called off."""

    def __init__(self) -> None:
        self._alarms: list[Timer] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Do something after so many seconds, on the watchdog's thread: it must not block."""
        alarm = Timer(since_boot() + seconds, act)
        with self._changed:
            heapq.heappush(self._alarms, alarm)
            # Only now, and again in a forked process, where no thread has survived.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="watchdog", daemon=True)
                self._thread.start()
            elif self._alarms[0] is alarm:
                self._changed.notify()
        return alarm

    @property
    def count(self) -> int:
        """How many alarms are set, those that were called off left out."""
        with self._changed:
            return sum(not alarm.is_off for alarm in self._alarms)

    def _keep(self) -> None:
        while True:
            with self._changed:
                alarm = self._next()
            alarm.act()

    def _next(self) -> Timer:
        """Wait for the first alarm that rings."""
        while True:
            # Most are called off long before: so it is seldom that there is a time to wake at.
            while self._alarms and self._alarms[0].is_off:
                heapq.heappop(self._alarms)
            if not self._alarms:
                self._changed.wait()
            elif (left := self._alarms[0].at - since_boot()) > 0:
                self._changed.wait(left)
            else:
                return heapq.heappop(self._alarms)
