from __future__ import annotations

from scheduler.ledger import campaigns, census, schedules
from scheduler.ledger.keys import SCHEMA
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.schedules import Firing, Launch
from scheduler.models import CallState, CampaignState, FiringState, Overlap, Policy, Schedule
from tests.integration.ledger import ACCOUNT, Books

OTHER = "other"


def counted(found: dict[CampaignState, int] | dict[CallState, int]) -> dict[str, int]:
    return {str(state): count for state, count in found.items() if count}


def test_campaigns_are_counted_by_state_and_the_calls_of_the_unfinished_ones(
    books: Books, ledger: Ledger
) -> None:
    campaigns.create(
        ledger, OTHER, account=OTHER, name="o", policy=Policy(60.0), digest="d", now=books.now
    )
    books.create("loading")
    books.campaign(1, "finished")
    books.finish(books.begun())
    books.campaign(3, "paused")
    books.connected()
    campaigns.halt(ledger, "paused", now=books.now)
    books.campaign(2, "active")

    found = census.take(ledger, ACCOUNT)

    each = {"loading": 1, "active": 1, "paused": 1, "finished": 1}
    assert counted(found.campaigns) == each
    assert counted(found.calls) == {"pending": 4, "connected": 1}
    assert counted(census.take(ledger, OTHER).campaigns) == {"loading": 1}


def test_schedules_whose_last_launch_failed_are_counted(books: Books, ledger: Ledger) -> None:
    launch = Launch("/gone.yaml", "utf-8", Schedule(cron="0 9 * * *", overlap=Overlap.SKIP))
    for name, account in (("gone", ACCOUNT), ("other", OTHER)):
        schedules.add(ledger, name, account, launch, next_at=books.now, who="ana", now=books.now)
        taken = schedules.take(ledger, account, "t", now=books.now)
        assert taken is not None
        failed = Firing(f"{name}-1", books.now, FiringState.FAILED, "there is no file /gone.yaml")
        assert schedules.record(ledger, taken, [failed], next_at=books.now + 60, now=books.now)

    assert census.take(ledger, ACCOUNT).failed_schedules == 1


def test_a_ledger_of_a_newer_release_is_seen_to_be_one(ledger: Ledger) -> None:
    assert not census.take(ledger, ACCOUNT).is_newer

    ledger.redis.set("callsched:schema", SCHEMA + 1)

    assert census.take(ledger, ACCOUNT).is_newer
