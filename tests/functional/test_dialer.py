from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from redis import Redis

from scheduler.calls import dialer as rules
from scheduler.calls import recorder
from scheduler.clock import since_boot
from scheduler.ledger import calls, do_not_call, limits, listeners, scripts
from scheduler.ledger.calls import Claim
from scheduler.ledger.ledger import Leases
from scheduler.models import Connection, StartOptions
from scheduler.providers.symbl import client
from scheduler.script import Say, Transfer
from tests.functional.rig import ACCOUNT, ANYBODY, LONG_SECONDS, Open, Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import CONNECT_PATH, Api, Proxy, Request, http


class Dialling:
    """One claim that is being dialled by a thread of its own."""

    def __init__(self, rig: Rig, claim: Claim) -> None:
        self._thread = threading.Thread(target=rig.dialer.dial_one, args=[claim])
        self._thread.start()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def finish(self) -> None:
        self._thread.join(timeout=20)
        assert self.is_over()


@contextmanager
def lingering(rig: Rig) -> Iterator[None]:
    """A thread that dials, as a worker's does, and lingers for the next slot."""
    dialling = threading.Thread(target=rig.dialer.dial, args=[since_boot() + 60.0])
    dialling.start()
    try:
        yield
    finally:
        rig.demand.close()
        dialling.join(timeout=20)
        assert not dialling.is_alive()


# From its claim to its end


def test_a_contact_is_dialled_stopped_at_its_deadline_and_confirmed(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load(ANYBODY, max_duration_seconds=0.6)
    rig.start()

    wait_until(rig.all_ended)

    record = rig.record()
    (accepted,), (ended,) = sandbox.events("accepted"), sandbox.events("ended")
    assert (record["disposition"], record["reason"], record["attempts"]) == ("stopped", None, 1)
    assert record["connection_id"] == accepted["connection_id"]
    assert record["conversation_id"] == accepted["conversation_id"]
    assert accepted["session_name"] == "callsched c:1:1"
    assert ended["by"] == "stop"
    assert ended["length_seconds"] > 0.55
    assert (rig.account().slots, rig.account().live) == (0, 0)


def test_a_freed_slot_is_handed_on(opened: Open, sandbox: SandboxProcess) -> None:
    rig = opened(ceiling=2)
    rig.load(*map(number, range(6)), max_duration_seconds=0.3)
    rig.start()

    wait_until(rig.all_ended)

    assert [record["disposition"] for record in rig.records()] == ["stopped"] * 6
    assert len(sandbox.events("accepted")) == 6
    assert sandbox.live()["peak"] == 2


def test_the_next_call_is_claimed_with_the_end_of_the_one_before(
    opened: Open, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed: list[Claim | float | None] = []
    claim = calls.claim

    def watched(*args: Any) -> Claim | float | None:
        claimed.append(claim(*args))
        return claimed[-1]

    monkeypatch.setattr(calls, "claim", watched)
    rig = opened(ceiling=1)
    rig.load(*map(number, range(3)), max_duration_seconds=0.3)
    with lingering(rig):
        rig.timekeeper.start()

        wait_until(rig.all_ended)
        wait_until(rig.demand.has_idle)

    assert len(sandbox.events("accepted")) == 3
    assert sum(isinstance(each, Claim) for each in claimed) == 1, "the first one"


def test_a_thread_whose_time_is_over_leaves_though_calls_are_handed_on_to_it(
    opened: Open, sandbox: SandboxProcess
) -> None:
    rig = opened(ceiling=1, threads=0)
    rig.load(*map(number, range(60)), max_duration_seconds=0.3)
    rig.timekeeper.start()

    rig.dialer.dial(since_boot() + 1.0)

    assert 0 < len(sandbox.events("accepted")) < 60


def test_a_claim_that_is_handed_on_as_a_worker_leaves_is_given_back(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load(ANYBODY)
    claim = rig.claimed()
    with lingering(rig):
        wait_until(rig.demand.has_idle)
        with rig.demand._changed:  # so that the thread takes both at once
            assert rig.demand.hand_on(claim)
            rig.demand.closing.set()

    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert rig.account().slots == 0
    assert sandbox.events("start") == []


def test_who_is_not_on_the_allow_list_is_skipped(opened: Open, sandbox: SandboxProcess) -> None:
    rig = opened(allowed=frozenset({number(1)}))
    rig.load(number(0), number(1), number(2), max_duration_seconds=0.3)
    rig.start()

    wait_until(rig.all_ended)

    said = [(record["disposition"], record["reason"]) for record in rig.records()]
    assert said == [("skipped", "not_allowed"), ("stopped", None), ("skipped", "not_allowed")]
    assert [event["phone_number"] for event in sandbox.events("start")] == [number(1)]


def test_who_is_on_the_do_not_call_list_is_skipped(rig: Rig, sandbox: SandboxProcess) -> None:
    rig.load(number(0), number(1), max_duration_seconds=0.3)
    do_not_call.bar(rig.ledger, number(0), "asked for it")
    rig.start()

    wait_until(rig.all_ended)

    said = [(record["disposition"], record["reason"]) for record in rig.records()]
    assert said == [("skipped", "do_not_call"), ("stopped", None)]
    assert [event["phone_number"] for event in sandbox.events("start")] == [number(1)]


def test_nobody_is_transferred_to_who_is_not_on_the_allow_list(
    opened: Open, sandbox: SandboxProcess
) -> None:
    rig = opened(allowed=frozenset({number(0)}))
    rig.load(number(0), script=(Say("Hello."), Transfer(number(9))))
    rig.start()

    wait_until(rig.all_ended)

    record = rig.record()
    assert (record["disposition"], record["reason"]) == ("skipped", "not_allowed")
    assert record["error"] == "transfer: not among CALLSCHED_ALLOWED_NUMBERS"
    assert sandbox.events("start") == []


def test_nobody_is_transferred_to_who_came_onto_the_list_after_the_file_was_read(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load(number(0), script=(Transfer(number(9)),))
    do_not_call.bar(rig.ledger, number(9), "asked for it")
    rig.start()

    wait_until(rig.all_ended)

    record = rig.record()
    assert (record["disposition"], record["reason"]) == ("skipped", "do_not_call")
    assert sandbox.events("start") == []


def test_what_can_t_be_said_to_a_contact_ends_its_call(rig: Rig, sandbox: SandboxProcess) -> None:
    rig.load(number(0), script=(Say("Hello."), Transfer("+19005550123")))
    rig.start()

    wait_until(rig.all_ended)

    record = rig.record()
    assert (record["disposition"], record["reason"]) == ("skipped", "invalid_row")
    assert record["error"].startswith("transfer: expected a number at the usual price")
    assert (sandbox.events("start"), rig.account().slots) == ([], 0)


@pytest.mark.parametrize(
    ("why", "ending"),
    [
        ("hung_up", ("hung_up", None)),
        ("machine", ("stopped", "machine")),
        ("not_reached", ("not_reached", "machine")),
    ],
)
def test_a_call_ends_as_what_its_stop_was_asked_for(
    rig: Rig, sandbox: SandboxProcess, why: str, ending: tuple[str, str | None]
) -> None:
    rig.load(ANYBODY)
    rig.dialer.dial_one(claim := rig.claimed())
    assert listeners.hint(rig.ledger, ACCOUNT, claim.attempt, why)

    rig.start()
    wait_until(rig.all_ended)

    assert (rig.record()["disposition"], rig.record()["reason"]) == ending
    assert [event["by"] for event in sandbox.events("ended")] == ["stop"]


def test_what_the_answer_to_a_stop_says_is_kept(rig: Rig, sandbox: SandboxProcess) -> None:
    options = StartOptions(users=[{"user_id": "ana@example.com", "name": "Ana"}])
    rig.load(ANYBODY, max_duration_seconds=0.3, options=options)
    rig.start()

    wait_until(rig.all_ended)

    (page,) = rig.record()["summary_pages"]
    assert (page["user_id"], page["name"]) == ("ana@example.com", "Ana")
    assert rig.record()["conversation_id"] in page["url"]


def test_who_hung_up_is_known_after_two_denied_stops(opened: Open, sandbox: SandboxProcess) -> None:
    sandbox.knobs(hangup_after_seconds=[0.1, 0.1], stop_ended=404)
    rig = opened(leases=Leases(denied_interval=0.4))
    rig.load(ANYBODY, max_duration_seconds=0.3)
    rig.start()

    wait_until(rig.all_ended)

    assert rig.record()["disposition"] == "hung_up"
    first, second = sandbox.events("stop")
    assert second["at"] - first["at"] >= 0.4
    assert rig.account().slots == 0


def test_two_executions_of_one_attempt_send_one_start(rig: Rig, sandbox: SandboxProcess) -> None:
    rig.load(*map(number, range(4)))
    for _ in range(4):
        claim = rig.claimed()
        both = [Dialling(rig, claim) for _ in range(2)]
        for dialling in both:
            dialling.finish()

    assert sorted(event["phone_number"] for event in sandbox.events("start")) == [
        number(row) for row in range(4)
    ]
    assert {(record["state"], record["attempts"]) for record in rig.records()} == {("connected", 1)}


def test_a_worker_that_was_frozen_after_begin_sends_nothing(
    rig: Rig, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LEAVE_WITHIN_SECONDS", 0.0)
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())

    assert sandbox.events("start") == []
    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert rig.account().slots == 0

    monkeypatch.undo()
    rig.start()
    wait_until(lambda: sandbox.events("accepted"))


# Each error has its reaction


@pytest.mark.parametrize("fault", ["400", "403"])
def test_who_is_refused_is_rejected(rig: Rig, sandbox: SandboxProcess, fault: str) -> None:
    sandbox.knobs(start_fault=fault)
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())

    record = rig.record()
    assert (record["state"], record["disposition"]) == ("ended", "rejected")
    assert record["error"].startswith(fault)
    assert rig.account().slots == 0


@pytest.mark.parametrize(
    "fault", ["500", "500_not_placed", "502", "503", "504", "reset_after", "reset_before", "hang"]
)
def test_who_may_have_been_rung_is_unknown_and_keeps_its_slot(
    rig: Rig, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(client, "START_SECONDS", 0.5)
    sandbox.knobs(start_fault=fault)
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())

    record = rig.record()
    assert (record["state"], record["disposition"]) == ("ended", "unknown")
    assert (record["reason"], record["attempts"]) == ("answer_lost", 1)
    assert record["error"]
    ((_, free_at),) = rig.ledger.redis.zrange(
        f"callsched:account:{ACCOUNT}:slots", 0, -1, withscores=True
    )
    assert free_at - time.time() == pytest.approx(LONG_SECONDS, abs=5)
    assert rig.claim() is None


@pytest.mark.parametrize("fault", ["402", "404", "405", "redirect"])
def test_a_fault_of_the_account_blocks_it_and_loses_nobody(
    rig: Rig, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.knobs(start_fault=fault)
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())

    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert (rig.account().slots, len(rig.account().blocks)) == (0, 1)
    assert rig.claim() is None


def test_a_success_that_can_not_be_read_is_unknown_and_blocks_the_account(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(start_fault="html")
    rig.load(number(0), number(1))

    rig.dialer.dial_one(rig.claimed())

    assert [record["state"] for record in rig.records()] == ["ended", "pending"]
    assert rig.records()[0]["disposition"] == "unknown"
    assert (rig.account().slots, len(rig.account().blocks)) == (1, 1)
    assert rig.claim() is None


def test_a_refused_token_costs_nothing_and_the_second_one_blocks(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(start_fault="401")
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())
    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert rig.account().blocks == {}

    rig.dialer.dial_one(rig.claimed())
    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert len(rig.account().blocks) == 1


def test_without_a_token_nothing_is_begun(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(token_fault="500")
    rig.load(ANYBODY)

    rig.dialer.dial_one(rig.claimed())

    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    assert rig.record()["error"].startswith("no token: 500")
    assert rig.account().blocks == {}
    assert sandbox.events("start") == []


def test_no_log_line_has_a_whole_number_or_a_secret(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = {"message": f"{ANYBODY} and 1 (202) 555-0143 can't be dialled"}
    with Api(http(400, said)) as api:
        rig = opened(api_url=api.url)
        rig.load(ANYBODY)
        rig.dialer.dial_one(rig.claimed())
        rig.close()

    assert "can't be dialled" in caplog.text
    for hidden in (ANYBODY[1:], "555-0143", "app-secret", "token-1"):
        assert hidden not in caplog.text


def test_after_the_credentials_are_mended_it_goes_on(
    opened: Open, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.knobs(app_id="app", app_secret="right")
    wrong, mended = opened(secret="wrong"), opened(secret="right")
    wrong.load(number(0), number(1), max_duration_seconds=0.3)
    wrong.start()
    wait_until(lambda: wrong.account().blocks and wrong.account().slots == 0)
    assert [record["attempts"] for record in wrong.records()] == [0, 0]
    assert wrong.claim() is None

    mended.start()
    wait_until(mended.all_ended)

    assert [record["disposition"] for record in mended.records()] == ["stopped"] * 2
    assert any("CALLSCHED_SYMBL_APP_SECRET" in message for message in caplog.messages)


def test_a_blocked_account_still_sends_its_stops(rig: Rig, sandbox: SandboxProcess) -> None:
    rig.load(number(0), number(1), max_duration_seconds=1.0)
    rig.dialer.dial_one(rig.claimed())
    sandbox.knobs(start_fault="402")
    rig.dialer.dial_one(rig.claimed())

    rig.start()

    wait_until(lambda: rig.records()[0]["state"] == "ended")
    assert rig.records()[0]["disposition"] == "stopped"
    assert rig.records()[1]["state"] == "pending"


def test_a_429_lowers_the_limit_and_nobody_sleeps(rig: Rig, sandbox: SandboxProcess) -> None:
    sandbox.knobs(limit=2, retry_after="60")
    rig.load(*map(number, range(3)))
    for _ in range(2):
        rig.dialer.dial_one(rig.claimed())
    began_at = time.monotonic()

    rig.dialer.dial_one(rig.claimed())

    assert time.monotonic() - began_at < 30
    assert rig.account().learned == 2
    assert (rig.account().slots, rig.account().live) == (2, 2)
    record = rig.records()[2]
    assert (record["state"], record["attempts"]) == ("pending", 0)
    assert 30 < rig.due_in() < 61


@pytest.mark.parametrize("retry_after", ["0", "Fri, 27 Nov 2020 08:00:00 GMT", "-5", "soon"])
def test_a_429_that_asks_for_no_wait_is_waited_for_all_the_same(
    rig: Rig, sandbox: SandboxProcess, retry_after: str
) -> None:
    sandbox.knobs(limit=0, retry_after=retry_after)
    rig.load(number(0))
    asked_at = time.time()

    rig.dialer.dial_one(rig.claimed())

    assert rig.due_in() + time.time() - asked_at > 0.4


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_waits_as_long_as_the_api_wants_to_hand_out_no_token(
    opened: Open, status: int
) -> None:
    later = http(status, {"message": "later"}, Retry_After="60")
    with Api(http(200, {"connectionId": "c-1"}), tokens=[later]) as api:
        rig = opened(api_url=api.url)
        rig.load(number(0), number(1))

        for _ in range(2):
            rig.dialer.dial_one(rig.claimed())

        assert len(api.requests) == 1
    assert [record["state"] for record in rig.records()] == ["pending"] * 2
    assert 30 < rig.due_in() < 61


def test_who_met_the_limit_is_dialled_later_without_using_up_an_attempt(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    rig.load("+18675550129", max_duration_seconds=0.3)
    rig.start()

    wait_until(rig.all_ended)

    assert (rig.record()["disposition"], rig.record()["attempts"]) == ("stopped", 1)
    assert [event["status"] for event in sandbox.events("refused")] == [429, 429]
    assert len(sandbox.events("accepted")) == 1


def test_a_new_account_is_tried_with_a_few_and_then_with_all(
    opened: Open, sandbox: SandboxProcess
) -> None:
    rig = opened(ceiling=12)
    rig.load(*map(number, range(14)))
    assert rig.account().learned == 4
    rig.start()

    wait_until(lambda: rig.account().live == 12)

    assert rig.account().learned == 12
    assert sandbox.events("refused") == []


def test_an_account_whose_limit_is_lower_than_told_is_served_within_it(
    opened: Open, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(limit=2)
    rig = opened(ceiling=8)
    rig.load(*map(number, range(8)), max_duration_seconds=0.3)
    rig.start()

    wait_until(rig.all_ended, within_seconds=30)

    said = {(record["disposition"], record["attempts"]) for record in rig.records()}
    assert said == {("stopped", 1)}
    assert len(sandbox.events("accepted")) == 8


# Redis goes away


def prepare(redis: Redis, verb: str) -> bytes:
    """Make the server know a verb's script, and return what every call of it has in it."""
    redis.script_load(scripts.source(verb))
    return hashlib.sha1(scripts.source(verb).encode()).hexdigest().encode()


def test_when_the_reply_to_begin_is_lost_nothing_is_sent_and_nothing_is_used_up(
    rig: Rig, through: Rig, redis: Redis, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    rig.load(ANYBODY)
    claim = through.claimed()
    proxy.lose_reply_to(prepare(redis, "begin"))

    dialling = Dialling(through, claim)
    assert proxy.lost.wait(60)
    assert (rig.record()["state"], rig.record()["attempts"]) == ("dialing", 1)
    proxy.heal()
    dialling.finish()

    assert sandbox.events("start") == []
    assert (rig.record()["state"], rig.record()["attempts"]) == ("pending", 0)
    through.dialer.dial_one(through.claimed())
    assert len(sandbox.events("accepted")) == 1


class FreezingApi(Api):
    """Does something before it hands out a token, which is fetched right before `begin`."""

    def __init__(self, before: Callable[[], None]) -> None:
        super().__init__(http(500))
        self._before = before

    def _answer(self, request: Request) -> bytes:
        self._before()
        return super()._answer(request)


def test_when_redis_freezes_at_begin_nothing_is_sent(
    rig: Rig, opened: Open, redis: Redis, proxy: Proxy
) -> None:
    gives_back = prepare(redis, "give_back")
    rig.load(ANYBODY)
    with FreezingApi(proxy.freeze) as api:
        through = opened(f"redis://127.0.0.1:{proxy.port}/0", api.url)
        dialling = Dialling(through, through.claimed())
        wait_until(lambda: gives_back in proxy.received)
        proxy.heal()
        dialling.finish()
        through.close()

        assert api.asked(CONNECT_PATH) == []
    wait_until(lambda: rig.record()["state"] == "pending")
    assert rig.record()["attempts"] == 0


def answered_while_redis_is_away(
    through: Rig, proxy: Proxy, sandbox: SandboxProcess, latency: float = 0.4
) -> Dialling:
    sandbox.knobs(latency_seconds=latency)
    dialling = Dialling(through, through.claimed())
    wait_until(lambda: sandbox.events("accepted"))
    proxy.cut()
    return dialling


@pytest.mark.parametrize(
    ("unrecorded_seconds", "max_duration_seconds"), [(0.4, LONG_SECONDS), (60.0, 0.4)]
)
def test_a_connection_that_can_not_be_recorded_is_stopped_without_the_ledger(
    rig: Rig,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    unrecorded_seconds: float,
    max_duration_seconds: float,
) -> None:
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", unrecorded_seconds)
    rig.load(ANYBODY, max_duration_seconds=max_duration_seconds)

    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    wait_until(lambda: sandbox.events("ended"))

    assert not dialling.is_over()
    (answered,), (ended,) = sandbox.events("answered"), sandbox.events("ended")
    assert ended["by"] == "stop"
    assert ended["at"] - answered["at"] > 0.35
    proxy.heal()
    dialling.finish()
    assert (rig.record()["state"], rig.record()["disposition"]) == ("ended", "stopped")
    assert rig.record()["connection_id"] == ended["connection_id"]
    assert rig.claim() is None
    assert rig.account().slots == 0
    assert len(sandbox.events("start")) == 1


def test_a_connection_is_recorded_when_redis_is_back_in_time(
    rig: Rig,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its deadline counts from the answer all the same."""
    rig.load(ANYBODY)

    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    wait_until(lambda: caplog.text.count("not on record yet") >= 5)
    proxy.heal()
    dialling.finish()

    assert rig.record()["state"] == "connected"
    assert sandbox.events("stop") == []
    (answered,) = sandbox.events("answered")
    assert rig.record()["deadline"] == pytest.approx(answered["at"] + LONG_SECONDS, abs=0.4)


def test_the_reply_to_connect_is_lost_and_the_call_goes_on(
    rig: Rig, through: Rig, redis: Redis, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    rig.load(ANYBODY)
    proxy.lose_reply_to(prepare(redis, "connect"))

    dialling = Dialling(through, through.claimed())
    assert proxy.lost.wait(60)
    proxy.heal()
    dialling.finish()

    assert rig.record()["state"] == "connected"
    assert sandbox.events("stop") == []
    assert (rig.account().slots, rig.account().live) == (1, 1)


@pytest.mark.parametrize(
    ("verb", "fault", "state"),
    [("finish", "400", "ended"), ("give_back", "402", "pending"), ("give_back", "429", "pending")],
)
def test_the_reply_to_what_became_of_a_start_is_lost_and_it_counts_once(
    rig: Rig,
    through: Rig,
    redis: Redis,
    proxy: Proxy,
    sandbox: SandboxProcess,
    verb: str,
    fault: str,
    state: str,
) -> None:
    sandbox.knobs(start_fault=fault)
    rig.load(ANYBODY)
    proxy.lose_reply_to(prepare(redis, verb))

    dialling = Dialling(through, through.claimed())
    assert proxy.lost.wait(60)
    proxy.heal()
    dialling.finish()

    assert rig.record()["state"] == state
    assert rig.record()["attempts"] == (1 if state == "ended" else 0)
    assert rig.account().slots == 0
    assert limits.read(rig.ledger, ACCOUNT).refused_in_row == (1 if fault == "429" else 0)
    assert len(sandbox.events("start")) == 1


def test_what_was_given_up_as_unknown_meanwhile_is_amended(
    opened: Open,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", 0.4)
    through.ledger.leases = Leases(dial=0.3)
    rig = opened()
    rig.load(ANYBODY)
    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    rig.start()  # another worker, which sees the lease run out

    wait_until(lambda: rig.record()["disposition"] == "unknown" and sandbox.events("ended"))
    proxy.heal()
    dialling.finish()

    said = (rig.record()["disposition"], rig.record()["reason"])
    assert said == ("stopped", "late_answer")
    assert rig.account().slots == 0
    assert len(sandbox.events("start")) == 1


def test_a_denied_stop_of_an_unrecorded_connection_is_no_end_before_it_is_denied_again(
    rig: Rig,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", 0.1)
    through.ledger.leases = Leases(denied_interval=0.5)
    sandbox.knobs(stop_fault="404", stop_fault_count=1)
    rig.load(ANYBODY)

    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    wait_until(lambda: sandbox.events("ended"))
    proxy.heal()
    dialling.finish()

    assert [event["status"] for event in sandbox.events("stop")] == [404, 200]
    assert rig.record()["disposition"] == "stopped"


def test_a_stop_that_no_ledger_asked_for_is_repeated_but_not_in_a_rush(
    rig: Rig,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", 0.1)
    through.stopper.delays = (0.8,)
    sandbox.knobs(stop_fault="503", stop_fault_count=2)
    rig.load(ANYBODY)

    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    wait_until(lambda: sandbox.events("ended"))
    proxy.heal()
    dialling.finish()

    stops = [event["at"] for event in sandbox.events("stop")]
    assert len(stops) == 3
    assert all(later - earlier >= 0.8 for earlier, later in pairwise(stops))


def test_a_ledger_that_is_broken_leaves_no_call_running(
    rig: Rig, redis: Redis, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever keeps a connection from being recorded, the call is ended."""
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", 0.2)
    sandbox.knobs(latency_seconds=0.4)
    rig.load(ANYBODY)

    dialling = Dialling(rig, rig.claimed())
    wait_until(lambda: sandbox.events("accepted"))
    redis.set(f"callsched:account:{ACCOUNT}:live", "no sorted set")
    dialling.finish()

    (ended,) = sandbox.events("ended")
    assert ended["by"] == "stop"


def test_a_worker_that_leaves_while_redis_is_away_ends_its_call_first(
    rig: Rig,
    through: Rig,
    proxy: Proxy,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "UNRECORDED_SECONDS", 0.4)
    rig.load(ANYBODY)

    dialling = answered_while_redis_is_away(through, proxy, sandbox)
    through.demand.close()
    dialling.finish()

    assert [event["by"] for event in sandbox.events("ended")] == ["stop"]


def test_a_second_connection_of_one_attempt_is_ended_at_once(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(latency_seconds=0.4)
    rig.load(ANYBODY)
    claim = rig.claimed()
    dialling = Dialling(rig, claim)
    wait_until(lambda: sandbox.events("accepted"))
    first = Connection("first")
    calls.connect(
        rig.ledger,
        ACCOUNT,
        claim.attempt,
        first,
        answered_ago_seconds=0,
        max_duration_seconds=LONG_SECONDS,
    )

    dialling.finish()

    assert rig.record()["connection_id"] == "first"
    assert [event["by"] for event in sandbox.events("ended")] == ["stop"]


# Answers that come late


def test_an_answer_after_the_lease_is_recorded_and_stopped_at_once(
    opened: Open, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(latency_seconds=1.0)
    rig = opened(leases=Leases(dial=0.3))
    rig.load(ANYBODY)
    rig.start()

    wait_until(lambda: rig.record()["disposition"] == "unknown")
    assert rig.record()["reason"] == "lease"
    wait_until(lambda: sandbox.events("ended"))
    wait_until(lambda: rig.account().slots == 0)

    (answered,), (ended,) = sandbox.events("answered"), sandbox.events("ended")
    said = (rig.record()["disposition"], rig.record()["reason"])
    assert said == ("stopped", "late_answer")
    assert ended["at"] - answered["at"] < 60.0, "its deadline"
    assert rig.record()["connection_id"] == ended["connection_id"]
    assert len(sandbox.events("start")) == 1


# Stops that go wrong


@pytest.mark.parametrize("fault", ["500", "html", "400", "401", "reset_before"])
def test_a_stop_is_repeated_until_it_is_confirmed_and_keeps_its_slot(
    rig: Rig, sandbox: SandboxProcess, fault: str
) -> None:
    sandbox.knobs(stop_fault=fault)
    rig.load(ANYBODY, max_duration_seconds=0.2)
    rig.start()

    wait_until(lambda: len(sandbox.events("stop")) >= 4)
    assert rig.record()["state"] == "stopping"
    assert rig.account().slots == 1
    sandbox.knobs(stop_fault=None)
    wait_until(rig.all_ended)

    assert rig.record()["disposition"] == "stopped"
    assert rig.account().slots == 0
    assert [event["by"] for event in sandbox.events("ended")] == ["stop"]
    # What the API said meanwhile is told, since it may be worth a question to it.
    assert ("lost" if fault == "reset_before" else fault.strip("html")) in rig.record()[
        "stop_error"
    ]


def test_stops_leave_on_time_while_every_dialling_thread_waits(
    opened: Open, sandbox: SandboxProcess
) -> None:
    rig = opened(ceiling=9)
    rig.load(*map(number, range(9)), max_duration_seconds=0.8)
    rig.dialer.dial_one(rig.claimed())
    rig.raise_limit(9)
    sandbox.knobs(latency_seconds=2.5)

    rig.start()
    wait_until(lambda: len(sandbox.events("start")) == 9)
    wait_until(lambda: sandbox.events("ended"))

    ended = sandbox.events("ended")[0]
    assert ended["phone_number"] == number(0)
    assert all(ended["at"] < late["at"] for late in sandbox.events("answered")[1:])
    wait_until(rig.all_ended)


# Outages


def test_an_api_that_is_away_costs_nobody_and_is_probed_one_at_a_time(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="scheduler.calls.dialer")
    monkeypatch.setattr(rules, "AFTER_NOT_REACHED_SECONDS", 0.05)

    def failed_at() -> list[float]:
        return [each.created for each in caplog.records if "not reached" in each.getMessage()]

    with SandboxProcess(limit=50) as away:
        rig = opened(api_url=away.url, ceiling=2)
        rig.provider.authorize(0.3)
        away.kill()
        rig.load(*map(number, range(6)), max_duration_seconds=0.3)
        rig.start()

        wait_until(lambda: rig.account().outage)
        begun_at = failed_at()[2]
        wait_until(lambda: len([at for at in failed_at() if at > begun_at + 0.5]) == 1)
        assert failed_at()[-1] - begun_at > 0.9
        assert {record["state"] for record in rig.records()} <= {"pending", "claimed", "dialing"}
        assert {record["disposition"] for record in rig.records()} == {None}

        away.start()
        wait_until(rig.all_ended, within_seconds=30)

        assert {(each["disposition"], each["attempts"]) for each in rig.records()} == {
            ("stopped", 1)
        }
        assert len(away.events("accepted")) == 6
        assert not rig.account().outage


def test_an_api_that_loses_its_answers_does_not_turn_a_campaign_into_unknown(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    sandbox.knobs(start_fault="500")
    rig.load(*map(number, range(12)), max_duration_seconds=0.2)
    rig.start()

    wait_until(lambda: rig.account().outage and rig.account().slots == 0)
    lost = len(sandbox.events("start"))
    assert lost <= 6
    sandbox.knobs(start_fault=None)
    wait_until(rig.all_ended, within_seconds=30)

    dispositions = [record["disposition"] for record in rig.records()]
    assert dispositions.count("unknown") == lost
    assert dispositions.count("stopped") == 12 - lost
    assert len(sandbox.events("start")) == 12
