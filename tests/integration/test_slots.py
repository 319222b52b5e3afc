"""Who holds a slot and for how long, and what keeps the next call back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduler.ledger import calls, campaigns, deadlines, keys, limits, reports, views
from scheduler.ledger.calls import Claim
from scheduler.ledger.deadlines import Deadline
from scheduler.limit import FIRST, Limit
from scheduler.models import Attempt, CallState, CampaignState, Disposition, Reason
from tests.integration.ledger import ACCOUNT, DURATION, Books, rows

DAY = 24 * 3600.0


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with fifty calls that are due, and room for all of them."""
    books.campaign(50)
    return books


def claim_all(books: Books, ceiling: int = 1000) -> list[Attempt]:
    attempts = []
    while claim := books.claim(ceiling=ceiling):
        attempts.append(claim.attempt)
    return attempts


# How many -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("learned", "ceiling", "slots"), [(3, 9, 3), (9, 3, 3), (1, 1, 1)])
def test_no_more_slots_are_taken_than_learned_limit_and_ceiling_allow(
    books: Books, learned: int, ceiling: int, slots: int
) -> None:
    books.learn(learned)

    claim_all(books, ceiling)

    assert len(books.slots()) == slots


def test_an_account_that_nothing_is_known_of_has_four_slots(books: Books) -> None:
    books.ledger.redis.delete("callsched:account:acme:meta")

    claim_all(books)

    assert len(books.slots()) == 4
    assert views.account(books.ledger, ACCOUNT).learned == 4


@pytest.mark.parametrize(
    "end",
    [
        Books.give_back,
        Books.finish,
        lambda books, attempt: (books.connect(attempt), books.confirm(attempt)),
    ],
    ids=["given back", "rejected", "confirmed"],
)
def test_a_slot_is_free_for_the_next_call_as_soon_as_its_attempt_is_over(
    books: Books, end: Callable[[Books, Attempt], object]
) -> None:
    attempt = books.begun()
    assert books.claim(ceiling=1) is None

    end(books, attempt)

    assert books.claim(ceiling=1) is not None


def test_the_next_call_takes_the_slot_in_the_step_that_frees_it(books: Books) -> None:
    books.campaign(2)
    attempt = books.connected()
    assert books.claim(ceiling=1) is None

    ended, claim = books.hand_on(attempt, ceiling=1)

    assert ended
    assert isinstance(claim, Claim)
    assert list(books.slots()) == [claim.attempt]
    assert books.dispositions() == {"stopped": 1}


def test_a_slot_is_freed_even_if_nobody_may_have_it(books: Books) -> None:
    books.campaign(2)
    attempt = books.connected()
    campaigns.halt(books.ledger, "c", now=books.now)

    assert books.hand_on(attempt) == (True, None)
    assert books.slots() == {}
    assert books.dispositions() == {"stopped": 1}


def test_an_end_that_was_on_record_frees_no_slot_and_the_claim_keeps_to_the_limit(
    books: Books,
) -> None:
    books.campaign(3)
    attempt, other = books.connected(), books.connected()
    books.confirm(attempt)
    claim = books.claim(ceiling=2)
    assert claim is not None

    assert books.hand_on(attempt, ceiling=2) == (False, None)
    assert set(books.slots()) == {other, claim.attempt}


def test_the_pace_holds_back_the_next_call_and_not_the_end(books: Books) -> None:
    books.campaign(2)
    attempt = books.claimed(starts_per_second=2.0)
    books.begin(attempt)
    books.connect(attempt)

    ended, wait = books.hand_on(attempt, starts_per_second=2.0)

    assert ended
    assert wait == pytest.approx(0.5)
    assert books.slots() == {}


def test_an_unknown_call_holds_its_slot_against_the_next_one(books: Books) -> None:
    books.finish(
        books.begun(), Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=DURATION
    )

    books.wait(DURATION - 0.001)
    books.expire()
    assert books.claim(ceiling=1) is None

    books.wait(0.001)
    books.expire()
    assert books.claim(ceiling=1) is not None


def test_a_late_answer_takes_a_slot_above_the_limit_and_lets_nobody_else_in(
    books: Books,
) -> None:
    books.learn(1)
    late = books.begun()
    books.give_back(late)
    in_time = books.claimed()

    books.connect(late)

    assert set(books.slots()) == {late, in_time}
    books.give_back(in_time)
    assert books.claim() is None
    books.confirm(late)
    assert books.claim() is not None


# What is learned ---------------------------------------------------------------------------------

FALLEN = Limit(8, 3, 1_700_000_000.25, -2, 20)


def learn(books: Books) -> None:
    assert limits.learn(books.ledger, ACCOUNT, limits.read(books.ledger, ACCOUNT), FALLEN)


def refuse(books: Books) -> None:
    attempt, seen = books.begun(), limits.read(books.ledger, ACCOUNT)
    calls.give_back_at_limit(
        books.ledger,
        ACCOUNT,
        attempt,
        "t",
        delay_seconds=5.0,
        message="429",
        seen=seen,
        lowered=FALLEN,
        now=books.now,
    )


def refuse_late(books: Books) -> None:
    attempt, seen = books.connected(), limits.read(books.ledger, ACCOUNT)
    assert reports.give_back_at_limit(
        books.ledger,
        ACCOUNT,
        attempt,
        "full",
        delay_seconds=5.0,
        seen=seen,
        lowered=FALLEN,
        now=books.now,
    )


@pytest.mark.parametrize("change", [learn, refuse, refuse_late])
def test_every_fact_of_a_limit_is_kept(books: Books, change: Callable[[Books], None]) -> None:
    change(books)

    assert limits.read(books.ledger, ACCOUNT).limit == FALLEN


def test_how_many_were_open_at_once_is_counted_anew_from_each_refusal_on(books: Books) -> None:
    books.ledger.redis.hset(keys.account(ACCOUNT, "meta"), "proven", 1)
    open_calls = [books.connected(), books.connected(), books.connected()]
    for attempt in open_calls[1:]:
        books.confirm(attempt)

    assert limits.read(books.ledger, ACCOUNT).proven == len(open_calls)

    books.refuse(books.begun(), live=1)

    assert limits.read(books.ledger, ACCOUNT).proven == 1


# Stops that nobody confirms -----------------------------------------------------------------------


def test_after_our_patience_a_call_ends_as_unconfirmed_and_its_slot_is_free(
    books: Books,
) -> None:
    attempt = books.stopping()
    patience = books.ledger.leases.stop_patience

    books.wait(patience - 0.001)
    books.expire()
    assert books.state(attempt) is CallState.STOPPING

    books.wait(0.001)
    books.expire()
    assert books.ended_as(attempt) == ("stopped", "unconfirmed")
    assert books.slots() == {}


def test_an_unconfirmed_stop_is_repeated_for_a_day_and_then_dropped(books: Books) -> None:
    attempt = books.stopping()
    books.wait(books.ledger.leases.stop_patience)
    books.expire()

    books.wait(DAY - 700)
    assert [order.attempt for order in books.take_stops()] == [attempt]
    assert attempt in books.live()

    books.wait(701)
    assert books.take_stops() == []
    assert books.live() == books.owed_stops() == {}


def test_a_stop_that_is_confirmed_after_our_patience_is_no_longer_repeated(
    books: Books,
) -> None:
    attempt = books.stopping()
    books.wait(books.ledger.leases.stop_patience)
    books.expire()

    assert books.confirm(attempt)

    assert books.live() == books.owed_stops() == {}
    assert books.ended_as(attempt) == ("stopped", "unconfirmed")


def test_two_denials_five_seconds_apart_make_an_end_certain(books: Books) -> None:
    attempt = books.stopping()
    assert not books.deny(attempt)

    books.wait(4.9)
    assert not books.deny(attempt)

    books.wait(0.1)
    assert books.deny(attempt)


def test_a_stop_that_was_denied_is_sent_again_when_a_denial_counts(books: Books) -> None:
    attempt = books.stopping()

    books.deny(attempt)

    books.wait(4.9)
    assert books.take_stops() == []
    books.wait(0.1)
    assert [order.attempt for order in books.take_stops()] == [attempt]


# What holds a start back --------------------------------------------------------------------------


def overdue(books: Books, count: int, live: int) -> None:
    """Have so many stops a little more than 30 seconds late, of so many live connections."""
    for _ in range(live - count):
        books.connected(seconds=10 * DURATION)
    for _ in range(count):
        books.connected(seconds=1.0)
    books.wait(1.0 + books.ledger.leases.stop_late + 0.001)
    books.expire()


def claimed_before(books: Books, late: int, live: int) -> Attempt:
    """Claim a call a moment before so many stops are late."""
    overdue(books, late, live)
    books.wait(-2.0)
    attempt = books.claimed()
    books.wait(2.0)
    return attempt


@pytest.mark.parametrize(
    ("late", "live", "go"), [(3, 3, True), (4, 4, False), (4, 40, True), (5, 45, False)]
)
def test_nobody_is_dialled_while_too_many_stops_are_late(
    books: Books, late: int, live: int, go: bool
) -> None:
    attempt = claimed_before(books, late, live)

    assert (books.claim() is not None) is go
    assert (calls.ready(books.ledger, ACCOUNT, ceiling=999, now=books.now)[0] > 0) is go
    assert books.begin(attempt) is go

    assert books.state(attempt) is (CallState.DIALING if go else CallState.PENDING)
    assert (attempt in books.slots()) is go


def test_a_worker_that_starts_sends_again_at_once_what_was_not_confirmed(books: Books) -> None:
    books.connected(seconds=1)
    books.wait(1)
    books.expire()
    delays = [30.0]
    assert len(calls.take_stops(books.ledger, ACCOUNT, most=9, delays=delays, now=books.now)) == 1
    books.wait(1)
    assert calls.take_stops(books.ledger, ACCOUNT, most=9, delays=delays, now=books.now) == []

    calls.hurry_stops(books.ledger, ACCOUNT, now=books.now)

    assert len(calls.take_stops(books.ledger, ACCOUNT, most=9, delays=delays, now=books.now)) == 1


def test_who_hurries_stops_leaves_the_two_denials_apart(books: Books) -> None:
    attempt = books.connected(seconds=1)
    books.wait(1)
    books.expire()
    calls.take_stops(books.ledger, ACCOUNT, most=9, delays=[2.0], now=books.now)
    books.deny(attempt)

    calls.hurry_stops(books.ledger, ACCOUNT, now=books.now)

    assert calls.take_stops(books.ledger, ACCOUNT, most=9, delays=[2.0], now=books.now) == []


@pytest.mark.parametrize(
    ("sendings", "ended_as"), [(1, Disposition.HUNG_UP), (2, Disposition.STOPPED)]
)
def test_the_far_end_has_hung_up_only_if_our_first_stop_was_denied(
    books: Books, sendings: int, ended_as: Disposition
) -> None:
    attempt = books.connected(seconds=1)
    books.wait(1)
    books.expire()
    for _ in range(sendings):
        calls.take_stops(books.ledger, ACCOUNT, most=9, delays=[0.0], now=books.now)
    books.deny(attempt)
    books.wait(books.ledger.leases.denied_interval)

    assert calls.deny(books.ledger, ACCOUNT, attempt, now=books.now) is ended_as


def test_the_far_end_has_not_hung_up_if_a_stop_without_a_record_may_have_ended_it(
    books: Books,
) -> None:
    attempt = books.stopping()
    deadlines.note_stop(books.ledger, ACCOUNT, attempt)
    books.deny(attempt)
    books.wait(books.ledger.leases.denied_interval)

    assert calls.deny(books.ledger, ACCOUNT, attempt, now=books.now) is Disposition.STOPPED


def test_a_stop_that_was_sent_without_a_record_makes_no_record_of_its_own(books: Books) -> None:
    attempt = books.claimed()
    as_it_stood = books.everything()

    deadlines.note_stop(books.ledger, ACCOUNT, attempt)

    assert books.everything() == as_it_stood


# What a worker remembers --------------------------------------------------------------------------


def deadlines_of(books: Books, *attempts: Attempt) -> dict[Attempt, Deadline | None]:
    return deadlines.live(books.ledger, ACCOUNT, attempts, now=books.now)


def test_a_live_connection_has_its_deadline(books: Books) -> None:
    attempt = books.connected()
    books.wait(10.0)

    found = deadlines_of(books, attempt)[attempt]

    assert found is not None
    assert found.at == pytest.approx(books.now + DURATION - 10.0, abs=1e-3)
    assert found.seconds == pytest.approx(DURATION - 10.0, abs=1e-3)


def test_a_connection_that_is_being_stopped_has_the_next_sending_of_its_stop(
    books: Books,
) -> None:
    attempt = books.connected(seconds=1)
    books.wait(1)
    books.expire()
    assert calls.take_stops(books.ledger, ACCOUNT, most=9, delays=[2.0], now=books.now)

    found = deadlines_of(books, attempt)[attempt]

    assert found is not None
    assert found.seconds == pytest.approx(2.0, abs=1e-3)


def test_what_is_over_has_none_and_what_is_unknown_is_left_out(books: Books) -> None:
    over, dialing = books.connected(), books.begun()
    books.confirm(over)

    assert deadlines_of(books, over, dialing, Attempt("gone", 1, 1)) == {over: None}


def test_a_stop_that_was_given_up_has_none(books: Books) -> None:
    attempt = books.stopping()
    books.wait(books.ledger.leases.stop_give_up + 1)
    books.take_stops()

    assert deadlines_of(books, attempt) == {attempt: None}


def test_a_lost_answer_counts_as_live_for_the_limit_while_its_slot_is_held(
    books: Books,
) -> None:
    attempt = books.begun()
    books.finish(attempt, Disposition.UNKNOWN, hold_seconds=DURATION)
    assert limits.read(books.ledger, ACCOUNT, now=books.now).live == 1

    books.wait(DURATION)
    books.expire()

    assert limits.read(books.ledger, ACCOUNT, now=books.now).live == 0


def test_an_attempt_that_was_held_is_due_again_in_a_second_and_not_used_up(
    books: Books,
) -> None:
    attempt = claimed_before(books, 4, 4)

    books.begin(attempt)

    assert books.result(attempt)["attempts"] == 0
    due = books.ledger.redis.zscore("callsched:campaign:c:due", attempt.row)
    assert due == pytest.approx(books.now + 1)


def test_calls_that_an_abort_cannot_end_count_as_late_stops(books: Books) -> None:
    for _ in range(4):
        books.connected(seconds=10 * DURATION)
    books.abort()
    books.wait(books.ledger.leases.stop_late + 0.001)
    campaigns.resume(books.ledger, "c")

    assert books.claim() is None


def test_a_paused_campaign_dials_nobody(books: Books) -> None:
    attempt = books.claimed()
    campaigns.halt(books.ledger, "c", now=books.now)

    assert not books.begin(attempt)

    assert books.campaign_state() is CampaignState.PAUSED
    assert books.state(attempt) is CallState.PENDING
    assert books.slots() == {}
    assert books.claim() is None


def test_a_paused_campaign_goes_on_when_it_is_resumed(books: Books) -> None:
    campaigns.halt(books.ledger, "c", now=books.now)

    campaigns.resume(books.ledger, "c")

    assert books.begin(books.claimed())


def test_a_pause_leaves_live_calls_to_their_deadlines(books: Books) -> None:
    attempt = books.connected()

    assert campaigns.halt(books.ledger, "c", now=books.now) == 0

    assert books.state(attempt) is CallState.CONNECTED
    assert books.take_stops() == []


def test_an_abort_stops_live_calls_at_once(books: Books) -> None:
    live = {books.connected(), books.connected()}

    assert books.abort() == 2

    orders = books.take_stops()
    assert {order.attempt for order in orders} == live
    assert {order.why for order in orders} == {"aborted"}


def test_an_abort_stops_a_call_that_is_answered_later(books: Books) -> None:
    attempt = books.begun()
    assert books.abort() == 0

    assert books.connect(attempt) == "connected"

    (order,) = books.take_stops()
    assert (order.attempt, order.why) == (attempt, "aborted")
    books.confirm(attempt, Disposition.ABORTED)
    assert books.ended_as(attempt) == ("aborted", None)


def test_calls_of_a_campaign_that_is_resumed_are_not_aborted(books: Books) -> None:
    books.abort()
    campaigns.resume(books.ledger, "c")

    books.connected()

    assert books.take_stops() == []


def test_an_abort_leaves_other_campaigns_alone(books: Books) -> None:
    books.campaign(1, "other")
    attempts = [books.connected(), books.connected()]

    assert books.abort("other") == 1

    states = {attempt.campaign_id: books.state(attempt) for attempt in attempts}
    assert states == {"c": CallState.CONNECTED, "other": CallState.STOPPING}
    assert books.claimed().campaign_id == "c"


# 429 ---------------------------------------------------------------------------------------------


def test_a_429_uses_up_no_attempt_and_the_call_is_due_later(books: Books) -> None:
    books.ledger.redis.delete("callsched:campaign:c:due")
    books.load(rows(51), load_id="2")
    attempt = books.begun()

    books.refuse(attempt, live=1, delay=5.0)

    assert books.state(attempt) is CallState.PENDING
    assert books.result(attempt)["attempts"] == 0
    books.wait(4.999)
    assert books.claim() is None
    books.wait(0.001)
    assert books.claimed().row == attempt.row


def test_two_workers_that_saw_the_same_limit_lower_it_once(books: Books) -> None:
    one, another = books.begun(), books.begun()
    seen = limits.read(books.ledger, ACCOUNT, now=books.now)

    books.refuse(one, live=5, seen=seen)
    books.refuse(another, live=2, seen=seen)

    after = limits.read(books.ledger, ACCOUNT, now=books.now)
    assert after.limit.learned == 5
    assert after.version == seen.version + 1
    assert after.refused_in_row == 1  # they left together, so it is one refusal


def test_a_limit_that_another_worker_changed_is_not_overwritten(books: Books) -> None:
    seen = limits.read(books.ledger, ACCOUNT)
    books.learn(6)

    assert not limits.learn(books.ledger, ACCOUNT, seen, seen.limit)

    assert limits.read(books.ledger, ACCOUNT).limit.learned == 6


def test_an_accepted_start_ends_the_row_of_refusals(books: Books) -> None:
    books.refuse(books.begun(), live=5)
    books.wait(5)

    books.connected()

    assert limits.read(books.ledger, ACCOUNT).refused_in_row == 0


def test_after_a_429_nobody_is_claimed_until_the_delay_is_over(books: Books) -> None:
    books.refuse(books.begun(), live=5, delay=5.0)
    assert books.claim() is None

    books.wait(4.999)
    assert books.claim() is None

    books.wait(0.001)
    assert books.claim() is not None


def test_after_a_429_a_slot_that_is_freed_opens_the_account_again(books: Books) -> None:
    live = books.connected()
    books.refuse(books.begun(), live=1, delay=5.0)
    assert books.claim() is None

    books.confirm(live)

    assert books.claim() is not None


def test_the_more_starts_are_refused_in_a_row_the_more_calls_must_end_first(books: Books) -> None:
    live = [books.connected() for _ in range(16)]
    books.refuse(books.begun(), live=16, delay=5.0)
    needed = []

    for _ in range(4):
        ended = 0
        while (claimed := books.claim()) is None:
            books.confirm(live.pop())
            ended += 1
        needed.append(ended)
        assert books.begin(claimed.attempt)
        books.refuse(claimed.attempt, live=len(live), delay=5.0)

    assert needed == [1, 2, 3, 2]  # a quarter of the limit at most


def test_until_a_start_is_accepted_again_one_is_tried_at_a_time(books: Books) -> None:
    live = [books.connected() for _ in range(8)]
    books.refuse(books.begun(), live=8, delay=5.0)
    books.confirm(live.pop())
    books.confirm(live.pop())
    tried = books.begun()
    assert books.claim() is None

    books.connect(tried)

    assert books.claim() is not None


# Outages and blocks -------------------------------------------------------------------------------


def fail(books: Books, times: int) -> None:
    """Begin so many calls at once, and lose them all."""
    for attempt in [books.begun() for _ in range(times)]:
        books.finish(attempt, Disposition.UNKNOWN, signal="failed")


def test_two_failures_in_a_row_hold_nobody_back(books: Books) -> None:
    fail(books, 2)

    assert len(claim_all(books)) == 48


def test_after_three_failures_in_a_row_one_call_goes_out_at_a_time(books: Books) -> None:
    fail(books, 3)
    assert books.claim() is None

    books.wait(1.0)

    assert books.claim() is not None
    books.wait(20.0)
    assert books.claim() is None


def test_every_probe_that_fails_doubles_the_time_to_the_next(books: Books) -> None:
    fail(books, 3)
    waits = []

    for _ in range(8):
        since = books.now
        while (claim := books.claim()) is None:
            books.wait(0.5)
        waits.append(books.now - since)
        books.begin(claim.attempt)
        books.finish(claim.attempt, Disposition.UNKNOWN, signal="failed")

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_starts_that_were_under_way_do_not_lengthen_an_outage(books: Books) -> None:
    books.campaign(20)
    under_way = [books.begun() for _ in range(8)]

    for attempt in under_way:
        books.finish(attempt, Disposition.UNKNOWN, signal="failed")

    books.wait(1.0)
    assert books.claim() is not None


@pytest.mark.parametrize("answered", ["connected", "rejected", "given back", "refused"])
def test_a_probe_that_is_answered_ends_the_outage(books: Books, answered: str) -> None:
    fail(books, 3)
    assert views.account(books.ledger, ACCOUNT).outage
    books.wait(1.0)
    probe = books.begun()

    match answered:
        case "connected":
            books.connect(probe)
        case "rejected":
            books.finish(probe, signal="answered")
        case "given back":
            books.give_back(probe, signal="answered")
        case _:
            books.refuse(probe, live=1000, delay=0.0)

    assert not views.account(books.ledger, ACCOUNT).outage
    # After a 429 one is tried at a time, for another reason.
    assert len(claim_all(books)) > (answered != "refused")


def test_an_answer_between_failures_starts_the_count_anew(books: Books) -> None:
    fail(books, 2)
    books.connected()

    fail(books, 2)

    assert books.claim() is not None


def test_an_account_whose_limit_is_forgotten_starts_anew(books: Books) -> None:
    books.refuse(books.begun(), live=1, delay=5.0)
    assert books.claim() is None

    limits.forget(books.ledger, ACCOUNT)

    assert views.account(books.ledger, ACCOUNT).learned == FIRST
    assert len(claim_all(books)) == FIRST


def test_a_block_stops_the_credentials_that_it_names_and_no_others(books: Books) -> None:
    limits.block(books.ledger, ACCOUNT, "bad", "401")

    assert books.claim(fingerprint="bad") is None
    assert calls.ready(books.ledger, ACCOUNT, ceiling=9, fingerprint="bad", now=books.now)[0] == 0
    assert books.claim(fingerprint="good") is not None

    limits.unblock(books.ledger, ACCOUNT)
    assert books.claim(fingerprint="bad") is not None


def test_a_number_of_ours_that_is_blocked_holds_back_no_claim_and_is_told_with_it(
    books: Books,
) -> None:
    limits.block_caller(books.ledger, ACCOUNT, "+12025550100", "21210")

    claim = books.claim("token")
    assert claim is not None
    assert claim.blocked_callers == {"+12025550100"}
    assert books.claim("token") == claim

    limits.unblock(books.ledger, ACCOUNT)
    claim = books.claim()
    assert claim is not None
    assert claim.blocked_callers == frozenset()


def test_a_block_stops_no_stop(books: Books) -> None:
    attempt = books.connected(seconds=1.0)
    limits.block(books.ledger, ACCOUNT, "bad", "401")

    books.wait(1.0)
    books.expire()

    assert [order.attempt for order in books.take_stops()] == [attempt]


# What the timekeeper is told ----------------------------------------------------------------------


def ready(books: Books, ceiling: int = 1000) -> tuple[int, float | None]:
    messages, _, soonest = calls.ready(books.ledger, ACCOUNT, ceiling=ceiling, now=books.now)
    return messages, soonest and round(soonest, 3)


def test_there_are_as_many_messages_as_slots_are_free_or_calls_are_due(books: Books) -> None:
    books.claimed()

    assert ready(books, ceiling=8)[0] == 7
    books.wait(1)
    assert ready(books)[0] == 49


def test_a_second_timekeeper_says_nothing_that_was_just_said(books: Books) -> None:
    assert ready(books)[0] == 50

    assert ready(books) == (0, 0.5)


def test_the_timekeeper_is_told_when_the_next_lease_or_deadline_passes(books: Books) -> None:
    books.connected(seconds=7.5)
    books.claimed()

    _, soonest = ready(books, ceiling=1)

    assert soonest == 7.5


def test_the_timekeeper_is_told_when_the_next_stop_is_sent(books: Books) -> None:
    books.stopping()

    _, soonest = ready(books, ceiling=1)

    assert soonest == 2.0


def test_the_timekeeper_is_told_when_the_next_call_is_due(books: Books) -> None:
    for attempt in claim_all(books):
        books.give_back(attempt, delay_seconds=3.0)

    assert ready(books) == (0, 3.0)


def test_during_an_outage_there_is_one_message(books: Books) -> None:
    fail(books, 3)
    assert ready(books) == (0, 1.0)

    books.wait(1.0)

    assert ready(books)[0] == 1


def test_timekeepers_of_two_campaigns_say_what_is_ready_each_for_its_own(books: Books) -> None:
    books.campaign(3, "other")

    said = [
        calls.ready(books.ledger, ACCOUNT, ceiling=9, only=only, now=books.now)[0]
        for only in ("c", "other", "c", "other")
    ]

    assert said == [9, 3, 0, 0]
