"""Calls that ring before somebody answers: their deadlines and their ends, as the ledger has it."""

from __future__ import annotations

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import deadlines, live_calls, reports
from scheduler.ledger.calls import LOOK, Wait
from scheduler.ledger.ledger import Control
from scheduler.models import LOOKED_FOR_SECONDS, Attempt, CallState, Disposition, Reason, Retry
from tests.integration.ledger import ACCOUNT, DURATION, RING, Books

BEFORE = RING + Wait.MARGIN_SECONDS


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with one call that is due."""
    books.campaign()
    return books


def stands(books: Books, attempt: Attempt) -> set[float]:
    """Return in how many seconds the call must be over, wherever that is written."""
    said = deadlines.live(books.ledger, ACCOUNT, [attempt], now=books.now)[attempt]
    assert said is not None
    written = {books.slots()[attempt], books.live()[attempt], round(said.seconds, 3)}
    return written | {round(books.result(attempt)["deadline"] - books.now, 3)}


def unanswered(books: Books, attempt: Attempt, stage: str = "ringing") -> None:
    reports.unanswered(books.ledger, books.now, [(attempt, stage)])


# Deadlines ----------------------------------------------------------------------------------------


def test_before_the_answer_the_deadline_counts_from_begin(books: Books) -> None:
    attempt = books.begun()
    books.wait(10.0)

    books.connect(attempt, wait=Wait("queued", RING))

    assert stands(books, attempt) == {BEFORE - 10.0}


def test_the_answer_moves_the_deadline_wherever_it_stands(books: Books) -> None:
    attempt = books.ringing()
    books.wait(20.0)

    assert books.answered(attempt, books.now - 1.0)

    assert stands(books, attempt) == {DURATION - 1.0}


def test_where_only_reads_tell_the_answer_it_is_the_last_that_showed_none(books: Books) -> None:
    attempt = books.ringing()
    books.wait(4.0)
    unanswered(books, attempt)
    books.wait(2.0)

    books.answered(attempt)

    assert stands(books, attempt) == {DURATION - 2.0}


def test_an_answer_of_which_no_read_tells_counts_from_begin(books: Books) -> None:
    attempt = books.ringing()
    books.wait(6.0)

    books.answered(attempt)

    assert stands(books, attempt) == {DURATION - 6.0}


def test_an_answer_is_kept_and_an_earlier_stage_is_no_news_after_it(books: Books) -> None:
    attempt = books.ringing()
    books.answered(attempt, books.now)
    books.wait(5.0)

    assert not books.answered(attempt, books.now)
    unanswered(books, attempt)

    assert stands(books, attempt) == {DURATION - 5.0}
    assert reports.open_calls(books.ledger, ACCOUNT)[0].stage == "answered"


def test_a_call_that_rings_is_not_queued_again(books: Books) -> None:
    attempt = books.ringing()
    unanswered(books, attempt)

    unanswered(books, attempt, "queued")

    assert reports.open_calls(books.ledger, ACCOUNT)[0].stage == "ringing"


def test_a_call_is_looked_at_before_it_is_stopped_for_want_of_an_answer(books: Books) -> None:
    attempt = books.ringing()
    books.wait(BEFORE)
    books.expire()

    (order,) = books.take_stops()

    assert (order.attempt, order.why) == (attempt, LOOK)
    assert books.state(attempt) is CallState.CONNECTED
    assert books.slots()[attempt] == LOOKED_FOR_SECONDS
    assert books.take_stops() == []


def test_a_look_that_finds_an_answer_moves_the_deadline(books: Books) -> None:
    attempt = books.ringing()
    books.wait(BEFORE)
    books.expire()

    books.answered(attempt, books.now - 3.0)

    assert books.owed_stops() == {}
    assert stands(books, attempt) == {DURATION - 3.0}


def test_a_look_that_finds_none_has_the_call_stopped(books: Books) -> None:
    attempt = books.ringing()
    books.wait(BEFORE)
    books.expire()

    assert books.hint(attempt, "no_answer")

    (order,) = books.take_stops()
    assert (order.why, order.sendings) == ("no_answer", 1)
    assert books.state(attempt) is CallState.STOPPING


def test_a_call_that_was_answered_meanwhile_is_not_stopped_for_want_of_an_answer(
    books: Books,
) -> None:
    attempt = books.ringing()
    books.answered(attempt, books.now)

    assert not books.hint(attempt, "no_answer")

    assert books.state(attempt) is CallState.CONNECTED


def test_a_call_that_nobody_can_look_at_is_stopped_when_it_must_be_over_by_all_means(
    books: Books,
) -> None:
    attempt = books.ringing()
    books.wait(BEFORE)
    books.expire()
    books.wait(LOOKED_FOR_SECONDS)
    books.expire()

    left = RING + DURATION - BEFORE - LOOKED_FOR_SECONDS
    assert stands(books, attempt) == {left}
    assert books.owed_stops() == {}

    books.wait(left)
    books.expire()
    (order,) = books.take_stops()
    assert (order.attempt, order.why) == (attempt, "deadline")


def test_a_deadline_that_moves_to_the_past_is_a_stop_at_once(books: Books) -> None:
    attempt = books.ringing()
    books.wait(DURATION + BEFORE)
    books.expire()
    books.wait(LOOKED_FOR_SECONDS)

    books.expire()

    assert books.state(attempt) is CallState.STOPPING


def test_an_order_to_stop_takes_the_place_of_a_look(books: Books) -> None:
    attempt = books.ringing()
    books.wait(BEFORE)
    books.expire()

    books.abort()

    (order,) = books.take_stops()
    assert (order.attempt, order.why) == (attempt, "aborted")


# An operator's order ------------------------------------------------------------------------------


def extend(books: Books, attempt: Attempt, seconds: float, ceiling: float = 3 * DURATION) -> float:
    return live_calls.extend(
        books.ledger,
        ACCOUNT,
        attempt,
        seconds,
        Control("ana@desk"),
        ceiling_seconds=ceiling,
        now=books.now,
    )


def test_a_call_that_is_extended_before_its_answer_lasts_longer_after_it(books: Books) -> None:
    attempt = books.ringing()

    extend(books, attempt, 10.0)
    assert stands(books, attempt) == {BEFORE}

    books.answered(attempt, books.now)
    assert stands(books, attempt) == {DURATION + 10.0}


def test_a_call_that_is_extended_after_its_answer_has_a_later_deadline(books: Books) -> None:
    attempt = books.ringing()
    books.answered(attempt, books.now)

    extend(books, attempt, 10.0)

    assert stands(books, attempt) == {DURATION + 10.0}
    (call,) = reports.open_calls(books.ledger, ACCOUNT)
    assert call.max_duration_seconds == DURATION + 10.0


def test_the_ceiling_counts_from_the_answer(books: Books) -> None:
    attempt = books.ringing()
    books.wait(20.0)
    books.answered(attempt, books.now)

    extend(books, attempt, 10.0, ceiling=DURATION + 10.0)
    with pytest.raises(LedgerError, match="at most 0 s"):
        extend(books, attempt, 1.0, ceiling=DURATION + 10.0)


def test_who_asks_whether_a_call_may_last_longer_changes_nothing(books: Books) -> None:
    attempt = books.ringing()
    as_it_stood = books.everything()

    lasts = live_calls.extend(
        books.ledger,
        ACCOUNT,
        attempt,
        10.0,
        Control("ana@desk"),
        ceiling_seconds=600.0,
        only_asks=True,
        now=books.now,
    )

    assert lasts == DURATION + 10.0
    assert books.everything() == as_it_stood


# Ends ---------------------------------------------------------------------------------------------


def test_a_final_status_ends_a_call_that_nobody_asked_to_stop(books: Books) -> None:
    attempt = books.ringing()
    facts = {"duration": "7", "answered_by": "human", "caller_id": "+12025550100"}

    assert books.over(attempt, Disposition.COMPLETED, facts=facts)

    assert books.ended_as(attempt) == ("completed", None)
    assert books.slots() == books.live() == books.ears() == books.owed_stops() == {}
    record = books.result(attempt)
    assert record["duration_seconds"] == 7.0
    assert record["answered_by"] == "human"
    assert record["caller_id"] == "+12025550100"


def test_a_call_that_nobody_answered_took_no_time(books: Books) -> None:
    attempt = books.ringing()
    books.wait(20.0)

    books.over(attempt, Disposition.NOT_REACHED, reason=Reason.NO_ANSWER)

    record = books.result(attempt)
    assert (record["answered_at"], record["duration_seconds"]) == (None, None)
    assert books.ended_as(attempt) == ("not_reached", "no_answer")


def test_a_final_status_has_the_call_dialled_again_as_its_campaign_says(books: Books) -> None:
    books.campaign(1, "again", retry={"not_reached": Retry(1, (60.0,))})
    attempt = books.claimed(only="again")
    books.begin(attempt)
    books.connect(attempt, wait=Wait("ringing", RING))

    books.over(attempt, Disposition.NOT_REACHED, reason=Reason.BUSY)

    assert books.state(attempt) is CallState.PENDING
    assert books.slots() == {}


def test_what_is_never_dialled_again_is_not_whatever_its_campaign_says(books: Books) -> None:
    books.campaign(1, "again", retry={"not_reached": Retry(1, (60.0,))})
    attempt = books.claimed(only="again")
    books.begin(attempt)
    books.connect(attempt, wait=Wait("ringing", RING))

    books.over(attempt, Disposition.NOT_REACHED, reason=Reason.FAILED, is_final=True)

    assert books.ended_as(attempt) == ("not_reached", "failed")
