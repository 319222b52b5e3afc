"""Logs a lasting fault only now and then, so that it floods no log."""

from __future__ import annotations

import logging

from scheduler.clock import since_boot

#: How often the same fault of one account is logged.
SAID_AGAIN_SECONDS = 60.0


class Complaints:
    """Remembers what was logged about each account, and when. For one thread."""

    def __init__(self, logger: logging.Logger, about: str = "") -> None:
        """`about` comes before each fault, such as "webhooks: "."""
        self._logger = logger
        self._about = about
        self._logged_at: dict[tuple[str, str], float] = {}

    def say(self, account: str, error: Exception) -> None:
        """Log what is wrong with an account, unless that was just logged."""
        text, now = str(error), since_boot()
        lately = now - SAID_AGAIN_SECONDS
        self._logged_at = {what: at for what, at in self._logged_at.items() if at > lately}
        if (account, text) not in self._logged_at:
            self._logged_at[account, text] = now
            self._logger.error("account %s: %s%s", account, self._about, text)


#: How often an outage is logged while it lasts.
STILL_AWAY_SECONDS = 10.0


class Outage:
    """Logs that something can't be reached: when that begins, each ten seconds, and its end.

    For one thread.
    """

    def __init__(self, logger: logging.Logger, who: str, what: str) -> None:
        """`who` can't reach `what`, such as "the timekeeper" and "the ledger"."""
        self._logger = logger
        self._who, self._what = who, what
        self._since: float | None = None  #: None: it is reached
        self._say_at = 0.0

    def lasts(self, error: Exception) -> None:
        """Note that it was not reached just now."""
        now = since_boot()
        begins = self._since is None
        self._since = now if self._since is None else self._since
        if begins or now >= self._say_at:
            self._say_at = now + STILL_AWAY_SECONDS
            how_long = "" if begins else f" for {now - self._since:.0f} s"
            self._logger.error("%s can't reach %s%s: %s", self._who, self._what, how_long, error)

    def is_over(self) -> None:
        """Note that it was reached just now."""
        if self._since is not None:
            passed, self._since = since_boot() - self._since, None
            self._logger.warning("%s reaches %s again after %.1f s", self._who, self._what, passed)
