"""Whatever runs twice, is sent twice or comes twice: one call, one slot, one change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import scheduler.ledger
from scheduler.errors import LedgerUnreachable, StaleAttempt
from scheduler.ledger import callbacks, calls, campaigns, erasure, listeners, reports
from scheduler.ledger import heard as heard_notes
from scheduler.ledger.calls import Bid, Claim
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.listeners import LiveLine
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.models import Attempt, CallState, CampaignState, Disposition
from scheduler.tokens import SharedToken
from tests.integration.ledger import ACCOUNT, DURATION, STOP_DELAYS, Books, rows
from tests.integration.lossy_proxy import LossyProxy

LUA = Path(scheduler.ledger.__file__).parent / "lua"

# One verb, two runs ------------------------------------------------------------------------------


def test_a_claim_under_the_same_token_is_the_same_claim(books: Books) -> None:
    books.campaign(2)

    first = books.claim("token")
    again = books.claim("token")

    assert first == again
    assert len(books.slots()) == 1


def test_a_claim_that_was_used_is_not_handed_out_again(books: Books) -> None:
    books.campaign(2)
    books.begin(books.claimed("token"))

    assert books.claim("token") is None

    assert len(books.slots()) == 1


def test_a_chunk_that_is_sent_again_is_added_once(books: Books) -> None:
    books.create()
    books.load(rows(1, 2, 2), chunk=1)
    as_it_stood = books.everything()

    books.load(rows(1, 2, 2), chunk=1)

    assert books.everything() == as_it_stood


def test_a_chunk_that_is_sent_again_after_the_seal_adds_nothing(books: Books) -> None:
    books.create()
    books.load(rows(1, 2), chunk=1)
    books.load(rows(2, 3, 3), chunk=2)
    books.seal()
    dispositions = books.dispositions()

    books.load(rows(2, 3, 3), chunk=2)

    assert dispositions == books.dispositions() == {"skipped:duplicate": 2}


def test_a_campaign_is_opened_once(books: Books) -> None:
    books.create(max_concurrency=3)
    as_it_stood = books.everything()

    books.wait(1)
    books.create(max_concurrency=5)

    assert books.everything() == as_it_stood


def test_a_campaign_is_sealed_once(books: Books) -> None:
    books.campaign()
    as_it_stood = books.everything()

    books.wait(1)

    assert books.seal() is CampaignState.ACTIVE
    assert books.everything() == as_it_stood


def test_begin_says_go_again_to_the_execution_that_it_said_go_to(books: Books) -> None:
    books.campaign()
    attempt = books.claimed()
    assert books.begin(attempt, "mine")
    as_it_stood = books.everything()

    assert books.begin(attempt, "mine")

    assert books.everything() == as_it_stood


def test_of_two_executions_of_one_attempt_one_dials(books: Books) -> None:
    books.campaign()
    attempt = books.claimed()
    assert books.begin(attempt, "mine")

    with pytest.raises(StaleAttempt):
        books.begin(attempt, "another's")

    assert books.result(attempt)["attempts"] == 1


def test_an_execution_that_did_not_begin_an_attempt_cannot_give_it_back(books: Books) -> None:
    books.campaign()
    attempt = books.begun()

    with pytest.raises(StaleAttempt):
        books.give_back(attempt, "another's")

    assert books.state(attempt) is CallState.DIALING


STALE_THE_SECOND_TIME: dict[str, Callable[[Books, Attempt], None]] = {
    "give_back": lambda books, attempt: books.give_back(attempt, signal="failed"),
    "give_back_at_limit": lambda books, attempt: books.refuse(attempt, live=2),
    "finish": lambda books, attempt: books.finish(attempt, signal="failed", hold_seconds=9),
}


@pytest.mark.parametrize("verb", STALE_THE_SECOND_TIME)
def test_what_became_of_a_start_counts_once(books: Books, verb: str) -> None:
    books.campaign()
    attempt = books.begun()
    STALE_THE_SECOND_TIME[verb](books, attempt)
    as_it_stood = books.everything()

    with pytest.raises(StaleAttempt):
        STALE_THE_SECOND_TIME[verb](books, attempt)

    assert books.everything() == as_it_stood


def test_the_same_connection_is_recorded_once(books: Books) -> None:
    books.campaign()
    attempt = books.connected()
    as_it_stood = books.everything()

    books.wait(1)

    assert books.connect(attempt) == "known"
    assert books.everything() == as_it_stood


def test_a_deadline_expires_once(books: Books) -> None:
    books.campaign()
    books.connected(seconds=1.0)
    books.wait(1.0)
    calls.expire(books.ledger, ACCOUNT, now=books.now)
    as_it_stood = books.everything()

    assert calls.expire(books.ledger, ACCOUNT, now=books.now) == 0

    assert books.everything() == as_it_stood


def test_an_end_is_confirmed_once(books: Books) -> None:
    books.campaign()
    attempt = books.stopping()
    assert books.confirm(attempt)
    as_it_stood = books.everything()

    assert not books.confirm(attempt)

    assert books.everything() == as_it_stood


def test_a_denial_that_comes_twice_at_once_counts_once(books: Books) -> None:
    books.campaign()
    attempt = books.stopping()

    assert not books.deny(attempt)
    as_it_stood = books.everything()

    assert not books.deny(attempt)
    assert books.everything() == as_it_stood


def test_an_abort_stops_each_call_once(books: Books) -> None:
    books.campaign(2)
    books.connected()
    books.connected()
    assert books.abort() == 2
    as_it_stood = books.everything()

    assert books.abort() == 0

    assert books.everything() == as_it_stood


def test_a_campaign_is_resumed_once(books: Books) -> None:
    books.campaign()
    books.abort()
    assert campaigns.resume(books.ledger, "c") is CampaignState.ACTIVE
    as_it_stood = books.everything()

    assert campaigns.resume(books.ledger, "c") is CampaignState.ACTIVE

    assert books.everything() == as_it_stood


#: What prepares a verb, and returns what runs it.
AGAIN: dict[str, Callable[[Books, Attempt], Callable[[], object]]] = {
    "listen": lambda books, attempt: lambda: books.listen(),
    "listen, keeping": lambda books, attempt: keeping(books),
    "release": lambda books, attempt: releasing(books),
    "hand_on": lambda books, attempt: handing_on(books, attempt),
    "hint": lambda books, attempt: lambda: books.hint(attempt),
    "hint, taking": lambda books, attempt: lambda: books.hint_and_take(attempt),
    "answered": lambda books, attempt: ringing(books, lambda one: books.answered(one)),
    "unanswered": lambda books, attempt: ringing(
        books, lambda one: reports.unanswered(books.ledger, books.now, [(one, "ringing")])
    ),
    "unplaced": lambda books, attempt: ringing(
        books, lambda one: reports.unplaced(books.ledger, ACCOUNT, one, now=books.now)
    ),
    "recall": lambda books, attempt: ringing(books, lambda one: recalled(books, one)),
    "over": lambda books, attempt: lambda: books.over(attempt, facts={"price": "0.01 USD"}),
    "arrived": lambda books, attempt: ringing(
        books,
        lambda one: callbacks.arrived(
            *(books.ledger, ACCOUNT, one, f"connection {one}"),
            sequence=2,
            stage="answered",
            told_at=books.now,
            now=books.now,
        ),
    ),
    "arrived, over": lambda books, attempt: (
        lambda: callbacks.arrived(
            *(books.ledger, ACCOUNT, attempt, f"connection {attempt}"), stage="over", now=books.now
        )
    ),
    "arrived, second": lambda books, attempt: (
        lambda: callbacks.arrived(*(books.ledger, ACCOUNT, attempt, "another"), now=books.now)
    ),
    "take_reported": lambda books, attempt: heard(books, attempt),
    "pressed": lambda books, attempt: (
        lambda: callbacks.pressed(*(books.ledger, attempt, "confirm", 1, "1"), now=books.now)
    ),
    "answer": lambda books, attempt: (
        lambda: callbacks.answer(
            *(books.ledger, attempt, "confirm", "9"), bars="+12025550100", now=books.now
        )
    ),
    "note_heard": lambda books, attempt: (
        lambda: heard_notes.note(
            *(books.ledger, attempt),
            answered_by="human",
            intents=["do_not_call"],
            bars="+12025550100",
            now=books.now,
        )
    ),
    "keep_words": lambda books, attempt: (
        lambda: callbacks.keep_words(books.ledger, "news", LiveLine(attempt, "message", "words"))
    ),
    "order_speech": lambda books, attempt: (
        lambda: callbacks.order_speech(books.ledger, ACCOUNT, attempt, now=books.now)
    ),
    "spoken": lambda books, attempt: speaking(books, attempt),
    "take_collect": lambda books, attempt: over(books, attempt, books.take_collect),
    "collected": lambda books, attempt: over(
        books, attempt, lambda: books.keep_collected(attempt, {"transcript": []})
    ),
    "erase": lambda books, attempt: over(
        books, attempt, lambda: erasure.erase(books.ledger, "c", 1)
    ),
    "refuse_token": lambda books, attempt: token(books, RedisTokenShelf.refuse),
    "accept_token": lambda books, attempt: token(books, RedisTokenShelf.accept),
}


def ringing(books: Books, verb: Callable[[Attempt], object]) -> Callable[[], object]:
    books.campaign(1, "rings")
    attempt = books.ringing()
    return lambda: verb(attempt)


def heard(books: Books, attempt: Attempt) -> Callable[[], object]:
    connection = f"connection {attempt}"
    callbacks.arrived(books.ledger, ACCOUNT, attempt, connection, stage="over", now=books.now)
    return lambda: callbacks.take_reported(books.ledger, ACCOUNT, 10)


def handing_on(books: Books, attempt: Attempt) -> Callable[[], object]:
    books.campaign(3, "next")
    return lambda: books.hand_on(attempt, "the same execution")


def speaking(books: Books, attempt: Attempt) -> Callable[[], object]:
    callbacks.order_speech(books.ledger, ACCOUNT, attempt, now=books.now)
    return lambda: callbacks.spoken(books.ledger, ACCOUNT, attempt, now=books.now)


def recalled(books: Books, attempt: Attempt) -> None:
    campaigns.halt(books.ledger, attempt.campaign_id, now=books.now)
    reports.recall(books.ledger, ACCOUNT, [attempt], now=books.now)


def keeping(books: Books) -> Callable[[], object]:
    held = dict.fromkeys(books.heard(), True)
    return lambda: books.listen(held=held)


def releasing(books: Books) -> Callable[[], object]:
    held = books.heard()
    return lambda: books.release("ear", *held)


def over(books: Books, attempt: Attempt, verb: Callable[[], object]) -> Callable[[], object]:
    books.confirm(attempt)
    return verb


def token(
    books: Books, verb: Callable[[RedisTokenShelf, str, str], object]
) -> Callable[[], object]:
    shelf = RedisTokenShelf(books.ledger)
    shelf.put("f", SharedToken("refused", 60.0, 6.0))
    shelf.refuse("f", "refused")
    shelf.put("f", SharedToken("t", 60.0, 6.0))
    return lambda: verb(shelf, "f", "t")


@pytest.mark.parametrize("verb", AGAIN)
def test_what_runs_again_at_once_changes_nothing_more(books: Books, verb: str) -> None:
    books.campaign()
    run = AGAIN[verb](books, books.connected())
    before = books.everything()
    run()
    as_it_stood = books.everything()
    assert as_it_stood != before

    run()

    assert books.everything() == as_it_stood


def test_what_is_postponed_twice_is_due_once_and_no_later(books: Books) -> None:
    books.campaign()
    attempt = books.confirmed()
    books.take_collect()

    books.postpone_collect(attempt, 2.0)
    books.postpone_collect(attempt, 2.0)

    assert books.collects() == {attempt: 2.0}
    assert books.collecting() == 1


def test_every_script_is_run_twice_somewhere_here() -> None:
    others = {
        *("begin", "claim", "confirm", "connect", "create", "deny", "expire", "finish"),
        *("give_back", "halt", "load", "postpone_collect", "resume", "seal"),
    }
    others |= {"attach", "settle"}  # in test_settling.py
    # Those that set what they are told, only read, or are made of others.
    plain = {"hurry_stops", "learn", "limit", "ready", "take_stops", "bar", "explain", "tick"}
    plain |= {"launches", "repeats"}
    plain |= {"attention", "count_due", "unknown_rows"}
    others |= {"take"}  # in test_retrying.py
    others |= {"unbar"}  # in test_do_not_call.py
    others |= {"add_schedule", "ask_firing", "keep_schedule", "pause_schedule"}
    others |= {"remove_schedule", "take_schedule", "record_firings"}  # in test_scheduling.py
    others |= {"cancel", "end_pending", "extend", "note", "prioritise", "stop"}  # test_controls
    others |= {"take_news", "note_delivery"}  # in test_news.py
    others |= {"clock_jumped"}  # in test_clock_jumps.py
    others |= {"retire"}  # in test_retiring.py; `load` with a window: in test_repeats.py
    others |= {"find", "sweep"}  # in test_searching.py
    others |= {"swap"}  # in test_users.py
    others |= {"recount"}  # in test_surveying.py
    plain |= {"lead", "step_down"}
    plain |= {"beat", "admit", "note_stop", "throttle", "note_price"}

    covered = {verb.partition(",")[0] for verb in AGAIN} | others | plain

    assert covered == {path.stem for path in LUA.glob("[!_]*.lua")}


# Many at once ------------------------------------------------------------------------------------


def at_once(count: int, do: Callable[[int], Claim | None]) -> list[Claim | None]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(do, range(count)))


def test_of_32_threads_seven_get_the_seven_slots(books: Books) -> None:
    books.campaign(40)

    claims = at_once(32, lambda _: books.claim(ceiling=7))

    attempts = [claim.attempt for claim in claims if claim is not None]
    assert len(attempts) == len(set(attempts)) == len(books.slots()) == 7


def test_32_threads_claim_32_calls(books: Books) -> None:
    books.campaign(32)

    claims = at_once(32, lambda _: books.claim())

    numbers = [claim.contact.phone_number for claim in claims if claim is not None]
    assert len(set(numbers)) == 32


def test_of_32_executions_of_one_attempt_one_dials(books: Books) -> None:
    books.campaign()
    attempt = books.claimed()

    def begin(n: int) -> bool:
        try:
            return books.begin(attempt, f"execution {n}")
        except StaleAttempt:
            return False

    with ThreadPoolExecutor(32) as threads:
        said = Counter(threads.map(begin, range(32)))

    assert said == {True: 1, False: 31}


# A reply is lost ---------------------------------------------------------------------------------


@pytest.fixture
def proxy(redis_url: str, ledger: Ledger) -> Iterator[LossyProxy]:
    """A way to the same Redis that can lose replies; the server has all scripts already."""
    for script in vars(ledger.do).values():
        ledger.redis.script_load(script.text)
    with LossyProxy(redis_url) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: LossyProxy) -> Iterator[Ledger]:
    """A store whose replies may be lost."""
    far = Ledger(proxy.url)
    yield far
    far.close()


def test_a_claim_whose_reply_was_lost_is_sent_again_and_claims_once(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.campaign(2)

    proxy.lose_reply()
    claim = calls.claim(far, ACCOUNT, Bid("token", ceiling=9), now=books.now)

    assert proxy.commands_sent == 2
    assert isinstance(claim, Claim)
    assert list(books.slots()) == [claim.attempt]


def test_a_slot_whose_reply_was_lost_when_it_was_handed_on_is_handed_on_once(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.campaign(3)
    attempt = books.connected()

    proxy.lose_reply()
    bid = Bid("token", ceiling=1)
    _, claim = calls.hand_on(far, ACCOUNT, attempt, Disposition.STOPPED, bid, now=books.now)

    assert proxy.commands_sent == 2
    assert isinstance(claim, Claim)
    assert list(books.slots()) == [claim.attempt]
    assert books.dispositions() == {"stopped": 1}


def test_a_chunk_whose_reply_was_lost_is_sent_again_and_added_once(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.create()

    proxy.lose_reply()
    campaigns.load(far, "c", "1", 1, rows(1, 2, 2))

    assert proxy.commands_sent == 2
    assert books.dispositions() == {"skipped:duplicate": 1}
    assert len(books.results()) == 3


def test_a_seal_whose_reply_was_lost_is_sent_again_and_answered(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.create()
    books.load(rows(1))

    proxy.lose_reply()

    assert campaigns.seal(far, "c", "1") is CampaignState.ACTIVE
    assert proxy.commands_sent == 2


def test_a_hinted_stop_whose_order_was_lost_is_handed_out_when_it_is_sent_again(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.campaign()
    attempt = books.connected()

    proxy.lose_reply()
    order = listeners.hint_and_take(
        far, ACCOUNT, attempt, "hung_up", delays=STOP_DELAYS, now=books.now
    )

    assert proxy.commands_sent == 2
    assert order is not None
    assert (order.attempt, order.sendings) == (attempt, 1)
    assert books.owed_stops() == {attempt: STOP_DELAYS[0]}


def test_begin_is_never_sent_twice(books: Books, far: Ledger, proxy: LossyProxy) -> None:
    books.campaign()
    attempt = books.claimed()

    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        calls.begin(far, ACCOUNT, attempt, "mine", max_duration_seconds=DURATION, now=books.now)

    assert proxy.commands_sent == 1
    assert books.state(attempt) is CallState.DIALING


def test_an_attempt_whose_begin_got_no_reply_can_be_given_back(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.campaign()
    attempt = books.claimed()
    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        calls.begin(far, ACCOUNT, attempt, "mine", max_duration_seconds=DURATION, now=books.now)

    calls.give_back(far, ACCOUNT, attempt, "mine", now=books.now)

    assert books.state(attempt) is CallState.PENDING
    assert books.result(attempt)["attempts"] == 0


def test_a_connection_whose_reply_was_lost_is_on_record_when_it_is_told_again(
    books: Books, far: Ledger, proxy: LossyProxy
) -> None:
    books.campaign()
    attempt = books.begun()
    from_afar = Books(far, books.reader)
    from_afar.now = books.now
    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        from_afar.connect(attempt)

    assert from_afar.connect(attempt) == "known"

    assert books.slots() == {attempt: DURATION}
