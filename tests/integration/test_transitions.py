"""Every pair of states on a real Redis: the table's changes happen, all others are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product

import pytest

from scheduler.errors import StaleAttempt
from scheduler.ledger import calls, campaigns, keys, live_calls, scripts
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


def given_back(ledger: Books) -> Attempt:
    attempt = ledger.begun()
    ledger.give_back(attempt)
    return attempt


def connected(ledger: Books) -> Attempt:
    return ledger.connected(seconds=SHORT)


def ended(ledger: Books) -> Attempt:
    attempt = ledger.stopping()
    ledger.confirm(attempt)
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


def claim(ledger: Books, attempt: Attempt) -> object:
    return ledger.claim()


def begin(ledger: Books, attempt: Attempt) -> object:
    return ledger.begin(attempt, "another execution")


def connect(ledger: Books, attempt: Attempt) -> object:
    return ledger.connect(attempt) != "known"


def give_back(ledger: Books, attempt: Attempt) -> None:
    ledger.give_back(attempt)


def give_back_at_limit(ledger: Books, attempt: Attempt) -> None:
    ledger.refuse(attempt, live=1)


def finish(ledger: Books, attempt: Attempt) -> None:
    ledger.finish(attempt)


def pass_the_deadline(ledger: Books, attempt: Attempt) -> object:
    ledger.wait(SHORT)
    return calls.expire(ledger.store, ACCOUNT, now=ledger.now)


def hint(ledger: Books, attempt: Attempt) -> object:
    return ledger.hint(attempt, "machine")


def confirm(ledger: Books, attempt: Attempt) -> object:
    return ledger.confirm(attempt)


def confirm_and_try_again(ledger: Books, attempt: Attempt) -> object:
    policy = Policy(retry={"stopped": Retry(1, (60.0,))})
    ledger.reader.hset(keys.campaign("c", "meta"), "policy", encode_policy(policy))
    return ledger.confirm(attempt)


def stop(ledger: Books, attempt: Attempt) -> object:
    said = live_calls.stop(ledger.store, ACCOUNT, attempt, ANA, now=ledger.now)
    return said in (CONNECTED, DIALING)


def cancel_the_rest(ledger: Books, attempt: Attempt) -> object:
    campaigns.cancel(ledger.store, "c", ANA, now=ledger.now)
    return campaigns.end_pending(ledger.store, "c", now=ledger.now)


def give_back_what_is_cancelled(ledger: Books, attempt: Attempt) -> None:
    campaigns.cancel(ledger.store, "c", ANA, now=ledger.now)
    ledger.give_back(attempt)


#: The verbs that lead to each state. An answer ends a call that was thought not to have rung.
LEADS_TO: dict[CallState, tuple[Verb, ...]] = {
    PENDING: (give_back, give_back_at_limit),
    CLAIMED: (claim,),
    DIALING: (begin,),
    CONNECTED: (connect,),
    STOPPING: (pass_the_deadline, hint, stop),
    ENDED: (finish, confirm, connect),
}

#: Those of them that are for each change in the table.
MAKES: dict[tuple[CallState, CallState], tuple[Verb, ...]] = {
    (PENDING, CLAIMED): (claim,),
    (PENDING, ENDED): (connect, cancel_the_rest),
    (CLAIMED, DIALING): (begin,),
    (CLAIMED, PENDING): (give_back, give_back_at_limit),
    (CLAIMED, ENDED): (finish, connect, give_back_what_is_cancelled),
    (DIALING, CONNECTED): (connect,),
    (DIALING, PENDING): (give_back, give_back_at_limit),
    (DIALING, ENDED): (finish, give_back_what_is_cancelled),
    (CONNECTED, STOPPING): (pass_the_deadline, hint, stop),
    (STOPPING, ENDED): (confirm,),
    (STOPPING, PENDING): (confirm_and_try_again,),
}

#: Not refused, and another change than this one: an answer never is, `confirm` makes two changes in
#: one step, and an order to stop waits for the answer.
ELSEWHERE = {
    (PENDING, CONNECTED, connect),
    (CLAIMED, CONNECTED, connect),
    (CONNECTED, ENDED, confirm),
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
    ledger: Books, before: CallState, after: CallState, verb: Verb
) -> None:
    ledger.campaign()
    attempt = INTO[before](ledger)
    assert ledger.state(attempt) is before

    verb(ledger, attempt)

    assert ledger.state(attempt) is after


@pytest.mark.parametrize(("before", "after", "verb"), REFUSED)
def test_a_change_that_is_not_in_the_table_is_refused_and_nothing_is_changed(
    ledger: Books, before: CallState, after: CallState, verb: Verb
) -> None:
    ledger.campaign()
    attempt = INTO[before](ledger)
    assert ledger.state(attempt) is before
    as_it_stood = ledger.everything()

    try:
        refused = not verb(ledger, attempt) and verb not in (give_back, give_back_at_limit, finish)
    except StaleAttempt:
        refused = True

    assert refused
    assert ledger.everything() == as_it_stood


def test_a_connection_that_is_over_before_its_deadline_takes_both_changes_at_once(
    ledger: Books,
) -> None:
    ledger.campaign()
    attempt = ledger.connected()

    with ledger.store.redis.monitor() as monitor:
        ledger.confirm(attempt)
        ledger.store.redis.echo("over")
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
    ledger: Books, before: CallState, after: CallState
) -> None:
    ledger.campaign()
    attempt = INTO[before](ledger)

    ledger.wait(ledger.store.leases.stop_patience)
    calls.expire(ledger.store, ACCOUNT, now=ledger.now)

    assert ledger.state(attempt) is after


@pytest.mark.parametrize(
    "verb",
    [begin, give_back, give_back_at_limit, finish, hint, stop, confirm],
    ids=lambda verb: verb.__name__,
)
@pytest.mark.parametrize("state", [PENDING, CLAIMED, DIALING])
def test_an_earlier_attempt_has_no_say(ledger: Books, state: CallState, verb: Verb) -> None:
    ledger.campaign()
    earlier = given_back(ledger)
    INTO[state](ledger)
    as_it_stood = ledger.everything()

    try:
        refused = verb(ledger, earlier) is False
    except StaleAttempt:
        refused = True

    assert refused
    assert ledger.everything() == as_it_stood


def test_the_scripts_know_the_same_table(store: Ledger) -> None:
    written = store.redis.eval(scripts.preamble() + "return cjson.encode(MAY)", 1, keys.ROOT)

    table = {before: set(then) for before, then in json.loads(written).items()}
    assert table == {str(before): set(map(str, then)) for before, then in TRANSITIONS.items()}


MOVE = """
local call = { campaign = "c", row = "1", key = ROOT .. "call:c:1", state = ARGV[1] }
return move(call, ARGV[2])
"""


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_what_every_script_moves_calls_with_obeys_the_table(
    store: Ledger, before: CallState, after: CallState
) -> None:
    moved = store.redis.eval(scripts.preamble() + MOVE, 1, keys.ROOT, before, after)

    assert bool(moved) == (after in TRANSITIONS[before])
    assert store.redis.hget(keys.call("c", 1), "state") == (after if moved else None)
