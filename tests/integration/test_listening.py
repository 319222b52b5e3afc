"""Who listens to which live connection, what a hint of theirs does, and what they hear."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from scheduler.errors import LedgerError
from scheduler.ledger import calls, keys, listeners, views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import CALL_LINES, LINES_SECONDS, LiveLine
from scheduler.models import Attempt, CallState, Connection, Disposition, OnMachine
from scheduler.providers.symbl.connection import Details
from tests.integration.ledger import ACCOUNT, CHARGE, DURATION, Books, contact

MISSED = 4 * CHARGE


@pytest.fixture
def ledger(ledger: Books) -> Books:
    """A ledger with six calls that are due."""
    ledger.campaign(6, on_machine=OnMachine.STOP)
    return ledger


def denied(ledger: Books, attempt: Attempt) -> Disposition | None:
    return calls.deny(ledger.store, ACCOUNT, attempt, now=ledger.now)


def taken_stop(ledger: Books) -> str:
    """Send the one stop that is due; return why it is sent."""
    (order,) = ledger.take_stops()
    return order.why


# Our own stops ------------------------------------------------------------------------------------


def test_a_live_call_is_not_being_stopped(ledger: Books) -> None:
    assert not listeners.is_being_stopped(ledger.store, ledger.connected())


@pytest.mark.parametrize("reach", ["stopping", "confirmed"])
def test_a_call_is_being_stopped_from_the_order_on(
    ledger: Books, other: Ledger, reach: str
) -> None:
    attempt: Attempt = getattr(ledger, reach)()

    assert listeners.is_being_stopped(other, attempt)


def test_a_call_that_the_ledger_does_not_know_is_not_being_stopped(ledger: Books) -> None:
    assert not listeners.is_being_stopped(ledger.store, Attempt("lost", 1, 1))


# Charges ------------------------------------------------------------------------------------------


def test_a_listener_takes_what_nobody_listens_to_and_learns_whom_it_hears(ledger: Books) -> None:
    attempt = ledger.connected()

    lost, (ear,) = ledger.listen()

    assert lost == []
    assert (ear.attempt, ear.contact, ear.was_open) == (attempt, contact(1), False)
    assert ear.connection == Connection(f"connection {attempt}", f"conversation {attempt}")
    assert ear.policy.on_machine is OnMachine.STOP
    assert ledger.ears() == {attempt: CHARGE}


def test_who_connects_a_call_has_the_charge_of_it(ledger: Books) -> None:
    attempt = ledger.begun()

    ledger.connect(attempt, listener="one")

    assert ledger.ears() == {attempt: CHARGE}
    assert ledger.heard("another") == []
    assert ledger.listen("one", {attempt: True}) == ([], [])


def test_a_charge_from_the_connection_on_runs_out_as_any(ledger: Books) -> None:
    attempt = ledger.begun()
    ledger.connect(attempt, listener="one")

    ledger.wait(CHARGE)

    assert ledger.heard("another") == [attempt]
    assert ledger.connect(attempt, listener="one") == "known"
    assert ledger.listen("one", {attempt: True}) == ([attempt], [])


@pytest.mark.parametrize("late", [True, False])
def test_who_connects_what_is_over_has_no_charge(ledger: Books, late: bool) -> None:
    attempt = ledger.begun()
    if late:
        ledger.wait(60)
        ledger.expire()

    ledger.connect(attempt, listener="one")
    if not late:
        ledger.confirm(attempt)

    assert ledger.ears() == {}


def test_a_connection_is_in_the_charge_of_one_listener(ledger: Books) -> None:
    ledger.connected()

    assert len(ledger.heard("one")) == 1
    assert ledger.heard("another") == []


def test_what_is_not_connected_is_not_listened_to(ledger: Books) -> None:
    ledger.claimed()
    ledger.begun()
    ledger.confirmed()

    assert ledger.heard() == []


def test_a_charge_that_is_renewed_does_not_run_out(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.listen("one")

    for _ in range(4):
        ledger.wait(CHARGE - 0.5)
        assert ledger.listen("one", {attempt: True}) == ([], [])
        assert ledger.heard("another") == []

    assert ledger.ears() == {attempt: CHARGE}


def test_a_call_that_is_over_is_lost_and_one_that_the_ledger_does_not_know_is_forgotten(
    ledger: Books,
) -> None:
    ledger.campaign(2)
    over, unknown = ledger.connected(), ledger.connected()
    ledger.listen("one")
    ledger.confirm(over)
    ledger.reader.delete(keys.attempt(str(unknown)))

    lost, _ = ledger.listen("one", {over: True, unknown: True})

    assert lost == [over, unknown]
    assert ledger.forgotten == [unknown]


def test_a_listener_that_was_frozen_keeps_what_nobody_took_meanwhile(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.listen("frozen")

    ledger.wait(MISSED)

    assert ledger.listen("frozen", {attempt: True}) == ([], [])
    assert ledger.heard("another") == []


def test_a_listener_that_was_frozen_is_told_what_it_has_lost(ledger: Books) -> None:
    attempt, kept = ledger.connected(), ledger.connected()
    ledger.listen("frozen")
    ledger.wait(MISSED)
    ledger.listen("another", room=1)

    lost, taken = ledger.listen("frozen", {attempt: True, kept: True})

    assert (lost, taken) == ([attempt], [])
    assert ledger.listen("another", {attempt: True}) == ([], [])


def test_a_listener_that_leaves_lets_others_have_its_connections_at_once(ledger: Books) -> None:
    attempts = [ledger.connected() for _ in range(3)]
    ledger.listen("leaving")

    ledger.let_go("leaving", *attempts)

    assert ledger.heard("another") == attempts
    assert ledger.listen("leaving", dict.fromkeys(attempts, True)) == (attempts, [])


def test_who_lets_go_what_another_has_lets_nothing_go(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.listen("frozen")
    ledger.wait(MISSED)
    ledger.listen("another")

    ledger.let_go("frozen", attempt)

    assert ledger.heard("third") == []
    assert ledger.listen("another", {attempt: True}) == ([], [])


def test_a_listener_takes_no_more_than_it_has_room_for(ledger: Books) -> None:
    for _ in range(5):
        ledger.connected()

    first = [ear.attempt for ear in ledger.listen("one", room=2)[1]]
    none = ledger.listen("one", dict.fromkeys(first, False), room=0)
    rest = ledger.listen("another", room=9)[1]

    assert none == ([], [])
    assert (len(first), len(rest)) == (2, 3)


def test_what_is_over_is_in_nobodys_charge(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.listen()

    ledger.confirm(attempt)

    assert ledger.ears() == {}
    assert ledger.listen(held={attempt: True}) == ([attempt], [])


def test_what_is_stopping_is_still_listened_to(ledger: Books) -> None:
    attempt = ledger.stopping()

    assert ledger.heard() == [attempt]


def test_what_can_not_be_stopped_is_let_go_when_we_give_up(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.listen()
    ledger.wait(DURATION)
    ledger.expire()

    ledger.wait(ledger.store.leases.stop_give_up + 1)
    ledger.expire()
    ledger.take_stops()

    assert ledger.ears() == {}
    assert ledger.listen(held={attempt: True}) == ([attempt], [])


def test_a_late_answer_is_stopped_and_not_listened_to(ledger: Books) -> None:
    late = ledger.begun()
    ledger.wait(ledger.store.leases.dial)
    ledger.expire()

    assert ledger.connect(late) == "late"

    assert ledger.heard() == []


def test_a_call_that_is_aborted_before_its_answer_leaves_the_ears_when_it_is_stopped(
    ledger: Books,
) -> None:
    attempt = ledger.begun()
    ledger.abort()

    assert ledger.connect(attempt) == "connected"

    assert taken_stop(ledger) == "aborted"
    ledger.confirm(attempt, Disposition.ABORTED)
    assert ledger.ears() == {}


@pytest.mark.parametrize("was_open", [True, False])
def test_the_next_listener_learns_whether_a_socket_was_ever_open(
    ledger: Books, was_open: bool
) -> None:
    attempt = ledger.connected()
    ledger.listen("first")
    ledger.listen("first", {attempt: was_open})
    ledger.listen("first", {attempt: False})
    ledger.let_go("first", attempt)

    _, (ear,) = ledger.listen("second")

    assert ear.was_open is was_open


def test_the_connections_of_a_campaign_that_is_gone_are_left_out(ledger: Books) -> None:
    ledger.connected()
    ledger.store.redis.delete(keys.campaign("c", "meta"), keys.campaign("c", "contacts"))

    assert ledger.listen() == ([], [])


def test_of_16_listeners_at_once_one_has_the_charge(ledger: Books) -> None:
    attempts = {ledger.connected() for _ in range(5)}
    together, heard, lock = threading.Barrier(16), [], threading.Lock()

    def listen(name: str) -> None:
        together.wait(10)
        mine = ledger.heard(name)
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
def test_a_hint_brings_the_stop_forward_and_keeps_the_slot(ledger: Books, why: str) -> None:
    attempt = ledger.connected()

    assert ledger.hint(attempt, why)

    assert ledger.state(attempt) is CallState.STOPPING
    assert ledger.slots() == {attempt: ledger.store.leases.stop_patience}
    assert ledger.live() == {attempt: 0.0}
    assert taken_stop(ledger) == why


def test_a_slot_is_free_when_the_hinted_stop_is_confirmed_and_not_before(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.hint(attempt)
    assert ledger.claim(ceiling=1) is None

    ledger.confirm(attempt, Disposition.HUNG_UP)

    assert ledger.claim(ceiling=1) is not None
    assert ledger.ended_as(attempt) == ("hung_up", None)


@pytest.mark.parametrize("stage", [Books.claimed, Books.begun, Books.confirmed])
def test_what_is_not_live_can_not_be_hinted_at(
    ledger: Books, stage: Callable[[Books], Attempt]
) -> None:
    attempt = stage(ledger)
    as_it_stood = ledger.everything()

    assert not ledger.hint(attempt)

    assert ledger.everything() == as_it_stood


def test_a_stop_that_is_owed_already_keeps_its_reason(ledger: Books) -> None:
    attempt = ledger.connected(seconds=1.0)
    ledger.wait(1.0)
    ledger.expire()

    assert not ledger.hint(attempt, "hung_up")
    assert not ledger.hint(attempt, "not_reached")

    assert taken_stop(ledger) == "deadline"


def test_a_hint_to_a_late_answer_changes_no_call(ledger: Books) -> None:
    late = ledger.begun()
    ledger.give_back(late)
    later = ledger.begun()
    ledger.connect(late)

    assert not ledger.hint(late)

    assert ledger.state(later) is CallState.DIALING
    assert taken_stop(ledger) == "late"


# "No such connection" -----------------------------------------------------------------------------


def test_a_hinted_hang_up_is_certain_at_the_first_denial(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.hint(attempt)
    assert taken_stop(ledger) == "hung_up"

    assert denied(ledger, attempt) is Disposition.HUNG_UP


def test_a_hint_after_our_own_stop_makes_it_certain_but_no_hang_up(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.hint(attempt)

    assert denied(ledger, attempt) is Disposition.STOPPED


def test_a_machine_is_no_hint_of_a_hang_up(ledger: Books) -> None:
    attempt = ledger.connected()
    ledger.hint(attempt, "machine")
    assert taken_stop(ledger) == "machine"

    assert denied(ledger, attempt) is None


def test_while_a_socket_is_open_no_denial_is_believed(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.listen()
    apart = ledger.store.leases.denied_apart

    for _ in range(3):
        ledger.listen(held={attempt: True})
        assert denied(ledger, attempt) is None
        assert ledger.owed_stops() == {attempt: apart}
        ledger.wait(apart)

    ledger.listen(held={attempt: False})
    assert denied(ledger, attempt) is None
    ledger.wait(apart)
    assert denied(ledger, attempt) is not None


def test_an_open_socket_counts_for_as_long_as_its_listener_lives(ledger: Books) -> None:
    attempt = ledger.stopping()
    ledger.listen()
    ledger.listen(held={attempt: True})

    ledger.wait(CHARGE - 0.001)
    assert denied(ledger, attempt) is None
    assert denied(ledger, attempt) is None
    ledger.wait(0.001)
    assert denied(ledger, attempt) is None
    ledger.wait(ledger.store.leases.denied_apart)

    assert denied(ledger, attempt) is Disposition.HUNG_UP


# Lines --------------------------------------------------------------------------------------------


def lines(store: Ledger, row: int | None = None, after: str = "0") -> list[LiveLine]:
    return [line for _, line in listeners.lines(store, "c", row, after=after, block_seconds=0.01)]


def test_what_is_heard_can_be_followed_by_call_and_by_campaign(ledger: Books) -> None:
    one, two = Attempt("c", 1, 3), Attempt("c", 2, 1)
    heard = [
        LiveLine(one, "message", "Good morning.", "Ana", 1_800_000_000.25),
        LiveLine(two, "topic", "insurance"),
        LiveLine(one, "question", "Who is it?"),
    ]

    listeners.note(ledger.store, heard)

    assert [line.text for line in lines(ledger.store)] == [line.text for line in heard]
    first, second = lines(ledger.store, 1)
    assert first == LiveLine(
        Attempt("c", 1, 0), "message", "Good morning.", "Ana", 1_800_000_000.25
    )
    assert (second.kind, second.speaker, second.said_at) == ("question", "", None)


def test_lines_are_read_on_from_their_place(ledger: Books) -> None:
    attempt = Attempt("c", 1, 1)
    listeners.note(ledger.store, [LiveLine(attempt, "message", "one")])
    ((place, _),) = listeners.lines(ledger.store, "c", 1)

    assert lines(ledger.store, 1, after=place) == []
    listeners.note(ledger.store, [LiveLine(attempt, "message", "two")])

    assert [line.text for line in lines(ledger.store, 1, after=place)] == ["two"]


def test_who_follows_waits_for_the_next_line(ledger: Books, other: Ledger) -> None:
    heard: list[LiveLine] = []
    following = threading.Thread(
        target=lambda: heard.extend(
            line for _, line in listeners.lines(other, "c", 1, block_seconds=2.5)
        )
    )
    following.start()

    listeners.note(ledger.store, [LiveLine(Attempt("c", 1, 1), "message", "at last")])
    following.join()

    assert [line.text for line in heard] == ["at last"]


def test_lines_are_few_and_pass_by_themselves(ledger: Books) -> None:
    attempt = Attempt("c", 1, 1)
    listeners.note(
        ledger.store, [LiveLine(attempt, "message", str(n)) for n in range(2 * CALL_LINES)]
    )

    of_call, of_campaign = f"{keys.call('c', 1)}:said", keys.campaign("c", "said")
    kept = ledger.store.redis.xrange(of_call)
    assert CALL_LINES <= len(kept) < CALL_LINES + 200
    assert kept[-1][1]["x"] == str(2 * CALL_LINES - 1)
    for key in (of_call, of_campaign):
        assert 0 < ledger.store.redis.ttl(key) <= LINES_SECONDS


# The live connection of a call ----------------------------------------------------------------


def test_the_live_connection_of_a_call_can_be_addressed(ledger: Books) -> None:
    attempt = ledger.begun()
    connection = Connection("leg", "talk", '{"what": "it likes"}')
    calls.connect(
        ledger.store,
        ACCOUNT,
        attempt,
        connection,
        answered_ago_seconds=0,
        max_duration_seconds=DURATION,
        now=ledger.now,
    )

    assert views.live_connection(ledger.store, "c", attempt.row) == connection


@pytest.mark.parametrize("stage", [Books.claimed, Books.begun, Books.confirmed])
def test_a_call_that_is_not_live_has_no_connection(
    ledger: Books, stage: Callable[[Books], Attempt]
) -> None:
    attempt = stage(ledger)

    with pytest.raises(LedgerError, match="not live"):
        views.live_connection(ledger.store, "c", attempt.row)


# Calls that the release before has connected, or hears ------------------------------------------

EVENT_URL, SOCKET_URL = "https://api.example.com/e/1", "wss://api.example.com/r/1"


@pytest.mark.parametrize(
    ("event_url", "socket_url"),
    [(EVENT_URL, SOCKET_URL), (EVENT_URL, ""), ("", SOCKET_URL), ("", "")],
)
def test_a_call_that_the_release_before_connected_is_read_as_any_other(
    ledger: Books, event_url: str, socket_url: str
) -> None:
    attempt = ledger.connected()
    record = keys.attempt(str(attempt))
    ledger.store.redis.hdel(record, "details")
    known = {"event_url": event_url, "result_websocket_url": socket_url}
    ledger.store.redis.hset(record, mapping=known)

    live = views.live_connection(ledger.store, "c", attempt.row)
    _, (ear,) = ledger.listen()

    assert ear.connection == live
    assert live.conversation_id == f"conversation {attempt}"
    assert Details.of(live) == Details(event_url, socket_url)


def test_a_worker_of_the_release_before_can_stop_and_hear_a_call(ledger: Books) -> None:
    attempt = ledger.connected()

    read = ("connection_id", "conversation_id", "result_websocket_url")
    found = ledger.store.redis.hmget(keys.attempt(str(attempt)), read)

    assert found == [f"connection {attempt}", f"conversation {attempt}", ""]
