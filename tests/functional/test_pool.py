"""A pool: workers that know nothing of each other, on a Redis that nobody of them owns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.celery import configuration
from scheduler.errors import ConfigError
from scheduler.ledger.redis.embedded import EmbeddedRedis
from scheduler.settings import Settings
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.functional.forks import shared
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

CELERY = ("-m", "celery", "-A", "scheduler", "worker", "--loglevel=info")
SAY_CONCURRENCY = "from scheduler.celery import app; print(app.conf.worker_concurrency)"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(limit=50, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url) as site,
    ):
        yield site


def start_worker(site: Site, *words: str, cwd: Path | None = None) -> Command:
    """Start a worker, `callsched worker` unless it is said otherwise, and wait until it is up."""
    worker = site.start_python(*words, cwd=cwd) if words else site.start("worker")
    wait_until(lambda: "ready." in worker.err)
    return worker


def submit(site: Site, count: int, max_duration: str = "1s") -> Command:
    path = site.contacts(numbers(count))
    command = site.call("submit", path, "--id", "pooled", "--max-duration", max_duration)
    assert command.wait() == 0, command.err
    return command


def send_dials(site: Site, count: int) -> None:
    sent = shared().call(site.home, site.env, [str(count)], program="tests.functional.flood")
    assert sent.code == 0, sent.err


def in_state(site: Site, state: str) -> int:
    return int(site.standing("pooled")["calls"][state])


def is_finished(site: Site) -> bool:
    return bool(site.standing("pooled")["state"] == "finished")


def test_celery_s_own_command_works_from_any_directory_on_a_socket(
    site: Site, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "celeryconfig.py").write_text("worker_concurrency = 7\n")
    assert site.env["CALLSCHED_REDIS_URL"].startswith("unix://")

    worker = start_worker(site, *CELERY, cwd=elsewhere)
    told = submit(site, 8)

    assert told.out == "pooled\n"
    wait_until(lambda: is_finished(site))
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(8), 1)
    assert "concurrency: 7 (thread)" in worker.out + worker.err


def test_a_pool_works_over_tcp_with_a_password(sandbox: SandboxProcess, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-directory-too-deep-for-a-socket"] * 3)
    with (
        EmbeddedRedis(deep) as redis,
        Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url) as site,
    ):
        assert redis.url.startswith("redis://:")
        start_worker(site)
        submit(site, 5)

        wait_until(lambda: is_finished(site))
        assert Judge(sandbox).accepted == dict.fromkeys(numbers(5), 1)


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    redis = EmbeddedRedis(tmp_path / "redis")
    with Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url) as site:
        worker = site.start("worker")
        wait_until(lambda: "check CALLSCHED_REDIS_URL" in worker.err)

        with redis:
            submit(site, 2)
            wait_until(lambda: is_finished(site))
            worker.terminate()
            worker.wait()


@pytest.mark.parametrize(
    ("url", "broker_url"),
    [
        ("unix:///run/a%20b.sock?db=3", "redis+socket:///run/a%20b.sock?virtual_host=3"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("unix://u:p%40w@/run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("unix:///r.sock?password=p@w", "redis+socket:///r.sock?virtual_host=0"),
        ("redis://host", "redis://host:6379/0"),
        ("redis://u:p%40w@host:6380/2", "redis://u:p%40w@host:6380/2"),
        ("redis://host?db=4", "redis://host:6379/4"),
        ("rediss://host:6380/1", "rediss://host:6380/1"),
        ("rediss://host/1?ssl_cert_reqs=none", "rediss://host:6379/1"),
    ],
)
def test_the_broker_is_where_the_ledger_is(url: str, broker_url: str) -> None:
    chosen = Settings.model_validate({"redis_url": url})

    assert configuration(chosen)["broker_url"] == broker_url


def test_the_file_that_the_setting_names_goes_before_the_one_in_the_working_directory(
    site: Site, tmp_path: Path
) -> None:
    (tmp_path / "celeryconfig.py").write_text("worker_concurrency = 7\n")
    named = tmp_path / "named.py"
    named.write_text("worker_concurrency = 9\n")

    nearby = site.start_python("-c", SAY_CONCURRENCY)
    chosen = site.start_python("-c", SAY_CONCURRENCY, env={"CALLSCHED_CELERY_CONFIG": str(named)})

    assert (nearby.wait(), chosen.wait()) == (0, 0)
    assert (nearby.out, chosen.out) == ("7\n", "9\n")


def test_a_file_of_settings_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    chosen = Settings.model_validate({"celery_config": tmp_path / "nowhere.py"})

    with pytest.raises(ConfigError, match="CALLSCHED_CELERY_CONFIG"):
        configuration(chosen)


def test_the_same_id_submitted_again_adds_only_the_rows_that_it_does_not_know(
    site: Site, sandbox: SandboxProcess
) -> None:
    start_worker(site)
    submit(site, 4)
    wait_until(lambda: is_finished(site))

    submit(site, 7)

    wait_until(lambda: is_finished(site))
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(7), 1)
    again = site.call("submit", site.contacts(numbers(7)), "--id", "pooled", "--json")
    assert (again.record["state"], again.record["total"]) == ("finished", 7)


def test_messages_that_come_again_and_again_ring_nobody_twice(
    site: Site, sandbox: SandboxProcess
) -> None:
    send_dials(site, 100)
    submit(site, 12)
    site.start("worker")
    start_worker(site)

    send_dials(site, 100)

    wait_until(lambda: is_finished(site))
    assert Judge(sandbox).accepted == dict.fromkeys(numbers(12), 1)


def test_a_worker_that_is_told_to_leave_hands_its_calls_to_another(
    site: Site, sandbox: SandboxProcess
) -> None:
    submit(site, 12, "3s")
    leaving = start_worker(site)
    wait_until(lambda: len(sandbox.events("answered")) >= 4)
    start_worker(site)

    leaving.terminate()

    assert leaving.wait() == 0
    wait_until(lambda: is_finished(site))
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys(numbers(12), 1)
    judge.assert_on_time(3.0)


def test_a_rolling_restart_of_every_worker_loses_no_call_and_ends_none_early(
    site: Site, sandbox: SandboxProcess
) -> None:
    site.env["CALLSCHED_MAX_CONCURRENCY"] = "10"
    submit(site, 40, "3s")
    workers = [start_worker(site), start_worker(site)]
    wait_until(lambda: len(sandbox.events("answered")) >= 4)

    for old in workers:
        start_worker(site)
        assert sandbox.live()["live"] > 0, "in the middle of the campaign"
        old.terminate()
        assert old.wait() == 0, old.err

    wait_until(lambda: is_finished(site))
    judge = Judge(sandbox)
    assert judge.accepted == dict.fromkeys(numbers(40), 1)
    assert judge.live == set()
    judge.assert_on_time(3.0)
    endings = [result["disposition"] for result in site.results("pooled")]
    assert endings == ["stopped"] * 40


def test_status_and_results_can_be_had_while_it_runs(site: Site, sandbox: SandboxProcess) -> None:
    start_worker(site)
    submit(site, 6, "60s")
    wait_until(lambda: len(sandbox.events("answered")) >= 4)

    wait_until(lambda: site.standing("pooled")["calls"]["connected"] >= 4)

    record = site.call("status", "pooled", "--json").record
    assert (record["state"], record["total"]) == ("active", 6)
    assert sum(record["calls"].values()) == 6
    assert record["account_view"]["live"] >= 4
    states = [result["state"] for result in site.results("pooled")]
    assert len(states) == 6
    assert "connected" in states
    assert "pooled" in site.call("status").out


def test_a_worker_stops_what_is_overdue_before_it_is_ready(
    site: Site, sandbox: SandboxProcess
) -> None:
    submit(site, 4, "8s")
    start_worker(site)
    # Answered is not enough: what is not on record when its worker dies is stopped by nobody.
    wait_until(lambda: in_state(site, "connected") == 4)
    site.kill_everything()
    answered_at = max(event["at"] for event in sandbox.events("answered"))
    wait_until(lambda: time.time() > answered_at + 8.0)
    # It is never ready: nobody listens where its broker should be.
    (site.home / "celeryconfig.py").write_text("broker_url = 'redis://127.0.0.1:1/0'\n")

    worker = site.start("worker")

    wait_until(lambda: sandbox.live()["live"] == 0)
    assert "ready." not in worker.err
    assert [event["status"] for event in sandbox.events("stop")] == [200] * 4
