"""A Redis that answers and refuses, is silent, or is gone: workers live, and calls end on time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from scheduler.errors import SchedulerError
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.integration.test_durability import ANY, Server, free_port
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(170)

SECONDS = 4.0
LIMIT = 4


@dataclass
class Trouble:
    """What becomes of a server, and what mends it."""

    strike: Callable[[Server], object]
    mend: Callable[[Server], object]
    says: str  #: in the worker's log


def setting(name: str, bad: str, good: str, says: str) -> Trouble:
    return Trouble(
        lambda server: server.redis.config_set(name, bad),
        lambda server: server.redis.config_set(name, good),
        says,
    )


def fill_the_disk(server: Server) -> None:
    """Have a snapshot fail, as on a full disk: Redis takes no writes from then on."""
    (Path(server.socket).parent / "gone").mkdir()
    server.redis.config_set("dir", str(Path(server.socket).parent / "gone"))
    (Path(server.socket).parent / "gone").rmdir()
    server.redis.config_set("save", "3600 1")
    server.redis.bgsave()
    wait_until(lambda: server.redis.info("persistence")["rdb_last_bgsave_status"] == "err")


def empty_the_disk(server: Server) -> None:
    server.redis.config_set("dir", str(Path(server.socket).parent))
    server.redis.config_set("save", "")


TROUBLES = {
    "oom": setting("maxmemory", "1mb", "0", "OOM"),
    "noreplicas": setting("min-replicas-to-write", "3", "0", "NOREPLICAS"),
    "misconf": Trouble(fill_the_disk, empty_the_disk, "MISCONF"),
    "noperm": Trouble(
        lambda server: server.redis.execute_command("ACL", "SETUSER", "default", "-@write"),
        lambda server: server.redis.execute_command("ACL", "SETUSER", "default", "+@all"),
        "lacks a right",
    ),
    "readonly": Trouble(
        lambda server: server.redis.replicaof("127.0.0.1", 1),
        lambda server: server.redis.replicaof("NO", "ONE"),
        "has become a replica",
    ),
    "silent": Trouble(
        lambda server: server.process.send_signal(signal.SIGSTOP),
        lambda server: server.process.send_signal(signal.SIGCONT),
        "does not answer",
    ),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(
        ANY, tmp_path / "redis", "--port", str(free_port()), "--maxmemory-policy", "noeviction"
    )
    with ExitStack() as stack:
        stack.callback(server.close)
        yield server


@pytest.fixture
def site(site: Site, server: Server) -> Site:
    port = server.redis.config_get("port")["port"]
    site.env["CALLSCHED_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    site.env["CALLSCHED_MAX_CONCURRENCY"] = str(LIMIT)
    return site


def campaign(site: Site, count: int) -> str:
    rows = "".join(f"  - {{phone_number: {one}}}\n" for one in numbers(count))
    path = site.home / "c.yaml"
    path.write_text(f"max_duration: {SECONDS:g}s\ninsights: []\ncontacts:\n{rows}")
    return str(path)


def start_worker(site: Site) -> Command:
    """Start one as operators do; Celery's own command has its consumer and its log."""
    worker = site.start_celery_worker("-l", "INFO")
    wait_until(lambda: " ready." in worker.err)
    return worker


def is_finished(site: Site) -> bool:
    with suppress(SchedulerError):  # until it is mended
        return bool(site.standing("c")["state"] == "finished")
    return False


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_a_worker_outlives_what_redis_answers_and_ends_its_calls_on_time(
    site: Site, server: Server, sandbox: SandboxProcess, name: str
) -> None:
    trouble = TROUBLES[name]
    worker = start_worker(site)
    words = ("submit", campaign(site, LIMIT + 2), "--id", "c")
    assert site.call(*words).process.returncode == 0
    wait_until(lambda: len(sandbox.events("accepted")) == LIMIT)
    wait_until(lambda: len(server.redis.zrange("callsched:account:default:ears", 0, -1)) == LIMIT)

    trouble.strike(server)
    # Nobody can write a stop down, and yet each is sent.
    wait_until(lambda: sandbox.live()["live"] == 0)
    wait_until(lambda: trouble.says in worker.err)
    assert len(sandbox.events("accepted")) == LIMIT
    assert worker.process.poll() is None
    trouble.mend(server)

    wait_until(lambda: is_finished(site), 100)
    assert worker.process.poll() is None
    judge = Judge(sandbox)
    assert judge.rung_twice == []
    assert len(judge.accepted) == LIMIT + 2
    judge.assert_on_time(SECONDS)
    ends = [(one["disposition"], one["reason"]) for one in site.results("c")]
    assert ends == [("stopped", None)] * (LIMIT + 2)


def test_run_outlives_a_right_that_is_taken_and_workers_that_die_of_it(
    site: Site, server: Server, sandbox: SandboxProcess
) -> None:
    running = site.start("run", campaign(site, LIMIT + 2), "--id", "c", "--workers", "1", "--yes")
    wait_until(lambda: len(sandbox.events("accepted")) == LIMIT)
    TROUBLES["noperm"].strike(server)
    wait_until(lambda: sandbox.live()["live"] == 0)

    for worker in site.workers():
        worker.kill()
    # No worker starts without its rights, and `run` goes on starting them.
    wait_until(lambda: "are open, so they are started again" in running.err)
    assert running.process.poll() is None
    TROUBLES["noperm"].mend(server)

    assert running.wait(100) == 0, running.err
    judge = Judge(sandbox)
    assert judge.rung_twice == []
    assert len(judge.accepted) == LIMIT + 2
    judge.assert_on_time(SECONDS)
