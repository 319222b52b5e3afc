"""What a kill, at any instant, leaves behind, and who repairs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from scheduler.errors import SchedulerError
from scheduler.late import LATE_SECONDS
from scheduler.ledger import views
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.ledger.views import CampaignView
from scheduler.models import CallState
from tests.functional.campaign import Command, Judge, Site, magic, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, latency=0.05) as sandbox:
        yield sandbox


def run_words(site: Site, count: int, max_duration: str, *more: str) -> tuple[str, ...]:
    path = site.contacts(numbers(count))
    return ("run", path, "--id", "c", "--max-duration", max_duration, "--json", *more)


def start_until(site: Site, sandbox: SandboxProcess, answered: int, *words: str) -> Command:
    """Start a command and wait until so many calls have been answered."""
    command = site.start(*words)
    wait_until(lambda: len(sandbox.events("answered")) >= answered)
    return command


def nothing_on_its_way(judge: Judge, live: int) -> bool:
    """Every start has been answered, and so many calls are live."""
    return len(judge.live) == live and len(judge.events("answered")) == len(judge.events("start"))


def in_ledger(site: Site) -> CampaignView:
    ledger = Ledger(EmbeddedRedis(site.state).url)
    try:
        return views.campaign(ledger, "c")
    finally:
        ledger.close()


def on_record(site: Site) -> int:
    """Count the connected calls of the ledger: an answer that was sent need not be stored yet."""
    return in_ledger(site).calls[CallState.CONNECTED]


def dispositions(site: Site) -> list[str]:
    return [record["disposition"] for record in site.results("c")]


def test_a_worker_that_is_killed_costs_nobody_a_second_call(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, 30, "2s", "--max-concurrency", "10", "--workers", "2")
    run = start_until(site, sandbox, 15, *words)
    wait_until(lambda: nothing_on_its_way(Judge(sandbox), live=10))

    site.workers()[0].kill()

    assert run.wait() == 0, run.err
    judge = Judge(sandbox)
    assert judge.rung_twice == []
    ended = dispositions(site)
    # What the dead worker was dialling at that instant was answered to nobody.
    assert len(judge.live) <= ended.count("unknown") <= 10
    assert set(ended) <= {"stopped", "unknown"}
    assert len(ended) == 30


@pytest.mark.parametrize("which", ["worker-1", "worker-2"])
def test_a_worker_that_is_killed_leaves_the_one_that_it_forked_or_that_forked_it_alone(
    site: Site, sandbox: SandboxProcess, which: str
) -> None:
    words = run_words(site, 12, "3s", "--max-concurrency", "4", "--workers", "2")
    run = start_until(site, sandbox, 4, *words)
    before = {log_of(worker): worker for worker in site.workers()}
    assert set(before) == {"worker-1", "worker-2"}
    killed = before.pop(which)
    (spared,) = before.values()

    killed.kill()

    wait_until(lambda: sorted(map(log_of, site.workers())) == ["worker-1", "worker-2"])
    assert spared in site.workers()
    assert killed not in site.workers()
    assert os.getsid(spared.pid) == spared.pid
    assert run.wait() == 0, run.err
    assert not is_alive(spared)
    assert Judge(sandbox).rung_twice == []


def log_of(worker: psutil.Process) -> str:
    """Return where a worker writes what it says."""
    return Path(f"/proc/{worker.pid}/fd/2").readlink().stem


@pytest.mark.parametrize("how", ["run", "celery"])
def test_everything_is_killed_and_the_same_campaign_goes_on(
    site: Site, sandbox: SandboxProcess, how: str
) -> None:
    words = run_words(site, 20, "2s", "--max-concurrency", "8")
    start_until(site, sandbox, 8, *words)
    wait_until(lambda: on_record(site) == 8)
    site.kill_everything()
    wait_until(lambda: overdue(Judge(sandbox), 2.0 + LATE_SECONDS))
    answered = {event["connection_id"] for event in sandbox.events("answered")}

    restarted_at = time.time()
    command = start_again(site, how, words)
    wait_until(lambda: is_over(site, command, how))

    judge = Judge(sandbox)
    assert judge.rung_twice == []
    assert set(judge.accepted) <= set(numbers(20))
    stops = {event["connection_id"]: event["at"] for event in judge.events("stop")}
    first_stop_at = min(at for at in stops.values() if at > restarted_at)
    assert answered <= set(stops)
    assert max(stops[connection] for connection in answered) < first_stop_at + 2.0
    new_starts = [event["at"] for event in judge.events("start") if event["at"] > restarted_at]
    assert first_stop_at < min(new_starts)
    records = site.results("c")
    ended = [record["disposition"] for record in records]
    # Whoever was on record when all was killed ended late, and it says why.
    assert [record["late_cause"] for record in records].count("no_worker") >= 8
    assert len(judge.live) <= ended.count("unknown") <= 8
    assert ended.count("stopped") >= 12


def overdue(judge: Judge, seconds: float) -> bool:
    """Every call that lives is past its deadline, and there are some."""
    answered = {
        event["phone_number"]: event["at"]
        for event in judge.events("answered")
        if event["phone_number"] in judge.live
    }
    return bool(answered) and max(answered.values()) + seconds < time.time()


def start_again(site: Site, how: str, words: tuple[str, ...]) -> Command:
    if how == "run":
        return site.start(*words)
    return site.start_celery_worker(env={"CALLSCHED_MAX_CONCURRENCY": "8"})


def is_over(site: Site, command: Command, how: str) -> bool:
    if how == "run":
        assert command.wait() == 0, command.err
        return True
    with suppress(SchedulerError):  # until the worker has started the private Redis again
        return in_ledger(site).state == "finished"
    return False


def test_ctrl_c_stops_every_call_and_the_same_command_goes_on(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, 12, "4s", "--max-concurrency", "8", "--results", "kept.csv")
    run = start_until(site, sandbox, 8, *words)

    run.interrupt()

    assert run.wait() == 130
    interrupted = Judge(sandbox)
    assert interrupted.live == set()
    assert "the same command continues" in run.err
    assert run.record["exit_code"] == 130
    kept = (site.home / "kept.csv").read_text()
    assert kept.count("aborted") == len(interrupted.accepted)
    assert site.workers() == []

    again = site.call(*words)

    assert again.wait() == 0, again.err
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys(numbers(12), 1)
    assert judge.live == set()

    third = site.call(*words)

    assert third.wait() == 1
    assert "--again" in third.err
    assert len(Judge(sandbox).events("start")) == 12


def test_run_alone_is_killed_and_its_workers_see_the_calls_to_their_ends(
    site: Site, sandbox: SandboxProcess
) -> None:
    run = start_until(site, sandbox, 4, *run_words(site, 100, "3s", "--max-concurrency", "8"))

    run.kill()
    killed_at = time.time()

    wait_until(lambda: not site.workers() and site.redis() is None)
    judge = Judge(sandbox)
    assert max(event["at"] for event in judge.events("start")) < killed_at + 10
    assert judge.live == set()
    judge.assert_on_time(3.0)
    assert judge.rung_twice == []


def test_workers_without_parent_and_ledger_end_their_calls_and_leave(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, 8, "3s", "--max-concurrency", "4", "--workers", "2")
    run = start_until(site, sandbox, 4, *words)
    wait_until(lambda: on_record(site) == 4)
    workers, redis = site.workers(), site.redis()
    assert len(workers) == 2
    assert redis is not None

    run.kill()
    shutil.rmtree(site.state)
    redis.kill()

    wait_until(lambda: not any(map(is_alive, workers)), 30)
    judge = Judge(sandbox)
    assert len(judge.accepted) == 4
    assert judge.live == set()


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_private_redis_is_killed_and_started_again(site: Site, sandbox: SandboxProcess) -> None:
    words = run_words(site, 30, "2s", "--max-concurrency", "10")
    run = start_until(site, sandbox, 10, *words)
    redis = site.redis()
    assert redis is not None

    redis.kill()

    assert run.wait() == 0, run.err
    assert "has been started again" in run.err
    judge = Judge(sandbox)
    assert judge.rung_twice == []
    assert len(judge.live) <= dispositions(site).count("unknown")


def test_stops_leave_on_time_while_every_dialling_thread_waits_for_a_slow_api(
    site: Site, sandbox: SandboxProcess
) -> None:
    seconds = dict(zip(numbers(12), [2] * 4 + [6] * 4 + [1] * 4, strict=True))
    rows = [f"{number},{length}s" for number, length in seconds.items()]
    (site.home / "slow.csv").write_text("\n".join(["phone_number,max_duration", *rows]))
    site.env["CALLSCHED_WORKER_THREADS"] = "7"
    words = ("run", "slow.csv", "--max-concurrency", "8", "--workers", "1", "--json")
    run = start_until(site, sandbox, 8, *words)

    sandbox.knobs(latency_seconds=12)

    assert run.wait() == 0, run.err
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys(seconds, 1)
    held_at = judge.events("start")[-1]["at"]
    stopped_at = [event["at"] for event in judge.events("ended")][7]
    assert held_at < stopped_at < held_at + 12, "the long calls ended while every thread waited"
    judge.assert_on_time(lambda number: seconds[number])


def test_a_second_ctrl_c_lists_what_is_live_and_keeps_stopping(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, 10, "60s", "--max-concurrency", "4")
    run = start_until(site, sandbox, 4, *words)
    sandbox.knobs(stop_fault="500_not_placed")

    run.interrupt()
    wait_until(lambda: sandbox.events("stop"))
    run.interrupt()
    wait_until(lambda: "4 calls are live" in run.err)

    assert run.process.poll() is None
    sandbox.knobs(stop_fault=None)
    assert run.wait() == 130
    judge = Judge(sandbox)
    assert judge.live == set()
    assert len(judge.events("start")) == 4


def test_a_worker_dies_while_a_start_hangs_and_that_call_ends_unknown(
    site: Site, sandbox: SandboxProcess
) -> None:
    path = site.contacts([magic(99), *numbers(4)])
    words = ("run", path, "--id", "c", "--max-duration", "1s", "--workers", "1", "--json")
    run = start_until(site, sandbox, 4, *words)

    site.workers()[0].kill()

    assert run.wait() == 0, run.err
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys([magic(99), *numbers(4)], 1)
    records = site.results("c")
    assert [record["disposition"] for record in records] == ["unknown", *["stopped"] * 4]
    assert records[0]["reason"] == "lease"
    assert judge.live == {magic(99)}


def test_a_reader_of_the_progress_who_leaves_ends_no_run(
    site: Site, sandbox: SandboxProcess
) -> None:
    words = run_words(site, 12, "1s", "--max-concurrency", "4", "--workers", "1")
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "scheduler.cli", *words],
        env=site.env,
        cwd=site.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
    ) as run:
        os.close(writing)
        os.close(reading)

        assert run.wait(60) == 0

    assert Judge(sandbox).live == set()
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(12), 1)


def test_a_worker_starts_its_private_redis_again_and_stops_on_time(
    site: Site, sandbox: SandboxProcess
) -> None:
    worker = site.start("worker")
    wait_until(lambda: "ready." in worker.err)
    site.call("submit", site.contacts(numbers(3)), "--id", "c", "--max-duration", "3s")
    wait_until(lambda: nothing_on_its_way(Judge(sandbox), live=3))

    redis = site.redis()
    assert redis is not None
    redis.kill()

    wait_until(lambda: not Judge(sandbox).live)
    wait_until(lambda: site.redis() is not None)
    assert Judge(sandbox).rung_twice == []
    worker.terminate()
    worker.wait()


def test_an_id_means_its_own_campaign_whatever_others_are_called(
    site: Site, sandbox: SandboxProcess
) -> None:
    ours, others = site.contacts(numbers(4)[:2], "a.csv"), site.contacts(numbers(4)[2:], "b.csv")
    short = ("--max-duration", "1s")
    assert site.call("run", ours, "--id", "batch", *short).wait() == 0
    assert site.call("run", others, "--id", "batch-2", *short).wait() == 0

    refused = site.call("run", ours, "--id", "batch", *short)

    assert refused.wait() == 1
    assert "finished" in refused.err
    assert Judge(sandbox).rung_twice == []
    assert site.call("run", ours, "--id", "batch", "--again", *short).wait() == 0
    assert site.call("status", "batch+2", "--json").record["state"] == "finished"
