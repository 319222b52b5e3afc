"""Keeps a receiver up to date with the accounts file, and its private Redis alive."""

from __future__ import annotations

import logging
import threading

from scheduler.errors import ConfigError, SchedulerError
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.providers import accounts_of
from scheduler.settings import Settings
from scheduler.web.desks import Desks

logger = logging.getLogger(__name__)

#: How often the accounts file and the secrets that it names are read again.
LOOK_SECONDS = 60.0

#: How long a private Redis may take to answer again after it is restarted.
REVIVE_SECONDS = 5.0


class Keeper:
    """Works on its own thread, so that no request waits for a file or for Redis to start."""

    def __init__(self, settings: Settings, desks: Desks, embedded: EmbeddedRedis | None) -> None:
        self._settings = settings
        self._desks = desks
        self._embedded = embedded
        self._fault = ""
        self._wanted = threading.Event()
        self._is_wanted = self._is_over = self._is_away = False
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Open the desks of all accounts, and then follow the accounts file on the thread."""
        self._look()
        self._thread.start()

    def look_now(self) -> None:
        """Have the thread read the accounts file at once."""
        self._is_wanted = True
        self._wanted.set()

    def revive(self) -> None:
        """Have the thread check the private Redis, which did not answer, and restart it."""
        self._is_away = True
        self._wanted.set()

    def close(self) -> None:
        """End the thread, and wait for its end."""
        self._is_over = True
        self._wanted.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._is_over:
            is_early = self._wanted.wait(LOOK_SECONDS)
            self._wanted.clear()
            if self._is_away:
                self._is_away = False
                self._ensure()
            if self._is_wanted or not is_early:
                self._is_wanted = False
                self._look()

    def _ensure(self) -> None:
        try:
            if self._embedded is not None and self._embedded.ensure(REVIVE_SECONDS):
                logger.warning("the private Redis had died, and is started again")
        except SchedulerError as error:
            logger.error("the private Redis stays away: %s", error)

    def _look(self) -> None:
        try:
            accounts = accounts_of(self._settings, is_tolerant=True)
            fault = "; ".join(accounts.doubts)
            self._desks.follow(accounts)
        except ConfigError as error:
            fault = "; ".join(map(str, error.args))
        except Exception:
            logger.exception("the accounts can't be followed")
            return
        if fault and fault != self._fault:
            logger.error("only callbacks of other accounts are accepted: %s", fault)
        self._fault = fault
