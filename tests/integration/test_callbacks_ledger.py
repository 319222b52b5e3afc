"""What providers tell of calls by themselves: a call only moves forward by it, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import (
    accounts,
    callbacks,
    calls,
    campaigns,
    do_not_call,
    erasure,
    keys,
    live_calls,
    reports,
    retirement,
    searches,
)
from scheduler.ledger.callbacks import SPEAK, Known
from scheduler.ledger.calls import LOOK, Ringing, Wait
from scheduler.ledger.ledger import Control
from scheduler.ledger.listeners import LiveLine
from scheduler.ledger.searches import Found, LostCall, Powers
from scheduler.models import Attempt, CallState, Connection, Disposition, OnUnknown, Reason
from tests.integration.ledger import ACCOUNT, DURATION, RING, Books, contact

BEFORE = RING + Wait.MARGIN_SECONDS
HOLD = BEFORE + DURATION
STOPPED_LATE = ("stopped", "late_answer")


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with one call that is due."""
    books.campaign()
    return books


def begun(books: Books) -> Attempt:
    attempt = books.claimed()
    ringing = Ringing(RING, HOLD, is_searched=True)
    assert books.begin(attempt, ringing=ringing)
    return attempt


def lost(books: Books) -> Attempt:
    attempt = begun(books)
    lose(books, attempt)
    return attempt


def found_by_search(books: Books, attempt: Attempt, connection: str) -> None:
    one = LostCall(attempt, contact(1).phone_number, "", books.now)
    found, _ = searches.find(
        *(books.ledger, ACCOUNT, one, [connection]),
        powers=Powers(attaches=True),
        next_in_seconds=2.0,
        now=books.now,
    )
    assert found is Found.ATTACHED


def lose(books: Books, attempt: Attempt) -> None:
    books.finish(attempt, Disposition.UNKNOWN, reason=Reason.ANSWER_LOST, hold_seconds=HOLD)


def arrived(books: Books, attempt: Attempt, connection: str = "X", **told: Any) -> Known:
    return callbacks.arrived(books.ledger, ACCOUNT, attempt, connection, now=books.now, **told)


def rings(books: Books, attempt: Attempt, connection: str = "X", queue: float = 0.0) -> str:
    return books.connect(attempt, connection, wait=Wait("queued", RING, queue))


def why(books: Books, attempt: Attempt) -> str | None:
    found = books.ledger.redis.hget(keys.attempt(str(attempt)), "stop_why")
    assert found is None or isinstance(found, str)
    return found


def counted(books: Books, what: str) -> int:
    return accounts.totals(books.ledger, ACCOUNT).get(what, 0)


def seconds(books: Books) -> list[tuple[str, str]]:
    """Return the second connections that were put on record, each with its attempt."""
    happened, _ = accounts.happenings(books.ledger, ACCOUNT)
    return [(each.which, each.detail) for each in happened if each.what == "second"]


def orders(books: Books) -> list[tuple[Attempt, str]]:
    return [(order.attempt, order.why) for order in books.take_stops()]


def orphans(books: Books) -> list[str]:
    found = searches.orphans(books.ledger, ACCOUNT)
    return [one.connection_id for one in found if one.is_to_stop]


# Attempts that nobody knows -----------------------------------------------------------------------


def nobody_began(books: Books) -> Attempt:
    return Attempt("c", 1, 7)


def of_no_campaign(books: Books) -> Attempt:
    return Attempt("other", 1, 1)


def only_claimed(books: Books) -> Attempt:
    return books.claimed()


def of_a_retired_campaign(books: Books) -> Attempt:
    attempt = begun(books)
    arrived(books, attempt)
    books.over(attempt)
    assert retirement.retire(books.ledger, "c", now=books.now) == 0
    return attempt


def of_an_erased_call(books: Books) -> Attempt:
    attempt = begun(books)
    arrived(books, attempt)
    books.over(attempt)
    erasure.erase(books.ledger, "c", attempt.row)
    return attempt


@pytest.mark.parametrize(
    "whose",
    [nobody_began, of_no_campaign, only_claimed, of_a_retired_campaign, of_an_erased_call],
    ids=lambda whose: whose.__name__,
)
def test_news_of_an_attempt_that_nobody_knows_change_nothing(books: Books, whose: Any) -> None:
    attempt = whose(books)
    before = books.everything()

    said = arrived(books, attempt, "X", sequence=9, stage="answered", answered_by="machine")

    assert said is Known.NO_ATTEMPT
    assert books.everything() == before


def test_another_accounts_provider_has_no_say(books: Books) -> None:
    attempt = begun(books)

    said = callbacks.arrived(books.ledger, "other", attempt, "X", now=books.now)

    assert said is Known.NO_ATTEMPT
    assert books.live() == {}


def test_a_connection_that_another_attempt_has_stays_that_ones(books: Books) -> None:
    books.campaign(1, "d")
    one, two = begun(books), begun(books)
    arrived(books, one)

    assert arrived(books, two) is Known.NO_ATTEMPT

    assert set(books.live()) == {one}


# Under dialing ------------------------------------------------------------------------------------


def test_news_that_overtake_the_answer_attach_the_connection(books: Books) -> None:
    attempt = begun(books)
    books.wait(2.0)

    assert arrived(books, attempt, sequence=0) is Known.ATTACHED

    assert books.state(attempt) is CallState.CONNECTED
    assert books.slots() == books.live() == {attempt: BEFORE - 2.0}
    assert counted(books, "accepted") == 1
    assert arrived(books, attempt, sequence=0) is Known.KNOWN


def test_the_answer_that_comes_after_them_completes_the_record(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, sequence=0)

    said = [rings(books, attempt), rings(books, attempt)]

    assert said == ["known", "known"]
    assert books.result(attempt)["conversation_id"] == f"conversation {attempt}"
    assert books.live() == {attempt: BEFORE}
    assert counted(books, "accepted") == 1


def test_the_answer_tells_of_the_queue_that_they_knew_nothing_of(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt)

    rings(books, attempt, queue=90.0)

    assert why(books, attempt) == "taken_back"
    assert books.state(attempt) is CallState.STOPPING


def test_an_answer_moves_no_deadline_back_before_the_callees(books: Books) -> None:
    attempt = begun(books)
    books.wait(5.0)
    arrived(books, attempt, sequence=2, stage="answered", told_at=books.now)

    rings(books, attempt)

    assert books.live() == {attempt: DURATION}


def test_an_order_to_end_it_is_kept_by_the_news_as_by_the_answer(books: Books) -> None:
    attempt = begun(books)
    live_calls.stop(books.ledger, ACCOUNT, attempt, Control("ana"), now=books.now)

    arrived(books, attempt)

    assert orders(books) == [(attempt, "aborted")]
    assert books.state(attempt) is CallState.STOPPING


def test_an_abort_ends_what_the_news_attach(books: Books) -> None:
    attempt = begun(books)
    books.abort()

    arrived(books, attempt, stage="answered", told_at=books.now)

    assert why(books, attempt) == "aborted"
    assert books.live() == {attempt: 0.0}


def test_a_lost_answer_ends_no_call_that_the_news_have_attached(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt)

    with pytest.raises(StaleAttempt):
        lose(books, attempt)

    assert books.state(attempt) is CallState.CONNECTED


# Two connections ----------------------------------------------------------------------------------


def test_an_answer_with_another_connection_ends_both(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, "X")

    said = [rings(books, attempt, "Y"), rings(books, attempt, "Y")]

    assert said == ["second", "second"]
    assert orders(books) == [(attempt, "late")]
    assert orphans(books) == ["Y"]
    assert seconds(books) == [(str(attempt), "Y")]
    assert "two connections" in books.result(attempt)["error"]


def test_news_with_another_connection_end_both(books: Books) -> None:
    attempt = begun(books)
    rings(books, attempt, "X")

    said = [arrived(books, attempt, "Y"), arrived(books, attempt, "Y")]

    assert said == [Known.SECOND, Known.SECOND]
    assert books.take_stops()[0].connection_id == "X"
    assert orphans(books) == ["Y"]
    assert seconds(books) == [(str(attempt), "Y")]
    books.over(attempt)
    assert books.state(attempt) is CallState.ENDED
    assert "two connections" in books.result(attempt)["error"]


def test_a_second_connection_is_ended_also_when_the_first_is_over(books: Books) -> None:
    attempt = begun(books)
    rings(books, attempt, "X")
    books.over(attempt)

    assert arrived(books, attempt, "Y") is Known.SECOND

    assert orphans(books) == ["Y"]
    assert books.ended_as(attempt) == ("completed", None)


# Lost answers -------------------------------------------------------------------------------------


def test_news_of_a_lost_call_have_it_live_on(books: Books) -> None:
    attempt = lost(books)
    books.wait(10.0)

    assert arrived(books, attempt, stage="ringing", sequence=1) is Known.ATTACHED

    assert books.state(attempt) is CallState.CONNECTED
    assert books.slots() == books.live() == {attempt: BEFORE - 10.0}
    assert books.dispositions() == {}
    assert searches.due(books.ledger, ACCOUNT, now=books.now) == []
    books.over(attempt)
    assert books.ended_as(attempt) == ("completed", None)


def test_news_of_a_lost_call_whose_slot_is_free_take_one(books: Books) -> None:
    attempt = lost(books)
    books.wait(HOLD + 1)
    books.expire()
    assert books.slots() == {}

    arrived(books, attempt, stage="answered", told_at=books.now)

    assert books.slots() == books.live() == {attempt: DURATION}


def test_news_of_a_lost_call_keep_it_from_being_dialled_again(books: Books) -> None:
    books.campaign(1, "again", on_unknown=OnUnknown.REDIAL)
    attempt = books.claimed(only="again")
    books.begin(attempt, ringing=Ringing(RING, HOLD, is_searched=True))
    lose(books, attempt)
    assert books.state(attempt) is CallState.PENDING

    assert arrived(books, attempt) is Known.ATTACHED

    books.wait(HOLD + 1)
    assert books.state(attempt) is CallState.CONNECTED
    assert books.claim(only="again") is None


def test_news_say_it_better_than_a_search(books: Books) -> None:
    attempt = lost(books)
    found_by_search(books, attempt, "guess")

    assert arrived(books, attempt, "X") is Known.ATTACHED

    assert books.result(attempt)["connection_id"] == "X"
    assert books.state(attempt) is CallState.CONNECTED
    assert searches.unbound(books.ledger, ["guess", "X"]) == ["guess"]


def test_news_take_a_connection_from_whom_a_search_gave_it(books: Books) -> None:
    books.campaign(1, "d")
    wrong, right = lost(books), lost(books)
    found_by_search(books, wrong, "X")

    assert arrived(books, right, "X") is Known.ATTACHED

    assert set(books.live()) == {right}
    assert books.ended_as(wrong) == ("unknown", "answer_lost")


# After the end ------------------------------------------------------------------------------------


def test_news_of_a_call_that_is_over_change_nothing(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, sequence=0)
    books.over(attempt)
    before = books.everything()

    said = arrived(books, attempt, sequence=5, stage="answered", told_at=1.0, answered_by="human")

    assert said is Known.OVER
    assert books.everything() == before


def given_back(books: Books, attempt: Attempt) -> None:
    books.give_back(attempt)


def rejected(books: Books, attempt: Attempt) -> None:
    books.finish(attempt)


@pytest.mark.parametrize("end", [given_back, rejected], ids=lambda end: end.__name__)
def test_a_phone_that_rings_though_its_attempt_has_ended_is_stopped(books: Books, end: Any) -> None:
    attempt = begun(books)
    end(books, attempt)

    assert arrived(books, attempt) is Known.ATTACHED

    assert books.live() == {attempt: 0.0}
    assert orders(books) == [(attempt, "late")]
    assert arrived(books, attempt, stage="over") is Known.KNOWN
    assert books.claim() is None
    assert books.state(attempt) is CallState.ENDED


def test_the_phone_of_an_earlier_attempt_is_stopped_beside_the_later_ones(books: Books) -> None:
    earlier = begun(books)
    books.give_back(earlier)
    later = begun(books)
    rings(books, later, "Y")

    assert arrived(books, earlier, "X") is Known.ATTACHED

    assert orders(books) == [(earlier, "late")]
    assert books.state(later) is CallState.CONNECTED


# Forward only -------------------------------------------------------------------------------------


def stage(books: Books, attempt: Attempt) -> str | None:
    found = books.ledger.redis.hget(keys.attempt(str(attempt)), "stage")
    assert found is None or isinstance(found, str)
    return found


def test_what_is_older_than_what_is_known_tells_nothing(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, sequence=3, stage="answered", told_at=books.now)
    before = books.everything()

    arrived(books, attempt, sequence=2, stage="over")
    arrived(books, attempt, sequence=3, stage="over")
    arrived(books, attempt, stage="ringing")

    assert books.everything() == before
    assert stage(books, attempt) == "answered"


def test_who_answered_is_kept_and_shown(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, sequence=4)

    arrived(books, attempt, answered_by="machine")
    arrived(books, attempt, answered_by="human")

    assert books.result(attempt)["answered_by"] == "machine"


def test_a_call_that_is_said_to_be_over_is_read_soon_and_no_more_than_that(books: Books) -> None:
    attempt = begun(books)

    arrived(books, attempt, sequence=3, stage="over")

    assert books.state(attempt) is CallState.CONNECTED
    assert books.slots() == {attempt: BEFORE}
    assert callbacks.take_reported(books.ledger, ACCOUNT, 10) == [attempt]
    assert callbacks.take_reported(books.ledger, ACCOUNT, 10) == []


def test_what_was_read_meanwhile_need_not_be_read_for_it(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, stage="over")

    books.over(attempt)

    assert callbacks.take_reported(books.ledger, ACCOUNT, 10) == []


# The instant of the answer ------------------------------------------------------------------------


@pytest.mark.parametrize(("told", "counts"), [(-50.0, 4.0), (6.0, 6.0), (500.0, 7.0), (None, 4.0)])
def test_the_answer_lies_between_the_last_ringing_and_now(
    books: Books, told: float | None, counts: float
) -> None:
    attempt = begun(books)
    start = books.now
    rings(books, attempt)
    books.wait(4.0)
    reports.unanswered(books.ledger, books.now, [(attempt, "ringing")])
    books.wait(3.0)

    told_at = None if told is None else start + told
    arrived(books, attempt, sequence=2, stage="answered", told_at=told_at)

    assert books.result(attempt)["answered_at"] == start + counts
    assert books.live() == books.slots() == {attempt: DURATION - (7.0 - counts)}


@pytest.mark.parametrize(("told", "counts"), [(1.0, 4.0), (5.0, 5.0), (500.0, 6.0)])
def test_the_news_move_what_a_read_has_bounded_once(
    books: Books, told: float, counts: float
) -> None:
    attempt = begun(books)
    start = books.now
    rings(books, attempt)
    books.wait(4.0)
    reports.unanswered(books.ledger, books.now, [(attempt, "ringing")])
    books.wait(2.0)
    books.answered(attempt)
    books.wait(2.0)

    arrived(books, attempt, sequence=2, stage="answered", told_at=start + told)
    arrived(books, attempt, sequence=3, stage="answered", told_at=start + 4.5)

    assert books.result(attempt)["answered_at"] == start + counts
    assert books.live() == books.slots() == {attempt: DURATION - (8.0 - counts)}


def read_as_answered(books: Books) -> Attempt:
    attempt = begun(books)
    rings(books, attempt)
    books.wait(6.0)
    books.answered(attempt)
    return attempt


def test_the_news_move_no_deadline_whose_stop_is_on_record(books: Books) -> None:
    attempt = read_as_answered(books)
    books.hint(attempt, "machine")

    arrived(books, attempt, stage="answered", told_at=books.now)

    assert books.live() == {attempt: 0.0}
    assert orders(books) == [(attempt, "machine")]


def test_the_news_move_no_deadline_that_an_operator_was_told(books: Books) -> None:
    attempt = read_as_answered(books)
    live_calls.extend(
        *(books.ledger, ACCOUNT, attempt, 30.0, Control("me")),
        ceiling_seconds=10 * DURATION,
        now=books.now,
    )

    arrived(books, attempt, stage="answered", told_at=books.now)

    assert books.live() == {attempt: DURATION - 6.0 + 30.0}


def test_a_read_after_the_news_moves_nothing(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, stage="answered", told_at=books.now)
    books.wait(3.0)

    assert not books.answered(attempt)

    assert books.live() == {attempt: DURATION - 3.0}


# Keys ---------------------------------------------------------------------------------------------


def pressed(books: Books, attempt: Attempt, asked: int, told: str) -> callbacks.Pressed:
    return callbacks.pressed(books.ledger, attempt, "confirm", asked, told, now=books.now)


def test_the_keys_that_were_told_first_count(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, stage="answered", told_at=books.now)
    first = pressed(books, attempt, 1, "")
    books.wait(1.0)

    assert pressed(books, attempt, 1, "9") == first
    assert pressed(books, attempt, 2, "1 2").keys == "1 2"
    assert (first.keys, first.at, first.answered_at) == ("", books.now - 1.0, books.now - 1.0)
    assert first.max_duration_seconds == DURATION


def test_keys_of_an_attempt_that_nobody_knows_are_not_kept(books: Books) -> None:
    before = books.everything()

    assert pressed(books, Attempt("c", 1, 7), 1, "1").keys == "1"
    callbacks.answer(books.ledger, Attempt("c", 1, 7), "confirm", "1", now=books.now)

    assert books.everything() == before


def test_the_first_answer_stays_and_is_shown(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt)
    assert books.result(attempt)["answers"] == {}

    for step, told in (("confirm", "1"), ("confirm", "2"), ("again", "")):
        callbacks.answer(books.ledger, attempt, step, told, now=books.now)

    assert books.result(attempt)["answers"] == {"confirm": "1", "again": ""}


def test_an_answer_puts_whom_it_bars_on_the_list_in_the_same_step(books: Books) -> None:
    attempt = begun(books)
    address, since = contact(1).phone_number, books.now

    for _ in range(2):
        callbacks.answer(books.ledger, attempt, "confirm", "9", bars=address, now=books.now)
        books.wait(5.0)

    found = do_not_call.barred(books.ledger, address)
    assert found is not None
    assert found[1].why == f"asked for it in {attempt}"
    assert found[1].since == int(since)


# Words --------------------------------------------------------------------------------------------


def keep(books: Books, attempt: Attempt, news: str, text: str, at: float | None) -> bool:
    return callbacks.keep_words(books.ledger, news, LiveLine(attempt, "message", text, "one", at))


def test_words_are_kept_once_in_the_order_in_which_they_were_said(books: Books) -> None:
    attempt = begun(books)

    kept = [
        keep(books, attempt, *said)
        for said in (("c", "third", 3.0), ("a", "first", 1.0), ("b", "second", 1.0))
    ]

    assert kept == [True] * 3
    assert not keep(books, attempt, "a", "first", 1.0)
    found = callbacks.words(books.ledger, attempt)
    assert [line.text for line in found] == ["first", "second", "third"]
    assert found[0] == LiveLine(attempt, "message", "first", "one", 1.0)


def test_words_are_bounded_and_do_not_stay_for_ever(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "CALL_LINES", 2)
    attempt = begun(books)

    kept = [keep(books, attempt, str(n), "x", None) for n in range(3)]

    assert kept == [True, True, False]
    key = f"{keys.attempt(str(attempt))}:words"
    assert books.ledger.redis.ttl(key) > 7 * 86_400, "until they are collected"


def test_what_was_told_is_erased_and_does_not_come_back(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt)
    keep(books, attempt, "a", "secret", 1.0)
    pressed(books, attempt, 1, "4711")
    callbacks.answer(books.ledger, attempt, "confirm", "4711", now=books.now)

    erasure.erase(books.ledger, "c", attempt.row)
    pressed(books, attempt, 2, "4711")
    callbacks.answer(books.ledger, attempt, "confirm", "4711", now=books.now)

    assert not keep(books, attempt, "b", "secret", 2.0)
    assert callbacks.words(books.ledger, attempt) == []
    written = str(books.everything())
    assert "secret" not in written
    assert "4711" not in written
    assert books.live(), "it is stopped nevertheless"


def test_what_was_told_is_retired_with_its_campaign(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt)
    keep(books, attempt, "a", "secret", 1.0)
    books.over(attempt)
    callbacks.take_reported(books.ledger, ACCOUNT, 10)

    while retirement.retire(books.ledger, "c", now=books.now):
        pass

    assert [*books.reader.scan_iter("*attempt:*")] == []


# What a machine hears -----------------------------------------------------------------------------


def owe(books: Books, attempt: Attempt) -> bool:
    return callbacks.order_speech(books.ledger, ACCOUNT, attempt, now=books.now)


def spoken(books: Books, attempt: Attempt) -> None:
    callbacks.spoken(books.ledger, ACCOUNT, attempt, now=books.now)


def answered(books: Books) -> Attempt:
    attempt = begun(books)
    arrived(books, attempt, stage="answered", told_at=books.now)
    return attempt


def test_a_call_is_to_speak_once_until_it_does(books: Books) -> None:
    attempt = answered(books)

    assert [owe(books, attempt), owe(books, attempt)] == [True, False]

    (order,) = books.take_stops()
    assert (order.attempt, order.why, order.connection_id) == (attempt, SPEAK, "X")
    assert books.take_stops() == []
    books.wait(2.0)
    assert orders(books) == [(attempt, SPEAK)], "nobody has said what came of it"
    spoken(books, attempt)
    books.wait(30.0)
    assert books.take_stops() == []
    assert not owe(books, attempt)
    assert books.state(attempt) is CallState.CONNECTED


def test_a_stop_comes_first(books: Books) -> None:
    attempt = answered(books)
    owe(books, attempt)

    books.hint(attempt, "machine")

    assert orders(books) == [(attempt, "machine")]
    spoken(books, attempt)
    assert attempt in books.owed_stops()
    assert not owe(books, attempt)


def test_the_deadline_of_a_call_that_is_to_speak_is_not_lost(books: Books) -> None:
    attempt = answered(books)
    owe(books, attempt)
    books.take_stops()
    books.wait(DURATION)

    books.expire()

    assert orders(books) == [(attempt, "deadline")]


def test_a_look_comes_first_and_what_is_to_be_said_after_it(books: Books) -> None:
    attempt = begun(books)
    arrived(books, attempt, stage="ringing")
    owe(books, attempt)
    books.wait(BEFORE)
    books.expire()

    assert orders(books) == [(attempt, LOOK)]
    spoken_before = books.owed_stops()
    books.answered(attempt, books.now)

    assert spoken_before == {attempt: 2.0}
    assert orders(books) == [(attempt, SPEAK)]


def test_what_is_not_live_is_not_to_speak(books: Books) -> None:
    attempt = begun(books)
    assert not owe(books, attempt)
    arrived(books, attempt)
    books.over(attempt)

    assert not owe(books, attempt)
    assert books.owed_stops() == {}


def test_an_answer_with_a_connection_of_its_own_may_speak_after_a_halt(books: Books) -> None:
    attempt = answered(books)
    campaigns.halt(books.ledger, "c", now=books.now)
    assert owe(books, attempt)

    said, *_ = calls.connect(
        *(books.ledger, ACCOUNT, attempt, Connection("X")),
        answered_ago_seconds=0.0,
        max_duration_seconds=DURATION,
        wait=Wait("queued", RING),
        now=books.now,
    )

    assert said == "known"
    assert orders(books) == [(attempt, SPEAK)]
