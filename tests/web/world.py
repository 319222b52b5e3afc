"""A ledger in which there is one of everything that the API speaks of."""

from __future__ import annotations

import pytest

from scheduler.ledger import schedules
from scheduler.ledger.schedules import Launch
from scheduler.models import Disposition, Reason, Schedule
from scheduler.operations import do_not_call
from scheduler.web.api import live, orders
from tests.integration.ledger import DURATION, Books, named
from tests.web.running import TOKEN, RunningSite

ADMIN = {"Authorization": f"Bearer {TOKEN}"}

#: What there is one of, by the names that paths have for it.
PLACES: dict[str, str] = {
    "campaign_id": "nightly",
    "contact": "c-3",
    "attempt": "nightly:1:1",
    "name": "nightly",
    "account": "default",
}
#: The attempt that is live, for those that speak of such.
LIVE = {"attempt": "nightly:2:1"}


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Have no order wait for what only a worker does."""
    patch.setattr(live, "PATIENCE_SECONDS", 0.05)
    patch.setattr(orders, "PATIENCE_SECONDS", 0.05)


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
    rule = Schedule(cron="0 9 * * *", timezone="America/New_York")
    launch = Launch("/srv/nightly.yaml", "utf-8", rule)
    schedules.add(
        site.ledger, "nightly", "default", launch, next_at=books.now + 3600, who="ana@desk"
    )
    do_not_call.add(site.ledger, ["+12025550143"], "asked by mail", "ana")
