"""How many threads of Celery's pool may do one kind of work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Seats:
    """Lets so many threads in, and turns the others away."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0
        self._lock = threading.Lock()

    def work(self, work: Callable[[], object]) -> None:
        """Do this, unless all seats are taken."""
        if not self._take():
            return
        try:
            work()
        finally:
            with self._lock:
                self.taken -= 1

    def _take(self) -> bool:
        with self._lock:
            if self.taken == self.count:
                return False
            self.taken += 1
            return True
