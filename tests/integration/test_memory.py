"""What a campaign takes in Redis while it waits, and what it leaves behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from scheduler.ledger import calls, do_not_call, keys, limits, listeners, schedules
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.ledger.schedules import Firing, Launch
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.models import (
    CampaignState,
    Contact,
    Disposition,
    FiringState,
    Row,
    Schedule,
)
from scheduler.tokens import SharedToken
from tests.integration.ledger import ACCOUNT, Books, contact, named, rows

ROWS = 100_000

#: What a row may take, with an id and a name.
MOST_BYTES = 400

#: The kinds of keys that stay, as `keys.py` lists them, without the ids.
PERMANENT = {
    "schema",
    "turns",
    "counted",
    "uncounted",
    "accounts",
    "campaigns",
    "account:meta",
    "account:census",
    "account:named",
    "account:campaigns",
    "account:slots",
    "account:live",
    "account:held",
    "account:stops",
    "account:ears",
    "account:collect",
    "account:blocks",
    "account:caller_blocks",
    "account:controls",
    "campaign:controls",
    "campaign:meta",
    "campaign:contacts",
    "campaign:known",
    "campaign:due",
    "campaign:columns",
    "campaign:counts",
    "campaign:dispositions",
    "call",
    "attempt",
    "attempt:insights",
    "do_not_call",
    "schedules",
    "schedule",
    "schedule:firings",
    "schedule:fates",
    "schedule:waiting",
    "account:schedules",
    "account:totals",
    "account:events",
}

#: Those that pass by themselves.
TEMPORARY = {
    "called",
    "claim",
    "launch",
    "campaign:seen",
    "campaign:said",
    "call:said",
    "token",
    "token:fetching",
    "token:refused",
}

#: How many parts of a key are ids, after the word that it begins with.
IDS = {"called": 1, "account": 1, "campaign": 1, "call": 2, "attempt": 3, "claim": 1, "token": 1}
IDS |= {"launch": 1, "schedule": 1}


def people() -> Iterator[Row]:
    for n in range(ROWS):
        person = Contact(f"C-{n:08d}", contact(n).phone_number, name=f"Marguerite Example {n}")
        yield Row(person, n + 2, has_id=True)


def used_bytes(ledger: Ledger) -> int:
    """Return what Redis uses once it has given back what was deleted in the background."""
    give_up_at = time.monotonic() + 10
    while (memory := ledger.redis.info("memory"))["lazyfree_pending_objects"]:
        assert time.monotonic() < give_up_at
    return int(memory["used_memory"])


def test_a_row_that_waits_takes_at_most_400_bytes(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.create()
    before, everyone = used_bytes(books.ledger), people()

    for chunk in range(1, ROWS // 1000 + 1):
        books.load(islice(everyone, 1000), chunk=chunk)
    books.seal()

    bytes_a_row = (used_bytes(books.ledger) - before) / ROWS
    with capsys.disabled():
        print(f"\n{bytes_a_row:.0f} bytes a row in Redis, of {ROWS:,} rows with id and name")
    assert bytes_a_row <= MOST_BYTES


def kind(key: str) -> str:
    """Return what a key is of, without its ids."""
    word, *rest = key.removeprefix("callsched:").split(":")
    return ":".join([word, *rest[IDS.get(word, 0) :][:1]])


def a_campaign_of_every_fate(books: Books) -> None:
    """Bring a campaign to its end, with calls that ended in each way there is."""
    books.create(columns=("city",))
    books.load([named("a", 1), *rows(1, 2, 3, 4, 5, 6)])
    books.seal()
    books.learn(9)
    hung_up, unknown, rejected, late, unconfirmed = (books.begun() for _ in range(5))
    refused = books.begun()
    books.refuse(refused, live=5, delay=0.0)
    books.connect(hung_up)
    books.confirm(hung_up, Disposition.HUNG_UP)
    books.finish(unknown, Disposition.UNKNOWN, hold_seconds=5, signal="failed")
    books.finish(rejected)
    books.connect(unconfirmed, seconds=10)
    limits.block(books.ledger, ACCOUNT, "fingerprint", "401")
    limits.block_caller(books.ledger, ACCOUNT, "+12025550100", "21210")
    books.finish(books.claimed(), Disposition.SKIPPED)
    books.wait(26)
    books.expire()
    books.connect(late)
    books.take_stops()
    books.confirm(late)
    books.wait(700)
    books.expire()
    books.confirm(unconfirmed)
    while due := books.take_collect():
        books.keep_collected(due.attempt, {"transcript": []})


def a_call_of_many_words(books: Books) -> None:
    """Listen to a call, and leave everything that listening and tokens leave."""
    books.campaign(1, "heard")
    attempt = books.connected()
    books.listen()
    listeners.note(books.ledger, [LiveLine(attempt, "message", "Good morning.")])
    do_not_call.bar(books.ledger, contact(1).phone_number, "asked for it")
    shelf = RedisTokenShelf(books.ledger)
    for fingerprint in ("refused", "fetched"):
        shelf.put(fingerprint, SharedToken("t", 60.0, 6.0))
    shelf.refuse("refused", "t")
    shelf.reserve("fetched", 5.0)
    books.confirm(attempt)
    books.keep_collected(attempt, {"transcript": []})
    a_schedule_that_fires(books)


def a_schedule_that_fires(books: Books) -> None:
    launch = Launch("contacts.csv", "utf-8", Schedule(at=books.now))
    now = books.now
    schedules.add(books.ledger, "once", ACCOUNT, launch, next_at=now, who="ana", now=now)
    taken = schedules.take(books.ledger, ACCOUNT, "token", now=now)
    assert taken is not None
    waiting = Firing("once-1", now, FiringState.WAITING)
    assert schedules.record(books.ledger, taken, [waiting], next_at=None, now=now)


def test_a_campaign_leaves_no_key_that_is_not_listed(books: Books) -> None:
    a_campaign_of_every_fate(books)
    a_call_of_many_words(books)

    kinds = {kind(key) for key in books.reader.scan_iter()}

    assert books.campaign_state() is CampaignState.FINISHED
    assert kinds <= PERMANENT | TEMPORARY


def test_what_is_temporary_passes_by_itself(books: Books) -> None:
    books.create()
    books.load(rows(1), load_id="broke off")
    a_campaign_of_every_fate(books)
    a_call_of_many_words(books)

    temporary = [key for key in books.reader.scan_iter() if kind(key) in TEMPORARY]

    assert {kind(key) for key in temporary} == TEMPORARY
    assert all(books.ledger.redis.ttl(key) > 0 for key in temporary)


def test_a_load_that_is_over_leaves_nothing(books: Books) -> None:
    books.campaign(3)

    assert [key for key in books.reader.scan_iter() if ":seen:" in key] == []


def test_an_attempt_that_was_given_back_leaves_nothing(books: Books) -> None:
    books.campaign()

    books.refuse(books.begun(), live=1)

    assert "attempt" not in {kind(key) for key in books.reader.scan_iter()}


def test_an_account_at_rest_holds_nothing(books: Books) -> None:
    a_campaign_of_every_fate(books)

    left = {kind(key) for key in books.reader.scan_iter("callsched:account:*")}

    assert left - {"account:named"} == {
        *("account:meta", "account:blocks", "account:caller_blocks"),
        *("account:totals", "account:events"),
    }
    assert books.ledger.redis.ttl(keys.account(ACCOUNT, "named:trial")) > 30 * 86_400


def test_what_an_account_remembers_does_not_grow_with_its_campaigns(books: Books) -> None:
    remembered = set()

    for n in range(3):
        only = f"campaign {n}"
        books.campaign(1, only)
        calls.ready(books.ledger, ACCOUNT, ceiling=9, only=only, now=books.now)
        books.finish(books.claimed(only=only))
        remembered.add(books.ledger.redis.hlen(f"callsched:account:{ACCOUNT}:meta"))

    assert len(remembered) == 1
