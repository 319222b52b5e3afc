"""Logs a lasting fault of an account only now and then, so that it floods no log."""

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
