"""Rubbish in a key harms the account or the call that it is of, and ticks go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from scheduler.errors import LedgerTrouble
from scheduler.ledger import (
    accounts,
    callbacks,
    calls,
    connections,
    deliveries,
    erasure,
    explanation,
    limits,
    live_calls,
    pages,
    retries,
    rubbish,
    schedules,
    unknowns,
    views,
    workers,
)
from scheduler.ledger.calls import Bid, Claim, Due, StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.models import Disposition
from scheduler.worker.snapshot import take_snapshot
from tests.integration.ledger import ACCOUNT, PLENTY, Books

A = f"callsched:account:{ACCOUNT}:"

Put = Callable[[Any], object]


def zadd(part: str, member: str, score: float = 1.0) -> Put:
    return lambda redis: redis.zadd(A + part, {member: score})


def hset(key: str, field: str, value: str) -> Put:
    return lambda redis: redis.hset(key, field, value)


def instead(key: str) -> Put:
    """Put text where something else was."""
    return lambda redis: (redis.delete(key), redis.set(key, "rubbish"))


def rewrite_contact(redis: Any, record: str) -> None:
    """Write other text where the contact of row 3 was."""
    key = "callsched:campaign:c:contacts"
    entries = redis.xrange(key)
    redis.delete(key)
    for entry, fields in entries:
        redis.xadd(key, fields | ({"c": record} if entry == "3-0" else {}), id=entry)


#: The call of row 1 is live when it is put; calls of rows 2 and 3 wait.
RUBBISH: dict[str, Put] = {
    "slots: no attempt": zadd("slots", "garbage-member"),
    "slots: no attempt, in the future": zadd("slots", "garbage-member", 1e12),
    "slots: of no campaign": zadd("slots", "gone:1:1"),
    "slots: two hundred": lambda redis: redis.zadd(A + "slots", {f"x{n}": 1 for n in range(200)}),
    "live: no attempt": zadd("live", "garbage"),
    "held: no attempt": zadd("held", "garbage"),
    "stops: no attempt": zadd("stops", "garbage"),
    "stops: of no campaign": zadd("stops", "gone:1:1"),
    "collect: no attempt": zadd("collect", "garbage"),
    "heard: no attempt": zadd("heard", "garbage"),
    "ears: no attempt": zadd("ears", "garbage"),
    "webhooks: no news": zadd("webhooks", "garbage news"),
    "webhooks: a word": zadd("webhooks", "garbage"),
    "schedules: none": zadd("schedules", "garbage"),
    "campaigns: none": zadd("campaigns", "garbage", 0),
    "due: no row": lambda redis: redis.zadd("callsched:campaign:c:due", {"garbage": 1}),
    "due: a row that is not there": lambda redis: redis.zadd(
        "callsched:campaign:c:due", {"99999": 1}
    ),
    **{
        f"meta: {field}": hset(A + "meta", field, "banana")
        for field in (
            *(
                "learned",
                "refusals",
                "raise_at",
                "step",
                "had",
                "proven",
                "accepted",
                "refused_in_row",
            ),
            *(
                "closed_until",
                "closed_for",
                "failures",
                "probe_at",
                "limit_version",
                "said_at",
                "paced_until",
            ),
            *("collect_said_at", "grants", "launch_said_at", "turn:0"),
        )
    },
    "call: its state": hset("callsched:call:c:1", "state", "banana"),
    "call: its attempt": hset("callsched:call:c:1", "attempt", "banana"),
    "call: attempts without end": hset("callsched:call:c:1", "attempt", "9" * 18),
    "call: text": instead("callsched:call:c:1"),
    "attempt: text": instead("callsched:attempt:c:1:1"),
    **{
        f"attempt: {field}": hset("callsched:attempt:c:1:1", field, "banana")
        for field in (
            "deadline",
            "started_at",
            "max_duration",
            "stop_sendings",
            "reserved",
            "speak_at",
            "sequence",
        )
    },
    "waiting call: its state": hset("callsched:call:c:3", "state", "banana"),
    "waiting call: text": instead("callsched:call:c:3"),
    "contacts: other fields": lambda redis: redis.xadd("callsched:campaign:c:contacts", {"a": "b"}),
    "accounts: text": lambda redis: (
        redis.delete("callsched:accounts"),
        redis.set("callsched:accounts", "rubbish"),
    ),
    "contact: gone": lambda redis: redis.xdel("callsched:campaign:c:contacts", "3-0"),
    "contact: no JSON": lambda redis: rewrite_contact(redis, "{bad"),
    "contact: a list": lambda redis: rewrite_contact(redis, "[]"),
    "contact: a number": lambda redis: rewrite_contact(redis, '{"p": 5}'),
    "another campaign: policy": lambda redis: (
        redis.hset(
            "callsched:campaign:d:meta",
            mapping={"state": "active", "policy": "{", "account": ACCOUNT, "name": "d", "total": 9},
        ),
        redis.zadd("callsched:campaign:d:due", {"1": 1}),
        redis.zadd(A + "campaigns", {"d": 0}),
    ),
    "another campaign: text": lambda redis: (
        redis.set("callsched:campaign:d:meta", "rubbish"),
        redis.zadd(A + "campaigns", {"d": 0}),
    ),
    "another campaign: numbers": lambda redis: (
        redis.hset(
            "callsched:campaign:d:meta",
            mapping={"state": "active", "priority": "x", "weight": "x", "pace": "x"},
        ),
        redis.zadd(A + "campaigns", {"d": 0}),
    ),
    "workers: text": hset(A + "workers", "x", "rubbish"),
    "events: other fields": lambda redis: redis.xadd(A + "events", {"a": "b"}),
    "load: a word": lambda redis: redis.xadd(A + "load", {"at": "1", "load": "1 banana 1 1"}),
    "load: other fields": lambda redis: redis.xadd(A + "load", {"a": "b"}),
}
#: Their call is the one that suffers.
OF_THE_CALL = {name for name in RUBBISH if name.startswith(("call:", "attempt:"))}
#: The call that would be next is given up.
OF_THE_NEXT = {name for name in RUBBISH if name.startswith(("waiting call:", "contact:"))}


def tick(books: Books) -> Due:
    return calls.tick(
        books.ledger,
        ACCOUNT,
        most=100,
        free=100,
        delays=(2.0, 30.0),
        ceiling=PLENTY,
        now=books.now,
    )


def stops_of(books: Books) -> list[StopOrder]:
    """Tick until nothing is due, as a timekeeper does."""
    orders: list[StopOrder] = []
    for _ in range(10):
        due = tick(books)
        orders += due.stops
    return orders


SILENT = {
    *("slots: no attempt, in the future", "live: no attempt", "held: no attempt"),
    *("schedules: none", "workers: text", "events: other fields", "meta: turn:0"),
}  #: what no verb has met yet, or what harms nothing


def next_row(books: Books) -> int:
    """Claim until there is a call of the campaign."""
    for _ in range(5):
        claim = calls.claim(books.ledger, ACCOUNT, Bid(uuid4().hex, ceiling=PLENTY), now=books.now)
        if isinstance(claim, Claim):
            assert claim.attempt.campaign_id == "c"
            return claim.attempt.row
    raise AssertionError("nothing can be claimed")


@pytest.mark.parametrize("name", sorted(RUBBISH))
def test_ticks_go_on_and_every_other_call_ends_on_time_and_is_dialled(
    books: Books, name: str
) -> None:
    books.campaign(4)
    first, other = books.connected(), books.connected()
    assert (first.row, other.row) == (1, 2)
    RUBBISH[name](books.reader)

    books.wait(61)
    orders = stops_of(books)
    tick(books)

    expected = {other} if name in OF_THE_CALL else {first, other}
    assert {order.attempt for order in orders} >= expected
    for order in orders:
        books.confirm(order.attempt)
    assert next_row(books) == (4 if name in OF_THE_NEXT else 3)
    views.account(books.ledger, ACCOUNT)
    limits.read(books.ledger, ACCOUNT, now=books.now)
    books.listen()
    books.take_collect()
    callbacks.take_reported(books.ledger, ACCOUNT, 10)
    deliveries.take(books.ledger, ACCOUNT, now=books.now)
    if name.startswith(
        ("slots:", "stops:", "collect:", "ears:", "heard:", "webhooks:", "due:", "waiting")
    ):
        named = name not in SILENT and name != "slots: of no campaign"
        named = named and name != "stops: of no campaign"
        assert bool(rubbish.find(books.ledger, ACCOUNT)) is named


@pytest.mark.parametrize(
    ("put", "says"),
    [
        (RUBBISH["meta: learned"], "learned in callsched:account:acme:meta is no number: 'banana'"),
        (instead(A + "slots"), "callsched:account:acme:slots is a string, and should be a zset"),
        (instead(A + "meta"), "callsched:account:acme:meta is a string, and should be a hash"),
    ],
)
def test_doctor_names_it(books: Books, put: Put, says: str) -> None:
    put(books.reader)

    assert rubbish.find(books.ledger, ACCOUNT) == [says]


def test_a_refusal_of_redis_is_no_rubbish(books: Books) -> None:
    """A server that takes no writes must not have calls taken out of where they belong."""
    books.campaign(2)
    attempt = books.connected()
    books.wait(61)
    books.reader.config_set("min-replicas-to-write", 3)
    try:
        with pytest.raises(LedgerTrouble):
            tick(books)
    finally:
        books.reader.config_set("min-replicas-to-write", 0)

    assert books.slots().keys() >= {attempt}
    assert [order.attempt for order in stops_of(books)] == [attempt]
    assert rubbish.find(books.ledger, ACCOUNT) == []


@pytest.mark.parametrize("name", sorted(RUBBISH))
def test_who_looks_sees_all_the_rest(books: Books, name: str) -> None:
    books.campaign(4)
    books.connected()
    books.connected()
    RUBBISH[name](books.reader)

    ledger = books.ledger
    views.account(ledger, ACCOUNT)
    assert take_snapshot(ledger, ACCOUNT) is not None
    list(accounts.happenings(ledger, ACCOUNT))
    workers.all_of(ledger, ACCOUNT)
    assert len(books.results()) >= 3


#: What reports, lists and orders read; whole keys of another type are said in plain words.
READERS: dict[str, Callable[[Ledger], object]] = {
    "spans": lambda ledger: list(accounts.attempt_spans(ledger, "c")),
    "load": lambda ledger: accounts.load_between(ledger, ACCOUNT, 0.0, time.time()),
    "names": accounts.names,
    "unknown": lambda ledger: list(unknowns.calls(ledger, "c", ACCOUNT)),
    "ended": lambda ledger: list(retries.ended_calls(ledger, "c", with_answers=True)),
    "called": lambda ledger: list(erasure.called_rows(ledger, "c")),
    "connections": lambda ledger: connections.connections_of(ledger, "c", 1),
    "standing": lambda ledger: explanation.standing(ledger, "c", 1),
    "current": lambda ledger: live_calls.current_attempt(ledger, "c", 1),
    "contacts": lambda ledger: pages.contacts(ledger, "c", 0, 10),
    "schedules": schedules.views,
}


@pytest.mark.parametrize("name", sorted(RUBBISH))
def test_no_reader_meets_what_it_did_not_foresee(books: Books, name: str) -> None:
    books.campaign(4)
    books.connected()
    RUBBISH[name](books.reader)

    for read in READERS.values():
        with suppress(LedgerTrouble):
            read(books.ledger)


def test_one_reading_that_is_none_hides_no_other(books: Books) -> None:
    books.campaign(1)
    attempt = books.connected()
    begun_at = books.now
    books.wait(3)
    assert books.over(attempt, Disposition.COMPLETED)
    books.reader.xadd(A + "load", {"at": "1", "load": "1 4 1 0"})
    RUBBISH["load: a word"](books.reader)

    loads = accounts.load_between(books.ledger, ACCOUNT, 0.0, time.time() + 60)
    assert loads == [accounts.Load(1.0, 1, 4, 1, 0)]
    assert list(accounts.attempt_spans(books.ledger, "c")) == [(begun_at, books.now)]


def test_what_was_said_is_erased_though_a_record_of_attempts_is_spoiled(books: Books) -> None:
    books.campaign(2)
    books.connected()
    RUBBISH["call: its attempt"](books.reader)

    assert list(erasure.called_rows(books.ledger, "c")) == [1]
