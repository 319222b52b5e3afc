"""The clock of Redis jumps while calls are live, and workers look on."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from scheduler.clock import since_boot
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.live.standing import standing
from scheduler.providers import ShowsTime
from tests.functional.campaign import Site
from tests.functional.rig import LONG_SECONDS, Open, Rig, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until


class Clock:
    """Stands in for that of the server."""

    def __init__(self) -> None:
        self.shift = 1_800_000_000.0 - since_boot()
        self.reads = 0

    def __call__(self) -> float:
        self.reads += 1
        return since_boot() + self.shift


def dialled(rig: Rig, seconds: float = LONG_SECONDS) -> Rig:
    """Have a worker that does nothing by itself dial, and look at the clock after that."""
    rig.load(number(1), max_duration_seconds=seconds)
    rig.dialer.dial_one(rig.claimed())
    rig.timekeeper.tick()
    return rig


def tick_twice(rig: Rig) -> None:
    """Have a worker look at the clock: at once, or because it shows more than it can."""
    for _ in range(2):
        rig.served.wake.now()
        rig.timekeeper.tick()


def test_a_call_whose_worker_is_gone_ends_on_time_though_the_clock_is_set_back(
    opened: Open, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    dialled, other = opened(time=clock), opened(time=clock, threads=0)
    dialled.load(number(1), max_duration_seconds=3.0)
    dialled.start()
    other.start()
    wait_until(lambda: dialled.account().live == 1)
    dialled.keep_no_time()
    assert other.memory.known() == []

    with caplog.at_level(logging.ERROR):
        clock.shift -= 600.0
        wait_until(lambda: other.timekeeper.ticks and caplog.records)
    wait_until(other.all_ended)

    (ended,) = sandbox.events("ended")
    assert ended["by"] == "stop"
    assert ended["length_seconds"] > 2.9
    assert other.endings() == [("stopped", None)]
    assert "was set back by 600 s" in caplog.text
    assert "was set back by 600 s" in standing(other.ledger).clock_jump


def test_a_call_keeps_its_length_though_the_clock_jumps_forward(
    opened: Open, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    rig = dialled(opened(time=clock, threads=0), 2.0)

    with caplog.at_level(logging.ERROR):
        clock.shift += 3600.0
        rig.start()
        wait_until(rig.all_ended)

    (ended,) = sandbox.events("ended")
    assert ended["length_seconds"] > 1.5
    assert rig.record()["duration_seconds"] < 3600.0
    assert "jumped forward by 3,600 s: deadlines are moved with it" in caplog.text
    assert "for the clock of a provider agrees" in standing(rig.ledger).clock_jump


def test_a_worker_that_can_not_tell_waits_for_one_that_can(
    opened: Open, sandbox: SandboxProcess
) -> None:
    """Only who has dialled knows what the provider's clock showed before."""
    clock = Clock()
    first, other = opened(time=clock, threads=0), opened(time=clock, threads=0)
    dialled(first)
    other.timekeeper.tick()

    clock.shift += 3600.0
    reads = clock.reads
    with ThreadPoolExecutor(1) as threads:
        ticking = threads.submit(tick_twice, other)
        wait_until(lambda: clock.reads > reads + 5)
        tick_twice(first)
        ticking.result()

    assert other.record()["state"] == "connected"
    assert "deadlines are moved with it" in standing(other.ledger).clock_jump


def test_a_jump_that_comes_right_after_a_look_makes_nothing_due(
    opened: Open, sandbox: SandboxProcess
) -> None:
    clock = Clock()
    rig = dialled(opened(time=clock, threads=0))

    clock.shift += 3600.0
    tick_twice(rig)

    assert rig.record()["state"] == "connected"
    assert sandbox.events("stop") == []
    assert "calls end on time" in standing(rig.ledger).clock_jump


def test_a_call_ends_at_once_when_the_machine_of_its_worker_was_paused(
    opened: Open, sandbox: SandboxProcess
) -> None:
    """Also when answers of the provider come before the worker looks at the clock of Redis."""
    clock = Clock()
    rig = dialled(opened(time=clock, threads=0))

    sandbox.knobs(date_ahead_seconds=3600.0)
    clock.shift += 3600.0
    assert isinstance(rig.provider, ShowsTime)
    assert rig.provider.ask_time(5.0)
    tick_twice(rig)
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    assert "a worker's machine was paused" in standing(rig.ledger).clock_jump


def test_a_call_ends_after_a_pause_though_redis_takes_no_writes(
    opened: Open, sandbox: SandboxProcess, redis: Redis
) -> None:
    clock = Clock()
    rig = dialled(opened(time=clock, threads=0))

    redis.config_set("min-replicas-to-write", "3")
    try:
        sandbox.knobs(date_ahead_seconds=3600.0)
        clock.shift += 3600.0
        rig.start()
        wait_until(lambda: sandbox.events("ended"))
    finally:
        redis.config_set("min-replicas-to-write", "0")

    wait_until(rig.all_ended)
    assert rig.endings() == [("stopped", None)]


def test_a_call_ends_though_nobody_knows_which_clock_is_right(
    opened: Open, sandbox: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    rig = dialled(opened(time=clock, threads=0))

    sandbox.knobs(conversation_fault="503")  # to what it is asked by
    clock.shift += 3600.0
    tick_twice(rig)
    wait_until(rig.all_ended)

    assert rig.endings() == [("stopped", None)]
    assert caplog.text.count("no provider tells whether the clock of Redis is wrong") == 1


def test_a_jump_is_shown_for_a_day(opened: Open) -> None:
    clock = Clock()
    rig = opened(time=clock, threads=0)
    rig.load(number(1))
    rig.start()
    wait_until(lambda: rig.timekeeper.ticks > 1)

    clock.shift += 7.0
    wait_until(lambda: standing(rig.ledger).clock_jump)

    assert "jumped forward by 7 s" in standing(rig.ledger).clock_jump
    clock.shift += 90_000.0
    rig.timekeeper.close()
    assert standing(rig.ledger).clock_jump == ""


def test_doctor_and_status_say_that_it_jumped(site: Site) -> None:
    private = EmbeddedRedis(site.state)
    with private, Redis.from_url(private.url) as redis:
        at, _ = redis.time()
        redis.hset("callsched:clock", mapping={"at": at, "by": -600, "moved": -600, "jumps": 1})
        checks = {one["name"]: one for one in site.call("doctor", "--json").record["checks"]}
        looked, record = site.call("status"), site.call("status", "--json").record
        assert site.call("submit", site.contacts(["+12025550143"]), "--yes").wait() == 0
        watched = site.call("watch", "--once")

    check = checks["clock jumped"]
    assert (check["level"], check["remedy"] != "") == ("warn", True)
    shown = [" ".join((each.out + each.err).split()) for each in (looked, watched)]
    for text in (check["text"], *shown, record["clock_jump"]):
        assert "was set back by 600 s" in text
