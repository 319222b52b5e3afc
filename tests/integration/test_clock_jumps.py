"""A clock of Redis that jumps moves what is due, once, and never lets a call last longer."""

from __future__ import annotations

from contextlib import closing

import pytest

from scheduler.ledger import calls, clocks, keys
from scheduler.ledger.calls import HELD, Look
from scheduler.ledger.clocks import Reading, Right
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, CallState, Disposition
from tests.integration.ledger import ACCOUNT, DURATION, RING, Books, rows

BACK, FORTH = -600.0, 600.0


def jump(
    books: Books, seconds: float, right: Right = Right.UNKNOWN, *, jumps: int | None = None
) -> bool:
    """Set the clock, and have a worker say so that knew of so many jumps; without, of all."""
    books.wait(seconds)
    return said(books, seconds, right, jumps=jumps)


def said(
    books: Books, seconds: float, right: Right = Right.UNKNOWN, *, jumps: int | None = None
) -> bool:
    known = clocks.read(books.ledger).jumps if jumps is None else jumps
    before = Reading(books.now, known)
    return clocks.jumped(books.ledger, before, seconds, 1.0, right, books.now) is not None


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


# Forward, and a third clock tells which one is right


def test_a_call_ends_when_it_would_have_ended_though_the_clock_jumps_forward(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    books.wait(20.0)

    assert jump(books, FORTH, Right.STEADY)

    assert left(books, attempt) == DURATION - 20.0
    assert "end on time, for the clock of a provider" in clocks.last_jump(books.reader, books.now)
    books.wait(DURATION - 20.0)
    books.expire()
    assert [order.attempt for order in books.take_stops()] == [attempt]
    books.confirm(attempt)
    assert books.result(attempt)["duration_seconds"] == pytest.approx(DURATION, abs=0.1)


def test_what_was_moved_forward_is_taken_back_when_the_clock_is_set_right(books: Books) -> None:
    books.campaign(2)
    before, between = books.connected(), books.begun()
    jump(books, FORTH, Right.STEADY)
    books.wait(2.0)
    books.connect(between)

    assert jump(books, BACK)

    assert (left(books, before), left(books, between)) == (DURATION - 2.0, DURATION)
    # Nothing is left to be taken back: this time the machine of the worker may have been paused.
    assert jump(books, FORTH)
    assert left(books, before) == DURATION - 2.0 - FORTH


def test_what_was_not_moved_forward_ends_no_earlier_when_the_clock_is_set_right(
    books: Books,
) -> None:
    books.campaign(2)
    before = books.connected()
    assert jump(books, FORTH)
    books.wait(2.0)
    between = books.connected()

    assert jump(books, BACK)

    assert left(books, before) == DURATION - FORTH - 2.0
    assert left(books, between) == DURATION


def test_a_pause_prolongs_no_call_though_the_clock_had_been_set_back(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    jump(books, BACK)

    assert jump(books, FORTH, Right.REDIS)

    assert left(books, attempt) == DURATION - FORTH
    assert "a worker's machine was paused" in clocks.last_jump(books.reader, books.now)


def test_of_two_workers_that_prove_one_jump_forward_the_first_moves(books: Books) -> None:
    books.campaign()
    attempt = books.connected()

    assert jump(books, FORTH, Right.STEADY, jumps=0)
    assert not said(books, FORTH, Right.STEADY, jumps=0)
    assert left(books, attempt) == DURATION


def test_who_could_not_decide_before_the_proof_came_has_decided(books: Books) -> None:
    books.campaign()
    attempt = books.connected()

    assert jump(books, FORTH, jumps=0)
    assert not said(books, FORTH, Right.STEADY, jumps=0)
    assert left(books, attempt) == DURATION - FORTH


def test_what_is_written_down_after_a_jump_forward_and_before_it_is_moved_stays(
    books: Books,
) -> None:
    books.campaign(7)
    old, begun, late = books.connected(), books.begun(), books.begun()
    hung_up, rings, claimed = books.connected(), books.ringing("ringing"), books.claimed()
    books.wait(FORTH)
    books.wait(0.5)
    books.connect(late)
    assert books.hint(hung_up)
    assert books.answered(rings, books.now - 0.3)
    assert books.begin(claimed)
    fresh = books.claimed()

    assert said(books, FORTH, Right.STEADY)

    leases, slots = books.ledger.leases, books.slots()
    assert (left(books, old), left(books, late)) == (DURATION - 0.5, DURATION)
    assert left(books, rings) == DURATION - 0.3
    assert (slots[begun], slots[claimed]) == (leases.dial - 0.5, leases.dial)
    assert (slots[hung_up], slots[fresh]) == (leases.stop_patience, leases.claim)
    assert books.live()[hung_up] == 0.0
    at = books.reader.hmget(keys.attempt(str(late)), "begun_at", "started_at")
    assert [round(books.now - float(each), 3) for each in at] == [0.5, 0.0]
    assert [order.attempt for order in books.take_stops()] == [hung_up]


def test_stops_that_are_ordered_while_a_jump_forward_is_looked_into_are_due_at_once(
    books: Books,
) -> None:
    books.campaign(2)
    stopped, live = books.stopping(), books.connected()
    books.wait(FORTH)
    books.abort()

    assert said(books, FORTH, Right.STEADY)

    assert {order.attempt for order in books.take_stops()} == {stopped, live}
    assert books.slots() == dict.fromkeys(
        (live, stopped), pytest.approx(books.ledger.leases.stop_patience, abs=0.1)
    )


def test_who_may_be_live_after_a_lost_answer_keeps_the_slot_though_the_clock_jumps_forward(
    books: Books,
) -> None:
    books.campaign(2)
    before, between = books.begun(), books.begun()
    books.finish(before, Disposition.UNKNOWN, hold_seconds=DURATION)
    books.wait(FORTH)
    books.finish(between, Disposition.UNKNOWN, hold_seconds=DURATION)

    assert said(books, FORTH, Right.STEADY)

    assert books.slots() == {before: DURATION, between: DURATION}
    assert books._scores("held") == {before: DURATION, between: DURATION}


def test_who_rings_has_as_long_to_be_answered_though_the_clock_jumps_forward(books: Books) -> None:
    books.campaign()
    attempt = books.ringing()
    given = left(books, attempt)
    assert given > RING

    assert jump(books, FORTH, Right.STEADY)

    assert left(books, attempt) == given


@pytest.mark.parametrize("days", [3, 40])
def test_a_party_that_is_live_is_not_called_again_though_the_clock_jumps_by_days(
    books: Books, days: int
) -> None:
    books.campaign()
    books.connected()
    called = books.reader.keys("callsched:called:*")
    if days > 31:  # as the server does then
        books.reader.delete(*called)

    assert jump(books, days * 86400.0, Right.STEADY)

    books.create("again")
    books.load(rows(1), campaign_id="again")
    books.seal("again")
    assert not books.begin(books.claimed())
    assert books.reader.keys("callsched:called:*") == called


def test_nothing_is_taken_for_due_while_the_clock_shows_more_than_it_can(
    books: Books, redis_url: str
) -> None:
    books.campaign(2)
    books.connected()
    books.wait(DURATION + FORTH)
    before = books.everything()
    look = Look(ACCOUNT, 9, (1.0,), 9, "")
    with closing(Ledger(redis_url, time=lambda: books.now)) as ledger:
        held = calls.ticks(ledger, [look], most=9, latest=books.now - FORTH)
        unchanged = books.everything()
        (done,) = calls.ticks(ledger, [look], most=9, latest=books.now + 1.0)

    assert held == [HELD]
    assert unchanged == before
    assert isinstance(done, calls.Due)
    assert len(done.stops) == done.expired == 1


# Set back, and what else goes by it


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
    books.wait(books.ledger.leases.denied_interval)

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
