"""What a worker does beside calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from scheduler.ledger import views, workers
from scheduler.ledger.workers import WorkerHealth
from scheduler.worker.housekeeping import Housekeeping
from tests.integration.ledger import ACCOUNT, Books
from tests.waiting import wait_until

DAY = 86_400.0
HEALTH = WorkerHealth(started_at=1.0, version="1", threads=30)


@contextmanager
def kept(books: Books, result_ttl: float | None) -> Iterator[None]:
    """Have a worker's housekeeping done for as long as the block lasts."""
    housekeeping = Housekeeping(
        books.ledger, "m1:7", reports=lambda: {ACCOUNT: HEALTH}, result_ttl=result_ttl
    )
    housekeeping.start()
    try:
        wait_until(
            lambda: [view.name for view in workers.all_of(books.ledger, ACCOUNT)] == ["m1:7"]
        )
        yield
    finally:
        housekeeping.close()


def finished(books: Books, campaign_id: str, days_ago: float, calls: int = 1) -> None:
    books.now = time.time() - days_ago * DAY
    books.campaign(calls, campaign_id, insights=())
    for _ in range(calls):
        books.confirm(books.connected())


def is_retired(books: Books, campaign_id: str) -> bool:
    meta = f"callsched:campaign:{campaign_id}:meta"
    return bool(books.reader.hget(meta, "retired") == "600")


def test_a_worker_is_there_until_it_leaves(books: Books) -> None:
    with kept(books, None):
        pass

    assert workers.all_of(books.ledger, ACCOUNT) == []


def test_what_is_older_than_the_setting_goes_and_nothing_else(books: Books) -> None:
    finished(books, "old", 31, calls=600)
    finished(books, "young", 29)

    with kept(books, 30 * DAY):
        wait_until(lambda: is_retired(books, "old"))

    assert views.campaign(books.ledger, "young").retired_at is None
    assert views.campaign(books.ledger, "old").dispositions == {"stopped": 600}


def test_without_the_setting_nothing_goes(books: Books) -> None:
    finished(books, "old", 4000)

    with kept(books, None):
        beats = books.reader.hget("callsched:account:acme:workers", "m1:7")
        wait_until(lambda: books.reader.hget("callsched:account:acme:workers", "m1:7") != beats)

    assert views.campaign(books.ledger, "old").retired_at is None
