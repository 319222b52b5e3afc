"""A call is late by its confirmed end: when its stop was sent is another figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.calls.ends import End
from scheduler.clock import since_boot
from scheduler.late import LATE_SECONDS, LateCause
from scheduler.ledger import calls, deadlines, live_calls, views, workers
from scheduler.ledger.lateness import NEVER_LATE
from scheduler.ledger.ledger import Control
from scheduler.ledger.workers import WorkerHealth
from scheduler.models import Attempt, Disposition, Reason, Retry
from tests.integration.ledger import Books

SLACK = LATE_SECONDS / 2


def late(books: Books, attempt: Attempt) -> Any:
    """Return by how much a call ended late, and its stop was sent late."""
    found = books.result(attempt)
    return found["late_seconds"], found["stop_late_seconds"]


def counted(books: Books) -> Any:
    return views.campaign(books.ledger, "c").late


def stopped(books: Books, after: float, seconds: float = 10.0) -> Attempt:
    """Have a call stopped at its deadline, and its end confirmed so much later."""
    attempt = books.connected(seconds)
    books.wait(seconds)
    books.expire()
    books.take_stops()
    books.wait(after)
    assert books.confirm(attempt)
    return attempt


def test_a_call_is_late_by_its_confirmed_end(books: Books) -> None:
    books.campaign(3)
    in_time = stopped(books, SLACK)
    assert counted(books) == NEVER_LATE
    due_at = books.now + 10
    slow, slower = stopped(books, 7.5), stopped(books, 60)

    assert late(books, in_time) == (pytest.approx(SLACK), pytest.approx(0.0))
    assert late(books, slow) == (pytest.approx(7.5), pytest.approx(0.0))
    found = counted(books)
    assert (found.calls, found.worst) == (2, str(slower))
    assert found.worst_seconds == pytest.approx(60)
    assert (found.since, found.until) == (pytest.approx(due_at), pytest.approx(books.now))
    assert views.campaign(books.ledger, "c").as_record()["late"]["worst_row"] == slower.row


@pytest.mark.parametrize("ending", ["far end", "its provider"])
def test_a_call_that_is_over_before_its_deadline_is_not_late(books: Books, ending: str) -> None:
    books.campaign(1)
    attempt = books.connected(10) if ending == "far end" else books.ringing("ringing")
    books.wait(5)
    if ending == "far end":
        books.confirm(attempt, Disposition.HUNG_UP)
    else:
        books.over(attempt)

    assert late(books, attempt) == (None, None)
    assert counted(books) == NEVER_LATE


def test_a_call_that_the_far_end_ended_late_is_late(books: Books) -> None:
    books.campaign(1)
    attempt = books.connected(10)
    books.wait(40)
    books.confirm(attempt, Disposition.HUNG_UP)

    assert late(books, attempt) == (pytest.approx(30), None)
    assert counted(books).calls == 1


def test_a_call_that_was_gone_before_its_stop_is_not_late(books: Books) -> None:
    """It takes two answers to know it, and the second one comes seconds later."""
    books.campaign(2)
    gone, hinted = books.connected(10), books.connected(10)
    books.wait(8)
    books.hint(hinted)
    books.wait(2)
    books.expire()
    for attempt in (gone, hinted):
        books.take_stops()
        books.deny(attempt)
    books.wait(31)
    for attempt in (gone, hinted):
        assert books.deny(attempt)
        books.confirm(attempt, Disposition.HUNG_UP)

    assert late(books, gone)[0] == pytest.approx(0.0)
    assert late(books, hinted)[0] is None
    assert counted(books) == NEVER_LATE


def test_what_the_provider_tells_of_an_end_is_believed(books: Books) -> None:
    """It ended the call by itself, in time, and nobody could read that for ten minutes."""
    books.campaign(1)
    attempt = books.ringing("ringing")
    books.answered(attempt, books.now)
    deadline = books.result(attempt)["deadline"]
    books.now = deadline + 600
    books.over(attempt, Disposition.STOPPED, facts={"gone_at": repr(deadline - 0.4)})

    assert late(books, attempt)[0] == 0.0
    assert counted(books) == NEVER_LATE


def test_an_abort_is_late_by_its_order(books: Books) -> None:
    books.campaign(1)
    attempt = books.connected(600)
    books.wait(100)
    books.abort()
    books.take_stops()
    books.wait(9)
    books.confirm(attempt, Disposition.ABORTED)

    assert late(books, attempt)[0] == pytest.approx(9)
    assert counted(books).calls == 1


def test_an_end_that_nobody_confirms_counts_by_the_least_that_it_is_late(books: Books) -> None:
    books.campaign(1)
    attempt = books.connected(10)
    books.wait(10)
    books.expire()
    patience = books.ledger.leases.stop_patience
    books.wait(patience)
    books.expire()

    assert books.ended_as(attempt) == (Disposition.STOPPED, Reason.UNCONFIRMED)
    assert late(books, attempt)[0] == pytest.approx(patience)
    assert counted(books).calls == 1

    books.wait(50)
    books.confirm(attempt)  # its stop is repeated for a day
    found = counted(books)
    assert late(books, attempt)[0] == pytest.approx(patience + 50)
    assert (found.calls, found.worst_seconds) == (1, pytest.approx(patience + 50))


def test_an_end_that_turns_out_to_have_been_in_time_counts_no_more(books: Books) -> None:
    books.campaign(1)
    attempt = books.ringing("ringing")
    books.answered(attempt, books.now)
    deadline = books.result(attempt)["deadline"]
    books.now = deadline
    books.expire()
    books.wait(books.ledger.leases.stop_patience)
    books.expire()
    assert counted(books).calls == 1

    books.over(attempt, facts={"gone_at": repr(deadline)})

    assert counted(books) == NEVER_LATE


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"deadline": "100", "over_at": "107.5", "stop_late": "0.01"}, 7.5),
        ({"deadline": "100", "over_at": "99"}, None),
        ({"deadline": "100", "over_at": "50", "stop_why": "aborted", "stop_owed_at": "48"}, 2.0),
        ({"deadline": "100"}, None),
        ({"over_at": "100"}, None),
        ({"deadline": "100", "over_at": "105", "denied_at": "100", "disposition": "hung_up"}, 0.0),
        ({"deadline": "100", "over_at": "200", "rang": "0"}, None),
        ({"deadline": "junk", "over_at": "200"}, None),
    ],
)
def test_what_the_release_before_has_written_is_measured_the_same_way(
    books: Books, fields: dict[str, Any], expected: float | None
) -> None:
    books.campaign(1)
    attempt = stopped(books, 0.1)
    key = f"callsched:attempt:{attempt}"
    books.ledger.redis.hdel(key, "end_late", "deadline", "over_at", "stop_why", "stop_owed_at")
    books.ledger.redis.hset(key, mapping=fields)

    assert books.result(attempt)["late_seconds"] == expected


def beat(books: Books, why: LateCause | None = None) -> None:
    """Have a worker say that it lives."""
    health = WorkerHealth(started_at=0, version="1", threads=1)
    workers.beat(books.ledger, books.account, "w", health, now=books.now, why=why)


def overdue(books: Books, seconds: float) -> Attempt:
    """Have the stop of a call taken so long after its deadline."""
    attempt = books.connected(10)
    beat(books)
    books.wait(10 + seconds)
    return attempt


@pytest.mark.parametrize("why", [LateCause.NO_WORKER, LateCause.ASLEEP, LateCause.LEDGER])
def test_a_stop_that_is_sent_late_says_why_no_worker_sent_it(books: Books, why: LateCause) -> None:
    books.campaign(2)
    attempt = overdue(books, 60)
    beat(books, why)
    books.expire()
    books.take_stops()
    calls.note_stop_error(books.ledger, attempt, "503: for once")
    books.wait(2)
    books.confirm(attempt)

    assert late(books, attempt) == (pytest.approx(62), pytest.approx(60))
    assert counted(books).causes == {why: 1}
    assert counted(books).said == ""

    # Of what was late before or after that nobody was away.
    stopped(books, 9)
    assert counted(books).causes == {why: 1, LateCause.SLOW: 1}


@pytest.mark.parametrize(
    ("kind", "said"),
    [(LateCause.UNREACHABLE, "not reached"), (LateCause.API, "503: no"), (LateCause.SLOW, "")],
)
def test_a_stop_that_is_sent_in_time_says_what_the_api_said(
    books: Books, kind: LateCause, said: str
) -> None:
    books.campaign(1)
    attempt = overdue(books, 0)
    books.expire()
    books.take_stops()
    if said:
        calls.note_stop_error(books.ledger, attempt, said, kind)
    books.wait(80)
    books.confirm(attempt)

    found = counted(books)
    assert (found.causes, found.said) == ({kind: 1}, said)
    assert found.as_record()["causes"] == {kind: 1}


def test_a_stop_of_a_worker_that_is_there_is_late_because_it_is_busy(books: Books) -> None:
    books.campaign(1)
    attempt = overdue(books, 0)
    for _ in range(20):
        books.wait(2)
        beat(books)
    books.expire()
    books.take_stops()
    books.confirm(attempt)

    assert counted(books).causes == {LateCause.BUSY: 1}


def test_an_end_that_could_not_be_put_on_record_was_when_the_api_confirmed_it(books: Books) -> None:
    """A worker whose Redis is away sends stops from memory, in time."""
    books.campaign(1)
    attempt = overdue(books, 300)
    deadlines.note_stop(books.ledger, books.account, attempt, 0.8)
    books.confirm(attempt, ago_seconds=299.0)

    assert late(books, attempt) == (pytest.approx(1.0), pytest.approx(0.8))
    assert books.result(attempt)["duration_seconds"] == pytest.approx(11.0)
    assert counted(books) == NEVER_LATE


@pytest.mark.parametrize(
    ("cause", "said"),
    [(LateCause.UNREACHABLE, "not reached"), (LateCause.API, "503: no"), (LateCause.LEDGER, "")],
)
def test_a_stop_that_was_sent_without_a_record_says_what_came_of_it(
    books: Books, cause: LateCause, said: str
) -> None:
    books.campaign(1)
    attempt = overdue(books, 60)
    deadlines.note_stop(books.ledger, books.account, attempt, 0.8, cause=cause, said=said)
    books.confirm(attempt, ago_seconds=40.0)

    assert late(books, attempt) == (pytest.approx(20), pytest.approx(0.8))
    assert (counted(books).causes, counted(books).said) == ({cause: 1}, said)


def test_who_records_an_end_before_any_worker_beats_was_cut_off(books: Books) -> None:
    """Its threads find Redis again in any order: a socket's news may come before the next beat."""
    books.campaign(2)
    attempts = [overdue(books, 0), books.connected(10)]
    books.wait(60)
    books.confirm(attempts[0], Disposition.HUNG_UP)
    beat(books)
    books.confirm(attempts[1], Disposition.HUNG_UP)

    assert counted(books).causes == {LateCause.LEDGER: 1, LateCause.BUSY: 1}


def test_the_cause_of_a_gap_counts_though_an_ordinary_beat_came_first(books: Books) -> None:
    books.campaign(2)
    attempt = overdue(books, 60)
    beat(books)
    beat(books, LateCause.LEDGER)
    books.expire()
    books.take_stops()
    books.confirm(attempt)
    assert counted(books).causes == {LateCause.LEDGER: 1}

    # But not that of a gap of which a worker beat long ago.
    after = overdue(books, 60)
    beat(books)
    books.wait(60)
    beat(books)
    beat(books, LateCause.LEDGER)
    books.expire()
    books.take_stops()
    books.confirm(after)
    assert counted(books).causes == {LateCause.LEDGER: 1, LateCause.BUSY: 1}


def test_a_worker_tells_when_the_api_confirmed_an_end(books: Books) -> None:
    books.now = books.ledger.time() - 310
    books.campaign(1)
    attempt = overdue(books, 0)
    books.expire()
    confirmed_at = since_boot() - (books.ledger.time() - books.now) + 1

    assert replace(End.by("deadline"), confirmed_at=confirmed_at).record(
        books.ledger, books.account, attempt
    )

    assert late(books, attempt)[0] == pytest.approx(1.0, abs=0.2)


def test_an_extended_call_is_late_by_its_new_deadline(books: Books) -> None:
    books.campaign(1)
    attempt = books.connected(10)
    live_calls.extend(
        *(books.ledger, books.account, attempt, 60.0, Control("ana@desk")),
        ceiling_seconds=600.0,
        now=books.now,
    )
    books.wait(72.5)
    books.expire()
    books.confirm(attempt)

    assert late(books, attempt)[0] == pytest.approx(2.5)


def test_a_call_that_is_dialled_again_still_counts_as_late(books: Books) -> None:
    """The result is of the last attempt; what was late before is not forgotten."""
    books.campaign(1, retry={"stopped": Retry(max=1, delays_seconds=(1.0,), jitter=0.0)})
    stopped(books, 60)
    books.wait(2)
    attempt = stopped(books, 0.1)

    assert attempt.number == 2
    assert late(books, attempt)[0] == pytest.approx(0.1)
    assert (counted(books).calls, counted(books).worst) == (1, "c:1:1")
