"""What most of these tests stand on: a sandbox for each file, a machine as an operator sees it."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from scheduler.ledger.redis.embedded import EmbeddedRedis
from tests.functional.campaign import Site
from tests.functional.forks import Forks, shared
from tests.functional.rig import Open, Rig
from tests.sandbox_process import SandboxProcess
from tests.wire import Proxy


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    """A sandbox whose answers take no time; a file that wants another one overrides this."""
    with SandboxProcess(limit=50) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    """The sandbox of this file, as if it had just been started."""
    running.reset()
    return running


@pytest.fixture(scope="module")
def running_twilio() -> Iterator[SandboxProcess]:
    """Twilio's sandbox, which dials at any pace and whose callees answer at once."""
    with SandboxProcess(provider="twilio", limit=50, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(running_twilio: SandboxProcess) -> SandboxProcess:
    """That sandbox, as if it had just been started."""
    running_twilio.reset()
    return running_twilio


@pytest.fixture(scope="module")
def private() -> Iterator[EmbeddedRedis]:
    """A private Redis for each file; its folder's path is short, for a socket lies in it."""
    folder = Path(tempfile.mkdtemp(prefix="callsched-"))
    with EmbeddedRedis(folder) as private:
        yield private
    shutil.rmtree(folder)


@pytest.fixture
def redis(private: EmbeddedRedis) -> Iterator[Redis]:
    """A client of that Redis, which is empty for each test."""
    with Redis.from_url(private.url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    """A machine whose settings name the sandbox."""
    with Site(tmp_path, sandbox.url) as site:
        yield site


@pytest.fixture(scope="session")
def forks() -> Forks:
    """What runs commands by the hundred."""
    return shared()


# A dialer and what belongs to it, in this process


@pytest.fixture
def proxy(private: EmbeddedRedis, redis: Redis) -> Iterator[Proxy]:
    """Stands before Redis."""

    def connect() -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(private.url.removeprefix("unix://").partition("?")[0])
        return server

    with Proxy(connect) as proxy:
        yield proxy


@pytest.fixture
def opened(private: EmbeddedRedis, redis: Redis, sandbox: SandboxProcess) -> Iterator[Open]:
    rigs: list[Rig] = []

    def open_rig(url: str = "", api_url: str = "", **options: Any) -> Rig:
        rigs.append(Rig(url or private.url, api_url or sandbox.url, **options))
        return rigs[-1]

    yield open_rig
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(opened: Open) -> Rig:
    return opened()


@pytest.fixture
def through(opened: Open, proxy: Proxy) -> Rig:
    """A rig that reaches Redis through the proxy."""
    return opened(f"redis://127.0.0.1:{proxy.port}/0")


@pytest.fixture
def private_url(private: EmbeddedRedis) -> str:
    """Where that Redis is."""
    return private.url
