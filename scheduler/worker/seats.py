"""How accounts share the threads of Celery's pool, so that none takes those of another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

#: Threads that each account has for itself, whatever the others take.
OWN = 2


class Seats:
    """Lets so many threads in for each account, and turns the others away.

    Each account has a few seats of its own. Of the others it takes no more than it leaves free:
    alone it has half of them, and if its provider hangs, the next account finds half of what is
    left. (Choudhury and Hahne, "Dynamic queue length thresholds", 1998, with a factor of 1.)
    Where only one account is served it has them all.
    """

    def __init__(self, count: int, accounts: int = 1, own: int = OWN) -> None:
        """There are `count` seats in all, or as many as every account has of its `own`."""
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._wished = count
        self._own = own
        self.share_out(accounts)

    def share_out(self, accounts: int) -> None:
        """Share the seats out among so many accounts."""
        with self._lock:
            self._is_alone = accounts <= 1
            self.count = max(self._wished, self._own * accounts)
            self._common = self.count - self._own * accounts

    @property
    def taken(self) -> int:
        """How many work now."""
        with self._lock:
            return self._taken.total()

    def taken_by(self, account: str) -> int:
        """How many work for an account now."""
        with self._lock:
            return self._taken[account]

    @property
    def most(self) -> int:
        """How many one account may take while no other takes any."""
        return self.count if self._is_alone else self._own + (self._common + 1) // 2

    def work(self, account: str, work: Callable[[], object]) -> bool:
        """Do this for an account, unless it has its share already; return whether it was done."""
        if not self._take(account):
            return False
        try:
            work()
        finally:
            with self._lock:
                self._taken[account] -= 1
        return True

    def _take(self, account: str) -> bool:
        with self._lock:
            if not self._has_room(self._taken[account]):
                return False
            self._taken[account] += 1
            return True

    def _has_room(self, taken: int) -> bool:
        if self._is_alone:
            return self._taken.total() < self.count
        if taken < self._own:
            return True
        in_common = sum(max(0, one - self._own) for one in self._taken.values())
        return taken - self._own < self._common - in_common
