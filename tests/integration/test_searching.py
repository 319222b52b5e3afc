"""Lost calls that a search finds and calls that no attempt has: what is on record, once."""

from __future__ import annotations

from functools import partial

import pytest

from scheduler.ledger import calls, searches, unknowns
from scheduler.ledger.calls import Ringing
from scheduler.ledger.searches import Found, Lead, LostCall, Powers
from scheduler.models import Attempt, CallState, Connection, Contact, Disposition, Reason, Row
from tests.integration.ledger import ACCOUNT, DURATION, RING, Books, contact

HOLD = RING + 35.0 + DURATION
ALL = Powers(attaches=True, stops=True)


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with one call that is due."""
    books.campaign()
    return books


def begun(books: Books) -> Attempt:
    attempt = books.claimed()
    ringing = Ringing(RING, HOLD, "+12025550100", is_searched=True)
    assert calls.begin(
        books.ledger,
        ACCOUNT,
        attempt,
        "t",
        max_duration_seconds=DURATION,
        ringing=ringing,
        now=books.now,
    )
    return attempt


def lost(books: Books) -> LostCall:
    """Lose an answer; return what is looked for."""
    attempt = begun(books)
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=HOLD)
    (found,) = searches.due(books.ledger, ACCOUNT, now=books.now)
    return found


def find(books: Books, one: LostCall, *candidates: str, powers: Powers = ALL) -> Found:
    return searches.find(
        books.ledger,
        ACCOUNT,
        one,
        candidates,
        powers=powers,
        next_in_seconds=5.0,
        now=books.now,
    )[0]


def test_a_lost_call_is_looked_for_at_once(books: Books) -> None:
    one = lost(books)

    assert (one.address, one.caller_id) == (contact(1).phone_number, "+12025550100")
    assert one.begun_at == books.now


def test_a_call_whose_worker_died_is_looked_for_when_its_lease_is_over(books: Books) -> None:
    attempt = begun(books)
    books.wait(books.ledger.leases.dial)
    books.expire()

    (one,) = searches.due(books.ledger, ACCOUNT, now=books.now)

    assert one.attempt == attempt
    assert books.slots() == {attempt: HOLD}


def test_the_next_search_is_due_later(books: Books) -> None:
    one = lost(books)

    assert find(books, one) is Found.NONE

    assert searches.due(books.ledger, ACCOUNT, now=books.now) == []
    assert searches.seconds_until_next(books.ledger, ACCOUNT, now=books.now) == 5.0


def test_a_call_is_looked_for_as_long_as_it_could_live(books: Books) -> None:
    one = lost(books)
    books.wait(HOLD)

    assert find(books, one, "X") is Found.OVER

    assert searches.seconds_until_next(books.ledger, ACCOUNT, now=books.now) is None
    assert books.ended_as(one.attempt)[0] == "unknown"


def test_what_is_found_has_a_deadline_and_a_slot(books: Books) -> None:
    one = lost(books)
    books.wait(5.0)

    assert find(books, one, "X") is Found.ATTACHED

    assert books.state(one.attempt) is CallState.CONNECTED
    assert books.slots() == books.live() == {one.attempt: RING + 35.0 - 5.0}
    assert books.dispositions() == {}
    assert books.campaign_state() == "active"


def test_what_is_found_is_attached_once(books: Books) -> None:
    one = lost(books)
    find(books, one, "X")
    as_it_stood = books.everything()

    assert find(books, one, "X") is Found.NONE

    assert books.everything() == as_it_stood


def test_a_connection_belongs_to_one_attempt(books: Books) -> None:
    books.campaign(1, "other")
    one, other = lost(books), begun(books)
    calls.connect(
        books.ledger,
        ACCOUNT,
        other,
        Connection("X"),
        answered_ago_seconds=0.0,
        max_duration_seconds=DURATION,
        wait=calls.Wait("queued", RING),
        now=books.now,
    )

    assert find(books, one, "X") is Found.NONE


def test_while_another_attempt_to_the_number_is_in_question_nothing_is_attached(
    books: Books,
) -> None:
    number = contact(9).phone_number
    meetings = [Row(Contact(code, number, dtmf=code), 2) for code in ("1#", "2#")]
    books.create("meetings")
    books.load(meetings, campaign_id="meetings")
    books.seal("meetings")
    books.finish(begun(books))
    begun(books)
    other = begun(books)
    books.finish(other, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=HOLD)
    (one,) = searches.due(books.ledger, ACCOUNT, now=books.now)

    assert find(books, one, "X") is Found.CONTESTED

    assert books.ended_as(other) == ("unknown", "answer_lost")


def test_an_answer_takes_a_connection_from_the_attempt_that_a_search_gave_it_to(
    books: Books,
) -> None:
    books.campaign(1, "other")
    one, other = lost(books), begun(books)
    find(books, one, "X")

    calls.connect(
        books.ledger,
        ACCOUNT,
        other,
        Connection("X"),
        answered_ago_seconds=0.0,
        max_duration_seconds=DURATION,
        wait=calls.Wait("queued", RING),
        now=books.now,
    )

    assert books.ended_as(one.attempt) == ("unknown", "answer_lost")
    assert set(books.live()) == {other}
    assert books.slots()[one.attempt] == HOLD
    assert searches.due(books.ledger, ACCOUNT, now=books.now) == [one]


def test_an_order_to_end_everything_ends_what_is_found(books: Books) -> None:
    one = lost(books)
    books.campaign(1, "other")  # keeps the account busy
    books.ledger.redis.hset("callsched:campaign:c:meta", "aborting", 1)

    find(books, one, "X")

    assert books.state(one.attempt) is CallState.STOPPING
    assert books.owed_stops() == {one.attempt: 0.0}


def test_a_verdict_ends_the_search(books: Books) -> None:
    one = lost(books)

    unknowns.settle(books.ledger, ACCOUNT, one.attempt, unknowns.Resolution.NOT_PLACED)

    assert searches.seconds_until_next(books.ledger, ACCOUNT, now=books.now) is None


def test_the_same_sweep_twice_is_two_sweeps_and_changes_no_call(books: Books) -> None:
    attempt = books.connected()
    as_it_stood = books.result(attempt)

    counts = [
        searches.sweep(books.ledger, ACCOUNT, [("Y", "+12025550143")], ALL, now=books.now)
        for _ in range(3)
    ]

    assert counts == [0, 1, 1]
    assert [one.times for one in searches.orphans(books.ledger, ACCOUNT)] == [3]
    assert books.result(attempt) == as_it_stood


def test_what_is_listed_no_more_is_forgotten(books: Books) -> None:
    for _ in range(2):
        searches.sweep(books.ledger, ACCOUNT, [("Y", "+12025550143")], Powers(), now=books.now)

    searches.sweep(books.ledger, ACCOUNT, [], Powers(), now=books.now)

    assert searches.orphans(books.ledger, ACCOUNT) == []


def test_one_worker_at_a_time_reads_the_calls(books: Books) -> None:
    said = [searches.lead(books.ledger, ACCOUNT, token) for token in ("a", "a", "b")]
    assert said == [Lead.TAKEN, Lead.KEPT, Lead.OTHERS]

    searches.step_down(books.ledger, ACCOUNT, "b")
    assert searches.lead(books.ledger, ACCOUNT, "b") is Lead.OTHERS

    searches.step_down(books.ledger, ACCOUNT, "a")
    assert searches.lead(books.ledger, ACCOUNT, "b") is Lead.TAKEN


@pytest.mark.parametrize("attaches", [True, False])
def test_whether_it_would_be_attached_is_known_before_the_first_search(
    books: Books, attaches: bool
) -> None:
    lost(books)
    assert searches.is_findable(books.ledger, ACCOUNT, "c", now=books.now)

    searches.lead(books.ledger, ACCOUNT, "a", attaches=attaches)

    assert searches.is_findable(books.ledger, ACCOUNT, "c", now=books.now) is attaches


@pytest.mark.parametrize(("powers", "hopeful"), [(ALL, True), (Powers(), False)])
def test_a_lost_call_is_worth_waiting_for_where_it_would_be_attached(
    books: Books, powers: Powers, hopeful: bool
) -> None:
    one = lost(books)
    find(books, one, powers=powers)
    assert searches.is_findable(books.ledger, ACCOUNT, "c", now=books.now) is hopeful
    assert not searches.is_findable(books.ledger, ACCOUNT, "other", now=books.now)

    books.wait(searches.FINDABLE_SECONDS)
    assert not searches.is_findable(books.ledger, ACCOUNT, "c", now=books.now)


def test_where_callbacks_come_a_lost_call_is_worth_waiting_for_on_any_account(books: Books) -> None:
    lost(books)
    searches.lead(books.ledger, ACCOUNT, "a", attaches=False)
    hopeful = partial(searches.is_findable, books.ledger, ACCOUNT, "c", hears_callbacks=True)
    assert hopeful(now=books.now)

    books.wait(searches.FINDABLE_SECONDS)
    assert not hopeful(now=books.now)


def test_a_call_that_was_found_is_waited_for_no_longer_than_it_lives(books: Books) -> None:
    one = lost(books)
    find(books, one, "X")

    assert not searches.is_findable(books.ledger, ACCOUNT, "c", now=books.now)
