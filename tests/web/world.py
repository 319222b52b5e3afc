"""A ledger in which there is one of everything that the API speaks of."""

from __future__ import annotations

from scheduler.models import Disposition, Reason
from tests.integration.ledger import DURATION, Books, named
from tests.web.running import TOKEN, RunningSite

ADMIN = {"Authorization": f"Bearer {TOKEN}"}

#: What there is one of, by the names that paths have for it.
PLACES: dict[str, str] = {"campaign_id": "nightly", "contact": "c-3", "attempt": "nightly:1:1"}


def fill(site: RunningSite) -> None:
    """Have a campaign with calls in each state: lost, live, over, and yet to come."""
    site.ledger.redis.flushall()
    site.ledger.open()
    books = Books(site.ledger, site.ledger.redis, "default")
    books.now = site.ledger.time()
    books.create("nightly")
    books.load([named(f"c-{n}", n) for n in range(1, 9)], campaign_id="nightly")
    books.seal("nightly")
    books.learn(50)
    lost = books.begun()
    books.finish(
        lost,
        Disposition.UNKNOWN,
        reason=Reason.ANSWER_LOST,
        message="500",
        hold_seconds=DURATION,
    )
    books.connected()
    over = books.connected()
    books.wait(3)
    assert books.over(over, Disposition.COMPLETED)
