"""A call is late by its confirmed end: when its stop was sent is another figure."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.ledger import views
from scheduler.ledger.lateness import NEVER_LATE
from scheduler.models import LATE_SECONDS, Attempt, Disposition, Reason
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
