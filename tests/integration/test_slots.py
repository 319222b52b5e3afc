"""Who holds a slot and for how long, and what keeps the next call back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduler.ledger import calls, campaigns, deadlines, limits, views
from scheduler.ledger.deadlines import Deadline
from scheduler.limit import FIRST
from scheduler.models import Attempt, CallState, CampaignState, Disposition, Reason
from tests.integration.ledger import ACCOUNT, DURATION, Books, rows

DAY = 24 * 3600.0


@pytest.fixture
def ledger(ledger: Books) -> Books:
    """A ledger with fifty calls that are due, and room for all of them."""
    ledger.campaign(50)
    return ledger


def claim_all(ledger: Books, ceiling: int = 1000) -> list[Attempt]:
    attempts = []
    while claim := ledger.claim(ceiling=ceiling):
        attempts.append(claim.attempt)
    return attempts


# How many -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("learned", "ceiling", "slots"), [(3, 9, 3), (9, 3, 3), (1, 1, 1)])
def test_no_more_slots_are_taken_than_learned_limit_and_ceiling_allow(
    ledger: Books, learned: int, ceiling: int, slots: int
) -> None:
    ledger.learn(learned)

    claim_all(ledger, ceiling)

    assert len(ledger.slots()) == slots


def test_an_account_that_nothing_is_known_of_has_four_slots(ledger: Books) -> None:
    ledger.store.redis.delete("callsched:account:acme:meta")

    claim_all(ledger)

    assert len(ledger.slots()) == 4
    assert views.account(ledger.store, ACCOUNT).learned == 4


@pytest.mark.parametrize(
    "end",
    [
        Books.give_back,
        Books.finish,
        lambda ledger, attempt: (ledger.connect(attempt), ledger.confirm(attempt)),
    ],
    ids=["given back", "rejected", "confirmed"],
)
def test_a_slot_is_free_for_the_next_call_as_soon_as_its_attempt_is_over(
    ledger: Books, end: Callable[[Books, Attempt], object]
) -> None:
    attempt = ledger.begun()
    assert ledger.claim(ceiling=1) is None

    end(ledger, attempt)

    assert ledger.claim(ceiling=1) is not None


def test_an_unknown_call_holds_its_slot_against_the_next_one(ledger: Books) -> None:
    ledger.finish(
        ledger.begun(), Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION
    )

    ledger.wait(DURATION - 0.001)
    ledger.expire()
    assert ledger.claim(ceiling=1) is None

    ledger.wait(0.001)
    ledger.expire()
    assert ledger.claim(ceiling=1) is not None


def test_a_late_answer_takes_a_slot_above_the_limit_and_lets_nobody_else_in(
    ledger: Books,
) -> None:
    ledger.learn(1)
    late = ledger.begun()
    ledger.give_back(late)
    in_time = ledger.claimed()

    ledger.connect(late)

    assert set(ledger.slots()) == {late, in_time}
    ledger.give_back(in_time)
    assert ledger.claim() is None
    ledger.confirm(late)
    assert ledger.claim() is not None


# Stops that nobody confirms -----------------------------------------------------------------------


def test_after_our_patience_a_call_ends_as_unconfirmed_and_its_slot_is_free(
    ledger: Books,
) -> None:
    attempt = ledger.stopping()
    patience = ledger.store.leases.stop_patience

    ledger.wait(patience - 0.001)
    ledger.expire()
    assert ledger.state(attempt) is CallState.STOPPING

    ledger.wait(0.001)
    ledger.expire()
    assert ledger.ended_as(attempt) == ("stopped", "unconfirmed")
    assert ledger.slots() == {}


def test_an_unconfirmed_stop_is_repeated_for_a_day_and_then_dropped(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.wait(ledger.store.leases.stop_patience)
    ledger.expire()

    ledger.wait(DAY - 700)
    assert [order.attempt for order in ledger.take_stops()] == [attempt]
    assert attempt in ledger.live()

    ledger.wait(701)
    assert ledger.take_stops() == []
    assert ledger.live() == ledger.owed_stops() == {}


def test_a_stop_that_is_confirmed_after_our_patience_is_no_longer_repeated(
    ledger: Books,
) -> None:
    attempt = ledger.stopping()
    ledger.wait(ledger.store.leases.stop_patience)
    ledger.expire()

    assert ledger.confirm(attempt)

    assert ledger.live() == ledger.owed_stops() == {}
    assert ledger.ended_as(attempt) == ("stopped", "unconfirmed")


def test_two_denials_five_seconds_apart_make_an_end_certain(ledger: Books) -> None:
    attempt = ledger.stopping()
    assert not ledger.deny(attempt)

    ledger.wait(4.9)
    assert not ledger.deny(attempt)

    ledger.wait(0.1)
    assert ledger.deny(attempt)


def test_a_stop_that_was_denied_is_sent_again_when_a_denial_counts(ledger: Books) -> None:
    attempt = ledger.stopping()

    ledger.deny(attempt)

    ledger.wait(4.9)
    assert ledger.take_stops() == []
    ledger.wait(0.1)
    assert [order.attempt for order in ledger.take_stops()] == [attempt]


# What holds a start back --------------------------------------------------------------------------


def overdue(ledger: Books, count: int, live: int) -> None:
    """Have so many stops a little more than 30 seconds late, of so many live connections."""
    for _ in range(live - count):
        ledger.connected(seconds=10 * DURATION)
    for _ in range(count):
        ledger.connected(seconds=1.0)
    ledger.wait(1.0 + ledger.store.leases.stop_late + 0.001)
    ledger.expire()


def claimed_before(ledger: Books, late: int, live: int) -> Attempt:
    """Claim a call a moment before so many stops are late."""
    overdue(ledger, late, live)
    ledger.wait(-2.0)
    attempt = ledger.claimed()
    ledger.wait(2.0)
    return attempt


@pytest.mark.parametrize(
    ("late", "live", "go"), [(3, 3, True), (4, 4, False), (4, 40, True), (5, 45, False)]
)
def test_nobody_is_dialled_while_too_many_stops_are_late(
    ledger: Books, late: int, live: int, go: bool
) -> None:
    attempt = claimed_before(ledger, late, live)

    assert (ledger.claim() is not None) is go
    assert (calls.ready(ledger.store, ACCOUNT, ceiling=999, now=ledger.now)[0] > 0) is go
    assert ledger.begin(attempt) is go

    assert ledger.state(attempt) is (CallState.DIALING if go else CallState.PENDING)
    assert (attempt in ledger.slots()) is go


def test_a_worker_that_starts_sends_again_at_once_what_was_not_confirmed(ledger: Books) -> None:
    ledger.connected(seconds=1)
    ledger.wait(1)
    ledger.expire()
    delays = [30.0]
    assert len(calls.take_stops(ledger.store, ACCOUNT, most=9, delays=delays, now=ledger.now)) == 1
    ledger.wait(1)
    assert calls.take_stops(ledger.store, ACCOUNT, most=9, delays=delays, now=ledger.now) == []

    calls.hurry_stops(ledger.store, ACCOUNT, now=ledger.now)

    assert len(calls.take_stops(ledger.store, ACCOUNT, most=9, delays=delays, now=ledger.now)) == 1


def test_who_hurries_stops_leaves_the_two_denials_apart(ledger: Books) -> None:
    attempt = ledger.connected(seconds=1)
    ledger.wait(1)
    ledger.expire()
    calls.take_stops(ledger.store, ACCOUNT, most=9, delays=[2.0], now=ledger.now)
    ledger.deny(attempt)

    calls.hurry_stops(ledger.store, ACCOUNT, now=ledger.now)

    assert calls.take_stops(ledger.store, ACCOUNT, most=9, delays=[2.0], now=ledger.now) == []


@pytest.mark.parametrize(
    ("sendings", "ended_as"), [(1, Disposition.HUNG_UP), (2, Disposition.STOPPED)]
)
def test_the_far_end_has_hung_up_only_if_our_first_stop_was_denied(
    ledger: Books, sendings: int, ended_as: Disposition
) -> None:
    attempt = ledger.connected(seconds=1)
    ledger.wait(1)
    ledger.expire()
    for _ in range(sendings):
        calls.take_stops(ledger.store, ACCOUNT, most=9, delays=[0.0], now=ledger.now)
    ledger.deny(attempt)
    ledger.wait(ledger.store.leases.denied_apart)

    assert calls.deny(ledger.store, ACCOUNT, attempt, now=ledger.now) is ended_as


def test_the_far_end_has_not_hung_up_if_a_stop_without_a_record_may_have_ended_it(
    ledger: Books,
) -> None:
    attempt = ledger.stopping()
    deadlines.note_stop(ledger.store, ACCOUNT, attempt)
    ledger.deny(attempt)
    ledger.wait(ledger.store.leases.denied_apart)

    assert calls.deny(ledger.store, ACCOUNT, attempt, now=ledger.now) is Disposition.STOPPED


def test_a_stop_that_was_sent_without_a_record_makes_no_record_of_its_own(ledger: Books) -> None:
    attempt = ledger.claimed()
    as_it_stood = ledger.everything()

    deadlines.note_stop(ledger.store, ACCOUNT, attempt)

    assert ledger.everything() == as_it_stood


# What a worker remembers --------------------------------------------------------------------------


def deadlines_of(ledger: Books, *attempts: Attempt) -> dict[Attempt, Deadline | None]:
    return deadlines.live(ledger.store, ACCOUNT, attempts, now=ledger.now)


def test_a_live_connection_has_its_deadline(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.wait(10.0)

    found = deadlines_of(ledger, attempt)[attempt]

    assert found is not None
    assert found.at == pytest.approx(ledger.now + DURATION - 10.0, abs=1e-3)
    assert found.seconds == pytest.approx(DURATION - 10.0, abs=1e-3)


def test_a_connection_that_is_being_stopped_has_the_next_sending_of_its_stop(
    ledger: Books,
) -> None:
    attempt = ledger.connected(seconds=1)
    ledger.wait(1)
    ledger.expire()
    assert calls.take_stops(ledger.store, ACCOUNT, most=9, delays=[2.0], now=ledger.now)

    found = deadlines_of(ledger, attempt)[attempt]

    assert found is not None
    assert found.seconds == pytest.approx(2.0, abs=1e-3)


def test_what_is_over_has_none_and_what_is_unknown_is_left_out(ledger: Books) -> None:
    over, dialing = ledger.connected(), ledger.begun()
    ledger.confirm(over)

    assert deadlines_of(ledger, over, dialing, Attempt("gone", 1, 1)) == {over: None}


def test_a_stop_that_was_given_up_has_none(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.wait(ledger.store.leases.stop_give_up + 1)
    ledger.take_stops()

    assert deadlines_of(ledger, attempt) == {attempt: None}


def test_a_lost_answer_counts_as_live_for_the_limit_while_its_slot_is_held(
    ledger: Books,
) -> None:
    attempt = ledger.begun()
    ledger.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    assert limits.read(ledger.store, ACCOUNT, now=ledger.now).live == 1

    ledger.wait(DURATION)
    ledger.expire()

    assert limits.read(ledger.store, ACCOUNT, now=ledger.now).live == 0


def test_an_attempt_that_was_held_is_due_again_in_a_second_and_not_used_up(
    ledger: Books,
) -> None:
    attempt = claimed_before(ledger, 4, 4)

    ledger.begin(attempt)

    assert ledger.result(attempt)["attempts"] == 0
    due = ledger.store.redis.zscore("callsched:campaign:c:due", attempt.row)
    assert due == pytest.approx(ledger.now + 1)


def test_calls_that_an_abort_cannot_end_count_as_late_stops(ledger: Books) -> None:
    for _ in range(4):
        ledger.connected(seconds=10 * DURATION)
    ledger.abort()
    ledger.wait(ledger.store.leases.stop_late + 0.001)
    campaigns.resume(ledger.store, "c")

    assert ledger.claim() is None


def test_a_paused_campaign_dials_nobody(ledger: Books) -> None:
    attempt = ledger.claimed()
    campaigns.halt(ledger.store, "c", now=ledger.now)

    assert not ledger.begin(attempt)

    assert ledger.campaign_state() is CampaignState.PAUSED
    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.slots() == {}
    assert ledger.claim() is None


def test_a_paused_campaign_goes_on_when_it_is_resumed(ledger: Books) -> None:
    campaigns.halt(ledger.store, "c", now=ledger.now)

    campaigns.resume(ledger.store, "c")

    assert ledger.begin(ledger.claimed())


def test_a_pause_leaves_live_calls_to_their_deadlines(ledger: Books) -> None:
    attempt = ledger.connected()

    assert campaigns.halt(ledger.store, "c", now=ledger.now) == 0

    assert ledger.state(attempt) is CallState.CONNECTED
    assert ledger.take_stops() == []


def test_an_abort_stops_live_calls_at_once(ledger: Books) -> None:
    live = {ledger.connected(), ledger.connected()}

    assert ledger.abort() == 2

    orders = ledger.take_stops()
    assert {order.attempt for order in orders} == live
    assert {order.why for order in orders} == {"aborted"}


def test_an_abort_stops_a_call_that_is_answered_later(ledger: Books) -> None:
    attempt = ledger.begun()
    assert ledger.abort() == 0

    assert ledger.connect(attempt) == "connected"

    (order,) = ledger.take_stops()
    assert (order.attempt, order.why) == (attempt, "aborted")
    ledger.confirm(attempt, Disposition.ABORTED)
    assert ledger.ended_as(attempt) == ("aborted", None)


def test_calls_of_a_campaign_that_is_resumed_are_not_aborted(ledger: Books) -> None:
    ledger.abort()
    campaigns.resume(ledger.store, "c")

    ledger.connected()

    assert ledger.take_stops() == []


def test_an_abort_leaves_other_campaigns_alone(ledger: Books) -> None:
    ledger.campaign(1, "other")
    attempts = [ledger.connected(), ledger.connected()]

    assert ledger.abort("other") == 1

    states = {attempt.campaign_id: ledger.state(attempt) for attempt in attempts}
    assert states == {"c": CallState.CONNECTED, "other": CallState.STOPPING}
    assert ledger.claimed().campaign_id == "c"


# 429 ---------------------------------------------------------------------------------------------


def test_a_429_uses_up_no_attempt_and_the_call_is_due_later(ledger: Books) -> None:
    ledger.store.redis.delete("callsched:campaign:c:due")
    ledger.load(rows(51), load_id="2")
    attempt = ledger.begun()

    ledger.refuse(attempt, live=1, delay=5.0)

    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.result(attempt)["attempts"] == 0
    ledger.wait(4.999)
    assert ledger.claim() is None
    ledger.wait(0.001)
    assert ledger.claimed().row == attempt.row


def test_two_workers_that_saw_the_same_limit_lower_it_once(ledger: Books) -> None:
    one, another = ledger.begun(), ledger.begun()
    seen = limits.read(ledger.store, ACCOUNT, now=ledger.now)

    ledger.refuse(one, live=5, seen=seen)
    ledger.refuse(another, live=2, seen=seen)

    after = limits.read(ledger.store, ACCOUNT, now=ledger.now)
    assert after.limit.learned == 5
    assert after.version == seen.version + 1
    assert after.refused_in_row == 1  # they left together, so it is one refusal


def test_a_limit_that_another_worker_changed_is_not_overwritten(ledger: Books) -> None:
    seen = limits.read(ledger.store, ACCOUNT)
    ledger.learn(6)

    assert not limits.learn(ledger.store, ACCOUNT, seen, seen.limit)

    assert limits.read(ledger.store, ACCOUNT).limit.learned == 6


def test_an_accepted_start_ends_the_row_of_refusals(ledger: Books) -> None:
    ledger.refuse(ledger.begun(), live=5)
    ledger.wait(5)

    ledger.connected()

    assert limits.read(ledger.store, ACCOUNT).refused_in_row == 0


def test_after_a_429_nobody_is_claimed_until_the_delay_is_over(ledger: Books) -> None:
    ledger.refuse(ledger.begun(), live=5, delay=5.0)
    assert ledger.claim() is None

    ledger.wait(4.999)
    assert ledger.claim() is None

    ledger.wait(0.001)
    assert ledger.claim() is not None


def test_after_a_429_a_slot_that_is_freed_opens_the_account_again(ledger: Books) -> None:
    live = ledger.connected()
    ledger.refuse(ledger.begun(), live=1, delay=5.0)
    assert ledger.claim() is None

    ledger.confirm(live)

    assert ledger.claim() is not None


# Outages and blocks -------------------------------------------------------------------------------


def fail(ledger: Books, times: int) -> None:
    """Begin so many calls at once, and lose them all."""
    for attempt in [ledger.begun() for _ in range(times)]:
        ledger.finish(attempt, Disposition.UNKNOWN, signal="failed")


def test_two_failures_in_a_row_hold_nobody_back(ledger: Books) -> None:
    fail(ledger, 2)

    assert len(claim_all(ledger)) == 48


def test_after_three_failures_in_a_row_one_call_goes_out_at_a_time(ledger: Books) -> None:
    fail(ledger, 3)
    assert ledger.claim() is None

    ledger.wait(1.0)

    assert ledger.claim() is not None
    ledger.wait(20.0)
    assert ledger.claim() is None


def test_every_probe_that_fails_doubles_the_time_to_the_next(ledger: Books) -> None:
    fail(ledger, 3)
    waits = []

    for _ in range(8):
        since = ledger.now
        while (claim := ledger.claim()) is None:
            ledger.wait(0.5)
        waits.append(ledger.now - since)
        ledger.begin(claim.attempt)
        ledger.finish(claim.attempt, Disposition.UNKNOWN, signal="failed")

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_starts_that_were_under_way_do_not_lengthen_an_outage(ledger: Books) -> None:
    ledger.campaign(20)
    under_way = [ledger.begun() for _ in range(8)]

    for attempt in under_way:
        ledger.finish(attempt, Disposition.UNKNOWN, signal="failed")

    ledger.wait(1.0)
    assert ledger.claim() is not None


@pytest.mark.parametrize("answered", ["connected", "rejected", "given back"])
def test_a_probe_that_is_answered_ends_the_outage(ledger: Books, answered: str) -> None:
    fail(ledger, 3)
    assert views.account(ledger.store, ACCOUNT).outage
    ledger.wait(1.0)
    probe = ledger.begun()

    match answered:
        case "connected":
            ledger.connect(probe)
        case "rejected":
            ledger.finish(probe, signal="answered")
        case _:
            ledger.refuse(probe, live=1000, delay=0.0)

    assert not views.account(ledger.store, ACCOUNT).outage
    assert len(claim_all(ledger)) > 1


def test_an_answer_between_failures_starts_the_count_anew(ledger: Books) -> None:
    fail(ledger, 2)
    ledger.connected()

    fail(ledger, 2)

    assert ledger.claim() is not None


def test_an_account_whose_limit_is_forgotten_starts_anew(ledger: Books) -> None:
    ledger.refuse(ledger.begun(), live=1, delay=5.0)
    assert ledger.claim() is None

    limits.forget(ledger.store, ACCOUNT)

    assert views.account(ledger.store, ACCOUNT).learned == FIRST
    assert len(claim_all(ledger)) == FIRST


def test_a_block_stops_the_credentials_that_it_names_and_no_others(ledger: Books) -> None:
    limits.block(ledger.store, ACCOUNT, "bad", "401")

    assert ledger.claim(fingerprint="bad") is None
    assert calls.ready(ledger.store, ACCOUNT, ceiling=9, fingerprint="bad", now=ledger.now)[0] == 0
    assert ledger.claim(fingerprint="good") is not None

    limits.unblock(ledger.store, ACCOUNT)
    assert ledger.claim(fingerprint="bad") is not None


def test_a_block_stops_no_stop(ledger: Books) -> None:
    attempt = ledger.connected(seconds=1.0)
    limits.block(ledger.store, ACCOUNT, "bad", "401")

    ledger.wait(1.0)
    ledger.expire()

    assert [order.attempt for order in ledger.take_stops()] == [attempt]


# What the timekeeper is told ----------------------------------------------------------------------


def ready(ledger: Books, ceiling: int = 1000) -> tuple[int, float | None]:
    messages, _, soonest = calls.ready(ledger.store, ACCOUNT, ceiling=ceiling, now=ledger.now)
    return messages, soonest and round(soonest, 3)


def test_there_are_as_many_messages_as_slots_are_free_or_calls_are_due(ledger: Books) -> None:
    ledger.claimed()

    assert ready(ledger, ceiling=8)[0] == 7
    ledger.wait(1)
    assert ready(ledger)[0] == 49


def test_a_second_timekeeper_says_nothing_that_was_just_said(ledger: Books) -> None:
    assert ready(ledger)[0] == 50

    assert ready(ledger) == (0, 0.5)


def test_the_timekeeper_is_told_when_the_next_lease_or_deadline_passes(ledger: Books) -> None:
    ledger.connected(seconds=7.5)
    ledger.claimed()

    _, soonest = ready(ledger, ceiling=1)

    assert soonest == 7.5


def test_the_timekeeper_is_told_when_the_next_stop_is_sent(ledger: Books) -> None:
    ledger.stopping()

    _, soonest = ready(ledger, ceiling=1)

    assert soonest == 2.0


def test_the_timekeeper_is_told_when_the_next_call_is_due(ledger: Books) -> None:
    for attempt in claim_all(ledger):
        ledger.give_back(attempt, delay_seconds=3.0)

    assert ready(ledger) == (0, 3.0)


def test_during_an_outage_there_is_one_message(ledger: Books) -> None:
    fail(ledger, 3)
    assert ready(ledger) == (0, 1.0)

    ledger.wait(1.0)

    assert ready(ledger)[0] == 1


def test_timekeepers_of_two_campaigns_say_what_is_ready_each_for_its_own(ledger: Books) -> None:
    ledger.campaign(3, "other")

    said = [
        calls.ready(ledger.store, ACCOUNT, ceiling=9, only=only, now=ledger.now)[0]
        for only in ("c", "other", "c", "other")
    ]

    assert said == [9, 3, 0, 0]
