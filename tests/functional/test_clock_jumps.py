"""The clock of Redis jumps while calls are live, and workers look on."""

from __future__ import annotations

import logging

import pytest
from redis import Redis

from scheduler.clock import since_boot
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.live.standing import standing
from tests.functional.campaign import Site
from tests.functional.rig import Open, number
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until


class Clock:
    """Stands in for that of the server."""

    def __init__(self) -> None:
        self.shift = 1_800_000_000.0 - since_boot()

    def __call__(self) -> float:
        return since_boot() + self.shift


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
