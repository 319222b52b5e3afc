"""Who listens to which live connection, what a hint of theirs does, and what they hear."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import calls, keys, listeners, views
from scheduler.ledger.calls import StopOrder
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import CALL_LINES, LINES_SECONDS, LiveLine
from scheduler.models import Attempt, CallState, Connection, Disposition, OnMachine
from scheduler.providers.symbl.connection import Details
from tests.integration.ledger import ACCOUNT, DURATION, LISTENER_LEASE, STOP_DELAYS, Books, contact

MISSED = 4 * LISTENER_LEASE


@pytest.fixture
def books(books: Books) -> Books:
    """A ledger with six calls that are due."""
    books.campaign(6, on_machine=OnMachine.STOP)
    return books


def denied(books: Books, attempt: Attempt) -> Disposition | None:
    return calls.deny(books.ledger, ACCOUNT, attempt, now=books.now)


def taken_stop(books: Books) -> str:
    """Send the one stop that is due; return why it is sent."""
    (order,) = books.take_stops()
    return order.why


# Our own stops ------------------------------------------------------------------------------------


def test_a_live_call_is_not_being_stopped(books: Books) -> None:
    assert not listeners.is_being_stopped(books.ledger, books.connected())


@pytest.mark.parametrize("reach", ["stopping", "confirmed"])
def test_a_call_is_being_stopped_from_the_order_on(books: Books, other: Ledger, reach: str) -> None:
    attempt: Attempt = getattr(books, reach)()

    assert listeners.is_being_stopped(other, attempt)


def test_a_call_that_the_ledger_does_not_know_is_not_being_stopped(books: Books) -> None:
    assert not listeners.is_being_stopped(books.ledger, Attempt("lost", 1, 1))


# Charges ------------------------------------------------------------------------------------------


def test_a_listener_takes_what_nobody_listens_to_and_learns_whom_it_hears(books: Books) -> None:
    attempt = books.connected()

    lost, (call,) = books.listen()

    assert lost == []
    assert (call.attempt, call.contact, call.was_open) == (attempt, contact(1), False)
    assert call.connection == Connection(f"connection {attempt}", f"conversation {attempt}")
    assert call.policy.on_machine is OnMachine.STOP
    assert books.ears() == {attempt: LISTENER_LEASE}


def test_who_connects_a_call_has_its_lease(books: Books) -> None:
    attempt = books.begun()

    books.connect(attempt, listener="one")

    assert books.ears() == {attempt: LISTENER_LEASE}
    assert books.heard("another") == []
    assert books.listen("one", {attempt: True}) == ([], [])


def test_a_lease_from_the_connection_on_runs_out_as_any(books: Books) -> None:
    attempt = books.begun()
    books.connect(attempt, listener="one")

    books.wait(LISTENER_LEASE)

    assert books.heard("another") == [attempt]
    assert books.connect(attempt, listener="one") == "known"
    assert books.listen("one", {attempt: True}) == ([attempt], [])


@pytest.mark.parametrize("late", [True, False])
def test_who_connects_what_is_over_has_no_lease(books: Books, late: bool) -> None:
    attempt = books.begun()
    if late:
        books.wait(60)
        books.expire()

    books.connect(attempt, listener="one")
    if not late:
        books.confirm(attempt)

    assert books.ears() == {}


def test_one_listener_has_the_lease_of_a_connection(books: Books) -> None:
    books.connected()

    assert len(books.heard("one")) == 1
    assert books.heard("another") == []


def test_what_is_not_connected_is_not_listened_to(books: Books) -> None:
    books.claimed()
    books.begun()
    books.confirmed()

    assert books.heard() == []


def test_a_lease_that_is_renewed_does_not_run_out(books: Books) -> None:
    attempt = books.connected()
    books.listen("one")

    for _ in range(4):
        books.wait(LISTENER_LEASE - 0.5)
        assert books.listen("one", {attempt: True}) == ([], [])
        assert books.heard("another") == []

    assert books.ears() == {attempt: LISTENER_LEASE}


def test_a_call_that_is_over_is_lost_and_one_that_the_ledger_does_not_know_is_forgotten(
    books: Books,
) -> None:
    books.campaign(2)
    over, unknown = books.connected(), books.connected()
    books.listen("one")
    books.confirm(over)
    books.reader.delete(keys.attempt(str(unknown)))

    lost, _ = books.listen("one", {over: True, unknown: True})

    assert lost == [over, unknown]
    assert books.forgotten == [unknown]


def test_a_listener_that_was_frozen_keeps_what_nobody_took_meanwhile(books: Books) -> None:
    attempt = books.connected()
    books.listen("frozen")

    books.wait(MISSED)

    assert books.listen("frozen", {attempt: True}) == ([], [])
    assert books.heard("another") == []


def test_a_listener_that_was_frozen_is_told_what_it_has_lost(books: Books) -> None:
    attempt, kept = books.connected(), books.connected()
    books.listen("frozen")
    books.wait(MISSED)
    books.listen("another", room=1)

    lost, taken = books.listen("frozen", {attempt: True, kept: True})

    assert (lost, taken) == ([attempt], [])
    assert books.listen("another", {attempt: True}) == ([], [])


def test_a_listener_that_leaves_lets_others_have_its_connections_at_once(books: Books) -> None:
    attempts = [books.connected() for _ in range(3)]
    books.listen("leaving")

    books.release("leaving", *attempts)

    assert books.heard("another") == attempts
    assert books.listen("leaving", dict.fromkeys(attempts, True)) == (attempts, [])


def test_who_lets_go_what_another_has_lets_nothing_go(books: Books) -> None:
    attempt = books.connected()
    books.listen("frozen")
    books.wait(MISSED)
    books.listen("another")

    books.release("frozen", attempt)

    assert books.heard("third") == []
    assert books.listen("another", {attempt: True}) == ([], [])


def test_a_listener_takes_no_more_than_it_has_room_for(books: Books) -> None:
    for _ in range(5):
        books.connected()

    first = [call.attempt for call in books.listen("one", room=2)[1]]
    none = books.listen("one", dict.fromkeys(first, False), room=0)
    rest = books.listen("another", room=9)[1]

    assert none == ([], [])
    assert (len(first), len(rest)) == (2, 3)


def test_nobody_has_the_lease_of_what_is_over(books: Books) -> None:
    attempt = books.connected()
    books.listen()

    books.confirm(attempt)

    assert books.ears() == {}
    assert books.listen(held={attempt: True}) == ([attempt], [])


def test_what_is_stopping_is_still_listened_to(books: Books) -> None:
    attempt = books.stopping()

    assert books.heard() == [attempt]


def test_what_can_not_be_stopped_is_let_go_when_we_give_up(books: Books) -> None:
    attempt = books.connected()
    books.listen()
    books.wait(DURATION)
    books.expire()

    books.wait(books.ledger.leases.stop_give_up + 1)
    books.expire()
    books.take_stops()

    assert books.ears() == {}
    assert books.listen(held={attempt: True}) == ([attempt], [])


def test_a_late_answer_is_stopped_and_not_listened_to(books: Books) -> None:
    late = books.begun()
    books.wait(books.ledger.leases.dial)
    books.expire()

    assert books.connect(late) == "late"

    assert books.heard() == []


def test_a_call_that_is_aborted_before_its_answer_leaves_the_ears_when_it_is_stopped(
    books: Books,
) -> None:
    attempt = books.begun()
    books.abort()

    assert books.connect(attempt) == "connected"

    assert taken_stop(books) == "aborted"
    books.confirm(attempt, Disposition.ABORTED)
    assert books.ears() == {}


@pytest.mark.parametrize("was_open", [True, False])
def test_the_next_listener_learns_whether_a_socket_was_ever_open(
    books: Books, was_open: bool
) -> None:
    attempt = books.connected()
    books.listen("first")
    books.listen("first", {attempt: was_open})
    books.listen("first", {attempt: False})
    books.release("first", attempt)

    _, (call,) = books.listen("second")

    assert call.was_open is was_open


def test_the_connections_of_a_campaign_that_is_gone_are_left_out(books: Books) -> None:
    books.connected()
    books.ledger.redis.delete(keys.campaign("c", "meta"), keys.campaign("c", "contacts"))

    assert books.listen() == ([], [])


def test_of_16_listeners_at_once_one_has_the_lease(books: Books) -> None:
    attempts = {books.connected() for _ in range(5)}
    together, heard, lock = threading.Barrier(16), [], threading.Lock()

    def listen(name: str) -> None:
        together.wait(60)
        mine = books.heard(name)
        with lock:
            heard.extend(mine)

    threads = [threading.Thread(target=listen, args=[str(n)]) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(heard) == 5
    assert set(heard) == attempts


# Hints --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["hung_up", "machine", "not_reached"])
def test_a_hint_brings_the_stop_forward_and_keeps_the_slot(books: Books, why: str) -> None:
    attempt = books.connected()

    assert books.hint(attempt, why)

    assert books.state(attempt) is CallState.STOPPING
    assert books.slots() == {attempt: books.ledger.leases.stop_patience}
    assert books.live() == {attempt: 0.0}
    assert taken_stop(books) == why


@pytest.mark.parametrize("why", ["hung_up", "machine", "not_reached"])
def test_who_can_send_a_hinted_stop_takes_it_in_the_same_step(books: Books, why: str) -> None:
    attempt = books.connected()
    deadline = books.now + DURATION
    books.wait(1.0)

    order = books.hint_and_take(attempt, why)

    assert order == StopOrder(attempt, f"connection {attempt}", why, deadline, 1, 0.0)
    assert books.state(attempt) is CallState.STOPPING
    assert books.result(attempt)["stop_late_seconds"] == 0.0
    assert books.slots() == {attempt: books.ledger.leases.stop_patience}
    assert books.live() == {attempt: 0.0}
    assert books.owed_stops() == {attempt: STOP_DELAYS[0]}


def test_with_a_hinted_stop_no_other_one_is_taken(books: Books) -> None:
    """The clock may show too late an instant, so that nothing else is due in truth."""
    overdue, owed, hinted = books.connected(1.0), books.connected(1.0), books.connected()
    books.hint(owed, "machine")
    books.wait(1.0)

    order = books.hint_and_take(hinted)

    assert order is not None
    assert order.attempt == hinted
    assert books.state(overdue) is CallState.CONNECTED
    assert [order.attempt for order in books.take_stops()] == [owed]


def test_a_hinted_stop_is_handed_out_again_until_it_is_taken_again(books: Books) -> None:
    """The answer to the first hint may have been lost, and then nobody sends the stop."""
    attempt = books.connected()
    first = books.hint_and_take(attempt)
    assert first is not None
    books.wait(0.5)

    assert books.hint_and_take(attempt) == replace(first, late_seconds=0.5)
    assert books.hint_and_take(attempt, "machine") is None

    books.wait(1.5)
    (second,) = books.take_stops()
    assert second.sendings == 2
    assert books.hint_and_take(attempt) is None


def test_a_slot_is_free_when_the_hinted_stop_is_confirmed_and_not_before(books: Books) -> None:
    attempt = books.connected()
    books.hint(attempt)
    assert books.claim(ceiling=1) is None

    books.confirm(attempt, Disposition.HUNG_UP)

    assert books.claim(ceiling=1) is not None
    assert books.ended_as(attempt) == ("hung_up", None)


@pytest.mark.parametrize("stage", [Books.claimed, Books.begun, Books.confirmed])
def test_what_is_not_live_can_not_be_hinted_at(
    books: Books, stage: Callable[[Books], Attempt]
) -> None:
    attempt = stage(books)
    as_it_stood = books.everything()

    assert not books.hint(attempt)
    assert books.hint_and_take(attempt) is None

    assert books.everything() == as_it_stood


def test_a_stop_that_is_owed_already_keeps_its_reason(books: Books) -> None:
    attempt = books.connected(seconds=1.0)
    books.wait(1.0)
    books.expire()

    assert not books.hint(attempt, "hung_up")
    assert not books.hint(attempt, "not_reached")
    assert books.hint_and_take(attempt, "hung_up") is None

    assert taken_stop(books) == "deadline"


def test_a_hint_to_a_late_answer_changes_no_call(books: Books) -> None:
    late = books.begun()
    books.give_back(late)
    later = books.begun()
    books.connect(late)

    assert not books.hint(late)

    assert books.state(later) is CallState.DIALING
    assert taken_stop(books) == "late"


# "No such connection" -----------------------------------------------------------------------------


def test_a_hinted_hang_up_is_certain_at_the_first_denial(books: Books) -> None:
    attempt = books.connected()
    books.hint(attempt)
    assert taken_stop(books) == "hung_up"

    assert denied(books, attempt) is Disposition.HUNG_UP


def test_a_hint_after_our_own_stop_makes_it_certain_but_no_hang_up(books: Books) -> None:
    attempt = books.stopping()
    books.hint(attempt)

    assert denied(books, attempt) is Disposition.STOPPED


def test_a_machine_is_no_hint_of_a_hang_up(books: Books) -> None:
    attempt = books.connected()
    books.hint(attempt, "machine")
    assert taken_stop(books) == "machine"

    assert denied(books, attempt) is None


def test_while_a_socket_is_open_no_denial_is_believed(books: Books) -> None:
    attempt = books.stopping()
    books.listen()
    apart = books.ledger.leases.denied_interval

    for _ in range(3):
        books.listen(held={attempt: True})
        assert denied(books, attempt) is None
        assert books.owed_stops() == {attempt: apart}
        books.wait(apart)

    books.listen(held={attempt: False})
    assert denied(books, attempt) is None
    books.wait(apart)
    assert denied(books, attempt) is not None


def test_an_open_socket_counts_for_as_long_as_its_listener_lives(books: Books) -> None:
    attempt = books.stopping()
    books.listen()
    books.listen(held={attempt: True})

    books.wait(LISTENER_LEASE - 0.001)
    assert denied(books, attempt) is None
    assert denied(books, attempt) is None
    books.wait(0.001)
    assert denied(books, attempt) is None
    books.wait(books.ledger.leases.denied_interval)

    assert denied(books, attempt) is Disposition.HUNG_UP


# Lines --------------------------------------------------------------------------------------------


def lines(ledger: Ledger, row: int | None = None, after: str = "0") -> list[LiveLine]:
    return [line for _, line in listeners.lines(ledger, "c", row, after=after, block_seconds=0.01)]


def test_what_is_heard_can_be_followed_by_call_and_by_campaign(books: Books) -> None:
    one, two = Attempt("c", 1, 3), Attempt("c", 2, 1)
    heard = [
        LiveLine(one, "message", "Good morning.", "Ana", 1_800_000_000.25),
        LiveLine(two, "topic", "insurance"),
        LiveLine(one, "question", "Who is it?"),
    ]

    listeners.note(books.ledger, heard)

    assert [line.text for line in lines(books.ledger)] == [line.text for line in heard]
    first, second = lines(books.ledger, 1)
    assert first == LiveLine(
        Attempt("c", 1, 0), "message", "Good morning.", "Ana", 1_800_000_000.25
    )
    assert (second.kind, second.speaker, second.said_at) == ("question", "", None)


def test_lines_are_read_on_from_their_place(books: Books) -> None:
    attempt = Attempt("c", 1, 1)
    listeners.note(books.ledger, [LiveLine(attempt, "message", "one")])
    ((place, _),) = listeners.lines(books.ledger, "c", 1)

    assert lines(books.ledger, 1, after=place) == []
    listeners.note(books.ledger, [LiveLine(attempt, "message", "two")])

    assert [line.text for line in lines(books.ledger, 1, after=place)] == ["two"]


def test_who_follows_waits_for_the_next_line(books: Books, other: Ledger) -> None:
    heard: list[LiveLine] = []
    following = threading.Thread(
        target=lambda: heard.extend(
            line for _, line in listeners.lines(other, "c", 1, block_seconds=2.5)
        )
    )
    following.start()

    listeners.note(books.ledger, [LiveLine(Attempt("c", 1, 1), "message", "at last")])
    following.join()

    assert [line.text for line in heard] == ["at last"]


def test_lines_are_few_and_pass_by_themselves(books: Books) -> None:
    attempt = Attempt("c", 1, 1)
    listeners.note(
        books.ledger, [LiveLine(attempt, "message", str(n)) for n in range(2 * CALL_LINES)]
    )

    of_call, of_campaign = f"{keys.call('c', 1)}:said", keys.campaign("c", "said")
    kept = books.ledger.redis.xrange(of_call)
    assert CALL_LINES <= len(kept) < CALL_LINES + 200
    assert kept[-1][1]["x"] == str(2 * CALL_LINES - 1)
    for key in (of_call, of_campaign):
        assert 0 < books.ledger.redis.ttl(key) <= LINES_SECONDS


# The live connection of a call ----------------------------------------------------------------


def test_the_live_connection_of_a_call_can_be_addressed(books: Books) -> None:
    attempt = books.begun()
    connection = Connection("leg", "talk", '{"what": "it likes"}')
    calls.connect(
        books.ledger,
        ACCOUNT,
        attempt,
        connection,
        answered_ago_seconds=0,
        max_duration_seconds=DURATION,
        now=books.now,
    )

    assert views.live_connection(books.ledger, "c", attempt.row) == connection


@pytest.mark.parametrize("stage", [Books.claimed, Books.begun, Books.confirmed])
def test_a_call_that_is_not_live_has_no_connection(
    books: Books, stage: Callable[[Books], Attempt]
) -> None:
    attempt = stage(books)

    with pytest.raises(LedgerError, match="not live"):
        views.live_connection(books.ledger, "c", attempt.row)


# Calls that the release before has connected, or hears ------------------------------------------

EVENT_URL, SOCKET_URL = "https://api.example.com/e/1", "wss://api.example.com/r/1"


@pytest.mark.parametrize(
    ("event_url", "socket_url"),
    [(EVENT_URL, SOCKET_URL), (EVENT_URL, ""), ("", SOCKET_URL), ("", "")],
)
def test_a_call_that_the_release_before_connected_is_read_as_any_other(
    books: Books, event_url: str, socket_url: str
) -> None:
    attempt = books.connected()
    record = keys.attempt(str(attempt))
    books.ledger.redis.hdel(record, "details")
    known = {"event_url": event_url, "result_websocket_url": socket_url}
    books.ledger.redis.hset(record, mapping=known)

    live = views.live_connection(books.ledger, "c", attempt.row)
    _, (call,) = books.listen()

    assert call.connection == live
    assert live.conversation_id == f"conversation {attempt}"
    assert Details.of(live) == Details(event_url, socket_url)


def test_a_worker_of_the_release_before_can_stop_and_hear_a_call(books: Books) -> None:
    attempt = books.connected()

    read = ("connection_id", "conversation_id", "result_websocket_url")
    found = books.ledger.redis.hmget(keys.attempt(str(attempt)), read)

    assert found == [f"connection {attempt}", f"conversation {attempt}", ""]
