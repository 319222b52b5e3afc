"""Whatever runs twice, is sent twice or comes twice: one call, one slot, one change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import scheduler.ledger
from scheduler.errors import LedgerUnreachable, StaleAttempt
from scheduler.ledger import calls, campaigns, erasure
from scheduler.ledger.calls import Claim
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.tokens import RedisTokenShelf
from scheduler.models import Attempt, CallState, CampaignState
from scheduler.tokens import SharedToken
from tests.integration.ledger import ACCOUNT, DURATION, Books, rows
from tests.integration.lossy_proxy import LossyProxy

LUA = Path(scheduler.ledger.__file__).parent / "lua"

# One verb, two runs ------------------------------------------------------------------------------


def test_a_claim_under_the_same_token_is_the_same_claim(ledger: Books) -> None:
    ledger.campaign(2)

    first = ledger.claim("token")
    again = ledger.claim("token")

    assert first == again
    assert len(ledger.slots()) == 1


def test_a_claim_that_was_used_is_not_handed_out_again(ledger: Books) -> None:
    ledger.campaign(2)
    ledger.begin(ledger.claimed("token"))

    assert ledger.claim("token") is None

    assert len(ledger.slots()) == 1


def test_a_chunk_that_is_sent_again_is_added_once(ledger: Books) -> None:
    ledger.create()
    ledger.load(rows(1, 2, 2), chunk=1)
    as_it_stood = ledger.everything()

    ledger.load(rows(1, 2, 2), chunk=1)

    assert ledger.everything() == as_it_stood


def test_a_chunk_that_is_sent_again_after_the_seal_adds_nothing(ledger: Books) -> None:
    ledger.create()
    ledger.load(rows(1, 2), chunk=1)
    ledger.load(rows(2, 3, 3), chunk=2)
    ledger.seal()
    dispositions = ledger.dispositions()

    ledger.load(rows(2, 3, 3), chunk=2)

    assert dispositions == ledger.dispositions() == {"skipped:duplicate": 2}


def test_a_campaign_is_opened_once(ledger: Books) -> None:
    ledger.create(max_concurrency=3)
    as_it_stood = ledger.everything()

    ledger.wait(1)
    ledger.create(max_concurrency=5)

    assert ledger.everything() == as_it_stood


def test_a_campaign_is_sealed_once(ledger: Books) -> None:
    ledger.campaign()
    as_it_stood = ledger.everything()

    ledger.wait(1)

    assert ledger.seal() is CampaignState.ACTIVE
    assert ledger.everything() == as_it_stood


def test_begin_says_go_again_to_the_execution_that_it_said_go_to(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.claimed()
    assert ledger.begin(attempt, "mine")
    as_it_stood = ledger.everything()

    assert ledger.begin(attempt, "mine")

    assert ledger.everything() == as_it_stood


def test_of_two_executions_of_one_attempt_one_dials(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.claimed()
    assert ledger.begin(attempt, "mine")

    with pytest.raises(StaleAttempt):
        ledger.begin(attempt, "another's")

    assert ledger.result(attempt)["attempts"] == 1


def test_an_execution_that_did_not_begin_an_attempt_cannot_give_it_back(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.begun()

    with pytest.raises(StaleAttempt):
        ledger.give_back(attempt, "another's")

    assert ledger.state(attempt) is CallState.DIALING


STALE_THE_SECOND_TIME: dict[str, Callable[[Books, Attempt], None]] = {
    "give_back": lambda ledger, attempt: ledger.give_back(attempt, signal="failed"),
    "give_back_at_limit": lambda ledger, attempt: ledger.refuse(attempt, live=2),
    "finish": lambda ledger, attempt: ledger.finish(attempt, signal="failed", hold_seconds=9),
}


@pytest.mark.parametrize("verb", STALE_THE_SECOND_TIME)
def test_what_became_of_a_start_counts_once(ledger: Books, verb: str) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    STALE_THE_SECOND_TIME[verb](ledger, attempt)
    as_it_stood = ledger.everything()

    with pytest.raises(StaleAttempt):
        STALE_THE_SECOND_TIME[verb](ledger, attempt)

    assert ledger.everything() == as_it_stood


def test_the_same_connection_is_recorded_once(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.connected()
    as_it_stood = ledger.everything()

    ledger.wait(1)

    assert ledger.connect(attempt) == "known"
    assert ledger.everything() == as_it_stood


def test_a_deadline_expires_once(ledger: Books) -> None:
    ledger.campaign()
    ledger.connected(seconds=1.0)
    ledger.wait(1.0)
    calls.expire(ledger.store, ACCOUNT, now=ledger.now)
    as_it_stood = ledger.everything()

    assert calls.expire(ledger.store, ACCOUNT, now=ledger.now) == 0

    assert ledger.everything() == as_it_stood


def test_an_end_is_confirmed_once(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.stopping()
    assert ledger.confirm(attempt)
    as_it_stood = ledger.everything()

    assert not ledger.confirm(attempt)

    assert ledger.everything() == as_it_stood


def test_a_denial_that_comes_twice_at_once_counts_once(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.stopping()

    assert not ledger.deny(attempt)
    as_it_stood = ledger.everything()

    assert not ledger.deny(attempt)
    assert ledger.everything() == as_it_stood


def test_an_abort_stops_each_call_once(ledger: Books) -> None:
    ledger.campaign(2)
    ledger.connected()
    ledger.connected()
    assert ledger.abort() == 2
    as_it_stood = ledger.everything()

    assert ledger.abort() == 0

    assert ledger.everything() == as_it_stood


def test_a_campaign_is_resumed_once(ledger: Books) -> None:
    ledger.campaign()
    ledger.abort()
    assert campaigns.resume(ledger.store, "c") is CampaignState.ACTIVE
    as_it_stood = ledger.everything()

    assert campaigns.resume(ledger.store, "c") is CampaignState.ACTIVE

    assert ledger.everything() == as_it_stood


#: What prepares a verb, and returns what runs it.
AGAIN: dict[str, Callable[[Books, Attempt], Callable[[], object]]] = {
    "listen": lambda ledger, attempt: lambda: ledger.listen(),
    "listen, keeping": lambda ledger, attempt: keeping(ledger),
    "let_go": lambda ledger, attempt: letting_go(ledger),
    "hint": lambda ledger, attempt: lambda: ledger.hint(attempt),
    "take_collect": lambda ledger, attempt: over(ledger, attempt, ledger.take_collect),
    "collected": lambda ledger, attempt: over(
        ledger, attempt, lambda: ledger.keep_collected(attempt, {"transcript": []})
    ),
    "erase": lambda ledger, attempt: over(
        ledger, attempt, lambda: erasure.erase(ledger.store, "c", 1)
    ),
    "refuse_token": lambda ledger, attempt: token(ledger, RedisTokenShelf.refuse),
    "accept_token": lambda ledger, attempt: token(ledger, RedisTokenShelf.accept),
}


def keeping(ledger: Books) -> Callable[[], object]:
    held = dict.fromkeys(ledger.heard(), True)
    return lambda: ledger.listen(held=held)


def letting_go(ledger: Books) -> Callable[[], object]:
    held = ledger.heard()
    return lambda: ledger.let_go("ear", *held)


def over(ledger: Books, attempt: Attempt, verb: Callable[[], object]) -> Callable[[], object]:
    ledger.confirm(attempt)
    return verb


def token(
    ledger: Books, verb: Callable[[RedisTokenShelf, str, str], object]
) -> Callable[[], object]:
    shelf = RedisTokenShelf(ledger.store)
    shelf.put("f", SharedToken("refused", 60.0, 6.0))
    shelf.refuse("f", "refused")
    shelf.put("f", SharedToken("t", 60.0, 6.0))
    return lambda: verb(shelf, "f", "t")


@pytest.mark.parametrize("verb", AGAIN)
def test_what_runs_again_at_once_changes_nothing_more(ledger: Books, verb: str) -> None:
    ledger.campaign()
    run = AGAIN[verb](ledger, ledger.connected())
    before = ledger.everything()
    run()
    as_it_stood = ledger.everything()
    assert as_it_stood != before

    run()

    assert ledger.everything() == as_it_stood


def test_what_is_postponed_twice_is_due_once_and_no_later(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.confirmed()
    ledger.take_collect()

    ledger.postpone_collect(attempt, 2.0)
    ledger.postpone_collect(attempt, 2.0)

    assert ledger.collects() == {attempt: 2.0}
    assert ledger.collecting() == 1


def test_every_script_is_run_twice_somewhere_here() -> None:
    others = {
        *("begin", "claim", "confirm", "connect", "create", "deny", "expire", "finish"),
        *("give_back", "halt", "load", "postpone_collect", "resume", "seal"),
    }
    others |= {"attach", "settle"}  # in test_settling.py
    # Those that set what they are told, only read, or are made of others.
    plain = {"hurry_stops", "learn", "limit", "ready", "take_stops", "bar", "explain", "tick"}
    plain |= {"launches", "repeats"}
    others |= {"take"}  # in test_retrying.py
    others |= {"add_schedule", "ask_firing", "keep_schedule", "pause_schedule"}
    others |= {"remove_schedule", "take_schedule", "tell_firings"}  # in test_scheduling.py
    others |= {"cancel", "end_pending", "extend", "prioritise", "stop"}  # in test_controls.py
    others |= {"take_news", "told"}  # in test_news.py
    others |= {"retire"}  # in test_retiring.py; `load` with a window: in test_repeats.py
    plain |= {"beat", "admit", "note_stop"}

    covered = {verb.partition(",")[0] for verb in AGAIN} | others | plain

    assert covered == {path.stem for path in LUA.glob("[!_]*.lua")}


# Many at once ------------------------------------------------------------------------------------


def at_once(count: int, do: Callable[[int], Claim | None]) -> list[Claim | None]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(do, range(count)))


def test_of_32_threads_seven_get_the_seven_slots(ledger: Books) -> None:
    ledger.campaign(40)

    claims = at_once(32, lambda _: ledger.claim(ceiling=7))

    attempts = [claim.attempt for claim in claims if claim is not None]
    assert len(attempts) == len(set(attempts)) == len(ledger.slots()) == 7


def test_32_threads_claim_32_calls(ledger: Books) -> None:
    ledger.campaign(32)

    claims = at_once(32, lambda _: ledger.claim())

    numbers = [claim.contact.phone_number for claim in claims if claim is not None]
    assert len(set(numbers)) == 32


def test_of_32_executions_of_one_attempt_one_dials(ledger: Books) -> None:
    ledger.campaign()
    attempt = ledger.claimed()

    def begin(n: int) -> bool:
        try:
            return ledger.begin(attempt, f"execution {n}")
        except StaleAttempt:
            return False

    with ThreadPoolExecutor(32) as threads:
        said = Counter(threads.map(begin, range(32)))

    assert said == {True: 1, False: 31}


# A reply is lost ---------------------------------------------------------------------------------


@pytest.fixture
def proxy(redis_url: str, store: Ledger) -> Iterator[LossyProxy]:
    """A way to the same Redis that can lose replies; the server has all scripts already."""
    for script in vars(store.do).values():
        store.redis.script_load(script.script)
    with LossyProxy(redis_url) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: LossyProxy) -> Iterator[Ledger]:
    """A store whose replies may be lost."""
    far = Ledger(proxy.url)
    yield far
    far.close()


def test_a_claim_whose_reply_was_lost_is_sent_again_and_claims_once(
    ledger: Books, far: Ledger, proxy: LossyProxy
) -> None:
    ledger.campaign(2)

    proxy.lose_reply()
    claim = calls.claim(far, ACCOUNT, "token", ceiling=9, now=ledger.now)

    assert proxy.commands_sent == 2
    assert isinstance(claim, Claim)
    assert list(ledger.slots()) == [claim.attempt]


def test_a_chunk_whose_reply_was_lost_is_sent_again_and_added_once(
    ledger: Books, far: Ledger, proxy: LossyProxy
) -> None:
    ledger.create()

    proxy.lose_reply()
    campaigns.load(far, "c", "1", 1, rows(1, 2, 2))

    assert proxy.commands_sent == 2
    assert ledger.dispositions() == {"skipped:duplicate": 1}
    assert len(ledger.results()) == 3


def test_a_seal_whose_reply_was_lost_is_sent_again_and_answered(
    ledger: Books, far: Ledger, proxy: LossyProxy
) -> None:
    ledger.create()
    ledger.load(rows(1))

    proxy.lose_reply()

    assert campaigns.seal(far, "c", "1") is CampaignState.ACTIVE
    assert proxy.commands_sent == 2


def test_begin_is_never_sent_twice(ledger: Books, far: Ledger, proxy: LossyProxy) -> None:
    ledger.campaign()
    attempt = ledger.claimed()

    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        calls.begin(far, ACCOUNT, attempt, "mine", max_duration_seconds=DURATION, now=ledger.now)

    assert proxy.commands_sent == 1
    assert ledger.state(attempt) is CallState.DIALING


def test_an_attempt_whose_begin_got_no_reply_can_be_given_back(
    ledger: Books, far: Ledger, proxy: LossyProxy
) -> None:
    ledger.campaign()
    attempt = ledger.claimed()
    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        calls.begin(far, ACCOUNT, attempt, "mine", max_duration_seconds=DURATION, now=ledger.now)

    calls.give_back(far, ACCOUNT, attempt, "mine", now=ledger.now)

    assert ledger.state(attempt) is CallState.PENDING
    assert ledger.result(attempt)["attempts"] == 0


def test_a_connection_whose_reply_was_lost_is_on_record_when_it_is_told_again(
    ledger: Books, far: Ledger, proxy: LossyProxy
) -> None:
    ledger.campaign()
    attempt = ledger.begun()
    from_afar = Books(far, ledger.reader)
    from_afar.now = ledger.now
    proxy.lose_reply()
    with pytest.raises(LedgerUnreachable):
        from_afar.connect(attempt)

    assert from_afar.connect(attempt) == "known"

    assert ledger.slots() == {attempt: DURATION}
