"""Whoever asks a worker for its figures takes nothing away from calls."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import requests

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Judge, Site, numbers
from tests.functional.test_monitoring import free_port
from tests.sandbox_process import SandboxProcess
from tests.waiting import wait_until

#: More than stops and dials need as shipped, less than the clients and the sockets would take.
FILES, CLIENTS, CALLS = 230, 300, 8
ALLOWED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


async def ask_slowly(port: int, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /metrics HTTP/1.1\r\nX: ")
                while not over.is_set():
                    await asyncio.sleep(0.5)
                    writer.write(b"a")
                    await writer.drain()
            finally:
                writer.close()
        await asyncio.sleep(0.5)


@contextmanager
def slow_clients(port: int) -> Iterator[None]:
    over = threading.Event()

    async def ask() -> None:
        await asyncio.gather(*(ask_slowly(port, over) for _ in range(CLIENTS)))

    thread = threading.Thread(target=lambda: asyncio.run(ask()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_calls_are_placed_and_ended_on_time_whoever_asks(tmp_path: Path) -> None:
    port = free_port()
    with (
        SandboxProcess(limit=50) as sandbox,
        EmbeddedRedis(tmp_path / "redis") as redis,
        Site(
            tmp_path, sandbox.url, CALLSCHED_REDIS_URL=redis.url, CALLSCHED_METRICS_PORT=port
        ) as site,
    ):
        celery = ("-m", "celery", "--quiet", "-A", "scheduler", "worker", "--loglevel=info")
        worker = site.start_python("-c", ALLOWED, str(FILES), *celery)
        wait_until(lambda: "ready." in worker.err)
        path = site.contacts(numbers(CALLS))
        with slow_clients(port):
            wait_until(lambda: connections(worker.process.pid, port))
            told = site.call("submit", path, "--id", "asked", "--max-duration", "2s")
            assert told.process.returncode == 0, told.err
            wait_until(lambda: len(sandbox.events("stop")) == CALLS)
            assert connections(worker.process.pid, port) <= 2
            assert psutil.Process(worker.process.pid).num_fds() < FILES - 20
        health = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30)

        assert health.json() == {"ok": True, "reasons": []}
        judge = Judge(sandbox)
        assert max(judge.lateness(2.0)) < 2.0
        assert not judge.rung_twice
        assert "34 sockets are kept open, of 1000" in worker.err
        for words in ("Traceback", "Too many open files", "ERROR"):
            assert words not in worker.err


def connections(pid: int, port: int) -> int:
    """Return how many connections a worker has open with who asks."""
    found = psutil.Process(pid).net_connections("tcp")
    return sum(one.laddr.port == port and one.status == "ESTABLISHED" for one in found)
