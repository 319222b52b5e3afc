"""The clock of a telephony API, as the `Date` headers of its answers show it.

It is a third clock, for the case that those of Redis and of this machine disagree. It may be wrong
by any length: only the time that passed on it between two answers counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.providers.answer import Answer
from scheduler.providers.answers import is_success
from scheduler.providers.http_dates import http_date

#: A date has whole seconds (RFC 9110, 6.6.1).
RESOLUTION_SECONDS = 1.0

#: The length of the longest date: "Sun, 06 Nov 1994 08:49:37 GMT".
_MOST_LETTERS = 29


@dataclass(frozen=True, slots=True)
class ApiTime:
    """The date of one answer, and the two instants since boot between which it was written."""

    date: str
    asked_at: float
    answered_at: float


class ApiClock:
    """Keeps the date of the API's last answer. Safe to use from many threads."""

    def __init__(self, base_url: str) -> None:
        """`base_url`: answers from any other address are ignored."""
        self._place = f"{base_url.rstrip('/')}/"
        self.last: ApiTime | None = None

    def see(self, url: str, answer: Answer, *, asked_at: float, answered_at: float) -> None:
        """Keep the date of an answer, unparsed.

        Ignores errors, because a proxy on this machine may have made them, and answers with an
        `Age`, because a cache has kept them.
        """
        date = answer.headers.get("Date", "")
        is_its_own = is_success(answer) and "Age" not in answer.headers
        if date and is_its_own and len(date) <= _MOST_LETTERS and url.startswith(self._place):
            self.last = ApiTime(date, asked_at, answered_at)

    def since(self, at: float) -> ApiTime | None:
        """Return the date of an answer whose request was sent since then; None without one."""
        last = self.last
        return last if last is not None and last.asked_at >= at else None


@dataclass(frozen=True, slots=True)
class Gain:
    """The seconds that the API's clock has gained on this machine's; negative: it has lost."""

    least: float
    most: float


def gain(earlier: ApiTime, later: ApiTime) -> Gain | None:
    """Return the gain between two answers; None if a date can't be read."""
    before, after = http_date(earlier.date), http_date(later.date)
    if before is None or after is None:
        return None
    passed = after - before
    return Gain(
        passed - RESOLUTION_SECONDS - (later.answered_at - earlier.asked_at),
        passed + RESOLUTION_SECONDS - (later.asked_at - earlier.answered_at),
    )
