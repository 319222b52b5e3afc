"""Calls whose answers were lost, in the ledger of a site."""

from __future__ import annotations

from scheduler.models import Attempt, Disposition, Reason
from tests.integration.ledger import DURATION, Books
from tests.web.running import RunningSite


def books_of(site: RunningSite, account: str = "default") -> Books:
    """Return the books of an account of the site, on the clock of its Redis."""
    books = Books(site.ledger, site.ledger.redis, account)
    books.now = site.ledger.time()
    return books


def lose(books: Books, message: str = "500") -> Attempt:
    """Lose the answer to the next start."""
    attempt = books.begun()
    books.finish(
        attempt,
        Disposition.UNKNOWN,
        reason=Reason.ANSWER_LOST,
        message=message,
        hold_seconds=DURATION,
    )
    return attempt
