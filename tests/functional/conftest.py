"""What most of these tests stand on: a sandbox for each file, a machine as an operator sees it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from scheduler.embedded import EmbeddedRedis
from tests.functional.campaign import Site
from tests.sandbox_process import SandboxProcess


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
def private() -> Iterator[EmbeddedRedis]:
    """A private Redis for each file; its folder's path is short, for a socket lies in it."""
    folder = Path(tempfile.mkdtemp(prefix="callsched-"))
    with EmbeddedRedis(folder) as private:
        yield private
    shutil.rmtree(folder)


@pytest.fixture
def ledger(private: EmbeddedRedis) -> Iterator[Redis]:
    """A client of that Redis, which is empty for each test."""
    with Redis.from_url(private.url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def site(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Site]:
    """A machine whose settings name the sandbox."""
    with Site(tmp_path, sandbox.url) as site:
        yield site
