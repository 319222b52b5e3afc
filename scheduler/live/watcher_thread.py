"""Watches the ledger on a thread of its own, so that a slow Redis doesn't block the keyboard."""

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
    """Why there is no new picture."""

    text: str


class WatcherThread:
    """Takes a picture at regular intervals, and hands each to a callback."""

    def __init__(
        self,
        watcher: Watcher,
        embedded: EmbeddedRedis | None,
        refresh_seconds: float,
        on_look: Callable[[Picture | Trouble], object],
    ) -> None:
        """`on_look` gets each picture, or why there is none, on the watching thread."""
        self.focus = Focus()
        self._watcher = watcher
        self._embedded = embedded
        self._refresh_seconds = refresh_seconds
        self._on_look = on_look
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
            self._on_look(seen)
            self._leaving.wait(max(0.0, began_at + self._refresh_seconds - since_boot()))

    def _look(self) -> Picture | Trouble:
        try:
            return self._watcher.look(self.focus)
        except LedgerUnreachable as error:
            return Trouble(self._revive(error))
        except SchedulerError as error:
            return Trouble(str(error))
        except Exception as error:
            # If the thread died, the screen would stand still and look alive.
            return Trouble(f"a fault of callsched itself: {error!r}")

    def _revive(self, error: LedgerUnreachable) -> str:
        """Restart a private Redis that has died. Nothing can be done about any other Redis."""
        try:
            if self._embedded is not None and self._embedded.ensure():
                return "the private Redis had died and has been started again"
        except SchedulerError as trouble:
            return str(trouble)
        return f"waiting for Redis: {error}"
