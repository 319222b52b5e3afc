"""A worker that is in doubt about its settings keeps deadlines, and dials nobody."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Command, Judge, Site, numbers
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

SLIP = {"CALLSCHED_ALOWED_NUMBERS": "+12025550199"}
HINT = "unknown setting CALLSCHED_ALOWED_NUMBERS: did you mean CALLSCHED_ALLOWED_NUMBERS?"
CELERY = ("-m", "celery", "-A", "scheduler", "worker", "--loglevel=info")
#: Of the two calls of a campaign one is live, and one waits for its slot.
PACE = {"CALLSCHED_MAX_CONCURRENCY": "1"}


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    with (
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url, **PACE) as site,
    ):
        yield site


def leave_a_live_call(site: Site, sandbox: SandboxProcess, max_duration: str) -> None:
    """Have a worker dial one of two, and die."""
    path = site.contacts(numbers(2))
    words = ("submit", path, "--id", "left", "--max-duration", max_duration)
    assert site.call(*words).process.returncode == 0
    first = site.start("worker")
    wait_until(lambda: site.standing("left")["calls"]["connected"] == 1)
    first.kill()
    assert len(sandbox.events("accepted")) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "words",
    [("-m", "scheduler.cli", "worker"), CELERY],
    ids=["callsched", "celery"],
)
def test_it_stops_a_call_at_its_deadline_and_dials_nobody_of_those_that_wait(
    site: Site, sandbox: SandboxProcess, words: tuple[str, ...]
) -> None:
    leave_a_live_call(site, sandbox, "4s")

    worker = site.start_python(*words, env=SLIP)

    wait_until(lambda: sandbox.live()["live"] == 0)
    # Its slot is free, and there is somebody to dial; the next worker does at once.
    wait_until(lambda: site.standing("left")["calls"]["ended"] == 1)
    wait_until(lambda: "ready." in worker.err)
    assert f"this worker only sends stops, and dials nobody: {HINT}" in worker.err
    assert len(sandbox.events("accepted")) == 1
    Judge(sandbox).assert_on_time(4.0)

    site.start("worker")
    wait_until(lambda: len(sandbox.events("accepted")) == 2)
    assert worker.process.poll() is None
    assert Judge(sandbox).rung_twice == []


def test_who_looks_sees_it(site: Site, sandbox: SandboxProcess) -> None:
    path = site.contacts(numbers(1))
    assert site.call("submit", path, "--id", "waits").process.returncode == 0
    (site.home / ".env").write_text("CALLSCHED_ALLOWED_NUMBERS=202 555 0143\n")
    port = free_port()
    worker = site.start("worker", env={"CALLSCHED_METRICS_PORT": str(port)})
    wait_until(lambda: "ready." in worker.err)
    (site.home / ".env").unlink()

    ready = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30)
    wait_until(lambda: "only sends stops" in site.call("status").err)
    doctor = site.call("doctor")

    why = "CALLSCHED_ALLOWED_NUMBERS: expected international numbers"
    assert ready.status_code == 503
    assert len(ready.json()["reasons"]) == 1
    assert f"it only sends stops: {why}" in ready.json()["reasons"][0]
    assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
    assert doctor.process.returncode == 1
    assert [line for line in doctor.out.splitlines() if line.startswith("fail  stops only")]
    assert why in doctor.out
    assert "5550143" not in worker.err + doctor.out + ready.text
    assert sandbox.events("accepted") == []


def test_it_leaves_when_it_is_told_to(site: Site) -> None:
    worker: Command = site.start("worker", env=SLIP)
    wait_until(lambda: "ready." in worker.err)

    worker.terminate()

    assert worker.wait() == 0


def test_a_celeryconfig_of_an_operator_may_ask_for_the_settings(site: Site) -> None:
    text = "from scheduler.settings import settings\nworker_concurrency = settings().stop_threads\n"
    (site.home / "celeryconfig.py").write_text(text)

    asked = site.start_python(
        "-c", "from scheduler.celery import app; print(app.conf.worker_concurrency)", env=SLIP
    )

    assert (asked.wait(), asked.out) == (0, "16\n"), asked.err
