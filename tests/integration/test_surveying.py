from __future__ import annotations

import re

import pytest

from scheduler.ledger import campaigns, census, retirement, schedules
from scheduler.ledger.keys import SCHEMA
from scheduler.ledger.ledger import Control, Ledger
from scheduler.ledger.schedules import Firing, Launch
from scheduler.models import CallState, CampaignState, FiringState, Overlap, Policy, Schedule
from tests.integration.ledger import ACCOUNT, Books
from tests.integration.older import as_of_the_release_before, uncounted
from tests.integration.test_twice import LUA

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


# Nobody walks over all of them --------------------------------------------------------------------


def every_fate(books: Books, name: str = "") -> None:
    """Have campaigns in each state, with calls in most."""
    books.create(f"{name}loading")
    books.campaign(1, f"{name}over", insights=())
    books.confirm(books.connected())
    books.campaign(3, f"{name}paused")
    books.connected()
    campaigns.halt(books.ledger, f"{name}paused", now=books.now)
    books.campaign(4, f"{name}active")
    books.begun()
    books.claimed()


def agrees(books: Books) -> bool:
    return census.counted(books.ledger, ACCOUNT) == census.walked(books.ledger, ACCOUNT)


def cost(ledger: Ledger) -> int:
    """Return how many commands a look runs."""
    before = int(ledger.redis.info("stats")["total_commands_processed"])
    census.take(ledger, ACCOUNT)
    return int(ledger.redis.info("stats")["total_commands_processed"]) - before


def test_a_look_costs_the_same_however_many_campaigns_there_are(books: Books) -> None:
    every_fate(books)
    census.take(books.ledger, ACCOUNT)
    before = cost(books.ledger)

    for at in range(50):
        books.campaign(1, f"more-{at}")

    # Once those that have changed are counted, by whoever asks first.
    assert counted(census.take(books.ledger, ACCOUNT).campaigns)["active"] == 51
    assert cost(books.ledger) == before


def test_a_campaign_that_was_erased_counts_as_one_that_is_over(books: Books) -> None:
    every_fate(books)
    assert retirement.retire(books.ledger, "over", now=books.now + 1) == 0
    assert agrees(books)


def test_a_ledger_of_the_release_before_is_counted_once_this_one_opens_it(books: Books) -> None:
    every_fate(books)
    before = census.counted(books.ledger, ACCOUNT)
    uncounted(books.ledger.redis)
    books.confirm(books.connected())  # counted before the others are
    assert not agrees(books)
    taken = census.take(books.ledger, ACCOUNT)
    assert (taken.campaigns, taken.calls) == census.walked(books.ledger, ACCOUNT) != before

    books.ledger.open(upgrades=False)
    assert not agrees(books)
    for _ in range(2):
        books.ledger.open()
        assert agrees(books)


def test_what_older_workers_change_beside_newer_ones_is_counted_by_going_round(
    books: Books, other: Ledger
) -> None:
    every_fate(books)
    older = Books(as_of_the_release_before(other), books.reader)
    older.now = books.now
    every_fate(older, "older-")
    older.campaign(1, "older-too")
    campaigns.cancel(older.ledger, "paused", Control("ana@desk"), abort=True, now=older.now)
    campaigns.end_pending(older.ledger, "paused", now=older.now)
    assert not agrees(books)

    at = census.mend(books.ledger, 0)

    assert at == 0  # the next round begins
    assert agrees(books)
    older.wait(3600)
    older.expire()
    books.now = older.now
    books.expire()
    census.mend(books.ledger, 0)
    assert agrees(books)


@pytest.mark.parametrize("field", ["", "calls:pending"])
def test_no_call_waits_for_a_count(books: Books, field: str) -> None:
    books.campaign(2)
    census_key = f"callsched:account:{ACCOUNT}:census"
    if field:
        books.ledger.redis.hset(census_key, field, "rubbish")
    else:
        books.ledger.redis.delete(census_key)
        books.ledger.redis.set(census_key, "rubbish")

    for _ in range(2):
        books.confirm(books.connected())

    assert books.campaign_state() == "finished"
    assert census.take(books.ledger, ACCOUNT).calls[CallState.ENDED] == 0


def test_every_script_that_changes_what_is_counted_says_so() -> None:
    changes = re.compile(
        r'"HINCRBY", (?:counts|campaign_key\([^"]*"counts"\))'
        r'|"HSET(?:NX)?", (?:meta|campaign_key\([^"]*"meta"\)), "state"'
    )
    for path in LUA.glob("*.lua"):
        text = path.read_text("utf-8")
        assert len(changes.findall(text)) <= 2 * text.count("to_count("), path.stem
