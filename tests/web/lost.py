"""Calls whose answers were lost, in the ledger of a site."""

from __future__ import annotations

from scheduler.ledger.calls import Ringing
from scheduler.models import Attempt, Disposition, Reason
from tests.integration.ledger import RING, Books
from tests.web.running import RunningSite

#: By which the calls of the site are known, and for how long one may live at most.
CALLER, HOLD = "+12025550199", 600.0


def books_of(site: RunningSite, account: str = "default") -> Books:
    """Return the books of an account of the site, on the clock of its Redis."""
    books = Books(site.ledger, site.ledger.redis, account)
    books.now = site.ledger.time()
    return books


def lose(books: Books, message: str = "500") -> Attempt:
    """Lose the answer to the next start."""
    attempt = books.claimed()
    assert books.begin(attempt, ringing=Ringing(RING, HOLD, CALLER, is_searched=True))
    books.finish(
        attempt,
        Disposition.UNKNOWN,
        reason=Reason.ANSWER_LOST,
        message=message,
        hold_seconds=HOLD,
    )
    return attempt
