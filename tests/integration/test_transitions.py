"""Every pair of states on a real Redis: the table's changes happen, all others are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import callbacks, calls, campaigns, keys, live_calls, scripts
from scheduler.ledger.ledger import Control, Ledger
from scheduler.models import TRANSITIONS, Attempt, CallState, Policy, Retry
from scheduler.records import encode_policy
from tests.integration.ledger import ACCOUNT, Books

PENDING, CLAIMED, DIALING, CONNECTED, STOPPING, ENDED = CallState

#: A call's length that is shorter than every lease: its deadline passes before anything else does.
SHORT = 1.0

PAIRS = list(product(CallState, CallState))

Verb = Callable[[Books, Attempt], object]

ANA = Control("ana@desk")


def given_back(books: Books) -> Attempt:
    attempt = books.begun()
    books.give_back(attempt)
    return attempt


def connected(books: Books) -> Attempt:
    return books.connected(seconds=SHORT)


def ended(books: Books) -> Attempt:
    attempt = books.stopping()
    books.confirm(attempt)
    return attempt


#: How a call comes into each state.
INTO: dict[CallState, Callable[[Books], Attempt]] = {
    PENDING: given_back,
    CLAIMED: Books.claimed,
    DIALING: Books.begun,
    CONNECTED: connected,
    STOPPING: Books.stopping,
    ENDED: ended,
}


def claim(books: Books, attempt: Attempt) -> object:
    return books.claim()


def begin(books: Books, attempt: Attempt) -> object:
    return books.begin(attempt, "another execution")


def connect(books: Books, attempt: Attempt) -> object:
    return books.connect(attempt) != "known"


def arrived(books: Books, attempt: Attempt) -> object:
    said = callbacks.arrived(books.ledger, ACCOUNT, attempt, f"connection {attempt}", now=books.now)
    return said is callbacks.Known.ATTACHED


def give_back(books: Books, attempt: Attempt) -> None:
    books.give_back(attempt)


def give_back_at_limit(books: Books, attempt: Attempt) -> None:
    books.refuse(attempt, live=1)


def finish(books: Books, attempt: Attempt) -> None:
    books.finish(attempt)


def pass_the_deadline(books: Books, attempt: Attempt) -> object:
    books.wait(SHORT)
    return calls.expire(books.ledger, ACCOUNT, now=books.now)


def hint(books: Books, attempt: Attempt) -> object:
    return books.hint(attempt, "machine")


def confirm(books: Books, attempt: Attempt) -> object:
    return books.confirm(attempt)


def over(books: Books, attempt: Attempt) -> object:
    return books.over(attempt)


def confirm_and_try_again(books: Books, attempt: Attempt) -> object:
    policy = Policy(retry={"stopped": Retry(1, (60.0,))})
    books.reader.hset(keys.campaign("c", "meta"), "policy", encode_policy(policy))
    return books.confirm(attempt)


def stop(books: Books, attempt: Attempt) -> object:
    said = live_calls.stop(books.ledger, ACCOUNT, attempt, ANA, now=books.now)
    return said in (CONNECTED, DIALING)


def cancel_the_rest(books: Books, attempt: Attempt) -> object:
    campaigns.cancel(books.ledger, "c", ANA, now=books.now)
    return campaigns.end_pending(books.ledger, "c", now=books.now)


def give_back_what_is_cancelled(books: Books, attempt: Attempt) -> None:
    campaigns.cancel(books.ledger, "c", ANA, now=books.now)
    books.give_back(attempt)


#: The verbs that lead to each state. An answer ends a call that was thought not to have rung.
LEADS_TO: dict[CallState, tuple[Verb, ...]] = {
    PENDING: (give_back, give_back_at_limit),
    CLAIMED: (claim,),
    DIALING: (begin,),
    CONNECTED: (connect, arrived),
    STOPPING: (pass_the_deadline, hint, stop),
    ENDED: (finish, confirm, connect, arrived, over),
}

#: Those of them that are for each change in the table.
MAKES: dict[tuple[CallState, CallState], tuple[Verb, ...]] = {
    (PENDING, CLAIMED): (claim,),
    (PENDING, ENDED): (connect, arrived, cancel_the_rest),
    (CLAIMED, DIALING): (begin,),
    (CLAIMED, PENDING): (give_back, give_back_at_limit),
    (CLAIMED, ENDED): (finish, connect, give_back_what_is_cancelled),
    (DIALING, CONNECTED): (connect, arrived),
    (DIALING, PENDING): (give_back, give_back_at_limit),
    (DIALING, ENDED): (finish, give_back_what_is_cancelled),
    (CONNECTED, STOPPING): (pass_the_deadline, hint, stop),
    (CONNECTED, ENDED): (over,),
    (STOPPING, ENDED): (confirm, over),
    (STOPPING, PENDING): (confirm_and_try_again,),
}

#: Not refused, and another change than this one: an answer never is, `confirm` makes two changes in
#: one step, and an order to stop waits for the answer. News of what has not begun are counted.
ELSEWHERE = {
    (PENDING, CONNECTED, connect),
    (PENDING, CONNECTED, arrived),
    (CLAIMED, CONNECTED, connect),
    (CLAIMED, CONNECTED, arrived),
    (DIALING, STOPPING, stop),
}

REFUSED = [
    (before, after, verb)
    for before, after in PAIRS
    if after not in TRANSITIONS[before]
    for verb in LEADS_TO[after]
    if (before, after, verb) not in ELSEWHERE
]


def test_every_change_in_the_table_has_its_verbs() -> None:
    assert set(MAKES) == {pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]}


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [(before, after, verb) for (before, after), verbs in MAKES.items() for verb in verbs],
)
def test_a_change_in_the_table_happens(
    books: Books, before: CallState, after: CallState, verb: Verb
) -> None:
    books.campaign()
    attempt = INTO[before](books)
    assert books.state(attempt) is before

    verb(books, attempt)

    assert books.state(attempt) is after


@pytest.mark.parametrize(("before", "after", "verb"), REFUSED)
def test_a_change_that_is_not_in_the_table_is_refused_and_nothing_is_changed(
    books: Books, before: CallState, after: CallState, verb: Verb
) -> None:
    books.campaign()
    attempt = INTO[before](books)
    assert books.state(attempt) is before
    as_it_stood = books.everything()

    try:
        refused = not verb(books, attempt) and verb not in (give_back, give_back_at_limit, finish)
    except StaleAttempt:
        refused = True

    assert refused
    assert books.everything() == as_it_stood


def test_a_connection_that_is_over_before_its_deadline_takes_both_changes_at_once(
    books: Books,
) -> None:
    books.campaign()
    attempt = books.connected()

    with books.ledger.redis.monitor() as monitor:
        books.confirm(attempt)
        books.ledger.redis.echo("over")
        commands = list(iter(lambda: monitor.next_command()["command"], "ECHO over"))

    change = f"HSET {keys.call('c', 1)} state "
    assert [command.removeprefix(change) for command in commands if change in command] == [
        STOPPING,
        ENDED,
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PENDING, PENDING),
        (CLAIMED, PENDING),
        (DIALING, ENDED),
        (CONNECTED, STOPPING),
        (STOPPING, ENDED),
        (ENDED, ENDED),
    ],
)
def test_time_alone_moves_a_call_along_the_table(
    books: Books, before: CallState, after: CallState
) -> None:
    books.campaign()
    attempt = INTO[before](books)

    books.wait(books.ledger.leases.stop_patience)
    calls.expire(books.ledger, ACCOUNT, now=books.now)

    assert books.state(attempt) is after


@pytest.mark.parametrize(
    "verb",
    [begin, give_back, give_back_at_limit, finish, hint, stop, confirm],
    ids=lambda verb: verb.__name__,
)
@pytest.mark.parametrize("state", [PENDING, CLAIMED, DIALING])
def test_an_earlier_attempt_has_no_say(books: Books, state: CallState, verb: Verb) -> None:
    books.campaign()
    earlier = given_back(books)
    INTO[state](books)
    as_it_stood = books.everything()

    try:
        refused = verb(books, earlier) is False
    except StaleAttempt:
        refused = True

    assert refused
    assert books.everything() == as_it_stood


def test_the_scripts_know_the_same_table(ledger: Ledger) -> None:
    written = ledger.redis.eval(scripts.preamble() + "return cjson.encode(MAY)", 1, keys.ROOT)

    table = {before: set(then) for before, then in json.loads(written).items()}
    assert table == {str(before): set(map(str, then)) for before, then in TRANSITIONS.items()}


MOVE = """
local call = { campaign = "c", row = "1", key = ROOT .. "call:c:1", state = ARGV[1] }
return move(call, ARGV[2])
"""


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_what_every_script_moves_calls_with_obeys_the_table(
    ledger: Ledger, before: CallState, after: CallState
) -> None:
    moved = ledger.redis.eval(scripts.preamble() + MOVE, 1, keys.ROOT, before, after)

    assert bool(moved) == (after in TRANSITIONS[before])
    assert ledger.redis.hget(keys.call("c", 1), "state") == (after if moved else None)
