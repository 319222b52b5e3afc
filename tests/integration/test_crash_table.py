"""What the ledger says when a worker is killed at each step of a call, and who mends it."""

from __future__ import annotations

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls
from scheduler.ledger.insights import READER_LEASE_SECONDS
from scheduler.ledger.ledger import Ledger
from scheduler.models import Attempt, CallState, CampaignState, Disposition
from tests.integration.ledger import ACCOUNT, CHARGE, DURATION, Books, rows


@pytest.fixture
def ledger(ledger: Books) -> Books:
    """A ledger with one call that is due."""
    ledger.campaign()
    return ledger


def lost(ledger: Books) -> Attempt:
    """Return an attempt whose answer did not come before its lease ran out."""
    attempt = ledger.begun()
    ledger.wait(ledger.store.leases.dial)
    ledger.expire()
    return attempt


# Killed after claim ---------------------------------------------------------------------------


def test_a_call_that_was_only_claimed_is_pending_again_when_the_lease_runs_out(
    ledger: Books,
) -> None:
    attempt = ledger.claimed()
    lease = ledger.store.leases.claim
    assert ledger.slots() == {attempt: lease}

    ledger.wait(lease)
    ledger.expire()

    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.slots() == {}
    assert ledger.result(attempt)["attempts"] == 0


def test_a_claim_is_left_alone_until_its_lease_runs_out(ledger: Books) -> None:
    attempt = ledger.claimed()

    ledger.wait(ledger.store.leases.claim - 0.001)
    ledger.expire()

    assert ledger.state(attempt) is CallState.CLAIMED


def test_a_worker_that_comes_back_after_its_claim_lapsed_may_not_dial(ledger: Books) -> None:
    lapsed = ledger.claimed()
    ledger.wait(ledger.store.leases.claim)
    ledger.expire()
    with pytest.raises(StaleAttempt):
        ledger.begin(lapsed)

    next_one = ledger.claimed()

    assert next_one.number == lapsed.number + 1
    with pytest.raises(StaleAttempt):
        ledger.begin(lapsed)
    assert ledger.begin(next_one)


# Killed after begin ---------------------------------------------------------------------------


def test_a_call_that_may_have_rung_is_unknown_when_the_lease_runs_out(ledger: Books) -> None:
    attempt = ledger.begun()
    lease = ledger.store.leases.dial
    assert ledger.slots() == {attempt: lease}

    ledger.wait(lease)
    ledger.expire()

    assert ledger.ended_as(attempt) == ("unknown", "lease")
    assert ledger.result(attempt)["attempts"] == 1


def test_an_unknown_call_keeps_its_slot_for_as_long_as_it_may_last(ledger: Books) -> None:
    attempt = lost(ledger)
    assert ledger.slots() == {attempt: DURATION}

    ledger.wait(DURATION - 0.001)
    ledger.expire()
    assert attempt in ledger.slots()

    ledger.wait(0.001)
    ledger.expire()
    assert ledger.slots() == {}


def test_an_unknown_call_is_never_dialled_again_by_itself(ledger: Books) -> None:
    lost(ledger)

    for _ in range(5):
        ledger.wait(DURATION)
        ledger.expire()

    assert ledger.claim() is None
    assert ledger.campaign_state() is CampaignState.FINISHED


# Killed after the API's answer, before it is stored --------------------------------------------


def test_a_late_answer_amends_unknown(ledger: Books) -> None:
    attempt = lost(ledger)

    said = ledger.connect(attempt, ago=20)

    assert said == "late"
    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert ledger.dispositions() == {"stopped:late_answer": 1}
    assert ledger.result(attempt)["connection_id"] == f"connection {attempt}"
    assert ledger.result(attempt)["started_at"] == ledger.now - 20


def test_the_stop_of_a_late_answer_is_due_at_once_and_for_any_worker(
    ledger: Books, other: Ledger
) -> None:
    attempt = lost(ledger)

    ledger.connect(attempt)

    (order,) = ledger.take_stops(by=other)
    assert (order.attempt, order.why, order.deadline) == (attempt, "late", ledger.now)
    assert order.connection_id == f"connection {attempt}"


def test_a_late_answer_holds_a_slot_until_it_is_over(ledger: Books) -> None:
    attempt = lost(ledger)
    ledger.wait(DURATION)
    ledger.expire()
    assert ledger.slots() == {}

    ledger.connect(attempt)
    assert set(ledger.slots()) == set(ledger.live()) == {attempt}

    assert ledger.confirm(attempt)
    assert ledger.slots() == ledger.live() == ledger.owed_stops() == {}
    assert ledger.ended_as(attempt) == ("stopped", "late_answer")


def test_the_same_late_answer_again_is_a_no_op(ledger: Books) -> None:
    attempt = lost(ledger)
    ledger.connect(attempt)
    as_it_stood = ledger.everything()

    ledger.wait(1)

    assert ledger.connect(attempt) == "known"
    assert ledger.everything() == as_it_stood


def late_and_later(ledger: Books) -> tuple[Attempt, Attempt]:
    """Return an attempt that was answered after it had been given back, and the one after it."""
    late = ledger.begun()
    ledger.give_back(late)
    later = ledger.begun()
    assert ledger.connect(late) == "late"
    return late, later


def test_the_answer_to_an_earlier_attempt_leaves_the_later_one_alone(ledger: Books) -> None:
    late, later = late_and_later(ledger)

    assert ledger.state(later) is CallState.DIALING
    assert set(ledger.slots()) == {late, later}
    assert [order.attempt for order in ledger.take_stops()] == [late]


def test_the_end_of_an_earlier_attempt_leaves_the_later_one_alone(ledger: Books) -> None:
    late, later = late_and_later(ledger)
    ledger.connect(later)

    ledger.confirm(late)

    assert ledger.state(later) is CallState.CONNECTED
    assert set(ledger.slots()) == {later}


def test_an_earlier_attempt_that_cannot_be_stopped_leaves_the_later_one_alone(
    ledger: Books,
) -> None:
    late, later = late_and_later(ledger)
    patience = ledger.store.leases.stop_patience
    ledger.connect(later, seconds=2 * patience)

    ledger.wait(patience)
    ledger.expire()

    assert ledger.state(later) is CallState.CONNECTED
    assert set(ledger.slots()) == {later}
    assert [order.attempt for order in ledger.take_stops()] == [late]


def test_an_answer_to_what_was_given_back_keeps_the_call_from_being_dialled_again(
    ledger: Books,
) -> None:
    ledger.load(rows(2), load_id="2")  # a second call, so that the campaign goes on
    attempt = ledger.begun()
    ledger.give_back(attempt)

    ledger.connect(attempt)

    assert ledger.ended_as(attempt) == ("stopped", "late_answer")
    assert ledger.claimed().row != attempt.row
    assert ledger.claim() is None
    assert [order.attempt for order in ledger.take_stops()] == [attempt]


@pytest.mark.parametrize("disposition", [Disposition.REJECTED, Disposition.SKIPPED])
def test_a_late_answer_amends_nothing_but_unknown(ledger: Books, disposition: Disposition) -> None:
    attempt = ledger.begun()
    ledger.finish(attempt, disposition)

    assert ledger.connect(attempt) == "late"

    assert ledger.ended_as(attempt) == (disposition, None)
    assert [order.attempt for order in ledger.take_stops()] == [attempt]


def test_a_second_connection_of_one_attempt_is_told_and_not_written(ledger: Books) -> None:
    attempt = ledger.connected()
    as_it_stood = ledger.everything()

    assert ledger.connect(attempt, "another") == "second"

    assert ledger.everything() == as_it_stood


# Killed after connect -------------------------------------------------------------------------


def test_a_deadline_counts_from_the_answer(ledger: Books) -> None:
    attempt = ledger.begun()

    ledger.connect(attempt, ago=3.0)

    assert ledger.slots() == ledger.live() == {attempt: DURATION - 3.0}


def test_a_call_is_left_alone_until_its_deadline(ledger: Books) -> None:
    attempt = ledger.connected()

    ledger.wait(DURATION - 0.001)
    ledger.expire()

    assert ledger.state(attempt) is CallState.CONNECTED
    assert ledger.take_stops() == []


def test_any_worker_stops_a_call_whose_worker_died(ledger: Books, other: Ledger) -> None:
    attempt = ledger.connected()
    deadline = ledger.now + DURATION

    ledger.wait(DURATION)
    calls.expire(other, ACCOUNT, now=ledger.now)
    (order,) = ledger.take_stops(by=other)

    assert ledger.state(attempt) is CallState.STOPPING
    assert (order.attempt, order.why, order.deadline) == (attempt, "deadline", deadline)
    assert order.sendings == 1


def test_a_call_that_outlived_every_worker_by_days_is_still_stopped(ledger: Books) -> None:
    attempt = ledger.connected()

    ledger.wait(3 * 24 * 3600)
    ledger.expire()

    assert [order.attempt for order in ledger.take_stops()] == [attempt]


# Killed while it listened -----------------------------------------------------------------------


def test_what_a_dead_listener_heard_another_one_hears_when_the_charge_has_run_out(
    ledger: Books, other: Ledger
) -> None:
    attempt = ledger.connected()
    assert ledger.heard("dead") == [attempt]

    ledger.wait(CHARGE - 0.001)
    assert ledger.listen("alive", by=other) == ([], [])
    ledger.wait(0.001)
    _, (ear,) = ledger.listen("alive", by=other)

    assert ear.attempt == attempt
    assert ear.connection.connection_id == f"connection {attempt}"


def test_any_worker_stops_a_call_whose_listener_died_after_its_hint(
    ledger: Books, other: Ledger
) -> None:
    attempt = ledger.connected()
    ledger.listen("dead")
    ledger.hint(attempt)

    (order,) = ledger.take_stops(by=other)

    assert (order.attempt, order.why) == (attempt, "hung_up")
    assert attempt in ledger.slots()


# Killed after stop was sent ---------------------------------------------------------------------


def test_a_stop_that_nobody_confirmed_is_sent_again_after_its_delay(ledger: Books) -> None:
    attempt = ledger.stopping()
    assert ledger.take_stops() == []

    ledger.wait(2.0)
    (second,) = ledger.take_stops()
    assert (second.attempt, second.sendings) == (attempt, 2)

    ledger.wait(29.9)
    assert ledger.take_stops() == []
    ledger.wait(0.1)
    (third,) = ledger.take_stops()
    assert third.sendings == 3


def test_two_workers_do_not_take_the_same_stop(ledger: Books, other: Ledger) -> None:
    attempt = ledger.connected(seconds=1.0)
    ledger.wait(1.0)
    ledger.expire()

    taken = ledger.take_stops() + ledger.take_stops(by=other)

    assert [order.attempt for order in taken] == [attempt]


def test_a_slot_stays_taken_until_the_stop_is_confirmed(ledger: Books) -> None:
    attempt = ledger.stopping()
    assert set(ledger.slots()) == {attempt}

    assert ledger.confirm(attempt)

    assert ledger.slots() == ledger.live() == ledger.owed_stops() == {}
    assert ledger.ended_as(attempt) == ("stopped", None)


# Killed while it read what was said -------------------------------------------------------------


def test_what_a_dead_worker_was_reading_another_one_reads_when_the_lease_has_run_out(
    ledger: Books, other: Ledger
) -> None:
    attempt = ledger.confirmed()
    assert ledger.take_collect() is not None

    ledger.wait(READER_LEASE_SECONDS - 0.001)
    assert ledger.take_collect(by=other) is None
    ledger.wait(0.001)
    due = ledger.take_collect(by=other)

    assert due is not None
    assert (due.attempt, due.conversation_id) == (attempt, f"conversation {attempt}")
    assert ledger.collecting() == 1


# Killed after end -------------------------------------------------------------------------------


def test_a_call_that_has_ended_stays_as_it_is(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.confirm(attempt, conversation_id="said at the end")
    ledger.keep_collected(attempt, {"transcript": []})
    as_it_stood = ledger.everything()

    ledger.wait(7 * 24 * 3600)
    ledger.expire()
    ledger.take_stops()

    assert not ledger.confirm(attempt, Disposition.HUNG_UP)
    assert not ledger.deny(attempt)
    assert ledger.connect(attempt) == "known"
    assert ledger.claim() is None
    assert not ledger.hint(attempt)
    assert ledger.listen() == ([], [])
    assert ledger.take_collect() is None
    assert not ledger.keep_collected(attempt, {"transcript": ["late"]})
    assert ledger.everything() == as_it_stood
