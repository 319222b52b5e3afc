"""Calls that ring while no ledger takes anything: they end on time, answered ones not before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scheduler.calls import dialer
from scheduler.clock import since_boot
from scheduler.late import LATE_SECONDS
from scheduler.ledger import reports
from scheduler.ledger.calls import Wait
from scheduler.providers import Outcome, Stage
from tests.functional.rig import ACCOUNT, ANYBODY, Open, Rig
from tests.toy_provider.ringing import RINGS, RingingToy
from tests.waiting import wait_until
from tests.wire import Proxy

#: How long a call may ring here, in all.
RING_SECONDS, MARGIN_SECONDS = 0.6, 0.4


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Calls whose deadlines pass while a test looks on."""
    monkeypatch.setattr(dialer, "RING_SECONDS", RING_SECONDS)
    monkeypatch.setattr(Wait, "MARGIN_SECONDS", MARGIN_SECONDS)
    yield


@pytest.fixture
def toy() -> RingingToy:
    return RingingToy()


@pytest.fixture
def through(opened: Open, proxy: Proxy, toy: RingingToy) -> Rig:
    """A rig that reaches Redis through the proxy, and whose poller does not run."""
    rig = opened(f"redis://127.0.0.1:{proxy.port}/0", provider=toy, traits=RINGS, threads=0)
    rig.memory.start()
    rig.timekeeper.start()
    return rig


@pytest.fixture
def near(opened: Open, toy: RingingToy) -> Rig:
    """One that reaches Redis, and does nothing by itself."""
    return opened(provider=toy, traits=RINGS, threads=0)


def dial(rig: Rig, seconds: float) -> str:
    rig.load(ANYBODY, max_duration_seconds=seconds)
    rig.dialer.dial_one(rig.claimed())
    return str(rig.record()["connection_id"])


def test_a_call_that_nobody_answers_ends_without_a_ledger(
    through: Rig, near: Rig, proxy: Proxy, toy: RingingToy
) -> None:
    toy.move(dial(through, 60.0), Stage.RINGING)
    proxy.cut()

    wait_until(lambda: toy.live == set())
    assert near.record()["state"] == "connected"
    proxy.heal()

    wait_until(near.all_ended)
    assert near.endings() == [("not_reached", "no_answer")]
    assert near.account().slots == 0


def test_a_call_that_was_answered_meanwhile_goes_on_to_its_deadline(
    through: Rig, near: Rig, proxy: Proxy, toy: RingingToy
) -> None:
    toy.move(dial(through, 4.0), Stage.ANSWERED)
    proxy.cut()

    wait_until(lambda: "look" in toy.asked)
    assert toy.stops == []
    wait_until(lambda: toy.live == set())
    proxy.heal()

    wait_until(near.all_ended)
    assert near.endings() == [("stopped", None)]


def test_a_call_whose_answer_is_on_record_ends_at_its_deadline_without_a_ledger(
    through: Rig, near: Rig, proxy: Proxy, toy: RingingToy
) -> None:
    """It is read once more before its stop, for that is no stop: the next need not wait."""
    through.memory.delays = (60.0,)
    toy.move(dial(through, 3.0), Stage.ANSWERED)
    attempt = through.memory.known()[0].attempt
    assert reports.answered(near.ledger, ACCOUNT, attempt)
    deadline = near.record()["deadline"]
    wait_until(lambda: through.memory.known()[0].deadline_at == deadline)
    proxy.cut()

    wait_until(lambda: toy.live == set())
    proxy.heal()

    wait_until(near.all_ended)
    assert near.record()["late_cause"] is None


def test_an_end_counts_from_its_confirmation_if_its_provider_does_not_tell_when_it_was(
    through: Rig, near: Rig, proxy: Proxy, toy: RingingToy
) -> None:
    toy.tells_ends = False
    toy.move(dial(through, 1.0), Stage.ANSWERED)
    proxy.cut()
    wait_until(lambda: any(call.end for call in through.memory.known()))
    ended_at = since_boot()
    wait_until(lambda: since_boot() > ended_at + LATE_SECONDS)
    proxy.heal()

    wait_until(near.all_ended)
    record = near.record()
    recorded_at = float(near.ledger.redis.hget("callsched:attempt:c:1:1", "over_at") or 0)
    assert record["ended_at"] < recorded_at - LATE_SECONDS + 0.1
    assert record["late_seconds"] == pytest.approx(
        record["ended_at"] - record["deadline"], abs=0.01
    )


def test_a_call_that_ended_meanwhile_needs_no_stop(
    through: Rig, near: Rig, proxy: Proxy, toy: RingingToy
) -> None:
    toy.end(dial(through, 60.0), Outcome.BUSY)
    proxy.cut()

    wait_until(lambda: "look" in toy.asked)
    proxy.heal()

    wait_until(near.all_ended)
    assert near.endings() == [("not_reached", "busy")]
    assert toy.stops == []


def test_a_ringing_call_is_looked_at_and_stopped_by_the_timekeeper(
    through: Rig, near: Rig, toy: RingingToy
) -> None:
    toy.move(dial(through, 60.0), Stage.RINGING)

    wait_until(near.all_ended)

    assert near.endings() == [("not_reached", "no_answer")]
    assert toy.asked.count("look") == len(toy.stops) == 1
