"""Several accounts in one ledger: whom they may call is one question, what is due is one each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from scheduler.errors import LedgerFault, LedgerTrouble, LedgerUnreachable
from scheduler.ledger import calls, do_not_call, keys, views, workers
from scheduler.ledger.calls import Due, Look
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.workers import WorkerHealth
from scheduler.models import Attempt, CallState, Cap, Disposition, WhenCapped
from tests.integration.ledger import DURATION, PLENTY, Books, contact, rows

HOUR = 3600.0


@pytest.fixture
def north(ledger: Ledger, reader: Redis) -> Books:
    return Books(ledger, reader, "north")


@pytest.fixture
def south(ledger: Ledger, reader: Redis) -> Books:
    return Books(ledger, reader, "south")


def campaign(books: Books, *people: int, **policy: Any) -> None:
    """Make the campaign of an account, which has its name."""
    books.create(books.account, **policy)
    books.load(rows(*people), campaign_id=books.account)
    books.seal(books.account)


def both(north: Books, south: Books, **policy: Any) -> Attempt:
    """Have both accounts call one person, whose phone rings on the first account."""
    campaign(north, 1)
    campaign(south, 1, **policy)
    return north.begun()


def refused(books: Books) -> Attempt:
    """Claim a call that may not be dialled, which holds no slot from then on."""
    attempt = books.claimed()
    assert not books.begin(attempt)
    assert books.slots() == {}
    return attempt


def due_in(books: Books, attempt: Attempt) -> float:
    due_at = books.reader.zscore(keys.campaign(attempt.campaign_id, "due"), attempt.row)
    return round(float(due_at) - books.now, 3)


# Who may be called --------------------------------------------------------------------------------


@pytest.mark.parametrize("live", ["dialing", "connected", "lost", "never confirmed"])
def test_who_may_be_on_the_phone_on_one_account_is_not_called_on_another(
    north: Books, south: Books, live: str
) -> None:
    attempt = both(north, south)
    if live in ("connected", "never confirmed"):
        north.connect(attempt, seconds=1.0 if live == "never confirmed" else DURATION)
    if live == "lost":
        north.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    if live == "never confirmed":
        north.wait(1.0 + north.ledger.leases.stop_patience)
        north.expire()
        south.now = north.now

    waits = refused(south)

    assert south.state(waits) is CallState.PENDING
    assert 1 <= due_in(south, waits) <= 15
    assert views.campaign(south.ledger, "south").held_why == f"one_at_a_time: {attempt} is live"


def test_once_that_call_is_over_the_other_account_calls(north: Books, south: Books) -> None:
    attempt = both(north, south)
    north.connect(attempt)
    refused(south)
    north.wait(10)
    north.confirm(attempt, Disposition.HUNG_UP)
    south.now = north.now + 20

    south.begun()


def test_of_two_accounts_that_claim_one_person_at_once_one_calls(
    north: Books, south: Books
) -> None:
    campaign(north, 1)
    campaign(south, 1)
    here, there = north.claimed(), south.claimed()

    assert south.begin(there)
    assert not north.begin(here)


def test_a_cap_counts_the_calls_of_every_account(north: Books, south: Books) -> None:
    attempt = both(north, south, caps=(Cap(1, HOUR),))
    north.connect(attempt)
    north.wait(10)
    north.confirm(attempt, Disposition.HUNG_UP)
    south.now = north.now

    waits = refused(south)

    assert due_in(south, waits) == pytest.approx(HOUR - 10, abs=0.1)
    south.wait(due_in(south, waits))
    south.begun()


def test_a_campaign_may_skip_whom_another_account_has_called(north: Books, south: Books) -> None:
    attempt = both(north, south, caps=(Cap(1, HOUR),), when_capped=WhenCapped.SKIP)
    north.finish(attempt, Disposition.UNKNOWN)

    assert south.ended_as(refused(south)) == ("skipped", "capped")


def test_the_do_not_call_list_holds_on_every_account(north: Books, south: Books) -> None:
    campaign(north, 1)
    campaign(south, 1, 2)
    do_not_call.bar(north.ledger, contact(1).phone_number, "asked for it")

    assert north.ended_as(refused(north)) == ("skipped", "do_not_call")
    assert south.ended_as(refused(south)) == ("skipped", "do_not_call")
    south.begun()


# What is due --------------------------------------------------------------------------------------

#: So much later than it was prepared everything is looked at.
LATER = 30.0

DELAYS = (2.0, 30.0)


def idle(_: Books) -> None:
    """Do nothing: the ledger has nothing of it."""


def waiting(books: Books) -> None:
    books.campaign(2, books.account)


def live(books: Books) -> None:
    waiting(books)
    books.connect(books.begun())


def overdue(books: Books) -> None:
    waiting(books)
    books.connect(books.begun(), seconds=10.0)


def lapsed(books: Books) -> None:
    waiting(books)
    books.begun()


def to_be_read(books: Books) -> None:
    waiting(books)
    books.confirmed()


STATES: tuple[Callable[[Books], None], ...] = (idle, waiting, live, overdue, lapsed, to_be_read)


@pytest.fixture
def later(redis_url: str, ledger: Ledger) -> Iterator[Ledger]:
    """The same ledger some time after what Books say the time is."""
    later = Ledger(redis_url, time=lambda: Books(ledger, None).now + LATER)
    yield later
    later.close()


def prepared(ledger: Ledger, reader: Redis, prefix: str) -> list[str]:
    """Bring an account to each of the states; return their names."""
    names = [f"{prefix}-{state.__name__}" for state in STATES]
    for name, state in zip(names, STATES, strict=True):
        state(Books(ledger, reader, name))
    return names


def look(account: str) -> Look:
    return Look(account, 10, DELAYS, PLENTY, "fingerprint")


def ticked_alone(ledger: Ledger, account: str) -> Due:
    ways: dict[str, Any] = {"delays": DELAYS, "ceiling": PLENTY, "fingerprint": "fingerprint"}
    return calls.tick(ledger, account, most=100, free=10, **ways)


def told(due: Due | LedgerTrouble) -> tuple[object, ...]:
    """Return what was found, without the names of those of whom it was."""
    assert isinstance(due, Due)
    stops = [(one.why, one.deadline, one.sendings, one.late_seconds) for one in due.stops]
    return due.expired, stops, due.dials, due.collects, due.seconds


def test_each_of_several_accounts_is_told_what_it_would_be_told_alone(
    ledger: Ledger, reader: Redis, later: Ledger
) -> None:
    alone = [ticked_alone(later, name) for name in prepared(ledger, reader, "alone")]

    among = calls.ticks(later, [look(n) for n in prepared(ledger, reader, "among")], most=100)

    assert list(map(told, among)) == list(map(told, alone))
    # What was prepared is not all the same.
    assert [one.dials for one in alone] == [0, 2, 1, 1, 1, 1]
    assert [len(one.stops) for one in alone] == [0, 0, 0, 1, 0, 0]
    assert [one.expired for one in alone] == [0, 0, 0, 1, 1, 0]
    assert [one.collects for one in alone] == [0, 0, 0, 0, 0, 1]


def test_the_stops_of_an_account_are_of_its_own_calls(
    ledger: Ledger, reader: Redis, later: Ledger
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        overdue(Books(ledger, reader, name))

    found = calls.ticks(later, [look(name) for name in names], most=100)

    stops = [one.stops for one in found if isinstance(one, Due)]
    assert [[each.attempt.campaign_id for each in one] for one in stops] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize("part", ["meta", "slots", "live", "stops"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_account_whose_keys_are_broken_fails_alone(
    ledger: Ledger, reader: Redis, later: Ledger, part: str, at: int
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        overdue(Books(ledger, reader, name))
    reader.delete(keys.account(names[at], part))
    reader.set(keys.account(names[at], part), "rubbish")

    found = calls.ticks(later, [look(name) for name in names], most=100)

    assert isinstance(found[at], LedgerTrouble)
    others = [one for one in found if one is not found[at]]
    assert [told(one)[0] for one in others] == [1, 1]
    assert [len(one.stops) for one in others if isinstance(one, Due)] == [1, 1]


def test_a_server_that_has_lost_its_scripts_is_given_them_again(
    ledger: Ledger, reader: Redis, later: Ledger
) -> None:
    names = ["a", "b", "c"]
    for name in names:
        overdue(Books(ledger, reader, name))
    reader.script_flush()

    found = calls.ticks(later, [look(name) for name in names], most=100)

    assert [len(one.stops) for one in found if isinstance(one, Due)] == [1, 1, 1]


def test_a_redis_that_is_gone_is_told_once_for_all_accounts() -> None:
    gone = Ledger("redis://127.0.0.1:1/0")

    with pytest.raises(LedgerUnreachable):
        calls.ticks(gone, [look("a"), look("b")], most=100)
    gone.close()


def test_a_broken_account_that_is_looked_at_alone_is_told_of_as_well(ledger: Ledger) -> None:
    ledger.redis.set(keys.account("a", "slots"), "rubbish")

    (found,) = calls.ticks(ledger, [look("a")], most=100)

    assert isinstance(found, LedgerFault)


def test_a_worker_is_heard_of_on_every_account_but_the_broken_one(
    ledger: Ledger, reader: Redis
) -> None:
    reports = dict.fromkeys(("a", "b", "c"), WorkerHealth(1.0, "1", 4))
    reader.set(keys.account("b", "workers"), "rubbish")
    reader.script_flush()

    assert list(workers.beats(ledger, "w", reports)) == ["b"]

    assert [one.name for name in ("a", "c") for one in workers.all_of(ledger, name)] == ["w", "w"]
