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
    ledger: Books, store: Ledger
) -> None:
    campaigns.create(
        store, OTHER, account=OTHER, name="o", policy=Policy(60.0), digest="d", now=ledger.now
    )
    ledger.create("loading")
    ledger.campaign(1, "finished")
    ledger.finish(ledger.begun())
    ledger.campaign(3, "paused")
    ledger.connected()
    campaigns.halt(store, "paused", now=ledger.now)
    ledger.campaign(2, "active")

    found = census.take(store, ACCOUNT)

    each = {"loading": 1, "active": 1, "paused": 1, "finished": 1}
    assert counted(found.campaigns) == each
    assert counted(found.calls) == {"pending": 4, "connected": 1}
    assert counted(census.take(store, OTHER).campaigns) == {"loading": 1}


def test_schedules_whose_last_launch_failed_are_counted(ledger: Books, store: Ledger) -> None:
    launch = Launch("/gone.yaml", "utf-8", Schedule(cron="0 9 * * *", overlap=Overlap.SKIP))
    for name, account in (("gone", ACCOUNT), ("other", OTHER)):
        schedules.add(store, name, account, launch, next_at=ledger.now, who="ana", now=ledger.now)
        taken = schedules.take(store, account, "t", now=ledger.now)
        assert taken is not None
        failed = Firing(f"{name}-1", ledger.now, FiringState.FAILED, "there is no file /gone.yaml")
        assert schedules.record(store, taken, [failed], next_at=ledger.now + 60, now=ledger.now)

    assert census.take(store, ACCOUNT).failed_schedules == 1


def test_a_ledger_of_a_newer_release_is_seen_to_be_one(store: Ledger) -> None:
    assert not census.take(store, ACCOUNT).is_newer

    store.redis.set("callsched:schema", SCHEMA + 1)

    assert census.take(store, ACCOUNT).is_newer
