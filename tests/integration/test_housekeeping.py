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
def kept(ledger: Books, result_ttl: float | None) -> Iterator[None]:
    """Have a worker's housekeeping done for as long as the block lasts."""
    housekeeping = Housekeeping(
        ledger.store, ACCOUNT, "m1:7", health=lambda: HEALTH, result_ttl=result_ttl
    )
    housekeeping.start()
    try:
        wait_until(
            lambda: [view.name for view in workers.all_of(ledger.store, ACCOUNT)] == ["m1:7"]
        )
        yield
    finally:
        housekeeping.close()


def finished(ledger: Books, campaign_id: str, days_ago: float, calls: int = 1) -> None:
    ledger.now = time.time() - days_ago * DAY
    ledger.campaign(calls, campaign_id, insights=())
    for _ in range(calls):
        ledger.confirm(ledger.connected())


def is_retired(ledger: Books, campaign_id: str) -> bool:
    meta = f"callsched:campaign:{campaign_id}:meta"
    return bool(ledger.reader.hget(meta, "retired") == "600")


def test_a_worker_is_there_until_it_leaves(ledger: Books) -> None:
    with kept(ledger, None):
        pass

    assert workers.all_of(ledger.store, ACCOUNT) == []


def test_what_is_older_than_the_setting_goes_and_nothing_else(ledger: Books) -> None:
    finished(ledger, "old", 31, calls=600)
    finished(ledger, "young", 29)

    with kept(ledger, 30 * DAY):
        wait_until(lambda: is_retired(ledger, "old"))

    assert views.campaign(ledger.store, "young").retired_at is None
    assert views.campaign(ledger.store, "old").dispositions == {"stopped": 600}


def test_without_the_setting_nothing_goes(ledger: Books) -> None:
    finished(ledger, "old", 4000)

    with kept(ledger, None):
        beats = ledger.reader.hget("callsched:account:acme:workers", "m1:7")
        wait_until(lambda: ledger.reader.hget("callsched:account:acme:workers", "m1:7") != beats)

    assert views.campaign(ledger.store, "old").retired_at is None
