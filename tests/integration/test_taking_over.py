"""A ledger of the release before, whose provider answers with its callee: all goes on unchanged."""

from __future__ import annotations

from scheduler.ledger import reports, searches
from scheduler.models import Attempt, CallState, Disposition, Reason
from tests.integration.ledger import ACCOUNT, DURATION, Books


def expect_nothing_new(books: Books, attempt: Attempt) -> None:
    """Nothing is on record of an attempt that the release before has not written."""
    before = {
        *("token", "begun_at", "max_duration", "reserved", "connection_id", "conversation_id"),
        *("details", "started_at", "deadline", "result_websocket_url", "ear", "socket"),
    }
    key = f"callsched:attempt:{attempt}"
    assert set(books.reader.hkeys(key)) <= before


def test_a_live_call_has_its_deadline_and_its_stop(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    expect_nothing_new(books, attempt)

    books.wait(DURATION)
    books.expire()

    (order,) = books.take_stops()
    assert (order.attempt, order.why) == (attempt, "deadline")
    assert books.confirm(attempt)
    assert books.ended_as(attempt) == ("stopped", None)


def test_reports_leave_a_call_alone_that_has_no_stages(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    as_it_stood = books.everything()

    assert not books.answered(attempt)
    reports.unanswered(books.ledger, books.now, [(attempt, "ringing")])
    assert reports.recall(books.ledger, ACCOUNT, [attempt], now=books.now) == 0

    assert books.everything() == as_it_stood


def test_a_waiting_call_is_dialled(books: Books) -> None:
    books.campaign()

    assert books.state(books.connected()) is CallState.CONNECTED


def test_an_unknown_call_keeps_its_slot_and_nobody_looks_for_it(books: Books) -> None:
    books.campaign()
    attempt = books.begun()
    expect_nothing_new(books, attempt)
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION)

    assert books.slots() == {attempt: DURATION}
    assert searches.seconds_until_next(books.ledger, ACCOUNT, now=books.now) is None

    books.wait(DURATION)
    books.expire()
    assert books.slots() == {}
    assert books.ended_as(attempt) == ("unknown", "answer_lost")
