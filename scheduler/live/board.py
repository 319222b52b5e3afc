"""Shares pictures of accounts among all readers: each is taken at most once a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from scheduler.clock import since_boot
from scheduler.ledger.ledger import Ledger
from scheduler.live.picture import Picture
from scheduler.live.watcher import Focus, Watcher

#: How long a picture is shared before a new one is taken.
FRESH_SECONDS = 1.0

#: Live calls of an account whose contacts are read.
CALLS = 50


@dataclass(slots=True)
class _Watched:
    watcher: Watcher
    lock: threading.Lock = field(default_factory=threading.Lock)
    picture: Picture | None = None
    taken_at: float = 0.0


class Board:
    """One watcher an account, as `callsched watch` has it; threads may share it."""

    def __init__(self, ledger: Ledger, ceiling_of: Callable[[str], int]) -> None:
        self._ledger = ledger
        self._ceiling_of = ceiling_of
        self._watched: dict[str, _Watched] = {}
        self._lock = threading.Lock()

    def picture(self, account: str) -> Picture:
        """Return how an account stands. Raises LedgerTrouble."""
        watched = self._of(account)
        with watched.lock:  # readers that wait here share the picture of the first one
            if watched.picture is None or since_boot() - watched.taken_at >= FRESH_SECONDS:
                watched.picture = watched.watcher.look(Focus(calls=CALLS))
                watched.taken_at = since_boot()
            return watched.picture

    def _of(self, account: str) -> _Watched:
        with self._lock:
            if account not in self._watched:
                watcher = Watcher(self._ledger, (), account=account, ceiling_of=self._ceiling_of)
                self._watched[account] = _Watched(watcher)
            return self._watched[account]
