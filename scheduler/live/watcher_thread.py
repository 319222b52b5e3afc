"""The thread that looks at the ledger for a screen, so that a slow Redis holds up no key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from scheduler.clock import since_boot
from scheduler.errors import LedgerUnreachable, SchedulerError
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.live.picture import Picture
from scheduler.live.watcher import Focus, Watcher


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is nothing new to see."""

    text: str


class WatcherThread:
    """Looks at regular intervals, at most once in each, and tells what it saw."""

    def __init__(
        self,
        watcher: Watcher,
        embedded: EmbeddedRedis | None,
        refresh_seconds: float,
        tell: Callable[[Picture | Trouble], object],
    ) -> None:
        """`tell` is called in the thread that looks."""
        self.wish = Focus()
        self._watcher = watcher
        self._embedded = embedded
        self._refresh_seconds = refresh_seconds
        self._tell = tell
        self._leaving = threading.Event()
        # A daemon: a Redis that hangs must not keep a person from leaving.
        self._thread = threading.Thread(target=self._go_on, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, within_seconds: float = 1.0) -> None:
        """Look no more, and wait a moment for a look that is under way."""
        self._leaving.set()
        self._thread.join(within_seconds)

    def _go_on(self) -> None:
        while not self._leaving.is_set():
            began_at = since_boot()
            seen = self._look()
            if self._leaving.is_set():
                return
            self._tell(seen)
            self._leaving.wait(max(0.0, began_at + self._refresh_seconds - since_boot()))

    def _look(self) -> Picture | Trouble:
        try:
            return self._watcher.look(self.wish)
        except LedgerUnreachable as error:
            return Trouble(self._revive(error))
        except SchedulerError as error:
            return Trouble(str(error))
        except Exception as error:
            # A thread that dies of it would leave a screen that stands still and looks alive.
            return Trouble(f"a fault of callsched itself: {error!r}")

    def _revive(self, error: LedgerUnreachable) -> str:
        """Start a private Redis that has died; for any other one there is only waiting."""
        try:
            if self._embedded is not None and self._embedded.ensure():
                return "the private Redis had died and has been started again"
        except SchedulerError as trouble:
            return str(trouble)
        return f"waiting for Redis: {error}"
