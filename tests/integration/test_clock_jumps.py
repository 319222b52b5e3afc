"""A clock of Redis that jumps moves what is due, once, and never lets a call last longer."""

from __future__ import annotations

import pytest

from scheduler.ledger import clocks, keys
from scheduler.ledger.clocks import Reading
from scheduler.models import Attempt, CallState, Disposition
from tests.integration.ledger import ACCOUNT, DURATION, Books

BACK, FORTH = -600.0, 600.0


def jump(books: Books, seconds: float, *, jumps: int | None = None) -> bool:
    """Set the clock, and have a worker say so that knew of so many jumps; without, of all."""
    books.wait(seconds)
    return said(books, seconds, jumps=jumps)


def said(books: Books, seconds: float, *, jumps: int | None = None) -> bool:
    known = clocks.read(books.ledger).jumps if jumps is None else jumps
    return (
        clocks.jumped(books.ledger, Reading(books.now, known), seconds, 1.0, now=books.now)
        is not None
    )


def left(books: Books, attempt: Attempt) -> float:
    """Return the seconds until a live call must be over."""
    deadline = books.reader.zscore(keys.account(ACCOUNT, "live"), str(attempt))
    assert float(books.reader.hget(keys.attempt(str(attempt)), "deadline")) == deadline
    return round(float(deadline) - books.now, 3)


def test_a_call_ends_when_it_would_have_ended_though_the_clock_is_set_back(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    books.wait(20.0)

    assert jump(books, BACK)

    assert left(books, attempt) == DURATION - 20.0
    books.wait(DURATION - 20.0)
    books.expire()
    assert [order.attempt for order in books.take_stops()] == [attempt]
    books.confirm(attempt)
    assert books.result(attempt)["duration_seconds"] == pytest.approx(DURATION, abs=0.1)


def test_what_is_written_down_after_a_jump_and_before_it_is_seen_stays(books: Books) -> None:
    books.campaign(5)
    old, begun, late = books.connected(), books.begun(), books.begun()
    stopped, claimed = books.connected(), books.claimed()
    books.wait(BACK)
    books.wait(0.5)
    books.connect(late)
    assert books.hint(stopped)
    assert books.begin(claimed)

    assert said(books, BACK)

    assert (left(books, old), left(books, late)) == (DURATION - 0.5, DURATION)
    books.wait(books.ledger.leases.dial - 0.1)
    books.expire()
    assert books.state(claimed) is CallState.DIALING
    assert books.state(stopped) is CallState.STOPPING
    books.wait(0.2)
    books.expire()
    assert books.state(begun) is CallState.ENDED
    assert [order.attempt for order in books.take_stops()] == [stopped]


def test_who_may_be_live_after_a_lost_answer_keeps_the_slot_at_least_as_long(books: Books) -> None:
    books.campaign()
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    held = books.slots()[attempt]

    jump(books, BACK)

    assert books.slots()[attempt] >= held


def test_what_two_workers_have_seen_is_one_jump(books: Books) -> None:
    books.campaign()
    attempt = books.connected()

    assert jump(books, BACK, jumps=0)
    assert not said(books, BACK, jumps=0)
    assert left(books, attempt) == DURATION

    assert jump(books, BACK, jumps=1)
    assert left(books, attempt) == DURATION


def test_a_jump_forward_prolongs_no_call(books: Books) -> None:
    """A worker whose machine was paused sees the same, and its calls have gone on meanwhile."""
    books.campaign()
    attempt = books.connected()

    assert jump(books, FORTH)

    assert left(books, attempt) == DURATION - FORTH


def test_a_clock_that_is_set_right_again_ends_no_call_early(books: Books) -> None:
    books.campaign(2)
    before, between = books.connected(), books.begun()
    jump(books, BACK)
    books.connect(between)

    jump(books, FORTH)

    assert left(books, before) == left(books, between) == DURATION
    assert "calls end on time" in clocks.last_jump(books.reader, books.now)
    jump(books, FORTH)
    assert "is due at once" in clocks.last_jump(books.reader, books.now)
    assert left(books, before) == DURATION - FORTH


def test_a_stop_is_repeated_as_soon_though_the_clock_is_set_back(books: Books) -> None:
    books.campaign()
    attempt = books.stopping()

    jump(books, BACK)
    books.wait(2.0)

    assert [order.attempt for order in books.take_stops()] == [attempt]


def test_an_end_that_is_denied_twice_is_believed_though_the_clock_is_set_back(
    books: Books,
) -> None:
    books.campaign()
    attempt = books.stopping()
    assert not books.deny(attempt)

    jump(books, BACK)
    books.wait(books.ledger.leases.denied_apart)

    assert books.deny(attempt)


def test_a_start_whose_answer_is_lost_is_given_up_though_the_clock_is_set_back(
    books: Books,
) -> None:
    books.campaign()
    attempt = books.begun()

    jump(books, BACK)
    books.wait(books.ledger.leases.dial)
    books.expire()

    assert books.state(attempt) is CallState.ENDED
    assert books.ended_as(attempt)[0] == Disposition.UNKNOWN


def test_what_lies_there_and_is_none_of_ours_holds_no_jump_up(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    books.reader.zadd(keys.account(ACCOUNT, "slots"), {"rubbish": 5.0})
    books.reader.hset(keys.account(ACCOUNT, "meta"), "closed_until", "rubbish")
    books.reader.hset(f"{keys.ROOT}clock", mapping={"jumps": "many", "behind": "far"})

    assert jump(books, BACK)

    assert left(books, attempt) == DURATION
