"""What time it is at a telephony API, as the headers of its answers say.

A third clock beside that of Redis and our own, for when these two disagree. What it shows may be
wrong by any length: only how far it has come from one answer to another tells anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import requests

from scheduler.providers.answers import is_success
from scheduler.providers.http_dates import http_date

#: A date has whole seconds (RFC 9110, 6.6.1).
RESOLUTION_SECONDS = 1.0

#: None is longer: "Sun, 06 Nov 1994 08:49:37 GMT".
_MOST_LETTERS = 29


@dataclass(frozen=True, slots=True)
class ApiTime:
    """The date of one answer, and between which instants since boot it was written."""

    date: str
    asked_at: float
    answered_at: float


class ApiClock:
    """Keeps what the API's last answer said. Safe to use from many threads."""

    def __init__(self, base_url: str) -> None:
        """Answers of other places say nothing."""
        self._place = f"{base_url.rstrip('/')}/"
        self.last: ApiTime | None = None

    def see(
        self, url: str, answer: requests.Response, *, asked_at: float, answered_at: float
    ) -> None:
        """Look at an answer; its date is read when somebody asks for it.

        Errors may be those of a proxy on this very machine, and what has an age was kept by one.
        """
        date = answer.headers.get("Date", "")
        is_its_own = is_success(answer) and "Age" not in answer.headers
        if date and is_its_own and len(date) <= _MOST_LETTERS and url.startswith(self._place):
            self.last = ApiTime(date, asked_at, answered_at)

    def since(self, at: float) -> ApiTime | None:
        """Return what an answer said that was asked for since then; None for none."""
        last = self.last
        return last if last is not None and last.asked_at >= at else None


@dataclass(frozen=True, slots=True)
class Gain:
    """By how many seconds the API's clock has gained on ours; less than 0 where it has lost."""

    least: float
    most: float


def gain(earlier: ApiTime, later: ApiTime) -> Gain | None:
    """Return what it has gained from one answer to another; None where a date can't be read."""
    before, after = http_date(earlier.date), http_date(later.date)
    if before is None or after is None:
        return None
    passed = after - before
    return Gain(
        passed - RESOLUTION_SECONDS - (later.answered_at - earlier.asked_at),
        passed + RESOLUTION_SECONDS - (later.asked_at - earlier.answered_at),
    )
