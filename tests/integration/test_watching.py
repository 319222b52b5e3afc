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


def test_what_happens_is_told_once_and_in_order(ledger: Books) -> None:
    ledger.campaign(2, insights=())
    attempt = ledger.connected()
    ledger.refuse(ledger.begun(), live=1)
    ledger.confirm(attempt, Disposition.HUNG_UP)

    told, cursor = accounts.happenings(ledger.store, ACCOUNT)

    assert [(one.what, one.which, one.detail) for one in told] == [
        ("answered", "c:1:1", ""),
        ("refused", "c:2:1", "429"),
        ("limit", "", "1000 -> 1"),
        ("ended", "c:1:1", "hung_up"),
    ]
    assert all(one.at <= ledger.now for one in told)

    campaigns.halt(ledger.store, "c", control=Control("ana@desk"), now=ledger.now)

    (order,), later = accounts.happenings(ledger.store, ACCOUNT, after=cursor)
    assert (order.what, order.which, order.detail) == ("control", "c", "pause by ana@desk")
    assert accounts.happenings(ledger.store, ACCOUNT, after=later) == ([], later)


def test_an_account_counts_what_it_does(ledger: Books) -> None:
    ledger.campaign(3, insights=())
    ledger.refuse(ledger.begun(), live=1, delay=0.0)
    ledger.confirm(ledger.connected(), Disposition.HUNG_UP)
    ledger.finish(ledger.begun(), Disposition.REJECTED)

    counted = accounts.totals(ledger.store, ACCOUNT)

    assert counted == {
        "starts": 3,
        "accepted": 1,
        "refused": 1,
        "stops": 1,
        "ended:hung_up": 1,
        "ended:rejected": 1,
    }


def test_a_worker_is_seen_while_it_beats(ledger: Books) -> None:
    workers.beat(ledger.store, ACCOUNT, "m1:7", HEALTH)
    workers.beat(ledger.store, ACCOUNT, "m2:9", HEALTH)

    one, two = workers.all_of(ledger.store, ACCOUNT)

    assert (one.name, one.threads, one.dialling, one.is_well) == ("m1:7", 30, 2, True)

    workers.leave(ledger.store, ACCOUNT, "m1:7")

    assert [view.name for view in workers.all_of(ledger.store, ACCOUNT)] == [two.name]


def test_a_worker_that_falls_silent_is_unwell_and_forgotten_after_an_hour(ledger: Books) -> None:
    seconds, _ = ledger.reader.time()
    workers.beat(ledger.store, ACCOUNT, "dead", HEALTH, now=seconds - 11.0)
    (dead,) = workers.all_of(ledger.store, ACCOUNT)
    assert not dead.is_well

    workers.beat(ledger.store, ACCOUNT, "living", HEALTH, now=seconds + 3600.0)

    assert [view.name for view in workers.all_of(ledger.store, ACCOUNT)] == ["living"]


def test_the_load_is_sampled_when_it_changes_and_every_ten_seconds(ledger: Books) -> None:
    ledger.campaign(5)

    def beat_now() -> None:
        workers.beat(ledger.store, ACCOUNT, "m1:7", HEALTH, now=ledger.now)

    beat_now()
    ledger.wait(2)
    beat_now()  # nothing has changed
    ledger.connected()
    beat_now()
    ledger.connected()
    ledger.wait(0.5)
    beat_now()  # too soon
    ledger.wait(10)
    beat_now()

    samples = accounts.load_between(ledger.store, ACCOUNT, 0, 4_000_000_000)

    assert [(sample.slots, sample.live) for sample in samples] == [(0, 0), (1, 1), (2, 2)]
    assert {sample.learned for sample in samples} == {1000}


@pytest.mark.parametrize("paused", [False, True])
def test_what_waits_is_what_could_go(ledger: Books, paused: bool) -> None:
    ledger.campaign(3)
    ledger.connected()
    ledger.wait(7)
    if paused:
        campaigns.halt(ledger.store, "c", now=ledger.now)

    waits = accounts.backlog(ledger.store, ACCOUNT, now=ledger.now)

    due, age = (0, 0) if paused else (2, 7)
    assert round(waits.oldest_due_seconds) == age
    assert waits == Backlog(due, waits.oldest_due_seconds, 0, 0, webhooks=0, sockets_wanted=1)


def test_slots_over_time_are_those_of_every_attempt(ledger: Books) -> None:
    ledger.campaign(4, insights=())
    began = ledger.now
    over, lost, rejected, live = (ledger.begun() for _ in range(4))
    for attempt in (over, live):
        ledger.connect(attempt)
    ledger.wait(5)
    ledger.confirm(over)
    ledger.finish(lost, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION)
    ledger.finish(rejected)

    spans = [
        (round(start - began), end and round(end - began))
        for start, end in accounts.attempt_spans(ledger.store, "c")
    ]

    assert spans == [(0, 5), (0, 5 + DURATION), (0, 5), (0, None)]


def test_a_result_says_how_late_its_stop_was(ledger: Books) -> None:
    ledger.campaign(2)
    ledger.connected(seconds=10)
    hung_up = ledger.connected(seconds=60)
    ledger.wait(10.25)
    ledger.expire()
    ledger.hint(hung_up)
    ledger.wait(0.5)

    late = {order.attempt.row: order.late_seconds for order in ledger.take_stops()}
    ledger.wait(60)
    ledger.take_stops()

    assert late == {1: pytest.approx(0.75), 2: pytest.approx(0.5)}
    told = [record["stop_late_seconds"] for record in views.results(ledger.store, "c")]
    assert told == [pytest.approx(0.75), pytest.approx(0.5)]
