"""What watchers, metrics and reports see."""

from __future__ import annotations

import pytest

from scheduler.ledger import accounts, campaigns, views, workers
from scheduler.ledger.accounts import Backlog
from scheduler.ledger.ledger import Control
from scheduler.ledger.workers import WorkerHealth
from scheduler.models import Disposition, Reason
from tests.integration.ledger import ACCOUNT, DURATION, Books

HEALTH = WorkerHealth(started_at=1.0, version="1", threads=30, dialling=2)


def test_what_happens_is_told_once_and_in_order(books: Books) -> None:
    books.campaign(2, insights=())
    attempt = books.connected()
    books.refuse(books.begun(), live=1)
    books.confirm(attempt, Disposition.HUNG_UP)

    told, cursor = accounts.happenings(books.ledger, ACCOUNT)

    assert [(one.what, one.which, one.detail) for one in told] == [
        ("placed", "c:1:1", ""),
        ("refused", "c:2:1", "429"),
        ("limit", "", "1000 -> 1"),
        ("ended", "c:1:1", "hung_up"),
    ]
    assert all(one.at <= books.now for one in told)

    campaigns.halt(books.ledger, "c", control=Control("ana@desk"), now=books.now)

    (order,), later = accounts.happenings(books.ledger, ACCOUNT, after=cursor)
    assert (order.what, order.which, order.detail) == ("control", "c", "pause by ana@desk")
    assert accounts.happenings(books.ledger, ACCOUNT, after=later) == ([], later)


def test_an_account_counts_what_it_does(books: Books) -> None:
    books.campaign(3, insights=())
    books.refuse(books.begun(), live=1, delay=0.0)
    books.confirm(books.connected(), Disposition.HUNG_UP)
    books.finish(books.begun(), Disposition.REJECTED)

    counted = accounts.totals(books.ledger, ACCOUNT)

    assert counted == {
        "starts": 3,
        "accepted": 1,
        "refused": 1,
        "stops": 1,
        "ended:hung_up": 1,
        "ended:rejected": 1,
    }


def test_a_worker_is_seen_while_it_beats(books: Books) -> None:
    workers.beat(books.ledger, ACCOUNT, "m1:7", HEALTH)
    workers.beat(books.ledger, ACCOUNT, "m2:9", HEALTH)

    one, two = workers.all_of(books.ledger, ACCOUNT)

    assert (one.name, one.threads, one.dialling, one.is_well) == ("m1:7", 30, 2, True)

    workers.leave(books.ledger, ACCOUNT, "m1:7")

    assert [view.name for view in workers.all_of(books.ledger, ACCOUNT)] == [two.name]


def test_a_worker_that_falls_silent_is_unwell_and_forgotten_after_an_hour(books: Books) -> None:
    seconds, _ = books.reader.time()
    workers.beat(books.ledger, ACCOUNT, "dead", HEALTH, now=seconds - 11.0)
    (dead,) = workers.all_of(books.ledger, ACCOUNT)
    assert not dead.is_well

    workers.beat(books.ledger, ACCOUNT, "living", HEALTH, now=seconds + 3600.0)

    assert [view.name for view in workers.all_of(books.ledger, ACCOUNT)] == ["living"]


def test_the_load_is_sampled_when_it_changes_and_every_ten_seconds(books: Books) -> None:
    books.campaign(5)

    def beat_now() -> None:
        workers.beat(books.ledger, ACCOUNT, "m1:7", HEALTH, now=books.now)

    beat_now()
    books.wait(2)
    beat_now()  # nothing has changed
    books.connected()
    beat_now()
    books.connected()
    books.wait(0.5)
    beat_now()  # too soon
    books.wait(10)
    beat_now()

    samples = accounts.load_between(books.ledger, ACCOUNT, 0, 4_000_000_000)

    assert [(sample.slots, sample.live) for sample in samples] == [(0, 0), (1, 1), (2, 2)]
    assert {sample.learned for sample in samples} == {1000}


@pytest.mark.parametrize("paused", [False, True])
def test_what_waits_is_what_could_go(books: Books, paused: bool) -> None:
    books.campaign(3)
    books.connected()
    books.wait(7)
    if paused:
        campaigns.halt(books.ledger, "c", now=books.now)

    waits = accounts.backlog(books.ledger, ACCOUNT, now=books.now)

    due, age = (0, 0) if paused else (2, 7)
    assert round(waits.oldest_due_seconds) == age
    assert waits == Backlog(due, waits.oldest_due_seconds, 0, 0, webhooks=0, sockets_wanted=1)


def test_slots_over_time_are_those_of_every_attempt(books: Books) -> None:
    books.campaign(4, insights=())
    began = books.now
    over, lost, rejected, live = (books.begun() for _ in range(4))
    for attempt in (over, live):
        books.connect(attempt)
    books.wait(5)
    books.confirm(over)
    books.finish(lost, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION)
    books.finish(rejected)

    spans = [
        (round(start - began), end and round(end - began))
        for start, end in accounts.attempt_spans(books.ledger, "c")
    ]

    assert spans == [(0, 5), (0, 5 + DURATION), (0, 5), (0, None)]


def test_a_result_says_how_late_its_stop_was(books: Books) -> None:
    books.campaign(2)
    books.connected(seconds=10)
    hung_up = books.connected(seconds=60)
    books.wait(10.25)
    books.expire()
    books.hint(hung_up)
    books.wait(0.5)

    late = {order.attempt.row: order.late_seconds for order in books.take_stops()}
    books.wait(60)
    books.take_stops()

    assert late == {1: pytest.approx(0.75), 2: pytest.approx(0.5)}
    told = [record["stop_late_seconds"] for record in views.results(books.ledger, "c")]
    assert told == [pytest.approx(0.75), pytest.approx(0.5)]
