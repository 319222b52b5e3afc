"""What the ledger says when a worker is killed at each step of a call, and who repairs it."""

from __future__ import annotations

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls, limits
from scheduler.ledger.insights import READER_LEASE_SECONDS
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, CallState, CampaignState, Disposition
from tests.integration.ledger import ACCOUNT, DURATION, LISTENER_LEASE, STOP_DELAYS, Books, rows


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with one call that is due."""
    books.campaign()
    return books


def lost(books: Books) -> Attempt:
    """Return an attempt whose answer did not come before its lease ran out."""
    attempt = books.begun()
    books.wait(books.ledger.leases.dial)
    books.expire()
    return attempt


# Killed after claim ---------------------------------------------------------------------------


def test_a_call_that_was_only_claimed_is_pending_again_when_the_lease_runs_out(
    books: Books,
) -> None:
    attempt = books.claimed()
    lease = books.ledger.leases.claim
    assert books.slots() == {attempt: lease}

    books.wait(lease)
    books.expire()

    assert books.state(attempt) is CallState.PENDING
    assert books.slots() == {}
    assert books.result(attempt)["attempts"] == 0


def test_a_claim_is_left_alone_until_its_lease_runs_out(books: Books) -> None:
    attempt = books.claimed()

    books.wait(books.ledger.leases.claim - 0.001)
    books.expire()

    assert books.state(attempt) is CallState.CLAIMED


def test_a_worker_that_comes_back_after_its_claim_lapsed_may_not_dial(books: Books) -> None:
    lapsed = books.claimed()
    books.wait(books.ledger.leases.claim)
    books.expire()
    with pytest.raises(StaleAttempt):
        books.begin(lapsed)

    next_one = books.claimed()

    assert next_one.number == lapsed.number + 1
    with pytest.raises(StaleAttempt):
        books.begin(lapsed)
    assert books.begin(next_one)


# Killed after a number of ours was refused, and is on record as blocked ---------------------------


def test_a_start_that_was_refused_for_its_caller_id_and_not_given_back_is_unknown(
    books: Books,
) -> None:
    attempt = books.begun()
    limits.block_caller(books.ledger, ACCOUNT, "+12025550100", "21210")

    books.wait(books.ledger.leases.dial)
    books.expire()

    assert books.result(attempt)["disposition"] == Disposition.UNKNOWN
    assert books.slots() == {attempt: DURATION}


# Killed after begin ---------------------------------------------------------------------------


def test_a_call_that_may_have_rung_is_unknown_when_the_lease_runs_out(books: Books) -> None:
    attempt = books.begun()
    lease = books.ledger.leases.dial
    assert books.slots() == {attempt: lease}

    books.wait(lease)
    books.expire()

    assert books.ended_as(attempt) == ("unknown", "lease")
    assert books.result(attempt)["attempts"] == 1


def test_an_unknown_call_keeps_its_slot_for_as_long_as_it_may_last(books: Books) -> None:
    attempt = lost(books)
    assert books.slots() == {attempt: DURATION}

    books.wait(DURATION - 0.001)
    books.expire()
    assert attempt in books.slots()

    books.wait(0.001)
    books.expire()
    assert books.slots() == {}


def test_an_unknown_call_is_never_dialled_again_by_itself(books: Books) -> None:
    lost(books)

    for _ in range(5):
        books.wait(DURATION)
        books.expire()

    assert books.claim() is None
    assert books.campaign_state() is CampaignState.FINISHED


# Killed after the API's answer, before it is stored --------------------------------------------


def test_a_late_answer_amends_unknown(books: Books) -> None:
    attempt = lost(books)

    said = books.connect(attempt, ago=20)

    assert said == "late"
    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert books.dispositions() == {"stopped:late_answer": 1}
    assert books.result(attempt)["connection_id"] == f"connection {attempt}"
    assert books.result(attempt)["started_at"] == books.now - 20


def test_the_stop_of_a_late_answer_is_due_at_once_and_for_any_worker(
    books: Books, other: Ledger
) -> None:
    attempt = lost(books)

    books.connect(attempt)

    (order,) = books.take_stops(by=other)
    assert (order.attempt, order.why, order.deadline) == (attempt, "late", books.now)
    assert order.connection_id == f"connection {attempt}"


def test_a_late_answer_holds_a_slot_until_it_is_over(books: Books) -> None:
    attempt = lost(books)
    books.wait(DURATION)
    books.expire()
    assert books.slots() == {}

    books.connect(attempt)
    assert set(books.slots()) == set(books.live()) == {attempt}

    assert books.confirm(attempt)
    assert books.slots() == books.live() == books.owed_stops() == {}
    assert books.ended_as(attempt) == ("stopped", "late_answer")


def test_the_same_late_answer_again_is_a_no_op(books: Books) -> None:
    attempt = lost(books)
    books.connect(attempt)
    as_it_stood = books.everything()

    books.wait(1)

    assert books.connect(attempt) == "known"
    assert books.everything() == as_it_stood


def late_and_later(books: Books) -> tuple[Attempt, Attempt]:
    """Return an attempt that was answered after it had been given back, and the one after it."""
    late = books.begun()
    books.give_back(late)
    later = books.begun()
    assert books.connect(late) == "late"
    return late, later


def test_the_answer_to_an_earlier_attempt_leaves_the_later_one_alone(books: Books) -> None:
    late, later = late_and_later(books)

    assert books.state(later) is CallState.DIALING
    assert set(books.slots()) == {late, later}
    assert [order.attempt for order in books.take_stops()] == [late]


def test_the_end_of_an_earlier_attempt_leaves_the_later_one_alone(books: Books) -> None:
    late, later = late_and_later(books)
    books.connect(later)

    books.confirm(late)

    assert books.state(later) is CallState.CONNECTED
    assert set(books.slots()) == {later}


def test_an_earlier_attempt_that_cannot_be_stopped_leaves_the_later_one_alone(
    books: Books,
) -> None:
    late, later = late_and_later(books)
    patience = books.ledger.leases.stop_patience
    books.connect(later, seconds=2 * patience)

    books.wait(patience)
    books.expire()

    assert books.state(later) is CallState.CONNECTED
    assert set(books.slots()) == {later}
    assert [order.attempt for order in books.take_stops()] == [late]


def test_an_answer_to_what_was_given_back_keeps_the_call_from_being_dialled_again(
    books: Books,
) -> None:
    books.load(rows(2), load_id="2")  # a second call, so that the campaign goes on
    attempt = books.begun()
    books.give_back(attempt)

    books.connect(attempt)

    assert books.ended_as(attempt) == ("stopped", "late_answer")
    assert books.claimed().row != attempt.row
    assert books.claim() is None
    assert [order.attempt for order in books.take_stops()] == [attempt]


@pytest.mark.parametrize("disposition", [Disposition.REJECTED, Disposition.SKIPPED])
def test_a_late_answer_amends_nothing_but_unknown(books: Books, disposition: Disposition) -> None:
    attempt = books.begun()
    books.finish(attempt, disposition)

    assert books.connect(attempt) == "late"

    assert books.ended_as(attempt) == (disposition, None)
    assert [order.attempt for order in books.take_stops()] == [attempt]


def test_a_second_connection_of_one_attempt_is_told_and_not_written(books: Books) -> None:
    attempt = books.connected()
    as_it_stood = books.everything()

    assert books.connect(attempt, "another") == "second"

    assert books.everything() == as_it_stood


# Killed after connect -------------------------------------------------------------------------


def test_a_deadline_counts_from_the_answer(books: Books) -> None:
    attempt = books.begun()

    books.connect(attempt, ago=3.0)

    assert books.slots() == books.live() == {attempt: DURATION - 3.0}


def test_a_call_is_left_alone_until_its_deadline(books: Books) -> None:
    attempt = books.connected()

    books.wait(DURATION - 0.001)
    books.expire()

    assert books.state(attempt) is CallState.CONNECTED
    assert books.take_stops() == []


def test_any_worker_stops_a_call_whose_worker_died(books: Books, other: Ledger) -> None:
    attempt = books.connected()
    deadline = books.now + DURATION

    books.wait(DURATION)
    calls.expire(other, ACCOUNT, now=books.now)
    (order,) = books.take_stops(by=other)

    assert books.state(attempt) is CallState.STOPPING
    assert (order.attempt, order.why, order.deadline) == (attempt, "deadline", deadline)
    assert order.sendings == 1


def test_a_call_that_outlived_every_worker_by_days_is_still_stopped(books: Books) -> None:
    attempt = books.connected()

    books.wait(3 * 24 * 3600)
    books.expire()

    assert [order.attempt for order in books.take_stops()] == [attempt]


# Killed while it listened -----------------------------------------------------------------------


def test_what_a_dead_listener_heard_another_one_hears_when_the_lease_has_run_out(
    books: Books, other: Ledger
) -> None:
    attempt = books.connected()
    assert books.heard("dead") == [attempt]

    books.wait(LISTENER_LEASE - 0.001)
    assert books.listen("alive", by=other) == ([], [])
    books.wait(0.001)
    _, (call,) = books.listen("alive", by=other)

    assert call.attempt == attempt
    assert call.connection.connection_id == f"connection {attempt}"


def test_any_worker_stops_a_call_whose_listener_died_after_its_hint(
    books: Books, other: Ledger
) -> None:
    attempt = books.connected()
    books.listen("dead")
    books.hint(attempt)

    (order,) = books.take_stops(by=other)

    assert (order.attempt, order.why) == (attempt, "hung_up")
    assert attempt in books.slots()


def test_any_worker_sends_a_hinted_stop_whose_worker_died_before_it_was_sent(
    books: Books, other: Ledger
) -> None:
    attempt = books.connected()
    books.listen("dead")
    assert books.hint_and_take(attempt) is not None

    books.wait(STOP_DELAYS[0] - 0.001)
    assert books.take_stops(by=other) == []
    books.wait(0.001)
    (order,) = books.take_stops(by=other)

    assert (order.attempt, order.why, order.sendings) == (attempt, "hung_up", 2)
    assert attempt in books.slots()


# Killed after stop was sent ---------------------------------------------------------------------


def test_a_stop_that_nobody_confirmed_is_sent_again_after_its_delay(books: Books) -> None:
    attempt = books.stopping()
    assert books.take_stops() == []

    books.wait(2.0)
    (second,) = books.take_stops()
    assert (second.attempt, second.sendings) == (attempt, 2)

    books.wait(29.9)
    assert books.take_stops() == []
    books.wait(0.1)
    (third,) = books.take_stops()
    assert third.sendings == 3


def test_two_workers_do_not_take_the_same_stop(books: Books, other: Ledger) -> None:
    attempt = books.connected(seconds=1.0)
    books.wait(1.0)
    books.expire()

    taken = books.take_stops() + books.take_stops(by=other)

    assert [order.attempt for order in taken] == [attempt]


def test_a_slot_stays_taken_until_the_stop_is_confirmed(books: Books) -> None:
    attempt = books.stopping()
    assert set(books.slots()) == {attempt}

    assert books.confirm(attempt)

    assert books.slots() == books.live() == books.owed_stops() == {}
    assert books.ended_as(attempt) == ("stopped", None)


# Killed while it read what was said -------------------------------------------------------------


def test_what_a_dead_worker_was_reading_another_one_reads_when_the_lease_has_run_out(
    books: Books, other: Ledger
) -> None:
    attempt = books.confirmed()
    assert books.take_collect() is not None

    books.wait(READER_LEASE_SECONDS - 0.001)
    assert books.take_collect(by=other) is None
    books.wait(0.001)
    due = books.take_collect(by=other)

    assert due is not None
    assert (due.attempt, due.conversation_id) == (attempt, f"conversation {attempt}")
    assert books.collecting() == 1


# Killed after end -------------------------------------------------------------------------------


def test_a_call_that_has_ended_stays_as_it_is(books: Books) -> None:
    attempt = books.stopping()
    books.confirm(attempt, conversation_id="said at the end")
    books.keep_collected(attempt, {"transcript": []})
    as_it_stood = books.everything()

    books.wait(7 * 24 * 3600)
    books.expire()
    books.take_stops()

    assert not books.confirm(attempt, Disposition.HUNG_UP)
    assert not books.deny(attempt)
    assert books.connect(attempt) == "known"
    assert books.claim() is None
    assert not books.hint(attempt)
    assert books.listen() == ([], [])
    assert books.take_collect() is None
    assert not books.keep_collected(attempt, {"transcript": ["late"]})
    assert books.everything() == as_it_stood
