"""A call ends on time though the ledger can't take its stop, and that is written down later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from scheduler.calls import memory
from scheduler.calls.memory import SILENCE_SECONDS
from scheduler.clock import since_boot
from scheduler.late import LATE_SECONDS
from scheduler.ledger import campaigns, listeners, live_calls, views
from scheduler.ledger.calls import Due
from scheduler.ledger.ledger import Control, Leases
from scheduler.models import Attempt
from scheduler.worker import timekeeper
from scheduler.worker.timekeeper import LONGEST_SLEEP_SECONDS, OTHERS_SECONDS
from tests.functional.rig import ACCOUNT, Open, Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until
from tests.wire import Proxy

OPERATOR = Control("ana@desk")

#: How Redis goes away under a worker.
TROUBLES: dict[str, Callable[[Proxy], None]] = {"gone": Proxy.cut, "silent": Proxy.freeze}


def connected(rig: Rig, count: int = 1, seconds: float = 1.5) -> None:
    rig.load(*map(number, range(count)), max_duration_seconds=seconds)
    rig.start()
    wait_until(lambda: rig.account().live == count)


def look(rig: Rig) -> bool:
    """Have the timekeeper look at the account now."""
    rig.served.wake.now()
    rig.timekeeper.tick()
    return True


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_every_call_that_a_worker_dialled_ends_while_no_ledger_takes_its_stop(
    rig: Rig, through: Rig, proxy: Proxy, sandbox: SandboxProcess, trouble: str
) -> None:
    connected(through, 4)

    TROUBLES[trouble](proxy)
    wait_until(lambda: sandbox.live()["live"] == 0)
    assert {record["state"] for record in rig.records()} == {"connected"}
    proxy.heal()

    wait_until(rig.all_ended)
    assert rig.endings() == [("stopped", None)] * 4
    assert (rig.account().slots, rig.account().live) == (0, 0)
    assert [event["status"] for event in sandbox.events("stop")] == [200] * 4


def test_the_ledger_sends_a_stop_that_it_can_take_and_nobody_else_does(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    connected(rig, 4, 0.6)

    wait_until(rig.all_ended)

    assert [event["status"] for event in sandbox.events("stop")] == [200] * 4


def test_a_deadline_that_was_moved_is_remembered_as_it_was_read_last(
    rig: Rig, through: Rig, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    connected(through)
    claim_id = rig.ledger.redis.zrange(f"callsched:account:{ACCOUNT}:live", 0, 0)[0]
    attempt = through.memory.known()[0].attempt
    assert str(attempt) == claim_id

    live_calls.extend(rig.ledger, ACCOUNT, attempt, 2.0, OPERATOR, ceiling_seconds=600.0)
    extended_to = float(rig.ledger.redis.zscore(f"callsched:account:{ACCOUNT}:live", claim_id))
    wait_until(lambda: through.memory.known()[0].deadline_at == extended_to)
    proxy.cut()
    wait_until(lambda: sandbox.events("ended"))

    (ended,) = sandbox.events("ended")
    assert ended["length_seconds"] > 3.4


def test_a_call_of_another_worker_is_remembered_by_who_listens_to_it(
    opened: Open, through: Rig, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    dialled = opened(sockets=5)
    connected(dialled, seconds=6.0)
    heir = opened(f"redis://127.0.0.1:{proxy.port}/0", sockets=5)
    heir.start()
    dialled.listener.close()
    wait_until(lambda: heir.memory.known() and heir.memory.known()[0].deadline_at is not None)
    dialled.keep_no_time()

    proxy.cut()
    wait_until(lambda: sandbox.events("ended"))

    (ended,) = sandbox.events("ended")
    assert ended["by"] == "stop"


def test_a_worker_wakes_for_its_own_calls_and_only_then_for_those_of_others(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "LONGEST_SLEEP_SECONDS", 100.0)
    dialled, other = opened(), opened()
    connected(dialled, seconds=30.0)
    dialled.timekeeper.close()

    look(dialled)
    look(other)

    due_at = dialled.memory.known()[0].due_at
    assert dialled.served.wake.due_at == pytest.approx(due_at, abs=0.1)
    assert other.served.wake.due_at == pytest.approx(due_at + OTHERS_SECONDS, abs=0.1)


def test_a_deadline_that_was_moved_wakes_its_worker_when_it_is_now(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "LONGEST_SLEEP_SECONDS", 100.0)
    rig = opened()
    connected(rig, 2, seconds=30.0)
    rig.timekeeper.close()
    first, second = (call.attempt for call in rig.memory.known())
    live_calls.extend(rig.ledger, ACCOUNT, first, 20.0, OPERATOR, ceiling_seconds=600.0)
    wait_until(lambda: look(rig) and rig.memory.known()[0].attempt == second)

    assert rig.served.wake.due_at == pytest.approx(rig.memory.known()[0].due_at, abs=0.1)
    assert rig.memory.next_due_in() > 25.0


def test_a_stop_that_is_due_by_this_clock_and_not_yet_by_that_of_redis_is_waited_for(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SKEW_SECONDS", 60.0)
    rig = opened()
    rig.memory.learn(Attempt("c", 1, 1), "due", 0.0)
    rig.memory.learn(Attempt("c", 2, 1), "later", 600.0)

    own_seconds = rig.memory.next_due_in()

    assert own_seconds <= 0
    almost_due = Due(0, [], 0, 0, seconds=0.03)
    assert timekeeper._sleep_after(almost_due, own_seconds) == 0.03
    assert timekeeper._sleep_after(almost_due, 600.0) == 0.03 + OTHERS_SECONDS


def test_an_end_that_an_operator_ordered_is_recorded_as_that(
    rig: Rig, through: Rig, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    connected(through, seconds=30.0)
    sandbox.knobs(stop_fault="500", stop_fault_count=1)
    through.stopper.delays = (3.0,)

    campaigns.halt(rig.ledger, "c", abort=True, control=OPERATOR)
    wait_until(lambda: sandbox.events("stop"))
    wait_until(lambda: rig.ledger.redis.hget("callsched:attempt:c:1:1", "stop_error"))
    proxy.cut()  # the next sending is the memory's
    wait_until(lambda: sandbox.events("ended"))
    proxy.heal()

    wait_until(rig.all_ended)
    assert rig.endings() == [("aborted", None)]


def test_a_stop_that_the_api_refused_while_redis_was_away_says_so(
    rig: Rig, through: Rig, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    connected(through)
    sandbox.knobs(stop_fault="500_not_placed", stop_fault_count=1)
    through.memory.delays = (LATE_SECONDS + 0.2,)

    proxy.cut()
    wait_until(lambda: sandbox.events("ended"))
    proxy.heal()

    wait_until(rig.all_ended)
    (record,) = rig.records()
    assert record["late_seconds"] > LATE_SECONDS
    assert record["late_cause"] == "api"
    assert "500" in views.campaign(rig.ledger, "c").late.said


def test_a_stop_of_unknown_outcome_is_not_taken_for_a_hang_up(
    rig: Rig, through: Rig, proxy: Proxy, sandbox: SandboxProcess
) -> None:
    """It ended the call, and its answer is lost: what the ledger sends next is denied."""
    through.ledger.leases = Leases(denied_interval=0.3)
    connected(through)
    sandbox.knobs(stop_fault="reset_after", stop_fault_count=1)
    through.memory.delays = (60.0,)

    proxy.cut()
    wait_until(lambda: sandbox.events("ended"))
    wait_until(lambda: through.memory.known()[0].is_uncertain)
    proxy.heal()

    wait_until(rig.all_ended)
    assert rig.endings() == [("stopped", None)]


def test_what_a_stop_ended_is_no_hang_up_though_its_socket_says_so(
    opened: Open, proxy: Proxy, rig: Rig, sandbox: SandboxProcess
) -> None:
    listening = opened(f"redis://127.0.0.1:{proxy.port}/0", sockets=5)
    connected(listening, 2)
    wait_until(lambda: listening.sockets.open_sockets == 2)

    proxy.cut()
    wait_until(lambda: sandbox.live()["live"] == 0)
    wait_until(lambda: listening.sockets.open_sockets == 0)
    proxy.heal()

    wait_until(rig.all_ended)
    assert rig.endings() == [("stopped", None)] * 2


def test_calls_that_a_ledger_has_lost_end_at_the_deadline_that_was_read_last(
    rig: Rig, redis: Redis, sandbox: SandboxProcess
) -> None:
    connected(rig)
    wait_until(lambda: rig.memory.known()[0].deadline_at is not None)

    redis.flushall()
    wait_until(lambda: sandbox.events("ended"))

    (ended,) = sandbox.events("ended")
    assert ended["by"] == "stop"
    assert ended["length_seconds"] > 1.4


def test_a_clock_of_redis_that_is_set_back_lengthens_no_call(
    opened: Open, sandbox: SandboxProcess
) -> None:
    shift = 0.0
    begun = since_boot()
    rig = opened(time=lambda: 1_800_000_000.0 + since_boot() - begun + shift)
    connected(rig)
    wait_until(lambda: rig.memory.known()[0].deadline_at is not None)

    shift = -600.0
    wait_until(lambda: sandbox.events("ended"))

    (ended,) = sandbox.events("ended")
    assert ended["length_seconds"] > 1.4
    wait_until(rig.all_ended)
    assert rig.endings() == [("stopped", None)]


def test_a_clock_of_redis_that_shows_more_than_it_can_changes_no_deadline(
    opened: Open, sandbox: SandboxProcess
) -> None:
    shift = 1_800_000_000.0 - since_boot()
    rig = opened(time=lambda: since_boot() + shift, threads=0)
    rig.load(number(1))
    rig.dialer.dial_one(rig.claimed())
    (call,) = rig.memory.known()
    before, begun = call.due_at, since_boot()

    def due_at(ahead: float) -> float:
        """When it is due, after a look at a clock that may show so much more than it does."""
        rig.memory.refresh(rig.ledger.time() + ahead)
        return call.due_at

    shift += 3600.0
    wait_until(lambda: due_at(-1.0) != before or since_boot() > begun + 0.3)
    assert call.due_at == before
    wait_until(lambda: due_at(1.0) < before - 3000.0)


def test_a_hint_that_comes_before_any_stop_still_ends_a_call(
    rig: Rig, sandbox: SandboxProcess
) -> None:
    connected(rig, seconds=60.0)

    assert listeners.hint(rig.ledger, ACCOUNT, rig.memory.known()[0].attempt, "hung_up")
    rig.served.wake.due_in(0.0)

    wait_until(rig.all_ended)
    assert rig.endings() == [("hung_up", None)]


def test_nothing_is_remembered_of_a_call_that_is_over(rig: Rig, sandbox: SandboxProcess) -> None:
    connected(rig, 4, 0.4)

    wait_until(rig.all_ended)

    wait_until(lambda: rig.memory.known() == [])


def test_a_worker_that_sleeps_between_ticks_is_not_taken_for_one_that_is_cut_off() -> None:
    assert LONGEST_SLEEP_SECONDS < SILENCE_SECONDS < 1.0
